//! `bellhop serve` with an office of its own, on ports of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use crate::running::{self, Running};

pub struct Server {
    pub udp: SocketAddr,
    pub tcp: SocketAddr,
    folder: tempfile::TempDir,
    _running: Running,
}

impl Server {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("office.toml");
        std::fs::write(&config, office(folder.path())).unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bellhop"));
        command.args(["serve", "--config"]).arg(&config);
        command.stdout(Stdio::piped()).stderr(log);
        let mut running = Running::start(&mut command, "bellhop");
        let stdout = running.child().stdout.take().unwrap();
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = say.send(line);
        });
        let line = said.recv_timeout(Duration::from_secs(20)).unwrap_or_default();
        let address = |prefix: &str| {
            let found = line.split_whitespace().find_map(|word| word.strip_prefix(prefix));
            let log = running::text(&folder.path().join("log"));
            found.unwrap_or_else(|| panic!("not ready: {line:?}\n{log}")).parse().unwrap()
        };
        let (udp, tcp) = (address("udp:"), address("tcp:"));
        Self { udp, tcp, folder, _running: running }
    }

    /// For whatever the phones want to write.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }

    pub fn log(&self) -> String {
        running::text(&self.folder.path().join("log"))
    }
}

/// What was said, when a test has failed.
impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "the server's log:\n{}", self.log());
        }
    }
}

fn office(folder: &Path) -> String {
    // Below the ports that systems hand out, and another range for each test.
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let nth = std::process::id() % 1000 * 7 + STARTED.fetch_add(1, Ordering::Relaxed);
    let rtp = 10_000 + 200 * (nth % 100);
    let port = running::free_port();
    let mut office = format!(
        r#"[server]
domain = "office.example"
listen = ["udp:127.0.0.1:{port}", "tcp:127.0.0.1:{port}"]
rtp_ports = "{rtp}-{}"
state = "{}"

[[call_park_group]]
name = "Front desk"
members = ["101", "102", "103"]

[[trunk]]
name = "provider"
peer = "127.0.0.1"
inbound = "101"
outbound_prefix = "0"
"#,
        rtp + 199,
        folder.join("bellhop.db").display()
    );
    for (number, name) in [("101", "Bob Reception"), ("102", "Alice"), ("103", "Carol")] {
        office += &format!(
            "\n[[extension]]\nnumber = \"{number}\"\nname = \"{name}\"\npassword = \"s{number}\"\n"
        );
    }
    office
}
