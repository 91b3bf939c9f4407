//! One press of one key, and the names that keymaps have for it.

use std::fmt;

use crossterm::event::{KeyCode as TerminalCode, KeyEvent, KeyEventKind, KeyModifiers};

/// One press of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub code: KeyCode,
    pub control: bool,
    pub alt: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyCode {
    /// As it is printed: a shifted letter is the capital.
    Char(char),
    /// 1 to 24.
    Function(u8),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Insert,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

/// Keys with a name, besides characters and F1 to F24.
pub(super) const NAMED: [(&str, KeyCode); 16] = [
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
];

impl Key {
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, control: false, alt: false }
    }

    pub const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// None for a release, a repetition and keys nothing can be bound to.
    pub fn from_terminal(event: KeyEvent) -> Option<Self> {
        if event.kind != KeyEventKind::Press {
            return None;
        }
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        Some(Self {
            code: code_from_terminal(event.code, shift)?,
            control: event.modifiers.contains(KeyModifiers::CONTROL),
            alt: event.modifiers.contains(KeyModifiers::ALT),
        })
    }

    /// Reads `p`, `F5`, `Space`, `C-c`, `A-Enter`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("C-").filter(|rest| !rest.is_empty()) {
            return Self::parse(rest).filter(|key| !key.control).map(Self::with_control);
        }
        if let Some(rest) = text.strip_prefix("A-").filter(|rest| !rest.is_empty()) {
            return Self::parse(rest).filter(|key| !key.alt).map(|key| Self { alt: true, ..key });
        }
        code_named(text).map(Self::plain)
    }

    /// The character it types, if it is one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.control && !self.alt => Some(c),
            _ => None,
        }
    }

    fn with_control(self) -> Self {
        Self { control: true, ..self }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.control {
            f.write_str("C-")?;
        }
        if self.alt {
            f.write_str("A-")?;
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Function(number) => write!(f, "F{number}"),
            _ => Ok(()),
        }
    }
}

fn code_from_terminal(code: TerminalCode, shift: bool) -> Option<KeyCode> {
    Some(match code {
        TerminalCode::Char(c) if c.is_control() => return None,
        TerminalCode::Char(c) if shift => KeyCode::Char(capital(c)),
        TerminalCode::Char(c) => KeyCode::Char(c),
        TerminalCode::F(number @ 1..=24) => KeyCode::Function(number),
        TerminalCode::Enter => KeyCode::Enter,
        TerminalCode::Esc => KeyCode::Esc,
        TerminalCode::Tab => KeyCode::Tab,
        TerminalCode::BackTab => KeyCode::BackTab,
        TerminalCode::Backspace => KeyCode::Backspace,
        TerminalCode::Delete => KeyCode::Delete,
        TerminalCode::Insert => KeyCode::Insert,
        TerminalCode::Up => KeyCode::Up,
        TerminalCode::Down => KeyCode::Down,
        TerminalCode::Left => KeyCode::Left,
        TerminalCode::Right => KeyCode::Right,
        TerminalCode::Home => KeyCode::Home,
        TerminalCode::End => KeyCode::End,
        TerminalCode::PageUp => KeyCode::PageUp,
        TerminalCode::PageDown => KeyCode::PageDown,
        _ => return None,
    })
}

/// Letters without one of their own (`ß`) stay as they are.
fn capital(c: char) -> char {
    let mut upper = c.to_uppercase();
    upper.next().filter(|_| upper.next().is_none()).unwrap_or(c)
}

fn code_named(text: &str) -> Option<KeyCode> {
    let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    named.map(|(_, code)| *code).or_else(|| function_key(text)).or_else(|| single(text))
}

fn function_key(text: &str) -> Option<KeyCode> {
    let number = text.strip_prefix(['F', 'f'])?.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyCode::Function(number))
}

fn single(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    let c = chars.next().filter(|c| !c.is_control() && chars.next().is_none())?;
    Some(KeyCode::Char(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: TerminalCode, modifiers: KeyModifiers) -> Option<String> {
        Key::from_terminal(KeyEvent::new(code, modifiers)).map(|key| key.to_string())
    }

    #[test]
    fn keys_have_the_names_that_keymaps_use() {
        for name in ["p", "P", "Space", "F12", "C-c", "A-Enter", "C-A-x", "-", "+", "é", "BackTab"]
        {
            assert_eq!(Key::parse(name).map(|key| key.to_string()), Some(name.to_owned()));
        }
        for name in ["", "C-", "pp", "F0", "F25", "C-C-c", "\u{7}"] {
            assert_eq!(Key::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_shifted_letter_is_the_capital_however_the_terminal_tells_it() {
        let (none, shift) = (KeyModifiers::NONE, KeyModifiers::SHIFT);
        assert_eq!(pressed(TerminalCode::Char('a'), shift).as_deref(), Some("A"));
        assert_eq!(pressed(TerminalCode::Char('A'), shift).as_deref(), Some("A"));
        assert_eq!(pressed(TerminalCode::Char('A'), none).as_deref(), Some("A"));
        assert_eq!(pressed(TerminalCode::Char('ß'), shift).as_deref(), Some("ß"));
        assert_eq!(pressed(TerminalCode::Char('c'), KeyModifiers::CONTROL).as_deref(), Some("C-c"));
        assert_eq!(pressed(TerminalCode::Char('\u{1}'), none), None);
    }

    #[test]
    fn releases_and_repetitions_are_no_presses() {
        for kind in [KeyEventKind::Release, KeyEventKind::Repeat] {
            let mut event = KeyEvent::new(TerminalCode::Char('p'), KeyModifiers::NONE);
            event.kind = kind;
            assert_eq!(Key::from_terminal(event), None);
        }
    }
}
