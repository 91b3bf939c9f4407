//! An office's server and its consoles, each a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_bellhop");
/// For a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);
const PEOPLE: [(&str, &str); 3] = [("101", "Reception"), ("102", "Cleo"), ("103", "Dev")];

pub struct Office {
    pub folder: TempDir,
    pub port: u16,
    server: Option<Child>,
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
        if let Some(mut server) = self.server.take() {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }

    pub fn start(&mut self) {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--config"]).arg(self.file());
        self.at_home(|name, value| {
            command.env(name, value);
        });
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let first = BufReader::new(server.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        assert!(first.starts_with("ready"), "{first}");
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
        Self { folder, port, server: None }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("office.toml")
    }

    /// Nothing of the real user's is touched.
    fn at_home(&self, mut set: impl FnMut(&str, &Path)) {
        set("HOME", self.folder.path());
        set("XDG_CONFIG_HOME", &self.folder.path().join("config"));
        set("XDG_STATE_HOME", &self.folder.path().join("state"));
        set("XDG_RUNTIME_DIR", &self.folder.path().join("run"));
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
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        self.at_home(|name, value| command.env(name, value));
        Desk::start(command)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Offices of tests that run beside each other must not share ports.
fn rtp_from(port: u16) -> u16 {
    10_000 + (port % 100) * 200
}

/// A console in a terminal of 100 x 30.
pub struct Desk {
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    _terminal: Box<dyn MasterPty + Send>,
}

impl Desk {
    fn start(command: CommandBuilder) -> Self {
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        let screen = vt100::Parser::new(30.try_into().unwrap(), 100.try_into().unwrap(), 0);
        Self { keys, output, screen, child, _terminal: pair.master }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen shows all of `words`.
    #[track_caller]
    pub fn shows(&mut self, words: &[&str]) {
        self.waits_for(words, |text| words.iter().all(|word| text.contains(word)));
    }

    /// After everything that is on the screen now.
    #[track_caller]
    pub fn shows_last(&mut self, words: &str) {
        let before = self.text().matches(words).count();
        self.waits_for(&[words], |text| text.matches(words).count() > before);
    }

    #[track_caller]
    fn waits_for(&mut self, words: &[&str], is_there: impl Fn(&str) -> bool) {
        while !is_there(&self.text()) {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(_) => panic!("waited for {words:?}, but the screen shows:\n{}", self.text()),
            }
        }
    }

    /// Waits until the program has ended, and says whether all was well.
    pub fn ends(&mut self) -> bool {
        while let Ok(bytes) = self.output.recv_timeout(PATIENCE) {
            self.screen.process(&bytes);
        }
        self.child.wait().unwrap().success()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
