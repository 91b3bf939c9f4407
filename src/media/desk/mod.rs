//! The desk's sound without its devices: a microphone's frames go in, packets
//! go out; packets go in, frames for the ear and the ringer come out.

mod line;
mod player;

use std::collections::BTreeMap;

use core::net::SocketAddr;

use crate::domain::chance::Chance;
use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::media::control::{
    Agreed, DeskSound, Learn, Meters, RingKind, SoundEvent, StreamId, Tone,
};
use crate::media::jitter::FRAME;
use crate::media::measure::energy_dbfs;
use crate::media::relay::Relay;
use crate::media::tones;

use line::Line;
use player::Player;

/// 20 ms of sound.
pub type Frame = [i16; FRAME];
pub const SILENCE: Frame = [0; FRAME];

/// Frames between two readings of the meters.
const METER_FRAMES: u32 = 50;
/// How long a digit is sent and heard.
const DIGIT_MS: u16 = 120;

/// What the edge is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskEffect {
    Send { stream: StreamId, to: SocketAddr, packet: Vec<u8> },
    Report(SoundEvent),
}

/// What is to be heard for the next 20 ms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub ear: Frame,
    pub ringer: Frame,
    /// During a call, in place of the ringer: soft, for the ear or wherever
    /// people want it.
    pub knock: Frame,
}

/// Every line's sound, one of them with a microphone and an ear.
#[derive(Debug)]
pub struct Desk {
    chance: Chance,
    lines: BTreeMap<StreamId, Line>,
    talking: Option<StreamId>,
    muted: bool,
    ring: Option<RingKind>,
    ringer: Player,
    knock: Player,
    ear_tone: Player,
    digits: Player,
    meter: Meter,
}

/// Sums of the last second.
#[derive(Debug, Default)]
struct Meter {
    frames: u32,
    microphone: Vec<i16>,
    ear: Vec<i16>,
    told: Option<Meters>,
}

impl Desk {
    pub fn new(chance: Chance) -> Self {
        Self {
            chance,
            lines: BTreeMap::new(),
            talking: None,
            muted: false,
            ring: None,
            ringer: Player::default(),
            knock: Player::default(),
            ear_tone: Player::default(),
            digits: Player::default(),
            meter: Meter::default(),
        }
    }

    pub fn handle(&mut self, command: DeskSound, now: Moment) {
        match command {
            DeskSound::Connect { stream, agreed, learn } => {
                self.connect(stream, agreed, learn, now)
            }
            DeskSound::Talk { stream } => self.talk(stream),
            DeskSound::Close { stream } => self.close(stream),
            DeskSound::Ring(kind) => self.ring(kind),
            DeskSound::EarTone(tone) => self.ear_tone(tone),
            DeskSound::Mute(on) => self.muted = on,
            DeskSound::SendDigit { stream, digit } => self.send_digit(stream, digit),
        }
    }

    /// A datagram has come for this stream.
    pub fn received(
        &mut self,
        stream: StreamId,
        from: SocketAddr,
        datagram: &[u8],
        now: Moment,
    ) -> Effects<DeskEffect> {
        let is_talking = self.talking == Some(stream);
        match self.lines.get_mut(&stream) {
            Some(line) => line.received(stream, from, datagram, is_talking, now),
            None => Effects::none(),
        }
    }

    /// The next 20 ms: what the microphone heard, for what is to be heard.
    pub fn frame(&mut self, microphone: &Frame, now: Moment) -> (Heard, Effects<DeskEffect>) {
        let mut effects = Effects::none();
        let speech = if self.muted { &SILENCE } else { microphone };
        for (stream, line) in &mut self.lines {
            let speech = (self.talking == Some(*stream)).then_some(speech);
            effects.extend(line.frame(*stream, speech, now));
        }
        let heard = self.heard(now);
        effects.extend(self.measure(microphone, &heard.ear, now));
        (heard, effects)
    }

    /// Whether there is anything to be said or heard. If not, frames may stop.
    pub fn is_active(&self) -> bool {
        let players = [&self.ringer, &self.ear_tone, &self.digits];
        !self.lines.is_empty() || players.into_iter().any(Player::is_playing)
    }

    /// Somebody is to be heard: the microphone must be open.
    pub fn wants_microphone(&self) -> bool {
        self.talking.is_some_and(|stream| self.lines.contains_key(&stream))
    }

    fn connect(&mut self, stream: StreamId, agreed: Agreed, learn: Learn, now: Moment) {
        match self.lines.get_mut(&stream) {
            Some(line) => line.renew(agreed, learn, now),
            None => {
                let numbers = self.chance.draw();
                let ssrc = (numbers >> 32) as u32;
                let relay = Relay::new(ssrc, numbers as u16 >> 1, self.chance.draw() as u32);
                self.lines.insert(stream, Line::new(agreed, learn, relay, now));
            }
        }
    }

    fn talk(&mut self, stream: Option<StreamId>) {
        if self.talking == stream {
            return;
        }
        for line in [self.talking, stream].into_iter().flatten() {
            if let Some(line) = self.lines.get_mut(&line) {
                line.change();
            }
        }
        self.talking = stream;
        self.meter = Meter { told: self.meter.told, ..Meter::default() };
    }

    fn close(&mut self, stream: StreamId) {
        self.lines.remove(&stream);
        if self.talking == Some(stream) {
            self.talking = None;
        }
    }

    fn ring(&mut self, kind: Option<RingKind>) {
        if self.ring == kind {
            return;
        }
        self.ring = kind;
        match kind {
            Some(kind) => {
                self.ringer.play(tones::ring(kind), true);
                self.knock.play(tones::knock(kind), true);
            }
            None => {
                self.ringer.stop();
                self.knock.stop();
            }
        }
    }

    fn ear_tone(&mut self, tone: Option<Tone>) {
        match tone {
            Some(tone) => self.ear_tone.play(tones::samples(tone), tones::repeats(tone)),
            None => self.ear_tone.stop(),
        }
    }

    fn send_digit(&mut self, stream: StreamId, digit: char) {
        if let Some(line) = self.lines.get_mut(&stream) {
            line.queue_digit(digit, DIGIT_MS);
            self.digits.play(tones::digit(digit, u32::from(DIGIT_MS)), false);
        }
    }

    /// A ring during a call is a soft knock instead.
    fn heard(&mut self, now: Moment) -> Heard {
        let talking = self.talking.and_then(|stream| self.lines.get_mut(&stream));
        let in_call = talking.is_some();
        let mut ear = talking.map_or(SILENCE, |line| line.pull(now));
        let (ringer, knock) = (self.ringer.next_frame(), self.knock.next_frame());
        for more in [self.ear_tone.next_frame(), self.digits.next_frame()] {
            mix(&mut ear, &more);
        }
        match in_call {
            true => Heard { ear, ringer: SILENCE, knock },
            false => Heard { ear, ringer, knock: SILENCE },
        }
    }

    fn measure(&mut self, microphone: &Frame, ear: &Frame, now: Moment) -> Option<DeskEffect> {
        let line = self.talking.and_then(|stream| self.lines.get_mut(&stream))?;
        self.meter.microphone.extend(microphone);
        self.meter.ear.extend(ear);
        self.meter.frames += 1;
        if self.meter.frames < METER_FRAMES {
            return None;
        }
        let meters = self.meter.read(line, now);
        let changed = self.meter.told != Some(meters);
        self.meter = Meter { told: Some(meters), ..Meter::default() };
        changed.then_some(DeskEffect::Report(SoundEvent::Meters(meters)))
    }
}

impl Meter {
    fn read(&self, line: &mut Line, now: Moment) -> Meters {
        let statistics = line.take_statistics(now);
        let missed = statistics.lost + statistics.late;
        let due = (statistics.received + statistics.lost).max(1);
        let ms = |span: core::time::Duration| u16::try_from(span.as_millis()).unwrap_or(u16::MAX);
        Meters {
            microphone_dbfs: energy_dbfs(&self.microphone).round() as i8,
            ear_dbfs: energy_dbfs(&self.ear).round() as i8,
            loss_percent: (missed * 100 / due).min(100) as u8,
            jitter_ms: ms(statistics.jitter),
            delay_ms: ms(statistics.delay),
        }
    }
}

/// Both at once.
pub fn mix(into: &mut Frame, more: &Frame) {
    for (sample, more) in into.iter_mut().zip(more) {
        *sample = sample.saturating_add(*more);
    }
}

#[cfg(test)]
mod tests;
