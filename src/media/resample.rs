//! From one sampling rate to another, by a windowed sinc (J. O. Smith,
//! "Digital Audio Resampling"): good for voices and any pair of rates, and
//! its ratio may be bent a little while it runs, to follow a drifting clock.

use core::f64::consts::PI;

/// Zero crossings of the sinc on either side.
const ZEROS: usize = 12;
/// Points of the table between two of them.
const POINTS: usize = 64;
/// Where the filter cuts, of the lower rate's half.
const CUT: f64 = 0.94;
/// How far the ratio may be bent: no ear notices.
const BEND_MAX: f64 = 0.005;

#[derive(Clone, Debug)]
pub struct Resampler {
    table: Vec<f32>,
    /// Input samples for each output sample.
    step: f64,
    bend: f64,
    cut: f64,
    /// Input samples on either side that one output sample hears.
    reach: usize,
    /// The next output sample's place in `history`.
    position: f64,
    history: Vec<f32>,
}

impl Resampler {
    /// Rates of zero are taken for 8 kHz.
    pub fn new(from_hz: u32, to_hz: u32) -> Self {
        let rate = |hz: u32| if hz == 0 { 8_000.0 } else { f64::from(hz) };
        let (from, to) = (rate(from_hz), rate(to_hz));
        let cut = (to / from).min(1.0) * CUT;
        let reach = (ZEROS as f64 / cut).ceil() as usize;
        let history = vec![0.0; reach];
        let table = table();
        Self { table, step: from / to, bend: 0.0, cut, reach, position: reach as f64, history }
    }

    /// Makes more (below 0) or fewer samples out of the same sound.
    pub fn bend(&mut self, share: f64) {
        self.bend = share.clamp(-BEND_MAX, BEND_MAX);
    }

    /// Takes samples in, appends what can be said of the output.
    pub fn process(&mut self, input: impl IntoIterator<Item = f32>, output: &mut impl Extend<f32>) {
        self.history.extend(input);
        while (self.position as usize) + self.reach < self.history.len() {
            output.extend([self.sample()]);
            self.position += self.step * (1.0 + self.bend);
        }
        let done = (self.position as usize).saturating_sub(self.reach).min(self.history.len());
        self.history.drain(..done);
        self.position -= done as f64;
    }

    fn sample(&self) -> f32 {
        let middle = self.position as usize;
        let from = (middle + 1).saturating_sub(self.reach);
        let heard = self.history[from..=middle + self.reach].iter();
        let sum: f32 = (from..).zip(heard).map(|(n, x)| x * self.weight(n)).sum();
        sum * self.cut as f32
    }

    fn weight(&self, n: usize) -> f32 {
        let place = (n as f64 - self.position).abs() * self.cut * POINTS as f64;
        let (point, between) = (place as usize, place.fract() as f32);
        match self.table.get(point..point + 2) {
            Some([here, next]) => here + (next - here) * between,
            _ => 0.0,
        }
    }
}

/// All of a sound at once.
pub fn resampled(sound: &[f32], from_hz: u32, to_hz: u32) -> Vec<f32> {
    if from_hz == to_hz {
        return sound.to_vec();
    }
    let mut resampler = Resampler::new(from_hz, to_hz);
    let mut output = Vec::with_capacity(sound.len());
    let tail = vec![0.0; resampler.reach];
    resampler.process(sound.iter().copied().chain(tail), &mut output);
    output
}

pub fn to_pcm(sample: f32) -> i16 {
    (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16
}

pub fn from_pcm(sample: i16) -> f32 {
    f32::from(sample) / 32_768.0
}

/// Half a sinc under a Blackman window.
fn table() -> Vec<f32> {
    let points = ZEROS * POINTS;
    let value = |n: usize| {
        let x = n as f64 / POINTS as f64 * PI;
        let sinc = if n == 0 { 1.0 } else { x.sin() / x };
        let window = n as f64 / points as f64 * PI;
        (sinc * (0.42 + 0.5 * window.cos() + 0.08 * (2.0 * window).cos())) as f32
    };
    (0..=points).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::measure::{energy_dbfs, share_at};

    fn tone(frequency_hz: f32, rate_hz: u32, ms: u32) -> Vec<f32> {
        let step = core::f32::consts::TAU * frequency_hz / rate_hz as f32;
        (0..rate_hz / 1_000 * ms).map(|n| (step * n as f32).sin() * 0.5).collect()
    }

    fn pcm(sound: &[f32]) -> Vec<i16> {
        sound.iter().map(|sample| to_pcm(*sample)).collect()
    }

    #[test]
    fn a_voice_passes_at_its_pitch_and_loudness_from_every_rate() {
        for rate_hz in [8_000, 16_000, 22_050, 44_100, 48_000, 96_000] {
            for frequency_hz in [300.0, 1_000.0, 3_000.0] {
                let heard = pcm(&resampled(&tone(frequency_hz, rate_hz, 500), rate_hz, 8_000));
                assert!((3_950..=4_050).contains(&heard.len()), "{rate_hz}: {}", heard.len());
                let middle = &heard[400..3_600];
                assert!(share_at(middle, frequency_hz) > 0.99, "{rate_hz} {frequency_hz}");
                assert!((energy_dbfs(middle) + 9.03).abs() < 0.3, "{rate_hz} {frequency_hz}");
            }
        }
    }

    #[test]
    fn what_is_too_high_for_the_telephone_is_not_folded_down() {
        let heard = pcm(&resampled(&tone(5_000.0, 48_000, 500), 48_000, 8_000));
        assert!(energy_dbfs(&heard[400..3_600]) < -55.0);
    }

    #[test]
    fn up_and_down_again_is_the_same_sound() {
        let up = resampled(&tone(1_000.0, 8_000, 500), 8_000, 48_000);
        let back = pcm(&resampled(&up, 48_000, 8_000));
        assert!(share_at(&back[400..3_600], 1_000.0) > 0.99);
    }

    #[test]
    fn in_pieces_it_is_the_same_as_at_once_and_the_memory_stays_small() {
        let sound = tone(700.0, 44_100, 1_000);
        let mut resampler = Resampler::new(44_100, 8_000);
        let mut output = Vec::new();
        for piece in sound.chunks(123) {
            resampler.process(piece.iter().copied(), &mut output);
            assert!(resampler.history.len() < 500);
        }
        let whole = resampled(&sound, 44_100, 8_000);
        assert!(output.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-4));
    }

    #[test]
    fn bending_changes_how_much_comes_out() {
        let count = |bend| {
            let mut resampler = Resampler::new(8_000, 48_000);
            resampler.bend(bend);
            let mut output = Vec::new();
            resampler.process(vec![0.0; 8_000], &mut output);
            output.len()
        };
        assert!(count(0.005) < count(0.0) - 100 && count(-0.005) > count(0.0) + 100);
    }
}
