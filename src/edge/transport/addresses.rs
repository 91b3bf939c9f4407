//! Which of our addresses a peer sees.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::time::Instant;

/// The address that packets to `peer` leave from. None when there is no way
/// to it.
pub fn local_ip_for(peer: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match peer {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // Sends nothing: it only asks the system which way it would take.
    socket.connect((peer, 9)).ok()?;
    let local = socket.local_addr().ok()?.ip();
    (!local.is_unspecified()).then_some(local)
}

/// Networks change under a laptop: an answer is asked for anew after this.
const KEPT: Duration = Duration::from_secs(60);
const KEPT_MAX: usize = 4_096;

#[derive(Default)]
pub(super) struct LocalAddresses {
    by_peer: HashMap<IpAddr, (IpAddr, Instant)>,
}

impl LocalAddresses {
    /// `bound`, with the address in place of a wildcard.
    pub(super) fn seen_by(&mut self, peer: IpAddr, bound: SocketAddr) -> Option<SocketAddr> {
        if !bound.ip().is_unspecified() {
            return Some(bound);
        }
        let now = Instant::now();
        if let Some((ip, at)) = self.by_peer.get(&peer)
            && now.duration_since(*at) < KEPT
        {
            return Some(SocketAddr::new(*ip, bound.port()));
        }
        let ip = local_ip_for(peer)?;
        if self.by_peer.len() >= KEPT_MAX {
            self.by_peer.clear();
        }
        self.by_peer.insert(peer, (ip, now));
        Some(SocketAddr::new(ip, bound.port()))
    }
}
