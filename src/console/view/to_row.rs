//! The To: row: what is typed, who that is, what each verb will do with him;
//! or the question that waits for a key.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::head::lamp_style;
use super::{Cursor, Pen, Scene, hint_rows, rule};
use crate::console::hints;
use crate::console::intent::{Action, Context};
use crate::console::state::groups::GroupsPage;
use crate::console::state::people::lamp_word;
use crate::console::state::{Mode, NoteField, Page, Pending, short_name};
use crate::console::theme::Role;
use crate::domain::caller_name::CallerName;
use crate::phone::messages::{LineId, LineState};

/// A note being typed has at least this much room, before the words of keys.
const NOTE_ROOM: usize = 30;

/// On the last row of `area`; a row above it is a line across.
pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    if area.height > 1 {
        rule(scene, area, "", "", buffer);
    }
    let area =
        Rect { y: area.y + area.height.saturating_sub(1), height: 1.min(area.height), ..area };
    match (&scene.state.mode, &scene.state.pending) {
        (Mode::Prompt(text), _) => prompt(scene, text, area, buffer),
        (Mode::Note(field), _) => note(scene, field, area, buffer),
        (Mode::Leaving, _) => leaving(scene, area, buffer),
        (Mode::Groups, _) => in_groups(scene, area, buffer),
        (Mode::Page { page: Page::Place { .. }, .. }, _) => place(scene, area, buffer),
        (Mode::Page { page: Page::Parked, .. }, _) => parked(scene, area, buffer),
        (_, Some(Pending::HangUp { line, .. })) => hang_up(scene, *line, area, buffer),
        (_, Some(Pending::Row { digits, .. })) => row_number(scene, digits, area, buffer),
        (_, Some(Pending::Send { .. }) | None) => to(scene, area, buffer),
    }
}

fn to(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    let state = scene.state;
    let typing = !state.to.text.is_empty();
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.role(" To: ", Role::Title).role(&state.to.text, Role::Typed);
    let position = Position { x: pen.column(), y: area.y };
    pen.plain("_  ");
    let cursor = Cursor { position, visible: typing };
    if !typing {
        return cursor;
    }
    // Who it is and whether he is free comes before the words of the verbs.
    let person = person_words(scene);
    let room = pen.left().saturating_sub(if person.is_empty() { 0 } else { person.width() + 2 });
    let hints = [true, false].map(|in_full| hints::for_target(state, in_full));
    let [full, short] = &hints;
    if !person.is_empty() {
        pen.plain(&person).plain("  ");
    }
    hint_rows::put(scene, if hint_rows::width(full) <= room { full } else { short }, &mut pen);
    cursor
}

/// "Park Alice Meyer at: 105_  Dev Patel, free": the keys stand in the row below.
fn place(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    let question = hints::heading(scene.state).unwrap_or_default();
    pen.role(&format!(" {question}: "), Role::Title).role(&scene.state.to.text, Role::Typed);
    let position = Position { x: pen.column(), y: area.y };
    pen.plain("_  ").plain(&person_words(scene));
    Cursor { position, visible: true }
}

fn parked(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    let entry = hints::heading(scene.state).unwrap_or_default();
    pen.plain(" ").put(&entry, lamp_style(scene, Style::new()));
    Cursor { position: Position { x: area.x, y: area.y }, visible: false }
}

/// "Dev Patel, free, 1 parked"
fn person_words(scene: &Scene) -> String {
    if scene.state.to.text == scene.state.me.extension.as_str() {
        return "yourself".to_owned();
    }
    let Some(person) = scene.state.person_in_to() else {
        return String::new();
    };
    let lamp = &person.lamp;
    let parked = if lamp.parked > 0 { format!(", {} parked", lamp.parked) } else { String::new() };
    format!("{}, {}{parked}", lamp.name, lamp_word(lamp.state))
}

fn prompt(scene: &Scene, text: &str, area: Rect, buffer: &mut Buffer) -> Cursor {
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.role(" :", Role::Title).role(text, Role::Typed);
    let position = Position { x: pen.column(), y: area.y };
    pen.plain("_   ");
    hint_rows::put(scene, &hints::of_context(scene.state, Context::Prompt), &mut pen);
    Cursor { position, visible: true }
}

/// The end of the note is what is being typed: its beginning gives way.
fn note(scene: &Scene, field: &NoteField, area: Rect, buffer: &mut Buffer) -> Cursor {
    let hints = hints::of_note(scene.state);
    let who = format!(" Note on {}: ", short_name(&field.caller));
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.role(&who, Role::Title);
    let hints_width = hint_rows::width(&hints) + "_   ".len();
    let room = if pen.left() > hints_width + NOTE_ROOM {
        pen.left() - hints_width
    } else {
        pen.left().saturating_sub(1)
    };
    pen.role(&tail(&field.text, room), Role::Typed);
    let position = Position { x: pen.column(), y: area.y };
    pen.plain("_   ");
    hint_rows::put(scene, &hints, &mut pen);
    Cursor { position, visible: true }
}

/// The last letters that fit.
pub(super) fn tail(text: &str, columns: usize) -> String {
    let mut room = columns;
    let mut letters = text.graphemes(true).rev().take_while(|letter| {
        let fits = room.checked_sub(letter.width());
        room = fits.unwrap_or_default();
        fits.is_some()
    });
    let tail: Vec<&str> = letters.by_ref().collect();
    tail.into_iter().rev().collect()
}

/// The keys of the admin screen, or its question.
fn in_groups(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    let screen = scene.state.groups.as_ref();
    let doomed = screen.filter(|screen| screen.page == GroupsPage::Deleting);
    if let Some(group) = doomed.and_then(|screen| screen.current()) {
        let name = CallerName::clean(&group.name);
        pen.role(&format!(" DELETE the group {name}? "), Role::Danger).plain("  ");
    } else {
        pen.plain(" ");
    }
    hint_rows::put(scene, &hints::of_groups(scene.state), &mut pen);
    Cursor { position: Position { x: area.x, y: area.y }, visible: false }
}

fn leaving(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    let live = scene.state.calls.live().count();
    let calls = if live == 1 { "1 call is up".to_owned() } else { format!("{live} calls are up") };
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.role(&format!(" QUIT? {calls} "), Role::Danger).plain("   ");
    hint_rows::put(scene, &hints::of_context(scene.state, Context::Leaving), &mut pen);
    Cursor { position: Position { x: area.x, y: area.y }, visible: true }
}

/// The next key cannot be taken back: it looks like it.
fn hang_up(scene: &Scene, line: LineId, area: Rect, buffer: &mut Buffer) -> Cursor {
    let state = scene.state;
    let line = state.calls.get(line);
    let name = line.map(|line| line.caller.to_string()).unwrap_or_default();
    let ringing = line.is_some_and(|line| line.state == LineState::Ringing);
    let verb = if ringing { "REFUSE" } else { "HANG UP" };
    let key = state.keymap.keys(Context::Desk, Action::HangUp).next();
    let key = key.map(|key| key.to_string()).unwrap_or_default();
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.role(&format!(" {key} again: {verb} {name} "), Role::Danger);
    pen.plain("   any other key: no");
    Cursor { position: Position { x: area.x, y: area.y }, visible: true }
}

fn row_number(scene: &Scene, digits: &str, area: Rect, buffer: &mut Buffer) -> Cursor {
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    let verb = scene.state.keymap.desc(Context::Desk, Action::Retrieve);
    pen.role(&format!(" {verb} parked call #: "), Role::Title).role(digits, Role::Typed);
    let position = Position { x: pen.column(), y: area.y };
    pen.plain("_   its number in the list");
    Cursor { position, visible: true }
}
