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
    Ok(())
}

fn addresses(request: &Request) -> Result<(), Unacceptable> {
    let headers = &request.headers;
    if request.method == Method::Refer && headers.count(&Name::ReferTo) != 1 {
        return Err(wrong(400, "REFER needs one Refer-To"));
    }
    let start_new = headers.to_tag().is_none() && headers.from_tag().is_none();
    let old = headers
        .via()
        .ok()
        .is_some_and(|via| !via.branch().unwrap_or_default().starts_with("z9hG4bK"));
    if start_new && !old {
        return Err(wrong(400, "From has no tag"));
    }
    Ok(())
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
        Contacts::List(list) if starts_dialog && list.len() != 1 => {
            Err(wrong(400, "One Contact is needed"))
        }
        Contacts::Star | Contacts::List(_) => Ok(()),
    }
}
