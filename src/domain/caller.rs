//! Who is at the other end: what people are shown of him, everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::caller_name::CallerName;

/// A caller's name and number, cleaned at the door. It travels with the call
/// through park, recall, retrieve and park again (product M1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

    /// Withheld, and what stands in the name's place is no name (RFC 3323 §4.1
    /// has phones send "Anonymous").
    pub fn is_nobody(&self) -> bool {
        let name = self.name.as_str();
        self.is_withheld() && (name.is_empty() || name.eq_ignore_ascii_case("anonymous"))
    }
}

/// The name; else the number; else that it is withheld.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_nobody() {
            return f.write_str("(withheld)");
        }
        if self.name.is_empty() { self.number.fmt(f) } else { self.name.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_withholds_his_number_is_shown_as_withheld_whatever_he_is_called() {
        let shown = |name, number| Caller::new(name, number).to_string();
        assert_eq!(shown("Anonymous", "anonymous"), "(withheld)");
        assert_eq!(shown("", "Anonymous"), "(withheld)");
        assert_eq!(shown("anonymous", ""), "(withheld)");
        assert_eq!(shown("Anonymous", "+4930901820"), "Anonymous");
        assert_eq!(shown("Dana Fox", "anonymous"), "Dana Fox");
        assert_eq!(shown("", "105"), "105");
    }
}
