//! CALLS: who rings, who is in the ear, who is held.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{Pen, Scene, below, highlight, more, rule, window};
use crate::console::hints;
use crate::console::state::calls::is_recall;
use crate::console::state::clock::span;
use crate::console::state::{CallRow, HandedOver, Selected};
use crate::console::theme::Role;
use crate::domain::caller_name::cut;
use crate::phone::messages::{Direction, Line, LineState, Target};

pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let rows = scene.state.calls.rows();
    let room = usize::from(area.height.saturating_sub(1));
    let focus = rows.iter().position(|row| is_selected(scene, row));
    let shown = window(rows.len(), room, focus);
    let count = if rows.is_empty() { String::new() } else { format!(" {}", rows.len()) };
    rule(scene, area, &format!("CALLS{count}"), &more(rows.len(), shown.len()), buffer);
    let area = below(area, 1);
    if rows.is_empty() {
        Pen::at(buffer, scene.theme, area, 0).plain("  No calls. The next one rings here.");
        return None;
    }
    let mut at = None;
    for (y, row) in (0..).zip(rows.get(shown).unwrap_or_default()) {
        draw_row(scene, row, area, y, buffer);
        if is_selected(scene, row) {
            highlight(area, y, buffer);
            at = Some(Position { x: area.x, y: area.y + y });
        }
    }
    at
}

/// Widths of the columns that are shown at this width.
struct Columns {
    name: usize,
    number: usize,
}

fn columns(width: u16) -> Columns {
    match width {
        0..60 => Columns { name: usize::from(width).saturating_sub(28).clamp(8, 20), number: 0 },
        60..80 => Columns { name: 20, number: 0 },
        80..90 => Columns { name: 20, number: 16 },
        _ => Columns { name: 26, number: 20 },
    }
}

pub fn draw_row(scene: &Scene, row: &CallRow, area: Rect, y: u16, buffer: &mut Buffer) {
    let line = &row.line;
    let columns = columns(area.width);
    let selected = is_selected(scene, row);
    let strong = scene.theme.style(Role::Strong);
    let mut pen = Pen::at(buffer, scene.theme, area, y);
    pen.role(if selected { ">" } else { " " }, Role::Mark);
    pen.cell_right(&row.number.to_string(), 2, Style::new());
    let (word, role) = state_word(line, scene.state.muted);
    pen.cell(word, 6, scene.theme.style(role));
    let is_quiet = !selected && line.state == LineState::Held;
    let name = if is_quiet { Style::new() } else { strong };
    pen.cell(&line.caller.to_string(), columns.name, name);
    if columns.number > 0 {
        pen.cell(&number_words(line), columns.number, Style::new());
    }
    let since =
        line.connected_at.filter(|_| line.state == LineState::Talking).unwrap_or(line.since);
    let age = scene.tick.since(since);
    pen.cell_right(&span(age), 7, Style::new());
    let late = line.state == LineState::Held && age >= scene.state.options.hold_recall;
    pen.cell(if late { "!" } else { "" }, 1, scene.theme.style(Role::Now));
    let keys = takes(scene, line);
    let (extra, role) = extra(scene, row);
    let room = pen.left().saturating_sub(keys.as_ref().map_or(0, |keys| keys.len() + 1));
    let extra = with_note(extra, line, room);
    if let Some(keys) = keys.filter(|keys| keys.len() + extra.len() < pen.left()) {
        pen.role(&extra, role);
        pen.put_right(&keys, scene.theme.style(Role::Key));
    } else {
        pen.role(&extra, role);
    }
}

fn is_selected(scene: &Scene, row: &CallRow) -> bool {
    scene.state.selected == Some(Selected::Line(row.line.id))
}

pub fn state_word(line: &Line, muted: bool) -> (&'static str, Role) {
    match line.state {
        LineState::Ringing if is_recall(line) => ("RECALL", Role::Recall),
        LineState::Ringing => ("RING", Role::Ring),
        LineState::Dialling => ("DIAL", Role::Talk),
        LineState::Alerting => ("RINGS", Role::Talk),
        LineState::Talking if muted => ("MUTED", Role::Danger),
        LineState::Talking => ("TALK", Role::Talk),
        LineState::Held => ("HOLD", Role::Hold),
        LineState::HandingOver => ("MOVING", Role::Soon),
        LineState::Ending => ("ENDS", Role::Plain),
    }
}

/// Nothing twice: where there is no name the number stands in its place.
fn number_words(line: &Line) -> String {
    let number = line.caller.number.as_str();
    let shown = !line.caller.name.is_empty() && !line.caller.is_withheld();
    if shown { number.to_owned() } else { String::new() }
}

fn extra(scene: &Scene, row: &CallRow) -> (String, Role) {
    let line = &row.line;
    match line.state {
        LineState::Ringing if is_recall(line) => {
            let words = scene.state.recall_words(line, scene.tick);
            (words.trim_start_matches(", ").to_owned(), Role::Recall)
        }
        LineState::Talking if line.silent => ("no sound".to_owned(), Role::Now),
        LineState::Talking => (line.codec.unwrap_or_default().to_owned(), Role::Plain),
        LineState::HandingOver => (handing_over(scene, row.asked.as_ref()), Role::Soon),
        LineState::Dialling | LineState::Alerting => ("outgoing".to_owned(), Role::Plain),
        LineState::Held if line.direction == Direction::Retrieved => {
            ("fetched".to_owned(), Role::Plain)
        }
        _ => (String::new(), Role::Plain),
    }
}

/// The note takes what the keys leave, behind what is wrong or urgent and
/// instead of all else.
fn with_note(extra: String, line: &Line, room: usize) -> String {
    let shown = matches!(line.state, LineState::Talking | LineState::Held) || is_recall(line);
    if line.note.is_empty() || !shown {
        return extra;
    }
    let is_first = is_recall(line) || line.silent && line.state == LineState::Talking;
    let lead = if is_first { format!("{extra}; ") } else { String::new() };
    cut(&format!("{lead}note: {}", line.note), room)
}

fn handing_over(scene: &Scene, asked: Option<&HandedOver>) -> String {
    match asked {
        Some(HandedOver::Park { at: Some(at) }) => {
            format!("to park at {}", scene.state.place_with_number(at))
        }
        Some(HandedOver::Park { at: None }) => "to park here".to_owned(),
        Some(HandedOver::GroupPark) => "to park at the group".to_owned(),
        Some(HandedOver::Send { to: Target::Number(number) }) => format!("to {number}"),
        Some(HandedOver::Send { to: Target::Typed(text) }) => format!("to {text}"),
        None => "being handed over".to_owned(),
    }
}

/// The key that takes this very call: `[Space]`.
fn takes(scene: &Scene, line: &Line) -> Option<String> {
    let next = scene.state.next_caller().filter(|next| next.id == line.id)?;
    let hint = hints::next_caller(scene.state).filter(|_| next.state != LineState::Talking)?;
    Some(format!("[{}]", hint.keys))
}
