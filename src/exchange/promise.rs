//! The promise clock (product M5): what happens to a parked call next, and
//! when, read from what will make it happen.

use crate::domain::park_table::Next;
use crate::domain::recall::{Destination, RecallPolicy};
use crate::exchange::Exchange;
use crate::exchange::notify::milliseconds;
use crate::exchange::ring::Purpose;
use crate::park::{Parked, Phase};

impl Exchange {
    pub(super) fn next_step(&self, parked: &Parked) -> Next {
        let left = parked.wakeup().at.since(self.now);
        let Parked { journey, attempt, .. } = *parked;
        // A group or number is rung by rules of its own, which run out first.
        let hunting = self.hunting_next(&Purpose::Recall { journey, attempt });
        match hunting {
            Some((at, what)) if matches!(parked.phase, Phase::HandingOver { .. }) => {
                let what = what.unwrap_or_else(|| self.what_follows(parked));
                Next { in_ms: milliseconds(at.min(left)), what }
            }
            _ => Next { in_ms: milliseconds(left), what: self.what_follows(parked) },
        }
    }

    fn what_follows(&self, parked: &Parked) -> String {
        match parked.following(parked.wakeup().at) {
            Phase::Recalling { .. } => {
                let first = self.person(&parked.parking_user);
                match &parked.recall.policy {
                    RecallPolicy::ParkingUserThenRingGroup { group, .. } => {
                        format!("rings {first}, then {}", self.called(group.0.as_str()))
                    }
                    _ => format!("rings {first}"),
                }
            }
            Phase::HandingOver { to: Destination::RingGroup(group), .. } => {
                format!("rings {}", self.called(group.0.as_str()))
            }
            Phase::HandingOver { to: Destination::Number(number), .. } => {
                format!("rings {}", self.called(number.as_str()))
            }
            Phase::Resting { .. } => "rests, then rings again".to_owned(),
            Phase::Waiting { .. } | Phase::Retrieving { .. } => "waits again".to_owned(),
        }
    }
}
