//! Hold music from a WAV file: one channel, 8,000 samples a second, whatever it was.

use std::io::Cursor;

use hound::{SampleFormat, WavReader};

const RATE_HZ: u32 = 8_000;
/// Longest music kept, as samples at 8 kHz: ten minutes.
const SAMPLES_MAX: usize = 600 * RATE_HZ as usize;

/// # Errors
/// It is no WAV file, or has no sound in it; in words for people.
pub fn decode(file: &[u8]) -> Result<Vec<i16>, String> {
    let mut reader =
        WavReader::new(Cursor::new(file)).map_err(|fault| format!("no WAV: {fault}"))?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels.max(1));
    let samples: Vec<f32> = match spec.sample_format {
        SampleFormat::Float => reader.samples::<f32>().filter_map(Result::ok).collect(),
        SampleFormat::Int => {
            let full = f32::from(2u8).powi(i32::from(spec.bits_per_sample) - 1);
            let whole = reader.samples::<i32>().filter_map(Result::ok);
            whole.map(|sample| sample as f32 / full).collect()
        }
    };
    let mono: Vec<f32> = samples
        .chunks_exact(channels)
        .map(|frame| frame.iter().sum::<f32>() / channels as f32)
        .collect();
    if mono.is_empty() || spec.sample_rate == 0 {
        return Err("no sound in it".to_owned());
    }
    Ok(resampled(&mono, spec.sample_rate))
}

/// Averages over each output sample's span when going down, which keeps what
/// would fold back below 4 kHz small, and interpolates when going up.
fn resampled(samples: &[f32], rate_hz: u32) -> Vec<i16> {
    let step = f64::from(rate_hz) / f64::from(RATE_HZ);
    let count = ((samples.len() as f64 / step) as usize).min(SAMPLES_MAX);
    (0..count).map(|n| as_i16(sample_at(samples, n as f64 * step, step))).collect()
}

fn sample_at(samples: &[f32], at: f64, step: f64) -> f32 {
    let first = at as usize;
    if step <= 1.0 {
        let next = samples.get(first + 1).or(samples.get(first)).copied().unwrap_or(0.0);
        let here = samples.get(first).copied().unwrap_or(0.0);
        return here + (next - here) * at.fract() as f32;
    }
    let span = step.ceil() as usize;
    let end = (first + span).min(samples.len());
    let part = samples.get(first..end).unwrap_or(&[]);
    part.iter().sum::<f32>() / part.len().max(1) as f32
}

fn as_i16(sample: f32) -> i16 {
    (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::measure;

    fn tone(rate_hz: u32, channels: u16) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate_hz,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for n in 0..rate_hz {
            let phase = f64::from(n) * 1_000.0 * std::f64::consts::TAU / f64::from(rate_hz);
            for _ in 0..channels {
                writer.write_sample((phase.sin() * 16_000.0) as i16).unwrap();
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_tone_keeps_its_pitch_from_any_rate() {
        for (rate_hz, channels) in [(8_000, 1), (16_000, 1), (44_100, 2), (48_000, 1)] {
            let samples = decode(&tone(rate_hz, channels)).unwrap();
            assert!(samples.len().abs_diff(8_000) < 10, "{rate_hz}");
            let hz = measure::dominant_frequency_hz(&samples[..1600]).unwrap();
            assert!((990.0..1010.0).contains(&hz), "{rate_hz}: {hz}");
        }
    }

    #[test]
    fn what_is_no_music_says_so() {
        assert!(decode(b"not a wav").is_err());
        assert!(decode(&[]).is_err());
    }
}
