//! The caller's name, as sent by strangers and made fit for a screen.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A name that can be put on any screen, log line or phone: one line, no
/// controls, no terminal escapes, nothing that reverses the text around it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct CallerName(String);

/// Columns of the widest name kept.
const WIDTH_MAX: usize = 64;
/// Characters looked at; thousands of accents on one letter are no name.
const CHARS_MAX: usize = 160;

const ESC: char = '\u{1B}';
const BEL: char = '\u{07}';
/// The string terminator of ECMA-48, also spelled `ESC \`.
const ST: char = '\u{9C}';

impl CallerName {
    /// The door: every name from a network comes in through here.
    pub fn clean(raw: &str) -> Self {
        Self(one_line(raw, CHARS_MAX, WIDTH_MAX))
    }

    /// The name in at most `columns` columns, with an ellipsis where cut.
    pub fn fit(&self, columns: usize) -> String {
        cut(&self.0, columns)
    }
}

impl CallerName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Text from a file or a wire comes in by the same door.
impl From<String> for CallerName {
    fn from(raw: String) -> Self {
        Self::clean(&raw)
    }
}

impl From<CallerName> for String {
    fn from(name: CallerName) -> Self {
        name.0
    }
}

impl fmt::Display for CallerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Of the first `chars` characters, what can be shown anywhere, in at most
/// `columns` columns.
pub(super) fn one_line(raw: &str, chars: usize, columns: usize) -> String {
    let head: String = raw.chars().take(chars).collect();
    let mut seen = without_escapes(&head);
    seen.retain(|c| c.is_whitespace() || !is_unseen(c) && !is_of_an_emoji(c));
    let seen = without_lone_joiners(&seen);
    let words: Vec<&str> = seen.split_whitespace().collect();
    cut(&words.join(" "), columns)
}

/// What a terminal would show: whole sequences go, not their ESC alone
/// (ECMA-48 §5.3 to §5.6).
fn without_escapes(text: &str) -> String {
    let mut kept = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let introducer = match c {
            ESC => chars.next(),
            '\u{80}'..='\u{9F}' => char::from_u32(u32::from(c) - 0x40),
            _ => {
                kept.push(c);
                continue;
            }
        };
        match introducer {
            Some('[') => drop(chars.find(|c| ('@'..='~').contains(c))),
            Some(' '..='/') => drop(chars.find(|c| ('0'..='~').contains(c))),
            Some(']' | 'P' | 'X' | '^' | '_') => {
                if chars.find(|c| [ESC, BEL, ST].contains(c)) == Some(ESC) {
                    chars.next_if_eq(&'\\');
                }
            }
            Some(_) | None => {}
        }
    }
    kept
}

/// Controls, bidirectional marks and overrides (UAX #9), other invisibles.
/// The joiners U+200C and U+200D stay: Persian names and emoji need them.
/// Noncharacters are nobody's letters, and no XML may hold them (XML 1.0 §2.2).
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || u32::from(c) & 0xFFFE == 0xFFFE
        || matches!(c, '\u{FDD0}'..='\u{FDEF}')
        || matches!(c, '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// What turns several pictures into one: flags, skin tones, keycaps and the
/// selectors of variants. Terminals do not agree on how wide the result is, and
/// a name must not push its neighbours about.
fn is_of_an_emoji(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}' | '\u{1F3FB}'..='\u{1F3FF}')
        || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{20E3}')
}

/// U+200D joins letters of some scripts; between pictures it makes one of them.
fn without_lone_joiners(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_letter = |at: Option<usize>| {
        at.and_then(|at| letters.get(at)).is_some_and(|c| c.is_alphabetic() || is_mark(*c))
    };
    let kept = letters.iter().enumerate().filter(|(at, c)| {
        **c != '\u{200D}' || is_letter(at.checked_sub(1)) && is_letter(Some(at + 1))
    });
    kept.map(|(_, c)| *c).collect()
}

/// Vowel signs and viramas of Indic scripts stand before the joiner.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{DFF}') && !c.is_alphabetic()
}

/// `text` in at most `columns` columns, cut between letters as people see
/// them, never inside one.
pub fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let Some(mut room) = columns.checked_sub("…".width()) else {
        return String::new();
    };
    let mut head = String::new();
    for letter in text.graphemes(true) {
        let Some(left) = room.checked_sub(letter.width()) else {
            break;
        };
        room = left;
        head += letter;
    }
    head + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_can_command_the_terminal_or_reverse_the_line() {
        let clean = |raw| CallerName::clean(raw).to_string();
        assert_eq!(clean("\x1b[2J\x1b[31mAda\r\n Byron\x1b[0m"), "Ada Byron");
        assert_eq!(clean("\u{9b}5mAda\x1b]0;own3d\x07 \x1b(BByron"), "Ada Byron");
        assert_eq!(clean("\u{202e}nayirB\u{2066} adA"), "nayirB adA");
        assert_eq!(clean("A\u{fffe}d\u{ffff}a\u{fdd0}\u{1fffe}\u{10ffff} Byron"), "Ada Byron");
        assert_eq!(clean("نرگس\u{200c}ها"), "نرگس\u{200c}ها");
    }

    #[test]
    fn pictures_stay_as_wide_in_every_terminal() {
        let clean = |raw| CallerName::clean(raw).to_string();
        let family = "\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F466} Family \u{1F1E9}\u{1F1EA}";
        assert_eq!(clean(family), "\u{1F469}\u{1F469}\u{1F466} Family");
        assert_eq!(clean("Ada \u{2764}\u{FE0F}\u{1F44D}\u{1F3FD}"), "Ada \u{2764}\u{1F44D}");
        let sri = "ශ\u{dca}\u{200d}රී";
        assert_eq!(clean(sri), sri, "letters are joined as before");
    }

    #[test]
    fn a_name_is_cut_by_what_it_takes_on_screen() {
        let fit = |raw| CallerName::clean(raw).fit(7);
        assert_eq!(fit("Max Planck"), "Max Pl…");
        assert_eq!(fit("湯川秀樹さん"), "湯川秀…");
        assert_eq!(fit("Renée\u{301}e Noether"), "Renée\u{301}e…");
        assert_eq!(CallerName::clean(&"W".repeat(999)).to_string().width(), 64);
    }
}
