//! The lenient reader: octets to a message. It refuses only what it cannot
//! represent, or what has no single meaning; [`super::check`] does the rest.

use std::ops::Range;

use bytes::Bytes;

use crate::sip::wire::fault::{Fault, What};
use crate::sip::wire::headers::Headers;
use crate::sip::wire::message::{Message, Request, Response};
use crate::sip::wire::method::Method;
use crate::sip::wire::name::Name;
use crate::sip::wire::name_addr::NameAddrParts;
use crate::sip::wire::text::{decoded, is_token, is_token_text, split_outside, trim};
use crate::sip::wire::uri::Uri;
use crate::sip::wire::values::CSeq;
use crate::sip::wire::via::ViaParts;

/// Header lines of one message.
pub const HEADERS_MAX: usize = 256;
/// Octets of one header's value.
pub const HEADER_VALUE_MAX: usize = 8192;
/// Octets of a request or status line.
pub const START_LINE_MAX: usize = 8192;
/// Octets of a header's name. The longest of a known one is 19.
pub const HEADER_NAME_MAX: usize = 512;
/// Octets of a method.
pub const METHOD_MAX: usize = 64;

/// Reads a datagram. A body shorter than Content-Length says is a fault; what
/// is longer is cut (RFC 3261 §18.3).
///
/// # Errors
/// It is no SIP message; see [`Fault::response`] for whether to answer.
pub fn parse(datagram: &Bytes) -> Result<Message, Fault> {
    let (message, body_at, length) = read_head(datagram)?;
    let rest = datagram.len() - body_at;
    let length = length.unwrap_or(rest);
    if length > rest {
        return Err(answerable(Fault::new(What::Contradiction, "Content-Length"), &message));
    }
    Ok(with_body(message, datagram.slice(body_at..body_at + length)))
}

pub(super) fn with_body(message: Message, body: Bytes) -> Message {
    match message {
        Message::Request(request) => Message::Request(Request { body, ..request }),
        Message::Response(response) => Message::Response(Response { body, ..response }),
    }
}

pub(super) fn answerable(fault: Fault, message: &Message) -> Fault {
    match message {
        Message::Request(request) if request.method != Method::Ack => {
            fault.of_request(request.headers.clone())
        }
        Message::Request(_) | Message::Response(_) => fault,
    }
}

/// The message without its body, where the body begins, and its length if told.
pub(super) fn read_head(data: &Bytes) -> Result<(Message, usize, Option<usize>), Fault> {
    let mut lines = Lines { data, at: 0 };
    let start = loop {
        let line = lines.next().ok_or(Fault::new(What::Empty, "message"))?;
        if !line.is_empty() {
            break line; // Empty lines may come before a message (§7.5).
        }
    };
    if start.len() > START_LINE_MAX {
        return Err(Fault::new(What::TooLong, "request line"));
    }
    let mut headers = Headers::with_capacity(20);
    let head_fault = read_headers(&mut lines, &mut headers).err();
    let start = decoded(&data[start]);
    let mut message = match start_line(&start) {
        Ok(message) => message,
        Err((fault, request)) => {
            let answerable = request && !start.starts_with("ACK ");
            return Err(if answerable { fault.of_request(headers) } else { fault });
        }
    };
    match &mut message {
        Message::Request(request) => request.headers = headers,
        Message::Response(response) => response.headers = headers,
    }
    if let Some(fault) = head_fault {
        return Err(answerable(fault, &message));
    }
    let length = content_length(message.headers()).map_err(|fault| answerable(fault, &message))?;
    essentials(&message).map_err(|fault| answerable(fault, &message))?;
    Ok((message, lines.at, length))
}

type StartFault = (Fault, bool);

/// The flag says whether it is a request, however broken.
fn start_line(line: &str) -> Result<Message, StartFault> {
    if let Some(rest) = line.strip_prefix("SIP/2.0 ") {
        return status_line(rest).ok_or((Fault::new(What::Malformed, "status line"), false));
    }
    let not_sip = (Fault::new(What::NotSip, "request line"), false);
    let bad = (Fault::new(What::Malformed, "request line"), true);
    let (method, rest) = line.split_once(' ').ok_or(not_sip.clone())?;
    let (target, version) = rest.rsplit_once(' ').ok_or(not_sip.clone())?;
    if !is_token_text(method) || method.len() > METHOD_MAX {
        return Err(not_sip);
    }
    let Some(number) = version.get(..4).filter(|v| v.eq_ignore_ascii_case("SIP/")) else {
        return Err(if version.is_empty() { bad } else { not_sip });
    };
    if version[number.len()..] != *"2.0" {
        return Err((Fault::new(What::Version, "request line"), true));
    }
    let uri = Uri::parse(target).map_err(|fault| (fault, true))?;
    let (method, headers) = (Method::from(method), Headers::default());
    Ok(Message::Request(Request { method, uri, headers, body: Bytes::new() }))
}

fn status_line(rest: &str) -> Option<Message> {
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status: u16 = code.parse().ok().filter(|_| code.len() == 3)?;
    if !(100..700).contains(&status) {
        return None;
    }
    let (reason, headers) = (reason.trim().to_owned(), Headers::default());
    Some(Message::Response(Response { status, reason, headers, body: Bytes::new() }))
}

fn read_headers(lines: &mut Lines<'_>, headers: &mut Headers) -> Result<(), Fault> {
    let data = lines.data;
    let mut fault = None;
    loop {
        let Some(line) = lines.next() else {
            return Err(Fault::new(What::Missing, "empty line after the headers"));
        };
        if line.is_empty() {
            return fault.map_or(Ok(()), Err);
        }
        let folded = lines.take_folds(&line);
        if headers.len() >= HEADERS_MAX {
            fault.get_or_insert(Fault::new(What::TooLong, "number of headers"));
            continue;
        }
        let read = match &folded {
            Some(folded) => read_header(folded, 0..folded.len(), headers),
            None => read_header(data, line, headers),
        };
        if let Err(found) = read {
            fault.get_or_insert(found);
        }
    }
}

fn read_header(data: &Bytes, line: Range<usize>, headers: &mut Headers) -> Result<(), Fault> {
    let bad = || Fault::new(What::Malformed, "header line");
    let whole = data.get(line.clone()).ok_or_else(bad)?;
    let colon = whole.iter().position(|byte| !is_token(*byte)).ok_or_else(bad)?;
    let (name, rest) = whole.split_at(colon);
    let before_colon = rest.iter().position(|byte| !is_blank(*byte)).ok_or_else(bad)?;
    if name.is_empty() || name.len() > HEADER_NAME_MAX || rest[before_colon] != b':' {
        return Err(bad());
    }
    let (start, end) = inside_blanks(whole, colon + before_colon + 1);
    if end - start > HEADER_VALUE_MAX {
        return Err(Fault::new(What::TooLong, "header value"));
    }
    let value = data.slice(line.start + start..line.start + end);
    headers.push(Name::from_token(name), without_returns(value));
    Ok(())
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Where the text from `from` on begins and ends.
fn inside_blanks(line: &[u8], from: usize) -> (usize, usize) {
    let start = line[from..].iter().position(|b| !is_blank(*b)).map_or(line.len(), |n| from + n);
    let end = line[start..].iter().rposition(|b| !is_blank(*b)).map_or(start, |n| start + n + 1);
    (start, end)
}

/// A CR that ends no line is white space: left in, it would end one for the
/// next who reads it.
#[inline]
fn without_returns(value: Bytes) -> Bytes {
    if memchr::memchr(b'\r', &value).is_none() {
        return value;
    }
    let spaced = value.iter().map(|byte| if *byte == b'\r' { b' ' } else { *byte });
    let spaced: Bytes = spaced.collect();
    let (start, end) = inside_blanks(&spaced, 0);
    spaced.slice(start..end)
}

fn content_length(headers: &Headers) -> Result<Option<usize>, Fault> {
    let mut length = None;
    for value in headers.all(&Name::ContentLength) {
        let text = decoded(value);
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let value = text.parse::<usize>().ok().filter(|_| digits);
        let value = value.ok_or(Fault::new(What::Malformed, "Content-Length"))?;
        if length.is_some_and(|known| known != value) {
            return Err(Fault::new(What::Contradiction, "Content-Length"));
        }
        length = Some(value);
    }
    Ok(length)
}

/// What every message must have, once and readable (RFC 3261 §8.1.1).
fn essentials(message: &Message) -> Result<(), Fault> {
    let mut seen = Seen::default();
    for (name, value) in message.headers().iter() {
        match name {
            Name::Via => seen.via(value)?,
            Name::From => seen.address(Essential::From, value)?,
            Name::To => seen.address(Essential::To, value)?,
            Name::CallId => seen.call_id(value)?,
            Name::CSeq => seen.cseq(value, message)?,
            Name::MaxForwards => seen.once(Essential::MaxForwards)?,
            _ => {}
        }
    }
    seen.complete()
}

/// Which of the headers that a message needs have been seen.
#[derive(Default)]
struct Seen([bool; 6]);

#[derive(Clone, Copy)]
enum Essential {
    Via,
    From,
    To,
    CallId,
    CSeq,
    /// Not needed (RFC 2543 has none), but never twice.
    MaxForwards,
}

impl Seen {
    fn once(&mut self, what: Essential) -> Result<(), Fault> {
        match std::mem::replace(&mut self.0[what as usize], true) {
            true => Err(Fault::new(What::Contradiction, what.place())),
            false => Ok(()),
        }
    }

    fn via(&mut self, value: &[u8]) -> Result<(), Fault> {
        self.0[Essential::Via as usize] = true;
        let text = decoded(value);
        let mut vias = split_outside(&text, b',');
        match vias.all(|via| via.and_then(|via| ViaParts::read(trim(via))).is_some()) {
            true => Ok(()),
            false => Err(Essential::Via.malformed()),
        }
    }

    fn address(&mut self, what: Essential, value: &[u8]) -> Result<(), Fault> {
        self.once(what)?;
        NameAddrParts::read(&decoded(value)).map(drop).ok_or(what.malformed())
    }

    fn call_id(&mut self, value: &[u8]) -> Result<(), Fault> {
        self.once(Essential::CallId)?;
        let is_word = !value.is_empty() && !value.iter().any(|b| *b <= b' ' || *b == 0x7f);
        is_word.then_some(()).ok_or(Essential::CallId.malformed())
    }

    fn cseq(&mut self, value: &[u8], message: &Message) -> Result<(), Fault> {
        self.once(Essential::CSeq)?;
        let cseq = CSeq::parse(&decoded(value))?;
        match message {
            Message::Request(request) if request.method != cseq.method => {
                Err(Fault::new(What::Contradiction, "CSeq"))
            }
            _ => Ok(()),
        }
    }

    fn complete(self) -> Result<(), Fault> {
        use Essential::{CSeq, CallId, From, To, Via};
        let missing = [From, To, CallId, CSeq, Via].into_iter().find(|it| !self.0[*it as usize]);
        missing.map_or(Ok(()), |it| Err(Fault::new(What::Missing, it.place())))
    }
}

impl Essential {
    fn place(self) -> &'static str {
        match self {
            Self::Via => "Via",
            Self::From => "From",
            Self::To => "To",
            Self::CallId => "Call-ID",
            Self::CSeq => "CSeq",
            Self::MaxForwards => "Max-Forwards",
        }
    }

    fn malformed(self) -> Fault {
        Fault::new(What::Malformed, self.place())
    }
}

/// Lines ended by CRLF or, from careless senders, LF alone.
struct Lines<'a> {
    data: &'a Bytes,
    at: usize,
}

impl Lines<'_> {
    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.data.get(self.at..)?;
        let end = memchr::memchr(b'\n', rest)?;
        let start = self.at;
        self.at += end + 1;
        let line = if end > 0 && rest[end - 1] == b'\r' { end - 1 } else { end };
        Some(start..start + line)
    }

    /// Joins the lines that continue `line` (RFC 3261 §7.3.1).
    fn take_folds(&mut self, line: &Range<usize>) -> Option<Bytes> {
        let mut whole: Option<Vec<u8>> = None;
        while self.data.get(self.at).is_some_and(|b| matches!(b, b' ' | b'\t')) {
            let before = self.at;
            let Some(more) = self.next() else {
                self.at = before;
                break;
            };
            let whole = whole.get_or_insert_with(|| self.data[line.clone()].to_vec());
            let text = &self.data[more];
            let from = text.iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(text.len());
            whole.push(b' ');
            whole.extend_from_slice(&text[from..]);
        }
        whole.map(Bytes::from)
    }
}
