//! EVENTS: what happened, the newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Pen, Scene, below, rule};
use crate::console::theme::Role;

pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let title = if area.height > 2 { "EVENTS" } else { "" };
    rule(scene, area, title, "", buffer);
    let area = below(area, 1);
    let newest = scene.state.notices.iter().rev();
    for (y, notice) in (0..area.height).zip(newest) {
        let mut pen = Pen::at(buffer, scene.theme, area, y);
        pen.plain(" ").role(&scene.state.clock.seconds(notice.at), Role::Line).plain("  ");
        pen.put(&notice.text, scene.theme.weight(notice.weight));
    }
}
