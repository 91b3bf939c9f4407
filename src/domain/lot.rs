//! Where the office's parked calls are: in our own server's lot, or in that
//! of another make of server, which has its own numbers for parking.

use serde::{Deserialize, Serialize};

use crate::domain::ids::Extension;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lot {
    /// Feature codes, and a table of who waits where.
    #[default]
    Ours,
    Elsewhere(Elsewhere),
}

/// How another server's lot is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// Places with a number and a lamp each, in their order.
    pub slots: Vec<Extension>,
    /// Transferred to, the server chooses the place.
    pub park: Option<String>,
    /// Transferred to, the call waits at that very place.
    pub park_at: Option<Pattern>,
    /// `None`: as `park`.
    pub group_park: Option<String>,
    pub retrieve: Pattern,
    /// Fetches whoever waits for me; `None`: a slot has to be dialled.
    pub retrieve_mine: Option<String>,
    /// What a slot's lamp is subscribed to as.
    pub watch: Option<Pattern>,
}

/// A number with a slot's in it: `park+{slot}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

/// Stands for the slot's number.
pub const SLOT: &str = "{slot}";

/// Where to send a call so that it is parked, and where it is then: `None`,
/// the server chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub number: String,
    pub place: Option<Extension>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWay {
    /// Sent there, the call would be connected with whoever waits: a stranger.
    #[error("somebody is parked at {0} already")]
    Taken(Extension),
    #[error("somebody is parked at every slot")]
    AllTaken,
    #[error("{0} is none of this phone system's slots")]
    NoSlot(Extension),
    #[error("this phone system chooses the slot itself: park without a number")]
    ServerChooses,
}

impl Pattern {
    /// None when the slot's number is not in it exactly once.
    pub fn parse(text: &str) -> Option<Self> {
        (text.matches(SLOT).count() == 1).then(|| Self(text.to_owned()))
    }

    pub fn of(&self, slot: &Extension) -> String {
        self.0.replace(SLOT, slot.as_str())
    }
}

impl TryFrom<String> for Pattern {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a pattern has {slot} in it once")
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

impl Elsewhere {
    /// Asterisk's `res_parking` as it comes: 700 parks, the slot's number fetches.
    pub fn asterisk() -> Self {
        Self {
            slots: slots(701..=720),
            park: Some("700".to_owned()),
            park_at: None,
            watch: Pattern::parse(SLOT),
            ..Self::by_slot()
        }
    }

    /// FreeSWITCH's valet parking as it comes: 6000 parks, a slot's number
    /// parks and fetches.
    pub fn freeswitch() -> Self {
        Self {
            slots: slots(6001..=6020),
            park: Some("6000".to_owned()),
            park_at: Pattern::parse(SLOT),
            watch: Pattern::parse("park+{slot}"),
            ..Self::by_slot()
        }
    }

    /// The codes of hosted systems of the BroadWorks kind, which are ours too.
    pub fn other() -> Self {
        Self {
            park: Some("*68".to_owned()),
            park_at: Pattern::parse("*68{slot}"),
            group_park: Some("*58".to_owned()),
            retrieve: Pattern("*88{slot}".to_owned()),
            retrieve_mine: Some("*88".to_owned()),
            ..Self::by_slot()
        }
    }

    fn by_slot() -> Self {
        Self {
            slots: Vec::new(),
            park: None,
            park_at: None,
            group_park: None,
            retrieve: Pattern(SLOT.to_owned()),
            retrieve_mine: None,
            watch: None,
        }
    }

    /// `taken` as far as the lamps tell.
    ///
    /// # Errors
    /// No such slot, or nobody may be parked there now.
    pub fn way_to(
        &self,
        at: Option<&Extension>,
        taken: impl Fn(&Extension) -> bool,
    ) -> Result<Way, NoWay> {
        match (at, &self.park, &self.park_at) {
            (None, Some(park), _) => Ok(Way { number: park.clone(), place: None }),
            (None, None, Some(park_at)) => {
                let free = self.slots.iter().find(|slot| !taken(slot)).ok_or(NoWay::AllTaken)?;
                Ok(Way { number: park_at.of(free), place: Some(free.clone()) })
            }
            (Some(at), _, Some(park_at)) => {
                if !self.slots.is_empty() && !self.slots.contains(at) {
                    return Err(NoWay::NoSlot(at.clone()));
                }
                if taken(at) {
                    return Err(NoWay::Taken(at.clone()));
                }
                Ok(Way { number: park_at.of(at), place: Some(at.clone()) })
            }
            (_, _, None) => Err(NoWay::ServerChooses),
        }
    }

    /// # Errors
    /// As [`Elsewhere::way_to`].
    pub fn way_to_group(&self, taken: impl Fn(&Extension) -> bool) -> Result<Way, NoWay> {
        match &self.group_park {
            Some(number) => Ok(Way { number: number.clone(), place: None }),
            None => self.way_to(None, taken),
        }
    }

    /// Whether this is a number of the lot's and nobody's own.
    pub fn is_code(&self, dialled: &str) -> bool {
        let fixed = [&self.park, &self.group_park, &self.retrieve_mine];
        let patterns = [self.park_at.as_ref(), self.watch.as_ref(), Some(&self.retrieve)];
        let of_slot = |slot: &Extension| {
            let is_it = |pattern: &&Pattern| pattern.of(slot) == dialled;
            slot.as_str() == dialled || patterns.iter().flatten().any(is_it)
        };
        fixed.into_iter().flatten().any(|code| code == dialled) || self.slots.iter().any(of_slot)
    }
}

fn slots(numbers: core::ops::RangeInclusive<u32>) -> Vec<Extension> {
    numbers.filter_map(|number| Extension::parse(&number.to_string()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ext(text: &str) -> Extension {
        Extension::parse(text).unwrap()
    }

    fn way(number: &str, place: Option<&str>) -> Result<Way, NoWay> {
        Ok(Way { number: number.to_owned(), place: place.map(ext) })
    }

    #[test]
    fn asterisk_chooses_the_slot_itself() {
        let lot = Elsewhere::asterisk();
        assert_eq!(lot.way_to(None, |_| false), way("700", None));
        assert_eq!(lot.way_to_group(|_| false), way("700", None));
        assert_eq!(lot.way_to(Some(&ext("705")), |_| false), Err(NoWay::ServerChooses));
        assert_eq!(lot.retrieve.of(&ext("705")), "705");
    }

    #[test]
    fn where_a_slot_must_be_named_a_free_one_is_and_never_a_taken_one() {
        let lot = Elsewhere { park: None, ..Elsewhere::freeswitch() };
        let first = ext("6001");
        assert_eq!(lot.way_to(None, |slot| *slot == first), way("6002", Some("6002")));
        assert_eq!(lot.way_to(None, |_| true), Err(NoWay::AllTaken));
        let taken = Err(NoWay::Taken(first.clone()));
        assert_eq!(lot.way_to(Some(&first), |slot| *slot == first), taken);
        assert_eq!(lot.way_to(Some(&ext("105")), |_| false), Err(NoWay::NoSlot(ext("105"))));
    }

    #[test]
    fn the_lots_numbers_are_nobodys_own() {
        let lot = Elsewhere::freeswitch();
        for code in ["6000", "6001", "park+6020"] {
            assert!(lot.is_code(code), "{code}");
        }
        for number in ["101", "park+101", "6021", ""] {
            assert!(!lot.is_code(number), "{number}");
        }
    }
}
