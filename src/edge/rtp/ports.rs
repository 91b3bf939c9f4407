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

/// A range of that many free pairs, at most 24. Tests run side by side, also
/// those of several checkouts on one machine.
#[cfg(test)]
pub(in crate::edge) fn range_for_test(pairs: u16) -> RangeInclusive<u16> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static CALLS: AtomicU32 = AtomicU32::new(0);
    loop {
        let call = CALLS.fetch_add(1, Ordering::Relaxed);
        let place = std::process::id().wrapping_mul(7).wrapping_add(call) % 400;
        let first = 12_000 + place as u16 * 48;
        let range = first..=first + pairs * 2 - 1;
        let local = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        if range.clone().all(|port| std::net::UdpSocket::bind((local, port)).is_ok()) {
            return range;
        }
    }
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
        let range = range_for_test(1);
        let mut ports = Ports::new(LOCAL, &range);
        let pair = ports.bind(s(0)).unwrap();
        assert_eq!(pair.port, *range.start());
        assert!(ports.bind(s(0)).is_none());
        drop(pair);
        ports.give_back(*range.start(), s(10));
        assert!(ports.bind(s(11)).is_none());
        assert!(ports.bind(s(12)).is_some());
    }

    #[test]
    fn a_port_that_somebody_else_holds_is_passed_over() {
        let range = range_for_test(2);
        let first = *range.start();
        // The odd one: a pair is a pair.
        let _other = std::net::UdpSocket::bind((LOCAL, first + 1)).unwrap();
        let mut ports = Ports::new(LOCAL, &range);
        assert_eq!(ports.bind(s(0)).unwrap().port, first + 2);
        assert!(ports.bind(s(0)).is_none());
    }

    #[test]
    fn a_range_without_a_pair_has_nothing_to_give() {
        assert!(Ports::new(LOCAL, &(23_001..=23_002)).bind(s(0)).is_none());
        assert!(PortPair::any(LOCAL, &(23_001..=23_002)).is_err());
    }
}
