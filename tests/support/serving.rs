//! `bellhop` itself as a process that touches nothing of the real user's.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use super::running::{self, PATIENCE, Running};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_bellhop");

/// An office's server that is ready, and the line in which it says so.
pub fn serve(office: &Path, home: &Path) -> (Running, String) {
    let mut server = started(office, home, |_| {});
    let said = first_line(&mut server);
    assert!(said.starts_with("ready"), "not ready: {said:?}\n{}", running::text(&self::log(home)));
    (server, said)
}

/// One that may not be ready yet; `change` is made to its command line.
pub fn started(office: &Path, home: &Path, change: impl FnOnce(&mut Command)) -> Running {
    let log = File::create(log(home)).unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["serve", "--config"]).arg(office);
    command.envs(folders(home)).stdout(Stdio::piped()).stderr(log);
    change(&mut command);
    Running::start(&mut command, "bellhop")
}

/// Where a server says what happens.
pub fn log(home: &Path) -> PathBuf {
    home.join("log")
}

/// Says at its end what the server said, when the test has failed.
pub struct LogOnFailure(pub PathBuf);

impl Drop for LogOnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = running::text(&log(&self.0));
            let _ = writeln!(std::io::stderr(), "the server's log:\n{said}");
        }
    }
}

/// The variables that say where a person's files are.
pub fn folders(home: &Path) -> [(&'static str, PathBuf); 4] {
    [
        ("HOME", home.to_path_buf()),
        ("XDG_CONFIG_HOME", home.join("config")),
        ("XDG_STATE_HOME", home.join("state")),
        ("XDG_RUNTIME_DIR", home.join("run")),
    ]
}

/// Nothing from a program that ends, or is silent for too long.
pub fn first_line(running: &mut Running) -> String {
    let stdout = running.child().stdout.take().unwrap();
    let (say, said) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(stdout).read_line(&mut line);
        let _ = say.send(line);
    });
    said.recv_timeout(PATIENCE).unwrap_or_default()
}
