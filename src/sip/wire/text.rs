//! The characters SIP is made of (RFC 3261 §25.1).

use std::borrow::Cow;

/// Token characters.
pub(super) const fn is_token(byte: u8) -> bool {
    TOKENS[byte as usize]
}

/// Asked for each octet of each message, so looked up.
const TOKENS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"-.!%*_+`'~";
    let mut mark = 0;
    while mark < marks.len() {
        table[marks[mark] as usize] = true;
        mark += 1;
    }
    table
};

pub(super) fn is_token_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token)
}

/// Bytes as text: UTF-8, or else Latin-1, in which old phones write names.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
    }
}

/// Without white space around it. Only spaces and tabs are white space in
/// SIP: what else passes for it elsewhere has led requests past filters.
pub(super) fn trim(text: &str) -> &str {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let bytes = text.as_bytes();
    let Some(start) = bytes.iter().position(|b| !blank(b)) else { return "" };
    let end = bytes.iter().rposition(|b| !blank(b)).map_or(start, |at| at + 1);
    text.get(start..end).unwrap_or_default()
}

/// Around the first `byte`, an ASCII one.
pub(super) fn split_at_byte(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|b| b == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Splits at `separator` outside quotes and angle brackets. Its last item is
/// None when a quote or bracket is not closed.
pub(super) fn split_outside(text: &str, separator: u8) -> impl Iterator<Item = Option<&str>> {
    let mut rest = Some(text);
    let plain = memchr::memchr2(b'"', b'<', text.as_bytes()).is_none();
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let found = match plain {
            true => Ok(memchr::memchr(separator, text.as_bytes())),
            false => find_outside(text, separator),
        };
        Some(match found {
            Ok(Some(at)) => {
                rest = text.get(at + 1..);
                text.get(..at)
            }
            Ok(None) => Some(text),
            Err(NotClosed) => None,
        })
    })
}

struct NotClosed;

fn find_outside(text: &str, separator: u8) -> Result<Option<usize>, NotClosed> {
    let mut state = Scan::default();
    for (at, byte) in text.bytes().enumerate() {
        if byte == separator && state.outside() {
            return Ok(Some(at));
        }
        state.step(byte);
    }
    if state.outside() { Ok(None) } else { Err(NotClosed) }
}

/// Where the first `wanted` outside quotes is.
pub(super) fn find_outside_quotes(text: &str, wanted: u8) -> Option<usize> {
    let first = memchr::memchr2(b'"', wanted, text.as_bytes())?;
    if text.as_bytes().get(first) == Some(&wanted) {
        return Some(first);
    }
    let mut state = Scan::default();
    for (at, byte) in text.bytes().enumerate().skip(first) {
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
pub(super) fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    let Some(inside) = text.strip_prefix('"') else { return Some(text.into()) };
    let end = inside.find(['"', '\\'])?;
    if inside.as_bytes().get(end) == Some(&b'"') {
        return inside[end + 1..].trim().is_empty().then(|| inside[..end].into());
    }
    unescaped_quote(inside).map(Cow::Owned)
}

fn unescaped_quote(inside: &str) -> Option<String> {
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
    memchr::memchr_iter(b'%', bytes).all(|at| {
        bytes.get(at + 1..at + 3).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    })
}
