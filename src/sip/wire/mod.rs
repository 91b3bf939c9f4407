//! SIP messages: a lenient reader, a strict writer, both bounded.
//!
//! A message is held over the datagram it came in: header values are slices
//! of it, read further only when somebody asks.

mod check;
mod fault;
mod framer;
mod headers;
mod message;
mod method;
mod name;
mod name_addr;
mod params;
mod parse;
mod text;
mod uri;
mod values;
mod via;

pub use check::{Unacceptable, check};
pub use fault::{Fault, What};
pub use framer::{BODY_MAX, Framed, Framer, HEAD_MAX};
pub use headers::Headers;
pub use message::{Message, Request, Response};
pub use method::Method;
pub use name::Name;
pub use name_addr::NameAddr;
pub use params::Params;
pub use parse::{
    HEADER_NAME_MAX, HEADER_VALUE_MAX, HEADERS_MAX, METHOD_MAX, START_LINE_MAX, parse,
};
pub use uri::{Host, Scheme, Uri};
pub use values::{CSeq, Contacts, Event, Replaces, SubscriptionState};
pub use via::Via;

#[cfg(test)]
mod tests;
