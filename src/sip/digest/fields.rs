//! `Digest name=value, name="value"`: the form challenges and credentials share.

use std::fmt::Write;

/// The parameters of one challenge or one set of credentials, unquoted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

/// More parameters than any scheme has.
const FIELDS_MAX: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Basic, Bearer and others.
    OtherScheme,
    Malformed,
}

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        fields.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn parse(value: &str) -> Result<Self, Unreadable> {
        let value = value.trim();
        let (scheme, rest) = value.split_once([' ', '\t']).unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("digest") {
            return Err(Unreadable::OtherScheme);
        }
        Self::parse_list(rest).ok_or(Unreadable::Malformed)
    }

    fn parse_list(text: &str) -> Option<Self> {
        let mut fields = Self::default();
        let mut rest = text.trim_start_matches([' ', '\t', ',']);
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let (value, after) = take_value(after.trim_start())?;
            fields.add(name.trim(), value)?;
            let after = after.trim_start();
            if !after.is_empty() && !after.starts_with(',') {
                return None;
            }
            rest = after.trim_start_matches([' ', '\t', ',']);
        }
        Some(fields)
    }

    /// A name given twice could mean one thing to us and another to the
    /// next: refused (RFC 7235 §2.1).
    fn add(&mut self, name: &str, value: String) -> Option<()> {
        let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let fits = self.0.len() < FIELDS_MAX && !name.is_empty() && letters;
        (fits && self.get(name).is_none()).then(|| self.0.push((name.to_owned(), value)))
    }
}

/// A quoted string or what stands before the next comma, and the rest.
fn take_value(text: &str) -> Option<(String, &str)> {
    let Some(inside) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        return Some((value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = inside.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
}

/// Adds `, name="value"`, escaped; what could end the line is left out.
pub(super) fn add_quoted(text: &mut String, name: &str, value: &str) {
    let _ = write!(text, ", {name}=\"");
    for c in value.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}
