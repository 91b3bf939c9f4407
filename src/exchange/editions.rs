//! What has changed since a console was last told: a table of three thousand
//! calls is not written anew because one of them was fetched.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::domain::ids::{Extension, JourneyId};
use crate::domain::park_table::LampView;
use crate::exchange::Exchange;
use crate::exchange::ring::Purpose;
use crate::park::{Parked, Phase};

/// Calls that have left, remembered for consoles that were told before it.
const GONE_MAX: usize = 4_096;

/// Each state that consoles were told of has a number; every row and lamp
/// has that of the state in which it last became another.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Editions {
    edition: u64,
    rows: BTreeMap<u32, Row>,
    gone: VecDeque<(u64, u32)>,
    /// The newest edition whose departures are forgotten.
    forgotten: u64,
    lamps: BTreeMap<Extension, (LampView, u64)>,
    /// Of names and groups, which rows and tables quote.
    office: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Row {
    /// Whose key it is: it may have been given out anew meanwhile.
    journey: JourneyId,
    /// Of all that it shows, but for what a clock can tell.
    face: u64,
    edition: u64,
}

impl Editions {
    pub fn now(&self) -> u64 {
        self.edition
    }

    /// Whether the difference since then can still be told.
    pub fn reaches_back_to(&self, since: u64) -> bool {
        (self.forgotten..=self.edition).contains(&since)
    }

    pub fn is_newer(&self, key: u32, since: u64) -> bool {
        self.rows.get(&key).is_some_and(|row| row.edition > since)
    }

    pub fn gone_since(&self, since: u64) -> impl Iterator<Item = u32> {
        self.gone.iter().filter(move |(edition, _)| *edition > since).map(|(_, key)| *key)
    }

    pub fn lamps_since(&self, since: u64) -> impl Iterator<Item = &LampView> {
        let newer = self.lamps.values().filter(move |(_, edition)| *edition > since);
        newer.map(|(lamp, _)| lamp)
    }

    /// Compares with what was there; true when anything has changed.
    fn take_stock(&mut self, faces: &BTreeMap<u32, (JourneyId, u64)>, lamps: Vec<LampView>) {
        let next = self.edition + 1;
        let mut changed = false;
        let left: Vec<u32> =
            self.rows.keys().filter(|key| !faces.contains_key(key)).copied().collect();
        for key in left {
            self.rows.remove(&key);
            self.gone.push_back((next, key));
            changed = true;
        }
        for (key, (journey, face)) in faces {
            let known = self.rows.get(key);
            if known.is_some_and(|row| row.journey != *journey) {
                self.gone.push_back((next, *key));
            }
            if known.is_none_or(|row| (row.journey, row.face) != (*journey, *face)) {
                self.rows.insert(*key, Row { journey: *journey, face: *face, edition: next });
                changed = true;
            }
        }
        for lamp in lamps {
            let known = self.lamps.get(&lamp.extension);
            if known.is_none_or(|(known, _)| *known != lamp) {
                self.lamps.insert(lamp.extension.clone(), (lamp, next));
                changed = true;
            }
        }
        if changed {
            self.edition = next;
        }
        while self.gone.len() > GONE_MAX {
            self.forgotten = self.gone.pop_front().map_or(self.forgotten, |(edition, _)| edition);
        }
    }
}

impl Exchange {
    /// Before consoles are told: what is different from the last time.
    pub(super) fn take_stock(&mut self) {
        let office = self.office_face();
        let calls = self.state.lot.calls().iter();
        let faces = calls.map(|call| (call.key, (call.journey, self.face_of(call)))).collect();
        let lamps = self.lamps();
        let editions = &mut self.state.watchers.editions;
        if editions.office != office {
            // Names and groups stand in every row: all consoles begin anew.
            let edition = editions.edition + 1;
            *editions = Editions { edition, forgotten: edition, office, ..Editions::default() };
        }
        editions.take_stock(&faces, lamps);
    }

    fn face_of(&self, call: &Parked) -> u64 {
        let mut hasher = DefaultHasher::new();
        call.hash(&mut hasher);
        let leg = self.state.legs.get(&call.journey);
        leg.map(|leg| (&leg.identity, &leg.note)).hash(&mut hasher);
        if let Phase::HandingOver { .. } = call.phase {
            let Parked { journey, attempt, .. } = *call;
            let hunting = self.hunting_next(&Purpose::Recall { journey, attempt });
            hunting.map(|(left, what)| (self.now + left, what)).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn office_face(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (extension, settings) in &self.settings.extensions {
            (extension, &settings.name).hash(&mut hasher);
        }
        for group in &self.settings.groups {
            (&group.name, &group.members).hash(&mut hasher);
        }
        for group in &self.settings.ring_groups {
            (&group.number, &group.name).hash(&mut hasher);
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chance::Chance;

    #[test]
    fn a_key_given_to_another_call_between_two_tables_is_a_call_that_left_and_one_that_came() {
        let mut chance = Chance::from_seed(1);
        let [first, second, third] = [(); 3].map(|()| JourneyId::draw(&mut chance));
        let mut editions = Editions::default();
        editions.take_stock(&BTreeMap::from([(7, (first, 1)), (8, (second, 1))]), Vec::new());
        let known = editions.now();
        editions.take_stock(&BTreeMap::from([(7, (third, 1)), (8, (second, 2))]), Vec::new());
        assert_eq!(editions.gone_since(known).collect::<Vec<_>>(), [7]);
        assert!(editions.is_newer(7, known) && editions.is_newer(8, known));
        assert_eq!(editions.gone_since(editions.now()).count(), 0);
    }
}
