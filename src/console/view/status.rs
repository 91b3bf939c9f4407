//! The status row: sound devices, levels, and how well the line is heard.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Pen, Scene};
use crate::console::event::Device;
use crate::console::state::Weight;
use crate::console::theme::Role;

const METER: usize = 6;

pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let sound = &scene.state.sound;
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.plain(" ");
    device("ring", &sound.ring, scene, &mut pen);
    device("talk", &sound.talk, scene, &mut pen);
    let words = [
        sound.microphone_percent.map(|percent| format!("mic {}", meter(percent))),
        sound.speaker_percent.map(|percent| format!("ear {}", meter(percent))),
        sound.loss_permille.map(|loss| format!("loss {}.{}%", loss / 10, loss % 10)),
        sound.jitter_ms.map(|jitter| format!("jitter {jitter} ms")),
    ];
    for word in words.into_iter().flatten() {
        if word.len() <= pen.left() {
            pen.plain(&word).skip(2);
        }
    }
    let server = &scene.state.me.server;
    if area.width >= 100 && server.len() < pen.left() {
        pen.put_right(&format!("server {server} "), scene.theme.style(Role::Plain));
    }
}

fn device(role: &str, device: &Device, scene: &Scene, pen: &mut Pen) {
    match device {
        Device::Unknown => {}
        Device::Working { name } => {
            let width = (pen.left() / 5).max(8);
            let name = crate::domain::caller_name::cut(name, width);
            pen.plain(&format!("{role}: {name} ok")).skip(2);
        }
        Device::Missing { reason } => {
            let width = (pen.left() / 4).max(10);
            let reason = crate::domain::caller_name::cut(reason, width);
            let style = scene.theme.weight(Weight::Warning);
            pen.put(&format!("{role}: NONE ({reason})"), style).skip(2);
        }
    }
}

/// `====--`
fn meter(percent: u8) -> String {
    let filled = (usize::from(percent.min(100)) * METER).div_ceil(100);
    format!("{}{}", "=".repeat(filled), "-".repeat(METER - filled))
}
