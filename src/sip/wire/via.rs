//! Via: the way a request came (RFC 3261 §20.42).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sip::wire::fault::{Fault, What};
use crate::sip::wire::params::Params;
use crate::sip::wire::text::is_token_text;
use crate::sip::wire::uri::{Host, host_and_port};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Via {
    /// Such as `UDP`; unknown ones are kept.
    pub transport: String,
    pub host: Host,
    pub port: Option<u16>,
    pub params: Params,
}

impl Via {
    /// # Errors
    /// It is none, or its version is not SIP/2.0.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::read(text).ok_or(Fault::new(What::Malformed, "Via"))
    }

    fn read(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('/')?;
        let (version, rest) = rest.split_once('/')?;
        if !name.trim().eq_ignore_ascii_case("SIP") || version.trim() != "2.0" {
            return None;
        }
        let rest = rest.trim_start();
        let (transport, rest) = rest.split_once([' ', '\t'])?;
        if !is_token_text(transport) {
            return None;
        }
        let (sent_by, params) = match rest.split_once(';') {
            Some((sent_by, params)) => (sent_by, Params::parse(params)?),
            None => (rest, Params::default()),
        };
        let (host, port) = sent_by_parts(sent_by.trim())?;
        Some(Self { transport: transport.to_ascii_uppercase(), host, port, params })
    }

    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch")
    }

    pub fn sent_by(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }
}

/// White space may stand around the colon.
fn sent_by_parts(text: &str) -> Option<(Host, Option<u16>)> {
    if text.contains([' ', '\t']) {
        let joined: String = text.split_whitespace().collect();
        return host_and_port(&joined);
    }
    host_and_port(text)
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}{}", self.transport, self.sent_by(), self.params)
    }
}
