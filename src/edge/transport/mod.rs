//! SIP over UDP and TCP: sockets, connections and their limits. It frames
//! messages and decides nothing about them.

mod addresses;
mod connection;
mod tcp;
mod udp;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::sip::flow::{Flow, Transport};
use crate::sip::wire::{Fault, Message};

pub use addresses::local_ip_for;

use addresses::LocalAddresses;
use tcp::Streams;
use udp::Datagrams;

/// What came in.
#[derive(Debug)]
pub enum Received {
    /// As it came; not yet read.
    Datagram { bytes: Bytes, flow: Flow },
    /// From a stream.
    Message { message: Message, flow: Flow },
    /// A stream brought what cannot be read. What is sent on it within the
    /// next moment still arrives; then it is closed.
    Fault { fault: Fault, flow: Flow },
    /// The stream is gone, or could not be had.
    Failed { flow: Flow },
}

/// All SIP sockets of one program. Lives inside a tokio runtime, whose only
/// thread also runs the connections.
pub struct Transports {
    datagrams: Datagrams,
    streams: Streams,
    addresses: LocalAddresses,
    /// Found out while sending.
    pending: VecDeque<Received>,
    streams_first: bool,
}

impl Transports {
    /// Listens on all of these. Port 0 asks for any free one. `::` serves
    /// IPv4 as well, unless an IPv4 address with the same port is listed.
    ///
    /// # Errors
    /// One cannot be bound; the message names it. Nothing stays bound.
    pub fn bind(wanted: &[(Transport, SocketAddr)]) -> io::Result<Self> {
        let mut datagrams = Datagrams::default();
        let mut streams = Streams::default();
        for (transport, address) in wanted {
            let only_v6 = has_v4_twin(wanted, *transport, *address);
            let bound = match transport {
                Transport::Udp => datagrams.bind(*address, only_v6),
                Transport::Tcp => streams.listen(*address, only_v6),
                _ => Err(io::Error::from(io::ErrorKind::Unsupported)),
            };
            bound.map_err(|fault| named(&fault, *transport, *address))?;
        }
        let (addresses, pending) = (LocalAddresses::default(), VecDeque::new());
        Ok(Self { datagrams, streams, addresses, pending, streams_first: false })
    }

    /// Binds a socket that shares one of our UDP ports.
    ///
    /// # Errors
    /// `bind` fails, or the system does not let ports be shared.
    pub fn beside<T>(&self, bind: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.datagrams.beside(bind)
    }

    /// What is listened on, with the ports chosen where 0 was asked for, in
    /// the order asked: first all of UDP, then all of TCP.
    pub fn local_addresses(&self) -> Vec<(Transport, SocketAddr)> {
        let udp = self.datagrams.addresses().map(|address| (Transport::Udp, address));
        let tcp = self.streams.addresses().map(|address| (Transport::Tcp, address));
        udp.chain(tcp).collect()
    }

    /// The way to a peer not heard of yet. None when the system knows no way,
    /// or nothing is bound for it.
    pub fn flow_to(&mut self, transport: Transport, remote: SocketAddr) -> Option<Flow> {
        let bound = match transport {
            Transport::Udp => self.datagrams.bound_for(remote)?,
            _ => self.streams.bound_for(remote),
        };
        let local = self.addresses.seen_by(remote.ip(), bound)?;
        Some(Flow { transport, local, remote })
    }

    /// Opens a stream and waits until it is open; its own port is in the flow.
    ///
    /// # Errors
    /// The peer refuses, or does not answer for some seconds.
    pub async fn connect(&mut self, remote: SocketAddr) -> io::Result<Flow> {
        self.streams.connect(remote).await
    }

    /// The next message, in order for each stream. May be cancelled.
    pub async fn recv(&mut self) -> Received {
        poll_fn(|context| self.poll_recv(context)).await
    }

    /// What is there already, without waiting: a loop takes a batch with this
    /// after [`Self::recv`].
    pub fn try_recv(&mut self) -> Option<Received> {
        if let Some(found) = self.pending.pop_front() {
            return Some(found);
        }
        self.streams_first = !self.streams_first;
        if self.streams_first {
            self.streams.try_recv().or_else(|| self.datagrams.try_recv(&mut self.addresses))
        } else {
            self.datagrams.try_recv(&mut self.addresses).or_else(|| self.streams.try_recv())
        }
    }

    /// Never waits. UDP may lose it, as it may lose anything. A stream that is
    /// not there is opened, on behalf of this very flow: what comes from it
    /// bears the same flow. One whose peer does not read is closed.
    pub fn send(&mut self, flow: Flow, bytes: Bytes) {
        match flow.transport {
            Transport::Udp => self.datagrams.send(flow, &bytes),
            _ => {
                if self.streams.send(flow, bytes).is_err() {
                    self.pending.push_back(Received::Failed { flow });
                }
            }
        }
    }

    fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Received> {
        self.streams.poll_accept(context);
        if let Some(found) = self.try_recv() {
            return Poll::Ready(found);
        }
        if let Poll::Ready(found) = self.streams.poll_recv(context) {
            return Poll::Ready(found);
        }
        self.datagrams.poll_recv(context, &mut self.addresses)
    }
}

fn has_v4_twin(wanted: &[(Transport, SocketAddr)], transport: Transport, of: SocketAddr) -> bool {
    wanted.iter().any(|(other, address)| {
        *other == transport && address.is_ipv4() && of.is_ipv6() && address.port() == of.port()
    })
}

fn named(fault: &io::Error, transport: Transport, address: SocketAddr) -> io::Error {
    let transport = transport.as_str().to_ascii_lowercase();
    io::Error::new(fault.kind(), format!("{transport}:{address}: {fault}"))
}

/// An IPv4 peer of a socket that serves both families.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// How a socket of IPv6 is told of an IPv4 peer.
fn mapped(address: SocketAddr, socket_is_v6: bool) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(v4) if socket_is_v6 => {
            SocketAddr::new(v4.to_ipv6_mapped().into(), address.port())
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests;
