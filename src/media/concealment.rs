//! Covering lost sound, in the manner of G.711 appendix I: the last pitch
//! period is repeated, fades after 10 ms, and is silence after 60.

/// Pitches from 66 to 200 Hz.
const PERIOD_MIN: usize = 40;
const PERIOD_MAX: usize = 120;
/// How much of the past is compared to find the pitch: 20 ms.
const COMPARED: usize = 160;
const HISTORY: usize = PERIOD_MAX + COMPARED;
/// Untouched, and then down to nothing.
const FULL_SAMPLES: usize = 80;
const FADE_SAMPLES: usize = 400;
/// Cross-fade back into real sound: 4 ms, more after longer losses.
const JOIN_MIN: usize = 32;
const JOIN_MAX: usize = 80;

/// Remembers what was heard, and goes on in its manner when asked.
#[derive(Clone, Debug)]
pub struct Concealer {
    history: [i16; HISTORY],
    /// One period that can be repeated without a click; empty while all is well.
    period: Vec<i16>,
    /// Samples concealed in a row.
    concealed: usize,
}

impl Default for Concealer {
    fn default() -> Self {
        Self { history: [0; HISTORY], period: Vec::with_capacity(PERIOD_MAX), concealed: 0 }
    }
}

impl Concealer {
    /// Real sound, changed only where it joins a concealed stretch.
    pub fn heard(&mut self, sound: &mut [i16]) {
        if !self.period.is_empty() {
            self.join(sound);
            self.concealed = 0;
            self.period.clear();
        }
        self.remember(sound);
    }

    /// Fills `sound` with something like what was lost.
    pub fn lost(&mut self, sound: &mut [i16]) {
        if self.period.is_empty() {
            self.find_period();
        }
        for sample in sound.iter_mut() {
            *sample = self.next_sample();
        }
        self.remember(sound);
    }

    /// What comes next does not follow what was heard: it is joined on softly.
    pub fn cut(&mut self) {
        self.lost(&mut []);
    }

    fn next_sample(&mut self) -> i16 {
        let sample = self.period[self.concealed % self.period.len()];
        let faded = self.concealed.saturating_sub(FULL_SAMPLES).min(FADE_SAMPLES);
        self.concealed += 1;
        scaled(sample, FADE_SAMPLES - faded, FADE_SAMPLES)
    }

    /// From the invented sound into the real one.
    fn join(&mut self, sound: &mut [i16]) {
        let length = (JOIN_MIN + self.concealed / 8).min(JOIN_MAX).min(sound.len());
        for (n, sample) in sound.iter_mut().take(length).enumerate() {
            let invented = scaled(self.next_sample(), length - n, length);
            *sample = scaled(*sample, n, length).saturating_add(invented);
        }
    }

    fn find_period(&mut self) {
        let length = self.best_period();
        let end = HISTORY;
        self.period.extend_from_slice(&self.history[end - length..]);
        // Its last quarter leads over to its own beginning.
        let quarter = length / 4;
        for n in 0..quarter {
            let ahead = self.history[end - length - quarter + n];
            let sample = &mut self.period[length - quarter + n];
            *sample =
                scaled(*sample, quarter - n, quarter).saturating_add(scaled(ahead, n, quarter));
        }
    }

    /// The shift at which the past is most like itself.
    fn best_period(&self) -> usize {
        let recent = &self.history[HISTORY - COMPARED..];
        let likeness = |period: &usize| {
            let earlier = &self.history[HISTORY - COMPARED - period..HISTORY - period];
            let product: f32 = recent.iter().zip(earlier).map(|(a, b)| f(*a) * f(*b)).sum();
            let energy: f32 = earlier.iter().map(|sample| f(*sample).powi(2)).sum();
            product / (energy + 1.0).sqrt()
        };
        let periods = PERIOD_MIN..=PERIOD_MAX;
        periods.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or(PERIOD_MAX)
    }

    fn remember(&mut self, sound: &[i16]) {
        let new = &sound[sound.len().saturating_sub(HISTORY)..];
        self.history.copy_within(new.len().., 0);
        self.history[HISTORY - new.len()..].copy_from_slice(new);
    }
}

fn f(sample: i16) -> f32 {
    f32::from(sample)
}

fn scaled(sample: i16, share: usize, whole: usize) -> i16 {
    (i32::from(sample) * share as i32 / whole as i32) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::measure::{energy_dbfs, share_at};
    use crate::media::tones::sine;

    #[test]
    fn a_lost_frame_of_a_tone_is_hardly_missed() {
        let tone = sine(200.0, 0.3, 400);
        let mut concealer = Concealer::default();
        let mut heard = Vec::new();
        for (n, frame) in tone.chunks(160).enumerate() {
            let mut frame = frame.to_vec();
            match n {
                7 | 13 => concealer.lost(&mut frame),
                _ => concealer.heard(&mut frame),
            }
            heard.extend(frame);
        }
        assert!(share_at(&heard, 200.0) > 0.95, "{}", share_at(&heard, 200.0));
        assert!((energy_dbfs(&heard) - energy_dbfs(&tone)).abs() < 0.5);
        // No click: no step greater than the tone's own steepest, and a half.
        let steepest = |sound: &[i16]| {
            sound.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max().unwrap()
        };
        assert!(steepest(&heard) < steepest(&tone) * 3 / 2);
    }

    #[test]
    fn a_long_loss_fades_to_silence_and_the_voice_comes_back_whole() {
        let tone = sine(150.0, 0.3, 60);
        let mut concealer = Concealer::default();
        for frame in tone.chunks(160) {
            concealer.heard(&mut frame.to_vec());
        }
        let levels: Vec<f32> = (0..5)
            .map(|_| {
                let mut frame = [0; 160];
                concealer.lost(&mut frame);
                energy_dbfs(&frame)
            })
            .collect();
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0]), "{levels:?}");
        assert!(levels[0] > -16.0 && levels[3] < -80.0, "{levels:?}");
        let mut back = tone[..160].to_vec();
        concealer.heard(&mut back);
        assert_eq!(back[100..], tone[100..160]);
    }

    #[test]
    fn silence_and_the_loudest_noise_are_concealed_as_well() {
        for level in [0, i16::MIN, i16::MAX] {
            let mut concealer = Concealer::default();
            for _ in 0..3 {
                concealer.heard(&mut [level; 160]);
                concealer.lost(&mut [0; 160]);
            }
            concealer.lost(&mut [0; 1_000]);
            concealer.heard(&mut [level; 3]);
        }
    }
}
