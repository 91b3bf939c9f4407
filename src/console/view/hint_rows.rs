//! Two rows of what is possible now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::head::lamp_style;
use super::{Pen, Scene};
use crate::console::hints::{self, Hint};
use crate::console::theme::Role;

const GAP: usize = 2;

pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let always = hints::always(scene.state);
    let first = fitting(hints::verbs(scene.state), usize::from(area.width).saturating_sub(1));
    let kept = usize::from(area.width).saturating_sub(2 + width(&always) + GAP);
    let mut second = fitting(hints::desk(scene.state), kept);
    second.extend(always);
    // With nothing to do in the first row the second one is first.
    let rows = [first, second].into_iter().filter(|hints| !hints.is_empty());
    for (row, hints) in (0..).zip(rows) {
        let mut pen = Pen::at(buffer, scene.theme, area, row);
        pen.plain(" ");
        put(scene, &hints, &mut pen);
    }
}

pub fn put(scene: &Scene, hints: &[Hint], pen: &mut Pen) {
    for (index, hint) in hints.iter().enumerate() {
        if hint.width() > pen.left() {
            return;
        }
        if index > 0 {
            pen.skip(GAP);
        }
        if hint.is_lamp {
            let lamp = lamp_style(scene, Style::new());
            pen.role(&hint.keys, Role::Key).plain(" ").put(&hint.words, lamp);
        } else {
            pen.role(&hint.keys, Role::Key).plain(" ").plain(&hint.words);
        }
    }
}

/// Columns that these take side by side.
pub fn width(hints: &[Hint]) -> usize {
    let gaps = hints.len().saturating_sub(1) * GAP;
    hints.iter().map(Hint::width).sum::<usize>() + gaps
}

/// As many as fit, the important ones first.
pub fn fitting(hints: Vec<Hint>, room: usize) -> Vec<Hint> {
    let mut shown: Vec<Hint> = Vec::new();
    for hint in hints {
        shown.push(hint);
        if width(&shown) > room {
            shown.pop();
        }
    }
    shown
}
