//! The way between us and a peer.

use core::net::SocketAddr;

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
}

/// Where a message came from or goes to. Connections are found by transport
/// and remote address at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flow {
    pub transport: Transport,
    /// Ours, as this peer sees it.
    pub local: SocketAddr,
    pub remote: SocketAddr,
}

impl Transport {
    /// As written in Via.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// From Via or a `transport` parameter, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];
        all.into_iter().find(|transport| transport.as_str().eq_ignore_ascii_case(text))
    }

    /// Nothing is lost or repeated on the way.
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }
}
