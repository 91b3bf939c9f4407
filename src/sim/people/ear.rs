//! Ears: what a person hears, by numbers. Silence, the hold music (known by
//! its very bytes, or as tones that are nobody's voice), or whose voice.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::domain::time::Moment;
use crate::media::control::Codec;
use crate::media::g711;
use crate::media::measure::{energy_dbfs, share_at};
use crate::media::sounds::Sounds;
use crate::sim::people::voice::{FRAME_SAMPLES, Pitch};

/// Judged at once: half a second.
const WINDOW_SAMPLES: usize = 4_000;
/// Quieter than this is silence.
const SILENCE_DBFS: f32 = -55.0;
/// A gap of three packets is more than one late packet.
const LATE: Duration = Duration::from_millis(80);
/// Nothing for this long is silence.
const SILENT: Duration = Duration::from_millis(400);
/// A voice has at least this share of its energy on its pitch's harmonics.
const VOICE_SHARE: f32 = 0.22;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sound {
    Silence,
    Music,
    Voice(Pitch),
    /// Ringing, beeps, noise.
    Other,
}

/// The server's music, by the frames that it can send.
#[derive(Clone, Debug)]
pub struct MusicKnown(BTreeSet<Vec<u8>>);

impl MusicKnown {
    pub fn built_in() -> Self {
        let sounds = Sounds::built_in();
        let of = |codec| sounds.music().bytes(codec).chunks(FRAME_SAMPLES);
        Self(of(Codec::Pcmu).chain(of(Codec::Pcma)).map(<[u8]>::to_vec).collect())
    }

    pub fn has(&self, frame: &[u8]) -> bool {
        self.0.contains(frame)
    }
}

/// One call's ear: remembers the last half second.
#[derive(Clone, Debug, Default)]
pub struct Ear {
    window: VecDeque<i16>,
    /// Of the last frame that was one or the other.
    is_music: Option<bool>,
    last_at: Option<Moment>,
}

/// What a stopwatch stops at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The first frame ever, or the first after people.
    MusicBegins,
    /// The first frame that is sound and not music, or the first after music.
    PeopleBegin,
    /// Packets did not come for this long.
    Gap { ms: u64 },
}

impl Ear {
    /// One frame of 20 ms, as it came.
    pub fn hear(
        &mut self,
        codec: Codec,
        frame: &[u8],
        music: &MusicKnown,
        now: Moment,
    ) -> impl Iterator<Item = Heard> + use<> {
        let gap = self.gap(now);
        let samples: Vec<i16> = g711::decoded_bytes(codec, frame).collect();
        let is_music = music.has(frame);
        let is_sound = is_music || energy_dbfs(&samples) > SILENCE_DBFS;
        self.window.extend(samples);
        self.window.drain(..self.window.len().saturating_sub(WINDOW_SAMPLES));
        let begins = is_sound && self.is_music != Some(is_music);
        if begins {
            self.is_music = Some(is_music);
        }
        let what = if is_music { Heard::MusicBegins } else { Heard::PeopleBegin };
        gap.into_iter().chain(begins.then_some(what))
    }

    /// More than a late packet: three are missing.
    fn gap(&mut self, now: Moment) -> Option<Heard> {
        let gap = self.last_at.map(|last| now.since(last));
        self.last_at = Some(now);
        let gap = gap.filter(|gap| *gap > LATE)?;
        self.window.clear();
        Some(Heard::Gap { ms: gap.as_millis() as u64 })
    }

    /// The last frame with sound in it was music.
    pub fn is_on_music(&self) -> bool {
        self.is_music == Some(true)
    }

    /// The last half second, judged. Costs about a million multiplications.
    pub fn judgement(&self, now: Moment) -> Option<Sound> {
        if self.last_at.is_none_or(|last| now.since(last) > SILENT) {
            return Some(Sound::Silence);
        }
        let window: Vec<i16> = self.window.iter().copied().collect();
        if window.len() < WINDOW_SAMPLES {
            return None;
        }
        Some(if self.is_on_music() { Sound::Music } else { recognised(&window) })
    }
}

/// Whose voice, by the energy on the harmonics of each pitch.
pub fn recognised(samples: &[i16]) -> Sound {
    if energy_dbfs(samples) < SILENCE_DBFS {
        return Sound::Silence;
    }
    let best = Pitch::all()
        .map(|pitch| (harmonic_share(samples, pitch), pitch))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((share, pitch)) if share > VOICE_SHARE => Sound::Voice(pitch),
        _ => Sound::Other,
    }
}

/// The share of all energy that lies on harmonics of `pitch`, measured in
/// pieces of 100 ms because syllables are not longer. The piece that fits
/// best counts little; their mean counts.
fn harmonic_share(samples: &[i16], pitch: Pitch) -> f32 {
    const PIECE: usize = 1_000;
    let pieces: Vec<f32> = samples
        .chunks_exact(PIECE)
        .filter(|piece| energy_dbfs(piece) > SILENCE_DBFS)
        .map(|piece| (1..=8).map(|n| share_at(piece, pitch.hz() as f32 * n as f32)).sum::<f32>())
        .collect();
    pieces.iter().sum::<f32>() / pieces.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chance::Chance;
    use crate::media::music;
    use crate::sim::people::voice::speech;

    fn windows(sound: &[i16]) -> Vec<Sound> {
        sound.chunks_exact(WINDOW_SAMPLES).map(recognised).collect()
    }

    #[test]
    fn every_person_is_known_by_his_voice_after_half_a_second() {
        for pitch in Pitch::all() {
            let mut chance = Chance::from_seed(pitch.0 as u128);
            let speech = speech(pitch, &mut chance);
            let voices = windows(&speech[..4 * WINDOW_SAMPLES]);
            assert_eq!(voices, [Sound::Voice(pitch); 4], "{} Hz", pitch.hz());
        }
    }

    #[test]
    fn a_voice_survives_both_laws_of_the_telephone() {
        let mut chance = Chance::from_seed(1);
        let mut bytes: Vec<u8> =
            g711::encoded_samples(Codec::Pcma, &speech(Pitch(7), &mut chance)).collect();
        g711::convert(Codec::Pcma, Codec::Pcmu, &mut bytes);
        let sound: Vec<i16> = g711::decoded_bytes(Codec::Pcmu, &bytes).collect();
        assert!(windows(&sound).iter().filter(|it| **it == Sound::Voice(Pitch(7))).count() >= 11);
    }

    #[test]
    fn silence_and_the_hold_music_are_nobody_s_voice() {
        assert_eq!(recognised(&[0; WINDOW_SAMPLES]), Sound::Silence);
        let known = MusicKnown::built_in();
        let mut ear = Ear::default();
        let bytes: Vec<u8> = g711::encoded_samples(Codec::Pcma, &music::built_in()).collect();
        let mut now = Moment::START;
        let mut heard = Vec::new();
        for frame in bytes.chunks_exact(FRAME_SAMPLES).take(100) {
            now = now + Duration::from_millis(20);
            heard.extend(ear.hear(Codec::Pcma, frame, &known, now));
        }
        assert_eq!(heard, [Heard::MusicBegins]);
        assert_eq!(ear.judgement(now), Some(Sound::Music));
        let later = now + SILENT + LATE;
        assert_eq!(ear.judgement(later), Some(Sound::Silence));
    }

    #[test]
    fn the_music_is_no_voice_even_where_its_bytes_are_not_known() {
        let pieces = windows(&music::built_in());
        assert!(pieces.iter().all(|it| !matches!(it, Sound::Silence)), "{pieces:?}");
        let voices = pieces.iter().filter(|it| matches!(it, Sound::Voice(_))).count();
        assert!(voices * 4 < pieces.len(), "{voices} of {}", pieces.len());
    }
}
