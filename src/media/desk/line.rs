//! One line of the desk: its stream's numbers, its jitter buffer, its digits.

use std::collections::VecDeque;
use std::time::Duration;

use core::net::SocketAddr;

use super::player::Player;
use super::{DeskEffect, Frame};
use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::media::control::{Agreed, Codec, Learn, SoundEvent, StreamId};
use crate::media::jitter::{JitterBuffer, Sound, Statistics};
use crate::media::latch::Latch;
use crate::media::relay::Relay;
use crate::media::rtp::{HEADER_BYTES, Header, Packet};
use crate::media::telephone_event::{ReceivedDigits, Report, SentDigit};
use crate::media::{g711, tones};

const DIGITS_MAX: usize = 32;
const SILENT_AFTER: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Line {
    agreed: Agreed,
    latch: Latch,
    relay: Relay,
    jitter: JitterBuffer,
    received: ReceivedDigits,
    digits: VecDeque<SentDigit>,
    /// Digits for a far end that takes no telephone events: as tones.
    in_band: Player,
    /// Encoded speech that does not yet fill a packet.
    pending: Vec<u8>,
    heard_at: Moment,
    is_unheard: bool,
    told_silent: bool,
}

impl Line {
    pub fn new(agreed: Agreed, learn: Learn, relay: Relay, now: Moment) -> Self {
        Self {
            agreed,
            latch: Latch::new(agreed.remote, learn),
            relay,
            jitter: JitterBuffer::default(),
            received: ReceivedDigits::default(),
            digits: VecDeque::new(),
            in_band: Player::default(),
            pending: Vec::new(),
            heard_at: now,
            is_unheard: true,
            told_silent: false,
        }
    }

    /// Signalling has agreed anew.
    pub fn renew(&mut self, agreed: Agreed, learn: Learn, now: Moment) {
        self.latch.renew(agreed.remote, learn);
        if agreed.codec != self.agreed.codec {
            self.pending.clear();
        }
        self.agreed = agreed;
        (self.heard_at, self.is_unheard, self.told_silent) = (now, true, false);
    }

    /// Taken up or laid aside.
    pub fn change(&mut self) {
        self.relay.change();
        self.jitter = JitterBuffer::default();
        self.pending.clear();
    }

    pub fn queue_digit(&mut self, digit: char, duration_ms: u16) {
        if self.agreed.dtmf_payload_type.is_none() {
            self.in_band.play(tones::digit(digit, u32::from(duration_ms)), false);
        } else if self.digits.len() < DIGITS_MAX {
            self.digits.extend(SentDigit::new(digit, duration_ms));
        }
    }

    pub fn pull(&mut self, now: Moment) -> Frame {
        self.jitter.pull(now)
    }

    pub fn take_statistics(&mut self, now: Moment) -> Statistics {
        self.jitter.take_statistics(now)
    }

    pub fn received(
        &mut self,
        stream: StreamId,
        from: SocketAddr,
        datagram: &[u8],
        is_talking: bool,
        now: Moment,
    ) -> Effects<DeskEffect> {
        if !self.latch.takes(from) {
            return Effects::none();
        }
        self.heard_at = now;
        let was_silent = std::mem::take(&mut self.told_silent);
        let was_unheard = std::mem::take(&mut self.is_unheard);
        let first = (was_unheard || was_silent)
            .then_some(DeskEffect::Report(SoundEvent::FirstPacket { stream }));
        let packet = Packet::read(datagram).filter(|_| self.agreed.receive);
        let digit = packet.and_then(|packet| self.take(&packet, is_talking, now));
        let digit = digit.map(|digit| DeskEffect::Report(SoundEvent::Digit { stream, digit }));
        first.into_iter().chain(digit).collect()
    }

    /// Answers a digit that has ended.
    fn take(&mut self, packet: &Packet<'_>, is_talking: bool, now: Moment) -> Option<char> {
        let Header { payload_type, timestamp, sequence, ssrc, .. } = packet.header;
        if Some(payload_type) == self.agreed.receive_dtmf_payload_type {
            return self.received.event(timestamp, Report::read(packet.payload)?);
        }
        let codec = self.codec(payload_type)?;
        if is_talking {
            let samples = g711::decoded_bytes(codec, packet.payload).collect();
            self.jitter.push(Sound { ssrc, sequence, timestamp, samples }, now);
        }
        self.received.sound(timestamp)
    }

    fn codec(&self, payload_type: u8) -> Option<Codec> {
        match payload_type {
            agreed if agreed == self.agreed.receive_payload_type => Some(self.agreed.codec),
            0 => Some(Codec::Pcmu),
            8 => Some(Codec::Pcma),
            _ => None,
        }
    }

    /// The next 20 ms; `speech` only for the line that talks.
    pub fn frame(
        &mut self,
        stream: StreamId,
        speech: Option<&Frame>,
        now: Moment,
    ) -> Effects<DeskEffect> {
        let mut effects = Effects::none();
        if self.agreed.send {
            self.send_digit(stream, now, &mut effects);
            // A digit speaks over the voice.
            if let Some(speech) = speech.filter(|_| self.digits.is_empty()) {
                self.speak(stream, speech, now, &mut effects);
            }
        }
        if speech.is_some() {
            effects.extend(self.falls_silent(stream, now));
        }
        effects
    }

    fn send_digit(&mut self, stream: StreamId, now: Moment, effects: &mut Effects<DeskEffect>) {
        let (Some(digit), Some(payload_type)) =
            (self.digits.front_mut(), self.agreed.dtmf_payload_type)
        else {
            return;
        };
        let begins = digit.is_new();
        match digit.next_report() {
            Some(report) => {
                self.pending.clear();
                let header = self.relay.event(payload_type, begins, now);
                effects.extend(self.packet(stream, header, &report.to_bytes()));
            }
            None => drop(self.digits.pop_front()),
        }
    }

    fn speak(
        &mut self,
        stream: StreamId,
        speech: &Frame,
        now: Moment,
        effects: &mut Effects<DeskEffect>,
    ) {
        let tone = self.in_band.is_playing().then(|| self.in_band.next_frame());
        let sound = tone.as_ref().unwrap_or(speech);
        self.pending.extend(g711::encoded_samples(self.agreed.codec, sound));
        let samples = u32::from(self.agreed.ptime_ms) * g711::SAMPLES_PER_MS;
        let bytes = samples as usize;
        while bytes > 0 && self.pending.len() >= bytes {
            let header = self.relay.own(self.agreed.payload_type, samples, now);
            let payload: Vec<u8> = self.pending.drain(..bytes).collect();
            effects.extend(self.packet(stream, header, &payload));
        }
    }

    fn packet(&mut self, stream: StreamId, header: Header, payload: &[u8]) -> Option<DeskEffect> {
        let to = self.latch.spend()?;
        let mut packet = Vec::with_capacity(HEADER_BYTES + payload.len());
        packet.extend(header.to_bytes());
        packet.extend(payload);
        Some(DeskEffect::Send { stream, to, packet })
    }

    fn falls_silent(&mut self, stream: StreamId, now: Moment) -> Option<DeskEffect> {
        let silence = now.since(self.heard_at);
        let tell = self.agreed.receive && !self.told_silent && silence >= SILENT_AFTER;
        self.told_silent |= tell;
        let for_ms = u32::try_from(silence.as_millis()).unwrap_or(u32::MAX);
        tell.then_some(DeskEffect::Report(SoundEvent::Silent { stream, for_ms }))
    }
}
