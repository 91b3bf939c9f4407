//! How much one address may ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::domain::device::Mac;

/// A phone that starts asks for a dozen files.
const REQUESTS_PER_MINUTE: u32 = 120;
const CONNECTIONS_PER_ADDRESS: u32 = 16;
const CONNECTIONS: u32 = 256;
/// Addresses counted; with more, new ones wait for the next minute.
const ADDRESSES_MAX: usize = 4_096;
/// Warnings remembered so that none comes twice in a minute.
const WARNINGS_MAX: usize = 256;

#[derive(Debug, Default)]
pub(super) struct Limits {
    requests: BTreeMap<IpAddr, u32>,
    connections: BTreeMap<IpAddr, u32>,
    open: u32,
    warned: BTreeSet<(Mac, IpAddr)>,
}

impl Limits {
    /// Whether one more connection may be had.
    pub fn opened(&mut self, ip: IpAddr) -> bool {
        let own = self.connections.get(&ip).copied().unwrap_or_default();
        if self.open >= CONNECTIONS || own >= CONNECTIONS_PER_ADDRESS {
            return false;
        }
        self.open += 1;
        self.connections.insert(ip, own + 1);
        true
    }

    pub fn closed(&mut self, ip: IpAddr) {
        self.open = self.open.saturating_sub(1);
        match self.connections.get_mut(&ip) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(self.connections.remove(&ip)),
        }
    }

    /// Whether one more request may be made.
    pub fn asks(&mut self, ip: IpAddr) -> bool {
        if self.requests.len() >= ADDRESSES_MAX && !self.requests.contains_key(&ip) {
            return false;
        }
        let count = self.requests.entry(ip).or_default();
        *count = count.saturating_add(1);
        *count <= REQUESTS_PER_MINUTE
    }

    /// Whether a warning is due: it was not given within this minute.
    pub fn warns(&mut self, mac: &Mac, ip: IpAddr) -> bool {
        self.warned.len() < WARNINGS_MAX && self.warned.insert((mac.clone(), ip))
    }

    pub fn next_minute(&mut self) {
        self.requests.clear();
        self.warned.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_what_is_for_all() {
        let ip = |last| IpAddr::from([192, 0, 2, last]);
        let mut limits = Limits::default();
        let opened = (0..1_000).filter(|_| limits.opened(ip(1))).count();
        assert_eq!(opened, 16);
        assert!(limits.opened(ip(2)));
        limits.closed(ip(1));
        assert!(limits.opened(ip(1)) && !limits.opened(ip(1)));
        let all = (3..=255).flat_map(|last| [last; 16]).filter(|last| limits.opened(ip(*last)));
        assert_eq!(all.count() + 17, 256);
    }

    #[test]
    fn requests_are_counted_by_the_minute() {
        let ip = IpAddr::from([192, 0, 2, 1]);
        let mut limits = Limits::default();
        assert_eq!((0..1_000).filter(|_| limits.asks(ip)).count(), 120);
        limits.next_minute();
        assert!(limits.asks(ip));
        let many = (0..100_000u32).filter(|n| limits.asks(IpAddr::from(n.to_be_bytes())));
        assert_eq!(many.count(), ADDRESSES_MAX - 1);
    }
}
