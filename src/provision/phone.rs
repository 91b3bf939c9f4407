//! One phone, and everything its settings are made of.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use crate::domain::caller_name::CallerName;
use crate::domain::codes::FeatureCodes;
use crate::domain::device::{Mac, Make};
use crate::domain::ids::Extension;
use crate::provision::template::Values;
use crate::sip::flow::Transport;

/// Keys that even a small phone has.
const COLLEAGUES_MAX: usize = 6;
/// Columns of a key's label.
const LABEL_COLUMNS: usize = 20;

/// Somebody's phone, as the office's settings have it.
#[derive(Clone, Debug)]
pub struct Phone {
    pub make: Make,
    /// Not known of a phone that is not listed.
    pub mac: Option<Mac>,
    pub extension: Extension,
    pub name: CallerName,
    pub password: Password,
    pub codes: FeatureCodes,
    /// For keys with lamps, in their order; those that fit.
    pub colleagues: Vec<(Extension, CallerName)>,
    /// The office's SIP domain where a server has several offices: phones
    /// must name it then.
    pub domain: Option<String>,
    /// Rises whenever the settings may have changed; ten digits.
    pub revision: u32,
}

/// A password that is printed only where a phone reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    pub fn new(password: &str) -> Self {
        Self(password.to_owned())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(...)")
    }
}

/// Where a phone finds the office.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    pub address: IpAddr,
    pub port: u16,
    pub transport: Transport,
}

impl Way {
    /// Of the sockets we listen on the one that is reached at `address`: UDP
    /// before TCP, which every make knows. None: neither is listened on.
    pub fn at(address: IpAddr, listening: &[(Transport, SocketAddr)]) -> Option<Self> {
        let reached = |bound: &SocketAddr| {
            bound.ip() == address
                || bound.ip().is_unspecified() && (bound.is_ipv6() || address.is_ipv4())
        };
        let of = |transport: Transport| {
            let mut all = listening.iter().filter(move |(other, _)| *other == transport);
            let first = all.clone().next();
            all.find(|(_, bound)| reached(bound)).or(first)
        };
        let (transport, bound) = of(Transport::Udp).or_else(|| of(Transport::Tcp))?;
        let address = if reached(bound) { address } else { bound.ip() };
        Some(Self { address, port: bound.port(), transport: *transport })
    }

    fn host(&self) -> String {
        match self.address {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        }
    }

    fn is_udp(&self) -> bool {
        self.transport == Transport::Udp
    }
}

/// What fills a template.
pub(super) struct Filling<'p> {
    pub phone: &'p Phone,
    pub way: Way,
}

impl Values for Filling<'_> {
    fn value(&self, name: &str) -> Option<String> {
        let (phone, way) = (self.phone, &self.way);
        let by_transport = |udp: &str, tcp: &str| if way.is_udp() { udp } else { tcp }.to_owned();
        match name {
            "make" => Some(phone.make.to_string()),
            "mac" => phone.mac.as_ref().map(Mac::to_string),
            "extension" => Some(phone.extension.to_string()),
            "name" => Some(phone.name.to_string()),
            "password" => Some(phone.password.0.clone()),
            "server" => Some(phone.domain.clone().unwrap_or_else(|| way.host())),
            "proxy" => phone.domain.as_ref().map(|_| way.host()),
            "address" => Some(way.host()),
            "port" => Some(way.port.to_string()),
            "transport" => Some(by_transport("udp", "tcp")),
            "transport_capitals" => Some(by_transport("UDP", "TCP")),
            "transport_digit" => Some(by_transport("0", "1")),
            "transport_only" => Some(by_transport("UDPOnly", "TCPOnly")),
            "park" => Some(phone.codes.park.clone()),
            "group_park" => Some(phone.codes.group_park.clone()),
            "retrieve" => Some(phone.codes.retrieve.clone()),
            "dnd_on" => Some(phone.codes.dnd_on.clone()),
            "dnd_off" => Some(phone.codes.dnd_off.clone()),
            "revision" => Some(format!("{:010}", phone.revision)),
            _ => None,
        }
    }

    fn colleague(&self, index: usize, name: &str) -> Option<String> {
        let (number, colleague) = self.phone.colleagues.get(index)?;
        match name {
            "number" => Some(number.to_string()),
            "colleague" => Some(colleague.fit(LABEL_COLUMNS)),
            _ => None,
        }
    }

    fn colleagues(&self) -> usize {
        self.phone.colleagues.len().min(COLLEAGUES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str, listening: &[(Transport, &str)]) -> Option<(String, Transport)> {
        let listening: Vec<_> = listening
            .iter()
            .map(|(transport, bound)| (*transport, bound.parse().unwrap()))
            .collect();
        let way = Way::at(address.parse().unwrap(), &listening)?;
        Some((format!("{}:{}", way.host(), way.port), way.transport))
    }

    #[test]
    fn a_phone_is_shown_the_way_it_came_in_by() {
        use Transport::{Tcp, Udp};
        let found = |address: &str, transport| Some((address.to_owned(), transport));
        let usual = [(Udp, "0.0.0.0:5060"), (Tcp, "0.0.0.0:5062")];
        assert_eq!(at("192.168.1.10", &usual), found("192.168.1.10:5060", Udp));
        let two = [(Udp, "10.0.0.1:5070"), (Udp, "192.168.1.10:5060"), (Tcp, "0.0.0.0:5060")];
        assert_eq!(at("192.168.1.10", &two), found("192.168.1.10:5060", Udp));
        assert_eq!(at("fd00::2", &[(Tcp, "[::]:5060")]), found("[fd00::2]:5060", Tcp));
        // Only elsewhere: there, then.
        assert_eq!(at("192.168.1.10", &[(Udp, "10.0.0.1:5070")]), found("10.0.0.1:5070", Udp));
        assert_eq!(at("192.168.1.10", &[(Transport::Tls, "0.0.0.0:5061")]), None);
    }

    #[test]
    fn a_password_is_not_printed_with_its_phone() {
        assert_eq!(format!("{:?}", Password::new("hunter2")), "Password(...)");
    }
}
