//! A media thread: it owns its streams, waits for packets and for the wheel.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};
use tokio::sync::mpsc::UnboundedSender;

use super::ports::Ports;
use super::stream::{Desk, Kind, Piece, Playing, Stream};
use super::wheel::Wheel;
use super::{Counters, LATE_MS, WAKE};
use crate::domain::chance::Chance;
use crate::domain::time::Moment;
use crate::edge::clock::Clock;
use crate::edge::precedence::prefer_this_thread;
use crate::media::control::{MediaCommand, MediaEvent, PortToken, Source, StreamId};
use crate::media::relay::Relay;
use crate::media::rtp::{PACKET_BYTES_MAX, Packet};
use crate::media::sounds::Sounds;

/// Packets read from one stream before the others get their turn.
const READS_MAX: usize = 32;
/// Port pairs bound before packets get their turn: some 50 µs each.
const FILL_AT_ONCE: usize = 8;
/// How often streams are looked over: silence, resting ports.
const LOOK_OVER: Duration = Duration::from_secs(1);

pub(super) struct Shard {
    pub poll: Poll,
    pub commands: Receiver<MediaCommand>,
    pub events: UnboundedSender<MediaEvent>,
    pub counters: Arc<Counters>,
    pub sounds: Sounds,
    pub ports: Ports,
    /// Streams nobody has spent yet, kept bound ahead.
    pub stock: usize,
    /// The stock is short, and there were ports to fill it when last looked.
    pub may_fill: bool,
    pub chance: Chance,
    pub clock: Clock,
    pub wheel: Wheel,
    pub streams: Streams,
    /// Streams with more to read than their turn allowed.
    pub backlog: VecDeque<usize>,
    pub looked_over_at: Moment,
}

/// The streams by slot; a slot is used again, an id never.
#[derive(Default)]
pub(super) struct Streams {
    slots: Vec<Option<Box<Stream>>>,
    free: Vec<usize>,
    by_id: BTreeMap<StreamId, usize>,
    last_id: u64,
    unspent: usize,
}

impl Shard {
    /// Until the last handle is gone.
    pub fn run(mut self) {
        prefer_this_thread();
        let mut events = Events::with_capacity(1024);
        let mut keys = Vec::new();
        let mut buffer = [0; PACKET_BYTES_MAX];
        loop {
            if self.poll.poll(&mut events, self.timeout()).is_err() {
                // Interrupted by a signal.
                continue;
            }
            self.send_due(&mut keys);
            if self.obey().is_err() {
                return;
            }
            for event in events.iter().filter(|event| event.token() != WAKE) {
                self.read(event.token().0, &mut buffer);
                self.send_due(&mut keys);
            }
            self.read_backlog(&mut buffer);
            self.look_over_if_time();
            if self.may_fill {
                self.fill_stock(FILL_AT_ONCE);
            }
        }
    }

    fn timeout(&self) -> Option<Duration> {
        if self.may_fill || !self.backlog.is_empty() {
            return Some(Duration::ZERO);
        }
        let due = self.wheel.next().map(at_tick);
        let look_over = self.streams.is_busy().then(|| self.looked_over_at + LOOK_OVER);
        let next = due.into_iter().chain(look_over).min();
        next.map(|at| self.clock.until(at))
    }

    /// # Errors
    /// Nobody will send any more commands.
    fn obey(&mut self) -> Result<(), ()> {
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.carry_out(command),
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(()),
            }
        }
    }

    fn carry_out(&mut self, command: MediaCommand) {
        let now = self.clock.now();
        match command {
            MediaCommand::Spend { stream } => self.spend(stream),
            MediaCommand::Connect { stream, agreed, learn } => {
                self.connect(stream, now, |stream| stream.connect(agreed, learn, now));
            }
            MediaCommand::Play { stream, source } => self.play(stream, source, now),
            MediaCommand::SendDigit { stream, digit, duration_ms } => {
                self.with(stream, now, |stream| stream.queue_digit(digit, duration_ms));
            }
            MediaCommand::Close { stream } => self.close(stream, now),
        }
    }

    fn connect(&mut self, id: StreamId, now: Moment, connect: impl FnOnce(&mut Stream)) {
        self.spend(id);
        self.with(id, now, connect);
    }

    /// Once for each stream, whatever comes first.
    fn spend(&mut self, id: StreamId) {
        if let Some((_, stream)) = self.streams.find(id)
            && !std::mem::replace(&mut stream.is_spent, true)
        {
            self.streams.unspent -= 1;
            self.may_fill = true;
        }
    }

    /// Changes a stream, and lets it begin at once what it now has to send.
    fn with(&mut self, id: StreamId, now: Moment, change: impl FnOnce(&mut Stream)) {
        if let Some((slot, stream)) = self.streams.find(id) {
            change(stream);
            self.begin(slot, now);
        }
    }

    fn play(&mut self, id: StreamId, source: Source, now: Moment) {
        let playing = self.playing(source);
        let Some((slot, stream)) = self.streams.find(id) else {
            return;
        };
        let before = stream.playing;
        stream.play(playing);
        if before != playing {
            self.streams.stop_listening(slot, before);
            self.streams.start_listening(slot, playing);
        }
        self.begin(slot, now);
    }

    fn playing(&mut self, source: Source) -> Playing {
        match source {
            Source::Nothing => Playing::Nothing,
            Source::Music => Playing::Clip { piece: Piece::Music, position: 0 },
            Source::Tone(tone) => Playing::Clip { piece: Piece::Tone(tone), position: 0 },
            Source::Stream(other) => match self.streams.find(other) {
                Some((slot, _)) => Playing::Stream { slot },
                None => Playing::Nothing,
            },
        }
    }

    fn begin(&mut self, slot: usize, now: Moment) {
        let Self { streams, sounds, counters, wheel, .. } = self;
        let Some(stream) = streams.at(slot) else {
            return;
        };
        if stream.due.is_none()
            && let Some(wait_ms) = stream.send_own(&Desk { sounds, counters, now })
        {
            // Up to half a packet early, where the fewest others send.
            let tick = tick_of(now) + wait_ms;
            let tick = wheel.lightest(tick - wait_ms / 2, tick);
            stream.due = Some(wheel.schedule(slot, tick));
        }
        // After the first packet, which must not wait for it.
        stream.turn_deaf_if_unheard();
    }

    fn send_due(&mut self, keys: &mut Vec<usize>) {
        let now = self.clock.now();
        while let Some(tick) = self.wheel.take(tick_of(now), keys) {
            for slot in keys.iter() {
                self.send_one(*slot, tick, now);
            }
        }
    }

    fn send_one(&mut self, slot: usize, tick: u64, now: Moment) {
        let Self { streams, sounds, counters, wheel, .. } = self;
        let due = |stream: &&mut Stream| stream.due.is_some_and(|due| due <= tick);
        let Some(stream) = streams.at(slot).filter(due) else {
            return;
        };
        if tick_of(now) > tick + LATE_MS {
            counters.packets_late.fetch_add(1, Relaxed);
        }
        let next = stream.send_own(&Desk { sounds, counters, now });
        stream.due = next.map(|wait_ms| wheel.schedule(slot, tick + wait_ms));
    }

    fn read_backlog(&mut self, buffer: &mut [u8]) {
        for _ in 0..self.backlog.len() {
            if let Some(slot) = self.backlog.pop_front() {
                self.read(slot, buffer);
            }
        }
    }

    fn read(&mut self, slot: usize, buffer: &mut [u8]) {
        let now = self.clock.now();
        for _ in 0..READS_MAX {
            let Some(stream) = self.streams.at(slot) else {
                return;
            };
            match stream.ports.rtp.recv_from(buffer) {
                Ok((length, from)) => self.received(slot, &buffer[..length], from, now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // A peer that is gone makes its host say so; there may be more behind.
                Err(_) => {}
            }
        }
        self.backlog.push_back(slot);
    }

    fn received(&mut self, slot: usize, datagram: &[u8], from: std::net::SocketAddr, now: Moment) {
        let Self { streams, counters, events, .. } = self;
        counters.packets_received.fetch_add(1, Relaxed);
        let Some(stream) = streams.at(slot) else {
            return;
        };
        let id = stream.id;
        let Some(leg) = &mut stream.leg else {
            return;
        };
        if !leg.latch.takes(from) {
            counters.packets_of_strangers.fetch_add(1, Relaxed);
            return;
        }
        if let Some(event) = leg.hears(id, from, now) {
            let _ = events.send(event);
        }
        let packet = Packet::read(datagram).filter(|_| leg.agreed.receive);
        let known = packet.and_then(|p| Some((p, leg.kind(p.header.payload_type)?)));
        let digit = known.and_then(|(packet, kind)| digit_ended(leg, &packet, kind));
        if let Some(digit) = digit {
            let _ = events.send(MediaEvent::Digit { stream: id, digit });
        }
        stream.turn_deaf_if_unheard();
        if let Some((packet, kind)) = known {
            self.pass_on(slot, &packet, kind, now);
        }
    }

    fn pass_on(&mut self, from: usize, packet: &Packet<'_>, kind: Kind, now: Moment) {
        let Self { streams, sounds, counters, .. } = self;
        let desk = Desk { sounds, counters, now };
        for index in 0.. {
            let listener = streams.at(from).and_then(|s| s.listeners.get(index).copied());
            let Some(listener) = listener else {
                return;
            };
            if let Some(listener) = streams.at(listener) {
                listener.send_relayed(&packet.header, kind, packet.payload, &desk);
            }
        }
    }

    fn close(&mut self, id: StreamId, now: Moment) {
        let Some((slot, stream)) = self.streams.find(id) else {
            return;
        };
        // It closes with its socket in any case.
        let _ = self.poll.registry().deregister(&mut stream.ports.rtp);
        let playing = stream.playing;
        self.streams.stop_listening(slot, playing);
        if let Some(stream) = self.streams.remove(slot) {
            self.ports.give_back(stream.ports.port, now);
        }
        self.may_fill = true;
    }

    /// Binds up to `most` pairs: a burst of calls must not hold up the sound
    /// of those that are there.
    pub fn fill_stock(&mut self, most: usize) {
        let now = self.clock.now();
        let short = self.stock.saturating_sub(self.streams.unspent);
        let bound = (0..short.min(most)).take_while(|_| self.bind_one(now).is_some()).count();
        self.may_fill = bound == most && bound < short;
    }

    fn bind_one(&mut self, now: Moment) -> Option<()> {
        let mut pair = self.ports.bind(now)?;
        let slot = self.streams.next_slot();
        let registry = self.poll.registry();
        if registry.register(&mut pair.rtp, Token(slot), Interest::READABLE).is_err() {
            self.ports.give_back(pair.port, now);
            return None;
        }
        let port = pair.port;
        let numbers = self.chance.draw();
        let relay = Relay::new(
            (numbers >> 32) as u32,
            // Half the circle from its end: some receivers mistake an early turn.
            (numbers as u16) >> 1,
            self.chance.draw() as u32,
        );
        let stream = self.streams.add(slot, |id| Stream::new(id, pair, relay));
        let _ = self.events.send(MediaEvent::PortReady(PortToken { stream, port }));
        Some(())
    }

    fn look_over_if_time(&mut self) {
        let now = self.clock.now();
        if now < self.looked_over_at + LOOK_OVER {
            return;
        }
        self.looked_over_at = now;
        for stream in self.streams.slots.iter_mut().flatten() {
            if let Some(silence) = stream.falls_silent(now) {
                let for_ms = u32::try_from(silence.as_millis()).unwrap_or(u32::MAX);
                let _ = self.events.send(MediaEvent::Silent { stream: stream.id, for_ms });
            }
        }
        self.may_fill = true;
    }
}

impl Streams {
    /// Somebody may fall silent, or a port may have rested.
    fn is_busy(&self) -> bool {
        self.by_id.len() > self.unspent || self.by_id.is_empty()
    }

    fn find(&mut self, id: StreamId) -> Option<(usize, &mut Stream)> {
        let slot = *self.by_id.get(&id)?;
        Some((slot, self.at(slot)?))
    }

    fn at(&mut self, slot: usize) -> Option<&mut Stream> {
        self.slots.get_mut(slot)?.as_deref_mut()
    }

    fn next_slot(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        })
    }

    fn add(&mut self, slot: usize, stream: impl FnOnce(StreamId) -> Stream) -> StreamId {
        self.last_id += 1;
        let id = StreamId(self.last_id);
        self.slots[slot] = Some(Box::new(stream(id)));
        self.by_id.insert(id, slot);
        self.unspent += 1;
        id
    }

    fn remove(&mut self, slot: usize) -> Option<Box<Stream>> {
        let stream = self.slots.get_mut(slot)?.take()?;
        self.by_id.remove(&stream.id);
        self.free.push(slot);
        self.unspent -= usize::from(!stream.is_spent);
        for listener in &stream.listeners {
            if let Some(listener) = self.at(*listener) {
                listener.play(Playing::Nothing);
            }
        }
        Some(stream)
    }

    fn start_listening(&mut self, listener: usize, playing: Playing) {
        if let Playing::Stream { slot } = playing
            && let Some(stream) = self.at(slot)
        {
            stream.listeners.push(listener);
            stream.hear();
        }
    }

    fn stop_listening(&mut self, listener: usize, playing: Playing) {
        if let Playing::Stream { slot } = playing
            && let Some(stream) = self.at(slot)
        {
            stream.listeners.retain(|other| *other != listener);
            stream.turn_deaf_if_unheard();
        }
    }
}

fn digit_ended(leg: &mut super::stream::Leg, packet: &Packet<'_>, kind: Kind) -> Option<char> {
    use crate::media::telephone_event::Report;
    let timestamp = packet.header.timestamp;
    match kind {
        Kind::Sound(_) => leg.received.sound(timestamp),
        Kind::TelephoneEvent => leg.received.event(timestamp, Report::read(packet.payload)?),
    }
}

pub(super) fn tick_of(at: Moment) -> u64 {
    u64::try_from(at.since(Moment::START).as_millis()).unwrap_or(u64::MAX)
}

fn at_tick(tick: u64) -> Moment {
    Moment::START + Duration::from_millis(tick)
}
