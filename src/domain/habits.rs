//! How one telephone wants to be told of parked calls, as its settings say.

use serde::{Deserialize, Serialize};

/// The word for an occupied place in a lamp's notification (RFC 4235 and what
/// makers have added to it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LampWord {
    /// Most keys flash red.
    Early,
    /// As a conversation: most keys are red.
    Confirmed,
    /// A state of its own, known to Yealink.
    Parked,
    /// BroadWorks' element inside a conversation, known to Yealink and Cisco.
    CallPark,
}

impl LampWord {
    /// As settings spell them.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("early", Self::Early),
        ("confirmed", Self::Confirmed),
        ("parked", Self::Parked),
        ("bw:callpark", Self::CallPark),
    ];
}

/// What differs from the habits of its make; the default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habits {
    pub lamp: Option<LampWord>,
    /// Told by NOTIFY without having asked.
    pub park_info: bool,
    /// Told in words, by MESSAGE.
    pub message: bool,
    /// Shows callers by Remote-Party-ID, as phones did before RFC 3325.
    pub remote_party_id: bool,
    /// What its recalls say in Alert-Info, so that they ring in a way of their
    /// own; empty: nothing.
    pub recall_ring: Option<String>,
}

/// Longest text of a ring.
pub const RING_TEXT_MAX: usize = 200;

/// Whether it can stand in a header as it is.
pub fn is_ring_text(text: &str) -> bool {
    let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    printable && text.trim() == text && text.len() <= RING_TEXT_MAX
}
