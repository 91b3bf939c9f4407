//! One simulated person and his phone: what he is told and what arrives comes
//! in, letters and orders for his voice come out.
//!
//! The phone is a small but honest one: it retransmits, repeats its replies,
//! answers digest challenges, refreshes what expires. It reads and writes SIP
//! through `rsip` alone.

mod alarms;
mod asks;
mod calls;
mod deeds;
mod dialog;
mod letters;
pub mod messages;

use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::chance::Chance;
use crate::domain::effects::Effects;
use crate::domain::time::{Moment, Wakeup};
use crate::sim::people::letter::{self, Letter, Reading};
use alarms::{Alarm, Alarms};
use asks::Ask;
use calls::Call;
use dialog::Dialog;
use messages::{CallNumber, Deed, Happened, Identity, Manners, PersonEffect};

/// RFC 3261 §17.1.1.1.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const TIMER_F: Duration = Duration::from_secs(32);

#[derive(Clone, Debug)]
pub struct Person {
    identity: Identity,
    manners: Manners,
    chance: Chance,
    /// Requests of his that have no final answer yet.
    asks: BTreeMap<String, Ask>,
    /// The ACK to each answered INVITE of his, for answers that come again.
    acks: BTreeMap<String, (SocketAddr, Vec<u8>)>,
    /// His replies, for requests that come again.
    replies: BTreeMap<String, (SocketAddr, Vec<u8>)>,
    calls: BTreeMap<CallNumber, Call>,
    calls_had: u32,
    registration: Dialog,
    watch: Option<Watch>,
    alarms: Alarms,
    out: Effects<PersonEffect>,
}

/// His one subscription.
#[derive(Clone, Debug)]
struct Watch {
    dialog: Dialog,
    of: Watched,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watched {
    /// Event `call-info`.
    Parks,
    /// Event `dialog`.
    Lamp,
}

impl Person {
    pub fn new(identity: Identity, mut chance: Chance) -> Self {
        let registration = registration_of(&identity, &mut chance);
        Self {
            identity,
            manners: Manners::Waits,
            chance,
            asks: BTreeMap::new(),
            acks: BTreeMap::new(),
            replies: BTreeMap::new(),
            calls: BTreeMap::new(),
            calls_had: 0,
            registration,
            watch: None,
            alarms: Alarms::default(),
            out: Effects::none(),
        }
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// A message with this Call-ID is for him.
    pub fn knows(&self, call_id: &str) -> bool {
        self.calls.values().any(|call| call.dialog.call_id == call_id)
            || self.registration.call_id == call_id
            || self.watch.as_ref().is_some_and(|watch| watch.dialog.call_id == call_id)
            || self.asks.values().any(|ask| ask.request.call_id().as_deref() == Some(call_id))
    }

    pub fn is_in_a_call(&self) -> bool {
        !self.calls.is_empty()
    }

    pub fn handle(
        &mut self,
        from: SocketAddr,
        datagram: &[u8],
        now: Moment,
    ) -> Effects<PersonEffect> {
        match letter::read(datagram) {
            Some(Letter::Request(request)) => self.take_request(from, request, now),
            Some(Letter::Response(response)) => self.take_response(&response, now),
            None if datagram.iter().all(u8::is_ascii_whitespace) => {}
            None => self.report(Happened::Unreadable { bytes: datagram.len() }),
        }
        self.take_effects()
    }

    pub fn tell(&mut self, deed: Deed, now: Moment) -> Effects<PersonEffect> {
        self.carry_out(deed, now);
        self.take_effects()
    }

    pub fn next_wakeup(&self) -> Option<Wakeup> {
        self.alarms.next()
    }

    pub fn handle_wakeup(&mut self, now: Moment) -> Effects<PersonEffect> {
        while let Some(alarm) = self.alarms.due(now) {
            self.wake(alarm, now);
        }
        self.take_effects()
    }

    fn wake(&mut self, alarm: Alarm, now: Moment) {
        match alarm {
            Alarm::SendAgain { transaction } => self.send_again(&transaction, now),
            Alarm::GiveUp { transaction } => self.give_up(&transaction, now),
            Alarm::RefreshRegistration => self.register(now),
            Alarm::RefreshWatch => self.refresh_watch(now),
            Alarm::Answer(call) => self.answer(call, now),
            Alarm::AnswerAgain(call) => self.answer_again(call, now),
            Alarm::Transfer { call, to, and_leave } => {
                self.refer(call, &to, now);
                if and_leave {
                    self.leave(call, now);
                }
            }
            Alarm::ForgetReply { transaction } => drop(self.replies.remove(&transaction)),
        }
    }

    fn report(&mut self, happened: Happened) {
        self.out.push(PersonEffect::Report(happened));
    }

    fn send(&mut self, to: SocketAddr, bytes: Vec<u8>) {
        self.out.push(PersonEffect::Send { to, bytes });
    }

    fn take_effects(&mut self) -> Effects<PersonEffect> {
        core::mem::take(&mut self.out)
    }
}

/// A REGISTER names the user in To and the office alone in the Request-URI.
fn registration_of(identity: &Identity, chance: &mut Chance) -> Dialog {
    let mut registration = Dialog::towards(&identity.user, identity, chance);
    registration.target = format!("sip:{}", identity.domain);
    registration
}
