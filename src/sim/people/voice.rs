//! Voices: speech-like sound by code, each person's on a pitch of his own, so
//! that numbers can tell who is heard.
//!
//! Vowels are a pulse train through two resonances (Peterson and Barney's
//! averages of 1952), consonants bursts of noise, words separated by pauses.

use core::f64::consts::TAU;

use crate::domain::chance::Chance;
use crate::media::control::Codec;
use crate::media::g711;

const SAMPLE_RATE_HZ: f64 = 8_000.0;
/// 20 ms.
pub const FRAME_SAMPLES: usize = 160;
/// A person repeats himself after this.
const SPEECH_SAMPLES: usize = 8_000 * 6;
/// Loudest sample, of full scale.
const PEAK: f64 = 0.45;

/// The room around him, never quite silent.
const ROOM: i16 = 160;

/// Pitches lie a semitone apart, so that half a second tells them apart, and
/// halfway between the keys of a piano, so that no music is taken for a voice.
const LOWEST_HZ: f64 = 100.87;
/// How many persons can be told apart.
pub const PITCHES: usize = 24;

/// First and second formant of five vowels, in hertz.
const VOWELS: [(f64, f64); 5] =
    [(730.0, 1_090.0), (530.0, 1_840.0), (270.0, 2_290.0), (570.0, 840.0), (300.0, 870.0)];

/// Which pitch somebody speaks on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pitch(pub usize);

impl Pitch {
    pub fn hz(self) -> f64 {
        LOWEST_HZ * (self.0 as f64 / 12.0).exp2()
    }

    pub fn all() -> impl Iterator<Item = Self> {
        (0..PITCHES).map(Self)
    }
}

/// One person's speech, encoded once for each codec.
#[derive(Clone, Debug)]
pub struct Voice {
    pcmu: Vec<u8>,
    pcma: Vec<u8>,
}

impl Voice {
    pub fn new(pitch: Pitch, chance: &mut Chance) -> Self {
        let samples = speech(pitch, chance);
        let encoded = |codec| g711::encoded_samples(codec, &samples).collect();
        Self { pcmu: encoded(Codec::Pcmu), pcma: encoded(Codec::Pcma) }
    }

    /// The frame `number` of his speech, round and round.
    pub fn frame(&self, codec: Codec, number: usize) -> &[u8] {
        let sound = match codec {
            Codec::Pcmu => &self.pcmu,
            Codec::Pcma => &self.pcma,
        };
        let frames = sound.len() / FRAME_SAMPLES;
        let at = number % frames.max(1) * FRAME_SAMPLES;
        sound.get(at..at + FRAME_SAMPLES).unwrap_or_default()
    }
}

/// Words of two to four syllables, then a breath.
pub fn speech(pitch: Pitch, chance: &mut Chance) -> Vec<i16> {
    let mut sound = Vec::with_capacity(SPEECH_SAMPLES + 4_000);
    while sound.len() < SPEECH_SAMPLES {
        for _ in 0..2 + chance.below(3) {
            syllable(&mut sound, pitch, chance);
        }
        sound.extend(core::iter::repeat_n(0.0, 400 + chance.below(500) as usize));
    }
    sound.truncate(SPEECH_SAMPLES);
    let mut speech = levelled(&sound);
    for sample in &mut speech {
        *sample += chance.below(2 * ROOM as u64) as i16 - ROOM;
    }
    speech
}

fn syllable(sound: &mut Vec<f64>, pitch: Pitch, chance: &mut Chance) {
    for _ in 0..240 + chance.below(160) {
        sound.push((chance.below(2_000) as f64 / 1_000.0 - 1.0) * 0.05);
    }
    let vowel = VOWELS[chance.below(VOWELS.len() as u64) as usize];
    let length = 1_000 + chance.below(900) as usize;
    vowel_of(sound, pitch, vowel, length);
}

/// Harmonics of the pitch, weighed by their distance from the formants.
/// Phases go on from vowel to vowel, as vocal cords do.
fn vowel_of(sound: &mut Vec<f64>, pitch: Pitch, formants: (f64, f64), length: usize) {
    let first = sound.len();
    let count = (3_400.0 / pitch.hz()) as usize;
    let weights: Vec<f64> = (1..=count).map(|n| weight(pitch.hz() * n as f64, formants)).collect();
    for at in 0..length {
        let turn = TAU * pitch.hz() * (first + at) as f64 / SAMPLE_RATE_HZ;
        let harmonics = weights.iter().zip(1..);
        let value: f64 = harmonics.map(|(weight, n)| weight * (turn * f64::from(n)).sin()).sum();
        sound.push(value * swell(at, length));
    }
}

fn weight(hz: f64, (first, second): (f64, f64)) -> f64 {
    let near = |formant: f64, width: f64| 1.0 / (1.0 + ((hz - formant) / width).powi(2));
    // The cords' own spectrum falls; its floor keeps every harmonic audible.
    (0.15 + near(first, 120.0) + 0.6 * near(second, 160.0)) * (300.0 / (300.0 + hz))
}

/// In and out over an eighth each.
fn swell(at: usize, length: usize) -> f64 {
    let edge = length as f64 / 8.0;
    let from_end = at.min(length - at) as f64;
    (from_end / edge).min(1.0)
}

fn levelled(sound: &[f64]) -> Vec<i16> {
    let loudest = sound.iter().fold(1e-9_f64, |loudest, sample| loudest.max(sample.abs()));
    let factor = f64::from(i16::MAX) * PEAK / loudest;
    sound.iter().map(|sample| (sample * factor) as i16).collect()
}
