//! What administrators ask of the office from their consoles (product S21,
//! S22): a MESSAGE (RFC 3428) with `application/vnd.bellhop.admin+json`.
//!
//! The office keeps no files. It says who may ask, hands the wish to the edge,
//! and sends the outcome back in a MESSAGE of its own: a 200 to a MESSAGE has
//! no body (RFC 3428 §7), and the wish may take as long as a disk does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::administration::{
    MIME_TYPE, Outcome, REQUEST_BYTES_MAX, Reply, Request as Asked, Wish,
};
use crate::domain::caller_name::CallerName;
use crate::domain::ids::Extension;
use crate::exchange::tables::DATAGRAM_ROOM;
use crate::exchange::{Effect, Errand, Exchange};
use crate::sip::flow::Flow;
use crate::sip::wire::{CSeq, Method, Name, Request, Uri};

/// Wishes that wait for the edge; more would only pile up.
const OPEN_MAX: usize = 16;
/// Columns of what is repeated in a refusal.
const REASON_COLUMNS: usize = 60;

/// For the edge to carry out, checked against nothing but who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Comes back with the outcome.
    pub number: u64,
    /// Of the tenant it is about.
    pub domain: String,
    pub by: Extension,
    pub wish: Wish,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Orders {
    open: BTreeMap<u64, Asker>,
    last: u64,
}

/// Who waits for an outcome: one device of an extension.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Asker {
    extension: Extension,
    contact: Uri,
    id: u32,
}

type Refused = (u16, String);

impl Orders {
    /// Nobody at the edge remembers them.
    pub fn forget(&mut self) {
        self.open.clear();
    }

    fn take_on(&mut self, asker: Asker) -> u64 {
        self.last += 1;
        self.open.insert(self.last, asker);
        self.last
    }
}

impl Exchange {
    /// By its content: notes are messages too.
    pub(super) fn is_administration(request: &Request) -> bool {
        request.headers.content_type().is_some_and(|kind| kind.eq_ignore_ascii_case(MIME_TYPE))
    }

    pub(super) fn administration_at_the_door(&mut self, request: &Request, flow: Flow) {
        if self.trunk_of(request, flow).is_some() {
            return self.refuse(request, flow, 403, "Administration is for our own people");
        }
        let Some(by) = self.authenticate(request, flow) else { return };
        let response = match self.order(request, &by, flow) {
            // Taken on, not done: what becomes of it is told later.
            Ok(order) => {
                self.out.push(Effect::Administer(order));
                request.response(202)
            }
            Err((503, reason)) => request.response(503).reason(&reason).with(Name::RetryAfter, "2"),
            Err((status, reason)) => request.response(status).reason(&reason),
        };
        self.answer(request, flow, response);
    }

    fn order(&mut self, request: &Request, by: &Extension, flow: Flow) -> Result<Order, Refused> {
        let no = |status: u16, reason: &str| Err((status, reason.to_owned()));
        if !self.settings.extensions.get(by).is_some_and(|person| person.admin) {
            return no(403, &format!("{by} is no administrator: admin = true makes one"));
        }
        if request.body.len() > REQUEST_BYTES_MAX {
            return no(413, "More than an administrator can mean");
        }
        let asked: Asked = serde_json::from_slice(&request.body)
            .map_err(|fault| (400, format!("Not understood: {}", in_short(&fault))))?;
        let devices = self.state.registrar.devices(by);
        let Some(device) = devices.iter().find(|device| device.flow == flow) else {
            return no(480, "Register first: the answer goes to a registered device");
        };
        if self.state.orders.open.len() >= OPEN_MAX {
            return no(503, "Other changes are being made");
        }
        let contact = device.contact.clone();
        let asker = Asker { extension: by.clone(), contact, id: asked.id };
        let number = self.state.orders.take_on(asker);
        let domain = self.settings.domain.clone();
        Ok(Order { number, domain, by: by.clone(), wish: asked.wish })
    }

    /// The edge has done it, or has not; other settings hold already.
    pub(super) fn administered(&mut self, number: u64, outcome: Outcome) {
        let Some(asker) = self.state.orders.open.remove(&number) else { return };
        let devices = self.state.registrar.devices(&asker.extension);
        let device = devices.iter().find(|device| device.contact.equivalent(&asker.contact));
        let Some(flow) = device.and_then(|device| device.route()) else { return };
        // Whoever hears that it is done finds every table as it is now.
        self.tell_all_watchers();
        let room = if flow.transport.is_reliable() { usize::MAX } else { DATAGRAM_ROOM };
        let reply = Reply { id: asker.id, outcome };
        let text = written(&reply).filter(|text| text.len() <= room).or_else(|| {
            let words = "done or not, the answer is too long for UDP: this desk needs tcp:";
            written(&Reply { id: asker.id, outcome: Outcome::refused(words) })
        });
        let message = self.letter_to(&asker).body(MIME_TYPE, text.unwrap_or_default());
        self.send_request(message, flow, Errand::Parting);
    }

    /// Outside any dialog, and without a Contact (RFC 3428 §4).
    fn letter_to(&mut self, asker: &Asker) -> Request {
        let domain = &self.settings.domain;
        let chance = &mut self.state.chance;
        let mut request = Request::new(Method::Message, asker.contact.clone());
        let headers = &mut request.headers;
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, format!("<sip:{domain}>;tag={}", chance.hex(12)));
        headers.push(Name::To, format!("<sip:{}@{domain}>", asker.extension));
        headers.push(Name::CallId, chance.hex(24));
        headers.push(Name::CSeq, CSeq { number: 1, method: Method::Message }.to_string());
        request
    }
}

/// It repeats what the asker has said, however much that was.
fn in_short(fault: &serde_json::Error) -> String {
    CallerName::clean(&fault.to_string()).fit(REASON_COLUMNS)
}

/// Our own plain types are always written.
fn written(reply: &Reply) -> Option<String> {
    serde_json::to_string(reply).ok()
}
