//! How the screen is divided, at every size.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::console::state::State;
use crate::console::theme::{Role, Theme};

/// The largest form that fits; never a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `2R 5P`
    OneLine,
    TwoLines,
    /// Calls and parked calls, one row of hints.
    Small,
    /// Everything, one column.
    Full,
    /// Everything, two columns.
    Wide,
}

impl Form {
    pub fn of(area: Rect) -> Self {
        match (area.width, area.height) {
            (140.., 40..) => Self::Wide,
            (60.., 20..) => Self::Full,
            (40.., 10..) => Self::Small,
            (21.., 2..) => Self::TwoLines,
            _ => Self::OneLine,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Rooms {
    pub head: Rect,
    pub calls: Rect,
    pub this_call: Rect,
    pub parked: Rect,
    pub colleagues: Rect,
    pub history: Rect,
    pub events: Rect,
    pub to: Rect,
    pub hints: Rect,
    pub status: Rect,
    pub divider: Rect,
}

/// A colleague's cell is at least this wide.
const PERSON_WIDTH: usize = 25;
const PERSON_WIDTH_TIGHT: usize = 20;
/// What stands in it beside the name: a letter, a number, a lamp.
const PERSON_BESIDES_NAME: usize = 16;
/// More than these are many.
const FEW_PEOPLE_ROWS: usize = 4;
/// Of the right column of the wide form.
const RIGHT_WIDTH: u16 = 60;

/// Takes rows from the top, or the bottom, of what is left.
struct Cutter(Rect);

impl Cutter {
    fn top(&mut self, rows: u16) -> Rect {
        let rows = rows.min(self.0.height);
        let cut = Rect { height: rows, ..self.0 };
        self.0 = Rect { y: self.0.y + rows, height: self.0.height - rows, ..self.0 };
        cut
    }

    fn bottom(&mut self, rows: u16) -> Rect {
        let rows = rows.min(self.0.height);
        self.0.height -= rows;
        Rect { y: self.0.bottom(), height: rows, ..self.0 }
    }
}

pub fn full(state: &State, area: Rect) -> Rooms {
    let mut rest = Cutter(area);
    let head = rest.top(1);
    let status = rest.bottom(1);
    let hints = rest.bottom(2);
    let to = rest.bottom(1);
    let extra = area.height.saturating_sub(24) / 4;
    let events = rest.bottom(2 + extra);
    // Each of the three has a heading; the parked calls have two.
    let room = usize::from(rest.0.height.saturating_sub(4));
    let wanted = [calls_wanted(state), parked_wanted(state), people_wanted(state, area.width)];
    let [calls, parked, people] = share(room, wanted, [3, 4, 2]);
    let calls = rest.top(calls + 1);
    let colleagues = rest.bottom(people + 1);
    let parked = rest.top(parked + 2 + rest.0.height);
    Rooms { head, calls, parked, colleagues, events, to, hints, status, ..Rooms::default() }
}

pub fn wide(state: &State, area: Rect) -> Rooms {
    let mut rest = Cutter(area);
    let head = rest.top(1);
    let status = rest.bottom(1);
    let hints = rest.bottom(2);
    let to = rest.bottom(2);
    let [mut left, mut right] = [Cutter(rest.0), Cutter(rest.0)];
    left.0.width = area.width.saturating_sub(RIGHT_WIDTH + 1);
    right.0.x = area.x + left.0.width + 1;
    right.0.width = RIGHT_WIDTH;
    let divider = Rect { x: right.0.x - 1, width: 1, ..rest.0 };
    let room = usize::from(left.0.height.saturating_sub(3 + 8));
    let parked_wanted = state.parked.visible().count().max(1) * 2;
    let wanted = [calls_wanted(state), parked_wanted, 0];
    let [calls, parked, _] = share(room, wanted, [6, 6, 0]);
    let calls = left.top(calls + 1);
    let noted = state.calls.in_the_ear().is_some_and(|line| !line.note.is_empty());
    let this_call = left.top(if noted { 4 } else { 3 });
    let events_min = left.0.height / 4;
    let parked = left.top((parked + 2).min(left.0.height.saturating_sub(events_min)));
    let people = u16::try_from(people_wanted(state, RIGHT_WIDTH)).unwrap_or(u16::MAX);
    let colleagues = right.top((people + 1).min(right.0.height * 2 / 3));
    let (events, history) = (left.0, right.0);
    Rooms {
        head,
        calls,
        this_call,
        parked,
        colleagues,
        history,
        events,
        to,
        hints,
        status,
        divider,
    }
}

/// The line between the two columns.
pub fn divide(theme: Theme, area: Rect, buffer: &mut Buffer) {
    for y in area.top()..area.bottom() {
        buffer.set_string(area.x, y, theme.vertical(), theme.style(Role::Line));
    }
}

/// How many colleagues stand side by side in `room` rows: no more than must,
/// for in fewer columns there is room for longer names.
pub fn people_columns(state: &State, width: u16, room: usize) -> usize {
    let most = usize::from(width) / PERSON_WIDTH_TIGHT;
    let needed = state.people.rows().len().div_ceil(room.max(1));
    needed.clamp(1, most.max(1))
}

/// How many side by side leave every name whole; those who are many stand
/// closer, and are called by their first names.
fn people_columns_wanted(state: &State, width: u16) -> usize {
    let width = usize::from(width);
    let names = state.people.rows().iter().map(|row| row.lamp.name.as_str().width());
    let whole = PERSON_BESIDES_NAME + names.max().unwrap_or_default();
    let close = (width / PERSON_WIDTH).max(1);
    let whole = (width / whole).clamp(1, close);
    let few = state.people.rows().len().div_ceil(whole) <= FEW_PEOPLE_ROWS;
    if few { whole } else { close }
}

fn calls_wanted(state: &State) -> usize {
    state.calls.rows().len().max(1)
}

/// In one column a note has a row of its own, where there is room.
fn parked_wanted(state: &State) -> usize {
    let rows = state.parked.visible();
    rows.map(|row| if row.view.note.is_empty() { 1 } else { 2 }).sum::<usize>().max(1)
}

fn people_wanted(state: &State, width: u16) -> usize {
    state.people.rows().len().div_ceil(people_columns_wanted(state, width)).max(1)
}

/// Rows for calls, parked calls and colleagues: each its least, then what it
/// wants, parked calls first (console 6.3).
fn share(room: usize, wanted: [usize; 3], least: [usize; 3]) -> [u16; 3] {
    let mut given = [0; 3];
    let mut left = room;
    for goals in [least, wanted] {
        for which in [1, 0, 2] {
            let more = goals[which].saturating_sub(given[which]).min(left);
            given[which] += more;
            left -= more;
        }
    }
    given.map(|rows| u16::try_from(rows).unwrap_or(u16::MAX))
}
