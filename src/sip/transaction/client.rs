//! Requests we sent (RFC 3261 §17.1, RFC 6026 §7.2).

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::domain::chance::Chance;
use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::sip::flow::Flow;
use crate::sip::transaction::timing::{GIVE_UP, T1, T2, T4, doubled};
use crate::sip::transaction::{ClientId, Effect, Incoming, Key, Transactions};
use crate::sip::wire::{Method, Name, Request, Response, Via};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Clients {
    by_id: BTreeMap<ClientId, Client>,
    by_branch: BTreeMap<String, ClientId>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Client {
    request: Request,
    flow: Flow,
    branch: String,
    state: State,
    /// The CANCEL's transaction has the INVITE's branch; it is kept inside.
    cancel: Cancel,
    cancel_reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Cancel {
    No,
    /// Asked for before any response: goes out with the first provisional
    /// one (RFC 3261 §9.1).
    Waiting,
    Sent,
}

/// ```text
/// Calling ──1xx──▶ Proceeding ──final──▶ Completed ──D, K──▶ gone
///    ├──────────────2xx to INVITE──────▶ Accepted ──M──▶ gone
///    └──────────────2xx to another─────▶ gone
/// Calling, Proceeding ──B, F──▶ gone, told as timed out
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
enum State {
    Calling {
        pause: Duration,
        give_up_at: Moment,
    },
    /// Non-INVITE requests are still repeated, each T2.
    Proceeding {
        give_up_at: Option<Moment>,
    },
    /// A final response was told. `ack` answers its repetitions.
    Completed {
        ack: Option<Bytes>,
    },
    /// 2xx to INVITE: the user's own ACK answers repetitions of this tag's.
    Accepted {
        to_tag: Option<String>,
        ack: Option<(Flow, Bytes)>,
    },
}

impl Clients {
    pub(super) fn were_away(&mut self, span: Duration) {
        for client in self.by_id.values_mut() {
            match &mut client.state {
                State::Calling { give_up_at: at, .. }
                | State::Proceeding { give_up_at: Some(at) } => *at = *at + span,
                State::Proceeding { give_up_at: None }
                | State::Completed { .. }
                | State::Accepted { .. } => {}
            }
        }
    }
}

impl Transactions {
    /// Sends `request` under a new Via of `sent_by` (`host:port`) and watches over it.
    pub fn send(
        &mut self,
        mut request: Request,
        flow: Flow,
        sent_by: &str,
        chance: &mut Chance,
        now: Moment,
    ) -> (ClientId, Effects<Effect>) {
        let branch = Self::branch(chance);
        let transport = flow.transport.as_str();
        let via = format!("SIP/2.0/{transport} {sent_by};branch={branch};rport");
        request.headers.push_front(Name::Via, via);
        let id = ClientId(self.next_id());
        let send = Effect::Send { flow, bytes: request.to_bytes() };
        let give_up_at = now + GIVE_UP;
        let state = State::Calling { pause: T1, give_up_at };
        let repeat_at = if flow.transport.is_reliable() { give_up_at } else { now + T1 };
        self.timers.set(Key::Client(id), repeat_at);
        self.clients.by_branch.insert(branch.clone(), id);
        let client =
            Client { request, flow, branch, state, cancel: Cancel::No, cancel_reason: None };
        self.clients.by_id.insert(id, client);
        (id, Effects::one(send))
    }

    /// The request as it was sent; none when it has done what it was to do.
    pub fn sent(&self, id: ClientId) -> Option<&Request> {
        self.clients.by_id.get(&id).map(|client| &client.request)
    }

    /// Gives up an INVITE: at once when the far end has answered something,
    /// else as soon as it does (RFC 3261 §9.1).
    /// `reason` goes along as its Reason (RFC 3326).
    pub fn cancel(&mut self, id: ClientId, reason: Option<&str>, now: Moment) -> Effects<Effect> {
        let Some(client) = self.clients.by_id.get_mut(&id) else { return Effects::none() };
        if client.cancel != Cancel::No {
            return Effects::none();
        }
        client.cancel = Cancel::Waiting;
        client.cancel_reason = reason.map(str::to_owned);
        self.send_cancel(id, now)
    }

    fn send_cancel(&mut self, id: ClientId, now: Moment) -> Effects<Effect> {
        let Some(client) = self.clients.by_id.get_mut(&id) else { return Effects::none() };
        let State::Proceeding { give_up_at } = &mut client.state else { return Effects::none() };
        // A peer that acknowledges the CANCEL but never ends the INVITE is
        // given up after 64 T1 (§9.1).
        *give_up_at = Some(now + GIVE_UP);
        client.cancel = Cancel::Sent;
        let bytes = client.cancel_request().to_bytes();
        let flow = client.flow;
        self.timers.set(Key::Client(id), now + T1);
        Effects::one(Effect::Send { flow, bytes })
    }

    /// Sends the ACK of a 2xx (RFC 3261 §13.2.2.4), now and again for each
    /// repetition of that 2xx.
    pub fn acknowledge(
        &mut self,
        id: ClientId,
        mut ack: Request,
        flow: Flow,
        sent_by: &str,
        chance: &mut Chance,
    ) -> Effect {
        let branch = Self::branch(chance);
        let transport = flow.transport.as_str();
        let via = format!("SIP/2.0/{transport} {sent_by};branch={branch};rport");
        ack.headers.push_front(Name::Via, via);
        let bytes = ack.to_bytes();
        if let Some(Client { state: State::Accepted { ack, .. }, .. }) =
            self.clients.by_id.get_mut(&id)
        {
            *ack = Some((flow, bytes.clone()));
        }
        Effect::Send { flow, bytes }
    }

    /// The edge could not send to, or lost, this peer.
    pub fn transport_failed(&mut self, flow: Flow) -> Effects<Effect> {
        let open = self.clients.by_id.iter().filter(|(_, c)| c.flow == flow && c.is_open());
        let ids: Vec<ClientId> = open.map(|(id, _)| *id).collect();
        ids.into_iter().map(|id| self.give_up(id)).collect()
    }

    /// What is under way to the lost `from` is said again where `to` finds its
    /// peer: there it is a repetition or news, and both are understood.
    pub(super) fn reroute_clients(
        &mut self,
        from: Flow,
        to: impl Fn(&Request) -> Option<Flow>,
    ) -> Effects<Effect> {
        let mut effects = Effects::none();
        for client in self.clients.by_id.values_mut().filter(|client| client.flow == from) {
            let Some(flow) = to(&client.request) else { continue };
            client.flow = flow;
            if let State::Accepted { ack: Some((ack_flow, _)), .. } = &mut client.state {
                *ack_flow = flow;
            }
            if client.is_open() {
                effects.push(Effect::Send { flow, bytes: client.request.to_bytes() });
            }
        }
        effects
    }

    pub(super) fn receive_response(
        &mut self,
        response: Response,
        flow: Flow,
        now: Moment,
    ) -> Effects<Effect> {
        let Some((id, method)) = self.clients.matching(&response) else { return Effects::none() };
        let Some(client) = self.clients.by_id.get_mut(&id) else { return Effects::none() };
        if !client.may_be_answered_from(flow) {
            return Effects::none();
        }
        if method == Method::Cancel && client.request.method != Method::Cancel {
            return Effects::none(); // The INVITE's own final response is what counts.
        }
        if method != client.request.method {
            return Effects::none();
        }
        if response.status < 200 {
            return self.provisional(id, response, flow, now);
        }
        if client.request.method == Method::Invite {
            return self.final_to_invite(id, response, flow, now);
        }
        self.final_to_other(id, response, flow, now)
    }

    fn provisional(
        &mut self,
        id: ClientId,
        response: Response,
        flow: Flow,
        now: Moment,
    ) -> Effects<Effect> {
        let Some(client) = self.clients.by_id.get_mut(&id) else { return Effects::none() };
        let invite = client.request.method == Method::Invite;
        match client.state {
            State::Calling { give_up_at, .. } => {
                let give_up_at = (!invite).then_some(give_up_at);
                client.state = State::Proceeding { give_up_at };
                if invite {
                    self.timers.clear(&Key::Client(id));
                }
            }
            State::Proceeding { .. } => {}
            State::Completed { .. } | State::Accepted { .. } => return Effects::none(),
        }
        let waiting = client.cancel == Cancel::Waiting;
        let up = Effect::Up(Incoming::Response { client: id, response, flow });
        let mut effects = Effects::one(up);
        if waiting {
            effects.extend(self.send_cancel(id, now));
        }
        effects
    }

    fn final_to_invite(
        &mut self,
        id: ClientId,
        response: Response,
        flow: Flow,
        now: Moment,
    ) -> Effects<Effect> {
        let Some(client) = self.clients.by_id.get_mut(&id) else { return Effects::none() };
        match &client.state {
            State::Calling { .. } | State::Proceeding { .. } => {}
            State::Completed { ack: Some(ack) } if response.status >= 300 => {
                return Effects::one(Effect::Send { flow: client.flow, bytes: ack.clone() });
            }
            State::Accepted { to_tag, ack } if response.status < 300 => {
                if *to_tag != response.headers.to_tag() {
                    let second = Incoming::SecondAnswer { client: id, response, flow };
                    return Effects::one(Effect::Up(second));
                }
                let again = ack.clone();
                return again
                    .map(|(flow, bytes)| Effect::Send { flow, bytes })
                    .into_iter()
                    .collect();
            }
            State::Completed { .. } | State::Accepted { .. } => return Effects::none(),
        }
        let mut effects = Effects::none();
        if response.status < 300 {
            client.state = State::Accepted { to_tag: response.headers.to_tag(), ack: None };
            self.timers.set(Key::Client(id), now + GIVE_UP);
        } else {
            let bytes = client.ack_of(&response).to_bytes();
            client.state = State::Completed { ack: Some(bytes.clone()) };
            effects.push(Effect::Send { flow: client.flow, bytes });
            let linger = if client.flow.transport.is_reliable() { T4 } else { GIVE_UP };
            self.timers.set(Key::Client(id), now + linger);
        }
        effects.push(Effect::Up(Incoming::Response { client: id, response, flow }));
        effects
    }

    fn final_to_other(
        &mut self,
        id: ClientId,
        response: Response,
        flow: Flow,
        now: Moment,
    ) -> Effects<Effect> {
        let Some(client) = self.clients.by_id.get_mut(&id) else { return Effects::none() };
        if !client.is_open() {
            return Effects::none();
        }
        if response.is_success() {
            // Timer K only keeps repeated answers from the user, and what
            // belongs to nothing is dropped anyway: an office tells a lot.
            self.timers.clear(&Key::Client(id));
            self.clients.forget(id);
        } else {
            // To be sent again, perhaps, with credentials.
            client.state = State::Completed { ack: None };
            self.timers.set(Key::Client(id), now + T4);
        }
        Effects::one(Effect::Up(Incoming::Response { client: id, response, flow }))
    }

    pub(super) fn client_due(&mut self, id: ClientId, now: Moment) -> Effects<Effect> {
        let Some(client) = self.clients.by_id.get_mut(&id) else { return Effects::none() };
        let invite = client.request.method == Method::Invite;
        match &mut client.state {
            State::Completed { .. } | State::Accepted { .. } => {
                self.clients.forget(id);
                Effects::none()
            }
            State::Calling { give_up_at, .. } if *give_up_at <= now => {
                Effects::one(self.give_up(id))
            }
            State::Proceeding { give_up_at: Some(at) } if *at <= now => {
                Effects::one(self.give_up(id))
            }
            State::Calling { pause, give_up_at } => {
                // INVITEs double without bound, others up to T2 (§17.1.1.2, §17.1.2.2).
                *pause = if invite { *pause * 2 } else { doubled(*pause) };
                let next = (now + *pause).min(*give_up_at);
                self.timers.set(Key::Client(id), next);
                let bytes = client.request.to_bytes();
                Effects::one(Effect::Send { flow: client.flow, bytes })
            }
            State::Proceeding { give_up_at } => {
                let next = now + T2;
                let next = give_up_at.map_or(next, |at| next.min(at));
                self.timers.set(Key::Client(id), next);
                if client.flow.transport.is_reliable() {
                    return Effects::none();
                }
                let again = if invite { client.cancel_request() } else { client.request.clone() };
                Effects::one(Effect::Send { flow: client.flow, bytes: again.to_bytes() })
            }
        }
    }

    fn give_up(&mut self, id: ClientId) -> Effect {
        self.timers.clear(&Key::Client(id));
        self.clients.forget(id);
        Effect::Up(Incoming::TimedOut { client: id })
    }
}

impl Clients {
    /// By the topmost Via's branch and the method of CSeq (RFC 3261 §17.1.3).
    fn matching(&self, response: &Response) -> Option<(ClientId, Method)> {
        let via: Via = response.headers.via().ok()?;
        let id = self.by_branch.get(via.branch()?)?;
        let method = response.headers.cseq().ok()?.method;
        Some((*id, method))
    }

    pub(super) fn of(&self, response: &Response) -> Option<ClientId> {
        self.matching(response).map(|(id, _)| id)
    }

    fn forget(&mut self, id: ClientId) {
        if let Some(client) = self.by_id.remove(&id) {
            self.by_branch.remove(&client.branch);
        }
    }
}

impl Client {
    fn is_open(&self) -> bool {
        matches!(self.state, State::Calling { .. } | State::Proceeding { .. })
    }

    /// By the host it was sent to: a branch that was guessed or overheard is not
    /// enough. A proxy may answer from another port, and a peer whose
    /// connection is gone on a new one (RFC 3261 §18.2.2).
    fn may_be_answered_from(&self, flow: Flow) -> bool {
        let host = |flow: Flow| flow.remote.ip().to_canonical();
        self.flow.transport == flow.transport && host(self.flow) == host(flow)
    }

    /// CANCEL, and ACK of a refusal: the request's own branch, target and
    /// CSeq number (RFC 3261 §9.1, §17.1.1.3).
    fn derived(&self, method: Method) -> Request {
        let mut derived = Request::new(method.clone(), self.request.uri.clone());
        let from = &self.request.headers;
        if let Some(via) = from.get(&Name::Via) {
            derived.headers.push(Name::Via, Bytes::copy_from_slice(via));
        }
        for name in [Name::Route, Name::From, Name::To, Name::CallId] {
            for value in from.all(&name) {
                derived.headers.push(name.clone(), Bytes::copy_from_slice(value));
            }
        }
        let number = from.cseq().map(|cseq| cseq.number).unwrap_or_default();
        derived.headers.push(Name::CSeq, format!("{number} {}", method.as_str()));
        derived.headers.push(Name::MaxForwards, "70");
        derived
    }

    fn cancel_request(&self) -> Request {
        let mut cancel = self.derived(Method::Cancel);
        if let Some(reason) = &self.cancel_reason {
            cancel.headers.push(Name::Reason, reason.clone());
        }
        cancel
    }

    fn ack_of(&self, response: &Response) -> Request {
        let mut ack = self.derived(Method::Ack);
        if let Some(to) = response.headers.get(&Name::To) {
            ack.headers.set(Name::To, Bytes::copy_from_slice(to));
        }
        ack
    }
}
