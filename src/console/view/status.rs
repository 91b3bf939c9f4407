//! The status row: sound devices, levels, and how well the line is heard.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{Pen, Scene};
use crate::console::event::Device;
use crate::console::state::Weight;
use crate::console::theme::Role;
use crate::domain::caller_name::cut;

const METER: usize = 5;

pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let sound = &scene.state.sound;
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.plain(" ");
    if (&sound.ring, &sound.talk) == (&Device::Unknown, &Device::Unknown) {
        pen.plain("sound: not known yet").skip(2);
    }
    let words = [
        sound.microphone_percent.map(|percent| format!("mic {}", meter(percent))),
        sound.speaker_percent.map(|percent| format!("ear {}", meter(percent))),
        sound.loss_permille.map(|loss| format!("loss {}.{}%", loss / 10, loss % 10)),
        sound.jitter_ms.map(|jitter| format!("jit {jitter}ms")),
    ];
    let others: usize = words.iter().flatten().map(|word| word.len() + 2).sum();
    let around = around(&sound.ring) + around(&sound.talk);
    let room = pen.left().saturating_sub(others.saturating_sub(2) + around);
    let ring_width =
        wanted(&sound.ring).min(room.saturating_sub(wanted(&sound.talk)).max(room / 2));
    device("ring", &sound.ring, ring_width, scene, &mut pen);
    device("talk", &sound.talk, room.saturating_sub(ring_width), scene, &mut pen);
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

/// Columns of a device but for its own words.
fn around(device: &Device) -> usize {
    match device {
        Device::Unknown => 0,
        Device::Working { .. } => "ring: ok  ".len(),
        Device::Missing { .. } => "ring:NONE ()  ".len(),
    }
}

fn wanted(device: &Device) -> usize {
    match device {
        Device::Unknown => 0,
        Device::Working { name } => name.width(),
        Device::Missing { reason } => reason.width(),
    }
}

fn device(role: &str, device: &Device, width: usize, scene: &Scene, pen: &mut Pen) {
    match device {
        Device::Unknown => {}
        Device::Working { name } => {
            pen.plain(&format!("{role}:{} ok", cut(name, width.max(8)))).skip(2);
        }
        Device::Missing { reason } => {
            let style = scene.theme.weight(Weight::Warning);
            pen.put(&format!("{role}:NONE ({})", cut(reason, width.max(10))), style).skip(2);
        }
    }
}

/// `====--`
fn meter(percent: u8) -> String {
    let filled = (usize::from(percent.min(100)) * METER).div_ceil(100);
    format!("{}{}", "=".repeat(filled), "-".repeat(METER - filled))
}
