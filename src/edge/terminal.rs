//! The terminal: taken over as a whole, drawn on only where something has
//! changed, and given back exactly once on every way out.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::future::pending;
use std::io::{self, IsTerminal, Write};
use std::pin::Pin;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event as TerminalEvent, EventStream};
use crossterm::terminal;
use futures_util::StreamExt;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use signal_hook::consts::{SIGCONT, SIGTSTP};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Sleep, sleep};

use crate::console::burst::{Burst, SETTLES_AFTER};
use crate::console::event::Event;
use crate::console::keymap::Key;
use crate::console::state::State;
use crate::console::view::{self, Cursor};
use crate::domain::time::Moment;
use crate::edge::hang_up;

/// Taken over: raw, alternate screen. There is one terminal in a program, and
/// the panic hook must find it.
static ACTIVE: AtomicBool = AtomicBool::new(false);
static KITTY: AtomicBool = AtomicBool::new(false);
static PANIC_HOOK: Once = Once::new();
/// Keys taken in one go: a flood gets its turns like everything else.
const AT_ONCE_MAX: usize = 4_096;

/// Alternate screen, the title put aside, paste and focus reported, a hidden
/// cursor. `kitty`: keys that are ambiguous in old terminals are told apart;
/// never more of that protocol than that, for releases reach some as presses.
fn taking_over(kitty: bool) -> String {
    let keys = if kitty { "\x1b[>1u" } else { "" };
    format!("\x1b[?1049h\x1b[22;0t\x1b[?2004h\x1b[?1004h{keys}\x1b[?25l\x1b[2J")
}

/// The same backwards: keys, paste, focus, mouse (in case somebody turned it
/// on), title, attributes, cursor, main screen.
fn giving_back(kitty: bool) -> String {
    let keys = if kitty { "\x1b[<u" } else { "" };
    format!(
        "{keys}\x1b[?2004l\x1b[?1004l\x1b[?1000l\x1b[?1006l\x1b[23;0t\x1b[0m\x1b[?25h\x1b[?1049l"
    )
}

/// Gives the terminal back if it is taken over; the second call does nothing.
/// Errors are passed over: the terminal may be gone.
pub fn restore() {
    if ACTIVE.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        out.write_all(giving_back(KITTY.load(Ordering::SeqCst)).as_bytes()).ok();
        out.flush().ok();
        terminal::disable_raw_mode().ok();
    }
}

fn take_over() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    ACTIVE.store(true, Ordering::SeqCst);
    let mut out = io::stdout();
    out.write_all(taking_over(KITTY.load(Ordering::SeqCst)).as_bytes())?;
    out.flush()
}

/// The message of a panic belongs on the main screen, after the terminal is
/// itself again.
fn restore_before_a_panic_speaks() {
    PANIC_HOOK.call_once(|| {
        let speak = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            restore();
            speak(panic);
        }));
    });
}

/// Terminals known to tell ambiguous keys apart, by their names: to ask costs
/// those that do not answer two seconds at the start.
fn knows_kitty_keys(term: &str, program: &str) -> bool {
    let terms = ["kitty", "ghostty", "foot", "alacritty"];
    terms.iter().any(|name| term.contains(name)) || matches!(program, "ghostty" | "WezTerm")
}

/// The terminal while the console has it.
pub struct Terminal {
    painter: Painter,
    /// None once the terminal is gone.
    events: Option<EventStream>,
    hung_up: UnboundedReceiver<()>,
    signals: Signals,
    /// The size at the start, and what came together with an earlier event.
    ahead: VecDeque<Event>,
    burst: Burst,
    /// Until the keys of the burst are known for what they are.
    settles: Option<Pin<Box<Sleep>>>,
    /// We stopped ourselves and are set up again: the news of it is none.
    resumed: bool,
}

struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    resume: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            resume: signal(SignalKind::from_raw(SIGCONT))?,
        })
    }
}

impl Terminal {
    /// Takes the terminal over. To be called inside a tokio runtime. Dropping
    /// it, a panic and [`restore`] give it back.
    ///
    /// # Errors
    /// Standard output is no terminal, or it cannot be set up.
    pub fn enter() -> io::Result<Self> {
        if !io::stdout().is_terminal() {
            return Err(io::Error::other("standard output is no terminal"));
        }
        let name = |variable| std::env::var(variable).unwrap_or_default();
        let kitty = knows_kitty_keys(&name("TERM"), &name("TERM_PROGRAM"));
        KITTY.store(kitty, Ordering::SeqCst);
        restore_before_a_panic_speaks();
        let signals = Signals::listen()?;
        let (columns, rows) = terminal::size()?;
        if let Err(error) = take_over() {
            restore();
            return Err(error);
        }
        let hung_up = watch_for_a_hang_up()?;
        let ahead = VecDeque::from([Event::Resize { columns, rows }]);
        Ok(Self {
            painter: Painter::default(),
            events: Some(EventStream::new()),
            hung_up,
            signals,
            ahead,
            burst: Burst::default(),
            settles: None,
            resumed: false,
        })
    }

    /// The next thing the person, the window or the system did. Safe to drop
    /// half-way, as in `select!`. Never ends: a terminal that is gone terminates
    /// once, and then only the system is heard.
    pub async fn next_event(&mut self) -> Event {
        loop {
            if let Some(event) = self.ahead.pop_front() {
                return event;
            }
            let Self { signals, settles, .. } = self;
            let event = tokio::select! {
                _ = signals.terminate.recv() => Some(Event::Terminate),
                _ = signals.hang_up.recv() => Some(Event::Terminate),
                _ = signals.interrupt.recv() => Some(Event::Terminate),
                _ = signals.resume.recv() => self.come_back(),
                Some(()) = self.hung_up.recv() => self.is_gone(),
                event = next_of(&mut self.events) => match event {
                    Some(Ok(event)) => understood(event),
                    Some(Err(_)) | None => self.is_gone(),
                },
                () = settled(settles) => {
                    self.settle();
                    None
                }
            };
            if let Some(first) = event {
                self.take(first);
            }
        }
    }

    /// What came, and with it everything that came in the same read.
    fn take(&mut self, first: Event) {
        let mut keys = Vec::new();
        let mut event = Some(first);
        while let Some(here) = event {
            match here {
                Event::Key(key) => keys.push(key),
                Event::Terminate => return self.ahead.push_back(Event::Terminate),
                other => self.ahead.push_back(other),
            }
            event = if keys.len() < AT_ONCE_MAX { already_there() } else { None };
        }
        if keys.is_empty() {
            return;
        }
        self.ahead.extend(self.burst.add(&keys));
        if self.settles.is_none() || self.burst.is_paste() {
            self.settles = Some(Box::pin(sleep(SETTLES_AFTER)));
        }
    }

    fn settle(&mut self) {
        self.settles = None;
        self.ahead.extend(self.burst.settle());
    }

    /// Draws what has changed since the last time; writes nothing when nothing has.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, state: &State, now: Moment) -> io::Result<()> {
        let mut buffer = Buffer::empty(Rect::new(0, 0, state.columns, state.rows));
        let cursor = view::draw(state, now, &mut buffer);
        let bytes = self.painter.paint(buffer, cursor)?;
        write_out(&bytes)
    }

    /// Everything will be drawn anew.
    pub fn redraw(&mut self) {
        self.painter = Painter::default();
    }

    /// # Errors
    /// The terminal is gone.
    pub fn set_title(&mut self, title: &str) -> io::Result<()> {
        // ST, not BEL, ends it: multiplexers pass that on.
        let title: String = title.chars().filter(|c| !c.is_control()).collect();
        write_out(format!("\x1b]2;{title}\x1b\\").as_bytes())
    }

    /// # Errors
    /// The terminal is gone.
    pub fn bell(&mut self) -> io::Result<()> {
        write_out(b"\x07")
    }

    /// Gives the terminal to the shell and stops; comes back here when the
    /// shell continues us.
    ///
    /// # Errors
    /// The terminal cannot be taken over again.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        // Raised, not sent to the process: another thread could get that one
        // later, with the screen already ours again.
        signal_hook::low_level::raise(SIGTSTP)?;
        take_over()?;
        self.resumed = true;
        self.redraw();
        Ok(())
    }

    fn is_gone(&mut self) -> Option<Event> {
        hang_up::read_nothing_more();
        self.events.take().map(|_| Event::Terminate)
    }

    /// After a stop from outside the shell has set the terminal up as it likes it.
    fn come_back(&mut self) -> Option<Event> {
        if !std::mem::take(&mut self.resumed) {
            restore();
            take_over().ok();
        }
        self.redraw();
        let (columns, rows) = terminal::size().ok()?;
        Some(Event::Resize { columns, rows })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
    }
}

/// Tells once when the keyboard's terminal is gone.
fn watch_for_a_hang_up() -> io::Result<UnboundedReceiver<()>> {
    let (tell, hung_up) = unbounded_channel();
    if io::stdin().is_terminal() {
        thread::Builder::new().name("window".into()).spawn(move || {
            hang_up::wait();
            // Nobody listens to a desk that has ended.
            let _ = tell.send(());
        })?;
    }
    Ok(hung_up)
}

async fn next_of(events: &mut Option<EventStream>) -> Option<io::Result<TerminalEvent>> {
    match events {
        Some(events) => events.next().await,
        None => pending().await,
    }
}

async fn settled(sleep: &mut Option<Pin<Box<Sleep>>>) {
    match sleep {
        Some(sleep) => sleep.await,
        None => pending().await,
    }
}

/// What the terminal has sent already. The stream itself is not asked: its
/// thread would wake nobody the next time.
fn already_there() -> Option<Event> {
    while let Ok(true) = event::poll(Duration::ZERO) {
        if let Some(event) = event::read().ok().and_then(understood) {
            return Some(event);
        }
    }
    None
}

/// None for what the screen has no use for.
fn understood(event: TerminalEvent) -> Option<Event> {
    match event {
        TerminalEvent::Key(key) => Key::from_terminal(key).map(Event::Key),
        TerminalEvent::Paste(text) => Some(Event::Paste(text)),
        TerminalEvent::FocusGained => Some(Event::FocusGained),
        TerminalEvent::FocusLost => Some(Event::FocusLost),
        TerminalEvent::Resize(columns, rows) => Some(Event::Resize { columns, rows }),
        TerminalEvent::Mouse(_) => None,
    }
}

/// One write, so that no half of a frame is ever seen.
fn write_out(bytes: &[u8]) -> io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// What the terminal shows, so that only the difference is written.
#[derive(Default)]
struct Painter {
    shown: Option<(Buffer, Cursor)>,
}

impl Painter {
    /// The bytes that turn what is shown into this frame. The cursor goes last
    /// to where it belongs: screen readers follow it.
    fn paint(&mut self, next: Buffer, cursor: Cursor) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let blank = Buffer::empty(next.area);
        let (before, was) = match &self.shown {
            Some((before, was)) if before.area == next.area => (before, Some(*was)),
            _ => (&blank, None),
        };
        if was.is_none() {
            bytes.extend_from_slice(b"\x1b[0m\x1b[2J");
        }
        let changes = before.diff(&next);
        if changes.is_empty() && was == Some(cursor) {
            return Ok(Vec::new());
        }
        if was.is_none_or(|was| was.visible) {
            bytes.extend_from_slice(b"\x1b[?25l");
        }
        CrosstermBackend::new(&mut bytes).draw(changes.into_iter())?;
        place(cursor, &mut bytes);
        self.shown = Some((next, cursor));
        Ok(bytes)
    }
}

fn place(cursor: Cursor, bytes: &mut Vec<u8>) {
    let (row, column) = (u32::from(cursor.position.y) + 1, u32::from(cursor.position.x) + 1);
    let mut text = String::new();
    write!(text, "\x1b[{row};{column}H").ok();
    bytes.extend_from_slice(text.as_bytes());
    if cursor.visible {
        bytes.extend_from_slice(b"\x1b[?25h");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Position;
    use ratatui::style::Style;

    const PLACED: Cursor = Cursor { position: Position { x: 3, y: 1 }, visible: true };

    fn frame(text: &str) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 3));
        buffer.set_string(0, 0, text, Style::new());
        buffer
    }

    fn terminal() -> vt100::Parser {
        let mut terminal = vt100::Parser::new(3.try_into().unwrap(), 20.try_into().unwrap(), 0);
        terminal.process(b"shell$ \x1b[?25h");
        terminal
    }

    #[test]
    fn what_the_console_changes_about_the_terminal_it_changes_back() {
        for kitty in [false, true] {
            let mut terminal = terminal();
            let before = terminal.screen().clone();
            terminal.process(taking_over(kitty).as_bytes());
            let bytes = Painter::default().paint(frame("BELLHOP"), PLACED).unwrap();
            terminal.process(&bytes);
            assert!(terminal.screen().alternate_screen() && terminal.screen().bracketed_paste());
            assert!(terminal.screen().contents().starts_with("BELLHOP"));
            terminal.process(giving_back(kitty).as_bytes());
            let after = terminal.screen();
            assert!(after.state_diff(&before).is_empty(), "kitty: {kitty}");
            assert!(!after.hide_cursor() && !after.bracketed_paste() && !after.alternate_screen());
        }
    }

    #[test]
    fn every_mode_that_is_set_is_reset_and_pushes_are_popped() {
        let (on, off) = (taking_over(true), giving_back(true));
        for mode in ["?1049", "?2004", "?1004"] {
            assert!(
                on.contains(&format!("{mode}h")) && off.contains(&format!("{mode}l")),
                "{mode}"
            );
        }
        assert!(on.contains("\x1b[22;0t") && off.contains("\x1b[23;0t"));
        assert!(on.contains("\x1b[>1u") && off.starts_with("\x1b[<u"));
        assert!(!taking_over(false).contains('u') && !giving_back(false).contains('u'));
    }

    #[test]
    fn the_same_frame_again_writes_nothing_and_a_digit_writes_a_few_bytes() {
        let mut painter = Painter::default();
        painter.paint(frame("wait 0:41"), PLACED).unwrap();
        assert_eq!(painter.paint(frame("wait 0:41"), PLACED).unwrap(), b"");
        let bytes = painter.paint(frame("wait 0:42"), PLACED).unwrap();
        assert!(bytes.len() < 60, "{:?}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn the_cursor_ends_where_the_focus_is() {
        let mut terminal = terminal();
        let bytes = Painter::default().paint(frame("To: 105"), PLACED).unwrap();
        terminal.process(&bytes);
        assert_eq!(terminal.screen().cursor_position(), (1, 3));
        assert!(!terminal.screen().hide_cursor());
    }

    #[test]
    fn a_window_of_another_size_is_drawn_anew() {
        let mut painter = Painter::default();
        painter.paint(frame("BELLHOP"), PLACED).unwrap();
        let wider = Buffer::empty(Rect::new(0, 0, 30, 3));
        assert!(painter.paint(wider, PLACED).unwrap().starts_with(b"\x1b[0m\x1b[2J"));
    }
}
