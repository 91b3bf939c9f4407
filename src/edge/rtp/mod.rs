//! The server's media thread: sockets, packets and the 20 ms clock. It does
//! what [`MediaCommand`] says and reports [`MediaEvent`]; it decides nothing
//! about calls.
//!
//! A parked call costs here one slot of a timer wheel, one header and one
//! send each packet time. What its caller sends meanwhile the kernel drops.

mod ports;
mod shard;
mod stream;
mod unheard;
mod wheel;

use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use mio::{Poll, Token, Waker};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::edge::chance::seeded_by_the_system;
use crate::edge::clock::Clock;
use crate::media::control::{MediaCommand, MediaEvent};
use crate::media::sounds::Sounds;

#[cfg(test)]
pub(in crate::edge) use ports::range_for_test;
pub(in crate::edge) use ports::{PortPair, Ports};
pub(in crate::edge) use stream::send_to;

use shard::{Shard, Streams, tick_of};
use wheel::Wheel;

const WAKE: Token = Token(usize::MAX);
/// Commands on their way; a sender waits when there are more.
const COMMANDS_MAX: usize = 4_096;
/// A stream's two sockets.
const FILES_OF_A_STREAM: usize = 2;
/// A packet sent later than this after its time is counted.
const LATE_MS: u64 = 5;

/// How the media thread is set up.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// What sockets are bound to. `::` serves IPv6 and IPv4 at once.
    pub address: IpAddr,
    /// Even ports carry RTP, the odd ones above them RTCP.
    pub ports: RangeInclusive<u16>,
    /// Streams kept bound ahead of the calls that will use them, while a
    /// quarter of the files that may be open allows. Every one that is spent
    /// is replaced at once while the range has more.
    pub stock: usize,
    pub sounds: Sounds,
}

/// The media thread's ear. It ends when the last handle is dropped.
#[derive(Clone)]
pub struct MediaHandle {
    commands: Option<SyncSender<MediaCommand>>,
    waker: Arc<Waker>,
    counters: Arc<Counters>,
}

/// Since the start.
#[derive(Debug, Default)]
pub struct Counters {
    pub packets_sent: AtomicU64,
    pub packets_received: AtomicU64,
    /// Not from the peer: dropped.
    pub packets_of_strangers: AtomicU64,
    /// The system would not take them: buffers full, host unreachable.
    pub packets_not_sent: AtomicU64,
    /// Sent more than 5 ms after their time.
    pub packets_late: AtomicU64,
}

/// Starts the media thread.
pub struct Media;

impl Media {
    /// The stock arrives as [`MediaEvent::PortReady`], before anything else.
    ///
    /// # Errors
    /// The system gives no thread, no poll or no randomness, or not one port
    /// of the range can be bound.
    pub fn start(
        config: MediaConfig,
        clock: Clock,
    ) -> io::Result<(MediaHandle, UnboundedReceiver<MediaEvent>)> {
        let files = raise_file_limit();
        PortPair::any(config.address, &config.ports)?;
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let (commands, to_obey) = sync_channel(COMMANDS_MAX);
        let (events, reports) = unbounded_channel();
        let counters = Arc::new(Counters::default());
        let now = clock.now();
        let mut shard = Shard {
            poll,
            commands: to_obey,
            events,
            counters: counters.clone(),
            sounds: config.sounds,
            ports: Ports::new(config.address, &config.ports),
            stock: config.stock.min(files / FILES_OF_A_STREAM / 4),
            may_fill: true,
            chance: seeded_by_the_system().map_err(io::Error::other)?,
            clock,
            wheel: Wheel::new(tick_of(now)),
            streams: Streams::default(),
            backlog: Default::default(),
            looked_over_at: now,
        };
        // At once, for the calls that waited for this start.
        shard.fill_stock(usize::MAX);
        thread::Builder::new().name("media".into()).spawn(move || shard.run())?;
        Ok((MediaHandle { commands: Some(commands), waker, counters }, reports))
    }
}

impl MediaHandle {
    /// Carried out in the order sent. Waits only while thousands are before it.
    pub fn send(&self, command: MediaCommand) {
        if let Some(commands) = &self.commands
            && commands.send(command).is_ok()
        {
            self.wake();
        }
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    fn wake(&self) {
        // It can fail only when its own counter is full, and then it is awake.
        let _ = self.waker.wake();
    }
}

impl Drop for MediaHandle {
    fn drop(&mut self) {
        self.commands = None;
        self.wake();
    }
}

impl Counters {
    pub fn sent(&self) -> u64 {
        self.packets_sent.load(Ordering::Relaxed)
    }

    pub fn received(&self) -> u64 {
        self.packets_received.load(Ordering::Relaxed)
    }

    pub fn late(&self) -> u64 {
        self.packets_late.load(Ordering::Relaxed)
    }

    pub fn of_strangers(&self) -> u64 {
        self.packets_of_strangers.load(Ordering::Relaxed)
    }
}

/// Systems start programs with leave for 1,024 files: asks for all that may
/// be had. Says how many those are.
fn raise_file_limit() -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Then fewer calls fit; each that does not is refused by itself.
        let _ = setrlimit(Resource::Nofile, limit);
        let got = getrlimit(Resource::Nofile).current;
        got.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX)
    }
    #[cfg(not(unix))]
    usize::MAX
}

#[cfg(test)]
mod tests;
