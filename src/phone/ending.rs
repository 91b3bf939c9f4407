//! How calls end, and the whole phone with them.

use std::time::Duration;

use crate::domain::time::Moment;
use crate::media::control::DeskSound;
use crate::phone::line::Phase;
use crate::phone::messages::{Ended, Event, LineId};
use crate::phone::requests::Purpose;
use crate::phone::{Effect, LEAVE_WITHIN, Leaving, Phone, Timer};
use crate::sip::dialog::Dialog;
use crate::sip::flow::Flow;
use crate::sip::transaction::{self, ClientId};
use crate::sip::wire::{Method, Request, Response};

/// Longest that a call we hung up stays on the screen.
const SHOWN_ENDING: Duration = Duration::from_secs(4);

impl Phone {
    pub(super) fn hang_up(&mut self, line: LineId, now: Moment) {
        let Some(call) = self.calls.get(&line) else { return };
        match call.phase {
            Phase::Ringing { server, .. } => {
                self.respond_to_invite(line, server, 486, None, now);
                self.end(line, Ended::HungUp);
            }
            Phase::Calling { client, .. } => self.give_up(line, client, now),
            // The far end has not confirmed yet that it knows of the answer
            // (RFC 3261 §15): the BYE follows its ACK.
            Phase::Up if call.unacknowledged.is_some() => self.is_ending(line, Phase::Ending, now),
            Phase::Up => {
                self.send_bye(line, now);
                self.is_ending(line, Phase::Ending, now);
            }
            Phase::GivingUp { .. } | Phase::Ending => {}
        }
    }

    fn give_up(&mut self, line: LineId, client: ClientId, now: Moment) {
        let effects = self.transactions.cancel(client, None, now);
        self.carry_out(effects, now);
        self.is_ending(line, Phase::GivingUp { client }, now);
    }

    fn is_ending(&mut self, line: LineId, phase: Phase, now: Moment) {
        self.close_port(line);
        self.timers.set(Timer::Ending(line), now + SHOWN_ENDING);
        if let Some(call) = self.calls.get_mut(&line) {
            call.phase = phase;
            call.handover = None;
        }
    }

    /// BYE; the call stays until it is confirmed.
    pub(super) fn send_bye(&mut self, line: LineId, now: Moment) {
        self.close_port(line);
        let Some(call) = self.calls.get_mut(&line) else { return };
        call.phase = Phase::Ending;
        let request = call.dialog.request(Method::Bye);
        let flow = call.dialog.flow;
        self.send(request, flow, Purpose::Bye(line), now);
    }

    pub(super) fn bye_came(&mut self, line: LineId, request: &Request, flow: Flow, now: Moment) {
        self.reply(request, flow, 200, now);
        if let Some(call) = self.calls.get(&line)
            && let Phase::Ringing { server, .. } = call.phase
        {
            self.respond_to_invite(line, server, 487, None, now);
            return self.end(line, Ended::Missed);
        }
        if self.ended_by_handover(line, now) {
            return self.gone(line);
        }
        let ours = self.calls.get(&line).is_some_and(|call| call.is_ending());
        self.end(line, if ours { Ended::HungUp } else { Ended::FarEnd });
    }

    /// The far end has confirmed that we hung up, or never will.
    pub(super) fn gone(&mut self, line: LineId) {
        self.end(line, Ended::HungUp);
    }

    /// Off the screen; what is left of it goes on unseen.
    pub(super) fn no_longer_shown(&mut self, line: LineId) {
        self.vanish(line, Ended::HungUp);
    }

    pub(super) fn vanish(&mut self, line: LineId, ended: Ended) {
        let Some(call) = self.calls.get_mut(&line) else { return };
        let was_hidden = std::mem::replace(&mut call.hidden, true);
        let caller = call.caller.clone();
        if !was_hidden {
            self.tell(Event::LineEnded { line, caller, ended });
        }
    }

    pub(super) fn end(&mut self, line: LineId, ended: Ended) {
        self.close_port(line);
        self.vanish(line, ended);
        self.calls.remove(&line);
        for timer in [Timer::Glare(line), Timer::Ending(line), Timer::HandingOver(line)] {
            self.timers.clear(&timer);
        }
    }

    fn close_port(&mut self, line: LineId) {
        let port = self.calls.get_mut(&line).and_then(|call| call.port.take());
        if let Some(port) = port {
            self.play(DeskSound::Close { stream: port.stream });
        }
    }

    /// Two answered, or one after we gave up: the second is told goodbye
    /// (RFC 3261 §13.2.2.4).
    pub(super) fn end_second_answer(
        &mut self,
        client: ClientId,
        response: &Response,
        flow: Flow,
        now: Moment,
    ) {
        let headers = &response.headers;
        let (Ok(local), Ok(remote)) = (headers.from(), headers.to()) else { return };
        let number = headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let call_id = headers.call_id().unwrap_or_default();
        let (target, contact) = (remote.uri.clone(), self.account.contact());
        let mut dialog = Dialog::outgoing(call_id, local, remote, target, contact, flow);
        dialog.local_cseq = number;
        dialog.answered(response, flow);
        let sent_by = self.account.flow.local.to_string();
        let ack = dialog.ack(number);
        let flow = dialog.flow;
        let effect = self.transactions.acknowledge(client, ack, flow, &sent_by, &mut self.chance);
        if let transaction::Effect::Send { flow, bytes } = effect {
            self.effects.push(Effect::Send { flow, bytes });
        }
        let bye = dialog.request(Method::Bye);
        self.send(bye, flow, Purpose::Aside, now);
    }

    /// Lines, subscription, registration: all are given up, and the answers
    /// awaited for a moment.
    pub(super) fn leave(&mut self, now: Moment) {
        if self.leaving != Leaving::No {
            return;
        }
        self.leaving = Leaving::Waiting;
        let lines: Vec<LineId> = self.calls.keys().copied().collect();
        for line in lines {
            self.hang_up(line, now);
        }
        self.unsubscribe(now);
        self.unregister(now);
        self.timers.clear(&Timer::AskOffice);
        self.timers.clear(&Timer::Silence);
        self.timers.set(Timer::Leaving, now + LEAVE_WITHIN);
    }
}
