//! Identities. Each has its own type, so two of them cannot be swapped, and
//! its own check, done once, where text comes in from a wire or a file.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::domain::chance::Chance;

/// A dialable place in the office: one to six digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Extension(String);

/// A ring group, by the number it is dialled with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RingGroup(pub Extension);

/// Any number that can be dialled, inside or out: 1 to 20 digits, after an
/// optional `+`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number(String);

/// One caller's way through the office, the same through park, recall,
/// retrieve and park again. Unique among all servers, so that each can speak
/// of another's callers. Never shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JourneyId(u128);

/// Text that is not what it should be. Quotes it escaped: it may be hostile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {wanted}")]
pub struct Malformed {
    pub text: String,
    pub wanted: &'static str,
}

impl JourneyId {
    /// For the door where a call comes in; the cores are handed the id.
    pub fn draw(chance: &mut Chance) -> Self {
        Self(u128::from(chance.draw()) << 64 | u128::from(chance.draw()))
    }
}

impl Extension {
    /// # Errors
    /// Not one to six digits.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        text.to_owned().try_into()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Number {
    /// # Errors
    /// Not 1 to 20 digits after an optional `+`.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        text.to_owned().try_into()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Extension> for Number {
    fn from(extension: Extension) -> Self {
        Self(extension.0)
    }
}

impl TryFrom<String> for Extension {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        let fits = are_digits(&text, 1..=6);
        checked(fits, text, "an extension (1 to 6 digits)").map(Self)
    }
}

impl TryFrom<String> for Number {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        let fits = are_digits(text.strip_prefix('+').unwrap_or(&text), 1..=20);
        checked(fits, text, "a number (1 to 20 digits, perhaps after a +)").map(Self)
    }
}

impl TryFrom<String> for JourneyId {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        let fits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let id = u128::from_str_radix(&text, 16).unwrap_or_default();
        checked(fits, text, "a journey (32 hexadecimal digits)").map(|_| Self(id))
    }
}

impl From<Extension> for String {
    fn from(extension: Extension) -> Self {
        extension.0
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.0
    }
}

impl From<JourneyId> for String {
    /// Hexadecimal, because JSON readers round numbers of this size.
    fn from(JourneyId(id): JourneyId) -> Self {
        format!("{id:032x}")
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn are_digits(text: &str, count: RangeInclusive<usize>) -> bool {
    count.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn checked(fits: bool, text: String, wanted: &'static str) -> Result<String, Malformed> {
    if fits { Ok(text) } else { Err(Malformed { text, wanted }) }
}
