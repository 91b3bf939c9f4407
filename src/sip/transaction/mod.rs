//! The four transactions of RFC 3261 §17 with RFC 6026, as one core.
//!
//! It retransmits, absorbs retransmissions, matches CANCEL and ACK, and
//! answers merged requests (§8.2.2.2). A new request takes no memory until
//! its user accepts it: strangers are answered without state.

mod client;
mod server;
pub mod timing;

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::domain::chance::Chance;
use crate::domain::effects::Effects;
use crate::domain::time::{Moment, Wakeup};
use crate::domain::timers::Timers;
use crate::sip::flow::Flow;
use crate::sip::wire::{Message, Method, Request, Response};

use client::Clients;
use server::Servers;

/// A request we sent. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClientId(pub u64);

/// A request we took on. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServerId(pub u64);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Send { flow: Flow, bytes: Bytes },
    Up(Incoming),
}

/// What the transaction user is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A request seen for the first time, its Via completed with `received`
    /// and `rport` (RFC 3581 §4). To be accepted or answered statelessly.
    Request {
        request: Request,
        flow: Flow,
    },
    /// The ACK of a 2xx of ours. Told once.
    Acknowledged {
        server: ServerId,
        request: Request,
    },
    /// A 2xx of ours got no ACK for 32 s (timer H, §13.3.1.4).
    NotAcknowledged {
        server: ServerId,
    },
    /// The INVITE is to be given up; the CANCEL has been answered.
    Cancelled {
        server: ServerId,
    },
    Response {
        client: ClientId,
        response: Response,
        flow: Flow,
    },
    /// A second branch of a forked INVITE answered as well: to be
    /// acknowledged and ended (§13.2.2.4).
    SecondAnswer {
        client: ClientId,
        response: Response,
        flow: Flow,
    },
    /// No final response in time (timers B, F), or the transport failed.
    TimedOut {
        client: ClientId,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Key {
    Client(ClientId),
    Server(ServerId),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Transactions {
    clients: Clients,
    servers: Servers,
    timers: Timers<Key>,
    last_id: u64,
}

impl Transactions {
    /// A message from the network.
    pub fn receive(&mut self, message: Message, flow: Flow, now: Moment) -> Effects<Effect> {
        match message {
            Message::Response(response) => self.receive_response(response, flow, now),
            Message::Request(request) => self.receive_request(request, flow, now),
        }
    }

    /// A peer is not where `from` leads any more. What is under way goes on
    /// where `to` finds him, for each request of ours; our own answers go to
    /// `answers`, or to where he says he listens.
    pub fn reroute(
        &mut self,
        from: Flow,
        to: impl Fn(&Request) -> Option<Flow>,
        answers: Option<Flow>,
    ) -> Effects<Effect> {
        self.reroute_servers(from, answers);
        self.reroute_clients(from, to)
    }

    /// Unfinished transactions of requests we took on, from this host: for limits.
    pub fn open_from(&self, flow: &Flow) -> usize {
        self.servers.open_from(flow)
    }

    /// A request of ours that this answers is still remembered.
    pub fn has_sent_for(&self, response: &Response) -> bool {
        self.clients.of(response).is_some()
    }

    /// A repetition, CANCEL or ACK of a request that is still remembered.
    pub fn has_seen(&self, request: &Request) -> bool {
        self.servers.has(request)
    }

    pub fn next_wakeup(&self) -> Option<Wakeup> {
        self.timers.next().map(|at| Wakeup { at, reason: "SIP transaction timer" })
    }

    /// The program was away for `span`: what no peer could answer meanwhile is
    /// not held against him, and everything waits as much longer.
    pub fn were_away(&mut self, span: Duration) {
        let timers = Vec::from(std::mem::take(&mut self.timers));
        let later = timers.into_iter().map(|(key, at)| (key, at + span)).collect::<Vec<_>>();
        self.timers = Timers::from(later);
        self.clients.were_away(span);
        self.servers.were_away(span);
    }

    /// Acts on everything that has fallen due. Calling it early does nothing.
    pub fn handle_wakeup(&mut self, now: Moment) -> Effects<Effect> {
        let mut effects = Effects::none();
        while let Some(key) = self.timers.pop_due(now) {
            match key {
                Key::Client(id) => effects.extend(self.client_due(id, now)),
                Key::Server(id) => effects.extend(self.server_due(id, now)),
            }
        }
        effects
    }

    /// Answers without keeping anything: for strangers and refusals that may
    /// be given again.
    pub fn reply_statelessly(flow: Flow, response: &Response) -> Effect {
        let flow = server::reply_flow(&response.headers, flow);
        Effect::Send { flow, bytes: response.to_bytes() }
    }

    /// With a To tag, if it has none.
    pub fn tagged(response: Response) -> Response {
        server::tagged(response)
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn branch(chance: &mut Chance) -> String {
        format!("z9hG4bK{}", chance.hex(16))
    }

    fn receive_request(&mut self, request: Request, flow: Flow, now: Moment) -> Effects<Effect> {
        let request = server::with_source(request, flow);
        match request.method {
            Method::Ack => self.receive_ack(request, now),
            Method::Cancel => self.receive_cancel(&request, flow),
            _ => self.receive_other(request, flow),
        }
    }
}
