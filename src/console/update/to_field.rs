//! The To: field: what is typed, picked or pasted, and who is meant by it.

use std::time::Duration;

use crate::console::effect::Effect;
use crate::console::state::{Mode, State, ToField, Weight};
use crate::domain::effects::Effects;
use crate::domain::ids::{Extension, Number};
use crate::domain::time::Moment;
use crate::phone::messages::Target;

/// A number left over from a while ago must not be the next call's.
pub const CLEARS_AFTER: Duration = Duration::from_secs(8);
/// Longer than any number or address that somebody types.
const LENGTH_MAX: usize = 64;

impl State {
    pub(super) fn type_digit(&mut self, digit: char, now: Moment) -> Effects<Effect> {
        if self.to.text.len() < LENGTH_MAX {
            self.to.text.push(digit);
        }
        self.to.last_key_at = Some(now);
        Effects::none()
    }

    pub(super) fn erase_digit(&mut self, now: Moment) -> Effects<Effect> {
        self.to.text.pop();
        self.to.last_key_at = Some(now).filter(|_| !self.to.text.is_empty());
        Effects::none()
    }

    pub(super) fn fill_to(&mut self, text: String, now: Moment) {
        self.to = ToField { text, last_key_at: Some(now) };
    }

    pub(super) fn clear_to(&mut self) {
        self.to = ToField::default();
    }

    pub(super) fn to_expires(&self) -> Option<Moment> {
        self.to.last_key_at.map(|at| at + CLEARS_AFTER)
    }

    pub(super) fn paste(&mut self, text: &str, now: Moment) -> Effects<Effect> {
        if let Mode::Prompt(prompt) = &mut self.mode {
            let typed = text.chars().filter(|c| !c.is_control());
            typed.for_each(|c| drop(super::prompt::type_into(prompt, c)));
            return Effects::none();
        }
        if let Mode::Note(field) = &mut self.mode {
            // Several lines become one.
            let typed = text.chars().map(|c| if c.is_control() { ' ' } else { c });
            typed.for_each(|c| drop(super::notes::type_into(&mut field.text, c)));
            return Effects::none();
        }
        if self.mode == Mode::Groups {
            text.chars().for_each(|c| drop(self.type_into_groups(c)));
            return Effects::none();
        }
        self.goes_on_at_place(now);
        match dialable(text) {
            Some(number) => self.fill_to(number, now),
            None => self.say(now, Weight::Warning, "What was pasted is no number to dial"),
        }
        Effects::none()
    }

    /// What is in the field, taken out of it.
    pub(super) fn take_target(&mut self) -> Option<Target> {
        let text = std::mem::take(&mut self.to).text;
        if text.is_empty() { None } else { Some(target(text)) }
    }

    /// The extension in the field: nothing typed is `Ok(None)`. What is no
    /// extension is said, and stays there.
    pub(super) fn take_place(
        &mut self,
        what_for: &str,
        now: Moment,
    ) -> Result<Option<Extension>, ()> {
        if self.to.text.is_empty() {
            return Ok(None);
        }
        if let Ok(place) = Extension::parse(&self.to.text) {
            self.clear_to();
            return Ok(Some(place));
        }
        let text = format!("{what_for} needs an extension: {} is none", self.to.text);
        self.say(now, Weight::Warning, text);
        Err(())
    }
}

pub(super) fn target(text: String) -> Target {
    match Number::parse(&text) {
        Ok(number) => Target::Number(number),
        Err(_) => Target::Typed(text),
    }
}

/// A number as people write it, or `user@host`; with `tel:` or `sip:` before it
/// or not.
fn dialable(pasted: &str) -> Option<String> {
    let text = pasted.trim();
    let text = ["tel:", "sip:", "sips:", "callto:"]
        .iter()
        .find_map(|scheme| {
            text.get(..scheme.len()).filter(|head| head.eq_ignore_ascii_case(scheme))
        })
        .map_or(text, |scheme| &text[scheme.len()..]);
    let text: String = text.chars().filter(|c| !is_spacing(*c)).collect();
    let fits =
        !text.is_empty() && text.len() <= LENGTH_MAX && (is_number(&text) || is_address(&text));
    fits.then_some(text)
}

fn is_spacing(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '-' | '/' | '\u{2011}'..='\u{2013}')
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '#'))
}

fn is_address(text: &str) -> bool {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '*' | '@' | ':');
    text.matches('@').count() == 1
        && !text.starts_with('@')
        && !text.ends_with('@')
        && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_understood_however_it_was_written() {
        let dialable = |text| dialable(text).unwrap_or_default();
        assert_eq!(dialable(" +49 (30) 90-18 20\n"), "+4930901820");
        assert_eq!(dialable("TEL:+33-1-23"), "+33123");
        assert_eq!(dialable("sip:dana@example.org"), "dana@example.org");
        assert_eq!(dialable("*68105"), "*68105");
        assert_eq!(dialable("rm -rf /; 1"), "");
        assert_eq!(dialable("xx"), "");
        assert_eq!(dialable(&"1".repeat(65)), "");
    }
}
