//! Tones, rings and digits as sound at 8 kHz.

use core::f32::consts::TAU;

use crate::media::control::{RingKind, Tone};
use crate::media::g711::{SAMPLE_RATE_HZ, SAMPLES_PER_MS};

/// Ramp at both ends of a tone, so that it does not click.
const RAMP_SAMPLES: usize = 40;

/// A stretch of sound: up to two frequencies at once, or none (a pause).
#[derive(Clone, Copy)]
struct Part {
    frequencies_hz: [f32; 2],
    ms: u32,
}

const fn tone(low_hz: f32, high_hz: f32, ms: u32) -> Part {
    Part { frequencies_hz: [low_hz, high_hz], ms }
}

const fn pause(ms: u32) -> Part {
    Part { frequencies_hz: [0.0; 2], ms }
}

/// Two rising beeps: done.
const CONFIRM: &[Part] =
    &[pause(40), tone(660.0, 0.0, 110), pause(50), tone(880.0, 0.0, 160), pause(240)];
/// Low and falling: nothing there.
const REFUSED: &[Part] =
    &[pause(40), tone(330.0, 0.0, 160), pause(40), tone(247.0, 0.0, 300), pause(60)];
/// As in North America (ITU-T E.180 supplement 2).
const RINGBACK: &[Part] = &[tone(440.0, 480.0, 2_000), pause(4_000)];
const BUSY: &[Part] = &[tone(480.0, 620.0, 500), pause(500)];
const RING_OUTSIDE: &[Part] =
    &[tone(784.0, 988.0, 400), pause(200), tone(784.0, 988.0, 400), pause(2_000)];
const RING_INSIDE: &[Part] = &[tone(659.0, 784.0, 900), pause(2_100)];
const RING_RECALL: &[Part] = &[
    tone(880.0, 0.0, 120),
    pause(80),
    tone(880.0, 0.0, 120),
    pause(80),
    tone(880.0, 0.0, 120),
    pause(80),
    tone(1_175.0, 0.0, 240),
    pause(2_000),
];
/// In the ear, during a call, for a ring that would be too much there.
const KNOCK: &[Part] = &[tone(440.0, 0.0, 150), pause(5_850)];
const KNOCK_RECALL: &[Part] = &[
    tone(880.0, 0.0, 90),
    pause(60),
    tone(880.0, 0.0, 90),
    pause(60),
    tone(880.0, 0.0, 90),
    pause(60),
    tone(880.0, 0.0, 90),
    pause(5_460),
];

/// Share of full scale of each frequency.
const LEVEL: f32 = 0.12;
const RING_LEVEL: f32 = 0.35;
/// 20 decibels under the voice.
const KNOCK_LEVEL: f32 = 0.05;
const DIGIT_LEVEL: f32 = 0.09;

/// One round of a tone.
pub fn samples(tone: Tone) -> Vec<i16> {
    match tone {
        Tone::Confirm => rendered(CONFIRM, LEVEL),
        Tone::Refused => rendered(REFUSED, LEVEL),
        Tone::Ringback => rendered(RINGBACK, LEVEL),
        // Three rounds: a whole number of frames of every packet time.
        Tone::Busy => rendered(BUSY, LEVEL).repeat(3),
    }
}

/// Goes on until it is stopped; the others are heard once.
pub fn repeats(tone: Tone) -> bool {
    matches!(tone, Tone::Ringback | Tone::Busy)
}

/// One round of a ring, for the ringer.
pub fn ring(kind: RingKind) -> Vec<i16> {
    let parts = match kind {
        RingKind::Outside => RING_OUTSIDE,
        RingKind::Inside => RING_INSIDE,
        RingKind::Recall => RING_RECALL,
    };
    rendered(parts, RING_LEVEL)
}

/// One round of the same in the ear of somebody who is talking.
pub fn knock(kind: RingKind) -> Vec<i16> {
    let parts = match kind {
        RingKind::Outside | RingKind::Inside => KNOCK,
        RingKind::Recall => KNOCK_RECALL,
    };
    rendered(parts, KNOCK_LEVEL)
}

/// A key's two frequencies (ITU-T Q.23); nothing for what is no digit.
pub fn digit(digit: char, ms: u32) -> Vec<i16> {
    const ROWS_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS_HZ: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
    let key = "123A456B789C*0#D".find(digit.to_ascii_uppercase());
    match key {
        Some(key) => rendered(&[tone(ROWS_HZ[key / 4], COLUMNS_HZ[key % 4], ms)], DIGIT_LEVEL),
        None => Vec::new(),
    }
}

/// A pure tone of `level` times full scale.
pub fn sine(frequency_hz: f32, level: f32, ms: u32) -> Vec<i16> {
    let step = TAU * frequency_hz / SAMPLE_RATE_HZ as f32;
    let samples = 0..ms * SAMPLES_PER_MS;
    samples.map(|n| ((step * n as f32).sin() * level * f32::from(i16::MAX)) as i16).collect()
}

fn rendered(parts: &[Part], level: f32) -> Vec<i16> {
    parts.iter().flat_map(|part| part.rendered(level)).collect()
}

impl Part {
    fn rendered(self, level: f32) -> Vec<i16> {
        let mut sound = vec![0_i16; (self.ms * SAMPLES_PER_MS) as usize];
        for frequency_hz in self.frequencies_hz.into_iter().filter(|hz| *hz > 0.0) {
            let wave = sine(frequency_hz, level, self.ms);
            for (sample, more) in sound.iter_mut().zip(wave) {
                *sample = sample.saturating_add(more);
            }
        }
        ramp(&mut sound);
        sound
    }
}

fn ramp(sound: &mut [i16]) {
    let length = sound.len();
    for n in 0..RAMP_SAMPLES.min(length / 2) {
        for at in [n, length - 1 - n] {
            sound[at] = (i32::from(sound[at]) * n as i32 / RAMP_SAMPLES as i32) as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::measure::{energy_dbfs, share_at};

    #[test]
    fn a_key_sounds_at_its_two_frequencies_and_no_other() {
        for (key, low_hz, high_hz) in [
            ('1', 697.0, 1_209.0),
            ('0', 941.0, 1_336.0),
            ('#', 941.0, 1_477.0),
            ('d', 941.0, 1_633.0),
        ] {
            let sound = digit(key, 100);
            assert!(share_at(&sound, low_hz) > 0.4 && share_at(&sound, high_hz) > 0.4, "{key}");
        }
        assert!(digit('x', 100).is_empty());
    }

    #[test]
    fn tones_can_be_told_apart_and_none_is_loud() {
        let heard = |tone| samples(tone)[..4_800].to_vec();
        assert!(share_at(&heard(Tone::Ringback), 440.0) > 0.4);
        assert!(share_at(&heard(Tone::Busy)[..4_000], 620.0) > 0.4);
        for tone in [Tone::Confirm, Tone::Refused, Tone::Ringback, Tone::Busy] {
            let loud = energy_dbfs(&heard(tone));
            assert!((-30.0..-10.0).contains(&loud), "{tone:?} {loud}");
            assert_eq!(samples(tone).len() % 4_800, 0, "{tone:?}");
        }
    }

    #[test]
    fn a_knock_in_the_ear_is_much_softer_than_a_ring() {
        for kind in [RingKind::Outside, RingKind::Inside, RingKind::Recall] {
            let (ring, knock) = (energy_dbfs(&ring(kind)[..720]), energy_dbfs(&knock(kind)[..720]));
            assert!(ring - knock > 15.0, "{kind:?} {ring} {knock}");
        }
    }
}
