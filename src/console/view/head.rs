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
    let right_width = right.iter().map(|(text, _)| text.width()).sum::<usize>();
    let mut pen = Pen::at(buffer, scene.theme, area, 0);
    pen.put("BELLHOP ", bold).put(state.me.extension.as_str(), head);
    // My name I know; that nobody hears me I may not.
    let name = format!(" {}", state.me.name);
    let loud: usize = warnings(state).map(|word| word.width() + 2).sum();
    if name.width() + loud + right_width < pen.left() {
        pen.put(&name, head);
    }
    let room = pen.left().saturating_sub(right_width);
    let mut room = room.saturating_sub(1);
    for (word, style) in words(scene, head) {
        if word.width() + 2 <= room {
            room -= word.width() + 2;
            pen.put("  ", head).put(&word, style);
        }
    }
    pen.skip(room);
    for (text, is_lamp) in &right {
        let style = if *is_lamp { lamp_style(scene, head) } else { head };
        pen.put(text, style);
    }
}

/// In the order of their weight: what does not fit is left out.
fn words(scene: &Scene, head: Style) -> Vec<(String, Style)> {
    let state = scene.state;
    let bold = head.add_modifier(Modifier::BOLD);
    let loud = scene.theme.style(Role::Lamp);
    let mut words: Vec<_> = warnings(state).map(|word| (word.to_owned(), loud)).collect();
    if !is_unregistered(state) {
        words.push((registration(state).to_owned(), head));
    }
    words.push((security(state), head));
    let (ringing, parked) = (state.calls.ringing(), state.parked.visible().count());
    if ringing > 0 {
        words.push((format!("ring {ringing}"), bold));
    }
    words.push((format!("park {parked}"), head));
    if matches!(state.registration, Registration::Registered { .. })
        && warnings(state).next().is_none()
    {
        words.push(("READY".to_owned(), bold));
    }
    if let Some(today) = today(state) {
        words.push((today, head));
    }
    words
}

fn registration(state: &State) -> &'static str {
    match &state.registration {
        Registration::Registered { .. } => "reg:ok",
        Registration::Registering => "registering",
        Registration::Failed { .. } => " NOT REGISTERED ",
        Registration::Unregistered => "signed off",
    }
}

fn is_unregistered(state: &State) -> bool {
    matches!(state.registration, Registration::Failed { .. })
}

/// What keeps callers from reaching me, or me from being heard.
fn warnings(state: &State) -> impl Iterator<Item = &'static str> {
    let words = [
        is_unregistered(state).then(|| registration(state)),
        state.muted.then_some(" MUTED "),
        state.do_not_disturb.then_some(" DO NOT DISTURB "),
    ];
    words.into_iter().flatten()
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

/// Blinks on the same tick as the clocks, as nothing else does; `dark` is how
/// it looks between.
pub fn lamp_style(scene: &Scene, dark: Style) -> Style {
    let is_dark = scene.state.options.blink && !scene.state.clock.is_even_second(scene.tick);
    if is_dark { dark } else { scene.theme.style(Role::Lamp) }
}
