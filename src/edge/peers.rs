//! Many UDP sockets for simulated people, who live as a core with numbered
//! ports. A thread of its own does nothing but read and look at the clock, so
//! that what was measured does not depend on what the people were busy with.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use mio::{Events, Interest, Poll, Token, Waker};

use crate::domain::time::Moment;
use crate::edge::clock::Clock;
use crate::edge::precedence::prefer_this_thread;

const WAKE: Token = Token(usize::MAX);
/// Longest datagram taken.
const DATAGRAM_BYTES_MAX: usize = 65_535;
/// Arrivals not looked at yet; the system's own buffers hold what comes then.
const ARRIVALS_MAX: usize = 8_192;
/// An ICMP refusal of something sent earlier is an error to the reader, and
/// not the end of what can be read. Not endlessly many in one go.
const REFUSALS_MAX: u32 = 1_024;

#[derive(Debug)]
pub struct Peers {
    sockets: BTreeMap<SocketAddr, UdpSocket>,
    clock: Clock,
    reading: Option<Reading>,
}

/// As it came: where, from whom, when.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub at: SocketAddr,
    pub from: SocketAddr,
    pub bytes: Vec<u8>,
    pub now: Moment,
}

#[derive(Debug)]
struct Reading {
    arrivals: Option<Receiver<Arrival>>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Peers {
    pub fn new(clock: Clock) -> Self {
        Self { sockets: BTreeMap::new(), clock, reading: None }
    }

    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// On a port that is free. To be done before the first [`Peers::wait`].
    ///
    /// # Errors
    /// The system gives none.
    pub fn bind(&mut self, ip: IpAddr) -> io::Result<SocketAddr> {
        let socket = UdpSocket::bind(SocketAddr::new(ip, 0))?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        self.sockets.insert(address, socket);
        Ok(address)
    }

    /// A datagram that the system does not take is lost, as on any network.
    pub fn send(&self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        if let Some(socket) = self.sockets.get(&from) {
            let _ = socket.send_to(bytes, to);
        }
    }

    /// What arrives until `until`; nothing when nothing does.
    ///
    /// # Errors
    /// The system gives no thread, or cannot wait.
    pub fn wait(&mut self, until: Moment) -> io::Result<Option<Arrival>> {
        let reading = match self.reading.take() {
            Some(reading) => reading,
            None => Reading::start(&self.sockets, self.clock)?,
        };
        let arrival = reading.next(&self.clock, until);
        self.reading = Some(reading);
        arrival
    }
}

impl Reading {
    fn start(sockets: &BTreeMap<SocketAddr, UdpSocket>, clock: Clock) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let mut readers = Vec::new();
        for (number, (address, socket)) in sockets.iter().enumerate() {
            let mut socket = mio::net::UdpSocket::from_std(socket.try_clone()?);
            poll.registry().register(&mut socket, Token(number), Interest::READABLE)?;
            readers.push((*address, socket));
        }
        let (sender, arrivals) = sync_channel(ARRIVALS_MAX);
        let thread = thread::Builder::new().name("peers".into()).spawn(move || {
            prefer_this_thread();
            read(poll, &readers, clock, &sender);
        })?;
        Ok(Self { arrivals: Some(arrivals), waker, thread: Some(thread) })
    }

    fn next(&self, clock: &Clock, until: Moment) -> io::Result<Option<Arrival>> {
        let gone = || io::Error::other("nobody reads the sockets any more");
        let arrivals = self.arrivals.as_ref().ok_or_else(gone)?;
        match arrivals.recv_timeout(clock.until(until)) {
            Ok(arrival) => Ok(Some(arrival)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.arrivals = None;
        let _ = self.waker.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Until nobody wants the arrivals any more.
fn read(
    mut poll: Poll,
    sockets: &[(SocketAddr, mio::net::UdpSocket)],
    clock: Clock,
    to: &SyncSender<Arrival>,
) {
    let mut events = Events::with_capacity(256);
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
            Ok(()) => {}
        }
        for event in &events {
            if event.token() == WAKE {
                return;
            }
            let socket = sockets.get(event.token().0);
            if socket.is_some_and(|(at, socket)| !drain(*at, socket, &mut buffer, clock, to)) {
                return;
            }
        }
    }
}

/// False when nobody listens.
fn drain(
    at: SocketAddr,
    socket: &mio::net::UdpSocket,
    buffer: &mut [u8],
    clock: Clock,
    to: &SyncSender<Arrival>,
) -> bool {
    let mut refusals = 0;
    while refusals < REFUSALS_MAX {
        match socket.recv_from(buffer) {
            Ok((length, from)) => {
                let now = clock.now();
                let bytes = buffer.get(..length).unwrap_or_default().to_vec();
                if to.send(Arrival { at, from, bytes, now }).is_err() {
                    return false;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(_) => refusals += 1,
        }
    }
    true
}
