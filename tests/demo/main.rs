//! The demo's morning, played by the real binary: real SIP and RTP between
//! the office, the desk and people whose SIP somebody else's library writes.

#![allow(clippy::unwrap_used, reason = "a test that cannot start has failed")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::running::wait_for;

#[path = "../support/mod.rs"]
mod support;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bellhop");
const MORNING: &str = include_str!("../../assets/demo/morning.toml");

fn play(morning: &str) -> (Output, Vec<Value>) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("morning.toml");
    std::fs::write(&script, morning).unwrap();
    let output = demo(&script, folder.path());
    let lines = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output, lines)
}

fn demo(script: &Path, home: &Path) -> Output {
    command(script, home).output().unwrap()
}

fn command(script: &Path, home: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["demo", "--headless", "--script"]).arg(script);
    for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR"] {
        command.env(variable, home);
    }
    command
}

/// A demo that is killed in the middle, and the port of its server.
fn killed(folder: &Path) -> u16 {
    let script = folder.join("morning.toml");
    std::fs::write(&script, scene("alice calls 0102\nbob answers\nwait 60s")).unwrap();
    let mut command = command(&script, folder);
    let mut demo = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let office = folder.join(format!("bellhop-demo-{}", demo.id())).join("office.toml");
    let port = wait_for("the demo's server", || {
        let settings: toml::Table = std::fs::read_to_string(&office).ok()?.parse().ok()?;
        let listen = settings["server"]["listen"][0].as_str()?.rsplit(':').next()?;
        listen.parse().ok().filter(|port| !is_free(*port))
    });
    demo.kill().unwrap();
    demo.wait().unwrap();
    port
}

fn is_free(port: u16) -> bool {
    std::net::UdpSocket::bind(("127.0.0.1", port)).is_ok()
}

fn scene(story: &str) -> String {
    format!("[[scene]]\ntitle = \"one\"\nstory = \"\"\"\n{story}\n\"\"\"\n")
}

#[test]
fn every_caller_of_the_morning_ends_with_a_person_or_by_his_own_will() {
    let (output, lines) = play(&MORNING.replace("times = 30", "times = 2"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let books = lines.iter().find(|line| line.get("calls").is_some()).unwrap();
    assert!(books["calls"].as_u64().unwrap() >= 12, "{books}");
    assert_eq!((&books["lost"], &books["refused"]), (&Value::from(0), &Value::from(0)));
    let measured = |what: &str| lines.iter().any(|line| line["measured"] == what);
    for what in [
        "REFER to 202",
        "REFER to first music packet",
        "REFER to NOTIFY at a watcher",
        "retrieve INVITE to 200",
        "retrieve to two-way audio",
    ] {
        assert!(measured(what), "{what}");
    }
}

#[test]
fn a_morning_that_goes_otherwise_than_written_is_a_failure() {
    let (output, lines) =
        play(&scene("alice calls 0102\nbob answers\nwithin 1s alice hears carol"));
    assert!(!output.status.success());
    let failed = lines.iter().find_map(|line| line.get("failed")).unwrap().to_string();
    assert!(failed.contains("alice: not Hears"), "{failed}");
}

#[test]
fn a_sentence_that_nobody_understands_is_named_before_anything_is_played() {
    let (output, lines) = play(&scene("alice calls 0102\nbob dances"));
    assert!(!output.status.success() && lines.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("bob dances"));
}

#[test]
fn a_demo_that_is_killed_takes_its_server_along_and_the_next_one_clears_up() {
    let folder = tempfile::tempdir().unwrap();
    let port = killed(folder.path());
    wait_for("the end of the server", || is_free(port).then_some(()));
    let script = folder.path().join("morning.toml");
    std::fs::write(&script, scene("alice calls 0102\nbob answers\nalice hangs up")).unwrap();
    demo(&script, folder.path());
    let left = std::fs::read_dir(folder.path()).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    let is_a_demos =
        |name: &&std::ffi::OsString| name.to_string_lossy().starts_with("bellhop-demo-");
    assert_eq!(left.iter().find(is_a_demos), None);
}
