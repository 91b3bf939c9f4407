//! The built-in hold music: a slow broken-chord piece over the ground bass of
//! Pachelbel's canon (about 1680), made of decaying sine tones. It is 38.4
//! seconds long, its end rings into its beginning, and it keeps to pitches
//! that a telephone carries well.

use core::f64::consts::TAU;

use crate::media::g711::SAMPLE_RATE_HZ;

/// One step of the broken chords: 300 ms.
const STEP_SAMPLES: usize = 2_400;
const STEPS_PER_BAR: usize = 8;
/// A note dies away within this.
const NOTE_SAMPLES: usize = 14_000;
const ATTACK_SAMPLES: usize = 60;
/// Loudest sample, of full scale.
const PEAK: f64 = 0.5;

/// Bass and chord of a bar, as MIDI note numbers (60 is middle C).
struct Bar {
    bass: u8,
    chord: [u8; 4],
    melody: [u8; 2],
}

const fn bar(bass: u8, chord: [u8; 4], melody: [u8; 2]) -> Bar {
    Bar { bass, chord, melody }
}

const C: [u8; 4] = [60, 64, 67, 72];
const G: [u8; 4] = [59, 62, 67, 71];
const AM: [u8; 4] = [57, 60, 64, 69];
const EM: [u8; 4] = [55, 59, 64, 67];
const F: [u8; 4] = [57, 60, 65, 69];

const PIECE: [Bar; 16] = [
    bar(48, C, [76, 0]),
    bar(43, G, [74, 0]),
    bar(45, AM, [72, 0]),
    bar(52, EM, [71, 0]),
    bar(53, F, [69, 0]),
    bar(48, C, [67, 0]),
    bar(53, F, [69, 0]),
    bar(55, G, [71, 74]),
    bar(48, C, [79, 76]),
    bar(43, G, [74, 79]),
    bar(45, AM, [76, 72]),
    bar(52, EM, [71, 76]),
    bar(53, F, [72, 69]),
    bar(48, C, [67, 72]),
    bar(53, F, [69, 72]),
    bar(55, G, [74, 71]),
];
/// Which note of the chord sounds on which step.
const PATTERN: [usize; STEPS_PER_BAR] = [0, 1, 2, 3, 2, 1, 2, 1];
/// Strength of a tone's harmonics.
const HARMONICS: [f64; 4] = [1.0, 0.35, 0.12, 0.05];

/// The whole piece at 8 kHz, to be played round and round.
pub fn built_in() -> Vec<i16> {
    let mut sound = vec![0.0; PIECE.len() * STEPS_PER_BAR * STEP_SAMPLES];
    for (number, bar) in PIECE.iter().enumerate() {
        bar.play(number * STEPS_PER_BAR, &mut sound);
    }
    levelled(&sound)
}

impl Bar {
    fn play(&self, first_step: usize, sound: &mut [f64]) {
        strike(sound, first_step, self.bass, 0.55);
        for (step, note) in PATTERN.iter().enumerate() {
            strike(sound, first_step + step, self.chord[*note], 0.45);
        }
        for (half, note) in self.melody.iter().enumerate().filter(|(_, note)| **note != 0) {
            strike(sound, first_step + half * STEPS_PER_BAR / 2, *note, 0.7);
        }
    }
}

fn strike(sound: &mut [f64], step: usize, note: u8, strength: f64) {
    let frequency_hz = 440.0 * 2_f64.powf((f64::from(note) - 69.0) / 12.0);
    for (harmonic, share) in (1_u8..).zip(HARMONICS) {
        let frequency_hz = frequency_hz * f64::from(harmonic);
        ring_out(sound, step * STEP_SAMPLES, frequency_hz, strength * share, f64::from(harmonic));
    }
}

/// A decaying sine by its recurrence, which needs one sine a note instead of
/// one a sample. What rings past the end is heard at the beginning.
fn ring_out(sound: &mut [f64], start: usize, frequency_hz: f64, strength: f64, harmonic: f64) {
    let angle = TAU * frequency_hz / f64::from(SAMPLE_RATE_HZ);
    // High harmonics die first, as on a string.
    let decay = (-harmonic.sqrt() / 3_600.0).exp();
    let (turn, fade) = (2.0 * decay * angle.cos(), decay * decay);
    let (mut before, mut last) = (0.0, decay * angle.sin());
    let (head, tail) = sound.split_at_mut(start);
    for (n, sample) in tail.iter_mut().chain(head).take(NOTE_SAMPLES).enumerate() {
        let attack = (n as f64 / ATTACK_SAMPLES as f64).min(1.0);
        *sample += before * strength * attack;
        (before, last) = (last, turn * last - fade * before);
    }
}

fn levelled(sound: &[f64]) -> Vec<i16> {
    let loudest = sound.iter().fold(0.0_f64, |loudest, sample| loudest.max(sample.abs()));
    let scale = PEAK * f64::from(i16::MAX) / loudest;
    sound.iter().map(|sample| (sample * scale) as i16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::measure::{energy_dbfs, share_at};

    #[test]
    fn it_is_neither_silent_nor_loud_nor_noise_anywhere() {
        let music = built_in();
        assert_eq!(music.len(), 307_200);
        for (second, sound) in music.chunks(8_000).enumerate() {
            let loud = energy_dbfs(sound);
            assert!((-30.0..-12.0).contains(&loud), "second {second}: {loud}");
        }
        assert!(music.iter().all(|sample| sample.unsigned_abs() <= i16::MAX as u16 / 2 + 1));
    }

    #[test]
    fn it_begins_with_the_canon_in_c() {
        let music = built_in();
        let share = |hz| share_at(&music[..2_400], hz);
        // Middle C and the E above the next one.
        assert!(share(261.6) + share(659.3) > 0.4, "{} {}", share(261.6), share(659.3));
    }

    #[test]
    fn its_end_runs_into_its_beginning_without_a_click() {
        let music = built_in();
        let seam = (i32::from(music[0]) - i32::from(music[music.len() - 1])).abs();
        let steps = music.windows(2).map(|pair| (i32::from(pair[0]) - i32::from(pair[1])).abs());
        assert!(seam <= steps.max().unwrap(), "{seam}");
    }
}
