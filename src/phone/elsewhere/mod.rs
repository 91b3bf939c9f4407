//! The lot of a server that is not ours: who waits at which of its slots, as
//! far as lamps and notifications tell, and who it was that we parked there.

mod documents;
mod subscriptions;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::caller::Caller;
use crate::domain::caller_name::CallerName;
use crate::domain::ids::Extension;
use crate::domain::lot::{Elsewhere, Lot, NoWay, Way};
use crate::domain::note::Note;
use crate::domain::park_table::{ParkTable, ParkedView, Parker, PhaseView, VERSION};
use crate::domain::time::Moment;
use crate::phone::messages::{Event, LineId, Wanted};
use crate::phone::{Phone, Timer};

use documents::{Lamp, News};
use subscriptions::Subscription;

/// One subscription at such a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Watched {
    /// Who is parked for me (BroadWorks' `call-info`).
    CallInfo,
    /// A slot's lamp, by its place in the list.
    Slot(u16),
}

/// Shown for a caller of whom the server says nothing.
const UNKNOWN: &str = "call parked (details unknown)";
/// A lamp that comes on so soon after a park is that park's, if no other does.
const SETTLES_AFTER: Duration = Duration::from_millis(500);
/// A table with a nameless call that is ours by all likelihood waits so long
/// for the name.
const NAMED_WITHIN: Duration = Duration::from_millis(1_500);
/// A park that lights no lamp by then will light none.
const LIGHTS_WITHIN: Duration = Duration::from_secs(15);
/// The longest that lamps are waited for before the table is shown.
const TABLE_WITHIN: Duration = Duration::from_secs(3);
/// News that nobody takes back is no longer believed: longer than any recall
/// timer of such servers.
const NEWS_LASTS: Duration = Duration::from_secs(900);
/// More parks at once than one person can press.
const PARKINGS_MAX: usize = 32;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct LotWatch {
    call_info: Subscription,
    slots: Vec<Slot>,
    /// From `call-info`, or told unasked.
    for_me: Option<Waiting>,
    parkings: Vec<Parking>,
    last_key: u32,
    /// Everything has answered, or had the time to.
    is_settled: bool,
    /// `park-info` has come: somebody tells of parked calls.
    is_told: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Slot {
    number: Extension,
    subscription: Subscription,
    /// Its lamp has been told since the office was last silent.
    is_known: bool,
    waiting: Option<Waiting>,
}

/// A call in the lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    key: u32,
    place: Extension,
    /// `None`: nobody says.
    caller: Option<Caller>,
    by_me: bool,
    since: Moment,
}

/// A park of ours whose lamp has not been found yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parking {
    line: LineId,
    caller: Caller,
    asked_at: Moment,
    /// `None`: the server chooses.
    place: Option<Extension>,
    is_done: bool,
}

impl Phone {
    pub(super) fn lot_elsewhere(&self) -> Option<&Elsewhere> {
        match &self.account.lot {
            Lot::Ours => None,
            Lot::Elsewhere(lot) => Some(lot),
        }
    }

    pub(super) fn way_elsewhere(
        &self,
        lot: &Elsewhere,
        at: Option<&Extension>,
    ) -> Result<Way, NoWay> {
        lot.way_to(at, |slot| self.lot.is_taken(slot))
    }

    pub(super) fn way_to_group_elsewhere(&self, lot: &Elsewhere) -> Result<Way, NoWay> {
        lot.way_to_group(|slot| self.lot.is_taken(slot))
    }

    /// Mine is whomever I parked first; else whoever waits longest. `None` when
    /// nobody is known to wait.
    pub(super) fn wanted_elsewhere(&self, lot: &Elsewhere, which: Wanted) -> Option<Wanted> {
        if which != Wanted::Mine || lot.retrieve_mine.is_some() {
            return Some(which);
        }
        let waiting = self.lot.waiting();
        let mine = waiting.iter().find(|call| call.by_me).or(waiting.first())?;
        Some(Wanted::Call { place: mine.place.clone(), key: mine.key })
    }

    /// A park of ours is on its way.
    pub(super) fn parks_elsewhere(&mut self, line: LineId, place: Option<Extension>, now: Moment) {
        let Some(call) = self.calls.get(&line) else { return };
        let caller = call.caller.clone();
        let parkings = &mut self.lot.parkings;
        parkings.retain(|old| old.line != line && now.since(old.asked_at) < LIGHTS_WITHIN);
        if parkings.len() < PARKINGS_MAX {
            parkings.push(Parking { line, caller, asked_at: now, place, is_done: false });
        }
    }

    /// The place, if it was ours to choose.
    pub(super) fn parked_elsewhere(&mut self, line: LineId, now: Moment) -> Option<Extension> {
        let parking = self.lot.parkings.iter_mut().find(|parking| parking.line == line)?;
        parking.is_done = true;
        let place = parking.place.clone();
        self.name_the_parked(now);
        place
    }

    pub(super) fn not_parked_elsewhere(&mut self, line: LineId) {
        self.lot.parkings.retain(|parking| parking.line != line);
    }

    /// Where we chose the place its lamp is ours; else one is waited for that
    /// comes on alone.
    fn name_the_parked(&mut self, now: Moment) {
        let parkings = std::mem::take(&mut self.lot.parkings);
        let mut named = false;
        for parking in parkings {
            let is_ours = parking.is_done
                && parking.place.as_ref().is_some_and(|place| self.lot.name(place, &parking));
            named |= is_ours;
            if !is_ours {
                self.lot.parkings.push(parking);
            }
        }
        if self.lot.parkings.iter().any(|parking| parking.is_done && parking.place.is_none()) {
            self.timers.set(Timer::NamesParked, now + SETTLES_AFTER);
        }
        if named {
            self.tell_lot(now);
        }
    }

    /// Since a park whose place the server chose, one lamp has come on: that
    /// is it. Two may be a colleague's and ours: nobody is named then.
    pub(super) fn name_by_lamps(&mut self, now: Moment) {
        self.name_what_came_on(now);
        self.tell_lot(now);
    }

    fn name_what_came_on(&mut self, now: Moment) {
        let lot = &mut self.lot;
        lot.parkings.retain(|parking| now.since(parking.asked_at) < LIGHTS_WITHIN);
        let open: Vec<Parking> =
            lot.parkings.iter().filter(|parking| parking.place.is_none()).cloned().collect();
        let [parking] = open.as_slice() else {
            return lot.parkings.retain(|parking| parking.place.is_some());
        };
        let fresh: Vec<Extension> = lot.fresh_since(parking.asked_at);
        if fresh.is_empty() || !parking.is_done {
            return;
        }
        lot.parkings.retain(|other| other.line != parking.line);
        if let [place] = fresh.as_slice() {
            lot.name(place, parking);
        }
    }

    fn lamp_changed(&mut self, slot: u16, lamp: Lamp, now: Moment) {
        let caller = lamp.caller.filter(|caller| self.is_somebody(caller));
        let key = self.lot.last_key + 1;
        let Some(slot) = self.lot.slots.get_mut(usize::from(slot)) else { return };
        slot.is_known = true;
        match (&mut slot.waiting, lamp.is_lit) {
            (waiting, false) => *waiting = None,
            (Some(waiting), true) => {
                if !waiting.by_me && caller.is_some() {
                    waiting.caller = caller;
                }
            }
            (waiting @ None, true) => {
                let place = slot.number.clone();
                *waiting = Some(Waiting { key, place, caller, by_me: false, since: now });
                self.lot.last_key = key;
                self.name_the_parked(now);
            }
        }
        self.tell_lot(now);
    }

    /// Some servers say "park", or the slot's own number, in the caller's place.
    fn is_somebody(&self, caller: &Caller) -> bool {
        let number = caller.number.as_str();
        let is_code = self.lot_elsewhere().is_some_and(|lot| lot.is_code(number));
        !is_code && !caller.name.as_str().eq_ignore_ascii_case("park")
    }

    fn news_for_me(&mut self, news: News, now: Moment) {
        self.lot.for_me = match news {
            News::Nobody => None,
            News::Somebody { caller, place } => {
                let place = place.unwrap_or_else(|| self.account.extension.clone());
                let same =
                    self.lot.for_me.take().filter(|it| it.caller == caller && it.place == place);
                Some(same.unwrap_or_else(|| {
                    self.lot.last_key += 1;
                    let key = self.lot.last_key;
                    Waiting { key, place, caller, by_me: false, since: now }
                }))
            }
        };
        match self.lot.for_me {
            Some(_) => self.timers.set(Timer::NewsAgesOut, now + NEWS_LASTS),
            None => self.timers.clear(&Timer::NewsAgesOut),
        }
        self.tell_lot(now);
    }

    /// Told by a system that nobody asked (`park-info`).
    pub(super) fn told_of_lot(&mut self, body: &[u8], now: Moment) {
        if self.lot_elsewhere().is_some() {
            self.lot.is_told = true;
            self.news_for_me(documents::park_info(body), now);
        }
    }

    pub(super) fn news_is_old(&mut self, now: Moment) {
        self.news_for_me(News::Nobody, now);
    }

    pub(super) fn lot_settles(&mut self, now: Moment) {
        self.lot.is_settled = true;
        self.tell_lot(now);
    }

    /// Lamps that have not been told yet would read as empty slots.
    fn tell_lot(&mut self, now: Moment) {
        self.lot.is_settled |= self.lot.has_answered();
        if !self.lot.is_settled || !self.lot.knows_anything() {
            return;
        }
        if let Some(at) = self.lot.is_named_by().filter(|at| *at > now) {
            let at = self.timers.get(&Timer::NamesParked).map_or(at, |set| set.min(at));
            return self.timers.set(Timer::NamesParked, at);
        }
        let table = self.lot.table(now, &self.account.extension);
        self.watch.table = Some(table.clone());
        self.watch.table_at = now;
        self.tell(Event::ParkTableChanged { table: Some(table), at: now });
    }

    /// What lamps showed may have changed unseen: not even names are certain.
    pub(super) fn lot_is_unknown(&mut self) {
        self.lot.is_settled = false;
        self.lot.for_me = None;
        for slot in &mut self.lot.slots {
            slot.is_known = false;
            slot.waiting = None;
        }
    }
}

impl LotWatch {
    fn is_taken(&self, place: &Extension) -> bool {
        self.slots.iter().any(|slot| slot.number == *place && slot.waiting.is_some())
    }

    fn waiting(&self) -> Vec<&Waiting> {
        let slots = self.slots.iter().filter_map(|slot| slot.waiting.as_ref());
        let mut calls: Vec<&Waiting> = slots.chain(&self.for_me).collect();
        calls.sort_by_key(|call| (call.since, call.key));
        calls
    }

    /// Slots whose lamps have come on since, and of whom nobody says who it is.
    fn fresh_since(&self, since: Moment) -> Vec<Extension> {
        let fresh = self.slots.iter().filter_map(|slot| slot.waiting.as_ref());
        let fresh = fresh.filter(|it| it.since >= since && it.caller.is_none());
        fresh.map(|it| it.place.clone()).collect()
    }

    /// False when no lamp has come on there since the park was asked.
    fn name(&mut self, place: &Extension, parking: &Parking) -> bool {
        let slot = self.slots.iter_mut().find(|slot| slot.number == *place);
        let Some(waiting) = slot.and_then(|slot| slot.waiting.as_mut()) else { return false };
        if waiting.since < parking.asked_at {
            return false;
        }
        (waiting.caller, waiting.by_me) = (Some(parking.caller.clone()), true);
        true
    }

    /// The longest that a park whose place the server chooses is waited for.
    fn is_named_by(&self) -> Option<Moment> {
        let open = self.parkings.iter().filter(|parking| parking.place.is_none());
        open.map(|parking| parking.asked_at + NAMED_WITHIN).max()
    }

    fn has_answered(&self) -> bool {
        let slots = self.slots.iter().all(|slot| slot.is_known || slot.subscription.is_refused());
        self.call_info.has_answered() && slots
    }

    fn knows_anything(&self) -> bool {
        self.is_told || self.call_info.is_on() || self.slots.iter().any(|slot| slot.is_known)
    }

    fn table(&self, now: Moment, me: &Extension) -> ParkTable {
        let calls = self.waiting().into_iter().map(|call| call.view(now, me));
        ParkTable { version: VERSION, calls: calls.collect(), ..ParkTable::default() }
    }
}

impl Waiting {
    fn view(&self, now: Moment, me: &Extension) -> ParkedView {
        ParkedView {
            key: self.key,
            place: self.place.clone(),
            group: None,
            caller: self.caller.clone().unwrap_or_else(|| Caller::new(UNKNOWN, "")),
            parker: Parker {
                name: CallerName::default(),
                extension: self.by_me.then(|| me.clone()),
            },
            waited_ms: u64::try_from(now.since(self.since).as_millis()).unwrap_or(u64::MAX),
            phase: PhaseView::Untold,
            next: None,
            note: Note::default(),
            alarm: false,
            why: String::new(),
        }
    }
}
