//! Whose packets a stream takes, and where its own go: the negotiated address,
//! or one that is learned once and only where signalling comes from. What a
//! stranger sends is never sound.

use core::net::SocketAddr;

use crate::media::control::Learn;

/// Packets sent to an address that signalling does not vouch for and that
/// never answers: so that nobody can point our streams at a third party.
pub const UNPROVEN_PACKETS_MAX: u8 = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latch {
    negotiated: SocketAddr,
    learn: Learn,
    heard: Option<SocketAddr>,
    /// Packets that may yet be sent unheard.
    credit: Option<u8>,
}

impl Latch {
    pub fn new(negotiated: SocketAddr, learn: Learn) -> Self {
        let vouched = match learn {
            Learn::Never => true,
            Learn::OnceFrom(host) => host.to_canonical() == negotiated.ip().to_canonical(),
        };
        let credit = (!vouched).then_some(UNPROVEN_PACKETS_MAX);
        Self { negotiated: canonical(negotiated), learn, heard: None, credit }
    }

    /// Signalling has spoken again: what was learned stands unless it changed.
    pub fn renew(&mut self, negotiated: SocketAddr, learn: Learn) {
        if (canonical(negotiated), learn) != (self.negotiated, self.learn) {
            *self = Self::new(negotiated, learn);
        }
    }

    /// A packet came; true if it is the peer's. The first one settles it.
    pub fn takes(&mut self, from: SocketAddr) -> bool {
        let from = canonical(from);
        match self.heard {
            Some(heard) => heard == from,
            None if self.may_be_peer(from) => {
                (self.heard, self.credit) = (Some(from), None);
                true
            }
            None => false,
        }
    }

    /// Where packets go.
    pub fn peer(&self) -> SocketAddr {
        self.heard.unwrap_or(self.negotiated)
    }

    pub fn is_settled(&self) -> bool {
        self.heard.is_some()
    }

    /// Asks to send one packet, and where to.
    pub fn spend(&mut self) -> Option<SocketAddr> {
        if let Some(credit) = &mut self.credit {
            *credit = credit.checked_sub(1)?;
        }
        let peer = self.peer();
        (!peer.ip().is_unspecified() && peer.port() != 0).then_some(peer)
    }

    fn may_be_peer(&self, from: SocketAddr) -> bool {
        match self.learn {
            _ if from == self.negotiated => true,
            Learn::Never => false,
            Learn::OnceFrom(host) => from.ip() == host.to_canonical(),
        }
    }
}

/// An IPv4 address is the same one however a socket spells it.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn behind_nat() -> Latch {
        Latch::new(a("10.0.0.5:4000"), Learn::OnceFrom(a("192.0.2.1:5060").ip()))
    }

    #[test]
    fn without_learning_only_the_negotiated_address_counts() {
        let mut latch = Latch::new(a("192.0.2.1:4000"), Learn::Never);
        assert!(!latch.takes(a("192.0.2.1:4001")) && !latch.takes(a("198.51.100.9:4000")));
        assert!(latch.takes(a("192.0.2.1:4000")) && latch.takes(a("[::ffff:192.0.2.1]:4000")));
        assert_eq!(latch.spend(), Some(a("192.0.2.1:4000")));
    }

    #[test]
    fn a_phone_behind_a_nat_is_learned_once_and_from_its_own_host_alone() {
        let mut latch = behind_nat();
        assert!(!latch.takes(a("198.51.100.9:4000")));
        assert_eq!(latch.peer(), a("10.0.0.5:4000"));
        assert!(latch.takes(a("192.0.2.1:61000")));
        assert_eq!(latch.peer(), a("192.0.2.1:61000"));
        assert!(!latch.takes(a("192.0.2.1:61001")) && !latch.takes(a("10.0.0.5:4000")));
    }

    #[test]
    fn signalling_alone_opens_it_again() {
        let mut latch = behind_nat();
        assert!(latch.takes(a("192.0.2.1:61000")));
        latch.renew(a("10.0.0.5:4000"), Learn::OnceFrom(a("192.0.2.1:1").ip()));
        assert!(latch.is_settled());
        latch.renew(a("10.0.0.5:4002"), Learn::OnceFrom(a("192.0.2.1:1").ip()));
        assert!(!latch.is_settled() && latch.takes(a("192.0.2.1:61001")));
    }

    #[test]
    fn a_third_party_gets_fifty_packets_and_no_more() {
        let mut latch = behind_nat();
        let sent = (0..200).filter_map(|_| latch.spend()).count();
        assert_eq!(sent, 50);
        assert!(latch.takes(a("192.0.2.1:61000")));
        assert_eq!(latch.spend(), Some(a("192.0.2.1:61000")));
        let muted = a("192.0.2.1:4000");
        let mut latch = Latch::new(muted, Learn::OnceFrom(muted.ip()));
        assert_eq!((0..200).filter_map(|_| latch.spend()).count(), 200);
    }

    #[test]
    fn nothing_is_sent_to_an_address_of_zeros() {
        assert_eq!(Latch::new(a("0.0.0.0:4000"), Learn::Never).spend(), None);
    }
}
