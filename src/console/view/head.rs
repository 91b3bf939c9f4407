//! The head row: whose desk, how it is connected, what waits, the time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::{Pen, Scene};
use crate::console::state::{Knowledge, State, Transport};
use crate::console::theme::Role;
use crate::domain::time::Moment;
use crate::phone::messages::Registration;

pub fn draw(scene: &Scene, area: Rect, buffer: &mut Buffer) {
    let state = scene.state;
    let head = scene.theme.style(Role::Head);
    let bold = head.add_modifier(Modifier::BOLD);
    Pen::at(buffer, scene.theme, area, 0).fill(" ", head);
    let right = right_end(state, scene.tick);
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.put("BELLHOP ", bold).put(&format!("{} {}", state.me.extension, state.me.name), head);
    let room = pen.left().saturating_sub(right.iter().map(|(text, _)| text.width()).sum());
    let mut room = room.saturating_sub(1);
    for (word, style) in words(scene, head) {
        if word.width() + 2 <= room {
            room -= word.width() + 2;
            pen.put("  ", head).put(&word, style);
        }
    }
    pen.skip(room);
    for (text, is_lamp) in &right {
        let style = if *is_lamp { lamp_style(scene) } else { head };
        pen.put(text, style);
    }
}

/// In the order of their weight: what does not fit is left out.
fn words(scene: &Scene, head: Style) -> Vec<(String, Style)> {
    let state = scene.state;
    let bold = head.add_modifier(Modifier::BOLD);
    let loud = scene.theme.style(Role::Lamp);
    let mut words = vec![registration(state, head, loud)];
    words.extend(warning(state).map(|word| (word.to_owned(), loud)));
    words.push((security(state), head));
    let (ringing, parked) = (state.calls.ringing(), state.parked.visible().count());
    if ringing > 0 {
        words.push((format!("ring {ringing}"), bold));
    }
    words.push((format!("park {parked}"), head));
    if matches!(state.registration, Registration::Registered { .. }) && warning(state).is_none() {
        words.push(("READY".to_owned(), bold));
    }
    if let Some(today) = today(state) {
        words.push((today, head));
    }
    words
}

fn registration(state: &State, head: Style, loud: Style) -> (String, Style) {
    match &state.registration {
        Registration::Registered { .. } => ("reg:ok".to_owned(), head),
        Registration::Registering => ("registering".to_owned(), head),
        Registration::Failed { .. } => (" NOT REGISTERED ".to_owned(), loud),
        Registration::Unregistered => ("signed off".to_owned(), head),
    }
}

/// What keeps callers from reaching me, or me from being heard.
fn warning(state: &State) -> Option<&'static str> {
    if state.do_not_disturb {
        return Some(" DO NOT DISTURB ");
    }
    state.muted.then_some(" MUTED ")
}

/// What is not encrypted is marked.
fn security(state: &State) -> String {
    let signalling = match state.me.transport {
        Transport::Tls => "tls",
        Transport::Tcp => "TCP!",
        Transport::Udp => "UDP!",
    };
    let sound = if state.me.secure_sound { "srtp" } else { "RTP!" };
    format!("{signalling} {sound}")
}

fn today(state: &State) -> Option<String> {
    use crate::phone::messages::{Direction, Ended};
    let past = &state.past;
    let lost = past.iter().filter(|call| call.ended == Ended::Missed).count();
    let incoming = past.iter().filter(|call| call.direction == Direction::Incoming).count()
        - lost.min(past.len());
    let out = past.iter().filter(|call| call.direction == Direction::Outgoing).count();
    (!past.is_empty()).then(|| format!("today {incoming} in, {out} out, {lost} missed"))
}

/// The lamp and the clock; true for the lamp.
fn right_end(state: &State, tick: Moment) -> Vec<(String, bool)> {
    let clock = format!(" {} ", state.clock.minutes(tick));
    let waiting = state.waiting_for_me();
    let known = state.parked.knowledge != Knowledge::Lost;
    let mut right = Vec::new();
    if waiting > 0 {
        let question = if known { "" } else { "?" };
        right.push((format!("[PARKED {waiting}{question}]"), true));
    }
    right.push((clock, false));
    right
}

/// Blinks on the same tick as the clocks; the one thing that does.
fn lamp_style(scene: &Scene) -> Style {
    let dark = scene.state.options.blink && !scene.state.clock.is_even_second(scene.tick);
    if dark { scene.theme.style(Role::Head) } else { scene.theme.style(Role::Lamp) }
}
