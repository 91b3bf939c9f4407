//! Tells a finger from a paste, for terminals that do not mark what is pasted:
//! more than eight characters in 30 ms were never typed, and none of them is a key.
//!
//! A key that comes alone acts at once. Keys that come together, in one read,
//! wait until it is clear what they are.

use std::time::Duration;

use crate::console::event::Event;
use crate::console::keymap::{Key, KeyCode};

/// How long keys that came together wait for more; counted anew from each
/// that comes, once they are too many for a person.
pub const SETTLES_AFTER: Duration = Duration::from_millis(30);
/// More printable characters than this in so short a time are a paste.
const TYPED_MAX: usize = 8;
/// Characters kept of a paste: no number is longer.
const KEPT_MAX: usize = 200;

/// The keys of the last 30 ms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    keys: Vec<Key>,
    /// How many of them have acted already.
    acted: usize,
    characters: usize,
}

impl Burst {
    /// Takes keys that came in one read; answers those that act now. With
    /// `is_open` afterwards, [`Burst::settle`] must follow.
    pub fn add(&mut self, keys: &[Key]) -> Vec<Event> {
        let alone = self.keys.is_empty() && keys.len() == 1;
        self.characters += keys.iter().filter(|key| key.typed().is_some()).count();
        let room = KEPT_MAX.saturating_sub(self.keys.len());
        self.keys.extend(keys.iter().take(room));
        if !alone {
            return Vec::new();
        }
        self.acted = 1;
        keys.iter().copied().map(Event::Key).collect()
    }

    /// Whether keys are remembered: the time until they settle is to be measured.
    pub fn is_open(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether every further key makes it last longer.
    pub fn is_paste(&self) -> bool {
        self.characters > TYPED_MAX
    }

    /// No more has come: what has come is keys, or a paste.
    pub fn settle(&mut self) -> Vec<Event> {
        let is_paste = self.is_paste();
        let Self { keys, acted, .. } = std::mem::take(self);
        if is_paste {
            return vec![Event::Paste(keys.into_iter().map(character).collect())];
        }
        keys.into_iter().skip(acted).map(Event::Key).collect()
    }
}

/// As it stood in what was pasted; what is no character parts words.
fn character(key: Key) -> char {
    match key.code {
        KeyCode::Char(c) if key.typed().is_some() => c,
        KeyCode::Enter => '\n',
        _ => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<Key> {
        text.chars()
            .map(|c| if c == '\n' { Key::plain(KeyCode::Enter) } else { Key::char(c) })
            .collect()
    }

    fn events(text: &str) -> Vec<Event> {
        keys(text).into_iter().map(Event::Key).collect()
    }

    #[test]
    fn a_key_that_comes_alone_acts_at_once_and_not_again() {
        let mut burst = Burst::default();
        assert_eq!(burst.add(&keys("p")), events("p"));
        assert!(burst.is_open());
        assert_eq!(burst.settle(), []);
        assert!(!burst.is_open());
    }

    #[test]
    fn a_few_keys_that_come_together_are_keys_a_moment_later() {
        let mut burst = Burst::default();
        assert_eq!(burst.add(&keys("xx")), []);
        assert_eq!(burst.settle(), events("xx"));
        assert_eq!(burst.add(&keys("1")), events("1"));
        assert_eq!(burst.add(&keys("05p")), []);
        assert_eq!(burst.settle(), events("05p"));
        assert_eq!(burst.add(&keys("+493090\n")), []);
        assert_eq!(burst.settle(), events("+493090\n"));
    }

    #[test]
    fn more_than_eight_characters_are_a_paste_however_they_were_cut() {
        let pasted = "+4930xxppgg901\n";
        for cut in 0..pasted.len() {
            let mut burst = Burst::default();
            let (head, tail) = pasted.split_at(cut);
            let acted = [burst.add(&keys(head)), burst.add(&keys(tail))].concat();
            // One that came alone may have acted: it is the first of a number.
            assert!(acted.len() <= 1, "{cut}: {acted:?}");
            assert!(burst.is_paste());
            assert_eq!(burst.settle(), [Event::Paste(pasted.to_owned())], "{cut}");
        }
    }

    #[test]
    fn an_endless_paste_takes_no_endless_room() {
        let mut burst = Burst::default();
        for _ in 0..1000 {
            burst.add(&keys("xxxxxxxxxxxxxxxx"));
        }
        let Some(Event::Paste(text)) = burst.settle().pop() else { panic!("no paste") };
        assert_eq!(text.len(), KEPT_MAX);
    }
}
