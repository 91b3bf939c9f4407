//! Requests that arrive.

use core::net::SocketAddr;

use rsip::headers::UntypedHeader;
use rsip::{Method, Request};

use crate::domain::time::Moment;
use crate::sim::people::lamp;
use crate::sim::people::letter::{Reading, Shown, reply};
use crate::sim::people::parked;
use crate::sim::people::person::Person;
use crate::sim::people::person::asks::transaction_of;
use crate::sim::people::person::calls::Stage;
use crate::sim::people::person::dialog::with_body;
use crate::sim::people::person::messages::{CallNumber, Happened};

impl Person {
    pub fn take_request(&mut self, from: SocketAddr, request: Request, now: Moment) {
        let (Some(transaction), Some(call_id)) = (transaction_of(&request), request.call_id())
        else {
            return self.report(Happened::Unreadable { bytes: 0 });
        };
        if let Some((to, bytes)) = self.replies.get(&transaction).cloned() {
            return self.send(to, bytes);
        }
        let tag = request.sender_tag();
        let call = self.find(|call| call.dialog.has(&call_id, tag.as_deref()));
        match (request.method, call) {
            (Method::Ack, _) => self.acknowledged(&call_id),
            (Method::Invite, None) if request.to_tag().is_none() => self.ring(request, from, now),
            (Method::Invite | Method::Update, Some(call)) => {
                self.changes(call, &request, from, now)
            }
            (Method::Bye, Some(call)) => {
                self.answer_with(&request, from, 200, now);
                self.end(call, false);
            }
            (Method::Cancel, _) => self.cancelled(&request, from, now),
            (Method::Notify, _) => self.notified(&request, call, from, now),
            (Method::Options | Method::Message | Method::Info, _) => {
                self.answer_with(&request, from, 200, now);
            }
            (Method::Refer, Some(_)) => self.answer_with(&request, from, 603, now),
            (_, None) => self.answer_with(&request, from, 481, now),
            (_, Some(_)) => self.answer_with(&request, from, 501, now),
        }
    }

    fn changes(&mut self, call: CallNumber, request: &Request, from: SocketAddr, now: Moment) {
        let is_invite = request.method == Method::Invite;
        let mut response = reply(request, 200, "");
        let contact = format!("<sip:{}@{}>", self.identity.user, self.identity.at);
        response.headers.push(rsip::headers::Contact::new(contact).into());
        if is_invite || !request.body.is_empty() {
            let Some(body) = self.changed_by_them(call, request) else {
                return self.answer_with(request, from, 488, now);
            };
            with_body(&mut response.headers, "application/sdp", &body);
            response.body = body.into_bytes();
        } else {
            with_body(&mut response.headers, "", "");
        }
        self.keep_reply(request, from, response, now);
        if let Some(who) = request.asserted() {
            self.show(call, who);
        }
    }

    fn show(&mut self, number: CallNumber, who: Shown) {
        if let Some(call) = self.calls.get_mut(&number).filter(|call| call.who != who) {
            call.who = who.clone();
            self.report(Happened::NameShown { call: number, who });
        }
    }

    /// RFC 3261 §9.2: the CANCEL gets a 200, the INVITE its 487.
    fn cancelled(&mut self, request: &Request, from: SocketAddr, now: Moment) {
        let branch = request.branch();
        let ringing = self.find(|call| match &call.stage {
            Stage::Ringing { invite, .. } => invite.branch() == branch,
            _ => false,
        });
        let status = if ringing.is_some() { 200 } else { 481 };
        self.answer_with(request, from, status, now);
        if let Some(call) = ringing {
            self.given_up(call, now);
        }
    }

    fn given_up(&mut self, call: CallNumber, now: Moment) {
        let Some(Stage::Ringing { invite, from }) = self.calls.get(&call).map(|it| &it.stage)
        else {
            return;
        };
        let (invite, from) = (invite.clone(), *from);
        let tag = self.calls.get(&call).map(|it| it.dialog.local_tag.clone()).unwrap_or_default();
        let mut response = reply(&invite, 487, &tag);
        with_body(&mut response.headers, "", "");
        self.keep_reply(&invite, from, response, now);
        self.end(call, false);
    }

    fn notified(
        &mut self,
        request: &Request,
        call: Option<CallNumber>,
        from: SocketAddr,
        now: Moment,
    ) {
        let watch = self.watch.as_ref();
        let is_watch =
            watch.is_some_and(|watch| Some(&watch.dialog.call_id) == request.call_id().as_ref());
        match (request.event().as_deref(), call) {
            (Some("refer"), Some(call)) => {
                self.answer_with(request, from, 200, now);
                self.transfer_progress(call, &request.body, now);
            }
            (Some("call-info"), _) if is_watch => {
                self.answer_with(request, from, 200, now);
                self.report(Happened::ParkShown { parked: parked::read(&request.body) });
            }
            (Some("dialog"), _) if is_watch => {
                self.answer_with(request, from, 200, now);
                self.report(Happened::LampShown { busy: lamp::is_busy(&request.body) });
            }
            (Some("refer"), None) => self.answer_with(request, from, 200, now),
            _ => self.answer_with(request, from, 481, now),
        }
    }

    /// `SIP/2.0 200 OK` (RFC 3420). After success his part is done: he hangs
    /// up, as phones do.
    fn transfer_progress(&mut self, call: CallNumber, body: &[u8], now: Moment) {
        let text = String::from_utf8_lossy(body);
        let status = text.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        let Some(status) = status else {
            return self.report(Happened::Unreadable { bytes: body.len() });
        };
        self.report(Happened::TransferProgress { call, status });
        match status {
            200..=299 => self.leave(call, now),
            300.. => self.talk(call),
            _ => {}
        }
    }
}
