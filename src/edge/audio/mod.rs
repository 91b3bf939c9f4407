//! The desk's sound: microphone, ear and ringer, and the lines between them
//! and the network. With no sound card it says so and goes on in silence, at
//! the same pace.

mod booth;
mod card;
mod devices;
mod opener;
mod quiet;

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, channel, sync_channel};
use std::thread;

use mio::{Poll, Token, Waker};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::config::desk::{Sound as Settings, SoundDevice};
use crate::edge::chance::seeded_by_the_system;
use crate::edge::clock::Clock;
use crate::edge::rtp::{PortPair, Ports};
use crate::media::control::{DeskSound, SoundEvent};
use crate::media::desk::Desk;

use booth::Booth;
use devices::{Microphone, Speaker};
use opener::Opener;

const WAKE: Token = Token(usize::MAX);
const COMMANDS_MAX: usize = 1_024;

/// How the desk's sound is set up.
#[derive(Clone, Debug)]
pub struct SoundConfig {
    pub devices: Settings,
    /// What lines' sockets are bound to. `::` serves IPv6 and IPv4 at once.
    pub address: IpAddr,
    /// Even ports carry RTP, the odd ones above them RTCP.
    pub ports: RangeInclusive<u16>,
    /// Lines kept bound ahead of the calls that will use them.
    pub stock: usize,
}

/// The sound thread's ear. It ends when the last handle is dropped.
#[derive(Clone)]
pub struct SoundHandle {
    commands: Option<SyncSender<DeskSound>>,
    waker: Arc<Waker>,
}

/// Which loudspeaker serves which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Roles {
    ear: usize,
    ringer: usize,
    beep: usize,
}

/// Starts the sound thread.
pub struct Sound;

impl Sound {
    /// The stock arrives as [`SoundEvent::PortReady`]; each device as ready
    /// or missing, as soon as that is known.
    ///
    /// # Errors
    /// The system gives no thread, no poll or no randomness, or not one port
    /// of the range can be bound. A missing sound card is no error.
    pub fn start(
        config: SoundConfig,
        clock: Clock,
    ) -> io::Result<(SoundHandle, UnboundedReceiver<SoundEvent>)> {
        quiet::silence_alsa();
        PortPair::any(config.address, &config.ports)?;
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let (commands, to_obey) = sync_channel(COMMANDS_MAX);
        let (events, reports) = unbounded_channel();
        let (news, told) = channel();
        let (outputs, roles) = outputs(&config.devices);
        let booth = Booth {
            poll,
            commands: to_obey,
            news: told,
            events,
            clock,
            desk: Desk::new(seeded_by_the_system().map_err(io::Error::other)?),
            ports: Ports::new(config.address, &config.ports),
            stock: config.stock,
            lines: BTreeMap::new(),
            last_id: 0,
            microphone: Microphone::Nowhere,
            speakers: outputs.iter().map(|_| Speaker::Nowhere).collect(),
            roles,
            next_frame: None,
            idle_frames: 0,
        };
        Opener::start(config.devices.talk_in, &outputs, news, waker.clone())?;
        thread::Builder::new().name("sound".into()).spawn(move || booth.run())?;
        Ok((SoundHandle { commands: Some(commands), waker }, reports))
    }
}

impl SoundHandle {
    /// Carried out in the order sent.
    pub fn send(&self, command: DeskSound) {
        if let Some(commands) = &self.commands
            && commands.send(command).is_ok()
        {
            self.wake();
        }
    }

    fn wake(&self) {
        // It can fail only when its own counter is full, and then it is awake.
        let _ = self.waker.wake();
    }
}

impl Drop for SoundHandle {
    fn drop(&mut self) {
        self.commands = None;
        self.wake();
    }
}

/// Each device once, however many ends it serves: many cards can be opened
/// only once.
fn outputs(settings: &Settings) -> (Vec<SoundDevice>, Roles) {
    let mut devices: Vec<SoundDevice> = Vec::new();
    let mut number = |device: &SoundDevice| match devices.iter().position(|d| d == device) {
        Some(number) => number,
        None => {
            devices.push(device.clone());
            devices.len() - 1
        }
    };
    let ear = number(&settings.talk_out);
    let ringer = number(&settings.ring);
    let beep = settings.beep.as_ref().map_or(ear, number);
    (devices, Roles { ear, ringer, beep })
}

#[cfg(test)]
mod tests;
