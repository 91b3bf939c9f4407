//! A day at the desk, key by key, on the real screen.

use std::process::{Command, Stdio};

use crate::bench::{Office, talking};
use crate::support::running::wait_for;
use crate::support::serving::{PROGRAM, folders};

#[test]
fn two_desks_call_park_fetch_and_hang_up() {
    let office = Office::open();
    let mut reception = office.desk("101", "udp");
    let mut cleo = office.desk("102", "tcp");
    reception.shows(&["Registered 101", "Cleo"]);
    cleo.shows(&["Registered 102", "Reception"]);

    reception.press("102\r");
    cleo.shows(&["Ringing: Reception 101"]);
    cleo.press(" ");
    reception.shows(&["talk", "Cleo"]);
    cleo.press("p");
    cleo.shows(&["Parked Reception at 102 (here)"]);
    reception.shows(&["PARKED"]);
    cleo.press("r");
    cleo.shows(&["Fetched Reception"]);
    cleo.press("xx");
    reception.shows(&["has hung up"]);

    for desk in [&mut reception, &mut cleo] {
        desk.press(":q\r");
        assert!(desk.ends());
    }
}

/// Products M4 and Q20: written during the call, changed in the lot.
#[test]
fn a_note_written_at_one_desk_is_seen_at_another_and_by_whoever_fetches() {
    let office = Office::open();
    let (mut reception, mut cleo) = talking(&office, "udp");
    let mut dev = office.desk("103", "tcp");
    dev.shows(&["Registered 103"]);
    cleo.press("n");
    cleo.shows(&["Note on Reception:"]);
    // More at once would be a paste.
    cleo.press("order 9");
    cleo.shows(&["order 9_"]);
    cleo.press("\r");
    cleo.lists("CALLS", &["TALK", "note: order 9"]);
    cleo.press("p");
    dev.lists("PARKED 1", &["102", "Reception"]);
    dev.lists("PARKED 1", &["note: order 9"]);
    // Right after the park the key means the call that was parked.
    cleo.lists("PARKED 1", &["note: order 9"]);
    cleo.press("n");
    cleo.shows(&["order 9_"]);
    cleo.press("2");
    cleo.shows(&["order 92_"]);
    cleo.press("\r");
    dev.lists("PARKED 1", &["note: order 92"]);
    dev.press("102r");
    dev.lists("CALLS", &["TALK", "Reception", "note: order 9"]);
    reception.lists("CALLS", &["TALK", "Dev"]);
}

/// Product S50: Visual Park, N, Visual Park; Visual Park twice; once.
#[test]
fn a_desk_with_dinstars_keys_parks_at_a_number_and_at_the_group_and_fetches() {
    let office = Office::open();
    let keys = office.desk_file("101", "udp", "[screen]\nkeymap = \"dinstar\"");
    let mut reception = office.console(&["console", "--config", keys.to_str().unwrap()]);
    let mut cleo = office.desk("102", "udp");
    reception.shows(&["Registered 101", "Cleo"]);
    cleo.shows(&["Registered 102", "Reception"]);
    cleo.press("101\r");
    reception.shows(&["Ringing: Cleo 102"]);
    reception.press(" ");
    reception.lists("CALLS", &["TALK", "Cleo"]);

    reception.press("v");
    reception.shows(&["Park Cleo at:", "v Visual Park at the group"]);
    reception.press("103");
    reception.shows(&["v Visual Park at 103"]);
    reception.press("v");
    reception.lists("PARKED 1", &["103", "Cleo"]);
    reception.press("103v");
    reception.lists("CALLS", &["TALK", "Cleo"]);

    reception.press("v101v");
    reception.shows(&["[PARKED 1]", "v Parked Cleo"]);
    reception.press("v");
    reception.shows(&["Fetched Cleo"]);
    reception.lists("CALLS", &["TALK", "Cleo"]);

    reception.press("vv");
    reception.lists("PARKED 1", &["102", "Cleo"]);
    reception.shows(&["group Front desk", "v Parked Cleo"]);
    reception.press("v");
    reception.lists("CALLS", &["TALK", "Cleo"]);
}

#[test]
fn an_office_that_dies_and_comes_back_finds_its_desks_again() {
    for transport in ["tcp", "udp"] {
        let mut office = Office::open();
        let mut desk = office.desk("101", transport);
        desk.shows(&["Registered 101", "Cleo"]);
        office.kill();
        desk.shows(&["Not registered", "MAY BE WRONG"]);
        office.start();
        desk.shows_last("Registered 101");
        desk.press("102\r");
        desk.shows(&["not there"]);
        desk.press(":q\r");
        assert!(desk.ends());
    }
}

#[test]
fn a_call_does_not_outlive_the_office_that_has_forgotten_it() {
    let mut office = Office::open();
    let (mut reception, mut cleo) = talking(&office, "udp");
    office.kill();
    office.start();
    for (desk, other) in [(&mut reception, "Cleo 102"), (&mut cleo, "Reception 101")] {
        desk.shows(&[&format!("{other}: the office has lost this call")]);
        desk.press(":q\r");
        assert!(desk.ends());
    }
}

#[test]
fn a_server_nobody_finds_is_said_on_the_screen_and_quitting_still_works() {
    let office = Office::written();
    let mut desk = office.desk("101", "tcp");
    desk.shows(&["Not registered"]);
    desk.press(":q\r");
    assert!(desk.ends());
}

#[test]
fn the_offices_server_outlives_its_console_and_the_next_one_finds_it() {
    let office = Office::written();
    let more = "[office]\nconfig = \"office.toml\"\n";
    let file = office.desk_file("101", "udp", more);
    let arguments = ["console", "--config", file.to_str().unwrap()];
    let mut desk = office.console(&arguments);
    desk.shows(&["Registered 101"]);
    desk.press(":q\r");
    desk.shows(&["Stop it too?"]);
    desk.press("n\r");
    assert!(desk.ends());

    let mut other = office.desk("102", "udp");
    other.shows(&["Registered 102"]);
    let mut again = office.console(&arguments);
    again.shows(&["Registered 101"]);
    again.press(":q\r");
    again.shows(&["Stop it too?"]);
    again.press("y\r");
    assert!(again.ends());
    assert!(std::net::UdpSocket::bind(("127.0.0.1", office.port)).is_ok(), "it is gone");
}

#[test]
fn the_offices_server_that_dies_is_started_again_while_a_console_lives() {
    let office = Office::written();
    let file = office.desk_file("101", "udp", "[office]\nconfig = \"office.toml\"\n");
    let arguments = ["console", "--config", file.to_str().unwrap()];
    let mut desk = office.console(&arguments);
    desk.shows(&["Registered 101"]);
    let mut other = office.console(&arguments);
    other.shows(&["Registered 101"]);
    for _ in 0..2 {
        let killed = office.kill_embedded();
        desk.shows(&["The office's server has died"]);
        wait_for("another server", || (office.embedded()? != killed).then_some(()));
    }
    desk.press("102\r");
    desk.shows(&["not there"]);
    desk.press(":q\r");
    desk.shows(&["Stop it too?"]);
    desk.press("y\r");
    assert!(desk.ends());
    other.shows(&["NOT REGISTERED"]);
    assert!(std::net::UdpSocket::bind(("127.0.0.1", office.port)).is_ok(), "it stays stopped");
}

#[test]
fn without_a_terminal_no_server_is_started() {
    let office = Office::written();
    let file = office.desk_file("101", "udp", "[office]\nconfig = \"office.toml\"\n");
    let mut console = Command::new(PROGRAM);
    console.args(["console", "--config"]).arg(file).envs(folders(office.folder.path()));
    let output = console.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("needs a terminal"), "{said}");
    assert!(std::net::UdpSocket::bind(("127.0.0.1", office.port)).is_ok(), "nobody serves");
}

#[test]
fn an_office_that_cannot_be_served_is_said_before_the_screen_opens() {
    let office = Office::written();
    std::fs::write(office.file(), "[server]\nlisten = [\"udp:127.0.0.1:x\"]\n").unwrap();
    let file = office.desk_file("101", "udp", "[office]\nconfig = \"office.toml\"\n");
    let mut desk = office.console(&["console", "--config", file.to_str().unwrap()]);
    assert!(!desk.ends());
    assert!(desk.text().contains("office.toml"), "{}", desk.text());
}

#[test]
fn a_first_start_asks_where_the_phone_system_is_and_connects() {
    let office = Office::open();
    let mut desk = office.console(&[]);
    desk.shows(&["1, 2 or 3:"]);
    desk.press("3\r");
    desk.shows(&["Server"]);
    desk.press(&format!("udp:127.0.0.1:{}\r", office.port));
    desk.shows(&["Your extension"]);
    desk.press("101\r");
    desk.shows(&["not shown"]);
    desk.press("s3cret-101\r");
    desk.shows(&["Registered 101"]);
    assert!(!desk.text().contains("s3cret"));
    desk.press(":q\r");
    assert!(desk.ends());
    let mut again = office.console(&[]);
    again.shows(&["Registered 101"]);
    again.press(":q\r");
    assert!(again.ends());
}
