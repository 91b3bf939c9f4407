//! A phone's side: takes a challenge, answers it, and knows when to stop.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::chance::Chance;
use crate::sip::digest::algorithm::{Algorithm, Protection, Sum};
use crate::sip::digest::fields::{Fields, add_quoted};
use crate::sip::wire::{Headers, Name, Request, Response};

/// One account's answers. Challenges of the far end (401) and of a proxy on
/// the way (407) are kept apart.
#[derive(Clone, Serialize, Deserialize)]
pub struct Answerer {
    user: String,
    password: String,
    far_end: Option<Challenge>,
    proxy: Option<Challenge>,
    /// What was sent with credentials lately, the latest last.
    attempts: VecDeque<Attempt>,
    /// Answers to brand-new nonces called stale, one after another.
    stale_in_a_row: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Challenge {
    algorithm: Algorithm,
    /// The server wrote it, so the answer repeats it.
    names_algorithm: bool,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// `qop` with `auth` was offered.
    counts: bool,
    stale: bool,
    times_used: u32,
}

/// A request with credentials, and how often their nonces had been used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    call_id: String,
    number: u32,
    far_end: u32,
    proxy: u32,
}

const ATTEMPTS_MAX: usize = 32;
const STALE_IN_A_ROW_MAX: u8 = 2;

impl Answerer {
    pub fn new(user: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
            far_end: None,
            proxy: None,
            attempts: VecDeque::new(),
            stale_in_a_row: 0,
        }
    }

    /// Whatever it has been challenged for.
    pub fn same_account(&self, other: &Self) -> bool {
        self.user == other.user && self.password == other.password
    }

    /// Takes the strongest usable challenge of a 401 or 407. False: trying
    /// again is useless, for there is none, or the password has been refused.
    pub fn challenged(&mut self, response: &Response) -> bool {
        let by_proxy = response.status == 407;
        let name = if by_proxy { Name::ProxyAuthenticate } else { Name::WwwAuthenticate };
        if !matches!(response.status, 401 | 407) {
            return false;
        }
        let Some(new) = Challenge::strongest(&response.headers, &name) else { return false };
        let uses = self.attempt_at(&response.headers).map_or(0, |it| it.uses(by_proxy));
        let known = if by_proxy { &mut self.proxy } else { &mut self.far_end };
        let same_nonce = known.as_ref().is_some_and(|known| known.nonce == new.nonce);
        let refused = uses > 0 && same_nonce || uses == 1 && !new.stale;
        self.stale_in_a_row = if uses == 1 { self.stale_in_a_row.saturating_add(1) } else { 0 };
        if refused || self.stale_in_a_row > STALE_IN_A_ROW_MAX {
            return false;
        }
        if !same_nonce {
            *known = Some(new);
        }
        true
    }

    /// Gives `request` credentials for every challenge known so far; without
    /// any it goes out as it is.
    pub fn authorize(&mut self, request: &mut Request, chance: &mut Chance) {
        if self.far_end.is_none() && self.proxy.is_none() {
            return;
        }
        let places =
            [(&mut self.far_end, Name::Authorization), (&mut self.proxy, Name::ProxyAuthorization)];
        for (challenge, name) in places {
            let Some(challenge) = challenge else { continue };
            let value = challenge.answer(&self.user, &self.password, request, chance);
            request.headers.set(name, value);
        }
        self.remember(&request.headers);
    }

    fn remember(&mut self, headers: &Headers) {
        let used = |it: &Option<Challenge>| it.as_ref().map_or(0, |it| it.times_used);
        let Some((call_id, number)) = identity(headers) else { return };
        let (far_end, proxy) = (used(&self.far_end), used(&self.proxy));
        self.attempts.push_back(Attempt { call_id, number, far_end, proxy });
        if self.attempts.len() > ATTEMPTS_MAX {
            self.attempts.pop_front();
        }
    }

    fn attempt_at(&self, headers: &Headers) -> Option<&Attempt> {
        let (call_id, number) = identity(headers)?;
        self.attempts.iter().rev().find(|it| it.call_id == call_id && it.number == number)
    }
}

impl Attempt {
    fn uses(&self, by_proxy: bool) -> u32 {
        if by_proxy { self.proxy } else { self.far_end }
    }
}

impl Challenge {
    fn strongest(headers: &Headers, name: &Name) -> Option<Self> {
        let mut best: Option<Self> = None;
        for value in headers.all(name) {
            let Some(next) = Self::read(&String::from_utf8_lossy(value)) else { continue };
            if best.as_ref().is_none_or(|best| next.algorithm > best.algorithm) {
                best = Some(next);
            }
        }
        best
    }

    /// None: another scheme or algorithm, or only `auth-int`.
    fn read(value: &str) -> Option<Self> {
        let fields = Fields::parse(value).ok()?;
        let qop = fields.get("qop");
        let mut offered = qop.unwrap_or_default().split(',').map(str::trim);
        let counts = offered.any(|it| it.eq_ignore_ascii_case("auth"));
        let usable = counts || qop.is_none_or(|qop| qop.trim().is_empty());
        let algorithm = Algorithm::parse(fields.get("algorithm"))?;
        usable.then_some(())?;
        Some(Self {
            algorithm,
            names_algorithm: fields.get("algorithm").is_some(),
            realm: fields.get("realm")?.to_owned(),
            nonce: fields.get("nonce")?.to_owned(),
            opaque: fields.get("opaque").map(str::to_owned),
            counts,
            stale: fields.get("stale").is_some_and(|it| it.eq_ignore_ascii_case("true")),
            times_used: 0,
        })
    }

    fn answer(
        &mut self,
        user: &str,
        password: &str,
        request: &Request,
        chance: &mut Chance,
    ) -> String {
        self.times_used = self.times_used.saturating_add(1);
        let client_nonce = chance.hex(16);
        let nonce_count = format!("{:08x}", self.times_used);
        let uri = request.uri.to_string();
        let protection = Protection { nonce_count: &nonce_count, client_nonce: &client_nonce };
        let protection = self.counts.then_some(protection);
        let ha1 = self.algorithm.hash(&[user, &self.realm, password]);
        let (algorithm, method) = (self.algorithm, request.method.as_str());
        let sum = Sum { algorithm, method, uri: &uri, nonce: &self.nonce, protection };
        self.write(user, &sum, &sum.response(&ha1))
    }

    /// RFC 3261 §25.1: `qop`, `nc` and `algorithm` stand without quotes.
    fn write(&self, user: &str, sum: &Sum<'_>, response: &str) -> String {
        let mut text = String::new();
        let quoted = [
            ("username", user),
            ("realm", &self.realm),
            ("nonce", &self.nonce),
            ("uri", sum.uri),
            ("response", response),
        ];
        for (name, value) in quoted {
            add_quoted(&mut text, name, value);
        }
        if let Some(opaque) = &self.opaque {
            add_quoted(&mut text, "opaque", opaque);
        }
        if let Some(Protection { nonce_count, client_nonce }) = sum.protection {
            add_quoted(&mut text, "cnonce", client_nonce);
            text.push_str(", qop=auth, nc=");
            text.push_str(nonce_count);
        }
        if self.names_algorithm {
            text.push_str(", algorithm=");
            text.push_str(self.algorithm.as_str());
        }
        format!("Digest {}", text.trim_start_matches(", "))
    }
}

impl fmt::Debug for Answerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let challenged = self.far_end.is_some() || self.proxy.is_some();
        let mut text = f.debug_struct("Answerer");
        text.field("user", &self.user).field("challenged", &challenged).finish_non_exhaustive()
    }
}

fn identity(headers: &Headers) -> Option<(String, u32)> {
    Some((headers.call_id()?, headers.cseq().ok()?.number))
}
