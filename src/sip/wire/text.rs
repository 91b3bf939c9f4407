//! The characters SIP is made of (RFC 3261 §25.1).

/// Token characters.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte)
}

pub(super) fn is_token_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token)
}

/// Bytes as text: UTF-8, or else Latin-1, in which old phones write names.
pub(super) fn decoded(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
    }
}

/// Splits at `separator` outside quotes and angle brackets. None: a quote or
/// bracket is not closed.
pub(super) fn split_outside(text: &str, separator: u8) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut state = Scan::default();
    for (at, byte) in text.bytes().enumerate() {
        if state.outside() && byte == separator {
            parts.push(&text[start..at]);
            start = at + 1;
        } else {
            state.step(byte);
        }
    }
    if !state.outside() {
        return None;
    }
    parts.push(&text[start..]);
    Some(parts)
}

/// Where the first `wanted` outside quotes is.
pub(super) fn find_outside_quotes(text: &str, wanted: u8) -> Option<usize> {
    let mut state = Scan::default();
    for (at, byte) in text.bytes().enumerate() {
        if !state.quoted && byte == wanted {
            return Some(at);
        }
        state.step(byte);
    }
    None
}

#[derive(Default)]
struct Scan {
    quoted: bool,
    escaped: bool,
    bracketed: bool,
}

impl Scan {
    fn outside(&self) -> bool {
        !self.quoted && !self.bracketed
    }

    fn step(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.quoted => self.escaped = true,
            b'"' => self.quoted = !self.quoted,
            b'<' if !self.quoted => self.bracketed = true,
            b'>' if !self.quoted => self.bracketed = false,
            _ => {}
        }
    }
}

/// A value without its quotes, if it has any. None: they are not closed.
pub(super) fn unquoted(text: &str) -> Option<String> {
    let Some(inside) = text.strip_prefix('"') else { return Some(text.to_owned()) };
    let mut value = String::with_capacity(inside.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return chars.as_str().trim().is_empty().then_some(value),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
    None
}

/// Quoted and escaped; what could end a line or command a terminal is left out.
pub(super) fn quoted(text: &str) -> String {
    let mut value = String::with_capacity(text.len() + 2);
    value.push('"');
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            value.push('\\');
        }
        value.push(c);
    }
    value.push('"');
    value
}

/// `%41` decoded. None: what it decodes to is not text.
pub(super) fn unescaped(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            _ => bytes.push(*first),
        }
    }
    Some(decoded(&bytes).into_owned())
}

pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Every `%` is followed by two hexadecimal digits.
pub(super) fn escapes_are_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut escapes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    escapes.all(|(at, _)| {
        bytes.get(at + 1..at + 3).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    })
}
