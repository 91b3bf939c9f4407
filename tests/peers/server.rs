//! `bellhop serve` with an office of its own, on ports of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::support::running::{self, Running};
use crate::support::serving::{self, LogOnFailure, serve};

pub struct Server {
    pub udp: SocketAddr,
    pub tcp: SocketAddr,
    /// Ends before its folder.
    running: Running,
    _log: LogOnFailure,
    folder: tempfile::TempDir,
}

impl Server {
    /// Its provider is anybody on this machine.
    pub fn start() -> Self {
        Self::with_trunk("peer = \"127.0.0.1\"")
    }

    pub fn with_trunk(line: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("office.toml");
        std::fs::write(&config, office(folder.path(), line)).unwrap();
        let (running, said) = serve(&config, folder.path());
        let address = |prefix: &str| {
            let found = said.split_whitespace().find_map(|word| word.strip_prefix(prefix));
            found.unwrap().parse().unwrap()
        };
        let (udp, tcp) = (address("udp:"), address("tcp:"));
        let log = LogOnFailure(folder.path().to_path_buf());
        Self { udp, tcp, running, _log: log, folder }
    }

    /// For whatever the phones want to write.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }

    /// Ends it in good order.
    pub fn stop(&mut self) {
        let id = self.running.child().id().to_string();
        assert!(
            std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success()
        );
        assert!(self.running.wait("the server's end").success());
    }

    pub fn log(&self) -> String {
        running::text(&serving::log(self.folder.path()))
    }
}

fn office(folder: &Path, line: &str) -> String {
    let (first, last) = running::free_range(200);
    let port = running::free_port();
    let mut office = format!(
        r#"[server]
domain = "office.example"
listen = ["udp:127.0.0.1:{port}", "tcp:127.0.0.1:{port}"]
rtp_ports = "{first}-{last}"
state = "{}"

[[call_park_group]]
name = "Front desk"
members = ["101", "102", "103"]
recall_timer = "15m"

[[trunk]]
name = "provider"
{line}
inbound = "101"
outbound_prefix = "0"
"#,
        folder.join("bellhop.db").display()
    );
    for (number, name) in [("101", "Bob Reception"), ("102", "Alice"), ("103", "Carol")] {
        office += &format!(
            "\n[[extension]]\nnumber = \"{number}\"\nname = \"{name}\"\npassword = \"s{number}\"\n"
        );
    }
    office
}
