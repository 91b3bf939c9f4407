//! From a server's name to an address that can be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::config::Host;
use crate::edge::transport::local_ip_for;

const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The first of its addresses that this machine has a way to, IPv4 before
/// IPv6; errors in words for people.
pub(super) async fn address_of(host: Host) -> Result<SocketAddr, String> {
    let name = host.name.trim_matches(['[', ']']).to_owned();
    let unknown = || format!("the server {name} cannot be found");
    let looked_up = timeout(ANSWER_WITHIN, lookup_host((name.as_str(), host.port))).await;
    let mut all: Vec<SocketAddr> =
        looked_up.map_err(|_| unknown())?.map_err(|_| unknown())?.collect();
    all.sort_by_key(SocketAddr::is_ipv6);
    let reachable = all.iter().find(|address| local_ip_for(address.ip()).is_some());
    reachable.copied().ok_or_else(|| format!("there is no way to the server {name}"))
}

/// Any port, of the address family a peer has.
pub(super) fn any_for(peer: SocketAddr) -> SocketAddr {
    let any: IpAddr = match peer {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(any, 0)
}
