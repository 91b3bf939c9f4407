//! `bellhop ctl group`: groups listed, added, edited and deleted.

use std::process::Command;

use bellhop::domain::administration::Groups;

use crate::office::{Office, said};
use crate::support::serving::{PROGRAM, folders};

#[test]
fn s21_groups_are_changed_while_the_server_runs_and_comments_stay() {
    let office = Office::open();
    assert_eq!(office.done(&["group", "list"]), "Front desk\n  members 101\n");
    let before = office.text();
    let add = ["group", "add", "Shop", "--members", "102", "--recall-timer", "30s"];
    let shop = "Shop\n  members 102\n  recall-timer 30s\n";
    assert_eq!(office.done(&add), format!("Front desk\n  members 101\n{shop}"));
    let new =
        "\n[[call_park_group]]\nname = \"Shop\"\nmembers = [\"102\"]\nrecall_timer = \"30s\"\n";
    let (head, tail) = before.split_once("\n[[ring_group]]").unwrap();
    assert_eq!(office.text(), format!("{head}{new}\n[[ring_group]]{tail}"));

    office.done(&["group", "edit", "Shop", "--recall-to", "ring-group", "--ring-group", "600"]);
    let edit = ["group", "edit", "Shop", "--name", "Store", "--recall-timer", "default"];
    let store = "Store\n  members 102\n  recall-to ring-group\n  ring-group 600\n";
    assert_eq!(office.done(&edit), format!("Front desk\n  members 101\n{store}"));
    assert_eq!(office.done(&["group", "delete", "Store"]), "Front desk\n  members 101\n");
    assert_eq!(office.text(), before);

    let json = office.done(&["group", "list", "--json"]);
    let groups: Groups = serde_json::from_str(&json).unwrap();
    assert_eq!(groups.groups[0].members, ["101"]);
    assert_eq!(groups.ring_groups[0].number.as_str(), "600");
}

#[test]
fn every_setting_can_be_taken_away_by_default() {
    let office = Office::open();
    let before = office.text();
    let set = ["group", "edit", "Front desk", "--recall-rounds", "3", "--recall-timer", "20s"];
    assert!(office.done(&set).contains("  recall-timer 20s\n  recall-rounds 3\n"));
    let set = ["group", "edit", "Front desk", "--recall-rounds", "default"];
    assert_eq!(office.done(&set), "Front desk\n  members 101\n  recall-timer 20s\n");
    office.done(&["group", "edit", "Front desk", "--recall-timer", "default"]);
    assert_eq!(office.text(), before);
    assert_eq!(office.ctl(&["group", "edit", "x", "--recall-rounds", "few"]).code, Some(2));
}

#[test]
fn q21_a_change_that_the_file_has_already_holds_from_then_on() {
    let office = Office::open();
    office.write(
        "[[ring_group]]",
        "[[extension]]\nnumber = \"103\"\npassword = \"x\"\n\n[[ring_group]]",
    );
    office.write("members = [\"101\"]", "members = [\"101\", \"103\"]");
    // Looking changes nothing.
    assert!(office.done(&["group", "list"]).contains("members 101,103"));
    assert!(office.done(&["status"]).contains("of 2 extensions"));
    let text = office.text();
    office.done(&["group", "edit", "Front desk", "--members", "101,103"]);
    assert_eq!(office.text(), text);
    assert!(office.done(&["status"]).contains("of 3 extensions"));
}

#[test]
fn s17_to_s36_what_breaks_a_rule_is_refused_in_words_and_nothing_changes() {
    let office = Office::open();
    let before = office.text();
    assert_eq!(
        office.refused(&["group", "add", "Shop", "--members", "101,102"]),
        "bellhop: members: 101 is in the call park group Front desk already, and cannot be in Shop too\n"
    );
    assert_eq!(
        office.refused(&["group", "edit", "Front desk", "--ring-group", "600"]),
        "bellhop: ring_group: recall_to does not ring a ring group\n"
    );
    let gone = "bellhop: there is no call park group Attic\n";
    assert_eq!(office.refused(&["group", "edit", "Attic", "--members", "101"]), gone);
    assert!(office.refused(&["group", "delete", "Attic"]).contains("no call park group Attic"));
    assert!(office.refused(&["group", "list", "--domain", "b.example"]).contains("b.example"));
    assert_eq!(office.text(), before);
    // Wrong usage is another matter.
    assert_eq!(office.ctl(&["group", "burn"]).code, Some(2));
    assert_eq!(office.ctl(&["group", "add"]).code, Some(2));
}

#[test]
fn q21_a_file_changed_by_hand_is_the_one_that_is_edited_and_its_fault_refuses() {
    let office = Office::open();
    office.write("# the door", "# the side door");
    office.done(&["group", "edit", "Front desk", "--members", "102,101"]);
    let text = office.text();
    assert!(text.contains("# the side door") && text.contains("members = [\"102\", \"101\"]"));
    office.write("number = \"102\"", "number = 102");
    let before = office.text();
    let why = office.refused(&["group", "delete", "Front desk"]);
    assert!(why.contains("has a fault, mend it first") && why.contains("office.toml:"), "{why}");
    assert_eq!(office.text(), before);
}

#[test]
fn q21_a_file_that_cannot_be_written_refuses_the_edit() {
    let mut office = Office::open();
    let before = office.text();
    // In the way of what is written first, whoever the tests run as.
    let id = office.server.child().id();
    let in_the_way = office.folder.path().join(format!(".office.toml.{id}.new"));
    std::fs::create_dir(&in_the_way).unwrap();
    let why = office.refused(&["group", "delete", "Front desk"]);
    assert!(why.contains("office.toml cannot be written: "), "{why}");
    assert_eq!(office.text(), before);
    assert_eq!(office.done(&["group", "list"]), "Front desk\n  members 101\n");
    std::fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(office.done(&["group", "delete", "Front desk"]), "");
}

#[test]
fn a_server_that_does_not_run_is_said_and_a_socket_can_be_named() {
    let office = Office::open();
    let mut other = Command::new(PROGRAM);
    other.args(["ctl", "status", "--config", "other.toml"]).envs(folders(office.folder.path()));
    let said = said(&mut other);
    assert_eq!(said.code, Some(1));
    let why = "bellhop: no server of this user runs with other.toml (`bellhop serve --config other.toml`)\n";
    assert_eq!(said.err, why);
    let sockets = office.folder.path().join("run/bellhop/ctl");
    let socket = std::fs::read_dir(sockets).unwrap().next().unwrap().unwrap().path();
    let named = office.done(&["status", "--socket", socket.to_str().unwrap()]);
    assert!(named.contains("bellhop: 0 of 2 extensions registered"), "{named}");
}

#[test]
fn a_tenant_with_a_file_of_its_own_has_its_groups_changed_there() {
    let office = Office::open();
    let before = office.text();
    let folder = office.folder.path().join("tenants.d");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("b.toml");
    let text = "# The shop next door\ndomain = \"b.example\"\n\n[[extension]]\nnumber = \"101\" # Ann\npassword = \"x\"\n";
    std::fs::write(&file, text).unwrap();
    office.done(&["reload"]);
    let add = ["group", "add", "Shop", "--members", "101", "--domain", "b.example"];
    assert_eq!(office.done(&add), "Shop\n  members 101\n");
    let group = "\n[[call_park_group]]\nname = \"Shop\"\nmembers = [\"101\"]\n";
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{text}{group}"));
    assert_eq!(office.text(), before);
    assert_eq!(office.done(&["group", "list"]), "Front desk\n  members 101\n");
}
