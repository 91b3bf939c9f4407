//! Group parks: the office says first that a call is parked, and a moment
//! later, with the table, where the hunt has put it and why.

use crate::console::state::{HandedOver, PARKED_AT_GROUP, ParkedRow, State, Undo};
use crate::domain::caller::Caller;
use crate::domain::time::Moment;
use crate::phone::messages::LineId;

/// Calls whose place is not known yet are few; a broken office must not make
/// them many.
const WAITING_MAX: usize = 16;

impl State {
    /// A call of mine is parked at my group; true if its place is known already.
    pub(super) fn group_parked(&mut self, line: LineId, caller: &Caller, now: Moment) -> bool {
        self.hunts.waiting.truncate(WAITING_MAX - 1);
        self.hunts.waiting.push((line, caller.clone()));
        self.tell_of_hunts(now);
        !self.hunts.waiting.iter().any(|(waiting, _)| *waiting == line)
    }

    /// Calls that were there when the table was first shown are no news.
    pub(super) fn pass_over_hunts(&mut self) {
        let rows = self.parked.all().iter();
        self.hunts.told = rows.map(|row| row.view.key).collect();
    }

    pub(super) fn tell_of_hunts(&mut self, now: Moment) {
        let rows = self.parked.all();
        self.hunts.told.retain(|key| rows.iter().any(|row| row.view.key == *key));
        let mut waiting = std::mem::take(&mut self.hunts.waiting);
        waiting.retain(|(line, caller)| match self.hunted(caller).cloned() {
            Some(row) => {
                self.found_place(*line, &row, now);
                false
            }
            None => true,
        });
        self.hunts.waiting = waiting;
    }

    fn hunted(&self, caller: &Caller) -> Option<&ParkedRow> {
        self.parked.all().iter().find(|row| {
            row.view.group.is_some()
                && row.view.caller == *caller
                && row.view.is_by(&self.me.extension)
                && !self.hunts.told.contains(&row.view.key)
        })
    }

    fn found_place(&mut self, line: LineId, row: &ParkedRow, now: Moment) {
        let view = &row.view;
        self.hunts.told.insert(view.key);
        self.tell_of_hunt(view, now);
        self.calls.asked(line, HandedOver::Park { at: Some(view.place.clone()) });
        if let Some(Undo::Parked { caller, place: place @ None, .. }) = &mut self.undo
            && *caller == view.caller
        {
            *place = Some(view.place.clone());
        }
        let outcome = format!("parked at {}", self.place_with_number(&view.place));
        let mut past = self.past.iter_mut().rev();
        let past = past.find(|past| past.caller == view.caller && past.outcome == PARKED_AT_GROUP);
        if let Some(past) = past {
            past.outcome = outcome;
        }
    }
}
