//! What we ask of the office: sending, credentials, and whom an answer concerns.

use serde::{Deserialize, Serialize};

use crate::domain::time::Moment;
use crate::phone::elsewhere::Watched;
use crate::phone::messages::LineId;
use crate::phone::{Effect, Phone};
use crate::sip::dialog::Dialog;
use crate::sip::flow::Flow;
use crate::sip::transaction::{ClientId, Transactions};
use crate::sip::wire::{CSeq, Method, Name, Request, Response};

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    Register,
    Unregister,
    Subscribe,
    Unsubscribe,
    /// At a server that is not ours.
    Watch(Watched),
    Unwatch(Watched),
    Invite(LineId),
    Reinvite(LineId),
    Refer(LineId),
    Bye(LineId),
    /// Of `Phone::notes`.
    Note(u32),
    /// A wish of an administrator's, by its number.
    Administer(u32),
    /// Is the office there?
    Liveness,
    /// Does it still know this call?
    CallLiveness(LineId),
    /// The end of a call nobody knows of any more.
    Aside,
}

pub(super) const USER_AGENT: &str = concat!("Bellhop/", env!("CARGO_PKG_VERSION"));
pub(super) const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, UPDATE, INFO, MESSAGE";
pub(super) const SDP: &str = "application/sdp";

impl Phone {
    pub(super) fn send(
        &mut self,
        mut request: Request,
        flow: Flow,
        purpose: Purpose,
        now: Moment,
    ) -> ClientId {
        request.headers.set(Name::UserAgent, USER_AGENT);
        if !matches!(request.method, Method::Bye) {
            request.headers.set(Name::Allow, ALLOW);
        }
        self.answerer.authorize(&mut request, &mut self.chance);
        self.send_as_it_is(request, flow, purpose, now)
    }

    /// For what any answer is good enough, a challenge among them.
    pub(super) fn send_unsigned(
        &mut self,
        mut request: Request,
        flow: Flow,
        purpose: Purpose,
        now: Moment,
    ) {
        request.headers.set(Name::UserAgent, USER_AGENT);
        self.send_as_it_is(request, flow, purpose, now);
    }

    fn send_as_it_is(
        &mut self,
        request: Request,
        flow: Flow,
        purpose: Purpose,
        now: Moment,
    ) -> ClientId {
        let sent_by = self.account.flow.local.to_string();
        let (client, effects) =
            self.transactions.send(request, flow, &sent_by, &mut self.chance, now);
        self.asked.insert(client, purpose);
        self.carry_out(effects, now);
        client
    }

    pub(super) fn send_statelessly(&mut self, flow: Flow, response: &Response) {
        let effect = Transactions::reply_statelessly(flow, response);
        if let crate::sip::transaction::Effect::Send { flow, bytes } = effect {
            self.effects.push(Effect::Send { flow, bytes });
        }
    }

    pub(super) fn answered(
        &mut self,
        client: ClientId,
        response: &Response,
        flow: Flow,
        now: Moment,
    ) {
        let Some(purpose) = self.asked.get(&client).copied() else { return };
        if response.status < 200 {
            return self.provisional(purpose, response, flow);
        }
        if self.challenged(client, purpose, response, now) {
            return;
        }
        self.concluded(client, purpose, response, flow, now);
        self.asked.remove(&client);
    }

    pub(super) fn unanswered(&mut self, client: ClientId, now: Moment) {
        let Some(purpose) = self.asked.remove(&client) else { return };
        match purpose {
            Purpose::Refer(line) => self.handover_failed(line, 408, ""),
            Purpose::Reinvite(line) => self.reinvite_refused(line, 408, ""),
            _ => {
                let nothing = Response::new(408).reason("");
                self.concluded(client, purpose, &nothing, self.account.flow, now);
            }
        }
        self.perhaps_office_is_silent(now);
    }

    fn provisional(&mut self, purpose: Purpose, response: &Response, flow: Flow) {
        if let Purpose::Invite(line) = purpose {
            self.call_proceeds(line, response, flow);
        }
    }

    fn concluded(
        &mut self,
        client: ClientId,
        purpose: Purpose,
        response: &Response,
        flow: Flow,
        now: Moment,
    ) {
        match purpose {
            Purpose::Register => self.register_answered(response, now),
            Purpose::Unregister => self.unregistered(),
            Purpose::Subscribe => self.subscribe_answered(response, flow, now),
            Purpose::Watch(watched) => self.watch_answered(watched, response, flow, now),
            Purpose::Unsubscribe | Purpose::Unwatch(_) | Purpose::Aside => {}
            Purpose::Invite(line) => self.call_answered(line, client, response, flow, now),
            Purpose::Reinvite(line) => self.reinvite_answered(line, client, response, flow, now),
            Purpose::Refer(line) => self.refer_answered(line, response, now),
            Purpose::Bye(line) => self.gone(line),
            Purpose::Note(note) => self.note_answered(note, response),
            Purpose::Administer(id) => self.wish_answered(id, response),
            Purpose::Liveness => self.office_lives(response, now),
            Purpose::CallLiveness(line) => self.call_lives(line, response, now),
        }
    }

    /// The same request with credentials (RFC 3261 §22.2): a new transaction
    /// under the next CSeq number.
    fn challenged(
        &mut self,
        client: ClientId,
        purpose: Purpose,
        response: &Response,
        now: Moment,
    ) -> bool {
        if matches!(purpose, Purpose::Liveness | Purpose::CallLiveness(_)) {
            return false;
        }
        if !matches!(response.status, 401 | 407) || !self.answerer.challenged(response) {
            return false;
        }
        let Some(mut request) = self.transactions.sent(client).cloned() else { return false };
        let Some(number) = self.next_number(purpose) else { return false };
        let method = request.method.clone();
        request.headers.remove(&Name::Via);
        request.headers.set(Name::CSeq, CSeq { number, method }.to_string());
        self.answerer.authorize(&mut request, &mut self.chance);
        self.asked.remove(&client);
        let flow = self.flow_of(purpose);
        let again = self.send_as_it_is(request, flow, purpose, now);
        self.sent_again(purpose, again, now);
        true
    }

    /// A call that was given up before the challenge is given up again.
    fn sent_again(&mut self, purpose: Purpose, client: ClientId, now: Moment) {
        let (Purpose::Invite(line) | Purpose::Reinvite(line)) = purpose else { return };
        let Some(call) = self.calls.get_mut(&line) else { return };
        call.request_is_now(client);
        if call.is_ending() && matches!(purpose, Purpose::Invite(_)) {
            let effects = self.transactions.cancel(client, None, now);
            self.carry_out(effects, now);
        }
    }

    fn next_number(&mut self, purpose: Purpose) -> Option<u32> {
        let number = match purpose {
            Purpose::Register | Purpose::Unregister => &mut self.register.number,
            Purpose::Note(note) => &mut self.notes.get_mut(&note)?.number,
            Purpose::Administer(_) => &mut self.wishes.number,
            _ => &mut self.dialog_of(purpose)?.local_cseq,
        };
        *number += 1;
        Some(*number)
    }

    fn flow_of(&mut self, purpose: Purpose) -> Flow {
        self.dialog_of(purpose).map(|dialog| dialog.flow).unwrap_or(self.account.flow)
    }

    fn dialog_of(&mut self, purpose: Purpose) -> Option<&mut Dialog> {
        match purpose {
            Purpose::Invite(line)
            | Purpose::Reinvite(line)
            | Purpose::Refer(line)
            | Purpose::CallLiveness(line)
            | Purpose::Bye(line) => self.calls.get_mut(&line).map(|call| &mut call.dialog),
            Purpose::Subscribe | Purpose::Unsubscribe => self.watch.dialog.as_mut(),
            Purpose::Watch(watched) | Purpose::Unwatch(watched) => self.dialog_watched(watched),
            Purpose::Register
            | Purpose::Unregister
            | Purpose::Note(_)
            | Purpose::Administer(_)
            | Purpose::Liveness
            | Purpose::Aside => None,
        }
    }
}
