//! The two hashes a digest may be made with, and the sums made of them.

use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// In order of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// MD5 when nothing is said (RFC 7616 §3.3).
    pub(super) fn parse(text: Option<&str>) -> Option<Self> {
        let Some(text) = text else { return Some(Self::Md5) };
        [Self::Md5, Self::Sha256].into_iter().find(|it| it.as_str().eq_ignore_ascii_case(text))
    }

    /// H of the parts with colons between, in lower-case hexadecimal.
    pub(super) fn hash(self, parts: &[&str]) -> String {
        match self {
            Self::Md5 => hashed::<Md5>(parts),
            Self::Sha256 => hashed::<Sha256>(parts),
        }
    }

    pub(super) fn hex_digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 => 64,
        }
    }
}

/// What a client adds when the challenge offered `qop="auth"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Protection<'a> {
    /// As written: eight hexadecimal digits.
    pub(super) nonce_count: &'a str,
    pub(super) client_nonce: &'a str,
}

/// Everything a response is computed from but the secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) nonce: &'a str,
    /// None: RFC 2069 §2.4, as clients without `qop` compute it.
    pub(super) protection: Option<Protection<'a>>,
}

impl Sum<'_> {
    /// RFC 7616 §3.4.1, with `ha1` = H(user:realm:password).
    pub(super) fn response(&self, ha1: &str) -> String {
        let ha2 = self.algorithm.hash(&[self.method, self.uri]);
        match self.protection {
            None => self.algorithm.hash(&[ha1, self.nonce, &ha2]),
            Some(Protection { nonce_count, client_nonce }) => {
                let parts = [ha1, self.nonce, nonce_count, client_nonce, "auth", &ha2];
                self.algorithm.hash(&parts)
            }
        }
    }
}

fn hashed<D: Digest>(parts: &[&str]) -> String {
    let mut hasher = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hasher.update(b":");
        }
        hasher.update(part.as_bytes());
    }
    hex(&hasher.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Takes as long whether they differ at the first byte or the last.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    let difference = one.iter().zip(other).fold(0, |seen, (a, b)| seen | (a ^ b));
    one.len() == other.len() && std::hint::black_box(difference) == 0
}
