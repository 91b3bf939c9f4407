//! `"Display" <uri>;params`: From, To, Contact, Route and their kin (RFC 3261 §20.10).

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sip::wire::fault::{Fault, What};
use crate::sip::wire::params::Params;
use crate::sip::wire::text::{
    find_outside_quotes, is_token, quoted, split_at_byte, split_outside, trim, unquoted,
};
use crate::sip::wire::uri::{Uri, UriParts};

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
        let parts = NameAddrParts::read(text);
        parts.map(NameAddrParts::owned).ok_or(Fault::new(What::Malformed, place))
    }

    /// # Errors
    /// One of them is none.
    pub fn parse_list(text: &str, place: &'static str) -> Result<Vec<Self>, Fault> {
        let bad = || Fault::new(What::Malformed, place);
        let mut list = Vec::new();
        for part in split_outside(text, b',') {
            let part = trim(part.ok_or_else(bad)?);
            if !part.is_empty() {
                list.push(Self::parse(part, place)?);
            }
        }
        Ok(list)
    }
}

/// A name and address over the text they were read from.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameAddrParts<'a> {
    /// With its quotes, if it has any. They are closed.
    display: &'a str,
    uri: UriParts<'a>,
    params: &'a str,
}

impl<'a> NameAddrParts<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let text = trim(text);
        let Some(open) = find_outside_quotes(text, b'<') else { return Self::read_bare(text) };
        let close = open + text[open..].find('>')?;
        let display = trim(&text[..open]);
        if display.starts_with('"') {
            unquoted(display)?;
        } else if !display.bytes().all(is_display) {
            return None;
        }
        let uri = UriParts::read(&text[open + 1..close]).ok()?;
        let rest = trim(&text[close + 1..]);
        let params = match rest.strip_prefix(';') {
            Some(params) => params,
            None if rest.is_empty() => "",
            None => return None,
        };
        Params::are_valid(params).then_some(Self { display, uri, params })
    }

    /// Without brackets what follows a `;` belongs to the header (RFC 3261
    /// §20.10), and a `,` or `?` may not be there.
    fn read_bare(text: &'a str) -> Option<Self> {
        let (uri, params) = split_at_byte(text, b';').unwrap_or((text, ""));
        if uri.contains(['?', ',']) || !Params::are_valid(params) {
            return None;
        }
        Some(Self { display: "", uri: UriParts::read(trim(uri)).ok()?, params })
    }

    pub(super) fn tag(self) -> Option<Cow<'a, str>> {
        Params::value_in(self.params, "tag")
    }

    fn owned(self) -> NameAddr {
        let display = unquoted(self.display).unwrap_or_default();
        NameAddr {
            display: (!self.display.is_empty()).then(|| shown(&display)),
            uri: self.uri.owned(),
            params: Params::parse(self.params).unwrap_or_default(),
        }
    }
}

/// What a quoted pair smuggles past the grammar never reaches a name.
fn shown(display: &str) -> String {
    display.chars().filter(|c| !c.is_control()).collect()
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
