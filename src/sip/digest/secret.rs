//! What a password is kept as.

use std::fmt;

use crate::sip::digest::algorithm::Algorithm;

/// H(user:realm:password) by both algorithms: enough to check any answer,
/// and not the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    ha1: String,
    ha1_sha256: String,
}

impl Secret {
    /// `realm` is the one the [`Challenger`](super::Challenger) names.
    pub fn password(user: &str, realm: &str, password: &str) -> Self {
        let parts = [user, realm, password];
        Self { ha1: Algorithm::Md5.hash(&parts), ha1_sha256: Algorithm::Sha256.hash(&parts) }
    }

    /// Both hashes in hexadecimal, made with MD5 and with SHA-256.
    pub fn hashed(ha1: &str, ha1_sha256: &str) -> Self {
        Self { ha1: ha1.to_ascii_lowercase(), ha1_sha256: ha1_sha256.to_ascii_lowercase() }
    }

    pub(super) fn by(&self, algorithm: Algorithm) -> &str {
        match algorithm {
            Algorithm::Md5 => &self.ha1,
            Algorithm::Sha256 => &self.ha1_sha256,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
