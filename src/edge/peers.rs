//! Many UDP sockets on one thread: what simulated people, who live as a core
//! with numbered ports, send and get through.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use std::sync::Arc;

use crate::domain::time::Moment;
use crate::edge::clock::Clock;

const WAKE: Token = Token(usize::MAX);
/// Longest datagram taken.
const DATAGRAM_BYTES_MAX: usize = 65_535;

#[derive(Debug)]
pub struct Peers {
    poll: Poll,
    sockets: Vec<UdpSocket>,
    by_address: BTreeMap<SocketAddr, usize>,
    clock: Clock,
    waker: Arc<Waker>,
    events: Events,
    buffer: Vec<u8>,
}

/// As it came: where, from whom, when.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub at: SocketAddr,
    pub from: SocketAddr,
    pub bytes: &'a [u8],
    pub now: Moment,
}

impl Peers {
    /// # Errors
    /// The system gives no more handles.
    pub fn new(clock: Clock) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        Ok(Self {
            poll,
            sockets: Vec::new(),
            by_address: BTreeMap::new(),
            clock,
            waker,
            events: Events::with_capacity(256),
            buffer: vec![0; DATAGRAM_BYTES_MAX],
        })
    }

    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Ends the wait of [`Peers::wait`] from another thread.
    pub fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// On a port that is free.
    ///
    /// # Errors
    /// The system gives none.
    pub fn bind(&mut self, ip: IpAddr) -> io::Result<SocketAddr> {
        let mut socket = UdpSocket::bind(SocketAddr::new(ip, 0))?;
        let address = socket.local_addr()?;
        let number = self.sockets.len();
        self.poll.registry().register(&mut socket, Token(number), Interest::READABLE)?;
        self.by_address.insert(address, number);
        self.sockets.push(socket);
        Ok(address)
    }

    /// A datagram that the system does not take is lost, as on any network.
    pub fn send(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let socket = self.by_address.get(&from).and_then(|number| self.sockets.get(*number));
        if let Some(socket) = socket {
            let _ = socket.send_to(bytes, to);
        }
    }

    /// Waits until something arrives, someone wakes, or it is `until`; then
    /// hands over all that is there.
    ///
    /// # Errors
    /// The system cannot wait.
    pub fn wait(
        &mut self,
        until: Moment,
        mut each: impl FnMut(&Sending<'_>, Arrival<'_>),
    ) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(self.clock.until(until))) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &self.events {
            let number = event.token().0;
            let Some(socket) = self.sockets.get(number) else {
                continue;
            };
            let at = socket.local_addr()?;
            // An ICMP refusal of something sent earlier is an error here, and
            // not the end of what can be read.
            let mut refusals = 0;
            while refusals < 16 {
                match socket.recv_from(&mut self.buffer) {
                    Ok((length, from)) => {
                        let bytes = self.buffer.get(..length).unwrap_or_default();
                        let sending =
                            Sending { sockets: &self.sockets, by_address: &self.by_address };
                        each(&sending, Arrival { at, from, bytes, now: self.clock.now() });
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => refusals += 1,
                }
            }
        }
        Ok(())
    }
}

/// The sockets, while something that arrived is handled.
#[derive(Debug)]
pub struct Sending<'a> {
    sockets: &'a [UdpSocket],
    by_address: &'a BTreeMap<SocketAddr, usize>,
}

impl Sending<'_> {
    pub fn send(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let socket = self.by_address.get(&from).and_then(|number| self.sockets.get(*number));
        if let Some(socket) = socket {
            let _ = socket.send_to(bytes, to);
        }
    }
}
