//! COLLEAGUES: a letter to pick each, and the lamp in words.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use unicode_width::UnicodeWidthStr;

use super::layout::people_columns;
use super::{Pen, Scene, below, more, rule};
use crate::console::state::people::lamp_word;
use crate::console::state::{Colleague, Knowledge, first_word};
use crate::console::theme::Role;
use crate::domain::park_table::LampState;

pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let people = scene.state.people.rows();
    let room = usize::from(area.height.saturating_sub(1));
    let columns = people_columns(scene.state, area.width, room);
    let (shown, per_column) = fitting(people.len(), columns, room);
    let note = more(people.len(), shown);
    let note = if note.is_empty() && area.width >= 60 { "capitals pick".to_owned() } else { note };
    let lost = scene.state.parked.knowledge == Knowledge::Lost;
    let title = if lost { "COLLEAGUES  MAY BE WRONG" } else { "COLLEAGUES" };
    rule(scene, area, title, if people.is_empty() { "" } else { &note }, buffer);
    let area = below(area, 1);
    if people.is_empty() {
        Pen::at(buffer, scene.theme, area, 0).plain("  Nobody else is known yet.");
    }
    let width = area.width / u16::try_from(columns).unwrap_or(1).max(1);
    for (index, person) in people.iter().take(shown).enumerate() {
        let column = u16::try_from(index / per_column).unwrap_or(u16::MAX);
        let row = u16::try_from(index % per_column).unwrap_or(u16::MAX);
        let x = area.x.saturating_add(column.saturating_mul(width));
        draw_person(scene, person, Rect { x, width, ..area }, row, buffer);
    }
}

/// How many fit, and how many stand in each column: down, then across.
fn fitting(count: usize, columns: usize, room: usize) -> (usize, usize) {
    let shown = count.min(columns * room);
    (shown, shown.div_ceil(columns.max(1)).max(1))
}

fn draw_person(scene: &Scene, person: &Colleague, area: Rect, row: u16, buffer: &mut Buffer) {
    let lamp = &person.lamp;
    let picked = scene.state.to.text == lamp.extension.as_str();
    let mut pen = Pen::at(buffer, scene.theme, area, row);
    pen.role(if picked { ">" } else { " " }, Role::Mark);
    let letter = person.letter.map(String::from).unwrap_or_default();
    pen.cell(&letter, 1, scene.theme.style(Role::Key));
    let extension = lamp.extension.as_str();
    let word = lamp_words(person);
    let gap = usize::from(area.width > 22);
    let fixed = gap + 1 + extension.len().max(3) + 1 + word.len().max("free P1".len());
    let longest = scene.state.people.rows().iter().map(|row| row.lamp.name.as_str().width());
    let longest = longest.max().unwrap_or_default();
    let name_width = pen.left().saturating_sub(fixed).min(longest).max(3);
    let name = if picked { scene.theme.style(Role::Strong) } else { Style::new() };
    pen.cell(&fitting_name(lamp.name.as_str(), name_width), name_width, name);
    pen.cell(extension, extension.len().max(3), Style::new());
    pen.put(lamp_word(lamp.state), lamp_style(scene, lamp.state));
    if lamp.parked > 0 {
        pen.put(&format!(" P{}", lamp.parked), scene.theme.style(Role::Now));
    }
}

/// The whole name, or the first one where that is too long.
fn fitting_name(name: &str, width: usize) -> String {
    if name.width() <= width { name.to_owned() } else { first_word(name) }
}

/// "free P1": the lamp, and how many calls wait there.
fn lamp_words(person: &Colleague) -> String {
    let word = lamp_word(person.lamp.state);
    if person.lamp.parked > 0 { format!("{word} P{}", person.lamp.parked) } else { word.to_owned() }
}

fn lamp_style(scene: &Scene, state: LampState) -> Style {
    scene.theme.style(match state {
        LampState::Free => Role::Good,
        LampState::Ring => Role::Soon,
        LampState::Talk => Role::Now,
        LampState::Dnd => Role::Hold,
        LampState::Off => Role::Plain,
    })
}
