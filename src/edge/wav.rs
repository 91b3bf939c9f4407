//! Sound files: any WAV file in, as one channel at the telephone's rate.

use std::io::Cursor;
use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use crate::media::g711::SAMPLE_RATE_HZ;
use crate::media::resample::{resampled, to_pcm};

/// Longest sound read: half an hour of stereo at 48 kHz.
const SAMPLES_MAX: usize = 30 * 60 * 48_000 * 2;

/// Why a file is no sound to be played.
#[derive(Debug, thiserror::Error)]
pub enum WavFault {
    #[error("it cannot be read as a WAV file: {0}")]
    Unreadable(#[from] hound::Error),
    #[error("it is longer than half an hour")]
    TooLong,
    #[error("there is no sound in it")]
    Empty,
}

/// The sound of a whole file, 8 kHz, all channels in one: the server's hold
/// music, or what stands in for a microphone.
///
/// # Errors
/// It is no WAV file, has no sound in it, or too much.
pub fn decode(file: &[u8]) -> Result<Vec<i16>, WavFault> {
    let mut reader = WavReader::new(Cursor::new(file))?;
    let spec = reader.spec();
    if reader.len() as usize > SAMPLES_MAX {
        return Err(WavFault::TooLong);
    }
    let samples = samples(&mut reader, spec)?;
    let mono = mixed(&samples, usize::from(spec.channels.max(1)));
    if mono.is_empty() || spec.sample_rate == 0 {
        return Err(WavFault::Empty);
    }
    let sound = resampled(&mono, spec.sample_rate, SAMPLE_RATE_HZ);
    Ok(sound.into_iter().map(to_pcm).collect())
}

/// # Errors
/// As [`decode`], or the file is not there.
pub fn load(path: &Path) -> Result<Vec<i16>, WavFault> {
    decode(&std::fs::read(path).map_err(hound::Error::from)?)
}

/// A file of 8 kHz sound to be written.
///
/// # Errors
/// It cannot be created.
pub fn create(path: &Path) -> hound::Result<WavWriter<std::io::BufWriter<std::fs::File>>> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE_HZ,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    WavWriter::create(path, spec)
}

fn samples<R: std::io::Read>(reader: &mut WavReader<R>, spec: WavSpec) -> hound::Result<Vec<f32>> {
    match spec.sample_format {
        SampleFormat::Float => reader.samples::<f32>().collect(),
        SampleFormat::Int => {
            let full = 2_f32.powi(i32::from(spec.bits_per_sample.clamp(1, 32)) - 1);
            reader.samples::<i32>().map(|sample| Ok(sample? as f32 / full)).collect()
        }
    }
}

fn mixed(samples: &[f32], channels: usize) -> Vec<f32> {
    let frames = samples.chunks_exact(channels);
    frames.map(|frame| frame.iter().sum::<f32>() / channels as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::measure::{energy_dbfs, share_at};

    fn write(path: &Path, spec: WavSpec, samples: &[f32]) {
        let mut writer = WavWriter::create(path, spec).unwrap();
        for sample in samples {
            for _ in 0..spec.channels {
                match spec.sample_format {
                    SampleFormat::Float => writer.write_sample(*sample).unwrap(),
                    SampleFormat::Int => {
                        let full = 2_f32.powi(i32::from(spec.bits_per_sample) - 1) - 1.0;
                        writer.write_sample((sample * full) as i32).unwrap();
                    }
                }
            }
        }
        writer.finalize().unwrap();
    }

    #[test]
    fn every_usual_kind_of_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hold.wav");
        for (sample_rate, channels, bits_per_sample, sample_format) in [
            (8_000, 1, 16, SampleFormat::Int),
            (16_000, 1, 8, SampleFormat::Int),
            (44_100, 2, 16, SampleFormat::Int),
            (48_000, 2, 24, SampleFormat::Int),
            (48_000, 1, 32, SampleFormat::Float),
        ] {
            let step = core::f32::consts::TAU * 1_000.0 / sample_rate as f32;
            let tone: Vec<f32> = (0..sample_rate).map(|n| (step * n as f32).sin() * 0.5).collect();
            let spec = WavSpec { channels, sample_rate, bits_per_sample, sample_format };
            write(&path, spec, &tone);
            let sound = load(&path).unwrap();
            assert!((7_990..=8_010).contains(&sound.len()), "{spec:?}: {}", sound.len());
            assert!(share_at(&sound[400..7_600], 1_000.0) > 0.98, "{spec:?}");
            assert!((energy_dbfs(&sound[400..7_600]) + 9.0).abs() < 0.3, "{spec:?}");
        }
    }

    #[test]
    fn what_is_no_sound_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hold.wav");
        assert!(load(&path).unwrap_err().to_string().contains("cannot be read"));
        assert!(matches!(decode(b"RIFF....not a sound"), Err(WavFault::Unreadable(_))));
        assert!(matches!(decode(b""), Err(WavFault::Unreadable(_))));
        drop(create(&path).unwrap());
        assert!(matches!(load(&path), Err(WavFault::Empty)));
    }
}
