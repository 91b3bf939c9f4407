//! Where phones fetch their settings: an HTTP listener of our own, on a thread
//! of its own, and the answer to phones that ask by multicast.

mod answer;
mod limits;
mod neighbours;
mod pnp;

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::config::Network;
use crate::provision::Book;
use crate::sip::flow::Transport;

pub use pnp::PnpSocket;

use limits::Limits;

/// For all the headers of a request; whoever dawdles is hung up on.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// For a connection, whatever is done with it.
const CONNECTION_MAX: Duration = Duration::from_secs(60);
/// Octets of a request's line and headers.
const HEAD_MAX: usize = 16 << 10;
const HEADERS_MAX: usize = 64;
/// What is counted by address is counted by the minute.
const MINUTE: Duration = Duration::from_secs(60);
/// Out of files: some close in a moment.
const BREATH: Duration = Duration::from_millis(100);

/// What the listener is told at its start.
#[derive(Debug)]
pub struct Provisioning {
    /// As it is now: phones come and go while the server runs.
    pub book: watch::Receiver<Book>,
    /// Where phones register.
    pub listening: Vec<(Transport, SocketAddr)>,
    /// Told to phones that are not in our own networks.
    pub external_address: Option<IpAddr>,
    pub local_networks: Vec<Network>,
    /// Networks whose phones are trusted though their hardware address cannot
    /// be seen.
    pub vouched: Vec<Network>,
}

/// All that connections share; one thread has it.
struct Desk {
    settings: Provisioning,
    limits: RefCell<Limits>,
}

/// Serves for as long as the program runs.
///
/// # Errors
/// The system gives no thread or event loop.
pub fn start(
    settings: Provisioning,
    listener: TcpListener,
    pnp: Option<PnpSocket>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let serve = move || {
        let desk = Rc::new(Desk { settings, limits: RefCell::default() });
        let here = LocalSet::new();
        here.block_on(&runtime, serve(desk, listener, pnp));
    };
    std::thread::Builder::new().name("provisioning".to_owned()).spawn(serve).map(drop)
}

async fn serve(desk: Rc<Desk>, listener: TcpListener, pnp: Option<PnpSocket>) {
    spawn_local(forget_by_the_minute(Rc::clone(&desk)));
    let port = listener.local_addr().map(|address| address.port()).unwrap_or_default();
    if let Some(socket) = pnp {
        spawn_local(pnp::serve(Rc::clone(&desk), socket, port));
    }
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(fault) => return warn!("provisioning: {fault}; no phone is handed its settings"),
    };
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => accepted(&desk, stream, peer),
            Err(fault) => {
                debug!(%fault, "provisioning: no connection");
                sleep(BREATH).await;
            }
        }
    }
}

/// One too many is closed at once.
fn accepted(desk: &Rc<Desk>, stream: TcpStream, peer: SocketAddr) {
    let ip = peer.ip().to_canonical();
    if desk.limits.borrow_mut().opened(ip) {
        let desk = Rc::clone(desk);
        spawn_local(async move {
            connection(&desk, stream, ip).await;
            desk.limits.borrow_mut().closed(ip);
        });
    }
}

async fn connection(desk: &Rc<Desk>, stream: TcpStream, peer: IpAddr) {
    let Ok(local) = stream.local_addr() else { return };
    let local = local.ip().to_canonical();
    let service = service_fn(|request| {
        let response = answer::answer(desk, peer, local, &request);
        std::future::ready(Ok::<_, std::convert::Infallible>(response))
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(HEAD_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_MAX, serving).await {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => debug!(%peer, %fault, "provisioning: a connection failed"),
        Err(_) => debug!(%peer, "provisioning: a connection took too long"),
    }
}

async fn forget_by_the_minute(desk: Rc<Desk>) {
    loop {
        sleep(MINUTE).await;
        desk.limits.borrow_mut().next_minute();
    }
}

#[cfg(test)]
mod tests;
