//! The office's server as a child of the console, for offices of one machine.
//!
//! It outlives the console. It holds a lock, handed to it as its standard
//! input, for as long as it lives: the next console finds it by that, and no
//! other program can be mistaken for it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};

use crate::app::Trouble;
use crate::edge::clock::Clock;
use crate::edge::files;
use crate::edge::folders::Folders;

const READY_WITHIN: Duration = Duration::from_secs(20);
const STOPPED_WITHIN: Duration = Duration::from_secs(10);
/// Octets of the log shown when the server does not start.
const LOG_SHOWN: u64 = 2_000;

/// The server that runs, whoever started it.
pub struct Embedded {
    lock: PathBuf,
    pub log: PathBuf,
}

/// Starts the server of the office whose settings are `config`, unless it runs.
///
/// # Errors
/// It does not come up; the message ends with what it said. Or another
/// office's server runs.
pub fn start(desk_file: &Path, config: &str) -> Result<Embedded, Trouble> {
    let folders = Folders::of_this_user()
        .ok_or_else(|| Trouble::new("this user has no home folder to keep the server's log in"))?;
    let config = files::beside(desk_file, config);
    let config = config.canonicalize().unwrap_or(config);
    start_in(&folders.state, &config)
}

fn start_in(folder: &Path, config: &Path) -> Result<Embedded, Trouble> {
    std::fs::create_dir_all(folder).map_err(|fault| trouble(folder, &fault))?;
    let embedded = Embedded { lock: folder.join("server.lock"), log: folder.join("server.log") };
    let mut lock = embedded.open()?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        return embedded.found(lock, config);
    }
    let child = embedded.spawn(&lock, config)?;
    let note = format!("{}\n{}\n", child.id(), config.display());
    let written = lock.set_len(0).and_then(|()| lock.rewind());
    written
        .and_then(|()| lock.write_all(note.as_bytes()))
        .map_err(|fault| trouble(&embedded.lock, &fault))?;
    embedded.wait_until_ready(child)?;
    Ok(embedded)
}

impl Embedded {
    fn open(&self) -> Result<File, Trouble> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.open(&self.lock).map_err(|fault| trouble(&self.lock, &fault))
    }

    fn found(self, mut lock: File, config: &Path) -> Result<Self, Trouble> {
        let (pid, running) = noted(&mut lock)
            .ok_or_else(|| Trouble::new("the office's server is just starting: try again"))?;
        if running == config {
            return Ok(self);
        }
        Err(Trouble::new(format!(
            "the server of another office runs here ({}, process {pid}): stop it first",
            running.display()
        )))
    }

    /// In a group of its own: what is typed at the console's terminal is not
    /// meant for it.
    fn spawn(&self, lock: &File, config: &Path) -> Result<Child, Trouble> {
        let program = std::env::current_exe()
            .map_err(|fault| Trouble::new(format!("this program cannot be found: {fault}")))?;
        let mut log = OpenOptions::new();
        let log = log.create(true).append(true).open(&self.log);
        let log = log.map_err(|fault| trouble(&self.log, &fault))?;
        let lock = lock.try_clone().map_err(|fault| trouble(&self.lock, &fault))?;
        let mut command = Command::new(&program);
        command.args(["serve", "--config"]).arg(config);
        command.stdin(lock).stdout(Stdio::piped()).stderr(log);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().map_err(|fault| trouble(&program, &fault))
    }

    /// It says `ready` once it listens.
    fn wait_until_ready(&self, mut child: Child) -> Result<(), Trouble> {
        let (said, heard) = channel();
        if let Some(out) = child.stdout.take() {
            thread::spawn(move || {
                let first = BufReader::new(out).lines().next();
                let _ = said.send(first.and_then(Result::ok));
            });
        }
        if matches!(heard.recv_timeout(READY_WITHIN), Ok(Some(line)) if line.starts_with("ready")) {
            return Ok(());
        }
        let _ = child.kill();
        let _ = child.wait();
        let end = self.end_of_log();
        let end = if end.is_empty() { String::new() } else { format!(":\n{end}") };
        Err(Trouble::new(format!("the office's server does not start{end}")))
    }

    fn end_of_log(&self) -> String {
        let Ok(mut log) = File::open(&self.log) else { return String::new() };
        let length = log.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        let from = std::io::SeekFrom::Start(length.saturating_sub(LOG_SHOWN));
        let mut end = String::new();
        let read = log.seek(from).and_then(|_| log.read_to_string(&mut end));
        let lines: Vec<&str> = end.lines().rev().take(5).collect();
        read.map(|_| lines.into_iter().rev().collect::<Vec<_>>().join("\n")).unwrap_or_default()
    }

    /// Ends it in good order and waits until it is gone.
    ///
    /// # Errors
    /// It does not end.
    pub fn stop(&self) -> Result<(), Trouble> {
        let mut lock = self.open()?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            return Ok(());
        }
        let pid = noted(&mut lock).and_then(|(pid, _)| Pid::from_raw(pid));
        let told = pid.map(|pid| kill_process(pid, Signal::TERM));
        let clock = Clock::start();
        let deadline = clock.now() + STOPPED_WITHIN;
        let ends = told.is_some_and(|told| told.is_ok());
        while ends && clock.now() < deadline {
            if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
                return Ok(());
            }
            thread::park_timeout(Duration::from_millis(50));
        }
        Err(Trouble::new(format!("the office's server does not end; see {}", self.log.display())))
    }
}

/// The process and the settings it serves, as its starter wrote them down.
fn noted(lock: &mut File) -> Option<(i32, PathBuf)> {
    let mut text = String::new();
    lock.rewind().ok()?;
    lock.take(8_192).read_to_string(&mut text).ok()?;
    let (pid, config) = text.split_once('\n')?;
    Some((pid.parse().ok().filter(|pid| *pid > 1)?, PathBuf::from(config.trim_end())))
}

fn trouble(path: &Path, fault: &std::io::Error) -> Trouble {
    Trouble::new(format!("{}: {fault}", path.display()))
}
