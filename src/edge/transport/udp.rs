//! Datagrams.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use bytes::Bytes;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tracing::debug;

use crate::edge::transport::addresses::LocalAddresses;
use crate::edge::transport::{Received, mapped, plain};
use crate::sip::flow::{Flow, Transport};

const DATAGRAM_MAX: usize = 65_535;
/// A burst of registrations after a power cut waits here.
const RECEIVE_BUFFER: usize = 4 << 20;
const SEND_BUFFER: usize = 1 << 20;
/// A socket that only reports faults must not starve the rest.
const FAULTS_MAX: usize = 16;
/// `CRLF CRLF`, or some octets of nothing, keep a NAT's door open.
const KEEP_ALIVE_MAX: usize = 4;

pub(super) struct Datagrams {
    sockets: Vec<Bound>,
    buffer: Box<[u8]>,
    /// Whose turn it is.
    next: usize,
}

struct Bound {
    socket: UdpSocket,
    address: SocketAddr,
}

impl Default for Datagrams {
    fn default() -> Self {
        Self { sockets: Vec::new(), buffer: vec![0; DATAGRAM_MAX].into(), next: 0 }
    }
}

impl Datagrams {
    pub(super) fn bind(&mut self, address: SocketAddr, only_v6: bool) -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(only_v6)?;
        }
        // The system may cut them to its own limits.
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        let _ = socket.set_send_buffer_size(SEND_BUFFER);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        let address = socket.local_addr()?;
        self.sockets.push(Bound { socket, address });
        Ok(())
    }

    /// Lets another socket be bound to a port of ours, for as long as `bind`
    /// takes; before and after, a second office on this machine is refused.
    /// None of them hears the multicast of others' groups.
    pub(super) fn beside<T>(&self, bind: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let sockets = || self.sockets.iter().map(|bound| SockRef::from(&bound.socket));
        for socket in sockets() {
            #[cfg(target_os = "linux")]
            let _ = socket.set_multicast_all_v4(false);
            socket.set_reuse_address(true)?;
        }
        let bound = bind();
        for socket in sockets() {
            socket.set_reuse_address(false)?;
        }
        bound
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.sockets.iter().map(|bound| bound.address)
    }

    pub(super) fn bound_for(&self, remote: SocketAddr) -> Option<SocketAddr> {
        let fitting = self.sockets.iter().find(|bound| bound.reaches(remote))?;
        Some(fitting.address)
    }

    pub(super) fn try_recv(&mut self, addresses: &mut LocalAddresses) -> Option<Received> {
        for _ in 0..self.sockets.len() {
            self.next = (self.next + 1) % self.sockets.len();
            for _ in 0..FAULTS_MAX {
                let Some(bound) = self.sockets.get(self.next) else { break };
                match bound.socket.try_recv_from(&mut self.buffer) {
                    Ok((length, from)) => {
                        let received = self.received(self.next, length, from, addresses);
                        if received.is_some() {
                            return received;
                        }
                    }
                    Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => break,
                    Err(fault) => debug!(%fault, "a datagram could not be received"),
                }
            }
        }
        None
    }

    pub(super) fn poll_recv(
        &mut self,
        context: &mut Context<'_>,
        addresses: &mut LocalAddresses,
    ) -> Poll<Received> {
        for index in 0..self.sockets.len() {
            while let Some(bound) = self.sockets.get(index) {
                let mut buffer = ReadBuf::new(&mut self.buffer);
                match bound.socket.poll_recv_from(context, &mut buffer) {
                    Poll::Pending => break,
                    Poll::Ready(Err(fault)) => debug!(%fault, "a datagram could not be received"),
                    Poll::Ready(Ok(from)) => {
                        let length = buffer.filled().len();
                        if let Some(found) = self.received(index, length, from, addresses) {
                            return Poll::Ready(found);
                        }
                    }
                }
            }
        }
        Poll::Pending
    }

    fn received(
        &self,
        index: usize,
        length: usize,
        from: SocketAddr,
        addresses: &mut LocalAddresses,
    ) -> Option<Received> {
        if length <= KEEP_ALIVE_MAX {
            return None;
        }
        let remote = plain(from);
        let bound = self.sockets.get(index)?;
        let local = addresses.seen_by(remote.ip(), bound.address)?;
        let bytes = Bytes::copy_from_slice(self.buffer.get(..length)?);
        let flow = Flow { transport: Transport::Udp, local, remote };
        Some(Received::Datagram { bytes, flow })
    }

    pub(super) fn send(&self, flow: Flow, bytes: &[u8]) {
        let Some(bound) = self.best_for(flow) else {
            debug!(remote = %flow.remote, "no socket is bound for this peer");
            return;
        };
        let remote = mapped(flow.remote, bound.address.is_ipv6());
        if let Err(fault) = bound.socket.try_send_to(bytes, remote) {
            // Whoever needs an answer sends again.
            debug!(%fault, %remote, "a datagram was not sent");
        }
    }

    /// The very socket, else one of the same port, else any that can.
    fn best_for(&self, flow: Flow) -> Option<&Bound> {
        let fitting = || self.sockets.iter().filter(|bound| bound.reaches(flow.remote));
        fitting()
            .find(|bound| bound.address == flow.local)
            .or_else(|| fitting().find(|bound| bound.address.port() == flow.local.port()))
            .or_else(|| fitting().next())
    }
}

impl Bound {
    fn reaches(&self, remote: SocketAddr) -> bool {
        self.address.is_ipv4() == remote.is_ipv4()
            || (self.address.ip().is_unspecified() && self.address.is_ipv6())
    }
}
