//! An office's server and its consoles, each a process.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::running::{Running, free_port, wait_for};
use crate::support::serving::serve;
use crate::support::terminal::Desk;

const PEOPLE: [(&str, &str); 3] = [("101", "Reception"), ("102", "Cleo"), ("103", "Dev")];

pub struct Office {
    /// Ends before its folder.
    server: Option<Running>,
    pub folder: TempDir,
    pub port: u16,
}

impl Office {
    /// Served on loopback.
    pub fn open() -> Self {
        let mut office = Self::written();
        office.start();
        office
    }

    /// As somebody who pulls the plug.
    pub fn kill(&mut self) {
        self.server = None;
    }

    pub fn start(&mut self) {
        let (server, _) = serve(&self.file(), self.folder.path());
        self.server = Some(server);
    }

    /// Only its settings.
    pub fn written() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut text = format!(
            "[server]\nlisten = [\"udp:127.0.0.1:{port}\", \"tcp:127.0.0.1:{port}\"]\n\
             rtp_ports = \"{}-{}\"\n",
            rtp_from(port),
            rtp_from(port) + 198
        );
        for (number, name) in PEOPLE {
            text += &format!(
                "[[extension]]\nnumber = \"{number}\"\nname = \"{name}\"\npassword = \"s3cret-{number}\"\n"
            );
        }
        text +=
            "[[call_park_group]]\nname = \"Front desk\"\nmembers = [\"101\", \"102\", \"103\"]\n";
        std::fs::write(folder.path().join("office.toml"), text).unwrap();
        Self { server: None, folder, port }
    }

    /// The process of the server that a console has started.
    pub fn embedded(&self) -> Option<String> {
        let lock = self.folder.path().join("state").join("bellhop").join("server.lock");
        let note = std::fs::read_to_string(lock).ok()?;
        note.lines().next().map(str::to_owned)
    }

    pub fn kill_embedded(&self) -> String {
        let process = wait_for("the server's note", || self.embedded());
        assert!(Command::new("kill").args(["-9", &process]).status().unwrap().success());
        process
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("office.toml")
    }

    /// A console of this extension, over `udp` or `tcp`.
    pub fn desk(&self, extension: &str, transport: &str) -> Desk {
        let more = "";
        let file = self.desk_file(extension, transport, more);
        self.console(&["console", "--config", file.to_str().unwrap()])
    }

    pub fn desk_file(&self, extension: &str, transport: &str, more: &str) -> PathBuf {
        let file = self.folder.path().join(format!("desk-{extension}.toml"));
        let text = format!(
            "[account]\nserver = \"{transport}:127.0.0.1:{}\"\nextension = \"{extension}\"\n\
             password = \"s3cret-{extension}\"\n{more}\n\
             [sound]\ntalk_in = \"null\"\ntalk_out = \"null\"\nring = \"null\"\n",
            self.port
        );
        std::fs::write(&file, text).unwrap();
        file
    }

    pub fn console(&self, arguments: &[&str]) -> Desk {
        Desk::start(arguments, self.folder.path())
    }
}

/// Reception talks with Cleo.
pub fn talking(office: &Office, transport: &str) -> (Desk, Desk) {
    let mut reception = office.desk("101", transport);
    let mut cleo = office.desk("102", transport);
    reception.shows(&["Registered 101", "Cleo"]);
    cleo.shows(&["Registered 102", "Reception"]);
    reception.press("102\r");
    cleo.shows(&["Ringing: Reception 101"]);
    cleo.press(" ");
    reception.lists("CALLS", &["TALK", "Cleo"]);
    (reception, cleo)
}

/// Offices of tests that run beside each other must not share ports.
fn rtp_from(port: u16) -> u16 {
    10_000 + (port % 100) * 200
}
