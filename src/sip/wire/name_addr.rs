//! `"Display" <uri>;params`: From, To, Contact, Route and their kin (RFC 3261 §20.10).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sip::wire::fault::{Fault, What};
use crate::sip::wire::params::Params;
use crate::sip::wire::text::{find_outside_quotes, is_token, quoted, split_outside, unquoted};
use crate::sip::wire::uri::Uri;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameAddr {
    /// Without quotes and escapes.
    pub display: Option<String>,
    pub uri: Uri,
    pub params: Params,
}

impl NameAddr {
    pub fn new(display: Option<String>, uri: Uri) -> Self {
        Self { display, uri, params: Params::default() }
    }

    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag")
    }

    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag.to_owned()));
        self
    }

    /// # Errors
    /// It is none. `place` is the header it stands in.
    pub fn parse(text: &str, place: &'static str) -> Result<Self, Fault> {
        Self::read(text.trim()).ok_or(Fault::new(What::Malformed, place))
    }

    fn read(text: &str) -> Option<Self> {
        let Some(open) = find_outside_quotes(text, b'<') else { return Self::read_bare(text) };
        let close = open + text[open..].find('>')?;
        let display = text[..open].trim();
        let display = match display.starts_with('"') {
            true => Some(shown(unquoted(display)?)),
            false if display.is_empty() => None,
            false if display.bytes().all(is_display) => Some(display.to_owned()),
            false => return None,
        };
        let uri = Uri::parse(&text[open + 1..close]).ok()?;
        let rest = text[close + 1..].trim();
        let params = match rest.strip_prefix(';') {
            Some(params) => Params::parse(params)?,
            None if rest.is_empty() => Params::default(),
            None => return None,
        };
        Some(Self { display, uri, params })
    }

    /// Without brackets what follows a `;` belongs to the header (RFC 3261
    /// §20.10), and a `,` or `?` may not be there.
    fn read_bare(text: &str) -> Option<Self> {
        let (uri, params) = match text.split_once(';') {
            Some((uri, params)) => (uri, Params::parse(params)?),
            None => (text, Params::default()),
        };
        if uri.contains(['?', ',']) {
            return None;
        }
        Some(Self { display: None, uri: Uri::parse(uri.trim()).ok()?, params })
    }

    /// # Errors
    /// One of them is none.
    pub fn parse_list(text: &str, place: &'static str) -> Result<Vec<Self>, Fault> {
        let parts = split_outside(text, b',').ok_or(Fault::new(What::Malformed, place))?;
        let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
        parts.map(|part| Self::parse(part, place)).collect()
    }
}

/// What a quoted pair smuggles past the grammar never reaches a name.
fn shown(display: String) -> String {
    match display.contains(char::is_control) {
        true => display.chars().filter(|c| !c.is_control()).collect(),
        false => display,
    }
}

/// Unquoted display names are tokens and spaces; letters beyond ASCII are
/// taken too, for names are hostile enough without being refused.
fn is_display(byte: u8) -> bool {
    is_token(byte) || matches!(byte, b' ' | b'\t') || byte >= 0x80
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{} ", quoted(display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}
