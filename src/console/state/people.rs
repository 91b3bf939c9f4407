//! Colleagues, their lamps, and the capital that picks each of them.

use std::collections::BTreeMap;

use crate::domain::ids::Extension;
use crate::domain::park_table::{LampState, LampView};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// None from the twenty-seventh on.
    pub letter: Option<char>,
    pub lamp: LampView,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// By letter, then by number. I am not among them.
    rows: Vec<Colleague>,
    /// A letter once given stays: fingers remember it.
    letters: BTreeMap<Extension, char>,
}

impl People {
    pub fn show(&mut self, lamps: Vec<LampView>, me: &Extension) {
        let others: Vec<LampView> =
            lamps.into_iter().filter(|lamp| lamp.extension != *me).collect();
        self.give_initials(&others);
        self.give_what_is_left(&others);
        let rows = others.into_iter().map(|lamp| {
            let letter = self.letters.get(&lamp.extension).copied();
            Colleague { letter, lamp }
        });
        self.rows = rows.collect();
        self.rows.sort_by_key(|row| (row.letter.is_none(), row.letter));
    }

    pub fn rows(&self) -> &[Colleague] {
        &self.rows
    }

    pub fn by_letter(&self, letter: char) -> Option<&Colleague> {
        self.rows.iter().find(|row| row.letter == Some(letter))
    }

    pub fn get(&self, extension: &str) -> Option<&Colleague> {
        self.rows.iter().find(|row| row.lamp.extension.as_str() == extension)
    }

    fn give_initials(&mut self, others: &[LampView]) {
        for lamp in others {
            let initial = lamp.name.as_str().chars().next().map(|c| c.to_ascii_uppercase());
            if let Some(initial) = initial.filter(char::is_ascii_uppercase) {
                self.give(&lamp.extension, initial);
            }
        }
    }

    fn give_what_is_left(&mut self, others: &[LampView]) {
        for lamp in others {
            if let Some(free) = ('A'..='Z').find(|letter| !self.is_given(*letter)) {
                self.give(&lamp.extension, free);
            }
        }
    }

    fn give(&mut self, to: &Extension, letter: char) {
        if !self.letters.contains_key(to) && !self.is_given(letter) {
            self.letters.insert(to.clone(), letter);
        }
    }

    fn is_given(&self, letter: char) -> bool {
        self.letters.values().any(|given| *given == letter)
    }
}

/// The lamp in a word.
pub fn lamp_word(state: LampState) -> &'static str {
    match state {
        LampState::Off => "off",
        LampState::Free => "free",
        LampState::Ring => "ring",
        LampState::Talk => "talk",
        LampState::Dnd => "dnd",
    }
}

/// Why a call sent to him would likely come back; none if he can take it.
pub fn cannot_take(state: LampState) -> Option<&'static str> {
    match state {
        LampState::Off => Some("is not there"),
        LampState::Dnd => Some("does not want to be disturbed"),
        LampState::Talk | LampState::Ring => Some("is on the phone"),
        LampState::Free => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::caller_name::CallerName;

    fn lamp(extension: &str, name: &str) -> LampView {
        let (extension, name) = (Extension::parse(extension).unwrap(), CallerName::clean(name));
        LampView { extension, name, state: LampState::Free, parked: 0 }
    }

    fn letters(people: &People) -> Vec<(char, &str)> {
        let rows = people.rows().iter();
        rows.map(|row| (row.letter.unwrap_or('-'), row.lamp.name.as_str())).collect()
    }

    #[test]
    fn a_colleague_gets_his_initial_and_keeps_it() {
        let me = Extension::parse("101").unwrap();
        let mut people = People::default();
        let bob = [lamp("101", "Me"), lamp("102", "Bob"), lamp("103", "Ben")];
        people.show(bob.to_vec(), &me);
        assert_eq!(letters(&people), [('A', "Ben"), ('B', "Bob")]);
        people.show(vec![lamp("100", "Ann"), bob[1].clone(), bob[2].clone()], &me);
        assert_eq!(letters(&people), [('A', "Ben"), ('B', "Bob"), ('C', "Ann")]);
    }

    #[test]
    fn the_twenty_seventh_has_no_letter_and_comes_last() {
        let me = Extension::parse("1").unwrap();
        let mut people = People::default();
        people.show((200..227).map(|n| lamp(&n.to_string(), "Zoe")).collect(), &me);
        assert_eq!(people.rows().iter().filter(|row| row.letter.is_none()).count(), 1);
        assert_eq!(people.rows().last().unwrap().lamp.extension.as_str(), "226");
        assert_eq!(people.by_letter('Z').unwrap().lamp.extension.as_str(), "200");
    }
}
