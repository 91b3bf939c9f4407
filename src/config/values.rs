//! The kinds of value that settings have, each with its spelling.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::config::reader::Fault;
use crate::domain::device::Mac;
use crate::domain::nearest::nearest;

/// How SIP is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
    Ws,
    Wss,
}

/// A socket the server listens on, such as `udp:0.0.0.0:5060`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    pub transport: Transport,
    pub address: SocketAddr,
}

/// A host and port to connect to; the host may be a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub transport: Transport,
    /// A name, or an address without brackets.
    pub name: String,
    pub port: u16,
}

/// Addresses that begin with the same bits, such as `192.168.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    pub address: IpAddr,
    /// Bits that must be equal.
    pub prefix: u8,
}

/// UDP ports for media, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    pub first: u16,
    pub last: u16,
}

const TRANSPORTS: [(&str, Transport); 5] = [
    ("udp", Transport::Udp),
    ("tcp", Transport::Tcp),
    ("tls", Transport::Tls),
    ("ws", Transport::Ws),
    ("wss", Transport::Wss),
];

impl Transport {
    /// As settings spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// Everything but UDP takes a TCP port of the machine.
    pub fn is_udp(self) -> bool {
        self == Self::Udp
    }

    /// RFC 3261 section 19.1.2; for WebSocket RFC 6455 section 3.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport.name(), self.address)
    }
}

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = u32::from(self.prefix);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differ = u32::from(network) ^ u32::from(address);
                differ.checked_shr(32 - bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differ = u128::from(network) ^ u128::from(address);
                differ.checked_shr(128 - bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl PortRange {
    pub fn contains(&self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

/// `udp:0.0.0.0:5060`, `tcp:[::]:5060`.
pub fn listener(text: &str) -> Result<Listener, Fault> {
    let (transport, rest) = transport_and_rest(text, "udp:0.0.0.0:5060")?;
    Ok(Listener { transport, address: address_and_port(rest, transport)? })
}

/// `127.0.0.1:8080`, for HTTP.
pub fn http_address(text: &str) -> Result<SocketAddr, Fault> {
    let wanted = || Fault::from("not an address and port, such as 127.0.0.1:8080");
    text.parse().map_err(|_| wanted())
}

/// `tcp:192.168.1.10:5060`, `wss://host:8443`; the host may be a name, the
/// port may be left out.
pub fn host(text: &str) -> Result<Host, Fault> {
    let (transport, rest) = transport_and_rest(text, "tcp:192.168.1.10:5060")?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (name, port) = name_and_port(rest)?;
    Ok(Host { transport, name, port: port.unwrap_or(transport.default_port()) })
}

/// A trunk's peer: `198.51.100.7`, `198.51.100.7:5070`, `[2001:db8::7]:5060`,
/// after an optional `udp:` or `tcp:`.
pub fn peer(text: &str) -> Result<Listener, Fault> {
    let (transport, rest) = match text.split_once(':') {
        Some((name, rest)) if name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            (transport_named(name)?, rest)
        }
        _ => (Transport::Udp, text),
    };
    let port = transport.default_port();
    let bare = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(rest);
    let address = bare.parse().map(|ip: IpAddr| SocketAddr::new(ip, port));
    let address = address.or_else(|_| rest.parse());
    let fault = || Fault::from("not an address such as 198.51.100.7 or 198.51.100.7:5060");
    address.map(|address| Listener { transport, address }).map_err(|_| fault())
}

fn transport_and_rest<'t>(text: &'t str, such_as: &str) -> Result<(Transport, &'t str), Fault> {
    let lacks = || {
        let fault = Fault::from(format!("no transport before the address, such as {such_as}"));
        let known = text.parse::<SocketAddr>().is_ok();
        fault.with_nearest(known.then(|| format!("\"udp:{text}\"")))
    };
    let (name, rest) = text.split_once(':').ok_or_else(lacks)?;
    if name.is_empty() || name.contains(|c: char| !c.is_ascii_alphabetic()) {
        return Err(lacks());
    }
    Ok((transport_named(name)?, rest))
}

fn transport_named(name: &str) -> Result<Transport, Fault> {
    let known = TRANSPORTS.iter().find(|(known, _)| *known == name);
    known.map(|(_, transport)| *transport).ok_or_else(|| {
        let near = nearest(name, TRANSPORTS.map(|(name, _)| name));
        Fault::from("the transport is not one of udp, tcp, tls, ws, wss").with_nearest(near)
    })
}

fn address_and_port(text: &str, transport: Transport) -> Result<SocketAddr, Fault> {
    text.parse::<SocketAddr>().map_err(|_| {
        let meant = nearest_address(text, transport.default_port());
        let meant = meant.map(|meant| format!("\"{}:{meant}\"", transport.name()));
        Fault::from("not an address and port of this machine, such as 0.0.0.0:5060 or [::]:5060")
            .with_nearest(meant)
    })
}

/// What was meant by an address without its port or its brackets, a port that
/// is too large, a name for this machine, or a star for every address.
fn nearest_address(text: &str, default_port: u16) -> Option<SocketAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(ip, default_port));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let port = port.parse().unwrap_or(default_port);
    match host {
        "localhost" => Some(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), port)),
        "*" | "" => Some(SocketAddr::new(IpAddr::from([0, 0, 0, 0]), port)),
        _ => {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            bare.parse().ok().map(|ip: IpAddr| SocketAddr::new(ip, port))
        }
    }
}

/// A host's name or address and, if it says one, the port.
pub fn name_and_port(text: &str) -> Result<(String, Option<u16>), Fault> {
    let fault = || Fault::from("not a host and port, such as 192.168.1.10:5060");
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok((address.ip().to_string(), Some(address.port())));
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok((address.to_string(), None));
    }
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port.parse().map_err(|_| fault())?)),
        None => (text, None),
    };
    if port == Some(0) || !is_host_name(name) {
        return Err(fault());
    }
    Ok((name.to_ascii_lowercase(), port))
}

/// RFC 1123 section 2.1, underscores allowed: they are met in offices.
pub fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(label)
}

/// A SIP domain: a host's name or an address.
pub fn domain(text: &str) -> Result<String, Fault> {
    if is_host_name(text) || text.parse::<IpAddr>().is_ok() {
        return Ok(text.to_ascii_lowercase());
    }
    let near = text.trim_start_matches("sip:").trim_start_matches("@").trim();
    let near = (near != text && is_host_name(near)).then(|| format!("\"{near}\""));
    Err(Fault::from("not a domain, such as office.example").with_nearest(near))
}

pub fn ip(text: &str) -> Result<IpAddr, Fault> {
    text.parse().map_err(|_| Fault::from("not an address, such as 203.0.113.7"))
}

/// `192.168.0.0/16`; a bare address is a network of one.
pub fn network(text: &str) -> Result<Network, Fault> {
    let fault = || Fault::from("not a network, such as 192.168.0.0/16");
    let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = address.parse().map_err(|_| fault())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        "" if !text.contains('/') => most,
        digits => digits
            .parse()
            .ok()
            .filter(|bits| *bits <= most)
            .ok_or_else(|| fault().with_nearest(Some(format!("\"{address}/{most}\""))))?,
    };
    Ok(Network { address, prefix })
}

/// `16384-32767`: at least the four ports of one call, none of the system's.
pub fn port_range(text: &str) -> Result<PortRange, Fault> {
    let fault = || Fault::from("not a range of ports from 1024 to 65535, such as 16384-32767");
    let (first, last) = text.split_once('-').ok_or_else(fault)?;
    let port = |text: &str| text.trim().parse::<u16>().map_err(|_| fault());
    let (first, last) = (port(first)?, port(last)?);
    if last < first {
        return Err(fault().with_nearest(Some(format!("\"{last}-{first}\""))));
    }
    if first < 1024 {
        return Err(fault().with_nearest((last > 1027).then(|| format!("\"1024-{last}\""))));
    }
    if last - first < 3 {
        return Err("too few ports: one call takes four".into());
    }
    Ok(PortRange { first, last })
}

/// `45s`, `2m`, `1m30s`, `500ms`, `1h`.
pub fn duration(text: &str, within: &RangeInclusive<Duration>) -> Result<Duration, Fault> {
    let Some(span) = parse_duration(text) else {
        let seconds = text.trim().parse::<u32>().ok();
        let meant = seconds.map(|seconds| format!("\"{seconds}s\""));
        return Err(Fault::from("not a time such as 45s or 2m").with_nearest(meant));
    };
    if within.contains(&span) {
        return Ok(span);
    }
    let (least, most) = (*within.start(), *within.end());
    let nearest = if span < least { least } else { most };
    let fault = format!("not from {} to {}", spelled(least), spelled(most));
    Err(Fault::from(fault).with_nearest(Some(format!("\"{}\"", spelled(nearest)))))
}

fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total_ms: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters)?;
        let unit_ms = match unit.trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        total_ms = total_ms.checked_add(number.parse::<u64>().ok()?.checked_mul(unit_ms)?)?;
        rest = tail;
    }
    (!text.trim().is_empty()).then_some(Duration::from_millis(total_ms))
}

/// As [`duration`] reads it, in the largest unit that is whole.
fn spelled(span: Duration) -> String {
    let seconds = span.as_secs();
    if span.subsec_millis() != 0 {
        return format!("{}ms", span.as_millis());
    }
    match seconds {
        s if s != 0 && s % 3600 == 0 => format!("{}h", s / 3600),
        s if s > 900 && s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// Twelve hexadecimal digits, plain or in pairs with `:` or `-` between them.
pub fn mac(text: &str) -> Result<Mac, Fault> {
    let wanted = "not a hardware address of twelve hexadecimal digits, such as 805e0c112233";
    Mac::parse(text).ok_or_else(|| wanted.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant<T: fmt::Debug>(result: Result<T, Fault>) -> Option<String> {
        result.unwrap_err().nearest
    }

    #[test]
    fn listeners_are_read_and_what_was_meant_is_guessed() {
        let read = |text| listener(text).unwrap().to_string();
        assert_eq!(read("udp:0.0.0.0:5060"), "udp:0.0.0.0:5060");
        assert_eq!(read("tcp:[::]:5060"), "tcp:[::]:5060");
        assert_eq!(meant(listener("0.0.0.0:5060")).unwrap(), "\"udp:0.0.0.0:5060\"");
        assert_eq!(meant(listener("tcq:0.0.0.0:5060")).unwrap(), "tcp");
        assert_eq!(meant(listener("tcp:0.0.0.0")).unwrap(), "\"tcp:0.0.0.0:5060\"");
        assert_eq!(meant(listener("tls:localhost:5061")).unwrap(), "\"tls:127.0.0.1:5061\"");
        assert_eq!(meant(listener("udp:::1:99999")), Some("\"udp:[::1]:5060\"".to_owned()));
    }

    #[test]
    fn hosts_may_be_names_and_ports_may_be_left_out() {
        let read = |text| host(text).map(|host| (host.transport, host.name, host.port));
        assert_eq!(read("tcp:Pbx.example").unwrap(), (Transport::Tcp, "pbx.example".into(), 5060));
        assert_eq!(read("wss://host:8443").unwrap(), (Transport::Wss, "host".into(), 8443));
        assert_eq!(read("udp:[2001:db8::1]:5070").unwrap(), {
            (Transport::Udp, "2001:db8::1".into(), 5070)
        });
        for wrong in ["tcp:", "tcp:ho st:5060", "tcp:host:99999", "tcp:-x-:1", "host:5060x"] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn peers_are_addresses_with_or_without_a_port() {
        let read = |text| peer(text).unwrap().to_string();
        assert_eq!(read("198.51.100.7"), "udp:198.51.100.7:5060");
        assert_eq!(read("tcp:198.51.100.7:5070"), "tcp:198.51.100.7:5070");
        assert_eq!(read("2001:db8::7"), "udp:[2001:db8::7]:5060");
        assert_eq!(read("[2001:db8::7]:5062"), "udp:[2001:db8::7]:5062");
        assert!(peer("sip.provider.example").is_err());
    }

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let local = network("192.168.0.0/16").unwrap();
        assert!(local.contains("192.168.255.1".parse().unwrap()));
        assert!(local.contains("::ffff:192.168.255.1".parse().unwrap()));
        assert!(!local.contains("192.169.0.1".parse().unwrap()));
        assert!(network("0.0.0.0/0").unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!(network("2001:db8::/32").unwrap().contains("2001:db8:1::1".parse().unwrap()));
        assert!(network("10.0.0.1").unwrap().contains("10.0.0.1".parse().unwrap()));
        assert_eq!(meant(network("10.0.0.0/33")).unwrap(), "\"10.0.0.0/32\"");
    }

    #[test]
    fn durations_are_read_with_their_unit_and_kept_within_bounds() {
        let within = Duration::from_secs(5)..=Duration::from_secs(900);
        assert_eq!(duration("45s", &within).unwrap(), Duration::from_secs(45));
        assert_eq!(duration("1m30s", &within).unwrap(), Duration::from_secs(90));
        assert_eq!(meant(duration("45", &within)).unwrap(), "\"45s\"");
        assert_eq!(meant(duration("2s", &within)).unwrap(), "\"5s\"");
        assert_eq!(meant(duration("1h", &within)).unwrap(), "\"900s\"");
        assert!(duration("99999999999999999999h", &within).is_err());
        assert!(duration("", &within).is_err());
    }

    #[test]
    fn ports_and_macs_are_held_to_their_form() {
        let range = port_range("16384-32767").unwrap();
        assert!(range.contains(16384) && range.contains(32767) && !range.contains(5060));
        assert_eq!(meant(port_range("32767-16384")).unwrap(), "\"16384-32767\"");
        assert_eq!(meant(port_range("80-2000")).unwrap(), "\"1024-2000\"");
        assert!(port_range("20000-20002").is_err());
        assert_eq!(mac("80:5E:0C:11:22:33").unwrap().as_str(), "805e0c112233");
        assert!(mac("805e0c11223").is_err());
    }
}
