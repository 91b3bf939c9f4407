//! His calls: where each is, and what its stages do.

use core::net::SocketAddr;
use std::time::Duration;

use rsip::headers::UntypedHeader;
use rsip::message::HeadersExt;
use rsip::{Method, Request, Response};

use crate::domain::time::Moment;
use crate::media::control::Codec;
use crate::sim::people::letter::{Reading, Shown, reply};
use crate::sim::people::person::alarms::Alarm;
use crate::sim::people::person::asks::{Purpose, transaction_of};
use crate::sim::people::person::dialog::{Dialog, with_body};
use crate::sim::people::person::messages::{CallNumber, Happened, Order, PersonEffect, SLOTS};
use crate::sim::people::person::{Person, T1, T2, TIMER_F};
use crate::sim::people::session::{self, Session, Way};

#[derive(Clone, Debug)]
pub struct Call {
    pub slot: usize,
    pub dialog: Dialog,
    pub who: Shown,
    pub stage: Stage,
    /// What he wants: both ways, or only to be heard (he holds).
    pub way: Way,
    pub peer: Option<Session>,
    version: u64,
}

/// ```text
///   Calling ------> Up --> Leaving --> (gone)
///   Ringing -> Answered -^
/// ```
#[derive(Clone, Debug)]
pub enum Stage {
    /// His INVITE is under way, in this transaction.
    Calling {
        transaction: String,
    },
    /// He is called by this INVITE, which came from there.
    Ringing {
        invite: Request,
        from: SocketAddr,
    },
    /// His 200 has no ACK yet.
    Answered {
        ok: Vec<u8>,
        from: SocketAddr,
        every: Duration,
        until: Moment,
    },
    Up,
    /// His BYE is under way.
    Leaving,
}

impl Call {
    fn new(slot: usize, dialog: Dialog, who: Shown, stage: Stage) -> Self {
        Self { slot, dialog, who, stage, way: Way::Both, peer: None, version: 0 }
    }

    pub fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up | Stage::Answered { .. })
    }

    pub fn is_held(&self) -> bool {
        self.is_up() && self.way != Way::Both
    }
}

impl Person {
    pub fn find(&self, wanted: impl Fn(&Call) -> bool) -> Option<CallNumber> {
        self.calls.iter().rev().find(|(_, call)| wanted(call)).map(|(number, _)| *number)
    }

    fn free_slot(&self) -> Option<usize> {
        (0..SLOTS).find(|slot| self.calls.values().all(|call| call.slot != *slot))
    }

    fn add(&mut self, call: Call) -> CallNumber {
        self.calls_had += 1;
        let number = CallNumber(self.calls_had);
        self.sound(call.slot, Order::Clear);
        self.calls.insert(number, call);
        number
    }

    fn sound(&mut self, slot: usize, order: Order) {
        self.out.push(PersonEffect::Sound { slot, order });
    }

    /// INVITE to `to`.
    pub fn call(&mut self, to: &str, now: Moment) -> bool {
        let Some(slot) = self.free_slot() else {
            return false;
        };
        let mut dialog = Dialog::towards(to, &self.identity, &mut self.chance);
        let branch = self.draw_branch();
        let Some(mut invite) = dialog.request(Method::Invite, &self.identity, &branch) else {
            return false;
        };
        let offer = self.description(slot, &self.identity.codecs, Way::Both, 1);
        with_offer(&mut invite, &offer);
        let transaction = format!("{branch} INVITE");
        let who = Shown { name: String::new(), number: to.to_owned() };
        let mut call = Call::new(slot, dialog, who, Stage::Calling { transaction });
        call.version = 1;
        let number = self.add(call);
        self.ask(invite, Purpose::Open(number), now);
        true
    }

    fn description(&self, slot: usize, codecs: &[Codec], way: Way, version: u64) -> String {
        session::write(self.sound_at(slot), codecs, way, version)
    }

    fn sound_at(&self, slot: usize) -> SocketAddr {
        self.identity.sound_at.get(slot).copied().unwrap_or(self.identity.at)
    }

    /// A request of the call was sent again under another number.
    pub fn call_numbered(&mut self, number: CallNumber, cseq: u32, branch: &str) {
        if let Some(call) = self.calls.get_mut(&number) {
            call.dialog.cseq = cseq;
            if let Stage::Calling { transaction } = &mut call.stage {
                *transaction = format!("{branch} INVITE");
            }
        }
    }

    /// A provisional answer may bring early sound.
    pub fn far_end_rings(&mut self, number: CallNumber, response: &Response) {
        if let Some(call) = self.calls.get_mut(&number) {
            call.dialog.remote_tag = response.to_tag();
            call.peer = session::read(&response.body).or(call.peer.take());
        }
    }

    /// His INVITE was answered.
    pub fn opened(
        &mut self,
        number: CallNumber,
        transaction: &str,
        invite: &Request,
        response: &Response,
        now: Moment,
    ) {
        let peer = session::read(&response.body);
        let Some(call) = self.calls.get_mut(&number) else {
            return self.acknowledge_and_leave(transaction, invite, response, now);
        };
        call.dialog.remote_tag = response.to_tag();
        call.dialog.target = response.target().unwrap_or_else(|| call.dialog.target.clone());
        call.peer = peer.or(call.peer.take());
        call.stage = Stage::Up;
        if let Some(who) = response.asserted() {
            call.who = who;
        }
        let (slot, who) = (call.slot, call.who.clone());
        self.acknowledge_in(number, transaction, invite);
        self.report(Happened::Connected { call: number, slot, who });
        self.talk(number);
    }

    /// An answer to a call that he has given up meanwhile: it has to be
    /// acknowledged and ended all the same.
    fn acknowledge_and_leave(
        &mut self,
        transaction: &str,
        invite: &Request,
        response: &Response,
        now: Moment,
    ) {
        let Some(mut dialog) = dialog_of(invite, response) else {
            return;
        };
        let number = dialog.cseq;
        let branch = self.draw_branch();
        let ack = dialog.request_numbered(Method::Ack, number, &self.identity, &branch);
        if let Some(mut ack) = ack {
            with_body(&mut ack.headers, "", "");
            self.acknowledge(transaction, &ack);
        }
        let branch = self.draw_branch();
        if let Some(mut bye) = dialog.request(Method::Bye, &self.identity, &branch) {
            with_body(&mut bye.headers, "", "");
            self.ask(bye, Purpose::Cancel, now);
        }
    }

    fn acknowledge_in(&mut self, call: CallNumber, transaction: &str, invite: &Request) {
        let branch = self.draw_branch();
        let number = invite.cseq().map_or(1, |(number, _)| number);
        let ack = self.calls.get(&call).and_then(|call| {
            call.dialog.request_numbered(Method::Ack, number, &self.identity, &branch)
        });
        if let Some(mut ack) = ack {
            with_body(&mut ack.headers, "", "");
            self.acknowledge(transaction, &ack);
        }
    }

    /// His re-INVITE was answered.
    pub fn changed(
        &mut self,
        number: CallNumber,
        transaction: &str,
        invite: &Request,
        response: &Response,
    ) {
        if let Some(call) = self.calls.get_mut(&number) {
            call.peer = session::read(&response.body).or(call.peer.take());
        }
        self.acknowledge_in(number, transaction, invite);
        self.talk(number);
    }

    pub fn refused(&mut self, number: CallNumber, status: u16, reason: &str) {
        if let Some(call) = self.calls.remove(&number) {
            self.sound(call.slot, Order::Close);
            let reason = reason.to_owned();
            self.report(Happened::Refused { call: number, status, reason });
        }
    }

    pub fn end(&mut self, number: CallNumber, by_me: bool) {
        if let Some(call) = self.calls.remove(&number) {
            self.sound(call.slot, Order::Close);
            self.report(Happened::Ended { call: number, by_me });
        }
    }

    /// Speaks, or falls silent, as the call stands.
    pub fn talk(&mut self, number: CallNumber) {
        let Some(call) = self.calls.get(&number).filter(|call| call.is_up()) else {
            return;
        };
        let peer = call.peer.as_ref().filter(|peer| peer.way.receives() && call.way == Way::Both);
        let order = peer.and_then(|peer| {
            let (codec, payload_type) = *peer.codecs.first()?;
            Some(Order::Speak { to: peer.to, codec, payload_type })
        });
        self.sound(call.slot, order.unwrap_or(Order::BeQuiet));
    }

    /// He is called.
    pub fn ring(&mut self, invite: Request, from: SocketAddr, now: Moment) {
        let dialog = Dialog::from_invite(&invite, &self.identity, &mut self.chance);
        let (Some(dialog), Some(slot)) = (dialog, self.free_slot()) else {
            return self.answer_with(&invite, from, 486, now);
        };
        let who = invite.sender();
        let ringing = self.reply_in(&dialog, &invite, 180, "");
        self.keep_reply(&invite, from, ringing, now);
        let mut call = Call::new(slot, dialog, who.clone(), Stage::Ringing { invite, from });
        call.peer = match &call.stage {
            Stage::Ringing { invite, .. } => session::read(&invite.body),
            _ => None,
        };
        let number = self.add(call);
        self.report(Happened::Rang { call: number, who });
        self.behave(number, now);
    }

    fn reply_in(&self, dialog: &Dialog, request: &Request, status: u16, body: &str) -> Response {
        let mut response = reply(request, status, &dialog.local_tag);
        let contact = format!("<sip:{}@{}>", self.identity.user, self.identity.at);
        response.headers.push(rsip::headers::Contact::new(contact).into());
        with_body(&mut response.headers, "application/sdp", body);
        response.body = body.as_bytes().to_vec();
        response
    }

    /// Picks up.
    pub fn answer(&mut self, number: CallNumber, now: Moment) {
        let Some(call) = self.calls.get(&number) else {
            return;
        };
        let Stage::Ringing { invite, from } = &call.stage else {
            return;
        };
        let (invite, from) = (invite.clone(), *from);
        let Some(codecs) = self.common_codec(call.peer.as_ref()) else {
            return self.decline(number, 488, now);
        };
        let body = self.description(call.slot, &codecs, Way::Both, 1);
        let ok = self.reply_in(&call.dialog, &invite, 200, &body);
        let bytes = ok.to_string().into_bytes();
        self.keep_reply(&invite, from, ok, now);
        self.alarms.set(now + T1, Alarm::AnswerAgain(number));
        let (ok, every, until) = (bytes, T1, now + TIMER_F);
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        call.version = 1;
        call.stage = Stage::Answered { ok, from, every, until };
        let (slot, who) = (call.slot, call.who.clone());
        self.report(Happened::Connected { call: number, slot, who });
        self.talk(number);
    }

    /// The one that goes into an answer; all of his when he is to offer.
    fn common_codec(&self, offered: Option<&Session>) -> Option<Vec<Codec>> {
        let Some(offered) = offered else {
            return Some(self.identity.codecs.clone());
        };
        let known = |(codec, _): &&(Codec, u8)| self.identity.codecs.contains(codec);
        offered.codecs.iter().find(known).map(|(codec, _)| vec![*codec])
    }

    pub fn answer_again(&mut self, number: CallNumber, now: Moment) {
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        let Stage::Answered { ok, from, every, until } = &mut call.stage else {
            return;
        };
        if *until <= now {
            return self.leave(number, now);
        }
        *every = (*every * 2).min(T2);
        let (to, bytes, at) = (*from, ok.clone(), now + *every);
        self.send(to, bytes);
        self.alarms.set(at, Alarm::AnswerAgain(number));
    }

    pub fn decline(&mut self, number: CallNumber, status: u16, now: Moment) {
        let Some(call) = self.calls.get(&number) else {
            return;
        };
        if let Stage::Ringing { invite, from } = &call.stage {
            let (invite, from) = (invite.clone(), *from);
            let refusal = self.reply_in(&call.dialog, &invite, status, "");
            self.keep_reply(&invite, from, refusal, now);
            self.end(number, true);
        }
    }

    /// The call was acknowledged.
    pub fn acknowledged(&mut self, call_id: &str) {
        let of_it = |call: &&mut Call| call.dialog.call_id == call_id;
        let Some(call) = self.calls.values_mut().find(of_it) else {
            return;
        };
        if matches!(call.stage, Stage::Answered { .. }) {
            call.stage = Stage::Up;
        }
    }

    /// Hangs up, whatever the call's stage.
    pub fn leave(&mut self, number: CallNumber, now: Moment) {
        match self.calls.get(&number).map(|call| &call.stage) {
            Some(Stage::Ringing { .. }) => self.decline(number, 486, now),
            Some(Stage::Calling { transaction }) => {
                let transaction = transaction.clone();
                self.cancel(&transaction, now);
                self.end(number, true);
            }
            Some(Stage::Up | Stage::Answered { .. }) => self.bye(number, now),
            Some(Stage::Leaving) | None => {}
        }
    }

    fn bye(&mut self, number: CallNumber, now: Moment) {
        let branch = self.draw_branch();
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        call.stage = Stage::Leaving;
        let slot = call.slot;
        let bye = call.dialog.request(Method::Bye, &self.identity, &branch);
        self.sound(slot, Order::BeQuiet);
        if let Some(mut bye) = bye {
            with_body(&mut bye.headers, "", "");
            self.ask(bye, Purpose::Bye(number), now);
        }
    }

    /// RFC 3261 §9.1. The INVITE still gets its own answer.
    fn cancel(&mut self, transaction: &str, now: Moment) {
        let Some(invite) = self.asks.get(transaction).map(|ask| ask.request.clone()) else {
            return;
        };
        let number = invite.cseq().map_or(1, |(number, _)| number);
        let mut cancel = Request { method: Method::Cancel, body: Vec::new(), ..invite };
        cancel.headers.retain(|header| {
            use rsip::Header::{CallId, From, MaxForwards, To, Via};
            matches!(header, Via(_) | From(_) | To(_) | CallId(_) | MaxForwards(_))
        });
        cancel.headers.push(rsip::headers::CSeq::new(format!("{number} CANCEL")).into());
        with_body(&mut cancel.headers, "", "");
        self.ask(cancel, Purpose::Cancel, now);
    }

    /// A re-INVITE with the way he wants now.
    pub fn change_way(&mut self, number: CallNumber, way: Way, now: Moment) {
        let branch = self.draw_branch();
        let Some(call) = self.calls.get_mut(&number).filter(|call| call.is_up()) else {
            return;
        };
        call.way = way;
        call.version += 1;
        let (slot, version) = (call.slot, call.version);
        let invite = call.dialog.request(Method::Invite, &self.identity, &branch);
        let offer = self.description(slot, &self.identity.codecs, way, version);
        if way != Way::Both {
            self.sound(slot, Order::BeQuiet);
        }
        if let Some(mut invite) = invite {
            with_offer(&mut invite, &offer);
            self.ask(invite, Purpose::Change(number), now);
        }
    }

    /// The other side's re-INVITE or UPDATE with an offer: the answer's body.
    pub fn changed_by_them(&mut self, number: CallNumber, request: &Request) -> Option<String> {
        let offer = session::read(&request.body);
        let codecs = self.common_codec(offer.as_ref())?;
        let call = self.calls.get_mut(&number)?;
        let mut way = call.way;
        if let Some(offer) = offer {
            if !offer.way.receives() || call.way == Way::Both {
                way = offer.way.mirrored();
            }
            call.peer = Some(offer);
        }
        call.version += 1;
        let (slot, version) = (call.slot, call.version);
        self.talk(number);
        Some(self.description(slot, &codecs, way, version))
    }

    /// REFER (RFC 3515) of a call that has been quiet for a moment.
    pub fn refer(&mut self, number: CallNumber, to: &str, now: Moment) {
        let branch = self.draw_branch();
        let domain = self.identity.domain.clone();
        let Some(call) = self.calls.get_mut(&number).filter(|call| call.is_up()) else {
            return;
        };
        let refer = call.dialog.request(Method::Refer, &self.identity, &branch);
        let Some(mut refer) = refer else {
            return;
        };
        let (address, parameters) = to.split_once('?').unwrap_or((to, ""));
        let question = if parameters.is_empty() { "" } else { "?" };
        let refer_to = format!("<sip:{address}@{domain}{question}{parameters}>");
        let named = self.identity.named();
        refer.headers.push(rsip::Header::Other("Refer-To".into(), refer_to));
        refer.headers.push(rsip::Header::Other("Referred-By".into(), named));
        with_body(&mut refer.headers, "", "");
        self.report(Happened::TransferAsked { call: number, to: to.to_owned() });
        self.ask(refer, Purpose::Refer(number), now);
    }

    pub fn answer_with(&mut self, request: &Request, from: SocketAddr, status: u16, now: Moment) {
        let tag = self.chance.hex(10);
        let mut response = reply(request, status, &tag);
        with_body(&mut response.headers, "", "");
        self.keep_reply(request, from, response, now);
    }

    /// Sends a reply, and keeps it for the request's repetitions.
    pub fn keep_reply(&mut self, request: &Request, to: SocketAddr, reply: Response, now: Moment) {
        let bytes = reply.to_string().into_bytes();
        if let Some(transaction) = transaction_of(request) {
            let forget = Alarm::ForgetReply { transaction: transaction.clone() };
            self.replies.insert(transaction, (to, bytes.clone()));
            if reply.status_code.code() >= 200 {
                self.alarms.set(now + TIMER_F, forget);
            }
        }
        self.send(to, bytes);
    }
}

fn with_offer(invite: &mut Request, offer: &str) {
    with_body(&mut invite.headers, "application/sdp", offer);
    invite.body = offer.as_bytes().to_vec();
}

/// The dialog that `response` made of `invite`.
fn dialog_of(invite: &Request, response: &Response) -> Option<Dialog> {
    let from = response.from_header().ok()?.value();
    let (local, local_tag) = from.split_once(";tag=")?;
    Some(Dialog {
        call_id: response.call_id()?,
        local_tag: local_tag.to_owned(),
        local: local.to_owned(),
        remote_tag: response.to_tag(),
        remote: invite.to_header().ok()?.value().to_owned(),
        target: response.target()?,
        cseq: invite.cseq()?.0,
    })
}
