//! Picking people by their letter.

use std::time::Duration;

use crate::console::effect::Effect;
use crate::console::state::{State, Weight};
use crate::domain::effects::Effects;
use crate::domain::time::Moment;

/// Two picks so quickly with no verb between look like Caps Lock.
const CAPS_LOCK_WITHIN: Duration = Duration::from_secs(1);

impl State {
    /// A capital only selects, so Caps Lock can never act.
    pub(super) fn pick(&mut self, letter: char, now: Moment) -> Effects<Effect> {
        self.pending = None;
        let again = self.last_pick.is_some_and(|last| now.since(last) < CAPS_LOCK_WITHIN);
        self.last_pick = Some(now);
        if again {
            self.say(now, Weight::Warning, "Caps Lock? Capitals pick people");
        }
        let found = self.people.by_letter(letter);
        match found.map(|person| person.lamp.extension.to_string()) {
            Some(number) => self.fill_to(number, now),
            None if !again => {
                self.say(now, Weight::Info, format!("No colleague has the letter {letter}"))
            }
            None => {}
        }
        Effects::none()
    }
}
