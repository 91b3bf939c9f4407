//! Streams: who is connected, and who may connect.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep, timeout};
use tracing::debug;

use crate::edge::transport::connection::{self, Connection, Report, What};
use crate::edge::transport::{Received, plain};
use crate::sip::flow::{Flow, Transport};

/// A house behind one NAT shares an address; nobody needs more.
const CONNECTIONS_PER_ADDRESS_MAX: usize = 32;
const CONNECTIONS_MAX: usize = 8_192;
/// Messages read and not yet taken; then connections wait.
const REPORTS_MAX: usize = 1_024;
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Connections taken in one turn of the loop.
const ACCEPTS_MAX: usize = 64;
/// The system has no more files: trying again at once would only spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
const BACKLOG: i32 = 1_024;

pub(super) struct Streams {
    listeners: Vec<Listener>,
    by_remote: BTreeMap<SocketAddr, Connection>,
    last_id: u64,
    reports: mpsc::Receiver<Report>,
    reporter: mpsc::Sender<Report>,
}

struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    pause: Option<Pin<Box<Sleep>>>,
}

/// The connection was closed, or its peer does not read.
pub(super) struct Lost;

impl Default for Streams {
    fn default() -> Self {
        let (reporter, reports) = mpsc::channel(REPORTS_MAX);
        let (listeners, by_remote) = (Vec::new(), BTreeMap::new());
        Self { listeners, by_remote, last_id: 0, reports, reporter }
    }
}

impl Streams {
    pub(super) fn listen(&mut self, address: SocketAddr, only_v6: bool) -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(only_v6)?;
        }
        // A restarted server must not wait until old connections are forgotten.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let socket = TcpListener::from_std(socket.into())?;
        let address = socket.local_addr()?;
        self.listeners.push(Listener { socket, address, pause: None });
        Ok(())
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.listeners.iter().map(|listener| listener.address)
    }

    /// The listener a peer would find us at; port 0 when there is none.
    pub(super) fn bound_for(&self, remote: SocketAddr) -> SocketAddr {
        let any: IpAddr = match remote {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let fitting = self.addresses().find(|address| {
            address.is_ipv4() == remote.is_ipv4()
                || (address.is_ipv6() && address.ip().is_unspecified())
        });
        fitting.unwrap_or(SocketAddr::new(any, 0))
    }

    pub(super) async fn connect(&mut self, remote: SocketAddr) -> io::Result<Flow> {
        let opened = timeout(CONNECT_WITHIN, TcpStream::connect(remote)).await;
        let stream = opened.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let flow = Flow { transport: Transport::Tcp, local: stream.local_addr()?, remote };
        self.adopt(stream, flow, true);
        Ok(flow)
    }

    /// Takes the connections that wait. The waker stays with each listener.
    pub(super) fn poll_accept(&mut self, context: &mut Context<'_>) {
        for index in 0..self.listeners.len() {
            for _ in 0..ACCEPTS_MAX {
                let Some(listener) = self.listeners.get_mut(index) else { break };
                let Poll::Ready(accepted) = listener.poll_accept(context) else { break };
                if let Ok((stream, remote)) = accepted {
                    self.welcome(stream, plain(remote));
                }
            }
        }
        if self.by_remote.len() >= CONNECTIONS_MAX {
            debug!("no more connections are taken");
        }
    }

    fn welcome(&mut self, stream: TcpStream, remote: SocketAddr) {
        if self.by_remote.len() >= CONNECTIONS_MAX
            || self.open_from(remote.ip()) >= CONNECTIONS_PER_ADDRESS_MAX
        {
            debug!(%remote, "too many connections: refused");
            return;
        }
        let Ok(local) = stream.local_addr() else { return };
        let flow = Flow { transport: Transport::Tcp, local: plain(local), remote };
        self.adopt(stream, flow, false);
    }

    fn open_from(&self, ip: IpAddr) -> usize {
        let all = SocketAddr::new(ip, 0)..=SocketAddr::new(ip, u16::MAX);
        self.by_remote.range(all).count()
    }

    fn adopt(&mut self, stream: TcpStream, flow: Flow, known: bool) {
        set_manners(&stream);
        self.last_id += 1;
        let opened = std::future::ready(Ok(stream));
        let connection =
            connection::start(self.last_id, flow, known, opened, self.reporter.clone());
        self.by_remote.insert(flow.remote, connection);
    }

    /// # Errors
    /// The peer does not read, or does not exist any more.
    pub(super) fn send(&mut self, flow: Flow, bytes: Bytes) -> Result<(), Lost> {
        let connection = match self.by_remote.get_mut(&flow.remote) {
            Some(connection) => connection,
            None => self.open(flow)?,
        };
        if connection.send(bytes) {
            return Ok(());
        }
        self.by_remote.remove(&flow.remote);
        Err(Lost)
    }

    fn open(&mut self, flow: Flow) -> Result<&mut Connection, Lost> {
        if self.by_remote.len() >= CONNECTIONS_MAX {
            return Err(Lost);
        }
        self.last_id += 1;
        let opened = async move {
            let opened = timeout(CONNECT_WITHIN, TcpStream::connect(flow.remote)).await;
            let stream = opened.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            set_manners(&stream);
            Ok(stream)
        };
        let connection = connection::start(self.last_id, flow, true, opened, self.reporter.clone());
        Ok(self.by_remote.entry(flow.remote).or_insert(connection))
    }

    pub(super) fn try_recv(&mut self) -> Option<Received> {
        while let Ok(report) = self.reports.try_recv() {
            if let Some(received) = self.told(report) {
                return Some(received);
            }
        }
        None
    }

    pub(super) fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Received> {
        loop {
            match self.reports.poll_recv(context) {
                Poll::Ready(Some(report)) => {
                    if let Some(received) = self.told(report) {
                        return Poll::Ready(received);
                    }
                }
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn told(&mut self, Report { id, flow, what }: Report) -> Option<Received> {
        let is_current = self.by_remote.get(&flow.remote).is_some_and(|c| c.id == id);
        match what {
            What::Message(message) => Some(Received::Message { message, flow }),
            What::Fault(fault) => Some(Received::Fault { fault, flow }),
            What::Closed if is_current => {
                self.by_remote.remove(&flow.remote);
                Some(Received::Failed { flow })
            }
            What::Closed => None,
        }
    }
}

impl Listener {
    fn poll_accept(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        if let Some(pause) = &mut self.pause {
            if pause.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.pause = None;
        }
        let accepted = self.socket.poll_accept(context);
        if let Poll::Ready(Err(fault)) = &accepted {
            debug!(%fault, "a connection could not be taken");
            self.pause = Some(Box::pin(sleep(ACCEPT_PAUSE)));
        }
        accepted
    }
}

/// A peer that lost its power or its way must be noticed.
fn set_manners(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let keep_alive = TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(10));
    // Without them a call only lasts until its next message fails.
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_keepalive(&keep_alive);
    #[cfg(target_os = "linux")]
    let _ = socket.set_tcp_user_timeout(Some(Duration::from_secs(30)));
}
