//! Phones that ask by multicast where their settings are: a SUBSCRIBE to
//! `ua-profile` (RFC 6080, in the way phones do it), and the answer.

use core::net::SocketAddr;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::domain::device::Mac;
use crate::sip::wire::{Message, Method, Name, Request, Uri, Via, parse};

/// A phone's question.
#[derive(Clone, Debug)]
pub struct Question {
    pub mac: Mac,
    request: Request,
}

/// What is sent back, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub response: Bytes,
    pub notify: Bytes,
}

impl Question {
    /// None: it is something else, or cannot be answered.
    pub fn read(datagram: &Bytes) -> Option<Self> {
        let Ok(Message::Request(request)) = parse(datagram) else { return None };
        let event = request.headers.event()?;
        let is_one = request.method == Method::Subscribe && event.package == "ua-profile";
        let mac = is_one.then(|| mac_in(&request.uri)).flatten()?;
        let whole = request.headers.contact().is_some()
            && request.headers.from().is_ok()
            && request.headers.to().is_ok()
            && request.headers.call_id().is_some();
        whole.then_some(Self { mac, request })
    }

    /// `local` is our own address as the phone sees it, `from` the phone's as
    /// we do. None: the phone's message lacks what an answer needs.
    pub fn answer(&self, url: &str, local: SocketAddr, from: SocketAddr) -> Option<Answer> {
        let headers = &self.request.headers;
        let tag = self.tag()?;
        let us = headers.to().ok()?.with_tag(&tag);
        let contact = format!("<sip:{local}>");
        let mut response = self.request.response(200);
        response.headers.set(Name::To, us.to_string());
        response.headers.replace_top_via(&self.via_seen_from(from)?);
        let response =
            response.with(Name::Contact, contact.clone()).with(Name::Expires, "0").to_bytes();
        let notify = Request::new(Method::Notify, headers.contact()?.uri)
            .with(Name::Via, format!("SIP/2.0/UDP {local};branch=z9hG4bK{tag};rport"))
            .with(Name::From, us.to_string())
            .with(Name::To, headers.from().ok()?.to_string())
            .with(Name::CallId, headers.call_id()?)
            .with(Name::CSeq, "1 NOTIFY")
            .with(Name::Contact, contact)
            .with(Name::MaxForwards, "70")
            .with(Name::Event, concat!(
                r#"ua-profile;profile-type="device";vendor="Bellhop";model="Bellhop";version=""#,
                env!("CARGO_PKG_VERSION"),
                r#"""#,
            ))
            .with(Name::SubscriptionState, "terminated;reason=timeout")
            .body("application/url", url.to_owned())
            .to_bytes();
        Some(Answer { response, notify })
    }

    /// RFC 3581 section 4.
    fn via_seen_from(&self, from: SocketAddr) -> Option<Via> {
        let mut via = self.request.headers.via().ok()?;
        if via.params.has("rport") {
            via.params.set("rport", Some(from.port().to_string()));
            via.params.set("received", Some(from.ip().to_string()));
        }
        Some(via)
    }

    /// The same for the same question: phones repeat it until they are answered.
    fn tag(&self) -> Option<String> {
        let headers = &self.request.headers;
        let mut hash = Sha256::new();
        hash.update(headers.call_id()?);
        hash.update(headers.via().ok()?.branch().unwrap_or_default());
        Some(hash.finalize().iter().take(8).map(|octet| format!("{octet:02x}")).collect())
    }
}

/// `MAC%3AC074AD112233`, in either case. Where the colon is not escaped, what
/// follows it looks like a password.
fn mac_in(uri: &Uri) -> Option<Mac> {
    let user = uri.user_decoded()?;
    let head = user.get(..3).filter(|head| head.eq_ignore_ascii_case("mac"))?;
    let rest = user.strip_prefix(head).filter(|rest| !rest.is_empty());
    Mac::parse(rest.or(uri.password.as_deref())?)
}
