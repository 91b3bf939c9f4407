//! PARKED: who waits where, for how long, and what happens next.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{Pen, Scene, below, highlight, more, rule, window};
use crate::console::state::clock::{left, span};
use crate::console::state::{Knowledge, ParkedRow, Pending, Selected, Urgency};
use crate::console::theme::Role;
use crate::domain::caller_name::cut;
use crate::domain::ids::Extension;
use crate::domain::park_table::{Parker, PhaseView};

/// The bar of the recall clock.
const BAR: usize = 10;

pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let rows: Vec<&ParkedRow> = scene.state.parked.visible().collect();
    let room = usize::from(area.height.saturating_sub(2));
    let tall = area.width >= 90 && rows.len() * 2 <= room;
    let focus = rows.iter().position(|row| is_selected(scene, row));
    let shown = window(rows.len(), if tall { room / 2 } else { room }, focus);
    // Rows that are left over go to the notes, from the top.
    let mut spare = if tall { rows.len() } else { room.saturating_sub(rows.len()) };
    title(scene, area, rows.len(), shown.len(), buffer);
    let columns = columns(scene, area.width);
    headings(scene, &columns, below(area, 1), buffer);
    let area = below(area, 2);
    if rows.is_empty() {
        Pen::at(buffer, scene.theme, area, 0).plain(nothing_words(scene));
        return None;
    }
    let (mut at, mut y) = (None, 0);
    for row in rows.get(shown).unwrap_or_default() {
        let has_second = spare > 0 && (tall || !row.view.note.is_empty());
        draw_row(scene, row, &columns, area, y, !has_second, buffer);
        if is_selected(scene, row) {
            highlight(area, y, buffer);
            at = Some(Position { x: area.x, y: area.y + y });
        }
        y += 1;
        if has_second {
            draw_second(scene, row, &columns, area, y, tall, buffer);
            (spare, y) = (spare - 1, y + 1);
        }
    }
    at
}

fn is_selected(scene: &Scene, row: &ParkedRow) -> bool {
    scene.state.selected == Some(Selected::Parked(row.view.key))
}

fn nothing_words(scene: &Scene) -> &'static str {
    match scene.state.parked.knowledge {
        Knowledge::NotYet => "  The office has not told yet.",
        Knowledge::Known => "  Nothing is parked.",
        Knowledge::Lost => "  Not known: the office does not answer.",
    }
}

fn title(scene: &Scene, area: Rect, count: usize, shown: usize, buffer: &mut Buffer) {
    let parked = &scene.state.parked;
    let mut title = if count == 0 { "PARKED".to_owned() } else { format!("PARKED {count}") };
    if parked.knowledge == Knowledge::Lost {
        title += "  MAY BE WRONG: the office does not answer";
    }
    if parked.left_out > 0 {
        title += &format!("  {} NOT SHOWN: connect by TCP", parked.left_out);
    }
    let scope = match &parked.group {
        _ if parked.is_whole_office() => "whole office".to_owned(),
        Some(group) => format!("group {}", group.name),
        None => String::new(),
    };
    let oldest = parked.visible().map(|row| parked.waited(row, scene.tick)).max();
    let oldest = oldest.map(|waited| format!("oldest {}", span(waited))).unwrap_or_default();
    let notes = [more(count, shown), oldest, scope];
    let notes: Vec<String> = notes.into_iter().filter(|note| !note.is_empty()).collect();
    rule(scene, area, &title, &notes.join("  "), buffer);
}

/// Widths; 0 is not shown. The name comes first: other columns go before it.
struct Columns {
    slot: usize,
    name: usize,
    number: usize,
    by: usize,
    wait: usize,
    next: usize,
}

fn columns(scene: &Scene, width: u16) -> Columns {
    let places = scene.state.parked.visible().map(|row| row.view.place.as_str().len());
    let slot = places.max().unwrap_or_default().max(3) + 1;
    let (number, by, wait, next) = match width {
        0..60 => (0, 0, 7, 6),
        60..80 => (0, 0, 7, 19),
        80..90 => (15, 5, 7, 19),
        _ => (17, 11, 8, 25),
    };
    let used = 4 + slot + 1 + wait + 1 + next;
    let used = used + [number, by].into_iter().filter(|w| *w > 0).map(|w| w + 1).sum::<usize>();
    let name = usize::from(width).saturating_sub(used + 1).max(6);
    Columns { slot, name, number, by, wait, next }
}

fn headings(scene: &Scene, columns: &Columns, area: Rect, buffer: &mut Buffer) {
    let style = scene.theme.style(Role::Line);
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.skip(2).cell("#", 1, style).cell("SLOT", columns.slot, style);
    pen.cell("CALLER", columns.name, style);
    if columns.number > 0 {
        pen.cell("NUMBER", columns.number, style);
    }
    if columns.by > 0 {
        pen.cell("BY", columns.by, style);
    }
    pen.cell("WAIT", columns.wait, style).cell("NEXT", columns.next, style);
}

fn draw_row(
    scene: &Scene,
    row: &ParkedRow,
    columns: &Columns,
    area: Rect,
    y: u16,
    is_alone: bool,
    buffer: &mut Buffer,
) {
    let (state, view) = (scene.state, &row.view);
    let urgency = state.parked.urgency(row, scene.tick);
    let strong = scene.theme.style(Role::Strong);
    let mut pen = Pen::at(buffer, scene.theme, area, y);
    pen.role(if is_selected(scene, row) { ">" } else { " " }, Role::Mark);
    pen.cell_right(&row.number.to_string(), 2, number_style(scene));
    pen.cell(&slot_words(scene, row), columns.slot, Style::new());
    let name = name_words(&view.caller.to_string(), is_alone && !view.note.is_empty(), columns);
    pen.cell(&name, columns.name, strong);
    if columns.number > 0 {
        let shown = !view.caller.name.is_empty() && !view.caller.is_withheld();
        let number = if shown { view.caller.number.as_str() } else { "" };
        pen.cell(number, columns.number, Style::new());
    }
    if columns.by > 0 {
        pen.cell(&by_words(scene, row, columns.by), columns.by, Style::new());
    }
    let waited = span(state.parked.waited(row, scene.tick));
    let mark = mark(urgency);
    pen.cell(&format!("{waited} {mark}"), columns.wait, urgency_style(scene, urgency));
    let (next, style) = next_words(scene, row, columns.next);
    pen.cell(&next, columns.next, style);
}

/// That there is a note is said where there is no room for it.
fn name_words(name: &str, is_noted: bool, columns: &Columns) -> String {
    const NOTED: &str = " (note)";
    match columns.name.checked_sub(NOTED.len()).filter(|room| *room >= 6) {
        Some(room) if is_noted => format!("{}{NOTED}", cut(name, room)),
        _ => name.to_owned(),
    }
}

/// Digits choose rows while the list is open.
fn number_style(scene: &Scene) -> Style {
    let open = matches!(scene.state.pending, Some(Pending::Row { .. }));
    scene.theme.style(if open { Role::Key } else { Role::Plain })
}

/// My own place is marked.
fn slot_words(scene: &Scene, row: &ParkedRow) -> String {
    let mine = row.view.place == scene.state.me.extension;
    format!("{}{}", row.view.place, if mine { "*" } else { "" })
}

fn by_words(scene: &Scene, row: &ParkedRow, width: usize) -> String {
    let Some(parker) = &row.view.parker.extension else { return String::new() };
    if width < 8 { parker.to_string() } else { scene.state.place_with_number(parker) }
}

fn mark(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Calm => "",
        Urgency::Soon => "!",
        Urgency::Now => "!!",
    }
}

fn urgency_style(scene: &Scene, urgency: Urgency) -> Style {
    scene.theme.style(match urgency {
        Urgency::Calm => Role::Plain,
        Urgency::Soon => Role::Soon,
        Urgency::Now => Role::Now,
    })
}

/// The promise: "rings Bob in 0:12". The clock is never cut off.
fn next_words(scene: &Scene, row: &ParkedRow, width: usize) -> (String, Style) {
    let parked = &scene.state.parked;
    if parked.knowledge == Knowledge::Lost {
        return ("not known".to_owned(), Style::new());
    }
    let until = parked.until_next(row, scene.tick);
    let what = row.view.next.as_ref().map_or("", |next| &next.what);
    let what = &shortly(what, &row.view.parker, &scene.state.me.extension);
    let role = match row.view.phase {
        PhaseView::Untold | PhaseView::Waiting | PhaseView::Resting => Role::Plain,
        PhaseView::Recalling | PhaseView::HandingOver => Role::Recall,
        PhaseView::Retrieving => Role::Good,
    };
    if row.view.alarm && row.view.phase != PhaseView::Retrieving {
        let words = until.map(|until| promise("ALARM", what, until, width));
        return (words.unwrap_or_else(|| "ALARM".to_owned()), scene.theme.style(Role::Danger));
    }
    let words = match (row.view.phase, until) {
        (PhaseView::Untold, _) => String::new(),
        (PhaseView::Retrieving, _) => "being fetched".to_owned(),
        (PhaseView::Recalling, None) => "RECALL".to_owned(),
        (PhaseView::Recalling, Some(until)) => promise("RECALL", what, until, width),
        (PhaseView::HandingOver, None) => "RECALL group".to_owned(),
        (PhaseView::HandingOver, Some(until)) => promise("RECALL", what, until, width),
        (_, Some(until)) => promise("", what, until, width),
        (_, None) => "stays parked".to_owned(),
    };
    let style = match parked.urgency(row, scene.tick) {
        Urgency::Now if row.view.phase == PhaseView::Waiting => urgency_style(scene, Urgency::Now),
        _ => scene.theme.style(role),
    };
    (words, style)
}

/// The office says the parking user's whole name; here it is "you", or what
/// colleagues call him, so that the clock beside it has room.
fn shortly(what: &str, parker: &Parker, me: &Extension) -> String {
    let whole = parker.name.as_str();
    let short = match parker.extension.as_ref() == Some(me) {
        true => "you",
        false => whole.split(' ').next().unwrap_or_default(),
    };
    if whole.is_empty() { what.to_owned() } else { what.replacen(whole, short, 1) }
}

fn promise(state: &str, what: &str, until: Duration, width: usize) -> String {
    let clock = left(until);
    let lead = if state.is_empty() { String::new() } else { format!("{state} ") };
    let long = format!("{lead}{what} in {clock}");
    if long.chars().count() <= width {
        return long;
    }
    let room = width.saturating_sub(lead.len() + clock.len() + 1);
    match cut(what, room) {
        // A promise cut to a word or less says nothing: the state and the clock do.
        what if room < 8 || what.is_empty() => format!("{lead}{clock}"),
        what => format!("{lead}{what} {clock}"),
    }
}

/// Under the row, where there is room: the note or the hunt's reason, and how
/// much of the clock is left.
fn draw_second(
    scene: &Scene,
    row: &ParkedRow,
    columns: &Columns,
    area: Rect,
    y: u16,
    tall: bool,
    buffer: &mut Buffer,
) {
    let mut pen = Pen::at(buffer, scene.theme, area, y);
    pen.skip(4 + columns.slot + 1);
    if !tall {
        pen.plain(&second_words(scene, row));
        return;
    }
    let width = columns.name + 1 + columns.number + 1 + columns.by;
    pen.cell(&second_words(scene, row), width, Style::new());
    pen.skip(columns.wait + 1);
    if let Some(left) = scene.state.parked.left_permille(row, scene.tick) {
        let filled = usize::try_from(left * BAR as u128 / 1000).unwrap_or_default().min(BAR);
        let bar = format!("{}{}", "=".repeat(filled), ".".repeat(BAR - filled));
        pen.put(&bar, urgency_style(scene, scene.state.parked.urgency(row, scene.tick)));
    }
}

fn second_words(scene: &Scene, row: &ParkedRow) -> String {
    let view = &row.view;
    let why = view.why.as_str();
    match (view.note.is_empty(), why) {
        (false, "") => return format!("note: {}", view.note),
        (false, why) => return format!("note: {}; {why}", view.note),
        (true, _) => {}
    }
    let place = match &view.place {
        place if *place == scene.state.me.extension => "for you".to_owned(),
        place => match scene.state.people.get(place.as_str()) {
            Some(person) => format!("for {}", person.lamp.name),
            None => String::new(),
        },
    };
    match (&view.group, view.why.as_str()) {
        (Some(group), "") => format!("{place}, group {group}"),
        (Some(group), why) => format!("{place}, group {group}: {why}"),
        (None, _) => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::caller_name::CallerName;

    #[test]
    fn the_promise_calls_me_you_and_colleagues_by_their_first_names() {
        let extension = |text: &str| Extension::parse(text).unwrap();
        let bob =
            Parker { name: CallerName::clean("Bob Reception"), extension: Some(extension("101")) };
        let what = "rings Bob Reception, then Sales";
        assert_eq!(shortly(what, &bob, &extension("101")), "rings you, then Sales");
        assert_eq!(shortly(what, &bob, &extension("102")), "rings Bob, then Sales");
        assert_eq!(shortly("rings Sales", &bob, &extension("101")), "rings Sales");
    }
}
