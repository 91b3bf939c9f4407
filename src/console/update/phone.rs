//! What the phone tells, and what it does to the screen.

use crate::console::effect::Effect;
use crate::console::event::Device;
use crate::console::state::calls::is_recall;
use crate::console::state::{
    HandedOver, LastEnd, PARKED_AT_GROUP, PAST_MAX, Past, Selected, State, Undo, Weight, short_name,
};
use crate::domain::caller::Caller;
use crate::domain::caller_name::CallerName;
use crate::domain::effects::Effects;
use crate::domain::park_table::PhaseView;
use crate::domain::time::Moment;
use crate::phone::messages::{
    Asked, Direction, Ended, Event, Line, LineId, LineState, Parkplace, Registration,
};

impl State {
    pub(super) fn hear(&mut self, event: Event, now: Moment) -> Effects<Effect> {
        match event {
            Event::RegistrationChanged(registration) => self.registered(registration, now),
            Event::LineChanged(line) => return self.line_changed(line, now),
            Event::LineEnded { line, caller, ended } => self.line_ended(line, caller, ended, now),
            Event::ParkTableChanged { table, at } => return self.show_table(table, at, now),
            Event::CallParked { line, caller, at } => {
                return self.call_parked(line, caller, at, now);
            }
            Event::CallRetrieved { line, caller } => self.call_retrieved(line, caller, now),
            Event::Refused { what, status, reason } => self.refused(&what, status, &reason, now),
            Event::Administered(outcome) => self.administered(outcome, now),
            Event::MuteChanged { on } => self.mute_changed(on, now),
            Event::DoNotDisturbChanged { on } => self.do_not_disturb_changed(on, now),
            Event::DigitReceived { line, digit } => self.digit_received(line, digit, now),
        }
        Effects::none()
    }

    fn registered(&mut self, registration: Registration, now: Moment) {
        let before = std::mem::replace(&mut self.registration, registration);
        self.tell_of_registration(&before, now);
    }

    fn line_changed(&mut self, mut line: Line, now: Moment) -> Effects<Effect> {
        let id = line.id;
        if line.direction == Direction::Outgoing {
            self.name_from_history(&mut line.caller);
        }
        let is_new = self.calls.put(line);
        match self.calls.get(id).cloned() {
            Some(line) if is_new && line.state == LineState::Ringing => self.rings(&line, now),
            _ => Effects::none(),
        }
    }

    /// The network names whoever calls, not whom one calls: calling somebody
    /// back, he keeps the name he called with.
    fn name_from_history(&self, callee: &mut Caller) {
        if !callee.name.is_empty() || callee.is_withheld() {
            return;
        }
        let known = self.past.iter().rev().map(|past| &past.caller);
        let mut named = known.filter(|caller| !caller.name.is_empty());
        if let Some(known) = named.find(|caller| caller.number == callee.number) {
            callee.name = known.name.clone();
        }
    }

    fn rings(&mut self, line: &Line, now: Moment) -> Effects<Effect> {
        self.tell_of_ringing(line, now);
        let silent = !matches!(self.sound.ring, Device::Working { .. });
        silent.then_some(Effect::Bell).into_iter().collect()
    }

    fn line_ended(&mut self, id: LineId, caller: Caller, ended: Ended, now: Moment) {
        let by_itself = !matches!(ended, Ended::HungUp | Ended::Parked | Ended::Transferred);
        if by_itself {
            self.ended_by_itself(id, &caller, now);
        }
        let row = self.calls.remove(id);
        if self.selected == Some(Selected::Line(id)) {
            self.selected = None;
            self.lost_selection = by_itself.then(|| (now, short_name(&caller)));
        }
        self.drop_pending_for(id);
        self.cannot_take_back_park(id);
        if let Some(row) = row {
            let caller = if caller.name.is_empty() { row.line.caller.clone() } else { caller };
            self.tell_of_end(&row.line, row.asked.as_ref(), &ended, now);
            self.remember(&row.line, row.asked, caller, ended, now);
        }
    }

    fn ended_by_itself(&mut self, id: LineId, caller: &Caller, now: Moment) {
        let is = |line: Option<&Line>| line.is_some_and(|line| line.id == id);
        let (was_current, was_next) = (is(self.current()), is(self.next_caller()));
        if is(self.calls.in_the_ear()) {
            // What was typed was meant for this call.
            self.clear_to();
        }
        if self.calls.get(id).is_some() {
            let who = short_name(caller);
            self.last_end = Some(LastEnd { at: now, who, was_current, was_next });
        }
    }

    fn drop_pending_for(&mut self, id: LineId) {
        use crate::console::state::Pending::{HangUp, Send};
        if matches!(&self.pending, Some(HangUp { line, .. } | Send { line, .. }) if *line == id) {
            self.pending = None;
        }
    }

    fn remember(
        &mut self,
        line: &Line,
        asked: Option<HandedOver>,
        caller: Caller,
        ended: Ended,
        now: Moment,
    ) {
        if is_recall(line) {
            return;
        }
        let (outcome, note) = (self.outcome(asked, &ended), line.note.clone());
        let talked = line.connected_at.map(|since| now.since(since));
        let direction = line.direction;
        self.past.push_back(Past { at: now, direction, caller, talked, ended, outcome, note });
        while self.past.len() > PAST_MAX {
            self.past.pop_front();
        }
    }

    fn outcome(&self, asked: Option<HandedOver>, ended: &Ended) -> String {
        match (ended, asked) {
            (Ended::Parked, Some(HandedOver::Park { at: Some(at) })) => {
                format!("parked at {}", self.place_with_number(&at))
            }
            (Ended::Parked, Some(HandedOver::GroupPark)) => PARKED_AT_GROUP.to_owned(),
            (Ended::Parked, _) => "parked".to_owned(),
            (Ended::Transferred, Some(HandedOver::Send { to })) => {
                format!("sent to {}", self.target_words(&to))
            }
            (Ended::Transferred, _) => "sent on".to_owned(),
            (Ended::Missed, _) => "missed".to_owned(),
            (Ended::AnsweredElsewhere, _) => "taken elsewhere".to_owned(),
            (Ended::Failed { status, reason }, _) => failure(*status, reason),
            (Ended::Lost, _) => "lost by the office".to_owned(),
            (Ended::HungUp | Ended::FarEnd, _) => String::new(),
        }
    }

    fn call_parked(
        &mut self,
        line: LineId,
        caller: Caller,
        at: Parkplace,
        now: Moment,
    ) -> Effects<Effect> {
        let place = match at {
            Parkplace::Extension(place) => Some(place),
            Parkplace::Group => None,
            Parkplace::Untold => {
                self.tell_of_untold_parking(&caller, now);
                return self.can_take_back_park(line, caller, None, now);
            }
        };
        if let Some(place) = &place {
            self.calls.asked(line, HandedOver::Park { at: Some(place.clone()) });
        }
        if place.is_some() || !self.group_parked(line, &caller, now) {
            self.tell_of_parking(&caller, place.as_ref(), now);
        }
        self.can_take_back_park(line, caller, place, now)
    }

    /// The row is still in the table: it leaves when the retriever is connected.
    fn call_retrieved(&mut self, line: LineId, caller: Caller, now: Moment) {
        let rows = self.parked.all().iter().filter(|row| row.view.caller == caller);
        let row = rows.max_by_key(|row| row.view.phase == PhaseView::Retrieving);
        let waited = row.map(|row| self.parked.waited(row, now));
        let place = row.map(|row| row.view.place.clone());
        self.tell_of_retrieving(&caller, place.as_ref(), waited, now);
        self.undo = place.map(|place| Undo::Retrieved { line, caller, place });
    }

    fn refused(&mut self, what: &Asked, status: u16, reason: &str, now: Moment) {
        let reason = CallerName::clean(reason);
        self.tell_of_refusal(what, status, reason.as_str(), now);
        if let Asked::Park { line, .. } | Asked::GroupPark { line } | Asked::Transfer { line, .. } =
            what
        {
            self.cannot_take_back_park(*line);
            self.stop_leaving(now);
        }
    }

    fn mute_changed(&mut self, on: bool, now: Moment) {
        if self.muted != on {
            let text = if on { "Muted: nobody hears you" } else { "You are heard again" };
            self.say(now, Weight::Info, text);
        }
        self.muted = on;
    }

    fn do_not_disturb_changed(&mut self, on: bool, now: Moment) {
        if self.do_not_disturb != on {
            let text = if on { "Do not disturb: no new calls" } else { "New calls ring again" };
            self.say(now, Weight::Info, text);
        }
        self.do_not_disturb = on;
    }

    fn digit_received(&mut self, line: LineId, digit: char, now: Moment) {
        if let Some(line) = self.calls.get(line) {
            let text = format!("{} pressed {digit}", short_name(&line.caller));
            self.say(now, Weight::Info, text);
        }
    }
}

/// A refusal in words: the office's own reason where it gave one.
pub(super) fn failure(status: u16, reason: &str) -> String {
    let words = match status {
        486 | 600 => "busy",
        480 => "not there",
        404 | 604 => "no such number",
        408 => "no answer from the office",
        487 => "given up",
        603 => "declined",
        _ => "",
    };
    match (words, CallerName::clean(reason).as_str()) {
        ("", "") => format!("failed ({status})"),
        ("", reason) => format!("{reason} ({status})"),
        (words, _) => words.to_owned(),
    }
}
