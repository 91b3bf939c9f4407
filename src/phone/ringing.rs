//! Calls that come in, until they are answered or given up.

use crate::domain::time::Moment;
use crate::media::control::{Agreed, RingKind};
use crate::media::negotiation::{self, Refusal, SdpVersion};
use crate::phone::line::{Call, Phase};
use crate::phone::messages::{Direction, Ended, Event, LineId, LineState, RecallNotice};
use crate::phone::names::without_prefix;
use crate::phone::notes::note_of;
use crate::phone::requests::SDP;
use crate::phone::{CALLS_MAX, Leaving, Phone};
use crate::sip::dialog::Dialog;
use crate::sip::flow::Flow;
use crate::sip::transaction::ServerId;
use crate::sip::wire::{Headers, Name, Request};

impl Phone {
    pub(super) fn invited(&mut self, request: &Request, flow: Flow, now: Moment) {
        if let Some(status) = self.why_not_now() {
            return self.reply(request, flow, status, now);
        }
        if let Err(status) = offered(request) {
            return self.reply(request, flow, status, now);
        }
        let mut call = self.incoming_call(request, flow);
        self.last_line += 1;
        let line = LineId(self.last_line);
        call.port = self.ports.pop_front();
        if call.port.is_none() {
            return self.has_no_port(line, call, request, flow, now);
        }
        match self.answer_to(&mut call, &request.body) {
            Ok((answer, agreed)) => {
                call.agreed = agreed;
                self.ring(line, call, answer, request, flow, now);
            }
            Err(refusal) => {
                self.ports.extend(call.port.take());
                self.reply(request, flow, status_of(refusal), now);
            }
        }
    }

    fn why_not_now(&self) -> Option<u16> {
        match self.leaving {
            Leaving::Waiting | Leaving::Done => Some(480),
            Leaving::No if self.do_not_disturb => Some(486),
            Leaving::No => (self.calls.len() >= CALLS_MAX).then_some(486),
        }
    }

    fn incoming_call(&mut self, request: &Request, flow: Flow) -> Call {
        let tag = self.chance.hex(12);
        let contact = self.account.contact();
        let dialog = Dialog::from_request(request, &tag, contact, flow);
        let mut caller = self.caller_of(&request.headers);
        let is_recall = is_recall(&request.headers);
        if is_recall {
            caller = without_prefix(&caller);
        }
        let recall = is_recall.then(|| RecallNotice { place: self.place_of(&caller) });
        let ring = match (is_recall, self.is_colleague(&caller)) {
            (true, _) => RingKind::Recall,
            (false, true) => RingKind::Inside,
            (false, false) => RingKind::Outside,
        };
        let phase = Phase::Ending; // Until it rings.
        let session = SdpVersion::new(self.chance.draw());
        let call = Call::new(Direction::Incoming, caller, phase, dialog);
        let note = note_of(&request.headers).unwrap_or_default();
        Call { note, recall, ring, session, ..call }
    }

    /// No answer yet when the far end leaves the offer to us.
    fn answer_to(
        &self,
        call: &mut Call,
        offer: &[u8],
    ) -> Result<(Option<String>, Option<Agreed>), Refusal> {
        if offer.is_empty() {
            return Ok((None, None));
        }
        let Some(local) = self.local_sound(call) else { return Err(Refusal::NoAudio) };
        let (answer, agreed) = negotiation::answer(offer, &local, &mut call.session)?;
        Ok((Some(answer), Some(agreed)))
    }

    fn ring(
        &mut self,
        line: LineId,
        mut call: Call,
        answer: Option<String>,
        request: &Request,
        flow: Flow,
        now: Moment,
    ) {
        let server = self.transactions.accept(request, flow);
        call.phase = Phase::Ringing { server, answer };
        self.calls.insert(line, call);
        self.respond_to_invite(line, server, 180, None, now);
    }

    /// It is seen as missed, not lost without a word.
    fn has_no_port(
        &mut self,
        line: LineId,
        mut call: Call,
        request: &Request,
        flow: Flow,
        now: Moment,
    ) {
        self.reply(request, flow, 486, now);
        (call.shown, call.since) = (LineState::Ringing, now);
        self.tell(Event::LineChanged(call.line(line)));
        self.tell(Event::LineEnded { line, caller: call.caller, ended: Ended::Missed });
    }

    pub(super) fn respond_to_invite(
        &mut self,
        line: LineId,
        server: ServerId,
        status: u16,
        sdp: Option<&str>,
        now: Moment,
    ) {
        let Some(request) = self.transactions.accepted(server).cloned() else { return };
        let Some(call) = self.calls.get(&line) else { return };
        let (local, contact) = (call.dialog.local.to_string(), call.dialog.contact.to_string());
        let mut response = self.response_to(&request, status);
        response.headers.set(Name::To, local);
        if status < 300 {
            response.headers.push(Name::Contact, format!("<{contact}>"));
        }
        if let Some(sdp) = sdp {
            response = response.body(SDP, sdp.to_owned());
        }
        let effects = self.transactions.respond(server, &response, now);
        self.carry_out(effects, now);
    }

    /// Answers a ringing call; a call that is up is held first.
    pub(super) fn answer(&mut self, line: LineId, now: Moment) {
        let Some(call) = self.calls.get(&line) else { return };
        let Phase::Ringing { server, answer } = call.phase.clone() else { return };
        self.hold_others(line, now);
        let sdp = answer.or_else(|| self.offer_on(line));
        self.respond_to_invite(line, server, 200, sdp.as_deref(), now);
        let Some(call) = self.calls.get_mut(&line) else { return };
        call.phase = Phase::Up;
        call.recall = None;
        call.connected_at = Some(now);
        call.unacknowledged = Some(server);
        self.connect(line);
    }

    pub(super) fn acknowledged(&mut self, server: ServerId, ack: &Request, now: Moment) {
        let Some(line) = self.line_awaiting(server) else { return };
        let Some(call) = self.calls.get_mut(&line) else { return };
        call.unacknowledged = None;
        if call.is_ending() {
            return self.send_bye(line, now);
        }
        if let Some(offer) = call.offer.take() {
            match negotiation::accept_answer(offer, &ack.body) {
                Ok(agreed) => {
                    call.agreed = Some(agreed);
                    self.connect(line);
                }
                Err(refusal) => return self.has_no_sound(line, &refusal, now),
            }
        }
        self.settle_session(line, now);
    }

    pub(super) fn not_acknowledged(&mut self, server: ServerId, now: Moment) {
        let Some(line) = self.line_awaiting(server) else { return };
        if let Some(call) = self.calls.get_mut(&line) {
            call.unacknowledged = None;
        }
        self.send_bye(line, now);
        self.vanish(line, Ended::FarEnd);
    }

    fn line_awaiting(&self, server: ServerId) -> Option<LineId> {
        let mut calls = self.calls.iter();
        calls.find(|(_, call)| call.unacknowledged == Some(server)).map(|(line, _)| *line)
    }

    pub(super) fn cancelled(&mut self, server: ServerId, elsewhere: bool, now: Moment) {
        let is_it =
            |call: &Call| matches!(call.phase, Phase::Ringing { server: s, .. } if s == server);
        let Some((line, _)) = self.calls.iter().find(|(_, call)| is_it(call)) else { return };
        let line = *line;
        self.respond_to_invite(line, server, 487, None, now);
        self.end(line, if elsewhere { Ended::AnsweredElsewhere } else { Ended::Missed });
    }
}

/// The office marks a call that comes back from the lot.
fn is_recall(headers: &Headers) -> bool {
    let info = headers.text(&Name::AlertInfo).unwrap_or_default().to_ascii_lowercase();
    info.contains("alert-recall") || info.contains("alert:service:recall")
}

fn offered(request: &Request) -> Result<(), u16> {
    let is_sdp = request.headers.content_type().as_deref() == Some(SDP);
    if request.body.is_empty() || is_sdp { Ok(()) } else { Err(415) }
}

pub(super) fn status_of(refusal: Refusal) -> u16 {
    match refusal {
        Refusal::Malformed(_) => 400,
        Refusal::NoAudio | Refusal::NoCommonCodec | Refusal::NoAddress => 488,
    }
}
