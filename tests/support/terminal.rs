//! Consoles in terminals of their own, whose keys are pressed and whose
//! screens are read.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::running::{PATIENCE, wait_for};
use super::serving::{PROGRAM, folders};

/// A console in a terminal of 100 x 30.
pub struct Desk {
    /// None once the window is closed.
    window: Option<Window>,
    screen: vt100::Parser,
    child: Box<dyn portable_pty::Child + Send + Sync>,
}

struct Window {
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    _terminal: Box<dyn MasterPty + Send>,
}

impl Desk {
    pub fn start(arguments: &[&str], home: &Path) -> Self {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        for (name, folder) in folders(home) {
            command.env(name, folder);
        }
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let output = read(pair.master.try_clone_reader().unwrap());
        let keys = pair.master.take_writer().unwrap();
        let screen = vt100::Parser::new(30.try_into().unwrap(), 100.try_into().unwrap(), 0);
        let window = Some(Window { keys, output, _terminal: pair.master });
        Self { window, screen, child }
    }

    pub fn press(&mut self, keys: &str) {
        let to = &mut self.window.as_mut().unwrap().keys;
        to.write_all(keys.as_bytes()).unwrap();
        to.flush().unwrap();
    }

    /// As somebody who closes it, not the program in it. It is gone once the
    /// program has written something more.
    pub fn close_window(&mut self) {
        self.window = None;
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(status.success());
    }

    /// As by somebody who pulls the plug.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
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

    /// Waits until all of `words` stand in one row below this heading.
    #[track_caller]
    pub fn lists(&mut self, heading: &str, words: &[&str]) {
        let is_it = |row: &str| words.iter().all(|word| row.contains(word));
        self.waits_for(&[&[heading], words].concat(), |text| rows(text, heading).any(is_it));
    }

    #[track_caller]
    fn waits_for(&mut self, words: &[&str], is_there: impl Fn(&str) -> bool) {
        // Of its own accord a screen with a call on it never rests.
        let end = Instant::now() + PATIENCE;
        while !is_there(&self.text()) {
            let left = end.saturating_duration_since(Instant::now());
            match self.window.as_ref().unwrap().output.recv_timeout(left) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(_) => panic!("waited for {words:?}, but the screen shows:\n{}", self.text()),
            }
        }
    }

    /// Waits until the program has ended, and says whether all was well.
    pub fn ends(&mut self) -> bool {
        while let Some(window) = &self.window
            && let Ok(bytes) = window.output.recv_timeout(PATIENCE)
        {
            self.screen.process(&bytes);
        }
        wait_for("the end of a console", || self.child.try_wait().unwrap()).success()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut terminal: Box<dyn Read + Send>) -> Receiver<Vec<u8>> {
    let (send, output) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = terminal.read(&mut buffer) {
            if send.send(buffer[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    output
}

/// The rows of one part of the screen, up to the rule above the next.
fn rows<'a>(text: &'a str, heading: &str) -> impl Iterator<Item = &'a str> {
    let is_rule = |row: &&str| row.starts_with('─');
    let is_heading = move |row: &&str| row.trim_start_matches('─').starts_with(heading);
    let below = text.lines().skip_while(move |row| !(is_rule(row) && is_heading(row))).skip(1);
    below.take_while(move |row| !is_rule(row))
}
