//! Requests and responses within a call: BYE, re-INVITE, UPDATE and the rest.

use crate::domain::ids::JourneyId;
use crate::exchange::digits;
use crate::exchange::invite::sdp_of;
use crate::exchange::leg::{Refresh, Stage};
use crate::exchange::report::Ending;
use crate::exchange::{Due, Errand, Exchange};
use crate::media::negotiation;
use crate::sip::dialog::{DialogId, Misfit};
use crate::sip::flow::Flow;
use crate::sip::transaction::{ClientId, ServerId};
use crate::sip::wire::{Method, Name, Request, Response};

impl Exchange {
    pub(super) fn request_in_dialog(&mut self, id: &DialogId, request: &Request, flow: Flow) {
        if let Some(journey) = self.state.dialogs.get(id).copied() {
            return self.request_on_leg(journey, request, flow);
        }
        if self.state.watchers.has(id) {
            return self.request_on_subscription(id, request, flow);
        }
        if request.method != Method::Ack {
            self.request_after_the_end(id, request, flow);
        }
    }

    /// Late BYEs, and REFERs of what was parked already, get their due.
    fn request_after_the_end(&mut self, id: &DialogId, request: &Request, flow: Flow) {
        let tombstone = self.state.tombstones.get(id);
        let known = tombstone.is_some_and(|t| t.remote_tag == request.headers.from_tag());
        let parked = known && tombstone.is_some_and(|t| t.parked);
        match request.method {
            Method::Bye if known => self.reply(request, flow, request.response(200)),
            Method::Refer if parked => self.refer_after_parking(request, flow),
            _ => self.refuse(request, flow, 481, "No such call"),
        }
    }

    fn request_on_leg(&mut self, journey: JourneyId, request: &Request, flow: Flow) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if let Stage::HungUp { after, before } = leg.stage {
            return self.request_after_bye(journey, after, before, request, flow);
        }
        let last = leg.dialog.remote_cseq;
        match leg.dialog.admit(request) {
            Ok(()) => {}
            // It has overtaken the answer that brings the tag: both are repeated.
            Err(Misfit::WrongTag) if leg.rings_by_datagrams() => return,
            Err(Misfit::WrongTag) => return self.refuse(request, flow, 481, "No such call"),
            Err(Misfit::OutOfOrder) => {
                return self.refuse(request, flow, 500, "CSeq is out of order");
            }
        }
        leg.dialog.heard_on(flow);
        match request.method {
            Method::Bye => self.bye(journey, last, request, flow),
            Method::Invite => self.reinvite(journey, request, flow),
            Method::Update => self.update(journey, request, flow),
            Method::Refer => self.refer(journey, request, flow),
            Method::Info => self.info(journey, request, flow),
            Method::Options | Method::Notify => {
                self.answer(request, flow, request.response(200));
            }
            Method::Ack => {}
            Method::Subscribe
            | Method::Register
            | Method::Message
            | Method::Publish
            | Method::Prack
            | Method::Cancel
            | Method::Other(_) => {
                let response = request.response(405).with(Name::Allow, super::door::ALLOW);
                self.answer(request, flow, response);
            }
        }
    }

    /// Takes the request on and answers it: a repetition gets the same answer
    /// and acts no second time.
    pub(super) fn answer(&mut self, request: &Request, flow: Flow, response: Response) {
        let server = self.state.transactions.accept(request, flow);
        let response = self.completed(response);
        self.respond(server, &response);
    }

    fn bye(&mut self, journey: JourneyId, last: Option<u32>, request: &Request, flow: Flow) {
        self.answer(request, flow, request.response(200));
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        let number = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        if let Some(hung_up) = leg.overtaken(last, number) {
            leg.stage = hung_up;
            return self.await_overtaken(journey, last);
        }
        if let Some(server) = leg.incoming_server()
            && let Some(response) = self.leg_response(journey, server, 487)
        {
            self.respond(server, &response);
        }
        self.bury(journey, Ending::ByItself);
    }

    /// Hold, resume, or a session refresh. Holds end here: the other side
    /// hears music and its phone is told nothing.
    fn reinvite(&mut self, journey: JourneyId, request: &Request, flow: Flow) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if !leg.is_up() || leg.offer_collides().is_some() {
            return self.answer(request, flow, request.response(491));
        }
        leg.dialog.refresh_target(&request.headers, flow);
        let Ok(offer) = sdp_of(request) else {
            let response = request.response(415).with(Name::Accept, "application/sdp");
            return self.answer(request, flow, response);
        };
        let server = self.state.transactions.accept(request, flow);
        let prefer = self.codec_of(journey);
        let body = match &offer {
            Some(offer) => self.answer_offer(journey, offer.as_bytes(), prefer),
            None => Ok(self.make_offer(journey, prefer)),
        };
        match body {
            Ok(body) => {
                if offer.is_none() {
                    self.state.servers.insert(server, journey);
                    self.expect_answer(journey, body.clone());
                }
                if let Some(response) = self.leg_response(journey, server, 200) {
                    let response = response.body("application/sdp", body);
                    self.respond(server, &response);
                }
            }
            Err(_) => {
                if let Some(response) = self.leg_response(journey, server, 488) {
                    self.respond(server, &response);
                }
            }
        }
    }

    /// Our 200 to a re-INVITE without an offer made one; its ACK answers it.
    fn expect_answer(&mut self, journey: JourneyId, our_offer: String) {
        if let Some(leg) = self.state.legs.get_mut(&journey) {
            let client = ClientId(0);
            leg.refreshing = Some(Refresh { client, our_offer: Some(our_offer), names: None });
        }
    }

    pub(super) fn reinvite_acknowledged(
        &mut self,
        journey: JourneyId,
        _server: ServerId,
        request: &Request,
    ) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        let Some(refresh) = leg.refreshing.take() else { return };
        let Some(our_offer) = refresh.our_offer else { return };
        if let Ok(agreed) = negotiation::accept_answer(&our_offer, &request.body) {
            self.agree(journey, agreed);
        }
        self.tell_identity(journey);
    }

    fn update(&mut self, journey: JourneyId, request: &Request, flow: Flow) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if !request.body.is_empty()
            && let Some(status) = leg.offer_collides()
        {
            let mut response = request.response(status);
            if status == 500 {
                let after_s = self.state.chance.below(11); // RFC 3311 §5.2
                response.headers.push(Name::RetryAfter, after_s.to_string());
            }
            return self.answer(request, flow, response);
        }
        leg.dialog.refresh_target(&request.headers, flow);
        let response = match sdp_of(request) {
            Err(()) => request.response(415).with(Name::Accept, "application/sdp"),
            Ok(None) => self.update_response(journey, request),
            Ok(Some(offer)) => {
                let prefer = self.codec_of(journey);
                match self.answer_offer(journey, offer.as_bytes(), prefer) {
                    Ok(answer) => {
                        self.update_response(journey, request).body("application/sdp", answer)
                    }
                    Err(_) => request.response(488),
                }
            }
        };
        self.answer(request, flow, response);
    }

    fn update_response(&self, journey: JourneyId, request: &Request) -> Response {
        let response = request.response(200).with(Name::Allow, super::door::ALLOW);
        match self.state.legs.get(&journey) {
            Some(leg) => response.with(Name::Contact, format!("<{}>", leg.dialog.contact)),
            None => response,
        }
    }

    /// Digits sent as INFO are passed on as telephone events.
    fn info(&mut self, journey: JourneyId, request: &Request, flow: Flow) {
        let digits = match request.headers.content_type().as_deref() {
            Some("application/dtmf-relay") => digits::relayed(&request.body),
            Some("application/dtmf") => digits::plain(&request.body),
            Some(_) => {
                let response = request.response(415).with(Name::Accept, "application/dtmf-relay");
                return self.answer(request, flow, response);
            }
            None => None,
        };
        self.answer(request, flow, request.response(200));
        let peer = self.state.legs.get(&journey).and_then(|leg| leg.peer());
        let peer = peer.and_then(|peer| self.state.legs.get(&peer));
        if let (Some((digit, duration_ms)), Some(peer)) = (digits, peer) {
            let stream = peer.stream.stream;
            let command =
                crate::media::control::MediaCommand::SendDigit { stream, digit, duration_ms };
            self.out.push(crate::exchange::Effect::Media(command));
        }
    }

    // Answers to our own requests.

    pub(super) fn response(&mut self, client: ClientId, response: &Response, flow: Flow) {
        if matches!(response.status, 401 | 407) && self.answer_challenge(client, response, flow) {
            return;
        }
        if response.status >= 200 {
            self.state.asked_trunks.remove(&client);
        }
        let errand = match response.status {
            ..200 => self.state.clients.get(&client).cloned(),
            _ => self.state.clients.remove(&client),
        };
        match errand {
            Some(Errand::Leg(journey)) => self.response_on_leg(journey, client, response, flow),
            Some(Errand::Notify(id)) if response.status >= 200 => {
                self.notified(&id, Some(response.status));
            }
            Some(Errand::Herald(id)) if response.status >= 200 => {
                self.heralded(&id, Some(response.status));
            }
            Some(Errand::AskWhetherThere(journey)) if response.status >= 200 => {
                self.answered_whether_there(journey, Some(response.status));
            }
            Some(Errand::Register(name)) if response.status >= 200 => {
                self.registration_answered(&name, client, Some(response));
            }
            Some(
                Errand::Notify(_)
                | Errand::Herald(_)
                | Errand::AskWhetherThere(_)
                | Errand::Register(_)
                | Errand::Parting,
            )
            | None => {}
        }
    }

    fn response_on_leg(
        &mut self,
        journey: JourneyId,
        client: ClientId,
        response: &Response,
        flow: Flow,
    ) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if matches!(leg.stage, Stage::Ringing { client: ours, .. } if ours == client) {
            return self.ringing_response(journey, response, flow);
        }
        if response.status < 200 {
            return;
        }
        let refresh = leg.refreshing.take_if(|refresh| refresh.client == client);
        let invite = response.headers.cseq().is_ok_and(|cseq| cseq.method == Method::Invite);
        if invite && response.is_success() {
            self.acknowledge_answer(journey, client, response);
        }
        if matches!(response.status, 408 | 481) {
            return self.end_leg_as(journey, Ending::Lost);
        }
        if let Some(Refresh { our_offer, names: Some(names), .. }) = refresh {
            self.state.due.clear(&Due::GiveUpRefresh(journey));
            self.take_answer(journey, our_offer, response);
            self.identity_answered(journey, names, response);
        }
    }

    /// By the number that was answered: after a restart the dialog's own is
    /// higher (RFC 3261 §13.2.2.4).
    pub(super) fn acknowledge_answer(
        &mut self,
        journey: JourneyId,
        client: ClientId,
        ok: &Response,
    ) {
        let Some(leg) = self.state.legs.get(&journey) else { return };
        let number = ok.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let ack = leg.dialog.ack(number);
        let flow = leg.dialog.flow;
        let address = core::net::SocketAddr::new(self.our_address(flow), flow.local.port());
        let state = &mut self.state;
        let sent_by = address.to_string();
        let send = state.transactions.acknowledge(client, ack, flow, &sent_by, &mut state.chance);
        self.carry_out([send].into_iter().collect());
    }

    /// Refused or senseless, the call is as it was.
    fn take_answer(&mut self, journey: JourneyId, our_offer: Option<String>, response: &Response) {
        let Some(our_offer) = our_offer.filter(|_| response.is_success()) else { return };
        if let Ok(agreed) = negotiation::accept_answer(&our_offer, &response.body) {
            self.agree(journey, agreed);
        }
    }

    /// A second phone answered behind a forking proxy: acknowledge and end it.
    pub(super) fn second_answer(&mut self, client: ClientId, response: &Response, flow: Flow) {
        let Some(sent) = self.state.transactions.sent(client).cloned() else { return };
        let Ok(local) = sent.headers.from() else { return };
        let Ok(remote) = response.headers.to() else { return };
        let call_id = sent.headers.call_id().unwrap_or_default();
        let contact = self.our_contact(flow);
        let mut dialog =
            crate::sip::dialog::Dialog::outgoing(call_id, local, remote, sent.uri, contact, flow);
        dialog.local_cseq = sent.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        dialog.answered(response, flow);
        let ack = dialog.ack(dialog.local_cseq);
        let address = core::net::SocketAddr::new(self.our_address(flow), flow.local.port());
        let state = &mut self.state;
        // Not this transaction's own ACK: that one belongs to the first answer.
        let send = state.transactions.acknowledge(
            ClientId(0),
            ack,
            dialog.flow,
            &address.to_string(),
            &mut state.chance,
        );
        self.carry_out([send].into_iter().collect());
        let bye = dialog.request(Method::Bye);
        self.send_request(bye, dialog.flow, Errand::Parting);
    }

    pub(super) fn timed_out(&mut self, client: ClientId) {
        self.state.asked_trunks.remove(&client);
        match self.state.clients.remove(&client) {
            Some(Errand::Leg(journey)) => self.leg_timed_out(journey, client),
            Some(Errand::Register(name)) => self.registration_answered(&name, client, None),
            Some(Errand::Notify(id)) => self.notified(&id, None),
            Some(Errand::Herald(id)) => self.heralded(&id, None),
            Some(Errand::AskWhetherThere(journey)) => self.answered_whether_there(journey, None),
            Some(Errand::Parting) | None => {}
        }
    }

    fn leg_timed_out(&mut self, journey: JourneyId, client: ClientId) {
        let Some(leg) = self.state.legs.get_mut(&journey) else { return };
        if matches!(leg.stage, Stage::Ringing { client: ours, .. } if ours == client) {
            return self.ringing_timed_out(journey);
        }
        leg.refreshing.take_if(|refresh| refresh.client == client);
        self.state.due.clear(&Due::GiveUpRefresh(journey));
    }

    /// What the media threads have forgotten, said again after a restart.
    pub(super) fn resume(&mut self) {
        let journeys: Vec<JourneyId> = self.state.legs.keys().copied().collect();
        for journey in journeys {
            if let Some(leg) = self.state.legs.get_mut(&journey) {
                leg.source = crate::media::control::Source::Nothing;
                leg.dialog.local_cseq += CSEQ_JUMP;
            }
            self.connect_media(journey);
        }
        let effects = self.state.lot.resume(self.now);
        self.carry_out_lot(effects);
        self.state.watchers.all_changed();
        self.state.heralds.resume();
        self.all_connections_lost();
        self.resume_trunks();
    }
}

/// Sequence numbers after a restart lie above any that were used before it.
const CSEQ_JUMP: u32 = 65_536;
