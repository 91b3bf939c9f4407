//! Requests we took on (RFC 3261 §17.2, RFC 6026 §7.1).

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::sip::flow::Flow;
use crate::sip::transaction::timing::{GIVE_UP, T1, T4, doubled};
use crate::sip::transaction::{Effect, Incoming, Key, ServerId, Transactions};
use crate::sip::wire::{Headers, Host, Method, Name, Request, Response};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Servers {
    by_id: BTreeMap<ServerId, Server>,
    by_key: BTreeMap<String, ServerId>,
    /// Requests outside dialogs by what a merged copy would share with them
    /// (RFC 3261 §8.2.2.2).
    by_origin: BTreeMap<String, ServerId>,
    /// Requests without a final answer, by the host they came from.
    open: BTreeMap<IpAddr, usize>,
    /// INVITEs answered 2xx, by what their ACK will carry.
    awaiting_ack: BTreeMap<String, ServerId>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Server {
    /// Until it has its final answer.
    request: Option<Request>,
    flow: Flow,
    /// Where the peer says he does, should his connection be lost.
    listening: Flow,
    key: String,
    origin: Option<String>,
    /// Ours, once it is known.
    to_tag: Option<String>,
    state: State,
}

/// ```text
/// Proceeding ──2xx to INVITE──▶ Accepted ──L──▶ gone
///     └──────other final──────▶ Completed ──ACK──▶ Confirmed ──I──▶ gone
///                                   └───────────────J, H──────────▶ gone
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
enum State {
    Proceeding {
        last: Option<Bytes>,
    },
    /// Repeated until the ACK comes (INVITE over UDP).
    Completed {
        response: Bytes,
        repeat: Option<Duration>,
        until: Moment,
    },
    Confirmed,
    /// Repeated until acknowledged, whatever the transport (§13.3.1.4).
    Accepted {
        response: Bytes,
        ack_key: String,
        repeat: Option<Duration>,
        until: Moment,
    },
}

impl Servers {
    pub(super) fn were_away(&mut self, span: Duration) {
        for server in self.by_id.values_mut() {
            match &mut server.state {
                State::Completed { until, .. } | State::Accepted { until, .. } => {
                    *until = *until + span;
                }
                State::Proceeding { .. } | State::Confirmed => {}
            }
        }
    }
}

impl Transactions {
    /// Takes the request on: repetitions of it are answered from now on with
    /// whatever was answered last.
    pub fn accept(&mut self, request: &Request, flow: Flow) -> ServerId {
        let id = ServerId(self.next_id());
        let key = key_of(request);
        let origin = origin_of(request);
        self.servers.by_key.insert(key.clone(), id);
        if let Some(origin) = &origin {
            self.servers.by_origin.insert(origin.clone(), id);
        }
        let state = State::Proceeding { last: None };
        let listening = listening(&request.headers, flow);
        let flow = reply_flow(&request.headers, flow);
        *self.servers.open.entry(flow.remote.ip()).or_default() += 1;
        let request = Some(request.clone());
        let server = Server { request, flow, listening, key, origin, to_tag: None, state };
        self.servers.by_id.insert(id, server);
        id
    }

    /// A request that has no final answer yet.
    /// The tag that all responses to this request will bear: one to its CANCEL
    /// bears it too (RFC 3261 §9.2). Without a word of it, that of the latest
    /// response.
    pub fn will_be_tagged(&mut self, id: ServerId, tag: &str) {
        if let Some(server) = self.servers.by_id.get_mut(&id) {
            server.to_tag = Some(tag.to_owned());
        }
    }

    pub fn accepted(&self, id: ServerId) -> Option<&Request> {
        self.servers.by_id.get(&id)?.request.as_ref()
    }

    /// Answers; a second final answer is not sent.
    pub fn respond(&mut self, id: ServerId, response: &Response, now: Moment) -> Effects<Effect> {
        let Some(server) = self.servers.by_id.get_mut(&id) else { return Effects::none() };
        let State::Proceeding { last } = &mut server.state else { return Effects::none() };
        let bytes = response.to_bytes();
        server.to_tag = response.headers.to_tag().or(server.to_tag.take());
        let flow = server.flow;
        let send = Effects::one(Effect::Send { flow, bytes: bytes.clone() });
        if response.status < 200 {
            *last = Some(bytes);
            return send;
        }
        let until = now + GIVE_UP;
        let reliable = server.flow.transport.is_reliable();
        let invite = server.request.take().is_some_and(|it| it.method == Method::Invite);
        if invite && response.status < 300 {
            let ack_key = ack_key(&response.headers.call_id(), &response.headers.to_tag(), {
                response.headers.cseq().map(|cseq| cseq.number).unwrap_or_default()
            });
            self.servers.awaiting_ack.insert(ack_key.clone(), id);
            server.state = State::Accepted { response: bytes, ack_key, repeat: Some(T1), until };
            self.timers.set(Key::Server(id), now + T1);
            self.servers.closed(flow.remote.ip());
            return send;
        }
        let repeat = (invite && !reliable).then_some(T1);
        server.state = State::Completed { response: bytes, repeat, until };
        let due = match repeat {
            Some(pause) => now + pause,
            None if reliable && !invite => now + T4,
            None => until,
        };
        self.timers.set(Key::Server(id), due);
        self.servers.closed(flow.remote.ip());
        send
    }

    pub(super) fn receive_other(&mut self, request: Request, flow: Flow) -> Effects<Effect> {
        if let Some(id) = self.servers.by_key.get(&key_of(&request)) {
            return self.servers.repeat_last(*id);
        }
        let merged = origin_of(&request).and_then(|origin| self.servers.by_origin.get(&origin));
        if merged.is_some() {
            let response = tagged(request.response(482).reason("Merged Request"));
            return Effects::one(Self::reply_statelessly(flow, &response));
        }
        Effects::one(Effect::Up(Incoming::Request { request, flow }))
    }

    pub(super) fn receive_ack(&mut self, request: Request, now: Moment) -> Effects<Effect> {
        if let Some(id) = self.servers.by_key.get(&key_of(&request)) {
            let id = *id;
            return self.acknowledge_refusal(id, now);
        }
        let number = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let key = ack_key(&request.headers.call_id(), &request.headers.to_tag(), number);
        let Some(id) = self.servers.awaiting_ack.remove(&key) else { return Effects::none() };
        if let Some(Server { state: State::Accepted { repeat, until, .. }, .. }) =
            self.servers.by_id.get_mut(&id)
        {
            *repeat = None;
            self.timers.set(Key::Server(id), *until);
        }
        Effects::one(Effect::Up(Incoming::Acknowledged { server: id, request }))
    }

    fn acknowledge_refusal(&mut self, id: ServerId, now: Moment) -> Effects<Effect> {
        let Some(server) = self.servers.by_id.get_mut(&id) else { return Effects::none() };
        if matches!(server.state, State::Completed { .. }) {
            server.state = State::Confirmed;
            self.timers.set(Key::Server(id), now + T4);
        }
        Effects::none()
    }

    /// The CANCEL is answered here; what becomes of the INVITE is its user's
    /// business (RFC 3261 §9.2).
    pub(super) fn receive_cancel(&mut self, cancel: &Request, flow: Flow) -> Effects<Effect> {
        let found = self.servers.by_key.get(&key_of_invite(cancel)).copied();
        let invite = found.and_then(|id| self.servers.by_id.get(&id));
        let same_host = invite.is_some_and(|i| i.flow.remote.ip() == flow.remote.ip());
        let (Some(id), true) = (found, same_host) else {
            let gone = tagged(cancel.response(481));
            return Effects::one(Self::reply_statelessly(flow, &gone));
        };
        let tag = invite.and_then(|invite| invite.to_tag.as_deref());
        let ok = tagged_as(cancel.response(200), tag);
        let mut effects = Effects::one(Self::reply_statelessly(flow, &ok));
        let pending = invite.is_some_and(|server| matches!(server.state, State::Proceeding { .. }));
        if pending {
            effects.push(Effect::Up(Incoming::Cancelled { server: id }));
        }
        effects
    }

    /// Answers go to `to` that would have gone to the lost `from`; without it
    /// to where the peer says he listens (RFC 3261 §18.2.2).
    pub(super) fn reroute_servers(&mut self, from: Flow, to: Option<Flow>) {
        let mut moved = Vec::new();
        for server in self.servers.by_id.values_mut().filter(|server| server.flow == from) {
            server.flow = to.unwrap_or(server.listening);
            if matches!(server.state, State::Proceeding { .. }) {
                moved.push(server.flow.remote.ip());
            }
        }
        for host in moved {
            self.servers.closed(from.remote.ip());
            *self.servers.open.entry(host).or_default() += 1;
        }
    }

    pub(super) fn server_due(&mut self, id: ServerId, now: Moment) -> Effects<Effect> {
        let Some(server) = self.servers.by_id.get_mut(&id) else { return Effects::none() };
        let flow = server.flow;
        match &mut server.state {
            State::Completed { response, repeat: Some(pause), until }
            | State::Accepted { response, repeat: Some(pause), until, .. }
                if now < *until =>
            {
                *pause = doubled(*pause);
                self.timers.set(Key::Server(id), (now + *pause).min(*until));
                Effects::one(Effect::Send { flow, bytes: response.clone() })
            }
            State::Accepted { repeat: Some(_), .. } => {
                self.servers.forget(id);
                Effects::one(Effect::Up(Incoming::NotAcknowledged { server: id }))
            }
            _ => {
                self.servers.forget(id);
                Effects::none()
            }
        }
    }
}

impl Servers {
    pub(super) fn has(&self, request: &Request) -> bool {
        let key = match request.method {
            Method::Ack | Method::Cancel => key_of_invite(request),
            _ => key_of(request),
        };
        self.by_key.contains_key(&key)
    }

    pub(super) fn open_from(&self, flow: &Flow) -> usize {
        self.open.get(&flow.remote.ip()).copied().unwrap_or_default()
    }

    fn closed(&mut self, host: IpAddr) {
        if let Some(open) = self.open.get_mut(&host) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                self.open.remove(&host);
            }
        }
    }

    fn repeat_last(&self, id: ServerId) -> Effects<Effect> {
        let Some(server) = self.by_id.get(&id) else { return Effects::none() };
        let last = match &server.state {
            State::Proceeding { last } => last.as_ref(),
            State::Completed { response, .. } | State::Accepted { response, .. } => Some(response),
            State::Confirmed => None,
        };
        let send = last.map(|bytes| Effect::Send { flow: server.flow, bytes: bytes.clone() });
        send.into_iter().collect()
    }

    fn forget(&mut self, id: ServerId) {
        let Some(server) = self.by_id.remove(&id) else { return };
        self.by_key.remove(&server.key);
        if let Some(origin) = &server.origin {
            self.by_origin.remove(origin);
        }
        if let State::Accepted { ack_key, .. } = &server.state {
            self.awaiting_ack.remove(ack_key);
        }
    }
}

/// A response outside a dialog gets a To tag that is the same whenever the
/// request is repeated (RFC 3261 §8.2.6.2, §8.2.7).
pub(super) fn tagged(response: Response) -> Response {
    tagged_as(response, None)
}

fn tagged_as(mut response: Response, tag: Option<&str>) -> Response {
    if response.headers.to_tag().is_none()
        && let Ok(to) = response.headers.to()
    {
        let to = match tag {
            Some(tag) => to.with_tag(tag),
            None => to.with_tag(&steady_tag(&response.headers)),
        };
        response.headers.set(Name::To, to.to_string());
    }
    response
}

/// FNV-1a, 64 bits folded to 32: it need not be secret, only steady.
fn steady_tag(headers: &Headers) -> String {
    let via = headers.via().ok();
    let branch = via.as_ref().and_then(|via| via.branch()).unwrap_or("none");
    let call_id = headers.call_id().unwrap_or_default();
    let hash =
        branch.bytes().chain(call_id.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{:08x}", (hash >> 32) as u32 ^ hash as u32)
}

/// Completes the topmost Via with the source (RFC 3581 §4, RFC 3261 §18.2.1).
pub(super) fn with_source(mut request: Request, flow: Flow) -> Request {
    let Ok(mut via) = request.headers.via() else { return request };
    let source = flow.remote.ip();
    let asks_port = via.params.has("rport");
    let sent_by_source = match &via.host {
        Host::V4(ip) => source == *ip,
        Host::V6(ip) => source == *ip,
        Host::Name(_) => false,
    };
    if asks_port {
        via.params.set("rport", Some(flow.remote.port().to_string()));
    }
    if asks_port || !sent_by_source {
        via.params.set("received", Some(source.to_string()));
    }
    request.headers.replace_top_via(&via);
    request
}

/// Where a response goes: on a stream back the way it came; else to the
/// source address, at its port if `rport` was asked for, else at the Via's
/// (RFC 3581 §4, RFC 3261 §18.2.2).
pub(super) fn reply_flow(headers: &Headers, flow: Flow) -> Flow {
    if flow.transport.is_reliable() {
        return flow;
    }
    match headers.via() {
        Ok(via) if !via.params.has("rport") => listening(headers, flow),
        Ok(_) | Err(_) => flow,
    }
}

/// The source's address with the port in its Via.
fn listening(headers: &Headers, flow: Flow) -> Flow {
    let Ok(via) = headers.via() else { return flow };
    let port = via.port.unwrap_or(5060);
    Flow { remote: SocketAddr::new(flow.remote.ip(), port), ..flow }
}

/// What identifies a request's transaction (RFC 3261 §17.2.3). ACK and
/// CANCEL are asked about as the INVITE they belong to.
fn key_of(request: &Request) -> String {
    match request.method {
        Method::Ack => key_of_invite(request),
        _ => key_as(request, request.method.as_str()),
    }
}

fn key_of_invite(request: &Request) -> String {
    key_as(request, Method::Invite.as_str())
}

fn key_as(request: &Request, method: &str) -> String {
    let headers = &request.headers;
    let via = headers.via().ok();
    let branch = via.as_ref().and_then(|via| via.branch()).unwrap_or_default();
    let sent_by = via.as_ref().map(|via| via.sent_by()).unwrap_or_default();
    if branch.starts_with("z9hG4bK") && branch.len() > 7 {
        return format!("{method}|{branch}|{sent_by}");
    }
    // RFC 2543 clients have no unique branch: the rest of the request must do.
    let call = headers.call_id().unwrap_or_default();
    let from = headers.from_tag().unwrap_or_default();
    let number = headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
    format!("{method}|{branch}|{sent_by}|{call}|{from}|{number}|{}", request.uri)
}

/// None inside a dialog: there CSeq keeps order.
fn origin_of(request: &Request) -> Option<String> {
    let headers = &request.headers;
    if headers.to_tag().is_some() {
        return None;
    }
    let cseq = headers.cseq().ok()?;
    let (call, from) = (headers.call_id()?, headers.from_tag()?);
    Some(format!("{call}|{from}|{}|{}", cseq.number, cseq.method.as_str()))
}

fn ack_key(call_id: &Option<String>, our_tag: &Option<String>, number: u32) -> String {
    let call_id = call_id.as_deref().unwrap_or_default();
    let our_tag = our_tag.as_deref().unwrap_or_default();
    format!("{call_id}|{our_tag}|{number}")
}
