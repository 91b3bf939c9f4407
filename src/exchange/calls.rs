//! Legs and the links between them: joined, parted, ended; and what each
//! hears, which follows from where it is linked.

use core::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::domain::caller::Caller;
use crate::domain::ids::JourneyId;
use crate::exchange::door::{ALLOW, SERVER, SUPPORTED};
use crate::exchange::identity::CODECS;
use crate::exchange::leg::{Leg, Link, Party, Stage};
use crate::exchange::report::Ending;
use crate::exchange::ring::Why;
use crate::exchange::trunks::AskedTrunk;
use crate::exchange::{Due, Effect, Errand, Exchange, Report, Tombstone};
use crate::media::control::{Codec, Learn, MediaCommand, Source};
use crate::media::negotiation::{self, Refusal};
use crate::sip::flow::Flow;
use crate::sip::sdp::Direction;
use crate::sip::transaction::ClientId;
use crate::sip::wire::{Host, Method, Name, Request, Response, Uri};

/// How long an ended dialog still gets sensible answers: as long as SIP repeats.
const TOMBSTONE: Duration = Duration::from_secs(32);

impl Exchange {
    /// Sends within or outside a dialog and remembers what it was for.
    pub(super) fn send_request(
        &mut self,
        mut request: Request,
        flow: Flow,
        errand: Errand,
    ) -> ClientId {
        request.headers.set(Name::UserAgent, SERVER);
        let asked = self.sign_for_trunk(&mut request, flow, &errand);
        self.send_signed(request, flow, errand, asked)
    }

    pub(super) fn send_signed(
        &mut self,
        request: Request,
        flow: Flow,
        errand: Errand,
        asked: Option<AskedTrunk>,
    ) -> ClientId {
        let sent_by = self.sent_by(flow);
        let state = &mut self.state;
        let (client, effects) =
            state.transactions.send(request, flow, &sent_by, &mut state.chance, self.now);
        state.clients.insert(client, errand);
        if let Some(asked) = asked {
            state.asked_trunks.insert(client, asked);
        }
        self.carry_out(effects);
        client
    }

    pub(super) fn our_address(&self, flow: Flow) -> IpAddr {
        self.settings.advertised(flow.local.ip(), flow.remote.ip())
    }

    fn sent_by(&self, flow: Flow) -> String {
        SocketAddr::new(self.our_address(flow), flow.local.port()).to_string()
    }

    pub(super) fn our_contact(&self, flow: Flow) -> Uri {
        let mut uri = Uri::sip("bellhop", Host::from(self.our_address(flow)));
        uri.port = Some(flow.local.port());
        if flow.transport.is_reliable() {
            let transport = flow.transport.as_str().to_lowercase();
            uri.params.set("transport", Some(transport));
        }
        uri
    }

    pub(super) fn adopt(&mut self, leg: Leg) {
        self.state.dialogs.insert(leg.dialog.id(), leg.journey);
        self.state.legs.insert(leg.journey, leg);
        self.state.watchers.lamp_changed();
    }

    // What each side hears.

    /// What goes out to this leg, as its link says.
    fn desired_source(&self, leg: &Leg) -> Source {
        match &leg.link {
            Link::Parked => Source::Music,
            Link::Awaits(_) if leg.is_answered() => Source::Music,
            Link::Hears(tone) => Source::Tone(*tone),
            Link::With(peer) => match self.state.legs.get(peer) {
                Some(peer) if peer.holds_us() => Source::Music,
                Some(peer) if peer.has_media() => Source::Stream(peer.stream.stream),
                Some(_) | None => Source::Nothing,
            },
            Link::Alone
            | Link::Awaits(_)
            | Link::Retrieves { .. }
            | Link::PicksUp(_)
            | Link::Replaces(_)
            | Link::Leaves
            | Link::HasParked => Source::Nothing,
        }
    }

    /// Tells the stream what it sends now, if that has changed.
    pub(super) fn refresh_source(&mut self, journey: JourneyId) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        if !leg.has_media() {
            return;
        }
        let source = self.desired_source(leg);
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if leg.source != source {
            leg.source = source;
            let stream = leg.stream.stream;
            self.out.push(Effect::Media(MediaCommand::Play { stream, source }));
        }
    }

    pub(super) fn link(&mut self, journey: JourneyId, link: Link) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        leg.link = link;
        // Who has hung up goes, whatever others do with his call meanwhile.
        if !matches!(leg.stage, Stage::HungUp { .. }) {
            self.state.due.clear(&Due::EndLeg(journey));
        }
        self.refresh_source(journey);
    }

    /// The two talk to each other.
    pub(super) fn join(&mut self, one: JourneyId, other: JourneyId) {
        self.link(one, Link::With(other));
        self.link(other, Link::With(one));
        self.refresh_source(one);
    }

    /// Tells the stream what was agreed, first or anew.
    pub(super) fn connect_media(&mut self, journey: JourneyId) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        let Some(agreed) = leg.agreed else { return };
        if !self.may_send_to(leg, agreed.remote.ip()) {
            return;
        }
        let learn = self.learning(leg);
        let stream = leg.stream.stream;
        self.out.push(Effect::Media(MediaCommand::Connect { stream, agreed, learn }));
        self.refresh_source(journey);
        if let Some(peer) = leg_peer(&self.state.legs, journey) {
            self.refresh_source(peer);
        }
    }

    /// A phone behind a NAT is learned once, from the host its signalling
    /// comes from; a trunk sends from where it said, or from its own networks.
    fn learning(&self, leg: &Leg) -> Learn {
        let Party::Trunk(name) = &leg.party else {
            return Learn::OnceFrom(leg.dialog.flow.remote.ip());
        };
        let trunk = self.settings.trunks.iter().find(|trunk| trunk.name == *name);
        match trunk.is_some_and(|trunk| !trunk.media_from.is_empty()) {
            true => Learn::Never,
            false => Learn::OnceFrom(leg.dialog.flow.remote.ip()),
        }
    }

    /// A trunk's session description may name only the networks it is known for.
    fn may_send_to(&self, leg: &Leg, remote: IpAddr) -> bool {
        let Party::Trunk(name) = &leg.party else { return true };
        let trunk = self.settings.trunks.iter().find(|trunk| trunk.name == *name);
        trunk.is_none_or(|trunk| {
            trunk.media_from.is_empty()
                || self.is_at(trunk, remote)
                || trunk.media_from.iter().any(|network| network.holds(remote))
        })
    }

    // Negotiation.

    pub(super) fn local<'a>(leg: &Leg, prefer: Option<Codec>) -> negotiation::Local<'a> {
        negotiation::Local {
            address: leg.address,
            port: leg.stream.port,
            codecs: &CODECS,
            prefer,
            direction: Direction::SendRecv,
        }
    }

    /// Takes the far end's offer on this leg and gives our answer.
    pub(super) fn answer_offer(
        &mut self,
        journey: JourneyId,
        offer: &[u8],
        prefer: Option<Codec>,
    ) -> Result<String, Refusal> {
        let Some(leg) = self.state.legs.get_mut(&journey) else {
            return Err(Refusal::NoAudio);
        };
        let local = Self::local(leg, prefer);
        let (answer, agreed) = negotiation::answer(offer, &local, &mut leg.session)?;
        self.agree(journey, agreed);
        Ok(answer)
    }

    /// The answer to an INVITE's offer is the same in every response: a caller
    /// reads the first only (RFC 3261 §13.2.1).
    pub(super) fn answer_invite(
        &mut self,
        journey: JourneyId,
        offer: &str,
        prefer: Option<Codec>,
    ) -> Result<String, Refusal> {
        let answered = self.state.legs.get(&journey).filter(|leg| leg.has_media());
        match answered.and_then(|leg| leg.session.last()) {
            Some(answer) => Ok(answer),
            None => self.answer_offer(journey, offer.as_bytes(), prefer),
        }
    }

    pub(super) fn make_offer(&mut self, journey: JourneyId, prefer: Option<Codec>) -> String {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return String::new() };
        let local = Self::local(leg, prefer);
        negotiation::offer(&local, &mut leg.session)
    }

    pub(super) fn agree(&mut self, journey: JourneyId, agreed: crate::media::control::Agreed) {
        let now = self.now;
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        let changed = leg.agreed != Some(agreed);
        leg.agreed = Some(agreed);
        leg.held_at = match (negotiation::is_hold(&agreed), leg.held_at) {
            (true, None) => Some(now),
            (true, since) => since,
            (false, _) => None,
        };
        if changed {
            match agreed.receive {
                true => self.expect_sound(journey),
                false => self.expect_silence(journey),
            }
            self.connect_media(journey);
        }
    }

    // Answering the far end's INVITE.

    /// Answers an incoming leg 200. False: it could not be, and has been
    /// refused and ended.
    pub(super) fn answer_leg(&mut self, journey: JourneyId, prefer: Option<Codec>) -> bool {
        let Some(leg) = self.state.legs.get(&journey) else { return false };
        let Stage::Incoming { server, offer } = leg.stage.clone() else { return leg.is_up() };
        let shown = leg.shown.clone();
        let (body, our_offer) = match offer {
            Some(offer) => match self.answer_invite(journey, &offer, prefer) {
                Ok(answer) => (answer, None),
                Err(_) => {
                    self.refuse_leg(journey, 488, "No codec in common");
                    return false;
                }
            },
            None => {
                let offer = self.make_offer(journey, prefer);
                (offer.clone(), Some(offer))
            }
        };
        let Some(response) = self.leg_response(journey, server, 200) else { return false };
        let mut response = self.with_identity(journey, &shown, response);
        if let Some(note) = self.note_to_tell(journey, self.heard_by(journey)) {
            response.headers.push(Name::Subject, note.to_string());
        }
        let response = response.body("application/sdp", body);
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            leg.stage = Stage::Answered { server, our_offer };
        }
        self.respond(server, &response);
        self.state.watchers.lamp_changed();
        true
    }

    /// Our own phones are shown whom they reach; providers need not know.
    pub(super) fn with_identity(
        &self,
        journey: JourneyId,
        shown: &Caller,
        response: Response,
    ) -> Response {
        let inside = self.state.legs.get(&journey).is_some_and(|leg| leg.extension().is_some());
        if !inside {
            return response;
        }
        let response = response.with(Name::PAssertedIdentity, self.name_addr(shown).to_string());
        match self.remote_party_id(journey, shown) {
            Some(shown) => response.with(Name::RemotePartyId, shown),
            None => response,
        }
    }

    /// A response in the leg's dialog: our tag, Contact and abilities.
    pub(super) fn leg_response(
        &self,
        journey: JourneyId,
        server: crate::sip::transaction::ServerId,
        status: u16,
    ) -> Option<Response> {
        let leg = self.state.legs.get(&journey)?;
        let request = self.state.transactions.accepted(server)?;
        let mut response = request.response(status);
        if status > 100 {
            response.headers.set(Name::To, leg.dialog.local.to_string());
            response.headers.push(Name::Contact, format!("<{}>", leg.dialog.contact));
            for value in request.headers.all(&Name::RecordRoute) {
                response.headers.push(Name::RecordRoute, value.to_vec());
            }
            response.headers.push(Name::Allow, ALLOW);
            response.headers.push(Name::Supported, SUPPORTED);
        }
        response.headers.set(Name::Server, SERVER);
        Some(response)
    }

    pub(super) fn respond(
        &mut self,
        server: crate::sip::transaction::ServerId,
        response: &Response,
    ) {
        let effects = self.state.transactions.respond(server, response, self.now);
        self.carry_out(effects);
    }

    /// Refuses an incoming leg that has no answer yet, and ends it.
    pub(super) fn refuse_leg(&mut self, journey: JourneyId, status: u16, reason: &str) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        let Some(server) = leg.incoming_server() else { return };
        if let Some(response) = self.leg_response(journey, server, status) {
            let response = response.reason(reason);
            self.respond(server, &response);
        }
        self.bury(journey, Ending::NotAnswered);
    }

    // Endings.

    /// Ends a leg from our side, whatever stage it is in.
    pub(super) fn end_leg(&mut self, journey: JourneyId) {
        self.end_leg_as(journey, Ending::MovedOn);
    }

    pub(super) fn end_leg_as(&mut self, journey: JourneyId, how: Ending) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        match leg.stage {
            Stage::Incoming { .. } => self.refuse_leg(journey, 480, "Gone"),
            Stage::Ringing { client, .. } => self.cancel_ringing(journey, client, Why::Missed),
            Stage::Answered { .. } | Stage::Up => {
                let bye = leg.dialog.request(Method::Bye);
                let flow = leg.dialog.flow;
                self.send_request(bye, flow, Errand::Parting);
                self.bury(journey, how);
            }
            Stage::HungUp { .. } => self.bury(journey, Ending::ByItself),
        }
    }

    /// The leg is no more: its stream is given back, its other side and the
    /// lot are told.
    pub(super) fn bury(&mut self, journey: JourneyId, how: Ending) {
        let Some(leg) = self.state.legs.remove(&journey) else { return };
        let dialog = leg.dialog.id();
        self.state.dialogs.remove(&dialog);
        if let Stage::Incoming { server, .. } | Stage::Answered { server, .. } = leg.stage {
            self.state.servers.remove(&server);
        }
        if let (Some(extension), Stage::Up | Stage::HungUp { .. }) = (leg.extension(), &leg.stage) {
            self.state.last_talk.insert(extension.clone(), self.now);
        }
        let parked = matches!(leg.link, Link::HasParked);
        let remote_tag = leg.dialog.remote.tag().map(str::to_owned);
        self.state.tombstones.insert(dialog.clone(), Tombstone { parked, remote_tag });
        self.state.due.set(Due::Tombstone(dialog), self.now + TOMBSTONE);
        let due = [
            Due::EndLeg(journey),
            Due::GiveUpRefresh(journey),
            Due::TellIdentity(journey),
            Due::AskWhetherThere(journey),
            Due::TryNextWay(journey),
        ];
        due.iter().for_each(|due| self.state.due.clear(due));
        let stream = leg.stream.stream;
        self.out.push(Effect::Media(MediaCommand::Close { stream }));
        self.state.watchers.lamp_changed();
        let caller = leg.identity.clone();
        self.out.push(Effect::Report(Report::CallEnded { journey, caller, how }));
        self.bereave(journey, leg.link);
    }

    /// What becomes of whoever was linked to a leg that is gone.
    fn bereave(&mut self, journey: JourneyId, link: Link) {
        match link {
            Link::With(peer) => {
                let still = self.state.legs.get(&peer).is_some_and(|p| p.peer() == Some(journey));
                if still {
                    self.end_leg_as(peer, Ending::ByOtherSide);
                }
            }
            Link::Awaits(ring) => self.ring_bereft(ring),
            Link::Parked => self.tell_lot(crate::park::Input::CallerHungUp { journey }),
            Link::Retrieves { journey, attempt } => {
                self.tell_lot(crate::park::Input::Failed { journey, attempt });
            }
            Link::Alone
            | Link::PicksUp(_)
            | Link::Replaces(_)
            | Link::Hears(_)
            | Link::Leaves
            | Link::HasParked => {}
        }
    }

    /// Ends the leg in a while, unless the far end does it first.
    pub(super) fn end_leg_after(&mut self, journey: JourneyId, span: Duration) {
        self.state.due.set(Due::EndLeg(journey), self.now + span);
    }

    pub(super) fn codec_of(&self, journey: JourneyId) -> Option<Codec> {
        self.state.legs.get(&journey)?.agreed.map(|agreed| agreed.codec)
    }
}

fn leg_peer(
    legs: &std::collections::BTreeMap<JourneyId, Leg>,
    journey: JourneyId,
) -> Option<JourneyId> {
    legs.get(&journey).and_then(Leg::peer)
}
