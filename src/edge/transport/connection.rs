//! One stream: read, framed, written, each within its limits.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tracing::debug;

use crate::sip::flow::Flow;
use crate::sip::wire::{Fault, Framed, Framer, Message};

/// Messages to a peer that does not read.
const QUEUE_MAX: usize = 512;
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// A stranger that says nothing.
const STRANGER_SILENT_MAX: Duration = Duration::from_secs(30);
/// After a fault: the answer still goes out.
const LAST_WORDS: Duration = Duration::from_secs(1);
const READ_SIZE: usize = 16 * 1024;

pub(super) struct Connection {
    pub(super) id: u64,
    queue: mpsc::Sender<Bytes>,
    known: Arc<AtomicBool>,
}

pub(super) struct Report {
    pub(super) id: u64,
    pub(super) flow: Flow,
    pub(super) what: What,
}

pub(super) enum What {
    Message(Message),
    Fault(Fault),
    Closed,
}

struct Reader {
    id: u64,
    flow: Flow,
    known: Arc<AtomicBool>,
    reports: mpsc::Sender<Report>,
    /// For the answers to pings; does not keep the connection open.
    queue: mpsc::WeakSender<Bytes>,
}

/// Runs until the peer closes, a limit is hit, or the returned handle is dropped.
pub(super) fn start(
    id: u64,
    flow: Flow,
    known: bool,
    opened: impl Future<Output = io::Result<TcpStream>> + Send + 'static,
    reports: mpsc::Sender<Report>,
) -> Connection {
    let (queue, to_send) = mpsc::channel(QUEUE_MAX);
    let known = Arc::new(AtomicBool::new(known));
    let reader = Reader { id, flow, known: known.clone(), reports, queue: queue.downgrade() };
    tokio::spawn(reader.run(opened, to_send));
    Connection { id, queue, known }
}

impl Connection {
    /// False when the peer has not read for too long, or is gone.
    pub(super) fn send(&self, bytes: Bytes) -> bool {
        // Refusals are sent to strangers too.
        if !bytes.starts_with(b"SIP/2.0 ") || bytes.starts_with(b"SIP/2.0 2") {
            self.known.store(true, Ordering::Relaxed);
        }
        self.queue.try_send(bytes).is_ok()
    }
}

impl Reader {
    async fn run(
        self,
        opened: impl Future<Output = io::Result<TcpStream>>,
        to_send: mpsc::Receiver<Bytes>,
    ) {
        match opened.await {
            Ok(stream) => {
                let (reads, writes) = stream.into_split();
                tokio::select! {
                    ended = self.read(reads) => self.log(ended),
                    ended = write(writes, to_send) => self.log(ended),
                }
            }
            Err(fault) => self.log(Err(fault)),
        }
        let _ = self.report(What::Closed).await;
    }

    fn log(&self, ended: io::Result<()>) {
        match ended {
            Ok(()) => debug!(remote = %self.flow.remote, "connection closed"),
            Err(fault) => debug!(remote = %self.flow.remote, %fault, "connection lost"),
        }
    }

    /// False when nobody listens any more.
    async fn report(&self, what: What) -> bool {
        self.reports.send(Report { id: self.id, flow: self.flow, what }).await.is_ok()
    }

    async fn read(&self, mut reads: OwnedReadHalf) -> io::Result<()> {
        let mut framer = Framer::default();
        let mut buffer = vec![0; READ_SIZE];
        loop {
            let length = self.read_some(&mut reads, &mut buffer).await?;
            if length == 0 {
                return Ok(());
            }
            framer.push(buffer.get(..length).unwrap_or_default());
            if !self.take_messages(&mut framer).await {
                return Ok(());
            }
        }
    }

    async fn read_some(&self, reads: &mut OwnedReadHalf, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match timeout(STRANGER_SILENT_MAX, reads.read(buffer)).await {
                Ok(read) => return read,
                Err(_) if self.known.load(Ordering::Relaxed) => {}
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }

    /// False when the connection is to be closed.
    async fn take_messages(&self, framer: &mut Framer) -> bool {
        loop {
            let what = match framer.next_message() {
                Ok(None) => return true,
                Ok(Some(Framed::Ping)) => {
                    self.pong();
                    continue;
                }
                Ok(Some(Framed::Message(message))) => What::Message(*message),
                Err(fault) => {
                    self.report(What::Fault(fault)).await;
                    sleep(LAST_WORDS).await;
                    return false;
                }
            };
            if !self.report(what).await {
                return false;
            }
        }
    }

    fn pong(&self) {
        if let Some(queue) = self.queue.upgrade() {
            // A full queue keeps the connection open by itself.
            let _ = queue.try_send(Bytes::from_static(b"\r\n"));
        }
    }
}

async fn write(mut writes: OwnedWriteHalf, mut to_send: mpsc::Receiver<Bytes>) -> io::Result<()> {
    while let Some(bytes) = to_send.recv().await {
        let written = timeout(WRITE_WITHIN, writes.write_all(&bytes)).await;
        written.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    }
    writes.shutdown().await
}
