//! Draws a state: one file for each region. Reads everything, changes nothing.

mod calls;
mod colleagues;
mod events;
mod groups;
mod head;
mod help;
mod hint_rows;
mod history;
mod layout;
mod parked;
mod pen;
mod small;
mod status;
mod this_call;
mod to_row;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use crate::console::state::{Mode, State};
use crate::console::theme::{Role, Theme};
use crate::domain::time::Moment;

pub use help::lines as help_lines;
use layout::Form;
use pen::Pen;

/// Where the terminal's cursor belongs after the frame: screen readers and
/// magnifiers follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub position: Position,
    pub visible: bool,
}

/// Everything a region needs to draw itself.
struct Scene<'a> {
    state: &'a State,
    theme: Theme,
    /// As the clocks show it.
    tick: Moment,
    now: Moment,
}

/// Draws the whole screen, at any size whatever.
pub fn draw(state: &State, now: Moment, buffer: &mut Buffer) -> Cursor {
    buffer.reset();
    let scene = Scene { state, theme: Theme::of(&state.options), tick: state.tick(now), now };
    let area = buffer.area;
    let mut focus = match (Form::of(area), &state.mode) {
        (Form::OneLine, _) => small::one_line(&scene, area, buffer),
        (Form::TwoLines, _) => small::two_lines(&scene, area, buffer),
        (_, Mode::Help { top }) => help::draw(&scene, *top, area, buffer),
        (Form::Small, _) => small::draw(&scene, area, buffer),
        (Form::Full, _) => full(&scene, area, buffer),
        (Form::Wide, _) => wide(&scene, area, buffer),
    };
    focus.position.x = focus.position.x.min(area.right().saturating_sub(1));
    focus.position.y = focus.position.y.min(area.bottom().saturating_sub(1));
    focus.visible |=
        state.options.cursor_at_focus && is_at_the_desk(state) && state.selected.is_some();
    focus
}

/// The desk itself, or a page of keys over it.
fn is_at_the_desk(state: &State) -> bool {
    matches!(state.mode, Mode::Desk | Mode::Page { .. })
}

/// 80x24 and what is near it.
fn full(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    let rooms = layout::full(scene.state, area);
    head::draw(scene, rooms.head, buffer);
    let call = calls::draw(scene, rooms.calls, buffer);
    let pane = rooms.parked.union(rooms.colleagues);
    let in_groups = groups::draw_open(scene, pane, buffer);
    let parked = in_groups.is_none().then(|| {
        colleagues::draw(scene, rooms.colleagues, buffer);
        parked::draw(scene, rooms.parked, buffer)
    });
    let parked = parked.flatten();
    events::draw(scene, rooms.events, buffer);
    let to = to_row::draw(scene, rooms.to, buffer);
    hint_rows::draw(scene, rooms.hints, buffer);
    status::draw(scene, rooms.status, buffer);
    in_groups.unwrap_or_else(|| focus(call.or(parked), to))
}

/// 160x45: two columns.
fn wide(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    let rooms = layout::wide(scene.state, area);
    head::draw(scene, rooms.head, buffer);
    layout::divide(scene.theme, rooms.divider, buffer);
    let call = calls::draw(scene, rooms.calls, buffer);
    this_call::draw(scene, rooms.this_call, buffer);
    let parked = parked::draw(scene, rooms.parked, buffer);
    events::draw(scene, rooms.events, buffer);
    let pane = rooms.colleagues.union(rooms.history);
    let in_groups = groups::draw_open(scene, pane, buffer);
    if in_groups.is_none() {
        colleagues::draw(scene, rooms.colleagues, buffer);
        history::draw(scene, rooms.history, buffer);
    }
    let to = to_row::draw(scene, rooms.to, buffer);
    hint_rows::draw(scene, rooms.hints, buffer);
    status::draw(scene, rooms.status, buffer);
    in_groups.unwrap_or_else(|| focus(call.or(parked), to))
}

/// The field that is being typed in, else the selected row, else the field.
fn focus(row: Option<Position>, to: Cursor) -> Cursor {
    match row {
        Some(position) if !to.visible => Cursor { position, visible: false },
        _ => to,
    }
}

/// A region's heading on a line across: `─CALLS 4────── 2 more ─`.
fn rule(scene: &Scene, area: Rect, title: &str, note: &str, buffer: &mut Buffer) {
    let line = scene.theme.style(Role::Line);
    let bar = scene.theme.horizontal();
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.fill(bar, line);
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.put(bar, line);
    if !title.is_empty() {
        pen.role(title, Role::Title);
    }
    if !note.is_empty() {
        let note = format!(" {note} ");
        if note.chars().count() + 2 < pen.left() {
            pen.skip(pen.left() - note.chars().count() - 1);
            pen.plain(&note);
        }
    }
}

/// The selected row, inverse from end to end.
fn highlight(area: Rect, row: u16, buffer: &mut Buffer) {
    let line = Rect { y: area.y + row, height: 1.min(area.height), ..area };
    buffer.set_style(line, Style::new().add_modifier(Modifier::REVERSED));
}

/// Which of `count` rows to show in `room`, so that `focus` is among them.
fn window(count: usize, room: usize, focus: Option<usize>) -> std::ops::Range<usize> {
    let focus = focus.unwrap_or_default();
    let start = if focus >= room { focus + 1 - room } else { 0 };
    let start = start.min(count.saturating_sub(room));
    start..count.min(start + room)
}

/// "3 more" when not everything is shown.
fn more(count: usize, shown: usize) -> String {
    if count > shown { format!("{} more", count - shown) } else { String::new() }
}

/// The area below its first `rows`.
fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}
