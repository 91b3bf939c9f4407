//! UDP port pairs: an even one for RTP, the next for RTCP, bound ahead and
//! rested after use.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use mio::net::UdpSocket;
use socket2::{Domain, Protocol, Socket, Type};

use super::unheard;
use crate::domain::time::Moment;

/// A used port is left alone this long: its last peer may go on sending.
const REST: Duration = Duration::from_secs(2);
/// A port that somebody else holds is tried again after this.
const TAKEN_REST: Duration = Duration::from_secs(60);

/// Both sockets of a stream.
pub(in crate::edge) struct PortPair {
    pub port: u16,
    pub rtp: UdpSocket,
    /// Held so that nobody else gets it; what arrives is dropped unread.
    _rtcp: Socket,
}

/// The ports of the range that are not bound, the longest rested first.
pub(in crate::edge) struct Ports {
    address: IpAddr,
    free: VecDeque<(u16, Moment)>,
}

impl Ports {
    pub fn new(address: IpAddr, range: &RangeInclusive<u16>) -> Self {
        let free = even_ports(range).map(|port| (port, Moment::START)).collect();
        Self { address, free }
    }

    /// None when all are in use, resting or held by others.
    pub fn bind(&mut self, now: Moment) -> Option<PortPair> {
        for _ in 0..self.free.len() {
            let (port, rested_at) = self.free.pop_front()?;
            if rested_at > now {
                self.free.push_front((port, rested_at));
                return None;
            }
            match PortPair::bind(self.address, port) {
                Ok(pair) => return Some(pair),
                Err(_) => self.free.push_back((port, now + TAKEN_REST)),
            }
        }
        None
    }

    pub fn give_back(&mut self, port: u16, now: Moment) {
        self.free.push_back((port, now + REST));
    }
}

impl PortPair {
    /// # Errors
    /// Not one pair of the range can be bound; the reason is the last one's.
    pub fn any(address: IpAddr, range: &RangeInclusive<u16>) -> io::Result<()> {
        let mut last = Err(io::ErrorKind::AddrNotAvailable.into());
        for port in even_ports(range) {
            last = Self::bind(address, port).map(drop);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    pub fn bind(address: IpAddr, port: u16) -> io::Result<Self> {
        let rtp = bound(SocketAddr::new(address, port))?;
        let rtcp = bound(SocketAddr::new(address, port + 1))?;
        unheard::drop_all(&rtcp);
        Ok(Self { port, rtp: UdpSocket::from_std(rtp.into()), _rtcp: rtcp })
    }
}

/// Those whose odd neighbour is in the range too.
fn even_ports(range: &RangeInclusive<u16>) -> impl Iterator<Item = u16> {
    let end = *range.end();
    range.clone().filter(move |port| port % 2 == 0 && *port != 0 && *port < end)
}

/// Bound to `::`, it serves both IPv6 and IPv4.
fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn s(seconds: u64) -> Moment {
        Moment::START + Duration::from_secs(seconds)
    }

    #[test]
    fn a_port_rests_before_it_is_used_again() {
        let mut ports = Ports::new(LOCAL, &(23_000..=23_002));
        let pair = ports.bind(s(0)).unwrap();
        assert_eq!(pair.port, 23_000);
        assert!(ports.bind(s(0)).is_none());
        drop(pair);
        ports.give_back(23_000, s(10));
        assert!(ports.bind(s(11)).is_none());
        assert!(ports.bind(s(12)).is_some());
    }

    #[test]
    fn a_port_that_somebody_else_holds_is_passed_over() {
        let _other = std::net::UdpSocket::bind((LOCAL, 23_011)).unwrap();
        let mut ports = Ports::new(LOCAL, &(23_010..=23_013));
        assert_eq!(ports.bind(s(0)).unwrap().port, 23_012);
        assert!(ports.bind(s(0)).is_none());
    }
}
