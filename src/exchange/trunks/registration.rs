//! Registering with a provider, as its client (RFC 3261 §10.2): one trunk's
//! standing, and what each answer leads to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::caller_name::CallerName;
use crate::domain::chance::Chance;
use crate::domain::time::Moment;
use crate::exchange::trunks::place::Place;
use crate::sip::flow::Flow;
use crate::sip::transaction::ClientId;
use crate::sip::wire::{Contacts, Method, Name, NameAddr, Request, Response, Uri};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Registration {
    /// The user part of our Contact: drawn, told to the provider alone, and so
    /// the mark of what he sends us.
    pub contact_user: String,
    /// Where the registrar is, best first.
    pub flows: Vec<Flow>,
    /// Which of them is used.
    at: usize,
    /// It has asked where that is, and has no answer yet.
    pub looks: bool,
    /// The provider has sent us to another of his.
    pub redirected: Option<Place>,
    /// The REGISTER that has no answer yet.
    pub asked: Option<ClientId>,
    /// Until when the provider knows us.
    pub until: Option<Moment>,
    call_id: String,
    tag: String,
    number: u32,
    /// What we ask for; a registrar may insist on more.
    expires_s: u32,
    /// In a row.
    failures: u32,
    /// The trouble that people have been told of.
    told: Option<String>,
}

/// What an answer leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Registered for as long; to be renewed after `renew_in`.
    Renew {
        granted: Duration,
        renew_in: Duration,
    },
    /// At once, as the answer wants it or at the next address.
    AskAgain,
    /// At another place of the provider's.
    LookElsewhere(Place),
    Pause {
        span: Duration,
        trouble: Trouble,
    },
}

/// Why a trunk does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    NotFound(String),
    NoAnswer,
    WrongPassword,
    NoPassword,
    Refused { status: u16, reason: String },
    Unable { status: u16, reason: String },
}

/// A provider who has forgotten us is noticed within minutes.
const EXPIRES_S: u32 = 600;
const EXPIRES_MIN_S: u64 = 10;
const EXPIRES_MAX_S: u64 = 86_400;
/// The upper bound of the first pause; each further failure doubles it
/// (RFC 5626 §4.5).
const PAUSE: Duration = Duration::from_secs(10);
/// Providers lock out who tries wrong passwords quickly.
const PAUSE_OF_REFUSED: Duration = Duration::from_secs(120);
const PAUSE_MAX: Duration = Duration::from_secs(1_800);
const NUMBERS_SKIPPED: u32 = 65_536;

impl Registration {
    pub fn new(chance: &mut Chance) -> Self {
        Self {
            contact_user: chance.hex(32),
            flows: Vec::new(),
            at: 0,
            looks: false,
            redirected: None,
            asked: None,
            until: None,
            call_id: chance.hex(32),
            tag: chance.hex(16),
            number: 0,
            expires_s: EXPIRES_S,
            failures: 0,
            told: None,
        }
    }

    /// After a restart: what was asked last may have come after the snapshot.
    pub fn resume(&mut self) {
        self.number = self.number.saturating_add(NUMBERS_SKIPPED);
        self.asked = None;
        self.told = None;
    }

    pub fn flow(&self) -> Option<Flow> {
        self.flows.get(self.at).copied()
    }

    pub fn is_up(&self, now: Moment) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    /// The name servers have answered. True: it is not where it was, or has
    /// not been asked yet.
    pub fn found_at(&mut self, flows: Vec<Flow>) -> bool {
        let before = self.flow();
        self.looks = false;
        self.flows = flows;
        let same = self.flows.iter().position(|flow| Some(*flow) == before);
        self.at = same.unwrap_or_default();
        same.is_none() || self.until.is_none() && self.asked.is_none()
    }

    /// The way that calls out take, first the one that answers.
    pub fn ways(&self) -> impl Iterator<Item = Flow> {
        let (tried, rest) = self.flows.split_at(self.at.min(self.flows.len()));
        rest.iter().chain(tried).copied()
    }

    /// A REGISTER of `user` at `place`; 0 s is a farewell.
    pub fn request(&mut self, place: &Place, user: &str, contact: &Uri, leaving: bool) -> Request {
        self.number += 1;
        let own = NameAddr::new(None, Uri { port: None, ..place.uri(user) });
        let expires_s = if leaving { 0 } else { self.expires_s };
        Request::new(Method::Register, place.uri(""))
            .with(Name::MaxForwards, "70")
            .with(Name::From, own.clone().with_tag(&self.tag).to_string())
            .with(Name::To, own.to_string())
            .with(Name::CallId, self.call_id.clone())
            .with(Name::CSeq, format!("{} REGISTER", self.number))
            .with(Name::Contact, format!("<{contact}>"))
            .with(Name::Expires, expires_s.to_string())
    }

    /// The same REGISTER goes out again with credentials.
    pub fn repeated(&mut self, number: u32, client: ClientId) {
        self.number = self.number.max(number);
        self.asked = Some(client);
    }

    pub fn answered(&mut self, response: &Response, now: Moment, chance: &mut Chance) -> Next {
        self.asked = None;
        match response.status {
            200..=299 => self.registered(response, now, chance),
            300..=399 => match response.headers.contact().filter(|_| self.redirected.is_none()) {
                Some(contact) if contact.uri.is_sip() => {
                    let place = Place::of(&contact.uri);
                    self.redirected = Some(place.clone());
                    Next::LookElsewhere(place)
                }
                _ => self.refused(response, chance),
            },
            423 if self.accepts_longer(response) => Next::AskAgain,
            401 | 407 => self.pause(Trouble::WrongPassword, PAUSE_OF_REFUSED, chance),
            408 | 480 | 500..=599 => self.unable(response, chance),
            _ => self.refused(response, chance),
        }
    }

    /// Nothing in time, or the peer could not be reached.
    pub fn unanswered(&mut self, chance: &mut Chance) -> Next {
        self.asked = None;
        self.elsewhere(Trouble::NoAnswer, Duration::ZERO, chance)
    }

    pub fn not_found(&mut self, why: &str, chance: &mut Chance) -> Next {
        self.looks = false;
        self.redirected = None;
        self.pause(Trouble::NotFound(why.to_owned()), PAUSE, chance)
    }

    /// The connection is gone and with it the provider's way to us.
    pub fn disconnected(&mut self, flow: Flow) -> bool {
        flow.transport.is_reliable() && self.flow() == Some(flow) && self.until.take().is_some()
    }

    /// True: people have not been told of this yet.
    pub fn is_news(&mut self, words: &str) -> bool {
        let told = self.told.replace(words.to_owned());
        told.as_deref() != Some(words)
    }

    fn registered(&mut self, response: &Response, now: Moment, chance: &mut Chance) -> Next {
        let granted_s = self.granted_s(response).clamp(EXPIRES_MIN_S, EXPIRES_MAX_S);
        let granted = Duration::from_secs(granted_s);
        self.until = Some(now + granted);
        self.failures = 0;
        // Past the half, so that a lost one can be repeated in time; not all
        // of a provider's customers at once.
        let renew_in = granted / 2 + (granted / 8).mul_f64(chance.below(100) as f64 / 100.0);
        Next::Renew { granted, renew_in }
    }

    /// Of our own Contact, else of all (RFC 3261 §10.2.4).
    fn granted_s(&self, response: &Response) -> u64 {
        let contacts = match response.headers.contacts() {
            Ok(Contacts::List(list)) => list,
            Ok(Contacts::Star) | Err(_) => Vec::new(),
        };
        let user = Some(self.contact_user.clone());
        let own = contacts.iter().find(|contact| contact.uri.user_decoded() == user);
        let own = own.and_then(|contact| contact.params.get("expires")?.parse().ok());
        let said = own.or_else(|| response.headers.expires().map(u64::from));
        said.unwrap_or(u64::from(self.expires_s))
    }

    /// The registrar wants fewer messages (RFC 3261 §10.2.8).
    fn accepts_longer(&mut self, response: &Response) -> bool {
        let wanted = response.headers.text(&Name::MinExpires);
        let wanted = wanted.and_then(|text| text.trim().parse::<u32>().ok());
        let longer = wanted.filter(|s| *s > self.expires_s && u64::from(*s) <= EXPIRES_MAX_S);
        self.expires_s = longer.unwrap_or(self.expires_s);
        longer.is_some()
    }

    fn refused(&mut self, response: &Response, chance: &mut Chance) -> Next {
        let trouble = Trouble::Refused { status: response.status, reason: cleaned(response) };
        self.pause(trouble, PAUSE_OF_REFUSED, chance)
    }

    fn unable(&mut self, response: &Response, chance: &mut Chance) -> Next {
        let after_s = response.headers.text(&Name::RetryAfter);
        let after_s = after_s.and_then(|text| {
            let digits = text.trim().split(|c: char| !c.is_ascii_digit()).next();
            digits.and_then(|digits| digits.parse().ok())
        });
        let after = Duration::from_secs(after_s.unwrap_or(0)).min(PAUSE_MAX);
        let trouble = Trouble::Unable { status: response.status, reason: cleaned(response) };
        self.elsewhere(trouble, after, chance)
    }

    /// The next address; after the last a pause, and from the first again.
    fn elsewhere(&mut self, trouble: Trouble, at_least: Duration, chance: &mut Chance) -> Next {
        self.at += 1;
        if self.at < self.flows.len() {
            return Next::AskAgain;
        }
        self.at = 0;
        match self.pause(trouble, PAUSE, chance) {
            Next::Pause { span, trouble } => Next::Pause { span: span.max(at_least), trouble },
            next => next,
        }
    }

    /// From half to the whole of its bound.
    fn pause(&mut self, trouble: Trouble, first: Duration, chance: &mut Chance) -> Next {
        self.redirected = None;
        self.until = None;
        let bound = first.saturating_mul(1 << self.failures.min(10)).min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        let span = bound / 2 + (bound / 2).mul_f64(chance.below(1_000) as f64 / 1_000.0);
        Next::Pause { span, trouble }
    }
}

impl Trouble {
    /// For whoever set the trunk up: what is wrong, and what to look at.
    pub fn words(&self, trunk: &str, place: &str) -> String {
        match self {
            Self::NotFound(why) => format!(
                "trunk {trunk}: {place} cannot be found ({why}): look at its registrar, and at the name servers of this machine"
            ),
            Self::NoAnswer => format!(
                "trunk {trunk}: no answer from {place}: look at its registrar, and at the way to the internet"
            ),
            Self::WrongPassword => format!(
                "trunk {trunk}: the provider refuses its password: look at its username and password"
            ),
            Self::NoPassword => {
                format!("trunk {trunk}: the provider asks for a password: give it one")
            }
            Self::Refused { status, reason } => format!(
                "trunk {trunk}: the provider does not let us in ({status} {reason}): look at its username, or ask the provider"
            ),
            Self::Unable { status, reason } => {
                format!("trunk {trunk}: the provider cannot now ({status} {reason})")
            }
        }
    }
}

/// It comes from outside and goes into the log.
fn cleaned(response: &Response) -> String {
    CallerName::clean(&response.reason).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(count: u16) -> Vec<Flow> {
        let at = |port| core::net::SocketAddr::from(([198, 51, 100, 7], port));
        let local = core::net::SocketAddr::from(([10, 0, 0, 1], 5060));
        let transport = crate::sip::flow::Transport::Udp;
        (0..count).map(|n| Flow { transport, local, remote: at(5060 + n) }).collect()
    }

    fn registration(addresses: u16) -> (Registration, Chance) {
        let mut chance = Chance::from_seed(1);
        let mut registration = Registration::new(&mut chance);
        assert!(registration.found_at(flows(addresses)));
        (registration, chance)
    }

    fn spans(next: impl Fn(&mut Registration, &mut Chance) -> Next, times: usize) -> Vec<u64> {
        let (mut registration, mut chance) = registration(1);
        let all = (0..times).map(|_| match next(&mut registration, &mut chance) {
            Next::Pause { span, .. } => span.as_secs(),
            other => panic!("{other:?}"),
        });
        all.collect()
    }

    #[test]
    fn pauses_grow_to_half_an_hour_and_wrong_passwords_are_not_repeated_quickly() {
        let silent = spans(|it, chance| it.unanswered(chance), 12);
        assert!((5..=10).contains(&silent[0]) && (10..=20).contains(&silent[1]), "{silent:?}");
        assert!((900..=1800).contains(&silent[11]), "{silent:?}");
        let refused = |it: &mut Registration, chance: &mut Chance| {
            it.answered(&Response::new(401), Moment::START, chance)
        };
        let refused = spans(refused, 2);
        assert!((60..=120).contains(&refused[0]) && refused[1] >= 120, "{refused:?}");
        let busy = |it: &mut Registration, chance: &mut Chance| {
            let busy = Response::new(503).with(Name::RetryAfter, "300 (soon);duration=5");
            it.answered(&busy, Moment::START, chance)
        };
        assert_eq!(spans(busy, 1), [300]);
    }

    #[test]
    fn every_address_is_tried_before_there_is_a_pause() {
        let (mut registration, mut chance) = registration(3);
        let all: Vec<bool> =
            (0..4).map(|_| registration.unanswered(&mut chance) == Next::AskAgain).collect();
        assert_eq!(all, [true, true, false, true]);
    }

    #[test]
    fn what_the_provider_grants_counts_and_not_what_was_asked() {
        let (mut registration, mut chance) = registration(1);
        let own = registration.contact_user.clone();
        let cases = [
            (Some(format!("<sip:other@x>;expires=7, <sip:{own}@10.0.0.1>;expires=90")), 90),
            (Some(format!("<sip:{own}@10.0.0.1>;expires=0")), EXPIRES_MIN_S),
            (Some(format!("<sip:{own}@10.0.0.1>;expires=4000000000")), EXPIRES_MAX_S),
            (None, 600),
        ];
        for (contact, wanted_s) in cases {
            let mut ok = Response::new(200);
            if let Some(contact) = contact {
                ok.headers.push(Name::Contact, contact);
            }
            let next = registration.answered(&ok, Moment::START, &mut chance);
            let Next::Renew { granted, renew_in } = next else { panic!("{next:?}") };
            assert_eq!(granted.as_secs(), wanted_s);
            assert!(renew_in >= granted / 2 && renew_in <= granted * 5 / 8);
        }
    }

    #[test]
    fn a_registrar_may_insist_on_more_time_but_not_for_ever() {
        let (mut registration, mut chance) = registration(1);
        let mut ask = |seconds: &'static str| {
            let brief = Response::new(423).with(Name::MinExpires, seconds);
            registration.answered(&brief, Moment::START, &mut chance)
        };
        assert_eq!(ask("1800"), Next::AskAgain);
        assert!(matches!(ask("1800"), Next::Pause { .. }), "the same again leads nowhere");
        assert!(matches!(ask("4000000000"), Next::Pause { .. }));
    }

    #[test]
    fn a_redirection_is_followed_once() {
        let (mut registration, mut chance) = registration(1);
        let moved =
            Response::new(302).with(Name::Contact, "<sip:[2001:db8::7]:5070;transport=tcp>");
        let next = registration.answered(&moved, Moment::START, &mut chance);
        let Next::LookElsewhere(place) = next else { panic!("{next:?}") };
        assert_eq!(place.uri("x").to_string(), "sip:x@[2001:db8::7]:5070;transport=tcp");
        let again = registration.answered(&moved, Moment::START, &mut chance);
        assert!(matches!(again, Next::Pause { .. }));
    }
}
