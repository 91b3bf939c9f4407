//! Told from typing by its speed: a paste in a terminal that does not mark
//! what is pasted. A paste is a number to dial, never keys.

use std::collections::VecDeque;

use crate::console::event::Event;

/// More characters than fingers leave behind in one read of the terminal.
const TYPED_AT_ONCE_MAX: usize = 8;
/// Of one paste; a number is shorter.
const PASTED_MAX: usize = 4_096;

/// `first` and what came together with it, as far as `next` gives it without
/// waiting. A key typed by itself passes at once.
pub(super) fn in_one_go(first: Event, mut next: impl FnMut() -> Option<Event>) -> VecDeque<Event> {
    let mut typed = String::new();
    let mut events = VecDeque::new();
    let mut event = Some(first);
    while let Some(here) = event.take() {
        let character = character(&here);
        events.push_back(here);
        let Some(character) = character else { break };
        typed.push(character);
        if events.len() < PASTED_MAX {
            event = next();
        }
    }
    if typed.chars().count() <= TYPED_AT_ONCE_MAX {
        return events;
    }
    let rest = events.into_iter().filter(|event| character(event).is_none());
    [Event::Paste(typed)].into_iter().chain(rest).collect()
}

fn character(event: &Event) -> Option<char> {
    match event {
        Event::Key(key) => key.typed(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::keymap::Key;

    fn keys(text: &str) -> VecDeque<Event> {
        text.chars().map(|c| Event::Key(Key::char(c))).collect()
    }

    fn read(text: &str) -> VecDeque<Event> {
        let mut waiting = keys(text);
        let first = waiting.pop_front().unwrap();
        in_one_go(first, || waiting.pop_front())
    }

    #[test]
    fn a_number_and_verbs_that_come_all_at_once_are_a_paste_and_hang_nobody_up() {
        let pasted = "+4930xxppgg901".to_owned();
        assert_eq!(read(&pasted), [Event::Paste(pasted)]);
    }

    #[test]
    fn quick_fingers_are_no_paste() {
        for typed in ["x", "xx", "105p", "C p"] {
            assert_eq!(read(typed), keys(typed), "{typed}");
        }
    }

    #[test]
    fn what_follows_a_paste_is_kept() {
        let mut waiting = keys("030123456789");
        waiting.push_back(Event::FocusGained);
        let first = waiting.pop_front().unwrap();
        let got = in_one_go(first, || waiting.pop_front());
        assert_eq!(got, [Event::Paste("030123456789".to_owned()), Event::FocusGained]);
    }
}
