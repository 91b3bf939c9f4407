//! The sound of a call that is up: hold and resume, and what the office changes.

use std::time::Duration;

use crate::domain::time::Moment;
use crate::media::control::{Codec, DeskSound, Learn};
use crate::media::negotiation::{self, Local, Refusal};
use crate::phone::line::{Call, Change, Phase};
use crate::phone::messages::{Asked, Ended, LineId};
use crate::phone::requests::{Purpose, SDP};
use crate::phone::ringing::status_of;
use crate::phone::{Phone, Timer};
use crate::sip::flow::Flow;
use crate::sip::sdp::Direction;
use crate::sip::transaction::ClientId;
use crate::sip::wire::{Method, Name, Request, Response};

const CODECS: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

impl Phone {
    pub(super) fn local_sound(&self, call: &Call) -> Option<Local<'static>> {
        let direction = if call.held { Direction::SendOnly } else { Direction::SendRecv };
        let address = self.account.flow.local.ip();
        let port = call.port?.port;
        Some(Local { address, port, codecs: &CODECS, prefer: None, direction })
    }

    /// Writes our offer and remembers it until it is answered.
    pub(super) fn offer_on(&mut self, line: LineId) -> Option<String> {
        let local = self.local_sound(self.calls.get(&line)?)?;
        let call = self.calls.get_mut(&line)?;
        let offer = negotiation::offer(&local, &mut call.session);
        call.offer = Some(offer.clone());
        Some(offer)
    }

    pub(super) fn connect(&mut self, line: LineId) {
        let Some(call) = self.calls.get(&line) else { return };
        if let (Some(port), Some(agreed)) = (call.port, call.agreed) {
            let learn = Learn::OnceFrom(self.account.flow.remote.ip());
            self.play(DeskSound::Connect { stream: port.stream, agreed, learn });
        }
    }

    pub(super) fn has_no_sound(&mut self, line: LineId, refusal: &Refusal, now: Moment) {
        let reason = refusal.to_string();
        self.send_bye(line, now);
        self.vanish(line, Ended::Failed { status: 488, reason });
    }

    pub(super) fn hold(&mut self, line: LineId, now: Moment) {
        let Some(call) = self.calls.get_mut(&line) else { return };
        if call.is_up() && !call.held {
            call.held = true;
            self.settle_session(line, now);
        }
    }

    pub(super) fn resume(&mut self, line: LineId, now: Moment) {
        if self.calls.get(&line).is_some_and(|call| call.is_up() && call.held) {
            self.hold_others(line, now);
            if let Some(call) = self.calls.get_mut(&line) {
                call.held = false;
            }
            self.settle_session(line, now);
        }
    }

    /// Only one line talks. A call still being made is given up.
    pub(super) fn hold_others(&mut self, line: LineId, now: Moment) {
        let others = self.calls.iter().filter(|(id, call)| **id != line && call.is_in_the_ear());
        let others: Vec<LineId> = others.map(|(id, _)| *id).collect();
        for other in others {
            match self.calls.get(&other).map(Call::is_up) {
                Some(true) => self.hold(other, now),
                Some(false) => self.hang_up(other, now),
                None => {}
            }
        }
    }

    /// Brings the office's knowledge to what is wanted, one change at a time.
    pub(super) fn settle_session(&mut self, line: LineId, now: Moment) {
        let Some(call) = self.calls.get(&line) else { return };
        let is_free = call.change == Change::Nothing && call.unacknowledged.is_none();
        if !call.is_up() || !is_free || (call.held == call.held_there && !call.moved) {
            return;
        }
        let held = call.held;
        let Some(offer) = self.offer_on(line) else { return };
        let Some(call) = self.calls.get_mut(&line) else { return };
        let request = call.dialog.request(Method::Invite).body(SDP, offer);
        let flow = call.dialog.flow;
        let client = self.send(request, flow, Purpose::Reinvite(line), now);
        if let Some(call) = self.calls.get_mut(&line) {
            call.change = Change::Sent { client, held };
            call.moved = false;
        }
    }

    pub(super) fn reinvite_answered(
        &mut self,
        line: LineId,
        client: ClientId,
        response: &Response,
        flow: Flow,
        now: Moment,
    ) {
        if response.is_success() {
            self.acknowledge(line, client, response, flow);
        }
        let Some(call) = self.calls.get_mut(&line) else { return };
        let Change::Sent { held, .. } = call.change else { return };
        let offer = call.offer.take().unwrap_or_default();
        call.change = Change::Nothing;
        match response.status {
            200..300 => {
                call.held_there = held;
                if let Ok(agreed) = negotiation::accept_answer(offer, &response.body) {
                    call.agreed = Some(agreed);
                }
                self.connect(line);
                self.settle_session(line, now);
            }
            491 => self.wait_for_theirs(line, now),
            status @ (408 | 481) => self.lost(line, status, now),
            status => self.hold_refused(line, held, status, &response.reason),
        }
    }

    pub(super) fn reinvite_refused(&mut self, line: LineId, status: u16, reason: &str) {
        let Some(call) = self.calls.get_mut(&line) else { return };
        let Change::Sent { held, .. } = call.change else { return };
        (call.offer, call.change) = (None, Change::Nothing);
        self.hold_refused(line, held, status, reason);
    }

    /// RFC 3261 §14.1: whoever made the call waits longer.
    fn wait_for_theirs(&mut self, line: LineId, now: Moment) {
        let Some(call) = self.calls.get_mut(&line) else { return };
        call.change = Change::Waiting;
        let ours = call.wanted.is_some();
        let tens = if ours { 210 + self.chance.below(190) } else { self.chance.below(200) };
        self.timers.set(Timer::Glare(line), now + Duration::from_millis(tens * 10));
    }

    pub(super) fn try_hold_again(&mut self, line: LineId, now: Moment) {
        if let Some(call) = self.calls.get_mut(&line)
            && call.change == Change::Waiting
        {
            call.change = Change::Nothing;
            self.settle_session(line, now);
        }
    }

    /// The call is as it was, unless another has taken the ear meanwhile:
    /// then it stays silent here, whatever the office thinks.
    fn hold_refused(&mut self, line: LineId, held: bool, status: u16, reason: &str) {
        let others_talk = self.calls.iter().any(|(id, c)| *id != line && c.is_in_the_ear());
        let Some(call) = self.calls.get_mut(&line) else { return };
        match (held, others_talk) {
            (true, true) => call.held_there = true,
            _ => call.held = call.held_there,
        }
        let what = if held { Asked::Hold { line } } else { Asked::Resume { line } };
        self.refused(what, status, reason);
    }

    /// A new offer of the office's, or a request for ours (RFC 3261 §14.2).
    pub(super) fn reinvited(&mut self, line: LineId, request: &Request, flow: Flow, now: Moment) {
        let connected_to = self.connected_to(&request.headers);
        let Some(call) = self.calls.get(&line) else { return };
        match (&call.phase, call.change) {
            (Phase::Up, Change::Sent { .. }) => return self.reply(request, flow, 491, now),
            (Phase::Up, _) if call.unacknowledged.is_none() => {}
            (Phase::Ending | Phase::GivingUp { .. }, _) => return self.refuse(request, flow, 481),
            _ => return self.busy_with_first(request, flow, now),
        }
        let sdp = match self.answer_anew(line, &request.body) {
            Ok(sdp) => sdp,
            Err(status) => return self.reply(request, flow, status, now),
        };
        let server = self.transactions.accept(request, flow);
        self.respond_to_invite(line, server, 200, sdp.as_deref(), now);
        if let Some(call) = self.calls.get_mut(&line) {
            call.unacknowledged = Some(server);
            call.dialog.refresh_target(&request.headers, flow);
            call.is_with(connected_to, &request.headers);
        }
    }

    /// One thing at a time (RFC 3261 §14.2).
    fn busy_with_first(&mut self, request: &Request, flow: Flow, now: Moment) {
        let wait_s = self.chance.below(10).to_string();
        let response = self.response_to(request, 500).with(Name::RetryAfter, wait_s);
        self.reply_with(request, flow, &response, now);
    }

    /// Our answer to `offer`; our own offer when it is empty.
    fn answer_anew(&mut self, line: LineId, offer: &[u8]) -> Result<Option<String>, u16> {
        if offer.is_empty() {
            return Ok(self.offer_on(line));
        }
        let local = self.calls.get(&line).and_then(|call| self.local_sound(call)).ok_or(488_u16)?;
        let Some(call) = self.calls.get_mut(&line) else { return Err(481) };
        let answer = negotiation::answer(offer, &local, &mut call.session);
        let (answer, agreed) = answer.map_err(status_of)?;
        call.agreed = Some(agreed);
        self.connect(line);
        Ok(Some(answer))
    }

    /// UPDATE: most often only a new name (RFC 3311).
    pub(super) fn updated(&mut self, line: LineId, request: &Request, flow: Flow, now: Moment) {
        let connected_to = self.connected_to(&request.headers);
        let Some(call) = self.calls.get_mut(&line) else { return };
        if !request.body.is_empty() && call.offer.is_some() {
            return self.reply(request, flow, 491, now);
        }
        call.dialog.refresh_target(&request.headers, flow);
        call.is_with(connected_to, &request.headers);
        let contact = call.dialog.contact.to_string();
        let sdp = match request.body.is_empty() {
            true => None,
            false => match self.answer_anew(line, &request.body) {
                Ok(sdp) => sdp,
                Err(status) => return self.reply(request, flow, status, now),
            },
        };
        let mut response = self.response_to(request, 200);
        response.headers.push(Name::Contact, format!("<{contact}>"));
        if let Some(sdp) = sdp {
            response = response.body(SDP, sdp);
        }
        self.reply_with(request, flow, &response, now);
    }
}
