//! `bellhop provision` as people and scripts meet it.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::serving::{PROGRAM, folders};

const OFFICE: &str = r#"
[server]
listen = ["udp:192.0.2.10:5060"]
state = "state/bellhop.db"
[[extension]]
number = "101"
name = "Bob Reception"
password = "first-secret"
devices = [{ make = "yealink", mac = "80:5E:0C:11:22:33" }]
[[extension]]
number = "102"
ha1 = "00112233445566778899aabbccddeeff"
ha1_sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
"#;

fn provision(folder: &Path, office: &str, words: &[&str]) -> Output {
    std::fs::write(folder.join("office.toml"), office).unwrap();
    let mut command = Command::new(PROGRAM);
    command.arg("provision").args(words).envs(folders(folder)).current_dir(folder);
    command.output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complaint(output: &Output) -> String {
    assert_eq!(out(output), "");
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn office() -> String {
    OFFICE.replacen("[server]\n", "[server]\ndomain = \"office.example\"\n", 1)
}

#[test]
fn a_phones_file_is_printed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let output = provision(folder.path(), &office(), &["yealink", "101"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = out(&output);
    assert!(text.starts_with("#!version:1.0.0.1\n"), "{text}");
    assert!(text.contains("account.1.password = first-secret\n"));
    assert!(text.contains("account.1.sip_server.1.address = 192.0.2.10\n"));
    assert_eq!(output.stderr, b"");
    // Of a phone that is not listed as well; and at another address.
    let words = ["Grandstream", "101", "--address", "198.51.100.7"];
    let text = out(&provision(folder.path(), &office(), &words));
    let document = roxmltree::Document::parse(&text).unwrap();
    let server = document.descendants().find(|node| node.has_tag_name("P47")).unwrap();
    assert_eq!(server.text(), Some("198.51.100.7:5060"));
    assert!(!document.descendants().any(|node| node.has_tag_name("mac")));
}

#[test]
fn a_sheet_is_printed_for_those_who_type() {
    let folder = tempfile::tempdir().unwrap();
    let dinstar = out(&provision(folder.path(), &office(), &["dinstar", "101"]));
    assert!(dinstar.starts_with("Settings for a dinstar telephone, by hand\n"), "{dinstar}");
    assert!(dinstar.contains("  password             first-secret\n"));
    let yealink = out(&provision(folder.path(), &office(), &["yealink", "101", "--sheet"]));
    assert!(yealink.contains("  hardware address     805e0c112233\n"), "{yealink}");
}

#[test]
fn what_cannot_be_done_is_said_with_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |words: &[&str], wanted: &str| {
        let output = provision(folder.path(), &office(), words);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let complaint = complaint(&output);
        assert!(complaint.contains(wanted), "{complaint}");
        assert!(!complaint.contains("first-secret") && !complaint.contains("0011"), "{complaint}");
    };
    refused(&["yealink", "199"], "office.toml: there is no extension 199");
    refused(&["htek", "102"], "102 has only ha1 and ha1_sha256");
    refused(&["htek", "102"], "set password or password_file");
    refused(&["yealink", "101", "--config", "none.toml"], "none.toml: there is no such file");
    refused(&["fanvil", "101", "--url"], "no fanvil is listed for 101");
    refused(&["yealink", "101", "--url"], "provisioning.key cannot be read");
    refused(&["yealink", "101", "--domain", "other.example"], "no extension 101");
}

#[test]
fn wrong_usage_is_exit_code_2_and_names_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    for (words, wanted) in [
        (vec!["yaelink", "101"], "did you mean yealink?"),
        (vec!["yealink", "1o1"], "not an extension (1 to 6 digits)"),
        (vec!["yealink"], "EXTENSION"),
        (vec!["yealink", "101", "--address", "nowhere"], "--address"),
        (vec!["yealink", "101", "--sheet", "--url"], "cannot be used with"),
    ] {
        let output = provision(folder.path(), &office(), &words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let complaint = complaint(&output);
        assert!(complaint.contains(wanted), "{complaint}");
    }
}

#[test]
fn of_several_offices_the_one_meant_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let further = "[[tenant]]\ndomain = \"other.example\"\n[[tenant.extension]]\nnumber = \"101\"\npassword = \"other-secret\"\n";
    let several = office() + further;
    let unclear = provision(folder.path(), &several, &["yealink", "101"]);
    assert_eq!(unclear.status.code(), Some(1));
    assert!(complaint(&unclear).contains("say which with --domain"));
    let words = ["yealink", "101", "--domain", "other.example"];
    let text = out(&provision(folder.path(), &several, &words));
    assert!(text.contains("account.1.password = other-secret\n"), "{text}");
    assert!(text.contains("account.1.sip_server.1.address = other.example\n"));
    assert!(text.contains("account.1.outbound_proxy.1.address = 192.0.2.10\n"));
}
