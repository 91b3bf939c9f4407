//! What a readable request gets wrong, and the status that says so.

use crate::sip::wire::message::Request;
use crate::sip::wire::method::Method;
use crate::sip::wire::name::Name;
use crate::sip::wire::name_addr::NameAddrParts;
use crate::sip::wire::text::{decoded, split_outside, trim};

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
    let told = headers.get(&Name::MaxForwards).is_some();
    if told && headers.max_forwards().is_none_or(|hops| hops > 255) {
        return Err(wrong(400, "Max-Forwards is not a number from 0 to 255"));
    }
    // A call would be passed on; everything else ends with us (§16.3).
    let no_hop_left = request.method == Method::Invite && headers.max_forwards() == Some(0);
    if no_hop_left && headers.to_tag().is_none() {
        return Err(wrong(483, "Too Many Hops"));
    }
    Ok(())
}

/// Two of these would mean one thing to us and another to the next
/// (RFC 3261 §7.3.1). The parser has seen to From, To, Call-ID and CSeq.
fn once(request: &Request) -> Result<(), Unacceptable> {
    let mut seen = [false; 6];
    for (name, _) in request.headers.iter() {
        let at = match name {
            Name::ContentType => 0,
            Name::Event => 1,
            Name::Expires => 2,
            Name::ReferTo => 3,
            Name::Replaces => 4,
            Name::SubscriptionState => 5,
            _ => continue,
        };
        if std::mem::replace(&mut seen[at], true) {
            return Err(wrong(400, &format!("More than one {}", name.as_str())));
        }
    }
    Ok(())
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
    let start_new = headers.from_tag().is_none() && headers.to_tag().is_none();
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
    let Some((addresses, stars)) = count_contacts(request) else {
        return Err(wrong(400, "Contact cannot be read"));
    };
    let starts_dialog = matches!(request.method, Method::Invite | Method::Subscribe);
    if stars > 0 && request.method != Method::Register {
        return Err(wrong(400, "Contact * belongs in REGISTER"));
    }
    // RFC 3261 §10.3 step 6.
    if stars > 0 && (stars + addresses > 1 || headers.expires() != Some(0)) {
        return Err(wrong(400, "Contact * stands alone, with Expires: 0"));
    }
    if starts_dialog && addresses != 1 && !(addresses == 0 && is_of_rfc_2543(request)) {
        return Err(wrong(400, "One Contact is needed"));
    }
    Ok(())
}

/// Addresses and stars. None: one cannot be read.
fn count_contacts(request: &Request) -> Option<(usize, usize)> {
    let (mut addresses, mut stars) = (0, 0);
    for value in request.headers.all(&Name::Contact) {
        for contact in split_outside(&decoded(value), b',') {
            match trim(contact?) {
                "" => {}
                "*" => stars += 1,
                address => {
                    NameAddrParts::read(address)?;
                    addresses += 1;
                }
            }
        }
    }
    Some((addresses, stars))
}
