//! Requests he sends: sent again until answered, answered when challenged,
//! and what their answers mean.

use core::net::SocketAddr;
use std::time::Duration;

use rsip::headers::UntypedHeader;
use rsip::{Header, Headers, Method, Request, Response};

use crate::domain::time::Moment;
use crate::sim::people::digest;
use crate::sim::people::letter::Reading;
use crate::sim::people::person::alarms::Alarm;
use crate::sim::people::person::dialog::{Dialog, with_body};
use crate::sim::people::person::messages::{CallNumber, Happened};
use crate::sim::people::person::{Person, T1, T2, TIMER_F, Watch, Watched};

/// An INVITE that rings may ring this long.
const RINGING_MAX: Duration = Duration::from_secs(300);
/// Asked for at registration and subscription.
const EXPIRES_S: u64 = 600;

#[derive(Clone, Debug)]
pub struct Ask {
    pub request: Request,
    pub purpose: Purpose,
    every: Duration,
    give_up_at: Moment,
    /// It has had a provisional answer (RFC 3261 §17.1.1.2).
    at_rest: bool,
    proved: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Register,
    Watch,
    /// An INVITE that opens this call.
    Open(CallNumber),
    /// A re-INVITE in it.
    Change(CallNumber),
    Refer(CallNumber),
    Bye(CallNumber),
    Cancel,
}

impl Person {
    pub fn draw_branch(&mut self) -> String {
        format!("z9hG4bK{}", self.chance.hex(16))
    }

    /// Sends `request`, whose body is already in it.
    pub fn ask(&mut self, request: Request, purpose: Purpose, now: Moment) {
        let proved = is_proved(&request);
        if let (Purpose::Open(call), true) = (purpose, proved || !self.is_a_user()) {
            let to = request.uri.user().unwrap_or_default().to_owned();
            self.report(Happened::Called { call, to });
        }
        let Some(transaction) = transaction_of(&request) else {
            return;
        };
        self.send(self.identity.server, request.to_string().into_bytes());
        self.alarms.set(now + T1, Alarm::SendAgain { transaction: transaction.clone() });
        self.alarms.set(now + TIMER_F, Alarm::GiveUp { transaction: transaction.clone() });
        let give_up_at = now + TIMER_F;
        let ask = Ask { request, purpose, every: T1, give_up_at, at_rest: false, proved };
        self.asks.insert(transaction, ask);
    }

    fn is_a_user(&self) -> bool {
        self.identity.password.is_some()
    }

    pub fn send_again(&mut self, transaction: &str, now: Moment) {
        let Some(ask) = self.asks.get_mut(transaction).filter(|ask| !ask.at_rest) else {
            return;
        };
        ask.every *= 2;
        if ask.request.method != Method::Invite {
            ask.every = ask.every.min(T2);
        }
        let bytes = ask.request.to_string().into_bytes();
        let again = Alarm::SendAgain { transaction: transaction.to_owned() };
        self.alarms.set(now + ask.every, again);
        self.send(self.identity.server, bytes);
    }

    pub fn give_up(&mut self, transaction: &str, now: Moment) {
        let overdue = |ask: &&Ask| ask.give_up_at <= now;
        let Some(ask) = self.asks.get(transaction).filter(overdue) else {
            return;
        };
        let purpose = ask.purpose;
        self.asks.remove(transaction);
        self.failed(purpose, 408, "no answer to the request", now);
    }

    pub fn take_response(&mut self, response: &Response, now: Moment) {
        let Some(transaction) = transaction_of_response(response) else {
            return self.report(Happened::Unreadable { bytes: 0 });
        };
        let status = response.status_code.code();
        if let (Some((to, ack)), 200..) = (self.acks.get(&transaction), status) {
            let (to, ack) = (*to, ack.clone());
            return self.send(to, ack);
        }
        if status < 200 {
            return self.provisional(&transaction, status, response, now);
        }
        if let Some(ask) = self.asks.remove(&transaction) {
            self.finished(&transaction, ask, status, response, now);
        }
    }

    fn provisional(&mut self, transaction: &str, status: u16, response: &Response, now: Moment) {
        let Some(ask) = self.asks.get_mut(transaction) else {
            return;
        };
        let give_up = Alarm::GiveUp { transaction: transaction.to_owned() };
        if ask.request.method == Method::Invite && !ask.at_rest {
            ask.at_rest = true;
            ask.give_up_at = now + RINGING_MAX;
            self.alarms.set(ask.give_up_at, give_up);
        }
        if let (Purpose::Open(call), 101..) = (ask.purpose, status) {
            self.far_end_rings(call, response);
        }
    }

    fn finished(
        &mut self,
        transaction: &str,
        ask: Ask,
        status: u16,
        response: &Response,
        now: Moment,
    ) {
        if ask.request.method == Method::Invite && status >= 300 {
            self.acknowledge_refusal(transaction, &ask.request, response);
        }
        if matches!(status, 401 | 407) && !ask.proved && self.prove(&ask, response, now) {
            return;
        }
        match (ask.purpose, status) {
            (Purpose::Register, 200..=299) => self.registered(response, now),
            (Purpose::Watch, 200..=299) => self.watching(response, now),
            (Purpose::Open(call), 200..=299) => {
                self.opened(call, transaction, &ask.request, response, now);
            }
            (Purpose::Change(call), 200..=299) => {
                self.changed(call, transaction, &ask.request, response);
            }
            (Purpose::Refer(call), _) => {
                self.report(Happened::TransferAnswered { call, status });
                if status >= 300 {
                    self.talk(call);
                }
            }
            (Purpose::Bye(call), _) => self.end(call, true),
            (Purpose::Cancel, _) => {}
            (purpose, _) => {
                let reason = phrase(response);
                self.failed(purpose, status, &reason, now);
            }
        }
    }

    fn failed(&mut self, purpose: Purpose, status: u16, reason: &str, now: Moment) {
        match purpose {
            Purpose::Register => {
                self.report(Happened::RegistrationRefused { status });
                self.alarms.set(now + Duration::from_secs(5), Alarm::RefreshRegistration);
            }
            Purpose::Watch => self.alarms.set(now + Duration::from_secs(5), Alarm::RefreshWatch),
            Purpose::Open(call) => self.refused(call, status, reason),
            Purpose::Change(call) => self.talk(call),
            Purpose::Refer(call) => self.report(Happened::TransferAnswered { call, status }),
            Purpose::Bye(call) => self.end(call, true),
            Purpose::Cancel => {}
        }
    }

    /// The same request again, with the answer to the challenge in it.
    fn prove(&mut self, ask: &Ask, response: &Response, now: Moment) -> bool {
        let Some(password) = self.identity.password.clone() else {
            return false;
        };
        let Some((number, method)) = ask.request.cseq() else {
            return false;
        };
        let asked = digest::Asked {
            user: &self.identity.user,
            password: &password,
            method: &method.to_string(),
            uri: &ask.request.uri.to_string(),
            cnonce: &self.chance.hex(8),
        };
        let Some(credentials) = digest::answer(&response.challenges(), asked) else {
            return false;
        };
        let branch = self.draw_branch();
        let mut request = ask.request.clone();
        let via = format!("SIP/2.0/UDP {};branch={branch};rport", self.identity.at);
        let cseq = format!("{} {method}", number + 1);
        request.headers.unique_push(rsip::headers::Via::new(via).into());
        request.headers.unique_push(rsip::headers::CSeq::new(cseq).into());
        let header = match response.status_code.code() {
            407 => rsip::headers::ProxyAuthorization::new(credentials).into(),
            _ => rsip::headers::Authorization::new(credentials).into(),
        };
        request.headers.unique_push(header);
        self.numbered(ask.purpose, number + 1, &branch);
        self.ask(request, ask.purpose, now);
        true
    }

    /// The dialog goes on counting where its proved request left off.
    fn numbered(&mut self, purpose: Purpose, number: u32, branch: &str) {
        match purpose {
            Purpose::Register => self.registration.cseq = number,
            Purpose::Watch => {
                if let Some(watch) = &mut self.watch {
                    watch.dialog.cseq = number;
                }
            }
            Purpose::Open(call)
            | Purpose::Change(call)
            | Purpose::Refer(call)
            | Purpose::Bye(call) => self.call_numbered(call, number, branch),
            Purpose::Cancel => {}
        }
    }

    /// RFC 3261 §17.1.1.3: in the INVITE's own transaction.
    fn acknowledge_refusal(&mut self, transaction: &str, invite: &Request, response: &Response) {
        let mut headers = Headers::default();
        for header in invite.headers.iter() {
            match header {
                Header::Via(_) | Header::From(_) | Header::CallId(_) | Header::MaxForwards(_) => {
                    headers.push(header.clone());
                }
                _ => {}
            }
        }
        let to = response.headers.iter().find(|header| matches!(header, Header::To(_)));
        headers.extend(to.cloned().into_iter().collect());
        let number = invite.cseq().map_or(1, |(number, _)| number);
        headers.push(rsip::headers::CSeq::new(format!("{number} ACK")).into());
        with_body(&mut headers, "", "");
        let ack = Request { method: Method::Ack, headers, body: Vec::new(), ..invite.clone() };
        self.acknowledge(transaction, &ack);
    }

    pub fn acknowledge(&mut self, transaction: &str, ack: &Request) {
        let (to, bytes) = (self.identity.server, ack.to_string().into_bytes());
        self.keep_ack(transaction, to, bytes.clone());
        self.send(to, bytes);
    }

    fn keep_ack(&mut self, transaction: &str, to: SocketAddr, bytes: Vec<u8>) {
        const ACKS_MAX: usize = 64;
        if self.acks.len() >= ACKS_MAX {
            self.acks.pop_first();
        }
        self.acks.insert(transaction.to_owned(), (to, bytes));
    }

    pub fn register(&mut self, now: Moment) {
        self.register_for(EXPIRES_S, now);
    }

    pub fn register_for(&mut self, expires_s: u64, now: Moment) {
        let branch = self.draw_branch();
        let request = self.registration.request(Method::Register, &self.identity, &branch);
        if let Some(mut request) = request {
            let expires = rsip::headers::Expires::new(expires_s.to_string());
            request.headers.push(expires.into());
            with_body(&mut request.headers, "", "");
            self.ask(request, Purpose::Register, now);
        }
    }

    fn registered(&mut self, response: &Response, now: Moment) {
        self.report(Happened::Registered);
        let granted = granted_s(response);
        if granted > 0 {
            let again = Duration::from_secs(granted) * 4 / 5;
            self.alarms.set(now + again, Alarm::RefreshRegistration);
        }
    }

    pub fn watch_parks(&mut self, now: Moment) {
        let user = self.identity.user.clone();
        self.watch(&user, Watched::Parks, now);
    }

    pub fn watch_lamp(&mut self, number: &str, now: Moment) {
        self.watch(number, Watched::Lamp, now);
    }

    fn watch(&mut self, user: &str, of: Watched, now: Moment) {
        let dialog = Dialog::towards(user, &self.identity, &mut self.chance);
        self.watch = Some(Watch { dialog, of });
        self.refresh_watch(now);
    }

    pub fn refresh_watch(&mut self, now: Moment) {
        let branch = self.draw_branch();
        let Some(watch) = &mut self.watch else {
            return;
        };
        let (event, accept) = match watch.of {
            Watched::Parks => ("call-info", "application/x-broadworks-callpark-info+xml"),
            Watched::Lamp => ("dialog", "application/dialog-info+xml"),
        };
        let request = watch.dialog.request(Method::Subscribe, &self.identity, &branch);
        if let Some(mut request) = request {
            request.headers.push(rsip::headers::Event::new(event).into());
            request.headers.push(rsip::headers::Accept::new(accept).into());
            request.headers.push(rsip::headers::Expires::new(EXPIRES_S.to_string()).into());
            with_body(&mut request.headers, "", "");
            self.ask(request, Purpose::Watch, now);
        }
    }

    fn watching(&mut self, response: &Response, now: Moment) {
        let again = Duration::from_secs(granted_s(response).max(10)) * 4 / 5;
        self.alarms.set(now + again, Alarm::RefreshWatch);
        if let Some(Watch { dialog, .. }) = &mut self.watch {
            dialog.remote_tag = response.to_tag();
            dialog.target = response.target().unwrap_or_else(|| dialog.target.clone());
        }
    }
}

/// In the Expires header, else in the Contact (RFC 3261 §10.3 point 8).
fn granted_s(response: &Response) -> u64 {
    let contacts = response.headers.iter().filter_map(|header| match header {
        Header::Contact(contact) => {
            contact.value().split(";expires=").nth(1)?.split([';', ',', ' ']).next()?.parse().ok()
        }
        _ => None,
    });
    response.expires_s().or_else(|| contacts.min()).unwrap_or(EXPIRES_S)
}

fn is_proved(request: &Request) -> bool {
    let proof = |header: &Header| {
        matches!(header, Header::Authorization(_) | Header::ProxyAuthorization(_))
    };
    request.headers.iter().any(proof)
}

/// What makes a transaction one (RFC 3261 §17.1.3).
pub fn transaction_of(request: &Request) -> Option<String> {
    Some(format!("{} {}", request.branch()?, request.method))
}

fn transaction_of_response(response: &Response) -> Option<String> {
    Some(format!("{} {}", response.branch()?, response.cseq()?.1))
}

pub fn phrase(response: &Response) -> String {
    response
        .status_code
        .to_string()
        .split_once(' ')
        .map(|(_, it)| it.to_owned())
        .unwrap_or_default()
}
