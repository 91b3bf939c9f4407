//! What is wrong with a message.

use bytes::Bytes;

use crate::sip::wire::{Headers, Name, Response};

/// Why a message cannot be read, and what of it could be, to answer it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} ({place})")]
pub struct Fault {
    pub what: What,
    /// The header, or part of the message, it is in.
    pub place: &'static str,
    /// Set when the message is a request that could be answered.
    answerable: Option<Box<Headers>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum What {
    #[error("empty")]
    Empty,
    #[error("not a SIP message")]
    NotSip,
    #[error("malformed")]
    Malformed,
    #[error("missing")]
    Missing,
    #[error("too long")]
    TooLong,
    #[error("contradicts another part")]
    Contradiction,
    #[error("version is not SIP/2.0")]
    Version,
}

impl Fault {
    pub fn new(what: What, place: &'static str) -> Self {
        Self { what, place, answerable: None }
    }

    pub(super) fn of_request(mut self, headers: Headers) -> Self {
        self.answerable = Some(Box::new(headers));
        self
    }

    /// The refusal this message deserves; none when it is a response, an
    /// ACK, or does not say where an answer would go.
    pub fn response(&self) -> Option<Response> {
        let headers = self.answerable.as_ref()?;
        // A message of another version may have Vias of that version.
        if self.what != What::Version {
            headers.via().ok()?;
        }
        headers.get(&Name::Via)?;
        if headers.text(&Name::CSeq).is_some_and(|cseq| cseq.trim_end().ends_with("ACK")) {
            return None;
        }
        let mut response = match self.what {
            What::Version => Response::new(505),
            What::TooLong => Response::new(513),
            _ => Response::new(400).reason(&format!("Bad Request: {self}")),
        };
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
            for value in headers.all(&name) {
                response.headers.push(name.clone(), Bytes::copy_from_slice(value));
            }
        }
        Some(response)
    }
}
