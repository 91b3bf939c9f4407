//! The multicast group in which phones ask where their settings are.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::time::{interval, sleep};
use tracing::{debug, info, warn};

use crate::edge::provisioning::Desk;
use crate::edge::transport::local_ip_for;
use crate::provision::pnp::{Answer, Question};

/// `sip.mcast.net` (RFC 3261 section 18.1.1).
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 1, 75);
const DATAGRAM_MAX: usize = 4_096;
/// Networks come and go: a cable is plugged in, DHCP is late.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// The phone's answer does not come back here: it is sent once more unasked.
const AGAIN: Duration = Duration::from_millis(500);

/// A socket that hears the group, and nothing else.
#[derive(Debug)]
pub struct PnpSocket(UdpSocket);

impl PnpSocket {
    /// Where phones ask.
    pub const PORT: u16 = 5060;

    /// Beside others that share the port.
    ///
    /// # Errors
    /// Somebody has the port for himself.
    pub fn bind(port: u16) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_reuse_address(true)?;
        // By the group's own address: what is sent to ours is for the office.
        socket.bind(&SocketAddrV4::new(GROUP, port).into())?;
        socket.set_nonblocking(true)?;
        Ok(Self(socket.into()))
    }
}

pub(super) async fn serve(desk: Rc<Desk>, PnpSocket(socket): PnpSocket, http_port: u16) {
    let socket = match tokio::net::UdpSocket::from_std(socket) {
        Ok(socket) => Rc::new(socket),
        Err(fault) => return warn!("provisioning: {fault}; phones that ask get no answer"),
    };
    let mut networks = Networks::default();
    let mut look = interval(LOOK_AGAIN);
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        tokio::select! {
            _ = look.tick() => networks.join(&socket),
            received = socket.recv_from(&mut buffer) => match received {
                Ok((length, from)) => {
                    let datagram = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
                    received_from(&desk, &socket, &networks, &datagram, from, http_port);
                }
                Err(fault) => debug!(%fault, "provisioning: nothing heard"),
            },
        }
    }
}

/// Only whoever is near is answered, so that a forged address is no way to
/// send our answers far away.
fn received_from(
    desk: &Desk,
    socket: &Rc<tokio::net::UdpSocket>,
    networks: &Networks,
    datagram: &Bytes,
    from: SocketAddr,
    http_port: u16,
) {
    let Some(question) = Question::read(datagram) else { return };
    let book = desk.settings.book.borrow();
    let Some(listed) = book.get(&question.mac) else {
        return debug!("provisioning: {} asks by multicast and is not listed", question.mac);
    };
    let settings = &desk.settings;
    let near = networks.hold(from.ip()) || settings.vouched.iter().any(|n| n.contains(from.ip()));
    if !near || !desk.limits.borrow_mut().asks(from.ip()) {
        return;
    }
    let Some(ip) = local_ip_for(from.ip()) else { return };
    let url = format!("http://{}/prov/", SocketAddr::new(ip, http_port));
    let port = socket.local_addr().map(|address| address.port()).unwrap_or(PnpSocket::PORT);
    let Some(answer) = question.answer(&url, SocketAddr::new(ip, port), from) else { return };
    info!("provisioning: {} is told {url}, ip={}", listed.mac, from.ip());
    tokio::task::spawn_local(send(Rc::clone(socket), answer, from));
}

async fn send(socket: Rc<tokio::net::UdpSocket>, answer: Answer, to: SocketAddr) {
    // What is lost is asked for again.
    let _ = socket.send_to(&answer.response, to).await;
    let _ = socket.send_to(&answer.notify, to).await;
    sleep(AGAIN).await;
    let _ = socket.send_to(&answer.notify, to).await;
}

/// The machine's own networks, in each of which the group is heard.
#[derive(Default)]
struct Networks {
    found: Vec<(Ipv4Addr, Ipv4Addr)>,
    joined: BTreeSet<Ipv4Addr>,
}

impl Networks {
    fn join(&mut self, socket: &tokio::net::UdpSocket) {
        let all = if_addrs::get_if_addrs().unwrap_or_default();
        let addresses = all.into_iter().filter_map(|interface| match interface.addr {
            if_addrs::IfAddr::V4(v4) => Some((v4.ip, v4.netmask)),
            if_addrs::IfAddr::V6(_) => None,
        });
        self.found = addresses.collect();
        // Who has lost his address may come back with it.
        self.joined.retain(|joined| self.found.iter().any(|(ip, _)| ip == joined));
        for (ip, _) in &self.found {
            if self.joined.insert(*ip)
                && let Err(fault) = socket.join_multicast_v4(GROUP, *ip)
                && fault.kind() != io::ErrorKind::AddrInUse
            {
                debug!(%fault, "provisioning: {ip} does not hear {GROUP}");
            }
        }
    }

    fn hold(&self, ip: IpAddr) -> bool {
        let IpAddr::V4(ip) = ip else { return false };
        self.found.iter().any(|(own, mask)| own & mask == ip & mask)
    }
}
