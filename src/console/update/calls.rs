//! Verbs for calls: answer, hold, send, hang up, and Enter's own.

use std::time::Duration;

use crate::console::effect::Effect;
use crate::console::state::calls::{is_recall, is_up};
use crate::console::state::people::cannot_take;
use crate::console::state::{
    HandedOver, HangUpKey, LastEnd, Pending, Selected, State, Undo, Weight, first_word, short_name,
};
use crate::domain::effects::Effects;
use crate::domain::ids::Extension;
use crate::domain::time::Moment;
use crate::phone::messages::{Command, Line, LineId, LineState, Target};

/// How long a first press waits for the second.
pub const SECOND_PRESS_WITHIN: Duration = Duration::from_secs(2);
const CONFIRM_WITHIN: Duration = Duration::from_secs(4);
/// A verb so soon after a call ended was meant for that call.
const STALE_WITHIN: Duration = Duration::from_millis(300);
const HANG_UP_STALE_WITHIN: Duration = Duration::from_secs(1);

pub(super) fn command(command: Command) -> Effects<Effect> {
    Effects::one(Effect::Phone(command))
}

impl State {
    pub(super) fn take_next(&mut self, now: Moment) -> Effects<Effect> {
        if self.is_stale(now, |end| end.was_next, STALE_WITHIN) {
            return Effects::none();
        }
        match self.next_caller().map(|line| line.id) {
            Some(line) => self.answer(line),
            None => self.refuse(now, "Nobody rings and nobody is held"),
        }
    }

    pub(super) fn answer(&mut self, line: LineId) -> Effects<Effect> {
        self.clear_to();
        self.selected = None;
        command(Command::Answer { line })
    }

    /// Enter: the typed number first, else the row's own verb.
    pub(super) fn go(&mut self, pending: Option<&Pending>, now: Moment) -> Effects<Effect> {
        if let Some(Pending::Row { digits, .. }) = pending {
            return self.retrieve_row(digits, now);
        }
        if let Some(to) = self.take_target() {
            return command(Command::Dial { to });
        }
        match self.selected {
            Some(Selected::Parked(_)) => self.retrieve(now),
            Some(Selected::Line(_)) => self.row_verb(now),
            None => self.nothing_selected(now),
        }
    }

    fn row_verb(&mut self, now: Moment) -> Effects<Effect> {
        let Some(line) = self.selected_line() else {
            return Effects::none();
        };
        match line.state {
            LineState::Ringing | LineState::Held => self.answer(line.id),
            _ => {
                let text = format!("{} needs no answer", short_name(&line.caller));
                self.refuse(now, text)
            }
        }
    }

    fn nothing_selected(&mut self, now: Moment) -> Effects<Effect> {
        if self.warns_of_lost_selection(now) {
            return Effects::none();
        }
        self.refuse(now, "Type a number to call, or select a row with the arrows")
    }

    /// From the colleague in To:, else whatever rings with any of mine.
    pub(super) fn pick_up(&mut self, now: Moment) -> Effects<Effect> {
        match self.take_place("Picking up", now) {
            Ok(at) => command(Command::PickUp { at }),
            Err(()) => Effects::none(),
        }
    }

    pub(super) fn hold(&mut self, now: Moment) -> Effects<Effect> {
        if self.is_current_stale(now) {
            return Effects::none();
        }
        let selected = self.selected_line().filter(|line| line.state == LineState::Held);
        let resumed = selected.or_else(|| match self.calls.talking() {
            Some(_) => None,
            None => self.calls.longest_held(),
        });
        if let Some(line) = resumed.map(|line| line.id) {
            return command(Command::Resume { line });
        }
        match self.calls.talking().map(|line| line.id) {
            Some(line) => {
                self.undo = Some(Undo::Held { line });
                command(Command::Hold { line })
            }
            None => self.refuse(now, "No call to hold"),
        }
    }

    pub(super) fn mute(&mut self) -> Effects<Effect> {
        command(Command::Mute { on: !self.muted })
    }

    pub(super) fn do_not_disturb(&mut self) -> Effects<Effect> {
        command(Command::DoNotDisturb { on: !self.do_not_disturb })
    }

    /// Blind transfer of the current call to whoever is in the To: field.
    pub(super) fn send(&mut self, pending: Option<&Pending>, now: Moment) -> Effects<Effect> {
        if self.is_current_stale(now) {
            return Effects::none();
        }
        let line = match self.call_to_hand_over("send") {
            Ok(line) => line,
            Err(why) => return self.refuse(now, why),
        };
        if self.to.text.is_empty() {
            return self.refuse(now, "Send to whom? A capital or a number first");
        }
        if let Some((to, why)) = self.unlikely_target() {
            let confirmed = matches!(pending, Some(Pending::Send { line: asked, to: same, .. })
                if *asked == line && *same == to);
            if !confirmed {
                return self.ask_to_send(line, to, why, now);
            }
        }
        let Some(to) = self.take_target() else {
            return Effects::none();
        };
        self.calls.asked(line, HandedOver::Send { to: to.clone() });
        command(Command::Transfer { line, to })
    }

    /// The current call, if somebody is there; else why not.
    pub(super) fn call_to_hand_over(&self, verb: &str) -> Result<LineId, String> {
        match self.current() {
            Some(line) if is_up(line) => Ok(line.id),
            Some(line) => {
                Err(format!("{} has not answered: no call to {verb}", short_name(&line.caller)))
            }
            None => Err(format!("No call to {verb}")),
        }
    }

    fn unlikely_target(&self) -> Option<(Extension, &'static str)> {
        let person = self.person_in_to()?;
        Some((person.lamp.extension.clone(), cannot_take(person.lamp.state)?))
    }

    fn ask_to_send(
        &mut self,
        line: LineId,
        to: Extension,
        why: &str,
        now: Moment,
    ) -> Effects<Effect> {
        let text = format!("{} {why}: send again to send all the same", self.place_words(&to));
        self.pending = Some(Pending::Send { line, to, until: now + CONFIRM_WITHIN });
        self.refuse(now, text)
    }

    pub(super) fn hang_up(&mut self, pending: Option<&Pending>, now: Moment) -> Effects<Effect> {
        if self.is_stale(now, |_| true, HANG_UP_STALE_WITHIN) {
            return Effects::none();
        }
        let Some(line) = self.to_hang_up().cloned() else {
            return self.refuse(now, "No call to hang up");
        };
        let again =
            matches!(pending, Some(Pending::HangUp { line: asked, .. }) if *asked == line.id);
        if again || self.hangs_up_at_once(&line) {
            return self.end(&line, now);
        }
        self.pending = Some(Pending::HangUp { line: line.id, until: now + SECOND_PRESS_WITHIN });
        Effects::none()
    }

    fn to_hang_up(&self) -> Option<&Line> {
        self.selected_line().or_else(|| self.calls.in_the_ear()).or_else(|| self.calls.only_held())
    }

    fn hangs_up_at_once(&self, line: &Line) -> bool {
        match self.options.hangup {
            HangUpKey::Single => true,
            HangUpKey::Double => false,
            HangUpKey::SingleInternal => self.people.get(line.caller.number.as_str()).is_some(),
        }
    }

    fn end(&mut self, line: &Line, now: Moment) -> Effects<Effect> {
        if is_recall(line) {
            let text = format!("{} stays parked", short_name(&line.caller));
            self.say(now, Weight::Info, text);
            return command(Command::HangUp { line: line.id });
        }
        if !line.caller.is_withheld() {
            let to = super::to_field::target(line.caller.number.to_string());
            self.undo = Some(Undo::HungUp { caller: line.caller.clone(), to, at: now });
        }
        command(Command::HangUp { line: line.id })
    }

    /// True, and said, when this key was most likely meant for a call that
    /// has just ended by itself.
    pub(super) fn is_current_stale(&mut self, now: Moment) -> bool {
        self.is_stale(now, |end| end.was_current, STALE_WITHIN)
    }

    fn is_stale(&mut self, now: Moment, meant: fn(&LastEnd) -> bool, within: Duration) -> bool {
        let ended = self.last_end.as_ref().filter(|end| now.since(end.at) < within && meant(end));
        let text = ended.map(|end| format!("{} has just hung up: nothing was done", end.who));
        if let Some(text) = &text {
            self.say(now, Weight::Warning, text);
        }
        text.is_some()
    }

    pub(super) fn refuse(&mut self, now: Moment, text: impl Into<String>) -> Effects<Effect> {
        self.say(now, Weight::Warning, text);
        Effects::none()
    }

    pub(super) fn target_words(&self, to: &Target) -> String {
        let text = match to {
            Target::Number(number) => number.as_str(),
            Target::Typed(text) => text,
        };
        let person = self.people.get(text);
        person.map_or_else(
            || text.to_owned(),
            |person| format!("{text} {}", first_word(person.lamp.name.as_str())),
        )
    }
}
