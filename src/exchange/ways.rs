//! One way to somebody leads nowhere: the next one's turn.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::ids::JourneyId;
use crate::exchange::leg::{RingId, Stage};
use crate::exchange::ring::{Target, Why};
use crate::exchange::{Due, Exchange};

/// What a branch of a ring may do yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ways {
    pub urgent: bool,
    pub otherwise: Vec<Target>,
}

/// A provider says "100 Trying" at once; one that says nothing for so long,
/// with another at hand, is left.
const SILENCE_MAX: Duration = Duration::from_secs(4);

impl Exchange {
    pub(super) fn keep_ways(&mut self, ring: RingId, journey: JourneyId, ways: Ways) {
        if ways.otherwise.is_empty() {
            return;
        }
        if let Some(ring) = self.state.rings.get_mut(&ring) {
            ring.ways.insert(journey, ways);
            self.state.due.set(Due::TryNextWay(journey), self.now + SILENCE_MAX);
        }
    }

    /// The branch was refused, and has ended. True: another has begun.
    pub(super) fn goes_another_way(
        &mut self,
        journey: JourneyId,
        ring: RingId,
        status: u16,
    ) -> bool {
        let Some(open) = self.state.rings.get_mut(&ring) else { return false };
        // Of one given up for its silence, another rings already.
        if !open.branches.contains(&journey) {
            return false;
        }
        let Some(ways) = open.ways.remove(&journey) else { return false };
        if !(ways.urgent || is_the_ways_fault(status)) {
            return false;
        }
        self.ring_next_way(journey, ring, ways)
    }

    /// Nothing has come from there at all.
    pub(super) fn try_next_way(&mut self, journey: JourneyId) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        let Stage::Ringing { client, ring, .. } = leg.stage else { return };
        let Some(open) = self.state.rings.get_mut(&ring) else { return };
        let Some(ways) = open.ways.remove(&journey) else { return };
        if self.ring_next_way(journey, ring, ways) {
            self.cancel_ringing(journey, client, Why::Missed);
        }
    }

    fn ring_next_way(&mut self, journey: JourneyId, ring: RingId, mut ways: Ways) -> bool {
        if ways.otherwise.is_empty() || self.free_ports(ways.urgent) == 0 {
            return false;
        }
        let mut next = ways.otherwise.remove(0);
        next.otherwise = ways.otherwise;
        let Some(open) = self.state.rings.get_mut(&ring) else { return false };
        open.branches.remove(&journey);
        self.ring_more(ring, vec![next]);
        true
    }
}

/// What is wrong with this provider, or with our account there; another may
/// put the call through.
fn is_the_ways_fault(status: u16) -> bool {
    matches!(status, 401 | 403 | 407 | 408 | 500..=599)
}
