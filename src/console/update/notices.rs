//! The words of the EVENTS lines.

use std::time::Duration;

use super::notes::note_words;
use super::phone::failure;
use crate::console::effect::Effect;
use crate::console::event::{Device, Sound};
use crate::console::intent::{Action, Context};
use crate::console::state::calls::is_recall;
use crate::console::state::clock::{left, span};
use crate::console::state::parked::RECALL_SOON;
use crate::console::state::{HandedOver, ParkedRow, State, Weight, short_name};
use crate::domain::caller::Caller;
use crate::domain::caller_name::CallerName;
use crate::domain::effects::Effects;
use crate::domain::ids::Extension;
use crate::domain::park_table::ParkedView;
use crate::domain::time::Moment;
use crate::phone::messages::{Asked, Direction, Ended, Line, LineState, Registration, Wanted};

impl State {
    pub(super) fn relay(
        &mut self,
        weight: Weight,
        text: &str,
        now: Moment,
    ) -> Effects<crate::console::Effect> {
        self.say(now, weight, CallerName::clean(text).as_str());
        Effects::none()
    }

    pub(super) fn tell_of_registration(&mut self, before: &Registration, now: Moment) {
        let server = &self.me.server;
        let was_up = matches!(before, Registration::Registered { .. });
        let (weight, text) = match &self.registration {
            Registration::Registered { .. } if was_up => return,
            Registration::Registered { .. } => {
                (Weight::Done, format!("Registered {} at {server}", self.me.extension))
            }
            Registration::Failed { reason, .. } => {
                (Weight::Alarm, format!("Not registered: {}", CallerName::clean(reason)))
            }
            Registration::Unregistered if was_up => (Weight::Warning, "Signed off".to_owned()),
            Registration::Unregistered | Registration::Registering => return,
        };
        self.say(now, weight, text);
    }

    pub(super) fn tell_of_devices(&mut self, sound: &Sound, now: Moment) {
        let pairs =
            [("Talk", &sound.talk, &self.sound.talk), ("Ring", &sound.ring, &self.sound.ring)];
        let news: Vec<(Weight, String)> = pairs
            .into_iter()
            .filter(|(_, new, old)| new != old)
            .filter_map(|(role, new, old)| device_news(role, new, old))
            .collect();
        for (weight, text) in news {
            self.say(now, weight, text);
        }
    }

    pub(super) fn tell_of_ringing(&mut self, line: &Line, now: Moment) {
        if is_recall(line) {
            let text = format!("RECALL {}{}", line.caller, self.recall_words(line, now));
            return self.say(now, Weight::Alarm, text);
        }
        self.say(now, Weight::Info, format!("Ringing: {}", with_number(&line.caller)));
    }

    /// ", parked 2:00 for Cleo", as far as the table tells.
    pub(in crate::console) fn recall_words(&self, line: &Line, now: Moment) -> String {
        let place = line.recall.as_ref().and_then(|recall| recall.place.as_ref());
        let rows = self.parked.all().iter();
        let row = rows
            .filter(|row| row.view.caller == line.caller)
            .find(|row| place.is_none_or(|place| row.view.place == *place));
        let waited = row.map(|row| self.parked.waited(row, self.tick(now)));
        let place = place.or(row.map(|row| &row.view.place));
        let waited = waited.map(|waited| format!(" {}", span(waited))).unwrap_or_default();
        match place {
            None => format!(", parked{waited}"),
            Some(place) if *place == self.me.extension => format!(", parked{waited} here"),
            Some(place) => format!(", parked{waited} for {}", self.place_words(place)),
        }
    }

    pub(super) fn tell_of_end(
        &mut self,
        line: &Line,
        asked: Option<&HandedOver>,
        ended: &Ended,
        now: Moment,
    ) {
        let caller = &line.caller;
        let (weight, text) = match ended {
            // Said already, with the place.
            Ended::Parked => return,
            Ended::HungUp if is_recall(line) => return,
            Ended::HungUp if line.state == LineState::Ringing => {
                (Weight::Info, format!("Refused {caller}"))
            }
            Ended::HungUp => (Weight::Info, format!("Hung up {caller}")),
            Ended::FarEnd => (Weight::Info, format!("{caller} has hung up")),
            Ended::Missed | Ended::AnsweredElsewhere if is_recall(line) => {
                (Weight::Info, format!("The recall of {caller} rings here no longer"))
            }
            Ended::Lost => {
                (Weight::Alarm, format!("{}: the office has lost this call", with_number(caller)))
            }
            Ended::Missed => (Weight::Warning, format!("{caller} rings no longer")),
            Ended::AnsweredElsewhere => (Weight::Info, format!("Somebody else answered {caller}")),
            // Refused, and said already.
            Ended::Failed { .. } if line.direction == Direction::Retrieved => return,
            Ended::Failed { status, reason } => {
                (Weight::Warning, format!("{caller}: {}", failure(*status, reason)))
            }
            Ended::Transferred => (Weight::Done, self.sent_words(caller, asked)),
        };
        self.say(now, weight, text);
    }

    fn sent_words(&self, caller: &Caller, asked: Option<&HandedOver>) -> String {
        match asked {
            Some(HandedOver::Send { to }) => format!("{caller} is with {}", self.target_words(to)),
            _ => format!("{caller} has been sent on"),
        }
    }

    pub(super) fn tell_of_parking(
        &mut self,
        caller: &Caller,
        place: Option<&Extension>,
        now: Moment,
    ) {
        let text = match place {
            Some(place) => self.parked_words(caller, place, ""),
            None => self.parked_at_group_words(caller),
        };
        self.say(now, Weight::Done, text);
    }

    fn parked_words(&self, caller: &Caller, place: &Extension, why: &str) -> String {
        let undo = self.undo_hint(" takes the call back");
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        let place = match place {
            place if *place == self.me.extension => format!("{place} (here)"),
            place => self.place_with_number(place),
        };
        format!("Parked {caller} at {place}{why}{undo}")
    }

    /// What a server that is not ours did with the call.
    pub(super) fn tell_of_untold_parking(&mut self, caller: &Caller, now: Moment) {
        let undo = self.undo_hint(" takes the call back");
        let text = format!("Parked {caller}: the list shows where, once the lamps tell{undo}");
        self.say(now, Weight::Done, text);
    }

    /// The hunt's choice is told a moment later, with the table.
    fn parked_at_group_words(&self, caller: &Caller) -> String {
        let undo = self.undo_hint(" takes the call back");
        format!("Parked {caller} at the group{undo}")
    }

    /// Where the hunt has put a call of mine, and why, in the place of what
    /// was said before that was known.
    pub(super) fn tell_of_hunt(&mut self, row: &ParkedView, now: Moment) {
        let before = self.parked_at_group_words(&row.caller);
        let text = self.parked_words(&row.caller, &row.place, &row.why);
        match self.notices.iter_mut().rev().find(|notice| notice.text == before) {
            Some(notice) => notice.text = text,
            None => self.say(now, Weight::Done, text),
        }
    }

    pub(super) fn tell_of_retrieving(
        &mut self,
        caller: &Caller,
        place: Option<&Extension>,
        waited: Option<Duration>,
        now: Moment,
    ) {
        let place = place.map(|place| format!(", parked at {place}")).unwrap_or_default();
        let waited = waited.map(|waited| format!(" for {}", span(waited))).unwrap_or_default();
        let undo = self.undo_hint(" puts the call back");
        self.say(now, Weight::Done, format!("Fetched {caller}{place}{waited}{undo}"));
    }

    fn undo_hint(&self, does: &str) -> String {
        let key = self.keymap.keys(Context::Desk, Action::Undo).next();
        key.map(|key| format!("; {key}{does}")).unwrap_or_default()
    }

    pub(super) fn tell_of_refusal(&mut self, what: &Asked, status: u16, reason: &str, now: Moment) {
        let why = if reason.is_empty() {
            failure(status, reason)
        } else {
            format!("{reason} ({status})")
        };
        let (text, line) = match what {
            Asked::Dial { to } => (format!("{} not reached", self.target_words(to)), None),
            Asked::Park { line, at: Some(at) } => (format!("Not parked at {at}"), Some(line)),
            Asked::Park { line, at: None } => ("Not parked".to_owned(), Some(line)),
            Asked::GroupPark { line } => ("Not parked at the group".to_owned(), Some(line)),
            Asked::Retrieve { which } => (self.not_fetched(which), None),
            Asked::PickUp { .. } => ("Nothing picked up".to_owned(), None),
            Asked::Transfer { line, to } => {
                (format!("Not sent to {}", self.target_words(to)), Some(line))
            }
            Asked::Hold { line } => ("Not held".to_owned(), Some(line)),
            Asked::Resume { line } => ("Not resumed".to_owned(), Some(line)),
            Asked::Note { .. } => ("Note not taken".to_owned(), None),
            Asked::DoNotDisturb { on: true } => ("Do not disturb not set".to_owned(), None),
            Asked::DoNotDisturb { on: false } => ("Do not disturb not lifted".to_owned(), None),
        };
        let still = line.and_then(|line| self.calls.get(*line));
        let still = still.map(|line| self.still_words(what, &line.caller)).unwrap_or_default();
        self.say(now, Weight::Warning, format!("{text}: {why}{still}"));
    }

    /// Who is on a line is what the office says; a silent one says nothing.
    fn still_words(&self, what: &Asked, caller: &Caller) -> String {
        let name = short_name(caller);
        let is_sure = matches!(self.registration, Registration::Registered { .. });
        match what {
            _ if !is_sure => format!("; {name} may still be there"),
            Asked::Resume { .. } => format!(". {name} is on hold"),
            _ => format!(". {name} is still here"),
        }
    }

    fn not_fetched(&self, which: &Wanted) -> String {
        match which {
            Wanted::Mine => "Nothing fetched".to_owned(),
            Wanted::OldestAt(place) => format!("Nothing fetched at {place}"),
            Wanted::Call { place, key } => {
                let row = self.parked.all().iter().find(|row| row.view.key == *key);
                row.map_or_else(
                    || format!("The call at {place} not fetched"),
                    |row| format!("{} not fetched", row.view.caller),
                )
            }
        }
    }

    /// Rows that came and went by others' doing.
    pub(super) fn tell_of_changes(&mut self, before: &[ParkedRow], before_at: Moment, now: Moment) {
        let me = &self.me.extension;
        let came = self.parked.visible().filter(|row| !is_in(before, row));
        let came = came.filter(|row| !row.view.is_by(me)).map(|row| self.arrival(row));
        let noted = self.parked.visible().filter_map(|row| {
            let was = before.iter().find(|was| was.view.key == row.view.key)?;
            let changed = was.view.note != row.view.note;
            changed.then(|| (Weight::Done, note_words(&row.view.caller, &row.view.note)))
        });
        let gone = before.iter().filter(|row| !is_in(self.parked.all(), row));
        let gone = gone.filter_map(|row| self.departure(row, now.since(before_at)));
        let news: Vec<(Weight, String)> =
            gone.map(|text| (Weight::Info, text)).chain(noted).chain(came).collect();
        for (weight, text) in news {
            self.say(now, weight, text);
        }
    }

    fn arrival(&self, row: &ParkedRow) -> (Weight, String) {
        let view = &row.view;
        let Some(by) = &view.parker.extension else {
            let (caller, place) = (&view.caller, self.place_with_number(&view.place));
            return (Weight::Info, format!("Parked at {place}: {caller}"));
        };
        let by = self.place_with_number(by);
        let group = if view.group.is_some() { " (group park)" } else { "" };
        let why = if view.why.is_empty() { String::new() } else { format!(": {}", view.why) };
        let caller = &view.caller;
        let note = match view.note.is_empty() {
            true => String::new(),
            false => format!("; note: {}", view.note),
        };
        if view.place == self.me.extension {
            let text = format!("{by} parked {caller} here, for you{group}{why}{note}");
            return (Weight::Alarm, text);
        }
        let place = self.place_with_number(&view.place);
        (Weight::Info, format!("{by} parked {caller} at {place}{group}{why}{note}"))
    }

    /// Nobody has taken them in all the rounds of their settings (product S31).
    pub(super) fn tell_of_alarms(&mut self, before: &[ParkedRow], now: Moment) -> Option<Effect> {
        let alarmed = |row: &&ParkedRow| {
            let was = before.iter().find(|was| was.view.key == row.view.key);
            row.view.alarm && !was.is_some_and(|was| was.view.alarm)
        };
        let words: Vec<String> =
            self.parked.visible().filter(alarmed).map(|row| self.alarm_words(row, now)).collect();
        for text in &words {
            self.say(now, Weight::Alarm, text);
        }
        (!words.is_empty()).then_some(Effect::Bell)
    }

    fn alarm_words(&self, row: &ParkedRow, now: Moment) -> String {
        let waited = span(self.parked.waited(row, now));
        let place = self.place_with_number(&row.view.place);
        format!("NOBODY TAKES {}, parked at {place} for {waited}: fetch the call", row.view.caller)
    }

    /// Nothing for a call that is on a line of mine: that has been said.
    fn departure(&self, row: &ParkedRow, since: Duration) -> Option<String> {
        let mine = self.calls.lines().any(|line| line.caller == row.view.caller);
        let waited = Duration::from_millis(row.view.waited_ms) + since;
        let place = self.place_with_number(&row.view.place);
        let (caller, waited) = (&row.view.caller, span(waited));
        (!mine).then(|| format!("{caller} left {place} after {waited}: fetched, or hung up"))
    }

    /// Before the phone rings for it, so that nobody is startled.
    pub(super) fn announce_recalls(&mut self, now: Moment) {
        let due: Vec<(u32, String)> = self
            .to_announce()
            .filter(|(at, _)| *at <= now)
            .map(|(_, row)| (row.view.key, self.recall_soon_words(row, now)))
            .collect();
        for (key, text) in due {
            self.announced.insert(key);
            self.say(now, Weight::Alarm, text);
        }
    }

    pub(super) fn next_announcement(&self) -> Option<Moment> {
        self.to_announce().map(|(at, _)| at).min()
    }

    /// Calls that come back to me, and when that is to be said.
    fn to_announce(&self) -> impl Iterator<Item = (Moment, &ParkedRow)> {
        let mine = self.parked.all().iter().filter(|row| {
            row.view.is_by(&self.me.extension) && !self.announced.contains(&row.view.key)
        });
        mine.filter_map(|row| Some((self.parked.recall_at(row)?.before(RECALL_SOON), row)))
    }

    fn recall_soon_words(&self, row: &ParkedRow, now: Moment) -> String {
        let until = self.parked.until_next(row, now).unwrap_or_default();
        let place = match &row.view.place {
            place if *place == self.me.extension => "parked here".to_owned(),
            place => format!("parked for {}", self.place_words(place)),
        };
        format!("RECALL in {}: {} {}, {place}", left(until), row.number, row.view.caller)
    }
}

fn is_in(rows: &[ParkedRow], row: &ParkedRow) -> bool {
    rows.iter().any(|other| other.view.key == row.view.key)
}

/// "Carla Diaz +4930901820"
fn with_number(caller: &Caller) -> String {
    let name = caller.to_string();
    if name == caller.number.as_str() || caller.is_withheld() {
        name
    } else {
        format!("{name} {}", caller.number)
    }
}

fn device_news(role: &str, new: &Device, old: &Device) -> Option<(Weight, String)> {
    match (new, old) {
        (Device::Missing { reason }, _) => {
            Some((Weight::Warning, format!("{role} device missing: {reason}")))
        }
        (Device::Working { name }, Device::Missing { .. } | Device::Working { .. }) => {
            Some((Weight::Info, format!("{role} device is now {name}")))
        }
        (Device::Working { .. } | Device::Unknown, _) => None,
    }
}
