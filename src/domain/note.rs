//! The sticky note: a line about a call, typed by whoever parks it, for
//! whoever takes it next (product M4).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::caller_name::{cut, one_line};

/// One line that can be put on any screen or phone; empty when there is none.
/// It is never part of a name: names go into phones' call lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Note(String);

/// Columns of the longest note kept.
pub const NOTE_MAX: usize = 200;
/// Characters looked at.
const CHARS_MAX: usize = 400;

impl Note {
    /// The door: every note from a key, a wire or a file comes in through here.
    pub fn clean(raw: &str) -> Self {
        Self(one_line(raw, CHARS_MAX, NOTE_MAX))
    }

    /// In at most `columns` columns, with an ellipsis where cut.
    pub fn fit(&self, columns: usize) -> String {
        cut(&self.0, columns)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Note {
    fn from(raw: String) -> Self {
        Self::clean(&raw)
    }
}

impl From<Note> for String {
    fn from(note: Note) -> Self {
        note.0
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_one_bounded_line_whatever_was_typed_or_sent() {
        let clean = |raw: &str| Note::clean(raw).to_string();
        assert_eq!(clean(" wants\r\ninvoice\t4711 "), "wants invoice 4711");
        assert_eq!(clean("\x1b[2J\u{202e}evil\u{0}"), "evil");
        assert_eq!(clean("\x1b]0;title\x07"), "");
        assert!(Note::clean(" \r\n\t").is_empty());
        let long = clean(&"w".repeat(9_999));
        assert_eq!((long.chars().count(), long.ends_with('…')), (NOTE_MAX, true));
    }

    #[test]
    fn a_note_that_was_written_down_is_cleaned_when_read_back() {
        let read: Note = serde_json::from_str("\"wants\\u001b[2J tea\"").unwrap();
        assert_eq!(read, Note::clean("wants tea"));
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"wants tea\"");
    }
}
