//! Reaching somebody: several devices may ring, one answer wins.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::caller::Caller;
use crate::domain::codes::Dialled;
use crate::domain::ids::{Extension, JourneyId};
use crate::domain::note::Note;
use crate::exchange::leg::{Leg, Link, Party, RingId, Stage, Takes};
use crate::exchange::refer::ReferReport;
use crate::exchange::report::Ending;
use crate::exchange::ring_groups::Hunt;
use crate::exchange::ways::Ways;
use crate::exchange::{Due, Effect, Errand, Exchange, Report};
use crate::media::control::{Codec, Source};
use crate::media::negotiation::{self, SdpVersion};
use crate::park::Attempt;
use crate::sip::dialog::Dialog;
use crate::sip::flow::Flow;
use crate::sip::transaction::ClientId;
use crate::sip::wire::{Method, Name, NameAddr, Response, Uri};

/// Nobody is rung longer than this.
const RING_MAX: Duration = Duration::from_secs(120);

/// One device to be rung.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Target {
    pub party: Party,
    pub identity: Caller,
    pub uri: Uri,
    pub flow: Flow,
    /// Somebody calls for help: every way is tried, whatever the last one said.
    pub urgent: bool,
    /// Other ways there, in turn, when this one leads nowhere.
    pub otherwise: Vec<Target>,
    pub remote_party_id: bool,
    /// Its own words for a recall's ring (RFC 3261 §20.4); empty: none.
    #[serde(default)]
    pub recall_ring: Option<String>,
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    /// A call: this leg waits for the answer.
    Call { caller: JourneyId },
    /// A parked call looks for somebody.
    Recall { journey: JourneyId, attempt: Attempt },
    /// A blind transfer: this party was promised whoever answers.
    Transfer { transferee: JourneyId, transferor: Extension, report: ReferReport },
}

impl Purpose {
    /// Whoever will talk to the one that answers.
    pub fn on_behalf_of(&self) -> JourneyId {
        match self {
            Self::Call { caller } => *caller,
            Self::Recall { journey, .. } => *journey,
            Self::Transfer { transferee, .. } => *transferee,
        }
    }
}

/// Why a phone stops ringing, and so whether it lists a missed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Somebody has seen to the call.
    Taken,
    /// Nobody has.
    Missed,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ring {
    pub purpose: Purpose,
    pub branches: BTreeSet<JourneyId>,
    /// What a branch may do yet.
    pub ways: BTreeMap<JourneyId, Ways>,
    /// The best refusal so far, to be passed on when all have refused.
    refusal: Option<(u16, String)>,
    /// Whom the devices show.
    caller: Caller,
    alert: Option<String>,
    /// The ring group it goes through.
    pub hunt: Option<Hunt>,
    /// Groups left unanswered on the way here.
    pub detours: usize,
}

impl Exchange {
    /// Rings all of `targets`, showing them `caller`. None: no port is free.
    pub(super) fn ring(
        &mut self,
        targets: Vec<Target>,
        purpose: Purpose,
        caller: &Caller,
        alert: Option<&str>,
    ) -> Option<RingId> {
        let urgent = targets.iter().any(|target| target.urgent);
        if self.free_ports(urgent) < targets.len() {
            return None;
        }
        self.state.last_ring += 1;
        let id = RingId(self.state.last_ring);
        let ring = Ring {
            purpose,
            branches: BTreeSet::new(),
            ways: BTreeMap::new(),
            refusal: None,
            caller: caller.clone(),
            alert: alert.map(str::to_owned),
            hunt: None,
            detours: 0,
        };
        self.state.rings.insert(id, ring);
        self.state.due.set(Due::GiveUpRing(id), self.now + RING_MAX);
        self.ring_more(id, targets);
        Some(id)
    }

    pub(super) fn ring_more(&mut self, id: RingId, targets: Vec<Target>) {
        let Some(ring) = self.state.rings.get(&id) else { return };
        let (caller, alert) = (ring.caller.clone(), ring.alert.clone());
        for target in targets {
            self.ring_device(id, target, &caller, alert.as_deref());
        }
    }

    fn ring_device(&mut self, ring: RingId, target: Target, caller: &Caller, alert: Option<&str>) {
        let Some(stream) = self.spend_port(target.urgent) else { return };
        let chance = &mut self.state.chance;
        let journey = JourneyId::draw(chance);
        let (call_id, tag) = (chance.hex(32), chance.hex(16));
        let session = SdpVersion::new(chance.draw());
        let flow = target.flow;
        let alert = alert.map(|usual| target.recall_ring.unwrap_or(usual.to_owned()));
        let told = self.told_as(&target.party, caller);
        let local = told.clone().with_tag(&tag);
        let remote = NameAddr::new(None, target.uri.clone());
        let contact = self.our_contact(flow);
        let mut dialog = Dialog::outgoing(call_id, local, remote, target.uri, contact, flow);
        let invite = dialog.request(Method::Invite);
        let stage =
            Stage::Ringing { client: ClientId(0), our_offer: String::new(), ring, alerting: false };
        self.adopt(Leg {
            journey,
            party: target.party,
            was_called: true,
            identity: target.identity,
            note: Note::default(),
            remote_party_id: target.remote_party_id,
            shown: caller.clone(),
            shown_note: Note::default(),
            put_off: 0,
            dialog,
            stage,
            link: Link::Alone,
            stream,
            address: self.our_address(flow),
            session,
            agreed: None,
            source: Source::Nothing,
            held_at: None,
            silent_since: None,
            takes: Takes::Nothing,
            refreshing: None,
            started_at: self.now,
        });
        let our_offer = self.make_offer(journey, self.codec_wanted(ring));
        let mut invite = invite
            .with(Name::PAssertedIdentity, told.to_string())
            .with(Name::Allow, super::door::ALLOW)
            .with(Name::Supported, super::door::SUPPORTED);
        if let Some(caller) = self.remote_party_id(journey, caller) {
            invite = invite.with(Name::RemotePartyId, caller);
        }
        if let Some(note) = self.note_to_tell(journey, self.note_of_ring(ring)) {
            invite = invite.with(Name::Subject, note.to_string());
        }
        if let Some(alert) = alert.filter(|alert| !alert.is_empty()) {
            invite = invite.with(Name::AlertInfo, alert);
        }
        let invite = invite.body("application/sdp", our_offer.clone());
        let client = self.send_request(invite, flow, Errand::Leg(journey));
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.stage = Stage::Ringing { client, our_offer, ring, alerting: false };
        }
        if let Some(ring) = self.state.rings.get_mut(&ring) {
            ring.branches.insert(journey);
        }
        self.keep_ways(ring, journey, Ways { urgent: target.urgent, otherwise: target.otherwise });
    }

    /// What the other side speaks already, so that nothing need be converted.
    fn codec_wanted(&self, ring: RingId) -> Option<Codec> {
        self.codec_of(self.state.rings.get(&ring)?.purpose.on_behalf_of())
    }

    fn note_of_ring(&self, ring: RingId) -> Option<JourneyId> {
        self.state.rings.get(&ring).map(|ring| ring.purpose.on_behalf_of())
    }

    /// A response to an INVITE of ours that rings somebody.
    pub(super) fn ringing_response(&mut self, journey: JourneyId, response: &Response, flow: Flow) {
        self.state.due.clear(&Due::TryNextWay(journey));
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        let Stage::Ringing { client, our_offer, ring, .. } = leg.stage.clone() else { return };
        match response.status {
            100 => {}
            101..=199 => self.branch_alerts(journey, ring, response),
            200..=299 => {
                leg.dialog.answered(response, flow);
                leg.takes = Takes::of(&response.headers);
                self.acknowledge_answer(journey, client, response);
                self.branch_answered(journey, ring, &our_offer, response);
            }
            300..=399 => self.branch_redirected(journey, ring, response),
            _ => self.branch_refused(journey, ring, response.status, &response.reason),
        }
    }

    fn branch_alerts(&mut self, journey: JourneyId, ring: RingId, response: &Response) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        let Stage::Ringing { alerting, our_offer, .. } = &mut leg.stage else { return };
        let first = !std::mem::replace(alerting, true);
        let our_offer = our_offer.clone();
        let purpose = self.state.rings.get(&ring).map(|ring| ring.purpose.clone());
        self.state.watchers.lamp_changed();
        match purpose {
            Some(Purpose::Call { caller }) => {
                let early = !response.body.is_empty()
                    && self.early_media(journey, caller, &our_offer, response);
                if first && !early {
                    self.pass_on_provisional(caller, 180, None);
                }
            }
            Some(Purpose::Transfer { report, .. }) if first => {
                self.report_refer(&report, 180, "Ringing", false);
            }
            Some(Purpose::Transfer { .. } | Purpose::Recall { .. }) | None => {}
        }
    }

    /// The far end plays something before it answers; the caller hears it.
    fn early_media(
        &mut self,
        branch: JourneyId,
        caller: JourneyId,
        our_offer: &str,
        response: &Response,
    ) -> bool {
        let Ok(agreed) = negotiation::accept_answer(our_offer, &response.body) else {
            return false;
        };
        self.agree(branch, agreed);
        let Some(Leg { stage: Stage::Incoming { offer: Some(offer), .. }, .. }) =
            self.state.legs.get(&caller)
        else {
            return false;
        };
        let offer = offer.clone();
        let prefer = Some(agreed.codec);
        let Ok(answer) = self.answer_invite(caller, &offer, prefer) else {
            return false;
        };
        let stream = self.state.legs.get(&branch).map(|leg| leg.stream.stream);
        if let (Some(from), Some(leg)) = (stream, self.state.legs.get_mut(&caller)) {
            leg.source = Source::Stream(from);
            let play = crate::media::control::MediaCommand::Play {
                stream: leg.stream.stream,
                source: leg.source,
            };
            self.out.push(Effect::Media(play));
        }
        self.pass_on_provisional(caller, 183, Some(answer));
        true
    }

    fn pass_on_provisional(&mut self, caller: JourneyId, status: u16, sdp: Option<String>) {
        let Some(leg) = self.state.legs.get(&caller) else { return };
        let Some(server) = leg.incoming_server() else { return };
        let shown = leg.shown.clone();
        let Some(response) = self.leg_response(caller, server, status) else { return };
        let mut response = self.with_identity(caller, &shown, response);
        if let Some(sdp) = sdp {
            response = response.body("application/sdp", sdp);
        }
        self.respond(server, &response);
    }

    fn branch_answered(
        &mut self,
        journey: JourneyId,
        ring: RingId,
        our_offer: &str,
        response: &Response,
    ) {
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.stage = Stage::Up;
        }
        let wanted = self.state.rings.get(&ring).is_some_and(|r| r.branches.contains(&journey));
        let agreed = negotiation::accept_answer(our_offer, &response.body);
        let (true, Ok(agreed)) = (wanted, agreed) else {
            self.end_leg(journey); // Somebody else has it, or nothing can be heard.
            return self.branch_failed(journey, ring, 488, "No codec in common");
        };
        self.agree(journey, agreed);
        let Some(won) = self.end_ring(ring, Some(journey), Why::Taken) else { return };
        self.won(won.purpose, journey, Some(agreed.codec));
    }

    /// The ringing is over: this leg has the call.
    pub(super) fn won(&mut self, purpose: Purpose, journey: JourneyId, codec: Option<Codec>) {
        let by = self.state.legs.get(&journey).map(|leg| leg.identity.clone());
        let by = by.unwrap_or_default();
        match purpose {
            Purpose::Call { caller } => {
                self.out.push(Effect::Report(Report::CallAnswered { journey: caller, by }));
                self.call_answered(caller, journey, codec);
            }
            Purpose::Recall { journey: parked, attempt } => {
                self.retrieved(parked, attempt, journey);
            }
            Purpose::Transfer { transferee, report, .. } => {
                self.report_refer(&report, 200, "OK", true);
                self.join(transferee, journey);
                self.tell_identity(transferee);
                // Handed over while it rang, it shows the transferor still.
                self.tell_identity(journey);
                self.finish_transferor(&report);
            }
        }
        self.state.watchers.lamp_changed();
    }

    fn call_answered(&mut self, caller: JourneyId, callee: JourneyId, codec: Option<Codec>) {
        let answered = self.state.legs.get(&callee).map(|leg| leg.identity.clone());
        if let (Some(leg), Some(answered)) = (self.state.legs.get_mut(&caller), answered) {
            leg.shown = answered;
        }
        self.join(caller, callee);
        if !self.answer_leg(caller, codec) && self.state.legs.contains_key(&callee) {
            self.end_leg_as(callee, Ending::ByOtherSide);
        }
        self.refresh_source(callee);
        self.refresh_source(caller);
    }

    /// 302: to a park code it parks (docs/PROTOCOL.md, P3); otherwise the
    /// device does not want the call, and where it points to is not ours to
    /// call at the office's expense.
    fn branch_redirected(&mut self, journey: JourneyId, ring: RingId, response: &Response) {
        let to = response.headers.contact().map(|contact| contact.uri);
        let user = to.as_ref().and_then(Uri::user_decoded);
        let dialled = user.map(|user| self.settings.codes.understand(&user));
        let extension = self.state.legs.get(&journey).and_then(|l| l.extension().cloned());
        let purpose = self.state.rings.get(&ring).map(|ring| ring.purpose.clone());
        match (purpose, extension, dialled) {
            (Some(purpose), Some(by), Some(code @ (Dialled::Park(_) | Dialled::GroupPark))) => {
                self.forget_branch(journey);
                self.end_ring(ring, None, Why::Taken);
                let note = to.as_ref().and_then(|to| to.header("Subject"));
                self.take_note_with_code(purpose.on_behalf_of(), note.as_deref(), &by);
                self.park_instead(purpose, &by, code);
            }
            _ => self.branch_refused(journey, ring, 480, "Redirected"),
        }
    }

    fn branch_refused(&mut self, journey: JourneyId, ring: RingId, status: u16, reason: &str) {
        self.forget_branch(journey);
        if self.goes_another_way(journey, ring, status) {
            return;
        }
        self.branch_failed(journey, ring, status, reason);
    }

    /// The INVITE has its final answer: no CANCEL, no BYE.
    fn forget_branch(&mut self, journey: JourneyId) {
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.link = Link::Leaves;
        }
        self.bury(journey, Ending::NotAnswered);
    }

    fn branch_failed(&mut self, journey: JourneyId, ring: RingId, status: u16, reason: &str) {
        let Some(open) = self.state.rings.get_mut(&ring) else { return };
        open.branches.remove(&journey);
        let better = open.refusal.as_ref().is_none_or(|(best, _)| rank(status) > rank(*best));
        if better {
            open.refusal = Some((status, reason.to_owned()));
        }
        if open.branches.is_empty() {
            self.ring_refused(ring);
        }
    }

    /// All devices have refused, or nobody answers any more.
    fn ring_refused(&mut self, ring: RingId) {
        if self.next_in_group(ring) {
            return;
        }
        let Some(ended) = self.end_ring(ring, None, Why::Missed) else { return };
        if let Some(hunt) = ended.hunt {
            return self.group_unanswered(&hunt.group, ended.purpose, ended.detours);
        }
        let (status, reason) = ended.refusal.unwrap_or((480, "No answer".to_owned()));
        match ended.purpose {
            Purpose::Call { caller } => {
                // What a device says of itself is not what the caller did wrong.
                let status = if matches!(status, 401 | 403 | 407 | 408) { 480 } else { status };
                self.refuse_leg(caller, status, &reason);
            }
            Purpose::Recall { journey, attempt } => {
                self.tell_lot(crate::park::Input::Failed { journey, attempt });
            }
            Purpose::Transfer { transferee, transferor, report } => {
                self.transfer_failed(transferee, &transferor, &report, status, &reason);
            }
        }
    }

    pub(super) fn ring_unanswered(&mut self, ring: RingId) {
        self.ring_refused(ring);
    }

    /// Whoever waited for the answer is gone.
    pub(super) fn ring_bereft(&mut self, ring: RingId) {
        if let Some(Ring { purpose: Purpose::Transfer { report, .. }, .. }) =
            self.end_ring(ring, None, Why::Missed)
        {
            self.report_refer(&report, 487, "Caller hung up", true);
            self.finish_transferor(&report);
        }
    }

    /// Nobody rings any more, but for `winner`.
    pub(super) fn end_ring(
        &mut self,
        id: RingId,
        winner: Option<JourneyId>,
        why: Why,
    ) -> Option<Ring> {
        self.cancel_branches(id, winner, why);
        self.state.due.clear(&Due::GiveUpRing(id));
        self.state.rings.remove(&id)
    }

    pub(super) fn cancel_branches(&mut self, id: RingId, winner: Option<JourneyId>, why: Why) {
        let Some(ring) = self.state.rings.get_mut(&id) else { return };
        for branch in std::mem::take(&mut ring.branches) {
            let Some(leg) = self.state.legs.get(&branch) else { continue };
            if let (Stage::Ringing { client, .. }, true) = (&leg.stage, Some(branch) != winner) {
                self.cancel_ringing(branch, *client, why);
            }
        }
    }

    pub(super) fn end_recall(&mut self, journey: JourneyId, attempt: Attempt, why: Why) {
        for ring in self.recall_rings(journey, attempt) {
            drop(self.end_ring(ring, None, why));
        }
    }

    /// The ringing of this attempt: one, while it goes on.
    pub(super) fn recall_rings(&self, journey: JourneyId, attempt: Attempt) -> Vec<RingId> {
        let wanted = Purpose::Recall { journey, attempt };
        let rings = self.state.rings.iter().filter(|(_, ring)| ring.purpose == wanted);
        rings.map(|(id, _)| *id).collect()
    }

    /// The answer is for somebody else now.
    pub(super) fn repurpose(&mut self, ring: RingId, purpose: Purpose) {
        if let Some(ring) = self.state.rings.get_mut(&ring) {
            ring.purpose = purpose;
        }
    }

    /// The leg stays until the far end has confirmed: an answer may be on its way.
    pub(super) fn cancel_ringing(&mut self, journey: JourneyId, client: ClientId, why: Why) {
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.link = Link::Leaves;
        }
        self.state.watchers.lamp_changed();
        // So that the phone lists no missed call (RFC 3326).
        let reason =
            (why == Why::Taken).then_some("SIP;cause=200;text=\"Call completed elsewhere\"");
        let effects = self.state.transactions.cancel(client, reason, self.now);
        self.carry_out(effects);
    }

    /// An INVITE of ours got no final answer, or its peer cannot be reached.
    pub(super) fn ringing_timed_out(&mut self, journey: JourneyId) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        let Stage::Ringing { ring, .. } = leg.stage else { return };
        self.branch_refused(journey, ring, 408, "No answer from the phone");
    }
}

/// Which refusal tells most: a person's own word, then busy, then the rest.
fn rank(status: u16) -> u8 {
    match status {
        600..=699 => 4,
        486 => 3,
        480..=489 => 2,
        408 => 0,
        _ => 1,
    }
}
