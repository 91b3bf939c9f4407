//! Groups changed in the settings file: what is asked for is what is read
//! afterwards, and everything else stands as it stood (product Q21).

use bellhop::config::edit::{self, Edited, edited_alone};
use bellhop::config::{Office, TEXT_BYTES_MAX, no_files};
use bellhop::domain::administration::{GroupForm, Objection, Wish};
use proptest::prelude::*;

const DOMAIN: &str = "office.example";

const OFFICE: &str = r##"# Our office.
[server]
domain = "office.example"   # as printed on the phones

[[extension]]
number = "101"
password = "one"   # change me

[[extension]]
number = "102"
password = "two"

[[extension]]
number = "103"
password = "three"

[[extension]]
number = "104"
password = "four"

# ---- Groups ----

# The desk at the door.
[[call_park_group]]
name = "Front desk"  # painted on the wall
members = [
    "101", # reception
    "102",
    # she is in on Mondays only
    "103", # Bob
]
# agreed with everybody
recall_timer = "30s"

# The shop.
[[call_park_group]]
name = "Shop"

# ---- Who rings ----
[[ring_group]]
number = "600"   # Sales
members = ["103"]
# the end
"##;

fn group(name: &str, members: &[&str]) -> GroupForm {
    let members = members.iter().map(|member| (*member).to_owned()).collect();
    GroupForm { name: name.to_owned(), members, ..GroupForm::default() }
}

fn front_desk() -> GroupForm {
    let recall_timer = Some("30s".to_owned());
    GroupForm { recall_timer, ..group("Front desk", &["101", "102", "103"]) }
}

fn edit(name: &str, group: GroupForm) -> Wish {
    Wish::Edit { name: name.to_owned(), was: None, group }
}

fn after(text: &str, wish: &Wish) -> Edited {
    edited_alone(text, DOMAIN, wish).unwrap()
}

/// The one file that an office of these tests names.
fn music(path: &str) -> Result<Vec<u8>, String> {
    if path == "music.wav" { Ok(b"RIFF".to_vec()) } else { no_files(path) }
}

fn edited(text: &str, wish: &Wish) -> Result<Edited, Vec<Objection>> {
    edit::edited("office.toml", text, DOMAIN, wish, &mut music)
}

fn refused(text: &str, wish: &Wish) -> Vec<(String, String)> {
    let objections = edited_alone(text, DOMAIN, wish).map(|edited| edited.text).unwrap_err();
    objections.into_iter().map(|Objection { field, words }| (field, words)).collect()
}

fn why(field: &str, words: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), words.to_owned())]
}

/// The lines that one text has and the other has not, with a sign before each.
fn difference(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("-{line}"));
    let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+{line}"));
    gone.chain(come).collect()
}

#[test]
fn q21_a_group_is_changed_where_it_differs_and_every_comment_stays() {
    let changed = GroupForm {
        recall_timer: Some("60s".to_owned()),
        recall_to: Some("ring-group".to_owned()),
        ring_group: Some("600".to_owned()),
        ..group("Desk", &["102", "101"])
    };
    let text = after(OFFICE, &edit("Front desk", changed.clone())).text;
    assert_eq!(
        difference(OFFICE, &text),
        [
            "-name = \"Front desk\"  # painted on the wall",
            "-    \"103\", # Bob",
            "-recall_timer = \"30s\"",
            "+name = \"Desk\"  # painted on the wall",
            "+recall_timer = \"60s\"",
            "+recall_to = \"ring-group\"",
            "+ring_group = \"600\"",
        ]
    );
    let list = "members = [\n    \"102\",\n    \"101\", # reception\n    # she is in on Mondays only\n]\n# agreed with everybody\n";
    assert!(text.contains(list), "{text}");
    assert_eq!(after(&text, &Wish::List).groups.groups[0], changed);
    // A setting that goes takes its line alone.
    let plain = GroupForm { recall_timer: None, ..front_desk() };
    let text = after(OFFICE, &edit("Front desk", plain)).text;
    assert_eq!(difference(OFFICE, &text), ["-recall_timer = \"30s\""]);
    // And one who changes nothing changes nothing.
    assert_eq!(after(OFFICE, &edit("Front desk", front_desk())).text, OFFICE);
}

#[test]
fn q21_a_new_group_stands_behind_the_others_and_a_deleted_one_leaves_no_gap() {
    let text = after(OFFICE, &Wish::Add { group: group("Backstairs", &["104"]) }).text;
    let new = "name = \"Shop\"\n\n[[call_park_group]]\nname = \"Backstairs\"\nmembers = [\"104\"]\n\n# ---- Who rings ----\n";
    assert!(text.contains(new), "{text}");
    let deleted = after(&text, &Wish::Delete { name: "Backstairs".to_owned() }).text;
    assert_eq!(deleted, OFFICE);
    let text = after(OFFICE, &Wish::Delete { name: "Front desk".to_owned() }).text;
    let around = "password = \"four\"\n\n# ---- Groups ----\n\n# The shop.\n[[call_park_group]]\n";
    assert!(text.contains(around), "{text}");
    let text = after(&text, &Wish::Delete { name: "Shop".to_owned() }).text;
    assert!(text.contains("# ---- Groups ----\n\n# ---- Who rings ----\n[[ring_group]]"), "{text}");
    let first = after(&text, &Wish::Add { group: group("First", &["101"]) });
    assert_eq!(first.office.tenant.call_park_groups.len(), 1);
}

#[test]
fn groups_in_the_other_forms_of_toml_and_with_other_line_ends_are_changed_as_well() {
    let list = "call_park_group = [{ name = \"A\", members = [\"101\"] }] # two\n";
    let text = format!("{list}{}", OFFICE.split("# ---- Groups").next().unwrap());
    let added = after(&text, &Wish::Add { group: group("B", &["102"]) });
    let line = "call_park_group = [{ name = \"A\", members = [\"101\"] }, { name = \"B\", members = [\"102\"] }] # two\n";
    assert!(added.text.starts_with(line), "{}", added.text);
    let changed = after(&added.text, &edit("A", group("C", &[])));
    let deleted = after(&changed.text, &Wish::Delete { name: "B".to_owned() });
    assert_eq!(deleted.groups.groups, [group("C", &[])]);

    let windows = OFFICE.replace('\n', "\r\n");
    let text = after(&windows, &edit("Shop", group("Shop", &["104"]))).text;
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert_eq!(difference(&windows, &text), ["+members = [\"104\"]"]);
}

#[test]
fn each_tenant_has_groups_of_its_own() {
    let tenant = "\n[[tenant]]\ndomain = \"b.example\"\n\n[[tenant.extension]]\nnumber = \"101\"\npassword = \"x\"\n";
    let text = format!("{OFFICE}{tenant}{}", tenant.replace("b.ex", "c.ex"));
    let add = Wish::Add { group: group("Front desk", &["101"]) };
    let edited = edited_alone(&text, "b.example", &add).unwrap();
    let office = &edited.office;
    let names: Vec<usize> =
        office.further_tenants.iter().map(|tenant| tenant.call_park_groups.len()).collect();
    assert_eq!((office.tenant.call_park_groups.len(), names), (2, vec![1, 0]));
    let again = edited_alone(&edited.text, "b.example", &add).unwrap_err();
    assert_eq!(again[0].field, "name");
    let gone = edited_alone(&text, "d.example", &add).unwrap_err();
    assert_eq!(gone[0].words, "the settings file has no tenant d.example any more");
}

#[test]
fn s17_to_s36_a_rule_that_would_be_broken_is_said_in_words_at_its_setting() {
    let add = |group| Wish::Add { group };
    assert_eq!(
        refused(OFFICE, &add(group(" ", &[]))),
        why("name", "a call park group needs a name")
    );
    assert_eq!(
        refused(OFFICE, &add(group("front DESK", &[]))),
        why("name", "there is a call park group front DESK already")
    );
    assert_eq!(
        refused(OFFICE, &edit("Shop", group("Shop", &["104", "102"]))),
        why(
            "members",
            "102 is in the call park group Front desk already, and cannot be in Shop too"
        )
    );
    assert_eq!(
        refused(OFFICE, &edit("Shop", group("Shop", &["105"]))),
        why("members", "there is no extension 105; did you mean \"101\"?")
    );
    assert_eq!(
        refused(OFFICE, &edit("Shop", group("Shop", &["104", "104"]))),
        why("members", "104 is listed twice")
    );
    let with = |change: fn(&mut GroupForm)| {
        let mut group = group("Shop", &[]);
        change(&mut group);
        edit("Shop", group)
    };
    assert_eq!(
        refused(OFFICE, &with(|group| group.recall_timer = Some("2h".to_owned()))),
        why("recall_timer", "not from 5s to 900s; did you mean \"900s\"?")
    );
    assert_eq!(
        refused(OFFICE, &with(|group| group.recall_to = Some("ring-group".to_owned()))),
        why("recall_to", "this policy rings a ring group: ring_group is missing")
    );
    assert_eq!(
        refused(OFFICE, &with(|group| group.ring_group = Some("600".to_owned()))),
        why("ring_group", "recall_to does not ring a ring group")
    );
    let fault = refused(
        OFFICE,
        &with(|group| {
            group.recall_to = Some("ring-group".to_owned());
            group.ring_group = Some("601".to_owned());
        }),
    );
    assert_eq!(fault, why("ring_group", "there is no ring group 601; did you mean \"600\"?"));
    let gone = "there is no call park group Attic (any more)";
    assert_eq!(refused(OFFICE, &Wish::Delete { name: "Attic".to_owned() }), why("", gone));
    let long = group(&"x".repeat(300), &[]);
    assert_eq!(refused(OFFICE, &add(long)), why("name", "longer than 256 letters"));
}

#[test]
fn q21_a_group_that_somebody_else_has_changed_meanwhile_is_looked_at_again() {
    let mine = |was: GroupForm| Wish::Edit {
        name: "Front desk".to_owned(),
        was: Some(was),
        group: group("Front desk", &["101"]),
    };
    let theirs = edit("Front desk", group("Front desk", &["102"]));
    let text = after(OFFICE, &theirs).text;
    let again = "somebody has changed the group Front desk meanwhile: look at it again";
    assert_eq!(refused(&text, &mine(front_desk())), why("", again));
    let now = after(&text, &Wish::List).groups.groups[0].clone();
    assert_eq!(after(&text, &mine(now)).groups.groups[0].members, ["101"]);
}

#[test]
fn q21_a_file_with_a_fault_of_its_own_is_mended_first() {
    let text = OFFICE.replace("number = \"102\"", "number = 102");
    let fault = refused(&text, &edit("Shop", group("Shop", &["104"])));
    assert!(
        fault[0].1.starts_with("the settings file has a fault, mend it first: office.toml:10:10")
    );
    assert_eq!(refused("a = [", &Wish::List).len(), 1);
}

#[test]
fn lines_of_whichever_end_stay_and_so_does_a_text_of_several_lines() {
    for layout in layouts() {
        let wish = edit("Shop", group("Shop", &["104"]));
        let text = edited(&layout, &wish).unwrap().text;
        stand_in_order(&outside(&layout), &text).unwrap();
        let back = edited(&text, &edit("Shop", group("Shop", &[]))).unwrap().text;
        stand_in_order(&outside(&layout), &back).unwrap();
    }
}

#[test]
fn a_group_may_be_called_anything_what_cuts_lines_too() {
    let mut text = OFFICE.to_owned();
    let mut name = "Shop".to_owned();
    for new in ["to-be-cut-0", "to-be-cut-1 to-be-cut-0", "Shop"] {
        // With a line that goes in the same change.
        let timed = GroupForm { recall_timer: Some("50s".to_owned()), ..group(&name, &[]) };
        text = after(&text, &edit(&name, timed)).text;
        let edited = after(&text, &edit(&name, group(new, &[])));
        assert_eq!(edited.groups.groups.last(), Some(&group(new, &[])));
        (text, name) = (edited.text, new.to_owned());
    }
    assert_eq!(text, OFFICE);
}

#[test]
fn a_change_that_would_make_the_file_too_long_to_be_read_is_refused() {
    let room = |text: &str| TEXT_BYTES_MAX - text.len();
    let full = format!("{OFFICE}#{}\n", "x".repeat(room(OFFICE) - 40));
    assert_eq!(
        refused(&full, &Wish::Add { group: group("Attic", &[]) }),
        why("", "the settings file would be longer than 1 MiB")
    );
    after(&full, &Wish::Delete { name: "Shop".to_owned() });
    let many: String = (2..500).map(|n| format!("[[call_park_group]]\nname = \"{n}\"\n")).collect();
    let many = format!("{OFFICE}\n{many}");
    assert_eq!(
        refused(&many, &Wish::Add { group: group("Attic", &[]) }),
        why("", "there are 500 call park groups: no more")
    );
}

#[test]
fn who_is_no_longer_there_is_in_one_group_too() {
    let text = OFFICE.replace("\"103\", # Bob", "\"109\", # Bob");
    let there = "there is no extension 109; did you mean \"101\"?";
    let twice = "109 is in the call park group Front desk already, and cannot be in Shop too";
    let said = refused(&text, &edit("Shop", group("Shop", &["109"])));
    assert_eq!(said, [why("members", there), why("members", twice)].concat());
    // Whoever changes something else may.
    let kept = GroupForm { recall_timer: None, ..group("Front desk", &["101", "102", "109"]) };
    after(&text, &edit("Front desk", kept));
    // By hand it is found, and the office opens all the same.
    let by_hand = text.replace("name = \"Shop\"\n", "name = \"Shop\"\nmembers = [\"109\"]\n");
    let (_, findings) = Office::parse_alone("office.toml", &by_hand).unwrap();
    assert!(
        findings.to_string().contains("109 is in the call park group Front desk already (line")
    );
}

#[test]
fn nobody_is_told_of_faults_that_are_old_or_anothers() {
    let tenant = |domain: &str, member: &str| {
        format!(
            "\n[[tenant]]\ndomain = \"{domain}\"\n\n[[tenant.extension]]\nnumber = \"101\"\npassword = \"x\"\n\n\
             [[tenant.call_park_group]]\nname = \"{domain}'s\"\nmembers = [\"{member}\"]\n"
        )
    };
    let text = format!("{OFFICE}{}{}", tenant("b.example", "108"), tenant("c.example", "107"));
    let add = |name: &str, member: &str| Wish::Add { group: group(name, &[member]) };
    let said = |domain: &str, text: &str, wish: &Wish| {
        let objections = edited_alone(text, domain, wish).map(|edited| edited.text).unwrap_err();
        objections.into_iter().map(|why| why.words).collect::<Vec<_>>()
    };
    // Two have somebody who is gone: an old fault, and not to be told.
    let again = ["there is a call park group b.example's already"];
    assert_eq!(said("b.example", &text, &add("b.example's", "101")), again);
    let twice = ["101 is in the call park group Front desk already, and cannot be in X too"];
    assert_eq!(said(DOMAIN, &text, &add("X", "101")), twice);
    // A file with a fault of one of them.
    let elsewhere =
        "the settings have a fault elsewhere that must be mended first: `bellhop check` names it";
    let broken = text.replace("members = [\"107\"]", "members = 107");
    assert_eq!(said("b.example", &broken, &Wish::List), [elsewhere]);
    assert_eq!(said(DOMAIN, &broken, &Wish::List), [elsewhere]);
    let own = said("c.example", &broken, &Wish::List).concat();
    assert!(own.contains("mend it first: office.toml:") && own.contains("= 107"), "{own}");
    let unread = text.replace("domain = \"c.example\"", "domain = \"c.example");
    assert_eq!(said("b.example", &unread, &Wish::List), [elsewhere]);
}

#[derive(Clone, Debug)]
enum Step {
    Add(GroupForm),
    Edit(usize, GroupForm),
    Delete(usize),
}

fn forms() -> impl Strategy<Value = GroupForm> {
    let names = prop::sample::select(vec!["A", "b", "B", "Zoë \"Z\"", "back\\slash # not one"]);
    let numbers = prop::sample::subsequence(vec!["101", "102", "103", "104"], 0..=4);
    let timers = prop::option::of(prop::sample::select(vec!["5s", "45s", "15m"]));
    (names, numbers.prop_shuffle(), timers, any::<bool>(), prop::option::of(0..3_u32)).prop_map(
        |(name, members, timer, rings, rounds)| GroupForm {
            recall_timer: timer.map(str::to_owned),
            recall_to: rings.then(|| "ring-group".to_owned()),
            ring_group: rings.then(|| "600".to_owned()),
            recall_rounds: rounds,
            ..group(name, &members)
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        forms().prop_map(Step::Add),
        (0..4_usize, forms()).prop_map(|(index, form)| Step::Edit(index, form)),
        (0..4_usize).prop_map(Step::Delete),
    ];
    prop::collection::vec(step, 1..12)
}

/// As people would: by the rules of S17 to S19 alone.
fn is_allowed(others: &[GroupForm], form: &GroupForm) -> bool {
    let twins = |other: &GroupForm| other.name.to_lowercase() == form.name.to_lowercase();
    let shares = |other: &GroupForm| other.members.iter().any(|m| form.members.contains(m));
    !others.iter().any(|other| twins(other) || shares(other))
}

/// What may change; everything else in the file is to stay.
const LIST_TABLES: (&str, &str) = ("# The desk at the door.\n", "# ---- Who rings ----");

/// The same office as its people may have written it.
fn layouts() -> Vec<String> {
    let (head, rest) = OFFICE.split_once(LIST_TABLES.0).unwrap();
    let (_, tail) = rest.split_once(LIST_TABLES.1).unwrap();
    let inline = "call_park_group = [ # all of them\n  { name = \"Front desk\", members = [\"101\"] }, # the door\n  # between\n  { name = \"Shop\" }\n] # two\n";
    let mixed: String = OFFICE
        .split_inclusive('\n')
        .enumerate()
        .map(|(nth, line)| if nth % 3 == 0 { line.replace('\n', "\r\n") } else { line.to_owned() })
        .collect();
    let string = "[music]\nfile = \"\"\"\\\r\n  music.wav\"\"\"\n";
    vec![
        OFFICE.to_owned(),
        OFFICE.replace('\n', "\r\n"),
        mixed,
        format!("{inline}{head}{}{tail}", LIST_TABLES.1),
        OFFICE.replace("[[ring_group]]", &format!("{string}[[ring_group]]")),
    ]
}

/// The lines, ends and all, that no change of a group may touch.
fn outside(text: &str) -> Vec<String> {
    let groups = [
        "name = ",
        "members = [",
        "]",
        "    \"",
        "recall_",
        "[[call_park",
        "ring_group =",
        "# The desk",
        "# The shop",
        "# agreed",
        "    # she",
        "  { name",
        "call_park_group = [",
    ];
    let mut is_ring_group = false;
    let lines = text.split_inclusive('\n').filter(|line| {
        is_ring_group |= line.starts_with("[[ring_group]]");
        let is_blank = line.trim().is_empty();
        !is_blank && (is_ring_group || !groups.iter().any(|begin| line.starts_with(begin)))
    });
    lines.map(str::to_owned).collect()
}

fn stand_in_order(lines: &[String], text: &str) -> Result<(), String> {
    let mut all = text.split_inclusive('\n');
    match lines.iter().find(|line| !all.any(|other| other == line.as_str())) {
        Some(lost) => Err(format!("{lost:?} is gone or changed:\n{text}")),
        None => Ok(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn q21_any_sequence_of_edits_leaves_the_groups_that_were_asked_for(
        steps in steps(),
        layout in 0..5_usize,
    ) {
        let mut text = layouts().swap_remove(layout);
        let outside = outside(&text);
        prop_assert!(outside.len() > 15);
        let mut model = edited(&text, &Wish::List).unwrap().groups.groups;
        for step in steps {
            let (wish, expected) = match step {
                Step::Add(form) => {
                    let mut expected = model.clone();
                    expected.push(form.clone());
                    let allowed = is_allowed(&model, &form);
                    (Wish::Add { group: form }, allowed.then_some(expected))
                }
                Step::Edit(index, form) => {
                    let Some(old) = model.get(index).cloned() else { continue };
                    let mut expected = model.clone();
                    expected.remove(index);
                    let allowed = is_allowed(&expected, &form);
                    expected.insert(index, form.clone());
                    (edit(&old.name, form), allowed.then_some(expected))
                }
                Step::Delete(index) => {
                    let Some(old) = model.get(index).cloned() else { continue };
                    let mut expected = model.clone();
                    expected.remove(index);
                    (Wish::Delete { name: old.name }, Some(expected))
                }
            };
            match edited(&text, &wish) {
                Ok(edited) => {
                    prop_assert_eq!(Some(&edited.groups.groups), expected.as_ref());
                    (text, model) = (edited.text, edited.groups.groups);
                }
                Err(why) => prop_assert!(expected.is_none(), "{:?}: {:?}", wish, why),
            }
            // Every other line and comment is there still, to the octet.
            prop_assert_eq!(stand_in_order(&outside, &text), Ok(()));
            let read = Office::parse("office.toml", &text, &mut music).unwrap().0.tenant;
            let read: Vec<String> =
                read.call_park_groups.iter().map(|group| group.name.to_string()).collect();
            let asked: Vec<&str> = model.iter().map(|group| group.name.as_str()).collect();
            prop_assert_eq!(read, asked);
        }
    }
}
