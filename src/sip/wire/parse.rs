//! The lenient reader: octets to a message. It refuses only what it cannot
//! represent, or what has no single meaning; [`super::check`] does the rest.

use bytes::Bytes;

use crate::sip::wire::fault::{Fault, What};
use crate::sip::wire::headers::Headers;
use crate::sip::wire::message::{Message, Request, Response};
use crate::sip::wire::method::Method;
use crate::sip::wire::name::Name;
use crate::sip::wire::text::{decoded, is_token_text};
use crate::sip::wire::uri::Uri;

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
    let start = decoded(&data[start]).into_owned();
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
    Ok(Message::Request(Request::new(Method::from(method), uri)))
}

fn status_line(rest: &str) -> Option<Message> {
    let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status: u16 = code.parse().ok().filter(|_| code.len() == 3)?;
    if !(100..700).contains(&status) {
        return None;
    }
    let mut response = Response::new(status);
    response.reason = reason.trim().to_owned();
    Some(Message::Response(response))
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
        match header(data, line, folded) {
            Ok((name, value)) => headers.push(name, value),
            Err(found) => drop(fault.get_or_insert(found)),
        }
    }
}

fn header(
    data: &Bytes,
    line: std::ops::Range<usize>,
    folded: Option<Bytes>,
) -> Result<(Name, Bytes), Fault> {
    let whole = without_returns(folded.unwrap_or_else(|| data.slice(line)));
    let bad = || Fault::new(What::Malformed, "header line");
    let colon = memchr::memchr(b':', &whole).ok_or_else(bad)?;
    let name = std::str::from_utf8(&whole[..colon]).map_err(|_| bad())?;
    let name = name.trim_end_matches([' ', '\t']);
    if !is_token_text(name) || name.len() > HEADER_NAME_MAX {
        return Err(bad());
    }
    let value = trimmed(&whole, colon + 1);
    if value.len() > HEADER_VALUE_MAX {
        return Err(Fault::new(What::TooLong, "header value"));
    }
    Ok((Name::parse(name), value))
}

/// A CR that ends no line is white space: left in, it would end one for the
/// next who reads it.
fn without_returns(line: Bytes) -> Bytes {
    match memchr::memchr(b'\r', &line) {
        None => line,
        Some(_) => line.iter().map(|byte| if *byte == b'\r' { b' ' } else { *byte }).collect(),
    }
}

fn trimmed(line: &Bytes, from: usize) -> Bytes {
    let is_space = |b: &u8| matches!(b, b' ' | b'\t');
    let start = line[from..].iter().position(|b| !is_space(b)).map_or(line.len(), |n| from + n);
    let end = line.iter().rposition(|b| !is_space(b)).map_or(start, |n| (n + 1).max(start));
    line.slice(start..end)
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
    let headers = message.headers();
    let once =
        [(Name::From, "From"), (Name::To, "To"), (Name::CallId, "Call-ID"), (Name::CSeq, "CSeq")];
    for (name, place) in once {
        match headers.count(&name) {
            0 => return Err(Fault::new(What::Missing, place)),
            1 => {}
            _ => return Err(Fault::new(What::Contradiction, place)),
        }
    }
    if headers.count(&Name::MaxForwards) > 1 {
        return Err(Fault::new(What::Contradiction, "Max-Forwards"));
    }
    headers.vias()?;
    if headers.count(&Name::Via) == 0 {
        return Err(Fault::new(What::Missing, "Via"));
    }
    headers.from()?;
    headers.to()?;
    if headers
        .call_id()
        .is_none_or(|id| id.is_empty() || id.contains(|c: char| c <= ' ' || c == '\u{7f}'))
    {
        return Err(Fault::new(What::Malformed, "Call-ID"));
    }
    let cseq = headers.cseq()?;
    if let Message::Request(request) = message
        && cseq.method != request.method
    {
        return Err(Fault::new(What::Contradiction, "CSeq"));
    }
    Ok(())
}

/// Lines ended by CRLF or, from careless senders, LF alone.
struct Lines<'a> {
    data: &'a Bytes,
    at: usize,
}

impl Lines<'_> {
    fn next(&mut self) -> Option<std::ops::Range<usize>> {
        let rest = self.data.get(self.at..)?;
        let end = memchr::memchr(b'\n', rest)?;
        let start = self.at;
        self.at += end + 1;
        let line = if end > 0 && rest[end - 1] == b'\r' { end - 1 } else { end };
        Some(start..start + line)
    }

    /// Joins the lines that continue `line` (RFC 3261 §7.3.1).
    fn take_folds(&mut self, line: &std::ops::Range<usize>) -> Option<Bytes> {
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
