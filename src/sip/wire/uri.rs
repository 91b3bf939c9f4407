//! URIs: SIP's own taken apart, others kept whole (RFC 3261 §19.1).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use crate::sip::flow::Transport;
use crate::sip::wire::fault::{Fault, What};
use crate::sip::wire::params::Params;
use crate::sip::wire::text::{escapes_are_whole, is_token, split_at_byte, trim, unescaped};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scheme {
    Sip,
    Sips,
    /// `tel` and anything else: the rest is in [`Uri::opaque`].
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uri {
    pub scheme: Scheme,
    /// As written, escapes and all.
    pub user: Option<String>,
    pub password: Option<String>,
    pub host: Host,
    pub port: Option<u16>,
    pub params: Params,
    /// What follows the `?`, as written.
    pub headers: Option<String>,
    /// What follows the scheme of a URI that is not SIP's.
    pub opaque: String,
}

/// Longer ones are nobody's address.
const LENGTH_MAX: usize = 4096;

impl Uri {
    pub fn sip(user: &str, host: Host) -> Self {
        let user = (!user.is_empty()).then(|| escaped_user(user));
        Self {
            scheme: Scheme::Sip,
            user,
            password: None,
            host,
            port: None,
            params: Params::default(),
            headers: None,
            opaque: String::new(),
        }
    }

    /// # Errors
    /// It is no URI, or longer than any should be.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        UriParts::read(text).map(UriParts::owned)
    }

    /// The user part without its escapes. A `tel` URI's number counts as its user.
    pub fn user_decoded(&self) -> Option<String> {
        if let Scheme::Other(_) = self.scheme {
            let number = self.opaque.split(';').next().unwrap_or_default();
            return (!number.is_empty()).then(|| number.to_owned());
        }
        let user = self.user.as_deref()?;
        // Telephone numbers may carry parameters of their own (RFC 3261 §19.1.6).
        let user = user.split(';').next().unwrap_or_default();
        unescaped(user)
    }

    pub fn is_sip(&self) -> bool {
        matches!(self.scheme, Scheme::Sip | Scheme::Sips)
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    pub fn transport(&self) -> Option<Transport> {
        self.param("transport").and_then(Transport::parse)
    }

    /// With one more embedded header, `value` being plain text.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let header = format!("{name}={}", escaped(value, b"-_.!~*'()"));
        self.headers = Some(match self.headers {
            Some(before) => format!("{before}&{header}"),
            None => header,
        });
        self
    }

    /// An embedded header, decoded: `?Replaces=...`.
    pub fn header(&self, name: &str) -> Option<String> {
        let headers = self.headers.as_deref()?;
        headers.split('&').find_map(|header| {
            let (key, value) = header.split_once('=')?;
            key.eq_ignore_ascii_case(name).then(|| unescaped(value))?
        })
    }

    /// The same resource (RFC 3261 §19.1.4).
    pub fn equivalent(&self, other: &Self) -> bool {
        let named = |uri: &Self, name: &str| uri.params.get(name).map(str::to_ascii_lowercase);
        let weighty = ["user", "ttl", "method", "maddr", "transport"];
        let both = self.params.iter().filter_map(|(name, _)| other.params.get(name).map(|_| name));
        self.scheme == other.scheme
            && self.opaque == other.opaque
            && self.user_decoded() == other.user_decoded()
            && self.password == other.password
            && same_host(&self.host, &other.host)
            && self.port == other.port
            && weighty.iter().all(|name| named(self, name) == named(other, name))
            && both.into_iter().all(|name| named(self, name) == named(other, name))
    }
}

fn same_host(one: &Host, other: &Host) -> bool {
    match (one, other) {
        (Host::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
        _ => one == other,
    }
}

/// The grammar of RFC 3261 by mistake allows one colon too many before an
/// IPv4 tail; some write it (RFC 5118 §4.10).
fn v6_address(text: &str) -> Option<Ipv6Addr> {
    let parsed = text.parse().ok();
    parsed.or_else(|| text.contains(":::").then(|| text.replacen(":::", "::", 1).parse().ok())?)
}

/// A URI over the text it was read from: whether it is one can be told
/// without keeping it.
#[derive(Clone, Copy, Debug)]
pub(super) struct UriParts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: HostText<'a>,
    port: Option<u16>,
    params: &'a str,
    headers: Option<&'a str>,
    opaque: &'a str,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum HostText<'a> {
    Name(&'a str),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl<'a> UriParts<'a> {
    /// # Errors
    /// It is no URI, or longer than any should be.
    pub(super) fn read(text: &'a str) -> Result<Self, Fault> {
        let bad = || Fault::new(What::Malformed, "URI");
        if text.len() > LENGTH_MAX {
            return Err(Fault::new(What::TooLong, "URI"));
        }
        if text.bytes().any(|b| !is_token(b) && matches!(b, 0..=b' ' | b'<' | b'>' | 0x7f)) {
            return Err(bad());
        }
        let (scheme, rest) = split_at_byte(text, b':').ok_or_else(bad)?;
        let letters = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        if !letters || !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(bad());
        }
        if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") {
            return Self::read_sip(scheme, rest).ok_or_else(bad);
        }
        Ok(Self {
            scheme,
            user: None,
            password: None,
            host: HostText::Name(""),
            port: None,
            params: "",
            headers: None,
            opaque: rest,
        })
    }

    fn read_sip(scheme: &'a str, rest: &'a str) -> Option<Self> {
        let (user_info, rest) = split_user(rest);
        let (user, password) = match user_info.map(|info| split_at_byte(info, b':')) {
            Some(Some((user, password))) => (Some(user), Some(password)),
            Some(None) => (user_info, None),
            None => (None, None),
        };
        if user.is_some_and(|user| user.is_empty() || !escapes_are_whole(user)) {
            return None;
        }
        let (rest, headers) = match split_at_byte(rest, b'?') {
            Some((rest, headers)) => (rest, Some(headers)),
            None => (rest, None),
        };
        let (host_port, params) = split_at_byte(rest, b';').unwrap_or((rest, ""));
        let (host, port) = host_and_port(host_port)?;
        let parts = Self { scheme, user, password, host, port, params, headers, opaque: "" };
        Params::are_valid(params).then_some(parts)
    }

    pub(super) fn owned(self) -> Uri {
        let scheme = match self.scheme {
            sip if sip.eq_ignore_ascii_case("sip") => Scheme::Sip,
            sips if sips.eq_ignore_ascii_case("sips") => Scheme::Sips,
            other => Scheme::Other(other.to_ascii_lowercase()),
        };
        Uri {
            scheme,
            user: self.user.map(str::to_owned),
            password: self.password.map(str::to_owned),
            host: self.host.owned(),
            port: self.port,
            params: Params::parse(self.params).unwrap_or_default(),
            headers: self.headers.map(str::to_owned),
            opaque: self.opaque.to_owned(),
        }
    }
}

/// A user part may hold `;` and `?`: the last `@` before the headers ends it.
fn split_user(rest: &str) -> (Option<&str>, &str) {
    let (before_headers, _) = split_at_byte(rest, b'?').unwrap_or((rest, ""));
    let last = before_headers.bytes().rposition(|b| b == b'@');
    match last.or_else(|| rest.bytes().position(|b| b == b'@')) {
        Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
        None => (None, rest),
    }
}

impl HostText<'_> {
    pub(super) fn owned(self) -> Host {
        match self {
            Self::Name(name) => Host::Name(name.to_owned()),
            Self::V4(address) => Host::V4(address),
            Self::V6(address) => Host::V6(address),
        }
    }
}

/// `host`, `host:port`, `[v6]:port`.
pub(super) fn host_and_port(text: &str) -> Option<(HostText<'_>, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = split_at_byte(rest, b']')?;
        let port = match trim(rest) {
            "" => None,
            rest => Some(port(rest.strip_prefix(':')?)?),
        };
        return Some((HostText::V6(v6_address(address)?), port));
    }
    let (host, port) = match split_at_byte(text, b':') {
        Some((host, text)) => (host, Some(port(text)?)),
        None => (text, None),
    };
    let host = trim(host);
    if host.starts_with(|c: char| c.is_ascii_digit())
        && let Ok(v4) = host.parse()
    {
        return Some((HostText::V4(v4), port));
    }
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    (!host.is_empty() && host.len() <= 255 && host.bytes().all(is_name))
        .then_some((HostText::Name(host), port))
}

fn port(text: &str) -> Option<u16> {
    let digits = trim(text);
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// RFC 3261 §25.1 `user`: what is neither unreserved nor allowed is escaped.
fn escaped_user(user: &str) -> String {
    escaped(user, b"-_.!~*'()&=+$,/")
}

fn escaped(plain: &str, marks: &[u8]) -> String {
    let mut text = String::with_capacity(plain.len());
    for byte in plain.bytes() {
        if byte.is_ascii_alphanumeric() || marks.contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// What may stand unescaped in a user part or password, with the escapes
/// themselves (RFC 3261 §25.1).
fn is_user(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"%-_.!~*'()&=+$,;?/".contains(&byte)
}

fn is_param(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"%-_.!~*'()[]/:&+$".contains(&byte)
}

/// Headers, and what follows a foreign scheme.
fn is_opaque(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"<>\"".contains(&byte)
}

/// Whatever a part holds, it stays inside its place: what may not stand
/// there is escaped.
fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str, plain: fn(u8) -> bool) -> fmt::Result {
    if text.bytes().all(plain) {
        return f.write_str(text);
    }
    for byte in text.bytes() {
        match plain(byte) {
            true => f.write_char(char::from(byte))?,
            false => write!(f, "%{byte:02X}")?,
        }
    }
    Ok(())
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::V4(v4),
            IpAddr::V6(v6) => Self::V6(v6),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => {
                write_escaped(f, name, |b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
            }
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scheme {
            Scheme::Sip => f.write_str("sip:")?,
            Scheme::Sips => f.write_str("sips:")?,
            Scheme::Other(scheme) => {
                write_escaped(f, scheme, |b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))?;
                f.write_str(":")?;
                return write_escaped(f, &self.opaque, is_opaque);
            }
        }
        if let Some(user) = &self.user {
            write_escaped(f, user, is_user)?;
            if let Some(password) = &self.password {
                f.write_str(":")?;
                write_escaped(f, password, is_user)?;
            }
            f.write_str("@")?;
        }
        self.host.fmt(f)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        for (name, value) in self.params.iter() {
            f.write_str(";")?;
            write_escaped(f, name, is_param)?;
            if let Some(value) = value {
                f.write_str("=")?;
                write_escaped(f, value, is_param)?;
            }
        }
        if let Some(headers) = &self.headers {
            f.write_str("?")?;
            write_escaped(f, headers, is_opaque)?;
        }
        Ok(())
    }
}
