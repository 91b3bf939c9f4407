//! The sockets of the provider and of the office's phones, with SIP's
//! transactions on them: what is asked is asked again until it is answered.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bellhop::domain::chance::Chance;
use bellhop::domain::effects::Effects;
use bellhop::domain::time::Moment;
use bellhop::edge::clock::Clock;
use bellhop::sip::flow::{Flow, Transport};
use bellhop::sip::transaction::{ClientId, Effect, Incoming, ServerId, Transactions};
use bellhop::sip::wire::{self, Request, Response};
use bytes::Bytes;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};

use super::Trouble;

const DATAGRAM_MAX: usize = 65_535;

/// At which socket somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The world outside, behind the trunk.
    Provider,
    /// All phones of the office.
    Phones,
}

pub struct Wires {
    poll: Poll,
    events: Events,
    sockets: [UdpSocket; 2],
    addresses: [SocketAddr; 2],
    office: SocketAddr,
    transactions: Transactions,
    pub chance: Chance,
    clock: Clock,
    arrived: VecDeque<Arrival>,
}

pub struct Arrival {
    /// When its last datagram was taken from the socket.
    pub at: Moment,
    pub what: Incoming,
}

impl Wires {
    pub fn bind(host: IpAddr, chance: Chance, clock: Clock) -> io::Result<Self> {
        let poll = Poll::new()?;
        let bind = || UdpSocket::bind(SocketAddr::new(host, 0));
        let mut sockets = [bind()?, bind()?];
        for (token, socket) in sockets.iter_mut().enumerate() {
            poll.registry().register(socket, Token(token), Interest::READABLE)?;
        }
        let addresses = [sockets[0].local_addr()?, sockets[1].local_addr()?];
        Ok(Self {
            poll,
            events: Events::with_capacity(8),
            sockets,
            addresses,
            office: SocketAddr::new(host, 0),
            transactions: Transactions::default(),
            chance,
            clock,
            arrived: VecDeque::new(),
        })
    }

    /// Where everything goes.
    pub fn plug_into(&mut self, office: SocketAddr) {
        self.office = office;
    }

    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    pub fn address(&self, side: Side) -> SocketAddr {
        self.addresses[side as usize]
    }

    pub fn flow(&self, side: Side) -> Flow {
        Flow { transport: Transport::Udp, local: self.address(side), remote: self.office }
    }

    /// When it left is the moment before the system was asked to send it.
    pub fn send(&mut self, side: Side, request: Request) -> (ClientId, Moment) {
        let (flow, sent_by) = (self.flow(side), self.address(side).to_string());
        let now = self.now();
        let (client, effects) =
            self.transactions.send(request, flow, &sent_by, &mut self.chance, now);
        let left_at = self.now();
        self.carry_out(effects, left_at);
        (client, left_at)
    }

    pub fn acknowledge(&mut self, side: Side, client: ClientId, ack: Request) {
        let (flow, sent_by) = (self.flow(side), self.address(side).to_string());
        let send = self.transactions.acknowledge(client, ack, flow, &sent_by, &mut self.chance);
        let now = self.now();
        self.carry_out(Effects::one(send), now);
    }

    pub fn accept(&mut self, request: &Request, flow: Flow) -> ServerId {
        self.transactions.accept(request, flow)
    }

    pub fn respond(&mut self, server: ServerId, response: &Response) {
        let now = self.now();
        let effects = self.transactions.respond(server, response, now);
        self.carry_out(effects, now);
    }

    /// What came first; nothing when nothing comes until then.
    pub fn next(&mut self, until: Moment) -> Result<Option<Arrival>, Trouble> {
        loop {
            if let Some(arrival) = self.arrived.pop_front() {
                return Ok(Some(arrival));
            }
            let now = self.now();
            if now >= until {
                return Ok(None);
            }
            let due = self.transactions.next_wakeup().map_or(until, |wakeup| wakeup.at.min(until));
            // A poll's time is whole milliseconds.
            let wait = due.since(now).max(Duration::from_millis(1));
            match self.poll.poll(&mut self.events, Some(wait)) {
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                polled => polled?,
            }
            self.read()?;
            let now = self.now();
            let effects = self.transactions.handle_wakeup(now);
            self.carry_out(effects, now);
        }
    }

    fn read(&mut self) -> Result<(), Trouble> {
        let mut buffer = [0; DATAGRAM_MAX];
        for side in [Side::Provider, Side::Phones] {
            while let Ok((length, _)) = self.sockets[side as usize].recv_from(&mut buffer) {
                let at = self.now();
                let bytes = Bytes::copy_from_slice(&buffer[..length]);
                let message = wire::parse(&bytes)?;
                let effects = self.transactions.receive(message, self.flow(side), at);
                self.carry_out(effects, at);
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, effects: Effects<Effect>, at: Moment) {
        for effect in effects {
            match effect {
                Effect::Send { flow, bytes } => {
                    let of = usize::from(flow.local == self.address(Side::Phones));
                    // What the system does not take is sent again.
                    let _ = self.sockets[of].send_to(&bytes, flow.remote);
                }
                Effect::Up(what) => self.arrived.push_back(Arrival { at, what }),
            }
        }
    }
}
