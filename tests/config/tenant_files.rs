//! `tenants.d`: a tenant in a file of its own is what a `[[tenant]]` is, and
//! complaints name its file.

use std::collections::BTreeMap;

use bellhop::config::{Files, Office};

const OWN: &str =
    "[server]\ndomain = \"own.example\"\n[[extension]]\nnumber = \"101\"\npassword = \"a\"\n";

/// By path, seen from the office's file.
#[derive(Default)]
struct Folder(BTreeMap<&'static str, Result<String, &'static str>>);

impl Folder {
    fn with(mut self, path: &'static str, text: &str) -> Self {
        self.0.insert(path, Ok(text.to_owned()));
        self
    }
}

impl Files for Folder {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let found = self.0.get(path).cloned().unwrap_or(Err("there is no such file"));
        found.map(String::into_bytes).map_err(str::to_owned)
    }

    fn list(&mut self, folder: &str) -> Result<Vec<String>, String> {
        let inside = |path: &&str| path.strip_prefix(folder)?.strip_prefix('/').map(str::to_owned);
        // In no order, as folders are.
        Ok(self.0.keys().rev().filter_map(inside).collect())
    }
}

fn tenant(domain: &str) -> String {
    format!("domain = \"{domain}\"\n[[extension]]\nnumber = \"101\"\npassword_file = \"secret\"\n")
}

#[test]
fn tenants_stand_in_the_order_of_their_files_after_those_of_the_office() {
    let mut files = Folder::default()
        .with("tenants.d/b.toml", &tenant("b.example"))
        .with("tenants.d/a.toml", &tenant("a.example"))
        .with("tenants.d/notes.txt", "no tenant")
        .with("tenants.d/.a.toml.swp.toml", "half a text")
        .with("tenants.d/secret", "hunter2");
    let block = "[[tenant]]\ndomain = \"z.example\"\n[[tenant.extension]]\nnumber = \"101\"\npassword = \"c\"\n";
    let text = format!("{OWN}{block}");
    let (office, findings) = Office::parse("/etc/office.toml", &text, &mut files).unwrap();
    assert_eq!(findings.to_string(), "");
    let domains: Vec<_> =
        office.further_tenants.iter().map(|t| (t.domain.as_str(), t.file.as_deref())).collect();
    let wanted = [
        ("z.example", None),
        ("a.example", Some("tenants.d/a.toml")),
        ("b.example", Some("tenants.d/b.toml")),
    ];
    assert_eq!(domains, wanted);
}

#[test]
fn complaints_name_the_file_and_the_line_and_of_two_offenders_both() {
    let group = "[[call_park_group]]\nname = \"Desk\"\nmembers = [\"101\"]\n";
    let mut files = Folder::default()
        .with("tenants.d/a.toml", &tenant("b.example"))
        .with("tenants.d/b.toml", &tenant("b.example"))
        .with("tenants.d/c.toml", &format!("{}{group}{group}", tenant("c.example")))
        .with("tenants.d/d.toml", "[[extension]]\nnumber = \"1o1\"\npassword = \"x\"")
        .with("tenants.d/e.toml", &format!("{}[server]\nlisten = []\n", tenant("own.example")))
        .with("tenants.d/secret", "hunter2");
    let findings = Office::parse("etc/office.toml", OWN, &mut files).unwrap_err();
    let wanted = [
        "etc/tenants.d/b.toml:1:1: domain: the domain b.example is that of the tenant at line 1 of etc/tenants.d/a.toml already",
        "etc/tenants.d/c.toml:9:8: call_park_group.name = \"Desk\": there is a call park group Desk already (line 6 of etc/tenants.d/c.toml)",
        "etc/tenants.d/c.toml:10:12: call_park_group.members = \"101\": 101 is in the call park group Desk already (line 7 of etc/tenants.d/c.toml), and cannot be in this one too",
        "etc/tenants.d/d.toml:1:1: domain: a tenant needs a domain",
        "etc/tenants.d/d.toml:1:1: extension: no [[extension]]: nobody could call",
        "etc/tenants.d/d.toml:2:10: extension.number = \"1o1\": not an extension (1 to 6 digits); did you mean \"11\"?",
        "etc/tenants.d/e.toml:1:1: domain: the domain own.example is that of [server] already",
        "etc/tenants.d/e.toml:5:2: server: there is no such section",
    ];
    let said = findings.to_string();
    assert_eq!(said.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn nothing_crosses_and_a_file_that_cannot_be_read_costs_its_own_tenant_only() {
    let mut files = Folder::default()
        .with("tenants.d/a.toml", &tenant("a.example"))
        .with("tenants.d/secret", "hunter2");
    files.0.insert("tenants.d/b.toml", Err("this user may not read it"));
    let (office, findings) = Office::parse("office.toml", OWN, &mut files).unwrap();
    assert_eq!(office.further_tenants.len(), 1);
    assert_eq!(
        findings.to_string(),
        "tenants.d/b.toml:1:1: left out: this user may not read it; its tenant has no telephones"
    );
    // A member of another tenant's group is nobody's here.
    let text = "[[call_park_group]]\nname = \"Desk\"\nmembers = [\"102\"]\n";
    let mut files = files.with("tenants.d/b.toml", &format!("{}{text}", tenant("b.example")));
    let own = format!("{OWN}[[extension]]\nnumber = \"102\"\npassword = \"b\"\n");
    let (_, findings) = Office::parse("office.toml", &own, &mut files).unwrap();
    let said = findings.to_string();
    assert!(said.contains("tenants.d/b.toml:7:12: left out: call_park_group.members = \"102\": there is no extension 102"), "{said}");
}

#[test]
fn an_administrator_changes_groups_in_his_tenants_own_file() {
    use bellhop::config::edit::edited;
    use bellhop::domain::administration::{GroupForm, Wish};

    let text = format!("# ours\n{}", tenant("a.example"));
    let mut files =
        Folder::default().with("tenants.d/a.toml", &text).with("tenants.d/secret", "hunter2");
    let group = GroupForm {
        name: "Desk".to_owned(),
        members: vec!["101".to_owned()],
        ..GroupForm::default()
    };
    let wish = Wish::Add { group };
    let edited = edited("office.toml", OWN, "a.example", &wish, &mut files).unwrap();
    assert_eq!((edited.file.as_deref(), &edited.was), (Some("tenants.d/a.toml"), &text));
    assert!(edited.text.starts_with(&text) && edited.text.contains("name = \"Desk\""));
    let tenant = &edited.office.further_tenants[0];
    assert_eq!(tenant.call_park_groups.len(), 1);
}
