//! The demo's office: its settings, written for this run, and the server as a
//! process of its own, the same that would serve a real office.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::app::Trouble;
use crate::app::demo::cast::{Colleague, DESK, colleagues};

/// Followed by the number of the demo's process.
const FOLDER: &str = "bellhop-demo-";
pub const DOMAIN: &str = "demo.bellhop.example";
/// Shown of a server that has ended.
const LAST_LINES: usize = 20;
/// Longest wait for the server to listen.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// What a run is told besides its cast.
#[derive(Clone, Debug)]
pub struct Terms {
    pub provider: SocketAddr,
    /// Before a parked call comes back.
    pub recall_timer: Duration,
    /// The number the provider's callers dial, and who gets the call.
    pub numbers: Vec<(String, String)>,
}

/// The server, and what it was told. It ends with this value, and with this
/// process however that ends: then its standard input does.
#[derive(Debug)]
pub struct Office {
    pub address: SocketAddr,
    folder: PathBuf,
    server: Option<Child>,
    lines: Option<Receiver<String>>,
}

impl Office {
    /// Starts the server in a folder of its own and waits until it listens.
    ///
    /// # Errors
    /// It does not start; its last words are in the message.
    pub fn open(terms: &Terms) -> Result<Self, Trouble> {
        let address = free_address()?;
        let folder = new_folder()?;
        let config = folder.join("office.toml");
        let settings = settings(address, terms, &folder);
        std::fs::write(&config, settings)
            .map_err(|error| Trouble::new(format!("{}: {error}", config.display())))?;
        let mut office = Self { address, folder, server: None, lines: None };
        let mut server = start(&config)?;
        let lines = listen_to(&mut server);
        office.server = Some(server);
        wait_until_ready(&lines)?;
        office.lines = Some(lines);
        Ok(office)
    }
}

impl Office {
    /// What the server said last, if it has ended, which it must not.
    pub fn last_words(&mut self) -> Option<String> {
        let ended = self.server.as_mut()?.try_wait().ok()??;
        let said: Vec<String> = self.lines.iter().flat_map(Receiver::try_iter).collect();
        let last = said.len().saturating_sub(LAST_LINES);
        Some(format!("{ended}\n{}", said.get(last..).unwrap_or_default().join("\n")))
    }

    /// For files of this run. It goes with the office.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn start(config: &Path) -> Result<Child, Trouble> {
    let fault = |error| Trouble::new(format!("the demo's server does not start: {error}"));
    let program = std::env::current_exe().map_err(fault)?;
    Command::new(program)
        .arg("serve")
        .arg("--config")
        .arg(config)
        .arg("--while-stdin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(fault)
}

/// Its lines, from both streams. They are read for as long as it speaks, so
/// that it never waits for a reader.
fn listen_to(server: &mut Child) -> Receiver<String> {
    let (sender, lines) = channel();
    if let Some(stdout) = server.stdout.take() {
        forward(stdout, sender.clone());
    }
    if let Some(stderr) = server.stderr.take() {
        forward(stderr, sender);
    }
    lines
}

fn forward(stream: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = to.send(line);
        }
    });
}

fn wait_until_ready(lines: &Receiver<String>) -> Result<(), Trouble> {
    let mut said = String::new();
    loop {
        match lines.recv_timeout(READY_WITHIN) {
            Ok(line) if line.contains("ready") => return Ok(()),
            Ok(line) => said = said + &line + "\n",
            Err(_) => return Err(Trouble::new(format!("the demo's server is not ready:\n{said}"))),
        }
    }
}

/// Free for UDP and, by the same number, for TCP.
fn free_address() -> Result<SocketAddr, Trouble> {
    let fault = |error| Trouble::new(format!("no free port on 127.0.0.1: {error}"));
    UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).map_err(fault)
}

fn new_folder() -> Result<PathBuf, Trouble> {
    let (all, own) = (std::env::temp_dir(), std::process::id());
    clear_up_after_the_dead(&all);
    let folder = all.join(format!("{FOLDER}{own}"));
    std::fs::create_dir_all(&folder)
        .map_err(|error| Trouble::new(format!("{}: {error}", folder.display())))?;
    Ok(folder)
}

/// Demos that were killed have left their folders.
fn clear_up_after_the_dead(all: &Path) {
    for entry in std::fs::read_dir(all).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(FOLDER));
        let process = process.and_then(|process| Pid::from_raw(process.parse().ok()?));
        if process.is_some_and(|process| test_kill_process(process) == Err(Errno::SRCH)) {
            // Another user's is his own affair.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn settings(address: SocketAddr, terms: &Terms, folder: &Path) -> String {
    let state = folder.join("state.db");
    let seconds = terms.recall_timer.as_secs();
    let mut text = format!(
        "[server]\ndomain = \"{DOMAIN}\"\nlisten = [\"udp:{address}\", \"tcp:{address}\"]\n\
         rtp_ports = \"{}\"\nstate = {:?}\n\n[park]\nrecall_timer = \"{seconds}s\"\n",
        rtp_ports(address.port()),
        state.display().to_string(),
    );
    for Colleague { number, name, password, .. } in colleagues() {
        let admin = if *number == DESK { "admin = true\n" } else { "" };
        let _ = write!(
            text,
            "\n[[extension]]\nnumber = \"{number}\"\nname = \"{name}\"\npassword = \"{password}\"\n{admin}"
        );
    }
    let members: Vec<String> =
        colleagues().iter().map(|one| format!("\"{}\"", one.number)).collect();
    let _ = write!(
        text,
        "\n[[call_park_group]]\nname = \"Front desk\"\nmembers = [{}]\nrecall_timer = \
         \"{seconds}s\"\nrecall_to = \"parking-user\"\n\n[[trunk]]\nname = \"provider\"\npeer = \
         \"udp:{}\"\ninbound = \"{DESK}\"\n",
        members.join(", "),
        terms.provider,
    );
    for (number, to) in &terms.numbers {
        let _ = write!(text, "[[trunk.did]]\nnumber = \"{number}\"\nto = \"{to}\"\n");
    }
    text
}

/// 600 ports for sound, away from those the system gives out.
fn rtp_ports(seed: u16) -> String {
    let first = 16_384 + u32::from(seed % 24) * 600;
    format!("{first}-{}", first + 599)
}
