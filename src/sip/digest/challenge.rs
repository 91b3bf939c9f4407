//! The office's side: challenges, and judging what comes back.

use core::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::chance::Chance;
use crate::domain::time::Moment;
use crate::sip::digest::algorithm::{Algorithm, hex, same};
use crate::sip::digest::credentials::{Credentials, Presented};
use crate::sip::digest::fields::add_quoted;
use crate::sip::digest::{NonceWindow, Secret};
use crate::sip::wire::Request;

/// Long enough for a desk that calls every few minutes to go on without
/// another challenge. A refresh hours later gets `stale=true`, which costs a
/// phone one round trip and its user nothing.
pub(super) const LIFETIME_S: u64 = 300;

/// Issues and checks nonces without remembering them: each proves by its own
/// contents when and to whom it was given.
pub struct Challenger {
    realm: String,
    /// A whole block of the hash: HMAC fills shorter keys with zeros just so.
    key: [u8; 64],
    /// Stands in for users who do not exist: they cost the same time.
    nobody: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Accepted {
        user: String,
    },
    /// No credentials of ours; or right ones on a nonce that is expired, used
    /// already, or somebody else's (`stale`).
    Challenge {
        stale: bool,
    },
    /// `reason` is for the log: `password` (also for unknown users), `uri`,
    /// `malformed`, `algorithm`.
    Refused {
        user: String,
        reason: &'static str,
    },
}

/// What is in a nonce of ours besides its proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nonce {
    pub(super) issued_s: u64,
    /// Two phones with the same one in the same second disturb each other no
    /// more than a stale nonce does.
    pub(super) salt: u32,
}

impl Challenger {
    /// `key` is a secret of this server; with another key all nonces are stale.
    pub fn new(realm: &str, key: [u8; 32]) -> Self {
        let nobody = Secret::password("", realm, &hex(&key));
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(&key);
        Self { realm: realm.to_owned(), key: block, nobody }
    }

    /// The values of the `WWW-Authenticate` headers, the one to be preferred
    /// first (RFC 8760 §2.3), with a nonce that serves `source` only.
    pub fn challenges(
        &self,
        source: IpAddr,
        stale: bool,
        chance: &mut Chance,
        now: Moment,
    ) -> Vec<String> {
        let nonce = Nonce { issued_s: seconds(now), salt: chance.draw() as u32 };
        let nonce = self.write(nonce, source);
        let challenge = |algorithm: Algorithm| {
            let mut text = format!("Digest algorithm={}", algorithm.as_str());
            add_quoted(&mut text, "realm", &self.realm);
            add_quoted(&mut text, "nonce", &nonce);
            text.push_str(", qop=\"auth\"");
            text.push_str(if stale { ", stale=true" } else { "" });
            text
        };
        [Algorithm::Sha256, Algorithm::Md5].map(challenge).into()
    }

    /// Judges the credentials in `request`, from `Authorization` and
    /// `Proxy-Authorization` alike. `secret_of` knows the users; `window` what
    /// has been used. Only a request that is accepted leaves a trace there.
    pub fn check<'a>(
        &self,
        request: &Request,
        source: IpAddr,
        secret_of: impl Fn(&str) -> Option<&'a Secret>,
        window: &mut NonceWindow,
        now: Moment,
    ) -> Outcome {
        let credentials = match Presented::in_request(&request.headers, &self.realm) {
            Presented::None => return Outcome::Challenge { stale: false },
            Presented::Unusable { user, reason } => return Outcome::Refused { user, reason },
            Presented::Digest(credentials) => credentials,
        };
        let known = secret_of(&credentials.user);
        let right = self.is_right(&credentials, request, known);
        if !right {
            return Outcome::Refused { user: credentials.user, reason: "password" };
        }
        if !credentials.is_about(&request.uri) {
            return Outcome::Refused { user: credentials.user, reason: "uri" };
        }
        if !self.take(&credentials, source, window, now) {
            return Outcome::Challenge { stale: true };
        }
        Outcome::Accepted { user: credentials.user }
    }

    fn is_right(
        &self,
        credentials: &Credentials,
        request: &Request,
        known: Option<&Secret>,
    ) -> bool {
        let ha1 = known.unwrap_or(&self.nobody).by(credentials.algorithm);
        let expected = credentials.sum(request.method.as_str()).response(ha1);
        same(expected.as_bytes(), credentials.response.as_bytes()) & known.is_some()
    }

    fn take(
        &self,
        credentials: &Credentials,
        source: IpAddr,
        window: &mut NonceWindow,
        now: Moment,
    ) -> bool {
        let Some(nonce) = self.read(&credentials.nonce, source) else { return false };
        let now_s = seconds(now);
        let alive = nonce.issued_s <= now_s && now_s - nonce.issued_s <= LIFETIME_S;
        alive && window.take(nonce, credentials.count(), now_s)
    }

    /// Issue time (8 digits), salt (8) and proof (16), in hexadecimal: a
    /// stranger's challenge is kept small, since it may reach a third party.
    fn write(&self, nonce: Nonce, source: IpAddr) -> String {
        format!("{:08x}{:08x}{}", nonce.issued_s, nonce.salt, self.proof(nonce, source))
    }

    /// None: not a nonce of ours, or not given to `source`.
    fn read(&self, text: &str, source: IpAddr) -> Option<Nonce> {
        let (issued, rest) = text.split_at_checked(8)?;
        let (salt, proof) = rest.split_at_checked(8)?;
        let issued_s = u64::from(u32::from_str_radix(issued, 16).ok()?);
        let nonce = Nonce { issued_s, salt: u32::from_str_radix(salt, 16).ok()? };
        same(self.proof(nonce, source).as_bytes(), proof.as_bytes()).then_some(nonce)
    }

    fn proof(&self, nonce: Nonce, source: IpAddr) -> String {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        mac.update(&nonce.issued_s.to_be_bytes());
        mac.update(&nonce.salt.to_be_bytes());
        match source.to_canonical() {
            IpAddr::V4(v4) => mac.update(&v4.octets()),
            IpAddr::V6(v6) => mac.update(&v6.octets()),
        }
        let mut proof = hex(&mac.finalize().into_bytes());
        proof.truncate(16);
        proof
    }
}

impl Nonce {
    pub(super) fn key(self) -> (u64, u32) {
        (self.issued_s, self.salt)
    }
}

fn seconds(now: Moment) -> u64 {
    now.since(Moment::START).as_secs()
}
