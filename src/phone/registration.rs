//! REGISTER: telling the office where we are, again and again (RFC 3261 §10.2).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::chance::Chance;
use crate::domain::time::Moment;
use crate::phone::messages::{Event, Registration};
use crate::phone::requests::Purpose;
use crate::phone::{Leaving, Phone, Timer};
use crate::sip::transaction::timing::T2;
use crate::sip::wire::{Contacts, Method, Name, Request, Response};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Register {
    call_id: String,
    tag: String,
    /// CSeq of the last one.
    pub(super) number: u32,
    /// What we ask for; a server may insist on more.
    expires: Duration,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Standing {
    Out,
    In,
    /// So many attempts in a row.
    Failing(u32),
}

/// A desk that died without a word is forgotten, and a server that came back
/// without its memory is told, within minutes.
const EXPIRES: Duration = Duration::from_secs(300);
const EXPIRES_MIN: Duration = Duration::from_secs(30);
const EXPIRES_MAX: Duration = Duration::from_secs(3_600);
/// Then the person is told; the office is asked on.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause after a first failure; each further one doubles it.
const PAUSE: Duration = Duration::from_secs(2);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// An office that is not there is no busier for it, and somebody waits.
const PAUSE_OF_SILENT_MAX: Duration = Duration::from_secs(8);
const NO_ANSWER: &str = "no answer from the office";

impl Register {
    pub(super) fn new(chance: &mut Chance) -> Self {
        Self {
            call_id: chance.hex(24),
            tag: chance.hex(12),
            number: 0,
            expires: EXPIRES,
            standing: Standing::Out,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.standing == Standing::In
    }
}

impl Phone {
    pub(super) fn register(&mut self, now: Moment) {
        if self.leaving != Leaving::No || self.is_asked(Purpose::Register) {
            return;
        }
        if self.register.standing != Standing::In {
            self.tell(Event::RegistrationChanged(Registration::Registering));
            self.timers.set(Timer::Unanswered, now + PATIENCE);
        }
        let request = self.register_request(self.register.expires);
        self.send(request, self.account.flow, Purpose::Register, now);
    }

    /// From another address than before.
    pub(super) fn register_anew(&mut self, now: Moment) {
        if self.leaving == Leaving::No {
            self.register.standing = Standing::Out;
            self.asked.retain(|_, purpose| {
                !matches!(purpose, Purpose::Register | Purpose::Subscribe | Purpose::Watch(_))
            });
            self.register(now);
        }
    }

    /// A person should not look at "registering" for half a minute.
    pub(super) fn is_not_answered_yet(&mut self, now: Moment) {
        let reason = NO_ANSWER.to_owned();
        let retry_at = now + T2;
        self.tell(Event::RegistrationChanged(Registration::Failed { reason, retry_at }));
        self.table_is_unknown(now);
    }

    /// It was there, and is not: asked again at once, and on and on.
    pub(super) fn office_is_silent(&mut self, now: Moment) {
        self.register.standing = Standing::Out;
        self.register(now);
        self.timers.clear(&Timer::Unanswered);
        self.is_not_answered_yet(now);
    }

    pub(super) fn unregister(&mut self, now: Moment) {
        self.timers.clear(&Timer::Register);
        self.timers.clear(&Timer::Unanswered);
        let request = self.register_request(Duration::ZERO);
        self.send(request, self.account.flow, Purpose::Unregister, now);
    }

    pub(super) fn unregistered(&mut self) {
        self.register.standing = Standing::Out;
        self.tell(Event::RegistrationChanged(Registration::Unregistered));
    }

    fn register_request(&mut self, expires: Duration) -> Request {
        let register = &mut self.register;
        register.number += 1;
        let own = self.account.own_address();
        let mut request = Request::new(Method::Register, self.account.registrar());
        let headers = &mut request.headers;
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, own.clone().with_tag(&register.tag).to_string());
        headers.push(Name::To, own.to_string());
        headers.push(Name::CallId, register.call_id.clone());
        headers.push(Name::CSeq, format!("{} REGISTER", register.number));
        headers.push(Name::Contact, format!("<{}>", self.account.contact()));
        headers.push(Name::Expires, expires.as_secs().to_string());
        request
    }

    pub(super) fn is_asked(&self, purpose: Purpose) -> bool {
        self.asked.values().any(|asked| *asked == purpose)
    }

    pub(super) fn register_answered(&mut self, response: &Response, now: Moment) {
        self.timers.clear(&Timer::Unanswered);
        if self.leaving != Leaving::No {
            return;
        }
        match response.status {
            200..300 => self.registered(response, now),
            423 if self.accepts_longer(response) => {
                let request = self.register_request(self.register.expires);
                self.send(request, self.account.flow, Purpose::Register, now);
            }
            status => {
                let reason = match status {
                    401 | 407 => "the office does not accept the password",
                    403 => "the office does not let this extension in",
                    404 => "the office does not know this extension",
                    408 => NO_ANSWER,
                    _ => &format!("{} ({status})", response.reason),
                };
                let longest = if status == 408 { PAUSE_OF_SILENT_MAX } else { PAUSE_MAX };
                self.register_failed(reason, longest, now);
            }
        }
    }

    /// The office wants fewer messages (RFC 3261 §10.2.8).
    fn accepts_longer(&mut self, response: &Response) -> bool {
        let wanted = response.headers.text(&Name::MinExpires);
        let wanted = wanted.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let longer = wanted.filter(|it| *it > self.register.expires && *it <= EXPIRES_MAX);
        self.register.expires = longer.unwrap_or(self.register.expires);
        longer.is_some()
    }

    fn registered(&mut self, response: &Response, now: Moment) {
        let expires = self.granted(response).clamp(EXPIRES_MIN, EXPIRES_MAX);
        let was_up = std::mem::replace(&mut self.register.standing, Standing::In) == Standing::In;
        // Half, and a little less: desks that woke together do not refresh together.
        let half = expires / 2;
        let spread = half.mul_f64(self.chance.below(10) as f64 / 100.0);
        self.timers.set(Timer::Register, now + half.saturating_sub(spread));
        self.tell(Event::RegistrationChanged(Registration::Registered { expires }));
        if !was_up {
            self.watch.failures = 0;
            self.subscribe(now);
            self.ask_for_calls(now);
        }
    }

    /// Of our own Contact, else of all (RFC 3261 §10.2.4).
    fn granted(&self, response: &Response) -> Duration {
        let ours = self.account.contact();
        let contacts = match response.headers.contacts() {
            Ok(Contacts::List(list)) => list,
            Ok(Contacts::Star) | Err(_) => Vec::new(),
        };
        let own = contacts.iter().find(|contact| contact.uri.equivalent(&ours));
        let own = own.and_then(|contact| contact.params.get("expires")?.parse().ok());
        let seconds = own.or_else(|| response.headers.expires().map(u64::from));
        seconds.map_or(self.register.expires, Duration::from_secs)
    }

    fn register_failed(&mut self, reason: &str, longest: Duration, now: Moment) {
        let failures = match self.register.standing {
            Standing::Failing(times) => times.saturating_add(1),
            Standing::In | Standing::Out => 0,
        };
        self.register.standing = Standing::Failing(failures);
        let retry_at = now + self.pause_up_to(longest, failures);
        self.timers.set(Timer::Register, retry_at);
        let reason = reason.to_owned();
        self.tell(Event::RegistrationChanged(Registration::Failed { reason, retry_at }));
        self.table_is_unknown(now);
    }

    /// From half to the whole of it, so that an office that comes back is not
    /// met by all its desks at once.
    pub(super) fn pause_after(&mut self, failures: u32) -> Duration {
        self.pause_up_to(PAUSE_MAX, failures)
    }

    fn pause_up_to(&mut self, longest: Duration, failures: u32) -> Duration {
        let whole = PAUSE.saturating_mul(1 << failures.min(8)).min(longest);
        whole / 2 + (whole / 2).mul_f64(self.chance.below(1_000) as f64 / 1_000.0)
    }

    /// The stream is gone, and with it the office's way to us.
    pub(super) fn connection_lost(&mut self, now: Moment) {
        if self.leaving == Leaving::No && self.register.standing == Standing::In {
            self.register.standing = Standing::Out;
            let soon = Duration::from_millis(200 + self.chance.below(800));
            self.timers.set(Timer::Register, now + soon);
            self.tell(Event::RegistrationChanged(Registration::Registering));
        }
    }
}
