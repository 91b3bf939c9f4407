//! Every change of the screen's state: one file for each noun.

mod calls;
mod colleagues;
mod groups;
mod hunts;
mod keys;
mod leaving;
mod notes;
mod notices;
mod pages;
mod parked;
mod phone;
mod prompt;
mod to_field;
mod undo;

use std::time::Duration;

use crate::console::effect::Effect;
use crate::console::event::{Device, Event, Sound};
use crate::console::state::{Mode, State, WARNING_STAYS, WallClock};
use crate::domain::caller_name::CallerName;
use crate::domain::effects::Effects;
use crate::domain::time::{Moment, Wakeup};

/// Takes one event and says what must be done about it. `now` never runs backwards.
pub fn update(state: &mut State, event: Event, now: Moment) -> Effects<Effect> {
    let mut effects = match state.doubts_until() {
        Some(until) if until <= now => state.no_longer_doubt(now),
        _ => Effects::none(),
    };
    state.expire(now);
    effects.extend(match event {
        Event::Key(key) => state.press(key, now),
        Event::Paste(text) => state.paste(&text, now),
        Event::FocusGained => state.focused_at(Some(now)),
        Event::FocusLost => state.focused_at(None),
        Event::Resize { columns, rows } => state.resize(columns, rows),
        Event::Phone(event) => state.hear(event, now),
        Event::Sound(sound) => state.sound(sound, now),
        Event::WallClock { local_unix_ms } => state.set_clock(WallClock { at: now, local_unix_ms }),
        Event::Say { weight, text } => state.relay(weight, &text, now),
        Event::Terminate => state.leave_at_once(now),
        Event::Tick => Effects::none(),
    });
    state.return_to_groups();
    state.announce_recalls(now);
    effects.extend(state.go_on_leaving(now));
    effects.extend(state.retitle());
    effects
}

/// When the screen changes by itself next, and why: the caller then sends
/// [`Event::Tick`] and draws.
pub fn next_wakeup(state: &State, now: Moment) -> Wakeup {
    let mut next = Wakeup { at: state.next_tick(now), reason: "a clock ticks" };
    let mut sooner = |at: Option<Moment>, reason| {
        if let Some(at) = at {
            next = next.min(Wakeup { at, reason });
        }
    };
    sooner(state.to_expires(), "the To: field clears");
    sooner(state.page_until(), "a page of keys closes");
    sooner(state.doubts_until(), "a key is not held down");
    sooner(state.pending.as_ref().map(|pending| pending.until()), "a half-typed key is dropped");
    sooner(state.next_announcement(), "a recall is near");
    sooner(state.leaving_until(), "leaving takes too long");
    sooner(state.warning_fades(now), "a warning has been read");
    sooner(state.taking_back_until(), "taking back takes too long");
    next
}

impl State {
    /// Drops what was typed too long ago.
    fn expire(&mut self, now: Moment) {
        if self.to_expires().is_some_and(|at| at <= now) {
            self.clear_to();
        }
        if self.page_until().is_some_and(|until| until <= now) {
            self.mode = Mode::Desk;
        }
        if self.pending.as_ref().is_some_and(|pending| pending.until() <= now) {
            self.pending = None;
        }
        if self.taking_back_until().is_some_and(|until| until <= now) {
            self.stop_taking_back(now);
        }
    }

    fn warning_fades(&self, now: Moment) -> Option<Moment> {
        self.fresh_warning(now).map(|notice| notice.at + WARNING_STAYS)
    }

    fn resize(&mut self, columns: u16, rows: u16) -> Effects<Effect> {
        (self.columns, self.rows) = (columns, rows);
        Effects::none()
    }

    fn focused_at(&mut self, at: Option<Moment>) -> Effects<Effect> {
        self.focused_at = at;
        Effects::none()
    }

    fn set_clock(&mut self, clock: WallClock) -> Effects<Effect> {
        self.clock = clock;
        Effects::none()
    }

    /// Devices are named by strangers too.
    fn sound(&mut self, mut sound: Sound, now: Moment) -> Effects<Effect> {
        sound.ring = cleaned(sound.ring);
        sound.talk = cleaned(sound.talk);
        self.tell_of_devices(&sound, now);
        self.sound = sound;
        Effects::none()
    }

    /// Seconds matter only while something on the screen counts them.
    fn next_tick(&self, now: Moment) -> Moment {
        let minute = self.clock.next(now, Duration::from_secs(60));
        if !self.counts_seconds() {
            return minute;
        }
        match self.options.ticks {
            crate::console::Ticks::EverySecond => self.clock.next(now, Duration::from_secs(1)),
            crate::console::Ticks::EveryTenSeconds => self.clock.next(now, Duration::from_secs(10)),
            crate::console::Ticks::Off => minute,
        }
    }

    fn counts_seconds(&self) -> bool {
        let lamp_blinks = self.options.blink && self.waiting_for_me() > 0;
        let rows = !self.calls.rows().is_empty() || self.parked.visible().next().is_some();
        lamp_blinks || (rows && !matches!(self.mode, Mode::Help { .. }))
    }

    fn retitle(&mut self) -> Option<Effect> {
        let title = self.title_now();
        if title == self.title {
            return None;
        }
        self.title.clone_from(&title);
        Some(Effect::SetTitle(title))
    }

    fn title_now(&self) -> String {
        let (ringing, parked) = (self.calls.ringing(), self.parked.visible().count());
        let me = &self.me.extension;
        match (ringing, parked) {
            (0, 0) => format!("Bellhop {me}"),
            (0, _) => format!("Bellhop {me}: {parked} parked"),
            (_, 0) => format!("Bellhop {me}: {ringing} ringing"),
            (_, _) => format!("Bellhop {me}: {ringing} ringing, {parked} parked"),
        }
    }
}

fn cleaned(device: Device) -> Device {
    let clean = |text: String| CallerName::clean(&text).to_string();
    match device {
        Device::Unknown => Device::Unknown,
        Device::Working { name } => Device::Working { name: clean(name) },
        Device::Missing { reason } => Device::Missing { reason: clean(reason) },
    }
}
