//! Where a server is reached, and what it does not take for that.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::office::{Office, said};
use crate::support::running::text;
use crate::support::serving::{PROGRAM, folders, log};

#[test]
fn a_file_named_as_the_socket_stays_and_the_office_opens_without_one() {
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let precious = home.path().join("precious.toml");
    fs::write(&precious, "mine").unwrap();
    let office = Office::open_as(|command| {
        command.arg("--socket").arg(&precious);
    });
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
    let log = text(&log(office.folder.path()));
    let why = format!("{}: something else has that name", precious.display());
    assert!(log.contains("`bellhop ctl` cannot be used") && log.contains(&why), "{log}");
}

#[test]
fn a_socket_named_without_a_folder_stands_in_a_folder_of_this_users_alone_too() {
    let home = tempfile::tempdir().unwrap();
    for (mode, stands) in [(0o755, false), (0o700, true)] {
        fs::set_permissions(home.path(), PermissionsExt::from_mode(mode)).unwrap();
        let office = Office::open_as(|command| {
            command.current_dir(home.path()).args(["--socket", "s"]);
        });
        assert_eq!(home.path().join("s").exists(), stands, "{mode:o}");
        let refused = text(&log(office.folder.path())).contains("is open to others: chmod 700");
        assert_eq!(refused, !stands);
    }
}

#[test]
fn a_server_started_where_nobody_had_logged_in_is_found_by_whoever_has() {
    let office = Office::open_as(|command| {
        command.env_remove("XDG_RUNTIME_DIR");
    });
    assert!(office.done(&["status"]).contains("of 2 extensions"));
    let mut elsewhere = Command::new(PROGRAM);
    elsewhere.args(["ctl", "status", "--config"]).arg(office.file());
    let elsewhere = said(elsewhere.envs(folders(&office.folder.path().join("other"))));
    assert!(elsewhere.err.contains("no server of this user runs with"), "{elsewhere:?}");
}
