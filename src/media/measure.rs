//! Listening with numbers: how loud a sound is, and at which pitch.

use core::f32::consts::TAU;

use crate::media::g711::SAMPLE_RATE_HZ;

/// What silence measures.
pub const SILENCE_DBFS: f32 = -90.0;

/// Mean energy in decibels under full scale: 0 is the loudest square wave, a
/// full sine -3, [`SILENCE_DBFS`] the least.
pub fn energy_dbfs(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return SILENCE_DBFS;
    }
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let mean = sum / samples.len() as f64 / f64::from(i16::MAX).powi(2);
    (10.0 * mean.log10()).max(f64::from(SILENCE_DBFS)) as f32
}

/// The share of the whole energy that lies at one frequency, from 0 to 1
/// (Goertzel). A pure tone measured over 100 ms or more answers nearly 1.
pub fn share_at(samples: &[i16], frequency_hz: f32) -> f32 {
    let energy: f32 = samples.iter().map(|sample| f32::from(*sample).powi(2)).sum();
    if energy == 0.0 {
        return 0.0;
    }
    let coefficient = 2.0 * (TAU * frequency_hz / SAMPLE_RATE_HZ as f32).cos();
    let (mut before, mut last) = (0.0_f32, 0.0_f32);
    for sample in samples {
        let next = f32::from(*sample) + coefficient * last - before;
        (before, last) = (last, next);
    }
    let power = last * last + before * before - coefficient * last * before;
    2.0 * power / (energy * samples.len() as f32)
}

/// The strongest frequency between 50 and 3,900 Hz, to 5 Hz; none in silence.
pub fn dominant_frequency_hz(samples: &[i16]) -> Option<f32> {
    if energy_dbfs(samples) <= SILENCE_DBFS + 10.0 {
        return None;
    }
    let candidates = (10_u16..=780).map(|step| f32::from(step) * 5.0);
    candidates.max_by(|a, b| share_at(samples, *a).total_cmp(&share_at(samples, *b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tones::sine;

    #[test]
    fn a_full_sine_measures_three_decibels_less_than_full() {
        let tone = sine(1_000.0, 1.0, 200);
        assert!((energy_dbfs(&tone) + 3.0).abs() < 0.1);
        assert_eq!(energy_dbfs(&[0; 160]), SILENCE_DBFS);
        assert_eq!(energy_dbfs(&[]), SILENCE_DBFS);
    }

    #[test]
    fn the_pitch_of_a_tone_is_found() {
        for frequency_hz in [300.0, 1_000.0, 2_750.0] {
            let tone = sine(frequency_hz, 0.3, 200);
            assert_eq!(dominant_frequency_hz(&tone), Some(frequency_hz));
            assert!(share_at(&tone, frequency_hz) > 0.98);
            assert!(share_at(&tone, frequency_hz + 200.0) < 0.02);
        }
        assert_eq!(dominant_frequency_hz(&[0; 800]), None);
    }
}
