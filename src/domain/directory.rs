//! Names for callers whose network sends none, found by their number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::caller_name::CallerName;

/// Names by number, however the number is written: with a country's prefix,
/// an area's, or neither.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// By the significant digits from last to first, so that numbers that end
    /// alike are neighbours.
    names: BTreeMap<String, CallerName>,
}

/// Digits that must agree where one number is only the end of the other:
/// fewer would give strangers a colleague's name.
const DIGITS_MIN: usize = 7;
/// Digits of the longest number, E.164 and some more.
const DIGITS_MAX: usize = 20;

impl Directory {
    /// The first name for a number stays; a number without digits is no number.
    pub fn insert(&mut self, name: CallerName, number: &str) {
        if let Some(key) = key_of(number) {
            self.names.entry(key).or_insert(name);
        }
    }

    /// The name of whoever calls from `number`: of the very number; else of
    /// the longest number that is the end of it; else of the only one it is
    /// the end of.
    pub fn name_of(&self, number: &str) -> Option<&CallerName> {
        let wanted = key_of(number)?;
        if let Some(name) = self.names.get(&wanted) {
            return Some(name);
        }
        if wanted.len() < DIGITS_MIN {
            return None;
        }
        let mut ends = (DIGITS_MIN..wanted.len()).rev().filter_map(|digits| wanted.get(..digits));
        ends.find_map(|end| self.names.get(end)).or_else(|| self.only_one_ending_in(&wanted))
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn only_one_ending_in(&self, wanted: &str) -> Option<&CallerName> {
        let longer = self.names.range(wanted.to_owned()..);
        let mut longer = longer.take_while(|(key, _)| key.starts_with(wanted));
        let (_, name) = longer.next()?;
        longer.all(|(_, other)| other == name).then_some(name)
    }
}

impl Extend<(CallerName, String)> for Directory {
    fn extend<I: IntoIterator<Item = (CallerName, String)>>(&mut self, entries: I) {
        for (name, number) in entries {
            self.insert(name, &number);
        }
    }
}

/// Leading zeros and `+` only say how much of the number follows.
fn key_of(number: &str) -> Option<String> {
    // "+49 (0)30 ..." writes the zero that is dialled only at home.
    let number = if number.trim_start().starts_with('+') {
        number.replace("(0)", "")
    } else {
        number.to_owned()
    };
    if number.contains(|c: char| c.is_alphabetic()) {
        return None;
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0');
    let fits = (1..=DIGITS_MAX).contains(&significant.len());
    fits.then(|| significant.chars().rev().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(entries: &[(&str, &str)]) -> Directory {
        let mut directory = Directory::default();
        let entries = entries.iter().map(|(name, number)| (CallerName::clean(name), *number));
        directory.extend(entries.map(|(name, number)| (name, number.to_owned())));
        directory
    }

    #[test]
    fn a_number_is_known_however_it_is_written() {
        let ada = directory(&[("Ada", "+49 (0)30 123 45 67")]);
        for number in ["+49301234567", "0049301234567", "0301234567", "030/123-4567", "1234567"] {
            assert_eq!(ada.name_of(number).unwrap().as_str(), "Ada", "{number}");
        }
        for number in ["4567", "+49401234567", "0401234567", "anonymous", "", "0000", "1234568"] {
            assert_eq!(ada.name_of(number), None, "{number}");
        }
    }

    #[test]
    fn the_longest_agreement_wins_and_short_numbers_agree_only_whole() {
        let names = directory(&[
            ("Somebody", "1234567"),
            ("Berlin", "0301234567"),
            ("Bob", "101"),
            ("Late Bob", "101"),
        ]);
        let name = |number| names.name_of(number).map(CallerName::as_str);
        assert_eq!(name("+49301234567"), Some("Berlin"));
        assert_eq!(name("+49401234567"), Some("Somebody"));
        assert_eq!(name("101"), Some("Bob"));
        assert_eq!(name("9101"), None);
    }

    #[test]
    fn a_number_that_could_be_two_people_is_nobody() {
        let names = directory(&[("Berlin", "0301234567"), ("Hamburg", "0401234567")]);
        assert_eq!(names.name_of("1234567"), None);
    }
}
