//! What the server plays: encoded once per codec, cut into packets by
//! reference, shared by every listener.

use crate::media::control::{Codec, Tone};
use crate::media::g711;
use crate::media::{music, tones};

/// The least length that every packet time from 10 to 60 ms divides.
const COMMON_BYTES: usize = 600 * 8;
/// Longest piece kept: half an hour.
const SAMPLES_MAX: usize = 30 * 60 * 8_000;

/// One piece of sound, ready for the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    pcmu: Box<[u8]>,
    pcma: Box<[u8]>,
    repeats: bool,
}

/// Everything the server plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sounds {
    music: Clip,
    confirm: Clip,
    refused: Clip,
    ringback: Clip,
    busy: Clip,
}

impl Clip {
    /// Encodes 8 kHz sound. A last piece that fills no packet is cut off if
    /// it repeats, or filled with silence if not; longer than half an hour
    /// is cut.
    pub fn new(samples: &[i16], repeats: bool) -> Self {
        let samples = &samples[..samples.len().min(SAMPLES_MAX)];
        let whole = match samples.len() / COMMON_BYTES * COMMON_BYTES {
            whole if repeats && whole > 0 => whole,
            _ => samples.len().next_multiple_of(COMMON_BYTES).max(COMMON_BYTES),
        };
        let mut samples = samples[..samples.len().min(whole)].to_vec();
        samples.resize(whole, 0);
        let encode = |codec| g711::encoded_samples(codec, &samples).collect();
        Self { pcmu: encode(Codec::Pcmu), pcma: encode(Codec::Pcma), repeats }
    }

    pub fn tone(tone: Tone) -> Self {
        Self::new(&tones::samples(tone), tones::repeats(tone))
    }

    /// The packet of `bytes` at `position`, and the position after it. None
    /// when a piece that does not repeat is over.
    pub fn frame(&self, codec: Codec, position: usize, bytes: usize) -> Option<(&[u8], usize)> {
        let sound = self.bytes(codec);
        // A packet time that changed in between may have left it uneven.
        let position = position - position % bytes.max(1);
        match sound.get(position..position + bytes) {
            Some(frame) => Some((frame, position + bytes)),
            None if self.repeats => Some((sound.get(..bytes)?, bytes)),
            None => None,
        }
    }

    /// All of it, one round.
    pub fn bytes(&self, codec: Codec) -> &[u8] {
        match codec {
            Codec::Pcmu => &self.pcmu,
            Codec::Pcma => &self.pcma,
        }
    }
}

impl Sounds {
    /// With hold music of one's own, 8 kHz.
    pub fn with_music(samples: &[i16]) -> Self {
        Self {
            music: Clip::new(samples, true),
            confirm: Clip::tone(Tone::Confirm),
            refused: Clip::tone(Tone::Refused),
            ringback: Clip::tone(Tone::Ringback),
            busy: Clip::tone(Tone::Busy),
        }
    }

    pub fn built_in() -> Self {
        Self::with_music(&music::built_in())
    }

    pub fn music(&self) -> &Clip {
        &self.music
    }

    pub fn tone(&self, tone: Tone) -> &Clip {
        match tone {
            Tone::Confirm => &self.confirm,
            Tone::Refused => &self.refused,
            Tone::Ringback => &self.ringback,
            Tone::Busy => &self.busy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn music_goes_round_without_a_gap_at_every_packet_time() {
        let clip = Clip::new(&vec![1_000; 20_000], true);
        assert_eq!(clip.bytes(Codec::Pcma).len(), 19_200);
        for bytes in [80, 160, 240, 320, 400, 480] {
            let mut position = 0;
            for _ in 0..500 {
                let (frame, next) = clip.frame(Codec::Pcma, position, bytes).unwrap();
                assert_eq!(frame.len(), bytes);
                position = next;
            }
        }
    }

    #[test]
    fn a_tone_that_does_not_repeat_ends() {
        let clip = Clip::new(&[500; 100], false);
        let (_, next) = clip.frame(Codec::Pcmu, 4_640, 160).unwrap();
        assert_eq!(clip.frame(Codec::Pcmu, next, 160), None);
    }

    #[test]
    fn a_packet_time_that_changes_in_mid_play_is_no_trouble() {
        let clip = Clip::new(&[500; 4_800], true);
        let (_, next) = clip.frame(Codec::Pcmu, 0, 240).unwrap();
        assert_eq!(clip.frame(Codec::Pcmu, next, 160).unwrap().1, 320);
    }

    #[test]
    fn an_empty_file_is_silence_and_not_a_crash() {
        let clip = Clip::new(&[], true);
        assert!(clip.frame(Codec::Pcma, 0, 160).is_some());
    }
}
