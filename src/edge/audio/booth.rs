//! The sound thread: it owns the lines' sockets and the devices, and beats
//! the 20 ms that everything else here follows.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};
use tokio::sync::mpsc::UnboundedSender;

use super::devices::{Microphone, Speaker};
use super::opener::{News, Place};
use super::{Roles, WAKE};
use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::edge::clock::Clock;
use crate::edge::precedence::prefer_this_thread;
use crate::edge::rtp::{PortPair, Ports, send_to};
use crate::media::control::{DeskSound, PortToken, SoundDevice, SoundEvent, StreamId};
use crate::media::desk::{Desk, DeskEffect, Heard, SILENCE, mix};
use crate::media::rtp::PACKET_BYTES_MAX;

const FRAME: Duration = Duration::from_millis(20);
/// Behind by more than this (a suspended machine), frames are left out.
const BEHIND_MAX: Duration = Duration::from_millis(100);
/// Packets read from one line before the others get their turn.
const READS_MAX: usize = 32;
/// How long an ear is kept open after the last sound, so that tones in quick
/// succession do not click.
const LINGER_FRAMES: u32 = 50;

pub(super) struct Booth {
    pub poll: Poll,
    pub commands: Receiver<DeskSound>,
    pub news: Receiver<News>,
    pub clock: Clock,
    pub desk: Desk,
    pub ports: Ports,
    pub stock: usize,
    pub lines: BTreeMap<StreamId, BoundLine>,
    pub last_id: u64,
    pub microphone: Microphone,
    pub speakers: Vec<Speaker>,
    pub roles: Roles,
    /// When the next frame is due; none while there is nothing to say or hear.
    pub next_frame: Option<Moment>,
    pub idle_frames: u32,
    /// The last to be dropped: who hears of its end finds recordings whole.
    pub events: UnboundedSender<SoundEvent>,
}

pub(super) struct BoundLine {
    ports: PortPair,
    is_spent: bool,
}

impl Booth {
    /// Until the last handle is gone.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(64);
        let mut buffer = [0; PACKET_BYTES_MAX];
        prefer_this_thread();
        self.fill_stock();
        loop {
            let timeout = self.next_frame.map(|at| self.clock.until(at));
            if self.poll.poll(&mut events, timeout).is_err() {
                continue;
            }
            if self.obey().is_err() {
                return;
            }
            self.hear_news();
            for event in events.iter().filter(|event| event.token() != WAKE) {
                self.read(StreamId(event.token().0 as u64), &mut buffer);
            }
            self.beat();
        }
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

    fn carry_out(&mut self, command: DeskSound) {
        let now = self.clock.now();
        match command {
            DeskSound::Connect { stream, .. } => match self.lines.get_mut(&stream) {
                Some(line) => line.is_spent = true,
                None => return,
            },
            DeskSound::Close { stream } => self.close(stream, now),
            _ => {}
        }
        self.desk.handle(command, now);
        self.fill_stock();
        if self.desk.is_active() && self.next_frame.is_none() {
            self.next_frame = Some(now);
        }
    }

    fn close(&mut self, stream: StreamId, now: Moment) {
        if let Some(mut line) = self.lines.remove(&stream) {
            // It closes with its socket in any case.
            let _ = self.poll.registry().deregister(&mut line.ports.rtp);
            self.ports.give_back(line.ports.port, now);
        }
    }

    fn fill_stock(&mut self) {
        let ahead = self.lines.values().filter(|line| !line.is_spent).count();
        for _ in ahead..self.stock {
            let Some(mut ports) = self.ports.bind(self.clock.now()) else {
                return;
            };
            self.last_id += 1;
            let (stream, port) = (StreamId(self.last_id), ports.port);
            let token = Token(self.last_id as usize);
            let registry = self.poll.registry();
            if registry.register(&mut ports.rtp, token, Interest::READABLE).is_err() {
                return;
            }
            self.lines.insert(stream, BoundLine { ports, is_spent: false });
            self.report(SoundEvent::PortReady(PortToken { stream, port }));
        }
    }

    fn hear_news(&mut self) {
        while let Ok(news) = self.news.try_recv() {
            match news {
                News::Microphone(microphone) => self.microphone = microphone,
                News::Speaker(number, speaker) => {
                    if let Some(place) = self.speakers.get_mut(number) {
                        *place = speaker;
                    }
                }
                News::Ready(place, name) => {
                    for which in self.devices(place) {
                        self.report(SoundEvent::DeviceReady { which, name: name.clone() });
                    }
                }
                News::Missing(place, why) => {
                    for which in self.devices(place) {
                        self.report(SoundEvent::NoDevice { which, why: why.clone() });
                    }
                }
            }
        }
    }

    /// A loudspeaker may serve several ends, and each of them is told.
    fn devices(&self, place: Place) -> Vec<SoundDevice> {
        match place {
            Place::Microphone => vec![SoundDevice::Microphone],
            Place::Speaker(number) => {
                let ends =
                    [(self.roles.ear, SoundDevice::Ear), (self.roles.ringer, SoundDevice::Ringer)];
                ends.into_iter().filter(|(of, _)| *of == number).map(|(_, end)| end).collect()
            }
        }
    }

    fn read(&mut self, stream: StreamId, buffer: &mut [u8]) {
        for _ in 0..READS_MAX {
            let Some(line) = self.lines.get(&stream) else {
                return;
            };
            match line.ports.rtp.recv_from(buffer) {
                Ok((length, from)) => {
                    let now = self.clock.now();
                    let effects = self.desk.received(stream, from, &buffer[..length], now);
                    self.carry(effects);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // A peer that is gone makes its host say so.
                Err(_) => {}
            }
        }
        // A flood: the rest is read after its next packet.
    }

    fn beat(&mut self) {
        let now = self.clock.now();
        while let Some(due) = self.next_frame.filter(|due| *due <= now) {
            let behind = now.since(due) > BEHIND_MAX;
            let next = if behind { now + FRAME } else { due + FRAME };
            self.next_frame = Some(next);
            self.frame(now);
        }
    }

    fn frame(&mut self, now: Moment) {
        self.run_devices();
        let microphone = match self.desk.wants_microphone() {
            true => self.microphone.frame(),
            false => SILENCE,
        };
        let (heard, effects) = self.desk.frame(&microphone, now);
        self.carry(effects);
        self.play(&heard);
        self.rest_if_idle();
    }

    fn run_devices(&mut self) {
        self.microphone.run(self.desk.wants_microphone());
        for speaker in &mut self.speakers {
            speaker.run(true);
        }
    }

    fn play(&mut self, heard: &Heard) {
        let Roles { ear, ringer, beep } = self.roles;
        let ends = [(ear, &heard.ear), (ringer, &heard.ringer), (beep, &heard.knock)];
        for (number, speaker) in self.speakers.iter_mut().enumerate() {
            let mut frame = SILENCE;
            for (_, sound) in ends.iter().filter(|(end, _)| *end == number) {
                mix(&mut frame, sound);
            }
            speaker.play(&frame);
        }
    }

    fn rest_if_idle(&mut self) {
        self.idle_frames = if self.desk.is_active() { 0 } else { self.idle_frames + 1 };
        if self.idle_frames < LINGER_FRAMES {
            return;
        }
        self.idle_frames = 0;
        self.next_frame = None;
        self.microphone.run(false);
        for speaker in &mut self.speakers {
            speaker.run(false);
        }
    }

    fn carry(&mut self, effects: Effects<DeskEffect>) {
        for effect in effects {
            match effect {
                DeskEffect::Send { stream, to, packet } => {
                    if let Some(line) = self.lines.get(&stream) {
                        // A packet that cannot be sent is lost; the next may go.
                        let _ = send_to(&line.ports.rtp, &packet, to);
                    }
                }
                DeskEffect::Report(report) => self.report(report),
            }
        }
    }

    fn report(&self, event: SoundEvent) {
        // If nobody listens, the handle goes next.
        let _ = self.events.send(event);
    }
}
