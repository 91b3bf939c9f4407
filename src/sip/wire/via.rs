//! Via: the way a request came (RFC 3261 §20.42).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sip::wire::fault::{Fault, What};
use crate::sip::wire::params::Params;
use crate::sip::wire::text::{is_token_text, split_at_byte, trim};
use crate::sip::wire::uri::{Host, HostText, host_and_port};

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
        ViaParts::read(text).map(ViaParts::owned).ok_or(Fault::new(What::Malformed, "Via"))
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

/// A Via over the text it was read from.
#[derive(Clone, Copy, Debug)]
pub(super) struct ViaParts<'a> {
    transport: &'a str,
    host: HostText<'a>,
    port: Option<u16>,
    params: &'a str,
}

impl<'a> ViaParts<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (name, rest) = split_at_byte(text, b'/')?;
        let (version, rest) = split_at_byte(rest, b'/')?;
        if !trim(name).eq_ignore_ascii_case("SIP") || trim(version) != "2.0" {
            return None;
        }
        let (transport, rest) = split_at_blank(trim(rest))?;
        let (sent_by, params) = split_at_byte(rest, b';').unwrap_or((rest, ""));
        // White space may stand around the colon.
        let (host, port) = host_and_port(trim(sent_by))?;
        let valid = is_token_text(transport) && Params::are_valid(params);
        valid.then_some(Self { transport, host, port, params })
    }

    fn owned(self) -> Via {
        Via {
            transport: self.transport.to_ascii_uppercase(),
            host: self.host.owned(),
            port: self.port,
            params: Params::parse(self.params).unwrap_or_default(),
        }
    }
}

fn split_at_blank(text: &str) -> Option<(&str, &str)> {
    let at = text.bytes().position(|b| matches!(b, b' ' | b'\t'))?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}{}", self.transport, self.sent_by(), self.params)
    }
}
