//! What becomes of a message: the same way for every corpus.

use std::fmt;

use bellhop::sip::wire::{Message, check, parse};
use bytes::Bytes;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Read, and nothing stands against acting on it.
    Accepted,
    /// Read, but to be refused with this status.
    Status(u16),
    /// Not read; answered with this status.
    Refused(u16),
    /// Not read, and nobody to answer.
    Dropped,
}

impl Fate {
    pub fn of(octets: &[u8]) -> Self {
        match parse(&Bytes::copy_from_slice(octets)) {
            Ok(Message::Response(_)) => Self::Accepted,
            Ok(Message::Request(request)) => match check(&request) {
                Ok(()) => Self::Accepted,
                Err(unacceptable) => Self::Status(unacceptable.status),
            },
            Err(fault) => match fault.response() {
                Some(response) => Self::Refused(response.status),
                None => Self::Dropped,
            },
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        let (word, status) = text.split_once(' ').unwrap_or((text, ""));
        match word {
            "accepted" => Some(Self::Accepted),
            "dropped" => Some(Self::Dropped),
            "status" => status.parse().ok().map(Self::Status),
            "refused" => status.parse().ok().map(Self::Refused),
            _ => None,
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => f.write_str("accepted"),
            Self::Dropped => f.write_str("dropped"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Refused(status) => write!(f, "refused {status}"),
        }
    }
}
