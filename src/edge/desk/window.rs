//! Where a desk is shown and its keys come from: a terminal, or nowhere, for
//! a desk that another program sits at.

use std::future::pending;
use std::io;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use crate::console::view;
use crate::console::{Event, State};
use crate::domain::time::Moment;
use crate::edge::terminal::Terminal;

pub enum Window {
    Terminal(Terminal),
    Nowhere(Nowhere),
}

/// The desk's side of a window that nobody looks through.
#[derive(Debug)]
pub struct Nowhere {
    events: Option<UnboundedReceiver<Event>>,
    shown: watch::Sender<String>,
}

/// The other side: presses keys, reads the screen.
#[derive(Debug)]
pub struct Sitter {
    events: UnboundedSender<Event>,
    shown: watch::Receiver<String>,
}

/// Both sides of a window of this size.
pub fn nowhere(columns: u16, rows: u16) -> (Nowhere, Sitter) {
    let (presses, events) = unbounded_channel();
    let (shown, reads) = watch::channel(String::new());
    let sitter = Sitter { events: presses, shown: reads };
    sitter.send(Event::Resize { columns, rows });
    (Nowhere { events: Some(events), shown }, sitter)
}

impl Sitter {
    /// A desk that has gone takes no more.
    pub fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// The screen's rows, one a line.
    pub fn screen(&self) -> String {
        self.shown.borrow().clone()
    }
}

impl Nowhere {
    /// Nobody sits there any more: as a window that is closed, told once.
    async fn next_event(&mut self) -> Event {
        let Some(events) = &mut self.events else { return pending().await };
        match events.recv().await {
            Some(event) => event,
            None => {
                self.events = None;
                Event::Terminate
            }
        }
    }
}

impl Window {
    pub(super) async fn next_event(&mut self) -> Event {
        match self {
            Self::Terminal(terminal) => terminal.next_event().await,
            Self::Nowhere(nowhere) => nowhere.next_event().await,
        }
    }

    pub(super) fn draw(&mut self, state: &State, now: Moment) -> io::Result<()> {
        match self {
            Self::Terminal(terminal) => terminal.draw(state, now),
            Self::Nowhere(nowhere) => {
                nowhere.shown.send_replace(text_of(state, now));
                Ok(())
            }
        }
    }

    pub(super) fn redraw(&mut self) {
        if let Self::Terminal(terminal) = self {
            terminal.redraw();
        }
    }

    pub(super) fn set_title(&mut self, title: &str) -> io::Result<()> {
        match self {
            Self::Terminal(terminal) => terminal.set_title(title),
            Self::Nowhere(_) => Ok(()),
        }
    }

    pub(super) fn bell(&mut self) -> io::Result<()> {
        match self {
            Self::Terminal(terminal) => terminal.bell(),
            Self::Nowhere(_) => Ok(()),
        }
    }

    pub(super) fn suspend(&mut self) -> io::Result<()> {
        match self {
            Self::Terminal(terminal) => terminal.suspend(),
            Self::Nowhere(_) => Ok(()),
        }
    }
}

fn text_of(state: &State, now: Moment) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.columns, state.rows));
    view::draw(state, now, &mut buffer);
    let width = usize::from(state.columns).max(1);
    let rows = buffer.content.chunks(width);
    rows.flat_map(|row| row.iter().map(|cell| cell.symbol()).chain(["\n"])).collect()
}
