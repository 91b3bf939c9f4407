//! `u`: taking back what was done last, in honest words.

use std::time::Duration;

use super::calls::command;
use crate::console::effect::Effect;
use crate::console::state::{Knowledge, ParkedRow, State, TakingBack, Undo, Weight, short_name};
use crate::domain::caller::Caller;
use crate::domain::effects::Effects;
use crate::domain::ids::Extension;
use crate::domain::time::Moment;
use crate::phone::messages::{Command, LineId, LineState, Target, Wanted};

/// A hang-up longer ago was no slip of the finger.
const CALL_BACK_WITHIN: Duration = Duration::from_secs(60);
/// A parked call is in the office's next table, at once.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

impl State {
    pub(super) fn take_back(&mut self, now: Moment) -> Effects<Effect> {
        match self.undo.take() {
            None if self.taking_back.is_some() => {
                self.refuse(now, "That park is being taken back already")
            }
            None => self.refuse(now, "Nothing to take back"),
            Some(Undo::Parking { line }) => self.unpark_once_parked(line, now),
            Some(Undo::Parked { caller, place, at }) => self.unpark(caller, place, at, now),
            Some(Undo::Retrieved { line, caller, place }) => {
                self.put_back(line, &caller, place, now)
            }
            Some(Undo::Held { line }) => self.unhold(line, now),
            Some(Undo::HungUp { caller, to, at }) => self.call_back(&caller, to, at, now),
        }
    }

    /// The office has the call in its hands: its answer comes first.
    fn unpark_once_parked(&mut self, line: LineId, now: Moment) -> Effects<Effect> {
        let Some(name) = self.calls.get(line).map(|line| short_name(&line.caller)) else {
            return self.refuse(now, "Nothing to take back");
        };
        self.taking_back = Some(TakingBack::Asked { line });
        self.say(now, Weight::Info, format!("Taking {name} back as soon as the park is done"));
        Effects::none()
    }

    /// What was parked by this desk, and is to be taken back if that was asked
    /// meanwhile.
    pub(super) fn can_take_back_park(
        &mut self,
        line: LineId,
        caller: Caller,
        place: Option<Extension>,
        now: Moment,
    ) -> Effects<Effect> {
        if self.taking_back == Some(TakingBack::Asked { line }) {
            self.taking_back = None;
            self.undo = None;
            return self.unpark(caller, place, now, now);
        }
        self.undo = Some(Undo::Parked { caller, place, at: now });
        Effects::none()
    }

    /// The park was refused, or its call has ended otherwise.
    pub(super) fn cannot_take_back_park(&mut self, line: LineId) {
        if self.undo == Some(Undo::Parking { line }) {
            self.undo = None;
        }
        if self.taking_back == Some(TakingBack::Asked { line }) {
            self.taking_back = None;
        }
    }

    fn unpark(
        &mut self,
        caller: Caller,
        place: Option<Extension>,
        at: Moment,
        now: Moment,
    ) -> Effects<Effect> {
        let name = short_name(&caller);
        if let Some(which) = self.parked_by_me(&caller, place.as_ref()) {
            self.say(now, Weight::Info, format!("Taking {name} back"));
            return command(Command::Retrieve { which });
        }
        if self.parked.knowledge != Knowledge::Known {
            self.undo = Some(Undo::Parked { caller, place, at });
            return self.refuse(now, "The office does not answer: cannot tell where the call is");
        }
        if self.parked.at <= at {
            // This table is older than the park.
            let until = now + SHOWN_WITHIN;
            self.taking_back = Some(TakingBack::Parked { caller, place, until });
            return Effects::none();
        }
        self.refuse(now, no_longer_parked(&name))
    }

    /// The table has changed: perhaps the call is in it now.
    pub(super) fn go_on_taking_back(&mut self, now: Moment) -> Effects<Effect> {
        let Some(TakingBack::Parked { caller, place, .. }) = self.taking_back.clone() else {
            return Effects::none();
        };
        let Some(which) = self.parked_by_me(&caller, place.as_ref()) else {
            return Effects::none();
        };
        self.taking_back = None;
        self.say(now, Weight::Info, format!("Taking {} back", short_name(&caller)));
        command(Command::Retrieve { which })
    }

    pub(super) fn taking_back_until(&self) -> Option<Moment> {
        match self.taking_back {
            Some(TakingBack::Parked { until, .. }) => Some(until),
            Some(TakingBack::Asked { .. }) | None => None,
        }
    }

    pub(super) fn stop_taking_back(&mut self, now: Moment) {
        if let Some(TakingBack::Parked { caller, .. }) = self.taking_back.take() {
            self.say(now, Weight::Warning, no_longer_parked(&short_name(&caller)));
        }
    }

    /// The youngest, where one caller was parked more than once.
    pub(super) fn parked_by_me(
        &self,
        caller: &Caller,
        place: Option<&Extension>,
    ) -> Option<Wanted> {
        let is_it = |row: &&ParkedRow| {
            row.view.caller == *caller
                && row.view.is_by(&self.me.extension)
                && place.is_none_or(|place| row.view.place == *place)
        };
        let row = self.parked.all().iter().rev().find(is_it)?;
        Some(Wanted::Call { place: row.view.place.clone(), key: row.view.key })
    }

    fn put_back(
        &mut self,
        line: LineId,
        caller: &Caller,
        place: Extension,
        now: Moment,
    ) -> Effects<Effect> {
        let name = short_name(caller);
        if !self.calls.get(line).is_some_and(crate::console::state::calls::is_up) {
            return self.refuse(now, format!("{name} is no longer here: nothing to take back"));
        }
        let text = format!("{name} goes back to {place}, with a new clock");
        self.say(now, Weight::Info, text);
        command(self.park_of(line, Some(place)))
    }

    fn unhold(&mut self, line: LineId, now: Moment) -> Effects<Effect> {
        let held = self.calls.get(line).is_some_and(|line| line.state == LineState::Held);
        if held {
            command(Command::Resume { line })
        } else {
            self.refuse(now, "That call is not held any more")
        }
    }

    fn call_back(
        &mut self,
        caller: &Caller,
        to: Target,
        at: Moment,
        now: Moment,
    ) -> Effects<Effect> {
        if now.since(at) > CALL_BACK_WITHIN {
            return self.refuse(now, "Nothing to take back");
        }
        let text = format!("A hang-up cannot be undone: calling {} back", short_name(caller));
        self.say(now, Weight::Info, text);
        command(Command::Dial { to })
    }
}

fn no_longer_parked(name: &str) -> String {
    format!("{name} is no longer parked: nothing to take back")
}
