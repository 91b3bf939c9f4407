//! An administrator changes a group at her desk while a call is parked: the
//! server, its file and the colleague's desk follow, and nobody is lost.

use std::process::Command;

use crate::bench::Office;
use crate::support::serving::{PROGRAM, folders};

/// Reception is the administrator; the file has its people's comments.
fn office() -> Office {
    let mut office = Office::written();
    let text = std::fs::read_to_string(office.file()).unwrap();
    let text = text
        .replacen("name = \"Reception\"\n", "name = \"Reception\" # at the door\nadmin = true\n", 1)
        .replacen("[[call_park_group]]", "# ---- Who sits together ----\n\n[[call_park_group]]", 1);
    std::fs::write(office.file(), text).unwrap();
    office.start();
    office
}

#[test]
fn s21_an_administrators_edit_holds_at_once_and_the_parked_call_stays() {
    let office = office();
    let mut reception = office.desk("101", "udp");
    let mut cleo = office.desk("102", "tcp");
    let mut dev = office.desk("103", "udp");
    reception.shows(&["Registered 101", "Cleo"]);
    cleo.shows(&["Registered 102", "Reception"]);
    dev.shows(&["Registered 103", "Reception"]);
    // Dev calls Cleo, who parks him at reception.
    dev.press("102\r");
    cleo.shows(&["Ringing: Dev 103"]);
    cleo.press(" ");
    cleo.lists("CALLS", &["TALK", "Dev"]);
    cleo.press("101p");
    cleo.lists("PARKED 1", &["101", "Dev", "rings you in 0:"]);
    reception.lists("PARKED 1", &["101", "Dev"]);

    reception.press("\x07");
    reception.shows(&["GROUPS 1", "Front desk", "101 Reception, 102 Cleo, 103 Dev"]);
    reception.press("\r");
    reception.shows(&["GROUP  Front desk", "Recall after"]);
    // Other words, another timer, and Dev is out.
    for key in ["\x7f", "\x7f", "\x7f", "\x7f", "h", "a", "l", "l"] {
        reception.press(key);
    }
    reception.shows(&["Front hall_"]);
    reception.press("\x1b[B");
    reception.shows(&["> Members"]);
    reception.press("\r");
    reception.shows(&["MEMBERS 3", "AVAILABLE 0"]);
    reception.press("\x1b[B");
    reception.shows(&["> 102 Cleo"]);
    reception.press("\x1b[B");
    reception.shows(&["> 103 Dev"]);
    reception.press("\r");
    reception.shows(&["MEMBERS 2", "AVAILABLE 1"]);
    reception.press("\x1b");
    reception.shows(&["Recall after"]);
    reception.press("\x1b[B");
    reception.shows(&["> Recall after"]);
    reception.press("120s");
    reception.shows(&["120s_"]);
    reception.press("\x13");
    reception.shows(&["The group Front hall is changed: it holds now", "after 120s: the parker"]);
    // Cleo's promise clock knows the new timer, and the call is where it was.
    cleo.lists("PARKED 1", &["101", "Dev", "rings you in 1:"]);
    let text = std::fs::read_to_string(office.file()).unwrap();
    for words in [
        "name = \"Reception\" # at the door",
        "# ---- Who sits together ----\n\n[[call_park_group]]\nname = \"Front hall\"\nmembers = [\"101\", \"102\"]\nrecall_timer = \"120s\"\n",
    ] {
        assert!(text.contains(words), "{text}");
    }
    // From that screen, in one key: M9.
    reception.press("\x1b[18~");
    reception.shows(&["Fetched Dev", "GROUPS 1"]);
    reception.lists("CALLS", &["TALK", "Dev"]);

    let mut check = Command::new(PROGRAM);
    check.args(["check", "--config"]).arg(office.file()).envs(folders(office.folder.path()));
    assert!(check.status().unwrap().success());
}

#[test]
fn s22_a_colleague_who_is_no_administrator_is_told_why() {
    let office = office();
    let before = std::fs::read_to_string(office.file()).unwrap();
    let mut cleo = office.desk("102", "tcp");
    cleo.shows(&["Registered 102", "Reception"]);
    cleo.press(":groups\r");
    cleo.shows(&["Groups: 102 is no administrator: admin = true makes one"]);
    cleo.press(":q\r");
    assert!(cleo.ends());
    assert_eq!(std::fs::read_to_string(office.file()).unwrap(), before);
}

#[test]
fn q21_what_the_file_does_not_bear_is_said_at_its_field_and_a_lost_office_too() {
    let mut office = office();
    let mut reception = office.desk("101", "tcp");
    reception.shows(&["Registered 101", "Cleo"]);
    reception.press("\x07");
    reception.shows(&["GROUPS 1"]);
    reception.press("n");
    reception.shows(&["NEW GROUP"]);
    // More letters in so short a time would be a paste.
    reception.press("FRONT");
    reception.shows(&["FRONT_"]);
    reception.press(" desk");
    reception.shows(&["FRONT desk_"]);
    reception.press("\x13");
    reception.shows(&["there is a call park group FRONT desk already"]);
    reception.press("\x1b");
    reception.shows(&["GROUPS 1"]);
    office.kill();
    reception.press("d");
    reception.shows(&["DELETE the group Front desk?"]);
    reception.press("y");
    reception.shows(&["Groups: the office"]);
}
