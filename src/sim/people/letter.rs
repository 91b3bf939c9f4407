//! SIP as the simulated people read and write it: with `rsip`, so that our
//! own wire layer always talks to somebody else's code.
//!
//! `rsip` knows no compact header names and no folding; letters are brought
//! into the long form before it sees them.

use rsip::headers::{ToTypedHeader, UntypedHeader};
use rsip::message::HeadersExt;
use rsip::{Header, Headers, Method, Request, Response, SipMessage, StatusCode, Version};

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letter {
    Request(Request),
    Response(Response),
}

/// Whom a header names: what his display shows of him.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// Empty when the network sent none.
    pub name: String,
    /// The user part of the address.
    pub number: String,
}

const LONG_NAMES: &[(&str, &str)] = &[
    ("a", "Accept-Contact"),
    ("b", "Referred-By"),
    ("c", "Content-Type"),
    ("e", "Content-Encoding"),
    ("f", "From"),
    ("i", "Call-ID"),
    ("k", "Supported"),
    ("l", "Content-Length"),
    ("m", "Contact"),
    ("o", "Event"),
    ("r", "Refer-To"),
    ("s", "Subject"),
    ("t", "To"),
    ("u", "Allow-Events"),
    ("v", "Via"),
    ("x", "Session-Expires"),
];

/// Nothing for what `rsip` refuses.
pub fn read(datagram: &[u8]) -> Option<Letter> {
    let at = find(datagram, b"\r\n\r\n")?;
    let (head, body) = datagram.split_at(at + 4);
    let mut long = in_long_form(core::str::from_utf8(head).ok()?).into_bytes();
    long.extend_from_slice(body);
    match SipMessage::try_from(long.as_slice()).ok()? {
        SipMessage::Request(request) => Some(Letter::Request(request)),
        SipMessage::Response(response) => Some(Letter::Response(response)),
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn in_long_form(head: &str) -> String {
    let unfolded = unfolded(head);
    let mut lines = unfolded.split("\r\n");
    let mut long = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        long += "\r\n";
        long += &with_long_name(line);
    }
    long
}

/// `rsip` takes no space before a parameter either.
fn unfolded(head: &str) -> String {
    let mut lines = head.split("\r\n");
    let mut unfolded = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let rest = line.trim_start();
        let is_more = !rest.is_empty() && rest.len() < line.len();
        unfolded += match is_more {
            true if rest.starts_with(';') => "",
            true => " ",
            false => "\r\n",
        };
        unfolded += if is_more { rest } else { line };
    }
    unfolded
}

fn with_long_name(line: &str) -> String {
    let Some((name, value)) = line.split_once(':') else {
        return line.to_owned();
    };
    let name = name.trim();
    let known = LONG_NAMES.iter().find(|(compact, _)| name.eq_ignore_ascii_case(compact));
    let name = known.map_or(name, |(_, long)| long);
    format!("{name}: {}", value.trim())
}

/// The answer to `request`, with `tag` added to a To that has none.
pub fn reply(request: &Request, status: u16, tag: &str) -> Response {
    let mut headers = Headers::default();
    for header in request.headers.iter() {
        match header {
            Header::To(to) => headers.push(Header::To(with_tag(to, tag))),
            Header::Via(_) | Header::From(_) | Header::CallId(_) | Header::CSeq(_) => {
                headers.push(header.clone());
            }
            _ => {}
        }
    }
    let status_code = StatusCode::from(status);
    Response { status_code, version: Version::V2, headers, body: Vec::new() }
}

fn with_tag(to: &rsip::headers::To, tag: &str) -> rsip::headers::To {
    match to.tag() {
        Ok(None) if !tag.is_empty() => rsip::headers::To::new(format!("{};tag={tag}", to.value())),
        _ => to.clone(),
    }
}

pub trait Reading: HeadersExt {
    fn call_id(&self) -> Option<String> {
        self.call_id_header().ok().map(|id| id.value().to_owned())
    }

    fn cseq(&self) -> Option<(u32, Method)> {
        let cseq = self.cseq_header().ok()?;
        Some((cseq.seq().ok()?, cseq.method().ok()?))
    }

    /// The branch of the topmost Via: what names the transaction.
    fn branch(&self) -> Option<String> {
        let via = self.via_header().ok()?.typed().ok()?;
        via.branch().map(|branch| branch.value().to_owned())
    }

    fn sender_tag(&self) -> Option<String> {
        Some(self.from_header().ok()?.tag().ok()??.value().to_owned())
    }

    fn to_tag(&self) -> Option<String> {
        Some(self.to_header().ok()?.tag().ok()??.value().to_owned())
    }

    /// The address in the Contact, as text.
    fn target(&self) -> Option<String> {
        let contact = self.contact_header().ok()?.typed().ok()?;
        Some(contact.uri.to_string())
    }

    /// The value of a header that `rsip` knows by name only.
    fn other(&self, name: &str) -> Option<&str> {
        self.headers().iter().find_map(|header| match header {
            Header::Other(other, value) if other.eq_ignore_ascii_case(name) => Some(value.as_str()),
            _ => None,
        })
    }

    /// The event package, without parameters.
    fn event(&self) -> Option<String> {
        self.headers().iter().find_map(|header| match header {
            Header::Event(event) => event.value().split(';').next().map(|it| it.trim().to_owned()),
            _ => None,
        })
    }

    fn expires_s(&self) -> Option<u64> {
        self.headers().iter().find_map(|header| match header {
            Header::Expires(expires) => expires.value().trim().parse().ok(),
            _ => None,
        })
    }

    /// Every challenge in the message, as text.
    fn challenges(&self) -> Vec<String> {
        let texts = self.headers().iter().filter_map(|header| match header {
            Header::WwwAuthenticate(challenge) => Some(challenge.value().to_owned()),
            Header::ProxyAuthenticate(challenge) => Some(challenge.value().to_owned()),
            _ => None,
        });
        texts.collect()
    }

    /// Who is at the other end according to the sender: the asserted
    /// identity (RFC 3325) before From.
    fn asserted(&self) -> Option<Shown> {
        self.other("P-Asserted-Identity").and_then(shown)
    }

    fn sender(&self) -> Shown {
        let from = self.from_header().ok().and_then(|from| shown(from.value()));
        self.asserted().or(from).unwrap_or_default()
    }
}

impl Reading for Request {}
impl Reading for Response {}

/// Reads `"Alice" <sip:1@x>;tag=y`.
pub fn shown(value: &str) -> Option<Shown> {
    let typed = rsip::headers::From::new(value).typed().ok()?;
    let number = typed.uri.user().map(decoded).unwrap_or_default();
    Some(Shown { name: typed.display_name.map(|name| unquoted(&name)).unwrap_or_default(), number })
}

fn unquoted(name: &str) -> String {
    let name = name.trim();
    let Some(inner) = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) else {
        return name.to_owned();
    };
    let mut plain = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        plain.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    plain
}

/// Percent escapes of a user part.
pub fn decoded(user: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = user.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%');
        let escaped = escaped.and_then(|hex| core::str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A quoted display name.
pub fn quoted(name: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPACT: &str = "NOTIFY sip:103@127.0.0.1:5062 SIP/2.0\r\n\
        v: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK77;rport\r\n\
        f: \"B\\\"ob, Reception\" <sip:%2A88@office.example>;tag=a1\r\n\
        t:<sip:103@office.example>\r\n  ;tag=b2\r\n\
        i: x@y\r\nCSeq: 7 NOTIFY\r\no : call-info;x=1\r\nl: 2\r\n\r\nhi";

    #[test]
    fn compact_and_folded_headers_are_read() {
        let Some(Letter::Request(request)) = read(COMPACT.as_bytes()) else {
            panic!("not read: {COMPACT}");
        };
        assert_eq!(request.branch().as_deref(), Some("z9hG4bK77"));
        assert_eq!(request.to_tag().as_deref(), Some("b2"));
        assert_eq!(request.cseq(), Some((7, Method::Notify)));
        assert_eq!(request.event().as_deref(), Some("call-info"));
        assert_eq!(request.body, b"hi");
        let who = Shown { name: "B\"ob, Reception".to_owned(), number: "*88".to_owned() };
        assert_eq!(request.sender(), who);
    }

    #[test]
    fn a_reply_takes_the_request_s_headers_and_a_tag_of_its_own() {
        let text = "BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP \
            i;branch=z9hG4bK2\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: \
            q\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n";
        let Some(Letter::Request(request)) = read(text.as_bytes()) else {
            panic!("not read");
        };
        let reply = reply(&request, 200, "mine");
        assert_eq!(reply.to_tag().as_deref(), Some("mine"));
        assert_eq!(reply.headers.iter().filter(|it| matches!(it, Header::Via(_))).count(), 2);
        assert!(reply.to_string().starts_with("SIP/2.0 200 OK\r\n"), "{reply}");
    }
}
