//! The smaller header values: CSeq, Event, Replaces, Subscription-State, Contact lists.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sip::wire::fault::{Fault, What};
use crate::sip::wire::method::Method;
use crate::sip::wire::name_addr::NameAddr;
use crate::sip::wire::params::Params;
use crate::sip::wire::parse::METHOD_MAX;
use crate::sip::wire::text::is_token_text;

/// Below 2^31 (RFC 3261 §8.1.1.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CSeq {
    pub number: u32,
    pub method: Method,
}

impl CSeq {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let bad = || Fault::new(What::Malformed, "CSeq");
        let mut parts = text.split_whitespace();
        let (Some(number), Some(method), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad());
        };
        if method.len() > METHOD_MAX
            || !is_token_text(method)
            || !number.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(bad());
        }
        let number: u32 = number.parse().map_err(|_| bad())?;
        if number > i32::MAX.unsigned_abs() {
            return Err(bad());
        }
        Ok(Self { number, method: Method::from(method) })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// `*`: all of them.
    Star,
    List(Vec<NameAddr>),
}

/// An event package and which of several subscriptions to it (RFC 6665 §8.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Lower case.
    pub package: String,
    pub id: Option<String>,
}

impl Event {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (package, params) = text.split_once(';').unwrap_or((text, ""));
        let package = package.trim();
        let params = Params::parse(params)?;
        is_token_text(package).then(|| Self {
            package: package.to_ascii_lowercase(),
            id: params.get("id").map(str::to_owned),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionState {
    /// `active`, `pending`, `terminated` or another.
    pub state: String,
    pub expires: Option<u32>,
    pub reason: Option<String>,
    pub retry_after: Option<u32>,
}

impl SubscriptionState {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (state, params) = text.split_once(';').unwrap_or((text, ""));
        let params = Params::parse(params)?;
        let number = |name| params.get(name).and_then(|value: &str| value.parse().ok());
        Some(Self {
            state: state.trim().to_ascii_lowercase(),
            expires: number("expires"),
            reason: params.get("reason").map(str::to_owned),
            retry_after: number("retry-after"),
        })
    }
}

/// The dialog an INVITE or REFER is to take the place of (RFC 3891 §6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    pub call_id: String,
    /// The tag of whoever receives it.
    pub to_tag: String,
    pub from_tag: String,
    pub early_only: bool,
}

impl Replaces {
    /// From a header, or from a URI's embedded one once decoded.
    pub fn parse(text: &str) -> Option<Self> {
        let (call_id, params) = text.split_once(';')?;
        let params = Params::parse(params)?;
        Some(Self {
            call_id: call_id.trim().to_owned(),
            to_tag: params.get("to-tag")?.to_owned(),
            from_tag: params.get("from-tag")?.to_owned(),
            early_only: params.has("early-only"),
        })
    }
}
