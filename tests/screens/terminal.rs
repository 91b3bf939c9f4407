//! The real terminal, in a pseudo-terminal: whatever ends the program, the
//! shell gets its terminal back as it was, once.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use bellhop::console::event::Event;
use bellhop::console::keymap::KeyCode;
use bellhop::edge::terminal::Terminal;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::desk::Desk;

/// Slow machines may take it; quick ones do not.
const PATIENCE: Duration = Duration::from_secs(30);
const CHILD: &str = "BELLHOP_TEST_CHILD";

/// Not a test: the program in the pseudo-terminal. `q` quits, `!` panics.
#[test]
#[ignore = "run by the other tests, in a pseudo-terminal"]
fn child() {
    if std::env::var(CHILD).is_err() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut desk = Desk::idle();
        let mut terminal = Terminal::enter().unwrap();
        loop {
            let event = terminal.next_event().await;
            match &event {
                Event::Terminate => break,
                Event::Key(key) if key.code == KeyCode::Char('q') => break,
                Event::Key(key) if key.code == KeyCode::Char('!') => panic!("boom"),
                _ => {}
            }
            desk.tell(event);
            terminal.draw(&desk.state, desk.now).unwrap();
        }
    });
}

struct Pty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl Pty {
    /// The child, with its first screen drawn.
    fn start() -> Self {
        let size = PtySize { rows: 24, cols: 80, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["terminal::child", "--exact", "--ignored", "--nocapture"]);
        command.env(CHILD, "1");
        command.env("TERM", "xterm-kitty");
        command.env("RUST_BACKTRACE", "0");
        let child = pair.slave.spawn_command(command).unwrap();
        let (mut reader, (send, bytes)) = (pair.master.try_clone_reader().unwrap(), channel());
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        let mut pty = Self { master: pair.master, writer, child, bytes, seen: Vec::new() };
        pty.read_until("COLLEAGUES");
        assert!(pty.screen().screen().alternate_screen());
        assert!(!pty.is_cooked());
        pty
    }

    fn read_until(&mut self, wanted: &str) {
        while !String::from_utf8_lossy(&self.seen).contains(wanted) {
            let more = self.bytes.recv_timeout(PATIENCE);
            let seen = || String::from_utf8_lossy(&self.seen).into_owned();
            self.seen.extend(more.unwrap_or_else(|error| panic!("{error}: {}", seen())));
        }
    }

    fn types(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        assert!(
            std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap().success()
        );
    }

    /// Echo and line editing are on, as a shell wants them.
    fn is_cooked(&self) -> bool {
        let mode = std::process::Command::new("stty")
            .args(["-a", "-F"])
            .arg(self.master.tty_name().unwrap())
            .output()
            .unwrap();
        let mode = String::from_utf8_lossy(&mode.stdout).into_owned();
        ["icanon", "echo", "isig"].iter().all(|on| mode.split_whitespace().any(|word| word == *on))
    }

    fn screen(&self) -> vt100::Parser {
        let mut terminal = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        terminal.process(&self.seen);
        terminal
    }

    /// Until the end of the program; then the terminal must be the shell's again.
    #[track_caller]
    fn is_given_back_once(&mut self) -> String {
        self.read_until("\x1b[?1049l");
        self.child.wait().unwrap();
        while let Ok(more) = self.bytes.recv_timeout(Duration::from_millis(300)) {
            self.seen.extend(more);
        }
        let bytes = String::from_utf8_lossy(&self.seen).into_owned();
        for once in
            ["\x1b[?1049h", "\x1b[?1049l", "\x1b[>1u", "\x1b[<u", "\x1b[?2004l", "\x1b[23;0t"]
        {
            assert_eq!(bytes.matches(once).count(), 1, "{once:?} in {bytes:?}");
        }
        let terminal = self.screen();
        let screen = terminal.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        assert!(self.is_cooked());
        screen.contents()
    }
}

#[test]
fn quitting_gives_the_terminal_back() {
    let mut pty = Pty::start();
    pty.types("q");
    pty.is_given_back_once();
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_speaks() {
    let mut pty = Pty::start();
    pty.types("!");
    let screen = pty.is_given_back_once();
    assert!(screen.contains("boom"), "{screen}");
}

#[test]
fn signals_give_the_terminal_back() {
    for name in ["TERM", "HUP", "INT"] {
        let mut pty = Pty::start();
        pty.signal(name);
        pty.is_given_back_once();
    }
}

#[test]
fn an_idle_desk_writes_nothing() {
    let mut pty = Pty::start();
    while pty.bytes.recv_timeout(Duration::from_millis(500)).is_ok() {}
    assert_eq!(pty.bytes.recv_timeout(Duration::from_secs(2)), Err(RecvTimeoutError::Timeout));
    pty.types("1");
    pty.seen.clear();
    pty.read_until("1");
    assert!(pty.seen.len() < 1500, "{}", pty.seen.len());
    pty.types("q");
    pty.child.wait().unwrap();
}

#[test]
fn what_is_pasted_without_a_mark_is_a_number_and_never_keys() {
    let mut pty = Pty::start();
    pty.types("+4930q!xx901\r");
    pty.read_until("What was pasted is no number");
    pty.types("+49 30 901820\r");
    pty.read_until("+4930901820");
    pty.types("q");
    pty.is_given_back_once();
}

#[test]
fn a_few_keys_in_one_write_are_keys() {
    let mut pty = Pty::start();
    pty.types("1051q");
    pty.is_given_back_once();
    assert!(String::from_utf8_lossy(&pty.seen).contains("1051"));
}
