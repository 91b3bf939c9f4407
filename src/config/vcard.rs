//! Cards as address books export them: vCard 3.0 (RFC 2426) and 4.0 (RFC 6350).

/// Every TEL with the name on its card. Nothing is left out.
pub fn entries(text: &str) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    let mut card = Card::default();
    for line in unfolded(text) {
        let Some((property, value)) = property_and_value(&line) else { continue };
        match property.as_str() {
            "BEGIN" => card = Card::default(),
            "FN" => card.full_name = unescaped(value),
            "N" => card.parts = value.split(';').map(unescaped).collect(),
            "TEL" => card.numbers.push(number(value)),
            "END" => entries.extend(core::mem::take(&mut card).entries()),
            _ => {}
        }
    }
    entries
}

#[derive(Default)]
struct Card {
    full_name: String,
    /// Family name, given name, further names, prefixes, suffixes.
    parts: Vec<String>,
    numbers: Vec<String>,
}

impl Card {
    fn entries(self) -> impl Iterator<Item = (String, String)> {
        let name = self.name();
        self.numbers.into_iter().map(move |number| (name.clone(), number))
    }

    fn name(&self) -> String {
        if !self.full_name.trim().is_empty() {
            return self.full_name.clone();
        }
        let part = |index: usize| self.parts.get(index).map_or("", String::as_str);
        format!("{} {}", part(1), part(0))
    }
}

/// A line that begins with white space goes on with the one before it
/// (RFC 6350 section 3.2).
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(more), Some(last)) => last.push_str(more),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// `item1.TEL;TYPE="a:b":+49...`: the name without group and parameters, and
/// what follows the first colon outside quotes.
fn property_and_value(line: &str) -> Option<(String, &str)> {
    let mut quoted = false;
    let colon = line.find(|c: char| {
        quoted ^= c == '"';
        c == ':' && !quoted
    })?;
    let (head, value) = line.split_at_checked(colon)?;
    let name = head.split(';').next().unwrap_or_default();
    let name = name.rsplit('.').next().unwrap_or_default();
    Some((name.trim().to_ascii_uppercase(), value.strip_prefix(':')?))
}

/// A text, or a `tel:` URI with its parameters (RFC 3966 section 3).
fn number(value: &str) -> String {
    let value = value.trim();
    let uri = value.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("tel:"));
    let value = if uri.is_some() { value.get(4..).unwrap_or_default() } else { value };
    value.split(';').next().unwrap_or_default().to_owned()
}

fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push(' '),
                Some(other) => text.push(other),
                None => {}
            },
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, number: &str) -> (String, String) {
        (name.to_owned(), number.to_owned())
    }

    #[test]
    fn both_versions_are_read_with_groups_parameters_folds_and_escapes() {
        let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Byron\\, A\r\n da\r\n\
            item1.TEL;TYPE=\"work:x\",voice:+49 30 1234567\r\ntel:2\r\nEND:VCARD\r\n\
            BEGIN:VCARD\nVERSION:4.0\nN:Noether;Emmy;;;\n\
            TEL;VALUE=uri;TYPE=home:tel:+49-30-7654321;ext=5\nEND:VCARD\n";
        let wanted = [
            pair("Byron, Ada", "+49 30 1234567"),
            pair("Byron, Ada", "2"),
            pair("Emmy Noether", "+49-30-7654321"),
        ];
        assert_eq!(entries(text), wanted);
    }

    #[test]
    fn what_is_no_card_gives_nobody() {
        for text in ["", "hello", ":::", "\"", "END:VCARD", "FN:Ada\nTEL:1\n", " \n\t"] {
            assert_eq!(entries(text), [], "{text:?}");
        }
    }
}
