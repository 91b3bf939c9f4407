//! Small windows: fewer regions, the same keys.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{Cursor, Pen, Scene, calls, focus, groups, head, hint_rows, parked, to_row};
use crate::console::hints;
use crate::console::state::calls::is_recall;
use crate::console::state::clock::span;
use crate::console::state::{Mode, Page, Pending};
use crate::console::theme::Role;

/// 40x10: calls and parked calls, one row of hints.
pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    let row = |y: u16| Rect { y: area.y + y, height: 1, ..area };
    head::draw(scene, row(0), buffer);
    let last = area.height - 1;
    let middle = area.height - 3;
    let calls_wanted = u16::try_from(scene.state.calls.rows().len()).unwrap_or(u16::MAX).max(1);
    let calls_height = (calls_wanted + 1).min(middle / 2);
    let upper = Rect { y: area.y + 1, height: calls_height, ..area };
    let lower = Rect { y: upper.bottom(), height: middle - calls_height, ..area };
    let call = calls::draw(scene, upper, buffer);
    let in_groups = groups::draw_open(scene, lower, buffer);
    let lot = in_groups.is_none().then(|| parked::draw(scene, lower, buffer)).flatten();
    let to = to_row::draw(scene, row(last - 1), buffer);
    if !asks(scene) {
        newest_event(scene, row(last - 1), buffer);
    }
    let mut pen = Pen::at(buffer, scene.theme, row(last), 0);
    let hints = hint_rows::fitting(hints::in_one_row(scene.state), usize::from(area.width));
    hint_rows::put(scene, &hints, &mut pen);
    in_groups.unwrap_or_else(|| focus(call.or(lot), to))
}

/// Beside the empty field: there is no row for events.
fn newest_event(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let Some(notice) = scene.state.notices.back() else {
        return;
    };
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.skip(" To: _  ".len()).put(&notice.text, scene.theme.weight(notice.weight));
}

/// The call that matters most, and who has been parked longest.
pub fn two_lines(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    let state = scene.state;
    let rows = state.calls.rows();
    let top = state.next_caller().filter(|_| state.calls.in_the_ear().is_none());
    let top = top.or_else(|| state.calls.in_the_ear());
    let row = top.and_then(|line| rows.iter().find(|row| row.line.id == line.id));
    match row {
        Some(row) => calls::draw_row(scene, row, area, 0, buffer),
        None => {
            Pen::at(buffer, scene.theme, area, 0).plain("No calls");
        }
    }
    if asks(scene) {
        let area = Rect { y: area.y + 1, height: 1, ..area };
        return to_row::draw(scene, area, buffer);
    }
    let mut pen = Pen::at(buffer, scene.theme, area, 1);
    let position = Position { x: area.x, y: area.y + 1 };
    if let Some(notice) = state.fresh_warning(scene.now) {
        pen.put(&notice.text, scene.theme.weight(notice.weight));
        return Cursor { position, visible: false };
    }
    pen.role(&counts(scene), Role::Strong);
    if let Some(oldest) = state.parked.visible().next() {
        let waited = span(state.parked.waited(oldest, scene.tick));
        pen.plain(&format!("  {} {} {waited}", oldest.view.place, oldest.view.caller));
    }
    Cursor { position, visible: false }
}

/// `2R 5P`, and what is being typed.
pub fn one_line(scene: &Scene, area: Rect, buffer: &mut Buffer) -> Cursor {
    let state = scene.state;
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    let position = Position { x: area.x, y: area.y };
    if asks(scene) {
        pen.role(&question(scene), Role::Danger);
        return Cursor { position: Position { x: pen.column(), y: area.y }, visible: true };
    }
    if let Some(notice) = state.fresh_warning(scene.now) {
        pen.put(&notice.text, scene.theme.weight(notice.weight));
        return Cursor { position, visible: false };
    }
    let loud = state.calls.ringing() > 0;
    pen.role(&counts(scene), if loud { Role::Ring } else { Role::Strong });
    if let Some(line) = state.calls.in_the_ear() {
        pen.put(&format!(" {}", line.caller), Style::new());
    }
    Cursor { position, visible: false }
}

/// `2R 1H 5P`: ringing, held, parked; recalls are marked.
fn counts(scene: &Scene) -> String {
    use crate::phone::messages::LineState;
    let calls = &scene.state.calls;
    let held = calls.lines().filter(|line| line.state == LineState::Held).count();
    let recall = if calls.lines().any(is_recall) { "!" } else { "" };
    let held = if held > 0 { format!(" {held}H") } else { String::new() };
    let parked = scene.state.parked.visible().count();
    format!("{}R{recall}{held} {parked}P", calls.ringing())
}

/// Something is typed or asked that the person must see.
fn asks(scene: &Scene) -> bool {
    let state = scene.state;
    state.mode != Mode::Desk || state.pending.is_some() || !state.to.text.is_empty()
}

fn question(scene: &Scene) -> String {
    let state = scene.state;
    match (&state.mode, &state.pending) {
        (Mode::Prompt(text), _) => format!(":{text}"),
        (Mode::Note(field), _) => format!("Note:{}", field.text),
        (Mode::Leaving, _) => "park all? p/Esc".to_owned(),
        (Mode::Help { .. }, _) => "Help: Esc".to_owned(),
        (Mode::Groups, _) => "Groups: Esc".to_owned(),
        (Mode::Page { page: Page::Place { .. }, .. }, _) => format!("Park at:{}", state.to.text),
        (Mode::Page { .. }, _) => first_hint(scene),
        (_, Some(Pending::HangUp { .. })) => "again: HANG UP".to_owned(),
        (_, Some(Pending::Row { digits, .. })) => format!("#{digits}"),
        _ => format!("To:{}", state.to.text),
    }
}

fn first_hint(scene: &Scene) -> String {
    let hints = hints::in_one_row(scene.state).into_iter();
    hints.map(|hint| format!("{} {}", hint.keys, hint.words)).next().unwrap_or_default()
}
