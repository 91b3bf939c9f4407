//! Settings read anew: by `bellhop ctl reload` and by SIGHUP.

use std::process::Command;

use std::io::Write;

use crate::office::{Office, written};
use crate::support::running::{text, wait_for};
use crate::support::serving::{first_line, log, started};

const THIRD: &str = "[[extension]]\nnumber = \"103\"\npassword = \"three\"\n\n[[ring_group]]";

#[test]
fn a_reload_lets_the_new_settings_hold_and_says_what_only_a_restart_does() {
    let office = Office::open();
    office.write("[[ring_group]]", THIRD);
    let ports = office.text().lines().find(|line| line.starts_with("rtp_")).unwrap().to_owned();
    office.write(&ports, "rtp_ports = \"40000-41000\"");
    let said = office.done(&["reload"]);
    assert_eq!(said, "[server]: what has changed there holds after a restart\nreloaded\n");
    assert!(office.done(&["status"]).contains("bellhop: 0 of 3 extensions registered"));
    // Numbers for emergencies hold at once: nothing to be said of them.
    office.write("rtp_ports = \"40000-41000\"", &format!("{ports}\nemergency = [\"117\"]"));
    assert_eq!(office.done(&["reload"]), "reloaded\n");
    assert_eq!(office.done(&["parked"]), "");
    assert_eq!(office.done(&["parked", "--json"]), "[]\n");
}

#[test]
fn a_bad_file_keeps_the_old_settings_and_says_where_it_is_bad() {
    let office = Office::open();
    office.write("number = \"102\"", "number = \"102\"\nnmae = \"Bob\"");
    let why = office.refused(&["reload"]);
    assert!(why.contains("office.toml:12:") && why.contains("did you mean name?"), "{why}");
    assert!(office.done(&["status"]).contains("0 of 2 extensions"));
}

#[test]
fn sighup_reads_the_settings_anew_too() {
    let mut office = Office::open();
    office.write("[[ring_group]]", THIRD);
    let id = office.server.child().id().to_string();
    let hang_up = || assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    hang_up();
    wait_for("the third extension", || {
        office.done(&["status"]).contains("of 3 extensions").then_some(())
    });
    office.write("password = \"three\"", "");
    hang_up();
    let log = log(office.folder.path());
    wait_for("the refusal in the log", || text(&log).contains("the old ones hold").then_some(()));
    assert!(office.done(&["status"]).contains("of 3 extensions"));
}

#[test]
fn sighup_before_the_office_is_open_ends_nothing() {
    let folder = written();
    let (file, secret) = (folder.path().join("office.toml"), folder.path().join("secret"));
    let settings = text(&file).replace("password = \"two\"", "password_file = \"secret\"");
    std::fs::write(&file, settings).unwrap();
    assert!(Command::new("mkfifo").arg(&secret).status().unwrap().success());
    let mut server = started(&file, folder.path(), |_| {});
    // Opens when the server has opened it: it waits for the password now.
    let mut pipe = std::fs::File::options().write(true).open(&secret).unwrap();
    let id = server.child().id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    // Read again by the reload that was asked for.
    let new = folder.path().join("new");
    std::fs::write(&new, "two").unwrap();
    std::fs::rename(&new, &secret).unwrap();
    pipe.write_all(b"two").unwrap();
    drop(pipe);
    let said = first_line(&mut server);
    assert!(said.starts_with("ready"), "{said:?}");
    let log = log(folder.path());
    wait_for("the reload", || text(&log).contains("settings read anew").then_some(()));
}
