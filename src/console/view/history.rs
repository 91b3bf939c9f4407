//! TODAY: calls of this desk that are over, people rather than codes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{Pen, Scene, below, more, rule};
use crate::console::state::Past;
use crate::console::state::clock::span;
use crate::console::theme::Role;
use crate::phone::messages::{Direction, Ended};

/// Where names begin.
const NOTE_AT: usize = 12;

pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let past = &scene.state.past;
    let shown = shown(scene, area.height.saturating_sub(1));
    let count = match past.len() {
        0 => String::new(),
        1 => "  1 call".to_owned(),
        count => format!("  {count} calls"),
    };
    rule(scene, area, &format!("TODAY{count}"), &more(past.len(), shown), buffer);
    let area = below(area, 1);
    if past.is_empty() {
        Pen::at(buffer, scene.theme, area, 0).plain("  No call has ended yet.");
    }
    let mut y = 0;
    for call in past.iter().rev().take(shown) {
        draw_row(scene, call, area, y, buffer);
        if !call.note.is_empty() {
            let mut pen = Pen::at(buffer, scene.theme, area, y + 1);
            pen.skip(NOTE_AT).plain(&format!("note: {}", call.note));
        }
        y += rows_of(call);
    }
}

/// How many of the newest calls fit into `height` rows.
fn shown(scene: &Scene, height: u16) -> usize {
    let mut left = height;
    let fits = |call: &&Past| {
        let rest = left.checked_sub(rows_of(call));
        left = rest.unwrap_or_default();
        rest.is_some()
    };
    scene.state.past.iter().rev().take_while(fits).count()
}

/// A note has a row of its own.
fn rows_of(call: &Past) -> u16 {
    if call.note.is_empty() { 1 } else { 2 }
}

fn draw_row(scene: &Scene, call: &Past, area: Rect, y: u16, buffer: &mut Buffer) {
    let mut pen = Pen::at(buffer, scene.theme, area, y);
    let style = Style::new();
    pen.plain(" ").cell(&scene.state.clock.minutes(call.at), 5, scene.theme.style(Role::Line));
    pen.cell(kind(call), 4, style);
    pen.cell(&call.caller.to_string(), 18, scene.theme.style(Role::Strong));
    let talked = call.talked.map(span).unwrap_or_default();
    pen.cell_right(&talked, 6, style).skip(1);
    let missed = matches!(call.ended, Ended::Missed | Ended::Failed { .. });
    pen.role(&call.outcome, if missed { Role::Soon } else { Role::Plain });
}

fn kind(call: &Past) -> &'static str {
    match call.direction {
        Direction::Incoming => "in",
        Direction::Outgoing => "out",
        Direction::Retrieved => "lot",
    }
}
