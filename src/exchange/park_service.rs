//! The park service: codes and transfers become requests to the lot, and
//! what the lot wants done is done to legs.

use std::time::Duration;

use crate::domain::caller::Caller;
use crate::domain::caller_name::CallerName;
use crate::domain::codes::Dialled;
use crate::domain::effects::Effects;
use crate::domain::ids::{Extension, JourneyId, Number};
use crate::domain::recall::Destination;
use crate::exchange::answer::sip_status;
use crate::exchange::leg::{Link, Stage};
use crate::exchange::report::Ending;
use crate::exchange::ring::{Purpose, Why};
use crate::exchange::ring_groups::Reach;
use crate::exchange::{Effect, Exchange, Report};
use crate::media::control::Tone;
use crate::park::{
    self, Attempt, GroupPark, Input, Member, ParkRequest, Phase, Refusal, Which, hunt,
};

/// How long the confirming tone is heard before the leg ends.
const CONFIRM: Duration = Duration::from_millis(1500);
/// Understood by most phones as "a recall" (protocol of Bellcore and RFC 7462).
const ALERT_RECALL: &str = "<http://127.0.0.1/Bellcore-dr3>;info=alert-recall";

type Answer = Result<(), (u16, String)>;

impl Exchange {
    // Parking.

    /// Parks a leg's far end at `at`; refused, nothing has changed.
    pub(super) fn park(&mut self, parked: JourneyId, by: &Extension, at: Extension) -> Answer {
        if !self.settings.extensions.contains_key(&at) {
            return Err((404, format!("No extension {at}")));
        }
        let (recall, parking_user) = (self.settings.recall_of(by), by.clone());
        let calls_max = self.settings.parked_per_extension_max;
        let recall_in = recall.after;
        let request = ParkRequest {
            journey: parked,
            at,
            parking_user,
            recall,
            recall_in,
            group: None,
            calls_max,
        };
        self.park_as(request).map_err(in_sip)
    }

    /// Hunts the parker's group; a user in no group parks with himself (product Q4).
    pub(super) fn group_park(&mut self, parked: JourneyId, by: &Extension) -> Answer {
        let Some(group) = self.settings.group_of(by) else {
            return self.park(parked, by, by.clone());
        };
        let name = group.name.clone();
        let recall = group.recall.clone();
        let members: Vec<Member> = group.members.iter().map(|m| self.member(m)).collect();
        let Some(found) = hunt(&members, by) else {
            return Err((486, format!("Every place of {name} is full")));
        };
        let calls_max = self.settings.parked_per_extension_max;
        let request = ParkRequest {
            journey: parked,
            at: found.at,
            parking_user: by.clone(),
            recall_in: recall.after,
            recall,
            group: Some(GroupPark { name, why: found.why }),
            calls_max,
        };
        self.park_as(request).map_err(in_sip)
    }

    fn member(&self, extension: &Extension) -> Member {
        let parked = self.state.lot.at(extension).count();
        Member {
            extension: extension.clone(),
            name: self.settings.name_of(extension).to_string(),
            registered: self.state.registrar.is_registered(extension),
            do_not_disturb: self.state.do_not_disturb.contains(extension),
            busy: self.is_busy(extension),
            parked,
            full: parked >= self.settings.parked_per_extension_max,
        }
    }

    /// A device of it rings or is in a call.
    pub(super) fn is_busy(&self, extension: &Extension) -> bool {
        self.legs().any(|leg| leg.extension() == Some(extension) && !leg.is_leaving())
    }

    pub(super) fn park_as(&mut self, request: ParkRequest) -> Result<(), Refusal> {
        let ParkRequest { journey, at, parking_user, .. } = request.clone();
        let effects = self.state.lot.handle(Input::Park(request), self.now)?;
        self.carry_out_lot(effects);
        let caller = self.caller_of(journey);
        self.out.push(Effect::Report(Report::CallParked { journey, caller, at, parking_user }));
        self.state.watchers.lamp_changed();
        Ok(())
    }

    // The codes, dialled.

    /// With a call held the code parks it (P2, product Q11); with none it
    /// fetches what is there (product Q12).
    pub(super) fn dialled_park(
        &mut self,
        journey: JourneyId,
        by: &Extension,
        at: Option<Extension>,
    ) {
        let at = at.unwrap_or_else(|| by.clone());
        match self.held_by_device_of(journey) {
            Some(held) => {
                self.park_held(journey, held, |exchange, parked, by| exchange.park(parked, by, at))
            }
            None => self.retrieve(journey, by, Which::OldestAt(at)),
        }
    }

    pub(super) fn dialled_group_park(&mut self, journey: JourneyId, _by: &Extension) {
        match self.held_by_device_of(journey) {
            Some(held) => self
                .park_held(journey, held, |exchange, parked, by| exchange.group_park(parked, by)),
            None => self.refuse_leg(journey, 404, "No call on hold to park"),
        }
    }

    /// The latest call this very device holds: never another device's.
    fn held_by_device_of(&self, journey: JourneyId) -> Option<JourneyId> {
        let calling = self.state.legs.get(&journey)?;
        let held = self.legs().filter(|leg| {
            leg.journey != journey
                && leg.party == calling.party
                && leg.dialog.flow.remote == calling.dialog.flow.remote
                && leg.peer().is_some()
        });
        held.filter_map(|leg| Some((leg.held_at?, leg.journey))).max().map(|(_, leg)| leg)
    }

    fn park_held(
        &mut self,
        journey: JourneyId,
        held: JourneyId,
        park: impl FnOnce(&mut Self, JourneyId, &Extension) -> Answer,
    ) {
        let Some(leg) = self.state.legs.get(&held) else { return };
        let (Some(parked), Some(by)) = (leg.peer(), leg.extension().cloned()) else { return };
        if !self.state.legs.get(&parked).is_some_and(|leg| leg.has_media()) {
            return self.refuse_leg(journey, 403, "That call is not answered yet");
        }
        if let Err((status, reason)) = park(self, parked, &by) {
            return self.refuse_leg(journey, status, &reason);
        }
        self.take_note_of_code(parked, journey);
        let shown = self.caller_of(parked);
        self.confirm(journey, shown);
        self.link(held, Link::HasParked);
        self.end_leg(held);
    }

    /// Answers, plays the confirming tone, and ends the leg.
    fn confirm(&mut self, journey: JourneyId, shown: Caller) {
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.shown = shown;
        }
        if self.answer_leg(journey, None) {
            self.link(journey, Link::Hears(Tone::Confirm));
            self.end_leg_after(journey, CONFIRM);
        }
    }

    pub(super) fn dialled_dnd(&mut self, journey: JourneyId, by: &Extension, on: bool) {
        let changed = match on {
            true => self.state.do_not_disturb.insert(by.clone()),
            false => self.state.do_not_disturb.remove(by),
        };
        if changed {
            self.state.watchers.lamp_changed();
            let extension = by.clone();
            self.out.push(Effect::Report(Report::DoNotDisturb { extension, on }));
        }
        let words = if on { "Do not disturb: on" } else { "Do not disturb: off" };
        self.confirm(journey, Caller::new(words, by.as_str()));
    }

    // Retrieving.

    pub(super) fn dialled_retrieve(
        &mut self,
        journey: JourneyId,
        by: &Extension,
        at: Option<Extension>,
    ) {
        match self.which_at(at, by) {
            Ok(which) => self.retrieve(journey, by, which),
            Err(reason) => self.refuse_leg(journey, 404, &reason),
        }
    }

    fn which_at(&self, at: Option<Extension>, by: &Extension) -> Result<Which, String> {
        match at {
            // Who is parked where nobody is any more is not forgotten there.
            Some(at)
                if !self.settings.extensions.contains_key(&at)
                    && self.state.lot.at(&at).next().is_none() =>
            {
                Err(format!("No extension {at}"))
            }
            Some(at) => Ok(Which::OldestAt(at)),
            None => {
                let group = self.settings.group_of(by).map(|group| group.name.clone());
                Ok(Which::Mine { me: by.clone(), group })
            }
        }
    }

    /// The call that a retrieve code stands for. None: it is none.
    pub(super) fn which_dialled(
        &self,
        dialled: &str,
        by: &Extension,
    ) -> Option<Result<Which, String>> {
        match self.settings.codes.understand(dialled) {
            Dialled::Retrieve(at) => Some(self.which_at(at, by)),
            Dialled::RetrieveKey(at, key) => Some(Ok(Which::Key { at, key })),
            _ => None,
        }
    }

    pub(super) fn retrieve(&mut self, journey: JourneyId, by: &Extension, which: Which) {
        let found = self.state.lot.find(&which).map(|parked| parked.journey);
        let retrieve = Input::Retrieve { which, by: by.clone() };
        let effects = found.and_then(|parked| {
            let effects = self.state.lot.handle(retrieve, self.now)?;
            Ok((parked, effects))
        });
        let (parked, effects) = match effects {
            Ok(found) => found,
            Err(refusal) => {
                let reason = refusal.to_string();
                return self.refuse_leg(journey, sip_status(&refusal), &reason);
            }
        };
        let attempt = self.state.lot.get(parked).map(|call| call.attempt).unwrap_or_default();
        let shown = self.caller_of(parked);
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.link = Link::Retrieves { journey: parked, attempt };
            leg.shown = shown;
        }
        self.carry_out_lot(effects);
        // Refused, the leg's end puts the call back.
        self.answer_leg(journey, self.codec_of(parked));
    }

    /// Somebody is really there: voices are joined (product Q9).
    pub(super) fn retrieved(&mut self, parked: JourneyId, attempt: Attempt, by: JourneyId) {
        let there = self.state.lot.get(parked).is_some_and(|call| call.attempt == attempt);
        if !there {
            return self.end_leg(by);
        }
        self.tell_lot(Input::Connected { journey: parked, attempt });
        self.join(parked, by);
        self.introduce(parked, by);
        let caller = self.caller_of(parked);
        let by = self.caller_of(by);
        let journey = parked;
        self.out.push(Effect::Report(Report::CallRetrieved { journey, caller, by }));
        self.state.watchers.lamp_changed();
    }

    // What the lot wants done.

    pub(super) fn tell_lot(&mut self, input: Input) {
        if let Ok(effects) = self.state.lot.handle(input, self.now) {
            self.carry_out_lot(effects);
        }
    }

    pub(super) fn carry_out_lot(&mut self, effects: Effects<park::Effect>) {
        for effect in effects {
            match effect {
                park::Effect::RingParkingUser { journey, attempt, parking_user, also } => {
                    self.recall(journey, attempt, &parking_user, also.as_ref());
                }
                park::Effect::HandOver { journey, attempt, to } => {
                    self.hand_over(journey, attempt, &to);
                }
                park::Effect::Connect { journey, attempt, .. } => {
                    self.connect_again(journey, attempt);
                }
                park::Effect::EndAttempt { journey, attempt } => {
                    self.end_attempt(journey, attempt);
                }
                park::Effect::PlayMusic { journey } => self.link(journey, Link::Parked),
                park::Effect::StopMusic { journey } => self.leave_lot(journey),
                park::Effect::Tell { at, group } => self.state.watchers.park_changed(at, group),
            }
        }
    }

    fn leave_lot(&mut self, journey: JourneyId) {
        if self.state.legs.get(&journey).is_some_and(|leg| leg.link == Link::Parked) {
            // The caller goes on to hear what he heard until he is joined.
            if let Some(leg) = self.state.legs.get_mut(&journey) {
                leg.link = Link::Alone;
            }
        }
    }

    fn recall(
        &mut self,
        journey: JourneyId,
        attempt: Attempt,
        parking_user: &Extension,
        also: Option<&Number>,
    ) {
        let devices = |reach| match reach {
            Ok(Reach::Devices(targets)) => targets,
            Ok(Reach::Group(_)) | Err(_) => Vec::new(),
        };
        let mut targets = devices(self.reach(parking_user.as_str(), None));
        targets.extend(also.into_iter().flat_map(|also| devices(self.reach(also.as_str(), None))));
        let reach = Some(Reach::Devices(targets));
        if self.ring_for_recall(journey, attempt, reach, 0) {
            let caller = self.caller_of(journey);
            let parking_user = parking_user.clone();
            self.out.push(Effect::Report(Report::CallRecalled { journey, caller, parking_user }));
        }
    }

    fn hand_over(&mut self, journey: JourneyId, attempt: Attempt, to: &Destination) {
        let reach = match to {
            Destination::RingGroup(group) => Ok(Reach::Group(group.clone())),
            Destination::Number(number) => self.reach(number.as_str(), None),
        };
        self.ring_for_recall(journey, attempt, reach.ok(), 0);
    }

    /// Nobody to ring, or no port: as unanswered (product Q8).
    pub(super) fn ring_for_recall(
        &mut self,
        journey: JourneyId,
        attempt: Attempt,
        reach: Option<Reach>,
        detours: usize,
    ) -> bool {
        // After a restart it is ringing still.
        if !self.recall_rings(journey, attempt).is_empty() {
            return false;
        }
        let caller = self.caller_of(journey);
        let words = Caller {
            name: CallerName::clean(&format!("Park recall: {caller}")),
            number: caller.number,
        };
        let purpose = Purpose::Recall { journey, attempt };
        let somebody =
            reach.filter(|r| !matches!(r, Reach::Devices(targets) if targets.is_empty()));
        let ring = somebody
            .and_then(|reach| self.ring_reached(reach, purpose, &words, Some(ALERT_RECALL)));
        match ring.and_then(|ring| self.state.rings.get_mut(&ring)) {
            Some(ring) => ring.detours = detours,
            None => self.tell_lot(Input::Failed { journey, attempt }),
        }
        ring.is_some()
    }

    /// After a restart: is whoever was retrieving it still there?
    fn connect_again(&mut self, journey: JourneyId, attempt: Attempt) {
        let wanted = Link::Retrieves { journey, attempt };
        let by_leg = self.legs().any(|leg| leg.link == wanted);
        let fresh = self.state.lot.get(journey).is_some_and(|call| call.attempt == attempt);
        if !by_leg && fresh {
            self.tell_lot(Input::Failed { journey, attempt });
        }
    }

    fn end_attempt(&mut self, journey: JourneyId, attempt: Attempt) {
        let phase = self.state.lot.get(journey).map(|call| &call.phase);
        let why = match phase {
            // A colleague fetches it, or somebody has put it back by a key.
            Some(Phase::Retrieving { .. } | Phase::Waiting { .. }) => Why::Taken,
            Some(_) | None => Why::Missed,
        };
        self.end_recall(journey, attempt, why);
        let wanted = Link::Retrieves { journey, attempt };
        let retriever = self.legs().find(|leg| leg.link == wanted).map(|leg| leg.journey);
        if let Some(retriever) = retriever {
            self.link(retriever, Link::Alone);
            self.give_up_retriever(retriever);
        }
    }

    /// The parked caller hung up while somebody was fetching him.
    fn give_up_retriever(&mut self, retriever: JourneyId) {
        match self.state.legs.get(&retriever).map(|leg| &leg.stage) {
            Some(Stage::Incoming { .. }) => {
                self.refuse_leg(retriever, 404, "That call is no longer parked");
            }
            Some(_) => self.end_leg_as(retriever, Ending::ByOtherSide),
            None => {}
        }
    }

    pub(super) fn caller_of(&self, journey: JourneyId) -> Caller {
        self.state.legs.get(&journey).map(|leg| leg.identity.clone()).unwrap_or_default()
    }
}

fn in_sip(refusal: Refusal) -> (u16, String) {
    (sip_status(&refusal), refusal.to_string())
}
