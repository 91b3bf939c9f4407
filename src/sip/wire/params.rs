//! `;name=value` lists, as they follow URIs and headers.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sip::wire::text::{is_token, quoted, split_at_byte, split_outside, trim, unquoted};

/// In their order; names compare without case. Values are kept unquoted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name)?.1.as_deref()
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    pub fn set(&mut self, name: &str, value: Option<String>) {
        match self.0.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some(found) => found.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, name: &str) -> Option<&(String, Option<String>)> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// Reads what follows the first `;`. None: it is no parameter list.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut params = Self::default();
        read(text, |name, value| {
            params.0.push((name.to_owned(), value.map(Cow::into_owned)));
        })?;
        Some(params)
    }

    /// The value of `name` in a list that has been found valid.
    pub(super) fn value_in<'a>(text: &'a str, name: &str) -> Option<Cow<'a, str>> {
        let mut found = None;
        read(text, |other, value| {
            if found.is_none() && other.eq_ignore_ascii_case(name) {
                found = value;
            }
        })?;
        found
    }

    pub(super) fn are_valid(text: &str) -> bool {
        read(text, |_, _| {}).is_some()
    }
}

fn read<'a>(text: &'a str, mut take: impl FnMut(&'a str, Option<Cow<'a, str>>)) -> Option<()> {
    if text.is_empty() {
        return Some(());
    }
    for part in split_outside(text, b';') {
        let part = trim(part?);
        if !part.is_empty() {
            let (name, value) = read_one(part)?;
            take(name, value);
        }
    }
    Some(())
}

fn read_one(part: &str) -> Option<(&str, Option<Cow<'_, str>>)> {
    let (name, value) = match split_at_byte(part, b'=') {
        Some((name, value)) => (trim(name), Some(trim(value))),
        None => (part, None),
    };
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    match value {
        Some(value) if value.starts_with('"') => Some((name, Some(unquoted(value)?))),
        // Only a quoted value may hold controls: they would vanish when
        // written, and one token would become another.
        Some(value) if value.bytes().any(is_forbidden) => None,
        value => Some((name, value.map(Cow::Borrowed))),
    }
}

/// Tokens, and what careless writers put in their place.
fn is_name(byte: u8) -> bool {
    is_token(byte) || byte > b' ' && !matches!(byte, b'"' | b'<' | b'>' | 0x7f)
}

fn is_forbidden(byte: u8) -> bool {
    byte < b' ' && byte != b'\t' || byte == 0x7f
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            match value {
                None => write!(f, ";{}", printable(name))?,
                Some(value) if is_plain(value) => write!(f, ";{}={value}", printable(name))?,
                Some(value) => write!(f, ";{}={}", printable(name), quoted(value))?,
            }
        }
        Ok(())
    }
}

/// What may stand unquoted: tokens, and hosts with their brackets and colons.
fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value.bytes().all(|b| {
            is_token(b)
                || matches!(b, b':' | b'[' | b']' | b'/' | b'@' | b'?' | b'&' | b'$' | b'(' | b')')
        })
}

fn printable(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_ascii_graphic() && !matches!(c, ';' | ',' | '"' | '<' | '>'))
        .collect()
}
