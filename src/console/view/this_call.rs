//! THIS CALL: what is known of the call in the ear.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Pen, Scene, below, rule};
use crate::console::state::clock::span;
use crate::console::theme::Role;
use crate::phone::messages::{Direction, Line};

pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let line = scene.state.calls.in_the_ear();
    let title = line.map_or_else(|| "THIS CALL".to_owned(), |l| format!("THIS CALL  {}", l.caller));
    rule(scene, area, &title, "", buffer);
    let area = below(area, 1);
    match line {
        None => {
            Pen::at(buffer, scene.theme, area, 0).plain("  Nobody is in your ear.");
        }
        Some(line) => {
            Pen::at(buffer, scene.theme, area, 0).plain("  ").plain(&who(scene, line));
            Pen::at(buffer, scene.theme, area, 1).plain("  ").plain(&how(scene, line));
            if !line.note.is_empty() {
                let note = format!("  note: {}", line.note);
                Pen::at(buffer, scene.theme, area, 2).role(&note, Role::Strong);
            }
        }
    }
}

fn who(scene: &Scene, line: &Line) -> String {
    let direction = match line.direction {
        Direction::Incoming => "incoming",
        Direction::Outgoing => "outgoing",
        Direction::Retrieved => "fetched from the lot",
    };
    let number =
        if line.caller.is_withheld() { "number withheld" } else { line.caller.number.as_str() };
    let talked = line.connected_at.map(|since| {
        let clock = scene.state.clock.seconds(since);
        format!("   since {clock}, {}", span(scene.tick.since(since)))
    });
    format!("{number}   {direction}{}", talked.unwrap_or_default())
}

fn how(scene: &Scene, line: &Line) -> String {
    let sound = &scene.state.sound;
    let encrypted = scene.state.me.secure_sound;
    let words = [
        line.codec.map(|codec| format!("codec {codec}")),
        sound.loss_permille.map(|loss| format!("lost {}.{} %", loss / 10, loss % 10)),
        sound.jitter_ms.map(|jitter| format!("jitter {jitter} ms")),
        Some(
            if encrypted { "sound encrypted (SRTP)" } else { "sound not encrypted (RTP!)" }
                .to_owned(),
        ),
    ];
    let words: Vec<String> = words.into_iter().flatten().collect();
    words.join("   ")
}
