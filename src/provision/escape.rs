//! How a value is written so that it stays one value.

/// What a settings file is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text and attributes in quotes, both.
    Xml,
    /// `key = value`, a line each, and sheets for people.
    Lines,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml; charset=utf-8",
            Self::Lines => "text/plain; charset=utf-8",
        }
    }

    pub fn escape(self, value: &str, into: &mut String) {
        for c in value.chars() {
            match (self, c) {
                (_, c) if is_unwritable(c) => {}
                (Self::Xml, '&') => into.push_str("&amp;"),
                (Self::Xml, '<') => into.push_str("&lt;"),
                (Self::Xml, '>') => into.push_str("&gt;"),
                (Self::Xml, '"') => into.push_str("&quot;"),
                (Self::Xml, '\'') => into.push_str("&apos;"),
                _ => into.push(c),
            }
        }
    }
}

/// No line break can end a line of settings, and XML 1.0 (section 2.2) has no
/// place for the others.
fn is_unwritable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, value: &str) -> String {
        let mut text = String::new();
        format.escape(value, &mut text);
        text
    }

    #[test]
    fn nothing_ends_the_value_it_stands_in() {
        let hostile = "a&b<c>\"d'\r\n\u{0}\u{FFFF}é";
        assert_eq!(written(Format::Xml, hostile), "a&amp;b&lt;c&gt;&quot;d&apos;é");
        assert_eq!(written(Format::Lines, hostile), "a&b<c>\"d'é");
    }
}
