//! The simplest possible lot: a list of who is parked where, kept by what was
//! reported, and the rules of the product by which its phases follow each
//! other. It shares no code with the real one.

use std::collections::BTreeMap;

use bellhop::domain::ids::{Extension, JourneyId};
use bellhop::domain::park_table::LampState;
use bellhop::domain::recall::RecallPolicy;
use bellhop::domain::time::Moment;
use bellhop::exchange::{Exchange, Report};
use bellhop::park::{Parked, Phase};

use crate::office::ms;
use crate::world::{Cause, World};

#[derive(Clone, Debug)]
pub struct Stay {
    pub tenant: usize,
    pub journey: JourneyId,
    pub at: Extension,
    pub parker: Extension,
    /// By group park.
    pub group: bool,
    phase: Phase,
    attempt: bellhop::park::Attempt,
    entered: Moment,
    /// It has been with the ring group: never back to the parking user.
    handed_over: bool,
}

/// What consoles were told of a call's future (product M5).
#[derive(Clone, Debug)]
struct Promise {
    attempt: bellhop::park::Attempt,
    due: Moment,
    words: String,
}

#[derive(Default)]
pub struct Reference {
    pub stays: Vec<Stay>,
    promises: BTreeMap<JourneyId, Promise>,
    pub kept: u64,
}

impl Reference {
    pub fn follow(&mut self, world: &World, cause: &Cause, reports: &[Report]) {
        for report in reports {
            self.hear(world, report);
        }
        for (tenant, office) in world.exchange.0.offices().iter().enumerate() {
            self.compare(tenant, office, *cause == Cause::Restarted);
            for parked in office.lot().calls() {
                self.pace(world.now, cause, parked);
            }
        }
        self.promises_are_kept(world, cause);
    }

    /// What was said is what happens, at the moment that was said, unless
    /// something else came in between; then it was said anew at once.
    fn promises_are_kept(&mut self, world: &World, cause: &Cause) {
        let mut promises = BTreeMap::new();
        for office in world.exchange.0.offices() {
            let Some(anybody) = office.settings().extensions.keys().next() else { continue };
            if office.lot().calls().is_empty() {
                continue;
            }
            let table = office.park_table(anybody);
            for (call, view) in office.lot().calls().iter().zip(table.calls) {
                let next = view.next.expect("every call has a future");
                let due = world.now + ms(next.in_ms);
                if let Some(before) = self.promises.get(&call.journey) {
                    let taken = is_taken(office, &before.words);
                    self.kept += u64::from(is_kept(before, world.now, cause, call, taken));
                }
                let promise = Promise { attempt: call.attempt, due, words: next.what };
                promises.insert(call.journey, promise);
            }
        }
        self.promises = promises;
    }

    fn hear(&mut self, world: &World, report: &Report) {
        match report {
            Report::CallParked { journey, at, parking_user, .. } => {
                assert!(self.get(*journey).is_none(), "parked twice: {report:?}");
                let mut offices = world.exchange.0.offices().iter().enumerate();
                let found = offices.find_map(|(i, o)| Some((i, o, o.lot().get(*journey)?)));
                // Gone again in the same turn.
                let Some((tenant, office, parked)) = found else { return };
                let places = office.lot().at(at).count();
                // Nobody is dropped for a full place who comes back by himself.
                let waits = |due| due > world.now;
                let returned =
                    !matches!(parked.phase, Phase::Waiting { recall_at } if waits(recall_at));
                let limit = office.settings().parked_per_extension_max;
                assert!(
                    returned || places <= limit,
                    "{at} holds {places} of {limit}: {parked:?} {report:?}"
                );
                assert!(office.settings().extensions.contains_key(at), "no place: {report:?}");
                self.stays.push(Stay {
                    tenant,
                    journey: *journey,
                    at: at.clone(),
                    parker: parking_user.clone(),
                    group: parked.group.is_some(),
                    phase: parked.phase.clone(),
                    attempt: parked.attempt,
                    entered: world.now,
                    handed_over: false,
                });
            }
            Report::CallRetrieved { journey, .. } => {
                assert!(self.get(*journey).is_some(), "retrieved and not parked: {report:?}");
                self.stays.retain(|stay| stay.journey != *journey);
            }
            Report::CallEnded { journey, .. } => {
                self.stays.retain(|stay| stay.journey != *journey);
            }
            _ => {}
        }
    }

    pub fn get(&self, journey: JourneyId) -> Option<&Stay> {
        self.stays.iter().find(|stay| stay.journey == journey)
    }

    pub fn of(&self, tenant: usize) -> impl Iterator<Item = &Stay> {
        self.stays.iter().filter(move |stay| stay.tenant == tenant)
    }

    /// Who is parked, in which order, where.
    fn compare(&mut self, tenant: usize, office: &Exchange, restarted: bool) {
        let calls = office.lot().calls();
        let real: Vec<JourneyId> = calls.iter().map(|call| call.journey).collect();
        let ours: Vec<JourneyId> = self.of(tenant).map(|stay| stay.journey).collect();
        assert_eq!(real, ours, "who is parked, oldest first");
        for call in calls {
            let stay = self.stays.iter_mut().find(|stay| stay.journey == call.journey).unwrap();
            let handed = matches!(stay.phase, Phase::HandingOver { .. }) || restarted;
            let moved = handed && call.at == stay.parker;
            assert!(call.at == stay.at || moved, "{call:?} was at {}", stay.at);
            stay.at = call.at.clone();
            assert_eq!(call.parking_user, stay.parker);
        }
        let mut keys: Vec<u32> = calls.iter().map(|call| call.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), calls.len(), "every call has a key of its own");
    }

    /// What follows what, and when.
    fn pace(&mut self, now: Moment, cause: &Cause, call: &Parked) {
        let stay = self.stays.iter_mut().find(|stay| stay.journey == call.journey).unwrap();
        if (call.attempt, &call.phase) == (stay.attempt, &stay.phase) {
            return;
        }
        let before = std::mem::replace(&mut stay.phase, call.phase.clone());
        let lasted = now.since(stay.entered);
        stay.attempt = call.attempt;
        stay.entered = now;
        let told = format!("{before:?} -> {:?} at {now:?}: {call:?}", call.phase);
        let policy = &call.recall.policy;
        match (&before, &call.phase) {
            (_, Phase::Retrieving { .. }) => {}
            (Phase::Waiting { recall_at: due } | Phase::Resting { retry_at: due }, _) => {
                assert!(now >= *due, "too early: {told}");
                assert!(now == *due || *cause == Cause::Restarted, "too late: {told}");
            }
            (Phase::Recalling { .. }, Phase::Waiting { .. })
            | (Phase::HandingOver { .. }, Phase::Waiting { .. }) => {
                stay.handed_over = false;
            }
            (Phase::Recalling { .. }, _) => {
                let most = match policy {
                    RecallPolicy::ParkingUserThenRingGroup { group_after, .. } => *group_after,
                    _ => call.recall.after,
                };
                let overslept = *cause == Cause::Restarted;
                assert!(overslept || lasted <= most.min(ms(60_000)), "rings too long: {told}");
            }
            (Phase::HandingOver { .. }, next) => {
                assert!(
                    matches!(next, Phase::Resting { .. } | Phase::HandingOver { .. }),
                    "{told}"
                );
            }
            (Phase::Retrieving { recall_left, .. }, Phase::Waiting { recall_at: again })
            | (Phase::Retrieving { recall_left, .. }, Phase::Resting { retry_at: again }) => {
                assert_eq!(*again, now + *recall_left, "its time as left: {told}");
            }
            (Phase::Retrieving { .. }, _) => {
                assert!(*cause == Cause::Restarted, "{told}");
            }
        }
        if let Phase::Resting { retry_at } = &call.phase
            && !matches!(before, Phase::Retrieving { .. })
        {
            assert_eq!(*retry_at, now + ms(10_000), "{told}");
        }
        let first = matches!(
            policy,
            RecallPolicy::ParkingUser | RecallPolicy::ParkingUserThenRingGroup { .. }
        );
        match &call.phase {
            Phase::Recalling { .. } => {
                assert!(first, "not by this policy: {told}");
                assert!(!stay.handed_over, "back to the parking user: {told}");
            }
            Phase::HandingOver { .. } => {
                assert!(*policy != RecallPolicy::ParkingUser, "not by this policy: {told}");
                stay.handed_over |= matches!(policy, RecallPolicy::ParkingUserThenRingGroup { .. });
            }
            _ => {}
        }
    }
}

/// Milliseconds are told, and cut off.
const TICK_MS: u64 = 2;

/// Whoever was to be rung is not to be had at this moment.
fn is_taken(office: &Exchange, words: &str) -> bool {
    let mut people = office.settings().extensions.iter();
    let named = people.find(|(_, person)| words == format!("rings {}", person.name));
    named.is_some_and(|(extension, _)| office.lamp_state(extension) != LampState::Free)
}

/// Whether this was the moment, and it happened as was said.
fn is_kept(before: &Promise, now: Moment, cause: &Cause, call: &Parked, taken: bool) -> bool {
    let told = || format!("{before:?} at {now:?}, and now {:?}", call.phase);
    if *cause == Cause::Restarted {
        return false;
    }
    assert!(now <= before.due + ms(TICK_MS), "nothing happened: {}", told());
    let changed = call.attempt != before.attempt;
    if *cause != Cause::Woken || !changed || now + ms(TICK_MS) < before.due {
        return false;
    }
    let happened = match &call.phase {
        // Where nobody can be reached it is tried, and then it rests.
        Phase::Recalling { .. } | Phase::HandingOver { .. } => before.words.starts_with("rings "),
        Phase::Resting { .. } => {
            before.words.starts_with("rings ") || before.words.starts_with("rests")
        }
        // A group of whom nobody is free is left at once; two hunts may have
        // meant the same colleague at the same moment, and one has him.
        Phase::Waiting { .. } if taken => true,
        Phase::Waiting { .. } => {
            let group = ["rings group", "rings Sales"];
            before.words == "waits again" || group.iter().any(|it| before.words.starts_with(it))
        }
        Phase::Retrieving { .. } => true,
    };
    assert!(happened, "something else happened: {}", told());
    true
}
