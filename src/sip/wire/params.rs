//! `;name=value` lists, as they follow URIs and headers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sip::wire::text::{is_token, quoted, split_outside, unquoted};

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
        for part in split_outside(text, b';')? {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            // Only a quoted value may hold controls: they would vanish when
            // written, and one token would become another.
            let token = part.split('"').next().unwrap_or_default();
            if token.contains(|c: char| c.is_control() && c != '\t') {
                return None;
            }
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim_end(), Some(unquoted(value.trim())?)),
                None => (part, None),
            };
            if name.is_empty() || name.contains(['"', '<', '>', ' ', '\t']) {
                return None;
            }
            params.0.push((name.to_owned(), value));
        }
        Some(params)
    }
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
