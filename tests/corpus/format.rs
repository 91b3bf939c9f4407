//! How our own messages are written down: readable, and exact to the octet.
//!
//! ```text
//! === name
//! expect: accepted | status N | refused N | dropped
//! what is odd about it
//! ---
//! a line                     ended by CRLF
//! a line\                    not ended here
//! \x00 \\                    an octet; a backslash
//! \lf                        ended by LF alone, at the end of a line
//! \{40 abc}                  40 times abc
//! \length                    octets of the body
//! ```
//! One empty line before the next `===`, or the end, belongs to neither.

use crate::judge::Fate;

pub struct Entry {
    pub name: String,
    pub expected: Fate,
    pub octets: Vec<u8>,
}

pub fn entries(text: &str) -> Vec<Entry> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.split("\n=== ").skip(1).map(entry).collect()
}

fn entry(text: &str) -> Entry {
    let (head, message) = text.split_once("\n---\n").unwrap_or_else(|| panic!("no ---: {text}"));
    let mut lines = head.lines();
    let name = lines.next().unwrap().to_owned();
    let expected = lines.next().and_then(|line| Fate::read(line.strip_prefix("expect: ")?));
    let expected = expected.unwrap_or_else(|| panic!("{name}: what is expected?"));
    assert!(lines.next().is_some(), "{name}: what is odd about it?");
    Entry { name, expected, octets: octets(message) }
}

fn octets(message: &str) -> Vec<u8> {
    let raw: Vec<u8> = message.split_inclusive('\n').flat_map(line).collect();
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").map_or(raw.len(), |at| at + 4);
    let length = (raw.len() - end).to_string();
    replaced(&raw, b"\\length", length.as_bytes())
}

fn line(line: &str) -> Vec<u8> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let (line, end): (&str, &[u8]) = match line {
        _ if line.ends_with("\\lf") => (line.trim_end_matches("\\lf"), b"\n"),
        _ if line.ends_with('\\') && !line.ends_with("\\\\") => (line.trim_end_matches('\\'), b""),
        _ => (line, b"\r\n"),
    };
    let mut octets = unescaped(line);
    octets.extend_from_slice(end);
    octets
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        octets.extend_from_slice(before.as_bytes());
        rest = match after.as_bytes()[0] {
            b'x' => {
                octets.push(u8::from_str_radix(&after[1..3], 16).unwrap());
                &after[3..]
            }
            b'{' => {
                let (repeat, after) = after[1..].split_once('}').unwrap();
                let (times, what) = repeat.split_once(' ').unwrap();
                octets.extend(unescaped(what).repeat(times.parse().unwrap()));
                after
            }
            b'\\' => {
                octets.push(b'\\');
                &after[1..]
            }
            _ => {
                octets.push(b'\\');
                after
            }
        };
    }
    octets.extend_from_slice(rest.as_bytes());
    octets
}

fn replaced(octets: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    match octets.windows(from.len()).position(|window| window == from) {
        Some(at) => [&octets[..at], to, &octets[at + from.len()..]].concat(),
        None => octets.to_vec(),
    }
}

#[test]
fn what_is_written_down_is_exact_to_the_octet() {
    let text = "what it is for\n\n=== one\nexpect: status 416\nodd\n---\na\\x00\\\\b\\lf\nc \\{3 xy}\\\nd\nl: \\length\n\nbody\\\n\n=== two\nexpect: dropped\nodd\n---\n\n";
    let entries = entries(text);
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[0].name.as_str(), entries[0].expected), ("one", Fate::Status(416)));
    assert_eq!(entries[0].octets, b"a\x00\\b\nc xyxyxyd\r\nl: 4\r\n\r\nbody");
    assert!(entries[1].octets.is_empty());
}
