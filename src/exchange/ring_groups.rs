//! Ring groups: several people behind one number, rung together or in turn;
//! and the way from a dialled number to whoever is to be rung.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::caller::Caller;
use crate::domain::ids::{Extension, JourneyId, RingGroup};
use crate::domain::park_table::LampState;
use crate::exchange::leg::{Link, RingId};
use crate::exchange::ring::{Purpose, Target, Why};
use crate::exchange::settings::{NoAnswer, RingGroupSettings, Strategy};
use crate::exchange::{Due, Exchange};
use crate::park::Input;

/// Groups that point to each other when nobody answers are left after as many.
const DETOURS_MAX: usize = 8;

/// Who is meant by a number.
#[derive(Clone, Debug)]
pub(super) enum Reach {
    Devices(Vec<Target>),
    Group(RingGroup),
}

/// A ring that goes through a group, member by member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hunt {
    pub group: RingGroup,
    /// Whose turn is still to come.
    waiting: VecDeque<Extension>,
}

impl Exchange {
    /// Whom a number rings: a ring group, an extension, or somebody outside.
    /// `calling` is left out of his own extension's devices.
    pub(super) fn reach(
        &self,
        number: &str,
        calling: Option<JourneyId>,
    ) -> Result<Reach, (u16, &'static str)> {
        if let Some(emergency) = self.emergency(number) {
            let way_out = self.emergency_way_out(emergency);
            let target = way_out.ok_or((404, "There is no line to the outside"))?;
            return Ok(Reach::Devices(vec![target]));
        }
        let inside = Extension::parse(number).ok();
        if let Some(group) = inside.clone().map(RingGroup).filter(|g| self.ring_group(g).is_some())
        {
            return Ok(Reach::Group(group));
        }
        let Some(extension) = inside.filter(|e| self.settings.extensions.contains_key(e)) else {
            let target = self.outbound(number).ok_or((404, "Nobody has this number"))?;
            return Ok(Reach::Devices(vec![target]));
        };
        if self.state.do_not_disturb.contains(&extension) {
            return Err((486, "Do not disturb"));
        }
        let targets = self.devices_of(&extension, calling);
        if targets.is_empty() {
            return Err((480, "Not registered"));
        }
        Ok(Reach::Devices(targets))
    }

    /// What a caller's display says of whom he is calling.
    pub(super) fn identity_of(&self, reach: &Reach) -> Option<Caller> {
        match reach {
            Reach::Devices(targets) => targets.first().map(|target| target.identity.clone()),
            Reach::Group(group) => {
                let named = self.ring_group(group)?;
                Some(Caller::new(&named.name.to_string(), group.0.as_str()))
            }
        }
    }

    /// None: no port is free, or nobody of the group can be rung.
    pub(super) fn ring_reached(
        &mut self,
        reach: Reach,
        purpose: Purpose,
        caller: &Caller,
        alert: Option<&str>,
    ) -> Option<RingId> {
        match reach {
            Reach::Devices(targets) => self.ring(targets, purpose, caller, alert),
            Reach::Group(group) => self.ring_in_group(&group, purpose, caller, alert),
        }
    }

    pub(super) fn ring_group(&self, number: &RingGroup) -> Option<&RingGroupSettings> {
        self.settings.ring_groups.iter().find(|group| group.number == *number)
    }

    fn ring_in_group(
        &mut self,
        number: &RingGroup,
        purpose: Purpose,
        caller: &Caller,
        alert: Option<&str>,
    ) -> Option<RingId> {
        let group = self.ring_group(number)?.clone();
        let mut waiting = self.in_turn(&group);
        let targets = self.next_targets(&group, &mut waiting);
        if targets.is_empty() {
            return None;
        }
        let ring = self.ring(targets, purpose, caller, alert)?;
        if let Some(ring) = self.state.rings.get_mut(&ring) {
            ring.hunt = Some(Hunt { group: number.clone(), waiting });
        }
        self.state.due.set(Due::GiveUpRing(ring), self.now + group.ring_time);
        Some(ring)
    }

    /// The members who can be rung now, in the order in which they are.
    fn in_turn(&self, group: &RingGroupSettings) -> VecDeque<Extension> {
        let mut members = group.members.clone();
        match group.strategy {
            Strategy::All | Strategy::InOrder => {}
            Strategy::RoundRobin => {
                let last = self.state.last_rung.get(&group.number);
                let at = last.and_then(|last| members.iter().position(|m| m == last));
                let next = at.map_or(0, |at| at + 1);
                members.rotate_left(next % group.members.len().max(1));
            }
            Strategy::LongestIdle => {
                members.sort_by_key(|member| self.state.last_talk.get(member).copied());
            }
        }
        let free = |member: &Extension| self.lamp_state(member) == LampState::Free;
        members.into_iter().filter(free).collect()
    }

    fn next_targets(
        &mut self,
        group: &RingGroupSettings,
        waiting: &mut VecDeque<Extension>,
    ) -> Vec<Target> {
        if group.strategy == Strategy::All {
            return waiting.drain(..).flat_map(|member| self.devices_of(&member, None)).collect();
        }
        while let Some(member) = waiting.pop_front() {
            let targets = self.devices_of(&member, None);
            if !targets.is_empty() {
                self.state.last_rung.insert(group.number.clone(), member);
                return targets;
            }
        }
        Vec::new()
    }

    /// The next member's turn, if there is one: the ring goes on.
    pub(super) fn next_in_group(&mut self, id: RingId) -> bool {
        let Some(ring) = self.state.rings.get(&id) else { return false };
        let Some(Hunt { group, mut waiting }) = ring.hunt.clone() else { return false };
        let Some(group) = self.ring_group(&group).cloned() else { return false };
        // Meanwhile some have taken other calls.
        waiting.retain(|member| self.lamp_state(member) == LampState::Free);
        let targets = self.next_targets(&group, &mut waiting);
        if targets.is_empty() || self.free_ports(false) < targets.len() {
            return false;
        }
        self.cancel_branches(id, None, Why::Missed);
        if let Some(ring) = self.state.rings.get_mut(&id) {
            ring.hunt = Some(Hunt { group: group.number.clone(), waiting });
        }
        self.state.due.set(Due::GiveUpRing(id), self.now + group.ring_time);
        self.ring_more(id, targets);
        true
    }

    /// The group's routing has ended: what its settings say of that.
    pub(super) fn group_unanswered(&mut self, group: &RingGroup, purpose: Purpose, detours: usize) {
        let no_answer = self.ring_group(group).map(|group| group.no_answer.clone());
        let no_answer = no_answer.filter(|_| detours < DETOURS_MAX).unwrap_or(NoAnswer::HangUp);
        match (purpose, no_answer) {
            (Purpose::Call { caller }, NoAnswer::Number(number)) => {
                self.call_number_after(caller, number.as_str(), detours + 1);
            }
            (Purpose::Call { caller }, NoAnswer::Park) => self.park_unanswered(caller, group),
            (Purpose::Call { caller }, NoAnswer::HangUp) => {
                self.refuse_leg(caller, 480, "Nobody answers");
            }
            (Purpose::Recall { journey, attempt }, NoAnswer::Number(number)) => {
                let reach = self.reach(number.as_str(), None).ok();
                self.ring_for_recall(journey, attempt, reach, detours + 1);
            }
            // A parked caller is never hung up (product Q16).
            (Purpose::Recall { journey, attempt }, NoAnswer::Park | NoAnswer::HangUp) => {
                self.tell_lot(Input::ParkedAgain { journey, attempt });
            }
            (Purpose::Transfer { transferee, transferor, report }, _) => {
                let words = "Nobody answers";
                self.transfer_failed(transferee, &transferor, &report, 480, words);
            }
        }
    }

    /// Nobody of the group answered and its rule is to park: at its first
    /// member, as if he had.
    fn park_unanswered(&mut self, caller: JourneyId, group: &RingGroup) {
        let first = self.ring_group(group).and_then(|group| group.members.first().cloned());
        let Some(first) = first else { return self.refuse_leg(caller, 480, "Nobody answers") };
        if !self.answer_leg(caller, None) {
            return;
        }
        if self.park(caller, &first, first.clone()).is_err() {
            self.park_for_recall(caller, &first);
        }
    }

    /// What the ring of a recall will do next by itself, in words for people;
    /// `None`: it rings nobody.
    pub(super) fn hunting_next(&self, purpose: &Purpose) -> Option<(Duration, Option<String>)> {
        let (id, ring) = self.state.rings.iter().find(|(_, ring)| ring.purpose == *purpose)?;
        let at = self.state.due.get(&Due::GiveUpRing(*id))?;
        Some((at.since(self.now), ring.hunt.as_ref().map(|hunt| self.after(hunt))))
    }

    fn after(&self, hunt: &Hunt) -> String {
        // Whoever has taken another call meanwhile, or lost his connection, will
        // be passed over.
        let rings = |member: &&Extension| {
            self.lamp_state(member) == LampState::Free && !self.devices_of(member, None).is_empty()
        };
        if let Some(member) = hunt.waiting.iter().find(rings) {
            return format!("rings {}", self.person(member));
        }
        match self.ring_group(&hunt.group).map(|group| &group.no_answer) {
            Some(NoAnswer::Number(number)) => format!("rings {}", self.called(number.as_str())),
            Some(NoAnswer::Park | NoAnswer::HangUp) | None => "waits again".to_owned(),
        }
    }

    /// A number as people call it.
    pub(super) fn called(&self, number: &str) -> String {
        let Ok(inside) = Extension::parse(number) else { return number.to_owned() };
        let group = self.ring_group(&RingGroup(inside.clone()));
        match group {
            Some(group) if !group.name.is_empty() => group.name.to_string(),
            Some(_) => format!("group {inside}"),
            None => self.person(&inside),
        }
    }

    /// Rings whoever is reached for a leg that waits; refused if nobody is.
    pub(super) fn ring_or_refuse(&mut self, caller: JourneyId, reach: Reach, detours: usize) {
        let Some(leg) = self.state.legs.get(&caller) else { return };
        let identity = leg.identity.clone();
        let group = if let Reach::Group(group) = &reach { Some(group.clone()) } else { None };
        let purpose = Purpose::Call { caller };
        match self.ring_reached(reach, purpose.clone(), &identity, None) {
            Some(ring) => {
                if let Some(ring) = self.state.rings.get_mut(&ring) {
                    ring.detours = detours;
                }
                self.link(caller, Link::Awaits(ring));
            }
            None => match group {
                // Nobody of the group can be rung: its rule for that is the same.
                Some(group) => self.group_unanswered(&group, purpose, detours),
                None => self.refuse_leg(caller, 503, "No port is free"),
            },
        }
    }
}
