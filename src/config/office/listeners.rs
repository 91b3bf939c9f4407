//! Sockets the server opens, and whether two of them want the same port.

use core::net::SocketAddr;

use crate::config::reader::{Place, Reader};
use crate::config::section::Item;
use crate::config::values::{Listener, PortRange, Transport, listener};

/// Sockets wanted so far, and where that was written.
#[derive(Default)]
pub struct Taken {
    listeners: Vec<Wanted>,
    /// None when what was written is no range.
    pub rtp_ports: Option<PortRange>,
}

struct Wanted {
    key: String,
    place: Place,
    is_udp: bool,
    address: SocketAddr,
}

/// Plain SIP on every address of the machine.
pub fn standard() -> Vec<Listener> {
    let address = SocketAddr::from(([0, 0, 0, 0], 5060));
    [Transport::Udp, Transport::Tcp].map(|transport| Listener { transport, address }).to_vec()
}

pub fn read(item: &Item<'_>, reader: &mut Reader<'_, '_>, taken: &mut Taken) -> Vec<Listener> {
    let listeners = item.each(reader, listener);
    if item.is_empty_list() {
        reader.miss(&item.place, &item.path, "the server needs an address to listen on");
    }
    for (listener, place) in &listeners {
        match listener.transport {
            Transport::Udp | Transport::Tcp => {}
            Transport::Tls => reader.later(place, &item.path, "TLS comes"),
            Transport::Ws | Transport::Wss => reader.later(place, &item.path, "WebSocket comes"),
        }
        taken.listeners.push(Wanted {
            key: item.path.clone(),
            place: place.clone(),
            is_udp: listener.transport.is_udp(),
            address: listener.address,
        });
    }
    listeners.into_iter().map(|(listener, _)| listener).collect()
}

impl Taken {
    pub fn http(&mut self, item: &Item<'_>, address: SocketAddr) {
        let (key, place) = (item.path.clone(), item.place.clone());
        self.listeners.push(Wanted { key, place, is_udp: false, address });
    }

    /// Complains of every port wanted twice.
    pub fn complain(&self, reader: &mut Reader<'_, '_>) {
        for (index, wanted) in self.listeners.iter().enumerate() {
            let earlier =
                self.listeners.iter().take(index).find(|earlier| earlier.overlaps(wanted));
            if let Some(earlier) = earlier {
                let line = reader.line_of(&earlier.place);
                let fault = format!(
                    "port {} is taken already by {} ({line})",
                    wanted.address.port(),
                    earlier.key
                );
                reader.clash(&wanted.place, &wanted.key, fault);
            }
            let among = |range: &PortRange| range.contains(wanted.address.port());
            if wanted.is_udp
                && let Some(rtp_ports) = self.rtp_ports.filter(among)
            {
                let fault = format!(
                    "port {} lies among the rtp_ports {}-{}",
                    wanted.address.port(),
                    rtp_ports.first,
                    rtp_ports.last
                );
                reader.clash(&wanted.place, &wanted.key, fault);
            }
        }
    }
}

impl Wanted {
    fn overlaps(&self, other: &Self) -> bool {
        let (one, two) = (self.address, other.address);
        self.is_udp == other.is_udp
            && one.port() == two.port()
            && one.port() != 0
            && one.is_ipv4() == two.is_ipv4()
            && (one.ip() == two.ip() || one.ip().is_unspecified() || two.ip().is_unspecified())
    }
}
