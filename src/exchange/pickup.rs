//! Picking up a call that rings with somebody else.

use crate::domain::ids::{Extension, JourneyId, RingGroup};
use crate::exchange::Exchange;
use crate::exchange::leg::{Link, RingId, Stage};
use crate::exchange::ring::{Ring, Why};

impl Exchange {
    /// The call goes on ringing until the picker's own ACK has come: whoever
    /// is first then has it, and a phone that dies meanwhile takes nothing.
    pub(super) fn dialled_pick_up(
        &mut self,
        journey: JourneyId,
        by: &Extension,
        at: Option<Extension>,
    ) {
        let found = match &at {
            Some(at) => self.oldest_ring(by, |ring| self.rings_at(ring, at)),
            None => self.oldest_ring(by, |ring| self.concerns(ring, by)),
        };
        let Some((ring, waits)) = found else {
            let words = self.why_nothing_to_pick_up(by, at.as_ref());
            return self.refuse_leg(journey, 404, &words);
        };
        let shown = self.caller_of(waits);
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.link = Link::PicksUp(ring);
            leg.shown = shown;
        }
        self.answer_leg(journey, self.codec_of(waits));
    }

    /// He is really there.
    pub(super) fn picked_up(&mut self, journey: JourneyId, ring: RingId) {
        match self.end_ring(ring, None, Why::Taken) {
            Some(won) => {
                self.won(won.purpose, journey, self.codec_of(journey));
                self.tell_identity(journey);
            }
            // Somebody was quicker, or the caller has gone.
            None => self.end_leg(journey),
        }
    }

    fn oldest_ring(
        &self,
        by: &Extension,
        wanted: impl Fn(&Ring) -> bool,
    ) -> Option<(RingId, JourneyId)> {
        let rings = self.state.rings.iter();
        let mut rings = rings.map(|(id, ring)| (*id, ring, ring.purpose.on_behalf_of()));
        let found = rings.find(|(_, ring, waits)| !self.is_of(*waits, by) && wanted(ring));
        found.map(|(id, _, waits)| (id, waits))
    }

    /// Nobody picks up the call that he himself makes.
    fn is_of(&self, journey: JourneyId, extension: &Extension) -> bool {
        self.state.legs.get(&journey).is_some_and(|leg| leg.extension() == Some(extension))
    }

    fn rings_at(&self, ring: &Ring, at: &Extension) -> bool {
        let group = ring.hunt.as_ref().is_some_and(|hunt| hunt.group.0 == *at);
        group || self.ringing_with(ring).any(|extension| extension == at)
    }

    /// It rings with somebody of his call park group, or in a ring group of his.
    fn concerns(&self, ring: &Ring, by: &Extension) -> bool {
        let colleagues = self.settings.group_of(by).map_or(&[][..], |g| g.members.as_slice());
        let group = ring.hunt.as_ref().and_then(|hunt| self.ring_group(&hunt.group));
        group.is_some_and(|group| group.members.contains(by))
            || self.ringing_with(ring).any(|with| with == by || colleagues.contains(with))
    }

    fn ringing_with(&self, ring: &Ring) -> impl Iterator<Item = &Extension> {
        let legs = ring.branches.iter().filter_map(|branch| self.state.legs.get(branch));
        let ringing = legs.filter(|leg| matches!(leg.stage, Stage::Ringing { .. }));
        ringing.filter_map(|leg| leg.extension())
    }

    fn why_nothing_to_pick_up(&self, by: &Extension, at: Option<&Extension>) -> String {
        match at {
            Some(at) if self.settings.extensions.contains_key(at) => {
                format!("No call rings at extension {at}")
            }
            Some(at) if self.ring_group(&RingGroup(at.clone())).is_some() => {
                format!("No call rings in group {at}")
            }
            Some(at) => format!("No extension {at}"),
            None => match self.settings.group_of(by) {
                Some(group) => format!("No call rings in {}", group.name),
                None => "No call rings in a group of yours".to_owned(),
            },
        }
    }
}
