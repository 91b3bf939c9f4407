//! Who is at the other end: what people are shown of him, everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::caller_name::CallerName;

/// A caller's name and number, cleaned at the door. It travels with the call
/// through park, recall, retrieve and park again (product M1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Empty when nobody knows it.
    pub name: CallerName,
    /// As dialled or sent: digits, perhaps after a `+`, or a user name; empty
    /// or `anonymous` when withheld.
    pub number: CallerName,
}

impl Caller {
    pub fn new(name: &str, number: &str) -> Self {
        Self { name: CallerName::clean(name), number: CallerName::clean(number) }
    }

    pub fn is_withheld(&self) -> bool {
        let number = self.number.as_str();
        number.is_empty() || number.eq_ignore_ascii_case("anonymous")
    }
}

/// The name; else the number; else that it is withheld.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.name.is_empty() {
            return self.name.fmt(f);
        }
        if self.is_withheld() {
            return f.write_str("(withheld)");
        }
        self.number.fmt(f)
    }
}
