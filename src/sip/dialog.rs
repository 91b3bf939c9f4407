//! One dialog (RFC 3261 §12): what makes later requests belong to it.

use core::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::domain::chance::Chance;
use crate::sip::flow::{Flow, Transport};
use crate::sip::wire::{Headers, Host, Method, Name, NameAddr, Request, Response, Uri};

/// A peer that both sides could have started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialog {
    pub call_id: String,
    /// Ours, with our tag.
    pub local: NameAddr,
    /// The peer's, with his tag once he has answered.
    pub remote: NameAddr,
    pub local_cseq: u32,
    pub remote_cseq: Option<u32>,
    /// The peer's Contact.
    pub target: Uri,
    pub routes: Vec<NameAddr>,
    /// Our Contact.
    pub contact: Uri,
    /// The way to the peer.
    pub flow: Flow,
    /// It began with a request of ours: we chose its Call-ID.
    pub ours: bool,
}

/// What finds a dialog: Call-ID and our own tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DialogId {
    pub call_id: String,
    pub local_tag: String,
}

impl DialogId {
    /// Of the dialog a request to us belongs to; none when it starts one.
    pub fn of_request(headers: &Headers) -> Option<Self> {
        Some(Self { call_id: headers.call_id()?, local_tag: headers.to_tag()? })
    }
}

/// Why a request does not fit the dialog it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The peer's tag is another's: 481.
    WrongTag,
    /// Its CSeq is not above the last one: 500 (RFC 3261 §12.2.2).
    OutOfOrder,
}

impl Dialog {
    /// The dialog a request to us would start (RFC 3261 §12.1.1).
    pub fn from_request(request: &Request, local_tag: &str, contact: Uri, flow: Flow) -> Self {
        let headers = &request.headers;
        let nobody = || NameAddr::new(None, request.uri.clone());
        let remote = headers.from().unwrap_or_else(|_| nobody());
        let local = headers.to().unwrap_or_else(|_| nobody());
        let target = headers.contact().map_or_else(|| remote.uri.clone(), |c| c.uri);
        let routes = headers.record_routes();
        Self {
            call_id: headers.call_id().unwrap_or_default(),
            local: local.with_tag(local_tag),
            remote,
            local_cseq: 0,
            remote_cseq: headers.cseq().ok().map(|cseq| cseq.number),
            flow: next_hop(&routes, &target, flow),
            target,
            routes,
            contact,
            ours: false,
        }
    }

    /// A dialog we are about to start with a request to `target`.
    pub fn outgoing(
        call_id: String,
        local: NameAddr,
        remote: NameAddr,
        target: Uri,
        contact: Uri,
        flow: Flow,
    ) -> Self {
        Self {
            call_id,
            local,
            remote,
            local_cseq: 0,
            remote_cseq: None,
            target,
            routes: Vec::new(),
            contact,
            flow,
            ours: true,
        }
    }

    pub fn id(&self) -> DialogId {
        let local_tag = self.local.tag().unwrap_or_default().to_owned();
        DialogId { call_id: self.call_id.clone(), local_tag }
    }

    /// Learns the peer's tag, target and route from his answer (RFC 3261 §12.1.2).
    pub fn answered(&mut self, response: &Response, flow: Flow) {
        if let Ok(to) = response.headers.to() {
            self.remote = to;
        }
        self.routes = response.headers.record_routes();
        self.routes.reverse();
        self.refresh_target(&response.headers, flow);
    }

    /// A target refresh: re-INVITE, UPDATE, SUBSCRIBE, NOTIFY and their answers.
    pub fn refresh_target(&mut self, headers: &Headers, flow: Flow) {
        if let Some(contact) = headers.contact() {
            self.target = contact.uri;
            self.flow = next_hop(&self.routes, &self.target, flow);
        }
    }

    /// The peer is heard on `flow` from now on.
    pub fn move_to(&mut self, flow: Flow) {
        self.flow = next_hop(&self.routes, &self.target, flow);
    }

    /// A peer on a stream is answered on the connection that he uses now: the
    /// one before may be gone, and he need not listen anywhere.
    pub fn heard_on(&mut self, flow: Flow) {
        let same = (flow.transport, flow.remote.ip());
        if flow.transport.is_reliable() && same == (self.flow.transport, self.flow.remote.ip()) {
            self.move_to(flow);
        }
    }

    /// Where else the peer may be found when his connection is gone.
    pub fn elsewhere(&self) -> Option<Flow> {
        elsewhere(hop(&self.routes, &self.target), self.flow)
    }

    /// How long a request of ours waits that met one of the peer's: other
    /// spans for each side, so that they do not meet again (RFC 3261 §14.1).
    pub fn pause_after_collision(&self, chance: &mut Chance) -> Duration {
        let (least, steps) = if self.ours { (2_100, 191) } else { (0, 201) };
        Duration::from_millis(least + 10 * chance.below(steps))
    }

    /// A new request of ours within the dialog.
    pub fn request(&mut self, method: Method) -> Request {
        self.local_cseq += 1;
        self.request_numbered(method, self.local_cseq)
    }

    /// The ACK of the INVITE numbered `number`.
    pub fn ack(&self, number: u32) -> Request {
        self.request_numbered(Method::Ack, number)
    }

    fn request_numbered(&self, method: Method, number: u32) -> Request {
        let mut request = Request::new(method.clone(), self.target.clone());
        let headers = &mut request.headers;
        headers.push(Name::MaxForwards, "70");
        for route in &self.routes {
            headers.push(Name::Route, route.to_string());
        }
        headers.push(Name::From, self.local.to_string());
        headers.push(Name::To, self.remote.to_string());
        headers.push(Name::CallId, Bytes::from(self.call_id.clone()));
        headers.push(Name::CSeq, format!("{number} {}", method.as_str()));
        if !matches!(method, Method::Ack | Method::Bye | Method::Cancel) {
            headers.push(Name::Contact, format!("<{}>", self.contact));
        }
        request
    }

    /// Takes a request of the peer's into account.
    ///
    /// # Errors
    /// It does not fit; nothing has changed.
    pub fn admit(&mut self, request: &Request) -> Result<(), Misfit> {
        if request.headers.from_tag().as_deref() != self.remote.tag() {
            return Err(Misfit::WrongTag);
        }
        let number = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        if self.remote_cseq.is_some_and(|last| number <= last) && request.method != Method::Ack {
            return Err(Misfit::OutOfOrder);
        }
        self.remote_cseq = Some(number);
        Ok(())
    }
}

/// The first route if there is one, else the target (RFC 3261 §12.2.1.1).
fn hop<'a>(routes: &'a [NameAddr], target: &'a Uri) -> &'a Uri {
    routes.first().map_or(target, |route| &route.uri)
}

fn next_hop(routes: &[NameAddr], target: &Uri, flow: Flow) -> Flow {
    reachable(hop(routes, target), flow)
}

/// Where requests for `target` go, when the peer was last heard on `flow`.
///
/// Over a stream, and for a peer whose Contact is not the host we hear him
/// from (a NAT, a proxy), the way he came. Otherwise his Contact's port.
pub fn reachable(target: &Uri, flow: Flow) -> Flow {
    if flow.transport.is_reliable() {
        return flow;
    }
    at_contact(target, flow).unwrap_or(flow)
}

/// Where else a peer listens whose connection `flow` is gone: at his Contact,
/// by the same transport (RFC 3261 §12.2.1.1, §18.1.1). None: he is to come
/// back by himself.
pub fn elsewhere(target: &Uri, flow: Flow) -> Option<Flow> {
    // Whoever came by WebSocket cannot be connected to (RFC 7118 §5).
    if !matches!(flow.transport, Transport::Tcp | Transport::Tls) {
        return None;
    }
    at_contact(target, flow).filter(|other| *other != flow)
}

/// None: it is another host than the one we hear him from, so behind a NAT, or
/// a host of somebody else's that we are to bother.
fn at_contact(target: &Uri, flow: Flow) -> Option<Flow> {
    let host = match &target.host {
        Host::V4(ip) => IpAddr::V4(*ip),
        Host::V6(ip) => IpAddr::V6(*ip),
        Host::Name(_) => return None,
    };
    let usual = if flow.transport == Transport::Tls { 5061 } else { 5060 };
    let remote = SocketAddr::new(host, target.port.unwrap_or(usual));
    (host == flow.remote.ip()).then_some(Flow { remote, ..flow })
}

/// The place in the network that a request was sent for.
pub fn hop_of(request: &Request) -> Uri {
    let route = request.headers.routes().into_iter().next();
    route.map_or_else(|| request.uri.clone(), |route| route.uri)
}
