//! The office's server as a child of the console, for offices of one machine.
//!
//! It outlives the console. It holds a lock, handed to it as its standard
//! input, for as long as it lives: the next console finds it by that, and no
//! other program can be mistaken for it. A console that waits for the lock
//! knows at once when the server has died, and starts it again; in the locked
//! file stands which office it serves, and nothing once it was told to end.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc::UnboundedSender;

use crate::app::Trouble;
use crate::console::{Event, Weight};
use crate::edge::clock::Clock;
use crate::edge::files;
use crate::edge::folders::Folders;

const READY_WITHIN: Duration = Duration::from_secs(20);
const STOPPED_WITHIN: Duration = Duration::from_secs(10);
/// Octets of the log shown when the server does not start.
const LOG_SHOWN: u64 = 2_000;
/// A server that dies again and again is started ever more seldom.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// After so long it was no fault of its start.
const STEADY: Duration = Duration::from_secs(60);

/// The server that runs, whoever started it.
#[derive(Clone)]
pub struct Embedded {
    config: PathBuf,
    lock: PathBuf,
    pub log: PathBuf,
    /// Told to end by this very console.
    stopped: Arc<AtomicBool>,
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
    let embedded = Embedded {
        config: config.to_owned(),
        lock: folder.join("server.lock"),
        log: folder.join("server.log"),
        stopped: Arc::default(),
    };
    let lock = embedded.open()?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        return embedded.found(lock);
    }
    embedded.start_with(lock)?;
    Ok(embedded)
}

impl Embedded {
    fn open(&self) -> Result<File, Trouble> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        options.open(&self.lock).map_err(|fault| trouble(&self.lock, &fault))
    }

    fn start_with(&self, mut lock: File) -> Result<Child, Trouble> {
        let child = self.spawn(&lock)?;
        self.note(&mut lock, child.id())?;
        self.wait_until_ready(child)
    }

    fn note(&self, lock: &mut File, process: u32) -> Result<(), Trouble> {
        let note = format!("{process}\n{}\n", self.config.display());
        let written = lock.set_len(0).and_then(|()| lock.rewind());
        let written = written.and_then(|()| lock.write_all(note.as_bytes()));
        written.map_err(|fault| trouble(&self.lock, &fault))
    }

    /// From now on the server is started again when it dies, and that is told.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn watch(&self, tell: UnboundedSender<Event>) -> Result<(), Trouble> {
        let watched = self.clone();
        let watch = move || watched.keep_running(&tell);
        thread::Builder::new()
            .name("server".into())
            .spawn(watch)
            .map(drop)
            .map_err(|fault| Trouble::new(format!("no thread to watch the server: {fault}")))
    }

    fn keep_running(&self, tell: &UnboundedSender<Event>) {
        let say = |weight, text: String| {
            // Nobody listens to a console that has ended.
            let _ = tell.send(Event::Say { weight, text });
        };
        let clock = Clock::start();
        let (mut pause, mut server) = (Duration::ZERO, None);
        loop {
            let began = clock.now();
            if self.ends_as_told(server.take()) {
                return;
            }
            if clock.now().since(began) >= STEADY {
                pause = Duration::ZERO;
            }
            say(Weight::Alarm, "The office's server has died: it is started again".to_owned());
            thread::park_timeout(pause);
            pause = (pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
            match self.start_again() {
                Ok(started) => server = started,
                Err(_) => {
                    let log = self.log.display();
                    let text = format!("The office's server does not start: see {log}");
                    say(Weight::Alarm, text);
                }
            }
        }
    }

    /// Waits until it is gone. True if somebody wanted that, or nobody can tell.
    fn ends_as_told(&self, server: Option<Child>) -> bool {
        let Ok(mut lock) = self.open() else { return true };
        while let Err(fault) = flock(&lock, FlockOperation::LockExclusive) {
            if fault != Errno::INTR {
                return true;
            }
        }
        let ended = server.and_then(|mut server| server.wait().ok());
        let in_good_order = ended.is_some_and(|ended| ended.success());
        let noted = noted(&mut lock).is_some_and(|(_, config)| config == self.config);
        in_good_order || !noted || self.stopped.load(Ordering::SeqCst)
    }

    /// None: another console was quicker.
    fn start_again(&self) -> Result<Option<Child>, Trouble> {
        let lock = self.open()?;
        if self.stopped.load(Ordering::SeqCst)
            || flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err()
        {
            return Ok(None);
        }
        self.start_with(lock).map(Some)
    }

    fn found(self, mut lock: File) -> Result<Self, Trouble> {
        let (pid, running) = noted(&mut lock)
            .ok_or_else(|| Trouble::new("the office's server is just starting: try again"))?;
        if running == self.config {
            return Ok(self);
        }
        Err(Trouble::new(format!(
            "the server of another office runs here ({}, process {pid}): stop it first",
            running.display()
        )))
    }

    /// In a group of its own: what is typed at the console's terminal is not
    /// meant for it.
    fn spawn(&self, lock: &File) -> Result<Child, Trouble> {
        let program = std::env::current_exe()
            .map_err(|fault| Trouble::new(format!("this program cannot be found: {fault}")))?;
        let mut log = OpenOptions::new();
        let log = log.create(true).append(true).open(&self.log);
        let log = log.map_err(|fault| trouble(&self.log, &fault))?;
        let lock = lock.try_clone().map_err(|fault| trouble(&self.lock, &fault))?;
        let mut command = Command::new(&program);
        command.args(["serve", "--config"]).arg(&self.config);
        command.stdin(lock).stdout(Stdio::piped()).stderr(log);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.spawn().map_err(|fault| trouble(&program, &fault))
    }

    /// It says `ready` once it listens.
    fn wait_until_ready(&self, mut child: Child) -> Result<Child, Trouble> {
        let (said, heard) = channel();
        if let Some(out) = child.stdout.take() {
            thread::spawn(move || {
                let first = BufReader::new(out).lines().next();
                let _ = said.send(first.and_then(Result::ok));
            });
        }
        if matches!(heard.recv_timeout(READY_WITHIN), Ok(Some(line)) if line.starts_with("ready")) {
            return Ok(child);
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
        self.stopped.store(true, Ordering::SeqCst);
        let noted = noted(&mut lock).map(|(pid, _)| pid);
        // Other consoles that watch over it are not to start it again.
        lock.set_len(0).map_err(|fault| trouble(&self.lock, &fault))?;
        let pid = noted.and_then(Pid::from_raw);
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
        if let Some(process) = noted.and_then(|pid| u32::try_from(pid).ok()) {
            self.note(&mut lock, process)?;
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
