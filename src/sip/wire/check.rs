//! What a readable request gets wrong, and the status that says so.

use crate::sip::wire::message::Request;
use crate::sip::wire::method::Method;
use crate::sip::wire::name::Name;
use crate::sip::wire::values::Contacts;

/// A request that must be refused as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unacceptable {
    pub status: u16,
    pub reason: String,
    /// Option tags for Unsupported (RFC 3261 §8.2.2.3).
    pub unsupported: Option<String>,
}

/// Extensions a request may insist on.
const SUPPORTED: [&str; 1] = ["replaces"];

/// # Errors
/// The first thing that is wrong (RFC 3261 §8.2, §16.3).
pub fn check(request: &Request) -> Result<(), Unacceptable> {
    if !request.uri.is_sip() {
        return Err(wrong(416, "Unsupported URI Scheme"));
    }
    if request.uri.headers.is_some() {
        return Err(wrong(400, "The request URI may carry no headers"));
    }
    required_extensions(request)?;
    numbers(request)?;
    once(request)?;
    content(request)?;
    addresses(request)?;
    contacts(request)?;
    if request.method == Method::Subscribe && request.headers.event().is_none() {
        return Err(wrong(489, "Event is missing or cannot be read"));
    }
    Ok(())
}

fn wrong(status: u16, reason: &str) -> Unacceptable {
    Unacceptable { status, reason: reason.to_owned(), unsupported: None }
}

fn required_extensions(request: &Request) -> Result<(), Unacceptable> {
    if matches!(request.method, Method::Ack | Method::Cancel) {
        return Ok(());
    }
    let mut missing = request.headers.tokens(&Name::Require);
    missing.retain(|tag| !SUPPORTED.contains(&tag.as_str()));
    if missing.is_empty() {
        return Ok(());
    }
    let unsupported = Some(missing.join(", "));
    Err(Unacceptable { status: 420, reason: "Bad Extension".to_owned(), unsupported })
}

fn numbers(request: &Request) -> Result<(), Unacceptable> {
    let headers = &request.headers;
    if let Some(text) = headers.text(&Name::MaxForwards)
        && text.trim().parse::<u8>().is_err()
    {
        return Err(wrong(400, "Max-Forwards is not a number from 0 to 255"));
    }
    // A call would be passed on; everything else ends with us (§16.3).
    let passed_on = request.method == Method::Invite && headers.to_tag().is_none();
    if passed_on && headers.max_forwards() == Some(0) {
        return Err(wrong(483, "Too Many Hops"));
    }
    Ok(())
}

/// Two of these would mean one thing to us and another to the next
/// (RFC 3261 §7.3.1). The parser has seen to From, To, Call-ID and CSeq.
fn once(request: &Request) -> Result<(), Unacceptable> {
    const ONCE: [Name; 6] = [
        Name::ContentType,
        Name::Event,
        Name::Expires,
        Name::ReferTo,
        Name::Replaces,
        Name::SubscriptionState,
    ];
    match ONCE.iter().find(|name| request.headers.count(name) > 1) {
        Some(name) => Err(wrong(400, &format!("More than one {}", name.as_str()))),
        None => Ok(()),
    }
}

/// RFC 3261 §8.2.3. Bodies of other methods are looked at where they are used.
fn content(request: &Request) -> Result<(), Unacceptable> {
    if request.body.is_empty() {
        return Ok(());
    }
    let encodings = request.headers.tokens(&Name::ContentEncoding);
    if encodings.iter().any(|encoding| encoding != "identity") {
        return Err(wrong(415, "Bodies are read unencoded"));
    }
    let session = matches!(request.method, Method::Invite | Method::Update | Method::Prack);
    let kind = request.headers.content_type().unwrap_or_default();
    let known = kind.is_empty() || kind == "application/sdp" || kind.starts_with("multipart/");
    match session && !known {
        true => Err(wrong(415, "Unsupported Media Type")),
        false => Ok(()),
    }
}

fn addresses(request: &Request) -> Result<(), Unacceptable> {
    let headers = &request.headers;
    if request.method == Method::Refer && headers.refer_to().is_err() {
        return Err(wrong(400, "REFER needs a Refer-To that can be read"));
    }
    let start_new = headers.to_tag().is_none() && headers.from_tag().is_none();
    if start_new && !is_of_rfc_2543(request) {
        return Err(wrong(400, "From has no tag"));
    }
    Ok(())
}

/// Clients of the old standard have neither tags nor unique branches, and
/// may leave Contact out (RFC 2543 §6.13).
fn is_of_rfc_2543(request: &Request) -> bool {
    let via = request.headers.via();
    via.is_ok_and(|via| !via.branch().unwrap_or_default().starts_with("z9hG4bK"))
}

fn contacts(request: &Request) -> Result<(), Unacceptable> {
    let headers = &request.headers;
    let contacts = match headers.contacts() {
        Ok(contacts) => contacts,
        Err(_) => return Err(wrong(400, "Contact cannot be read")),
    };
    let starts_dialog = matches!(request.method, Method::Invite | Method::Subscribe);
    match contacts {
        Contacts::Star if request.method != Method::Register => {
            Err(wrong(400, "Contact * belongs in REGISTER"))
        }
        // RFC 3261 §10.3 step 6.
        Contacts::Star if headers.count(&Name::Contact) > 1 || headers.expires() != Some(0) => {
            Err(wrong(400, "Contact * stands alone, with Expires: 0"))
        }
        Contacts::List(list) if list.is_empty() && is_of_rfc_2543(request) => Ok(()),
        Contacts::List(list) if starts_dialog && list.len() != 1 => {
            Err(wrong(400, "One Contact is needed"))
        }
        Contacts::Star | Contacts::List(_) => Ok(()),
    }
}
