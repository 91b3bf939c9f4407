//! `u`: taking back what was done last, in honest words.

use std::time::Duration;

use super::calls::command;
use crate::console::effect::Effect;
use crate::console::state::{ParkedRow, State, Undo, Weight, short_name};
use crate::domain::caller::Caller;
use crate::domain::effects::Effects;
use crate::domain::ids::Extension;
use crate::domain::time::Moment;
use crate::phone::messages::{Command, LineId, LineState, Target, Wanted};

/// A hang-up longer ago was no slip of the finger.
const CALL_BACK_WITHIN: Duration = Duration::from_secs(60);

impl State {
    pub(super) fn take_back(&mut self, now: Moment) -> Effects<Effect> {
        match self.undo.take() {
            None => self.refuse(now, "Nothing to take back"),
            Some(Undo::Parked { caller, place }) => self.unpark(caller, place, now),
            Some(Undo::Retrieved { line, caller, place }) => {
                self.put_back(line, &caller, place, now)
            }
            Some(Undo::Held { line }) => self.unhold(line, now),
            Some(Undo::HungUp { caller, to, at }) => self.call_back(&caller, to, at, now),
        }
    }

    fn unpark(&mut self, caller: Caller, place: Option<Extension>, now: Moment) -> Effects<Effect> {
        let name = short_name(&caller);
        if let Some(row) = self.parked_by_me(&caller, place.as_ref()) {
            let which = Wanted::Call { place: row.view.place.clone(), key: row.view.key };
            self.say(now, Weight::Info, format!("Taking {name} back"));
            return command(Command::Retrieve { which });
        }
        if self.parked.knowledge != crate::console::state::Knowledge::Known {
            self.undo = Some(Undo::Parked { caller, place });
            return self.refuse(now, "The office does not answer: cannot tell where the call is");
        }
        self.refuse(now, format!("{name} is no longer parked: nothing to take back"))
    }

    /// The youngest, where one caller was parked more than once.
    fn parked_by_me(&self, caller: &Caller, place: Option<&Extension>) -> Option<&ParkedRow> {
        self.parked.all().iter().rev().find(|row| {
            row.view.caller == *caller
                && row.view.parker.extension == self.me.extension
                && place.is_none_or(|place| row.view.place == *place)
        })
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
        command(Command::Park { line, at: Some(place) })
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
