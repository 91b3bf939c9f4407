//! A text, and the settings laid over it: what stands where.

use core::ops::Range;

use toml::de::DeTable;

/// One TOML text. Later documents of a reading win over earlier ones.
pub struct Document<'t> {
    pub file: String,
    /// Where the paths in it begin, seen from the first document.
    pub folder: &'static str,
    pub text: &'t str,
    pub table: DeTable<'t>,
    /// Where the text is no TOML, and what was wanted there.
    pub broken: Vec<(Range<usize>, String)>,
}

impl<'t> Document<'t> {
    /// Reads as much as can be read.
    pub fn parse(file: &str, text: &'t str) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let broken = errors
            .iter()
            .map(|error| (error.span().unwrap_or(0..0), error.message().to_owned()))
            .collect();
        Self { file: file.to_owned(), folder: "", text, table: table.into_inner(), broken }
    }

    pub fn in_folder(self, folder: &'static str) -> Self {
        Self { folder, ..self }
    }

    /// Line and column of a place in bytes, both from 1, the column in
    /// characters.
    pub fn line_and_column(&self, at: usize) -> (u32, u32) {
        let head = self.text.get(..at.min(self.text.len())).unwrap_or(self.text);
        let line = head.matches('\n').count();
        let column = head.rsplit('\n').next().unwrap_or_default().chars().count();
        (count(line), count(column))
    }

    pub fn slice(&self, span: &Range<usize>) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The whole line that holds a place in bytes.
    pub fn line_at(&self, at: usize) -> &'t str {
        let (head, tail) = self.text.split_at_checked(at).unwrap_or((self.text, ""));
        let start = head.rfind('\n').map_or(0, |newline| newline + 1);
        let end = at + tail.find('\n').unwrap_or(tail.len());
        self.text.get(start..end).unwrap_or_default()
    }
}

fn count(from_zero: usize) -> u32 {
    u32::try_from(from_zero).unwrap_or(u32::MAX - 1) + 1
}

/// The settings of `key=value` words given on a command line, each a TOML
/// text of its own: a value that is no TOML is taken as it stands, as a text.
pub fn overriding(key_and_value: &str) -> String {
    let (key, value) = key_and_value.split_once('=').unwrap_or((key_and_value, ""));
    let as_it_stands = format!("{key} = {value}");
    if DeTable::parse(&as_it_stands).is_ok() {
        return as_it_stands;
    }
    let value = value.trim();
    let escaped: String = value.chars().flat_map(escape).collect();
    format!("{key} = \"{escaped}\"")
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let backslash = matches!(c, '"' | '\\').then_some('\\');
    backslash.into_iter().chain([if c.is_control() { ' ' } else { c }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let document = Document::parse("x", "a = \"é\"\nb = 'ü' # ü\n");
        assert_eq!(document.line_and_column(0), (1, 1));
        assert_eq!(document.line_and_column(9), (2, 1));
        assert_eq!(document.line_and_column(18), (2, 9));
        assert_eq!(document.line_and_column(999), (3, 1));
        assert_eq!(document.line_at(11), "b = 'ü' # ü");
    }

    #[test]
    fn a_word_of_the_command_line_is_toml_or_a_text() {
        assert_eq!(overriding("screen.blink=false"), "screen.blink = false");
        assert_eq!(overriding("screen.theme=amber"), "screen.theme = \"amber\"");
        assert_eq!(overriding("account.password=a\"b\\"), "account.password = \"a\\\"b\\\\\"");
    }
}
