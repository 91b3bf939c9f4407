//! A new call: who calls, whom, and the way there.

use crate::domain::caller::Caller;
use crate::domain::codes::Dialled;
use crate::domain::ids::{Extension, JourneyId};
use crate::domain::note::Note;
use crate::exchange::identity::CODECS;
use crate::exchange::leg::{Leg, Link, Party, Stage, Takes};
use crate::exchange::registrar::Binding;
use crate::exchange::report::Ending;
use crate::exchange::ring::Target;
use crate::exchange::ring_groups::Reach;
use crate::exchange::{Effect, Exchange, Report};
use crate::media::control::{PortToken, Source};
use crate::media::negotiation::{self, SdpVersion};
use crate::sip::dialog::{Dialog, DialogId};
use crate::sip::flow::Flow;
use crate::sip::sdp::Direction;
use crate::sip::transaction::ServerId;
use crate::sip::wire::{Name, Replaces, Request};

impl Exchange {
    pub(super) fn invite(&mut self, request: &Request, flow: Flow) {
        if request.headers.max_forwards() == Some(0) {
            return self.refuse(request, flow, 483, "Too Many Hops");
        }
        let (party, identity) = match self.trunk_of(request, flow) {
            Some(trunk) => {
                (Party::Trunk(trunk.name.clone()), self.trunk_identity(&request.headers))
            }
            None => {
                let Some(extension) = self.authenticate(request, flow) else { return };
                let identity = self.extension_identity(&extension);
                (Party::Extension(extension), identity)
            }
        };
        let offer = match sdp_of(request) {
            Ok(offer) => offer,
            Err(()) => {
                let response = request.response(415).with(Name::Accept, "application/sdp");
                return self.reply(request, flow, response);
            }
        };
        let urgent = matches!(party, Party::Extension(_)) && self.is_urgent(request);
        let too_many = self.state.legs.len() >= self.settings.limits.legs
            || self.state.transactions.open_from(&flow) >= self.settings.limits.open_per_host;
        if too_many && !urgent {
            let response = request.response(503).with(Name::RetryAfter, "5");
            return self.reply(request, flow, response);
        }
        let Some(port) = self.spend_port(urgent) else {
            let response = request.response(503).with(Name::RetryAfter, "5");
            return self.reply(request, flow, response);
        };
        let journey = self.admit_leg(request, flow, party, identity, offer, port);
        if !self.offer_is_possible(journey) {
            return self.refuse_leg(journey, 488, "No codec in common");
        }
        if request.headers.count(&Name::Replaces) > 0 {
            return self.take_over(journey, request.headers.replaces());
        }
        self.route(journey, request);
    }

    /// INVITE with Replaces (RFC 3891): a call moves to another device of the
    /// same extension. Nobody takes a colleague's call this way.
    fn take_over(&mut self, journey: JourneyId, replaces: Option<Replaces>) {
        let Some(replaces) = replaces else {
            return self.refuse_leg(journey, 400, "Replaces cannot be read");
        };
        let id = DialogId { call_id: replaces.call_id, local_tag: replaces.to_tag };
        let leg = self.state.dialogs.get(&id).and_then(|found| self.state.legs.get(found));
        let Some(leg) = leg else { return self.refuse_leg(journey, 481, "No such call") };
        let own = self.state.legs.get(&journey).and_then(|new| new.extension());
        if own.is_none() || leg.extension() != own {
            return self.refuse_leg(journey, 403, "Not your call");
        }
        let (Some(peer), old) = (leg.peer(), leg.journey) else {
            return self.refuse_leg(journey, 481, "No such call");
        };
        if leg.dialog.remote.tag() != Some(replaces.from_tag.as_str()) {
            return self.refuse_leg(journey, 481, "No such call");
        }
        let shown = self.caller_of(peer);
        if let Some(new) = self.state.legs.get_mut(&journey) {
            new.shown = shown;
        }
        if self.answer_leg(journey, self.codec_of(peer)) {
            self.link(journey, Link::Replaces(old));
        }
    }

    /// The other device is really there: the call moves to it.
    fn taken_over(&mut self, journey: JourneyId, old: JourneyId) {
        let Some(peer) = self.state.legs.get(&old).and_then(Leg::peer) else {
            return self.end_leg_as(journey, Ending::ByOtherSide);
        };
        self.link(old, Link::Alone);
        self.join(peer, journey);
        self.end_leg(old);
        self.tell_identity(journey);
    }

    fn admit_leg(
        &mut self,
        request: &Request,
        flow: Flow,
        party: Party,
        identity: Caller,
        offer: Option<String>,
        stream: PortToken,
    ) -> JourneyId {
        let server = self.state.transactions.accept(request, flow);
        let journey = JourneyId::draw(&mut self.state.chance);
        let remote_party_id = self.reads_remote_party_id(&party, request);
        let tag = self.state.chance.hex(16);
        self.state.transactions.will_be_tagged(server, &tag);
        let dialog = Dialog::from_request(request, &tag, self.our_contact(flow), flow);
        let leg = Leg {
            journey,
            party,
            was_called: false,
            identity: identity.clone(),
            note: Note::default(),
            remote_party_id,
            shown: Caller::default(),
            shown_note: Note::default(),
            put_off: 0,
            dialog,
            stage: Stage::Incoming { server, offer },
            link: Link::Alone,
            stream,
            address: self.our_address(flow),
            session: SdpVersion::new(self.state.chance.draw()),
            agreed: None,
            source: Source::Nothing,
            held_at: None,
            silent_since: None,
            takes: Takes::of(&request.headers),
            refreshing: None,
            started_at: self.now,
        };
        self.state.servers.insert(server, journey);
        self.adopt(leg);
        self.out.push(Effect::Report(Report::CallStarted { journey, caller: identity }));
        journey
    }

    /// Found out before anybody's phone rings for nothing.
    fn offer_is_possible(&self, journey: JourneyId) -> bool {
        let Some(leg) = self.state.legs.get(&journey) else { return false };
        let Stage::Incoming { offer: Some(offer), .. } = &leg.stage else { return true };
        let local = negotiation::Local {
            address: leg.address,
            port: leg.stream.port,
            codecs: &CODECS,
            prefer: None,
            direction: Direction::SendRecv,
        };
        negotiation::answer(offer, &local, &mut leg.session.clone()).is_ok()
    }

    fn route(&mut self, journey: JourneyId, request: &Request) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        let dialled = request.uri.user_decoded().unwrap_or_default();
        match leg.party.clone() {
            Party::Trunk(name) => self.route_from_trunk(journey, &name, request),
            // Before any code: a code may be the beginning of 112.
            Party::Extension(_) if self.emergency(&dialled).is_some() => {
                self.call_number(journey, &dialled);
            }
            Party::Extension(extension) => match self.settings.codes.understand(&dialled) {
                Dialled::Park(at) => self.dialled_park(journey, &extension, at),
                Dialled::GroupPark => self.dialled_group_park(journey, &extension),
                Dialled::Retrieve(at) => self.dialled_retrieve(journey, &extension, at),
                Dialled::RetrieveKey(at, key) => {
                    let which = crate::park::Which::Key { at, key };
                    self.retrieve(journey, &extension, which);
                }
                Dialled::PickUp(at) => self.dialled_pick_up(journey, &extension, at),
                Dialled::DoNotDisturb(on) => self.dialled_dnd(journey, &extension, on),
                Dialled::UnknownCode => self.refuse_leg(journey, 404, "No such code"),
                Dialled::Other(number) => self.call_number(journey, &number),
            },
        }
    }

    fn call_number(&mut self, journey: JourneyId, number: &str) {
        self.call_number_after(journey, number, 0);
    }

    /// `detours`: ring groups left unanswered before.
    pub(super) fn call_number_after(&mut self, journey: JourneyId, number: &str, detours: usize) {
        match self.reach(number, Some(journey)) {
            Ok(reach) => self.ring_for_call(journey, reach, detours),
            Err((status, reason)) => self.refuse_leg(journey, status, reason),
        }
    }

    /// Every device of an extension; when it calls itself, but the one it
    /// calls from. Others may share its address and port (a proxy, a NAT).
    pub(super) fn devices_of(
        &self,
        extension: &Extension,
        calling: Option<JourneyId>,
    ) -> Vec<Target> {
        let calling = calling.and_then(|journey| self.state.legs.get(&journey));
        let calling = calling.filter(|leg| leg.extension() == Some(extension));
        let devices = self.state.registrar.devices(extension).iter();
        let own = calling.and_then(|leg| {
            let named = devices.clone().find(|d| d.contact.equivalent(&leg.dialog.target));
            let from = leg.dialog.flow.remote;
            let is_there = |d: &&Binding| d.route().is_some_and(|flow| flow.remote == from);
            named.or_else(|| devices.clone().find(is_there))
        });
        devices
            .filter(|device| device.expires_at > self.now && own != Some(device))
            .filter_map(|device| Some((device, device.route()?)))
            .map(|(device, flow)| {
                let habits = self.habits_of(extension, device);
                Target {
                    party: Party::Extension(extension.clone()),
                    identity: self.extension_identity(extension),
                    uri: device.contact.clone(),
                    flow,
                    urgent: false,
                    otherwise: Vec::new(),
                    remote_party_id: habits.remote_party_id,
                    recall_ring: habits.recall_ring,
                }
            })
            .collect()
    }

    fn ring_for_call(&mut self, journey: JourneyId, reach: Reach, detours: usize) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        if detours == 0
            && let Some(server) = leg.incoming_server()
            && let Some(trying) = self.leg_response(journey, server, 100)
        {
            self.respond(server, &trying);
        }
        let Some(called) = self.identity_of(&reach) else { return };
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.shown = called;
        }
        self.ring_or_refuse(journey, reach, detours);
    }

    /// The caller gives up before an answer.
    pub(super) fn cancelled(&mut self, server: ServerId) {
        let Some(journey) = self.state.servers.get(&server).copied() else { return };
        let Some(leg) = self.state.legs.get(&journey) else { return };
        if leg.incoming_server() != Some(server) {
            return;
        }
        if let Some(response) = self.leg_response(journey, server, 487) {
            self.respond(server, &response);
        }
        self.bury(journey, Ending::ByItself);
    }

    /// The ACK of our 200: the far end is really there (product Q9).
    pub(super) fn acknowledged(&mut self, server: ServerId, request: &Request) {
        let Some(journey) = self.state.servers.remove(&server) else { return };
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        let Stage::Answered { our_offer, .. } = &leg.stage else {
            return self.reinvite_acknowledged(journey, server, request);
        };
        let our_offer = our_offer.clone();
        leg.stage = Stage::Up;
        if let Some(our_offer) = our_offer {
            match negotiation::accept_answer(&our_offer, &request.body) {
                Ok(agreed) => self.agree(journey, agreed),
                Err(_) => return self.end_leg_as(journey, Ending::NotAnswered),
            }
        }
        self.leg_is_up(journey);
    }

    fn leg_is_up(&mut self, journey: JourneyId) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        match leg.link.clone() {
            Link::Retrieves { journey: parked, attempt } => {
                self.retrieved(parked, attempt, journey);
            }
            Link::PicksUp(ring) => self.picked_up(journey, ring),
            Link::Replaces(old) => self.taken_over(journey, old),
            Link::With(peer) => {
                self.refresh_source(peer);
                // Whoever it is with may have changed while its 200 was on its way.
                self.tell_identity(journey);
            }
            Link::Alone
            | Link::Awaits(_)
            | Link::Parked
            | Link::Hears(_)
            | Link::Leaves
            | Link::HasParked => {}
        }
    }

    pub(super) fn not_acknowledged(&mut self, server: ServerId) {
        let Some(journey) = self.state.servers.remove(&server) else { return };
        self.end_leg_as(journey, Ending::Lost);
    }
}

/// The offer a request carries, if any. Err: its body is something else.
pub(super) fn sdp_of(request: &Request) -> Result<Option<String>, ()> {
    if request.body.is_empty() {
        return Ok(None);
    }
    match request.headers.content_type().as_deref() {
        Some("application/sdp") | None => {
            Ok(Some(String::from_utf8_lossy(&request.body).into_owned()))
        }
        Some(_) => Err(()),
    }
}
