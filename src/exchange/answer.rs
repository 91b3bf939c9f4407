//! How a refusal sounds in SIP.

use crate::park::Refusal;

/// The one place where the two vocabularies meet (docs/PROTOCOL.md). The
/// refusal's own text goes along as the reason phrase.
pub fn sip_status(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::NothingParked { .. } | Refusal::NoSuchKey { .. } | Refusal::NotParked { .. } => {
            404
        }
        Refusal::Taken { .. } | Refusal::PlaceFull { .. } => 486,
        Refusal::AlreadyParked { .. } => 403,
    }
}
