//! The lot at a glance: which call comes first where, from one walk over it.
//! For those who ask on behalf of many.

use std::collections::BTreeMap;

use crate::domain::caller_name::CallerName;
use crate::domain::ids::Extension;
use crate::park::{Lot, Parked};

/// Answers as [`Lot::find`] would, without another walk.
pub struct Board<'a> {
    at: BTreeMap<&'a Extension, First<'a>>,
    of_group: BTreeMap<&'a CallerName, First<'a>>,
}

#[derive(Clone, Copy)]
struct First<'a> {
    oldest: &'a Parked,
    /// That nobody is retrieving.
    free: Option<&'a Parked>,
}

impl<'a> First<'a> {
    fn of(call: &'a Parked) -> Self {
        Self { oldest: call, free: None }.or(call)
    }

    fn or(self, call: &'a Parked) -> Self {
        let free = self.free.or(Some(call).filter(|call| call.retriever().is_none()));
        Self { free, ..self }
    }

    fn best(&self) -> &'a Parked {
        self.free.unwrap_or(self.oldest)
    }
}

impl Lot {
    pub fn board(&self) -> Board<'_> {
        let mut board = Board { at: BTreeMap::new(), of_group: BTreeMap::new() };
        for call in self.calls() {
            let first = |first: &mut First<'_>| first.free.is_none();
            let at = board.at.entry(&call.at).or_insert(First::of(call));
            if first(at) {
                *at = at.or(call);
            }
            if let Some(group) = &call.group {
                let of_group = board.of_group.entry(&group.name).or_insert(First::of(call));
                if first(of_group) {
                    *of_group = of_group.or(call);
                }
            }
        }
        board
    }
}

impl<'a> Board<'a> {
    pub fn oldest_at(&self, at: &Extension) -> Option<&'a Parked> {
        self.at.get(at).map(First::best)
    }

    pub fn of_group(&self, group: &CallerName) -> Option<&'a Parked> {
        self.of_group.get(group).map(First::best)
    }

    /// As [`crate::park::Which::Mine`].
    pub fn mine(&self, me: &Extension, group: Option<&CallerName>) -> Option<&'a Parked> {
        let own = self.at.get(me);
        let free = own.and_then(|own| own.free);
        free.or_else(|| self.of_group(group?)).or(own.map(First::best))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chance::Chance;
    use crate::domain::ids::JourneyId;
    use crate::domain::recall::Recall;
    use crate::domain::time::Moment;
    use crate::park::{GroupPark, Input, ParkRequest, Which};

    fn ext(number: u64) -> Extension {
        Extension::parse(&(101 + number).to_string()).unwrap()
    }

    fn some_request(chance: &mut Chance) -> ParkRequest {
        let name = CallerName::clean(["Front desk", "Sales"][chance.below(2) as usize]);
        let recall = Recall::default();
        ParkRequest {
            journey: JourneyId::draw(chance),
            at: ext(chance.below(3)),
            parking_user: ext(0),
            recall_in: recall.after,
            recall,
            group: (chance.below(2) == 0).then(|| GroupPark { name, why: String::new() }),
            calls_max: 99,
        }
    }

    #[test]
    fn the_board_names_the_calls_that_the_lot_would_find() {
        let mut chance = Chance::from_seed(1);
        for _ in 0..200 {
            let mut lot = Lot::default();
            for _ in 0..chance.below(8) {
                let park = Input::Park(some_request(&mut chance));
                let _ = lot.handle(park, Moment::START).unwrap();
            }
            for call in lot.calls().to_vec() {
                if chance.below(2) == 0 {
                    let which = Which::Journey(call.journey);
                    let retrieve = Input::Retrieve { which, by: ext(2) };
                    let _ = lot.handle(retrieve, Moment::START).unwrap();
                }
            }
            let board = lot.board();
            for me in (0..3).map(ext) {
                assert_eq!(board.oldest_at(&me), lot.find(&Which::OldestAt(me.clone())).ok());
                for group in [None, Some("Front desk"), Some("Sales")] {
                    let group = group.map(CallerName::clean);
                    let mine = board.mine(&me, group.as_ref());
                    assert_eq!(mine, lot.find(&Which::Mine { me: me.clone(), group }).ok());
                }
            }
        }
    }
}
