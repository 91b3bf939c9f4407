//! The jitter buffer of the desk's ear: packets come when they come, sound is
//! taken each 20 ms, lost stretches are concealed, and the delay is as long
//! as the network makes necessary, no longer.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::domain::time::Moment;
use crate::media::concealment::Concealer;
use crate::media::measure::energy_dbfs;

/// Sound in one frame: 20 ms.
pub const FRAME: usize = 160;
/// Least and most that is held back.
const DELAY_MIN: i64 = 160;
const DELAY_MAX: i64 = 1_600;
/// Held back until there is something to judge by.
const DELAY_FIRST: i64 = 320;
/// Transit times remembered: about 4 seconds.
const TRANSITS: usize = 200;
/// One in this many may come too late.
const LATE_ONE_IN: usize = 50;
/// A timestamp this far from what is due is another stream's.
const JUMP: i64 = 8_000;
/// Packets held at most.
const PACKETS_MAX: usize = 64;
/// Longest packet taken.
const PACKET_SAMPLES_MAX: usize = 960;
/// Softer than this, a frame may be left out or doubled without being missed.
const QUIET_DBFS: f32 = -45.0;
/// Surplus delay that is cut whether it is quiet or not.
const SURPLUS_MAX: i64 = 800;

/// One stream's sound on its way to the ear.
#[derive(Clone, Debug, Default)]
pub struct JitterBuffer {
    stream: Option<Stream>,
    concealer: Concealer,
    statistics: Statistics,
}

/// Since the last [`JitterBuffer::take_statistics`], but for what is a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub received: u32,
    /// Never came.
    pub lost: u32,
    /// Came after their time.
    pub late: u32,
    pub duplicates: u32,
    /// 20 ms frames that were wholly invented.
    pub concealed_frames: u32,
    /// Now; RFC 3550 §6.4.1.
    pub jitter: Duration,
    /// Now, from a packet's arrival to the ear.
    pub delay: Duration,
}

#[derive(Clone, Debug)]
struct Stream {
    ssrc: u32,
    /// By the extended timestamp of their first sample.
    packets: BTreeMap<i64, Vec<i16>>,
    /// The extended timestamp of the first sample of all.
    begins: i64,
    /// The extended timestamp of the next sample to be heard.
    cursor: i64,
    /// Arrival less timestamp, in samples, of the latest packets.
    transits: VecDeque<i64>,
    newest_timestamp: i64,
    newest_sequence: u16,
    /// Jitter times 16, in samples.
    jitter_16: i64,
    last_transit: i64,
    /// Nothing but invented sound since.
    dry_frames: u32,
}

/// What a packet carries, decoded.
#[derive(Clone, Debug)]
pub struct Sound {
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    pub samples: Vec<i16>,
}

impl JitterBuffer {
    pub fn push(&mut self, sound: Sound, now: Moment) {
        if sound.samples.is_empty() || sound.samples.len() > PACKET_SAMPLES_MAX {
            return;
        }
        let arrival = samples_of(now);
        if self.stream.as_ref().is_none_or(|stream| stream.is_another(&sound)) {
            self.stream = Some(Stream::begin(&sound, arrival));
        }
        if let Some(stream) = &mut self.stream {
            stream.push(sound, arrival, &mut self.statistics);
        }
    }

    /// The next 20 ms. Silence before the first packet and after the last.
    pub fn pull(&mut self, now: Moment) -> [i16; FRAME] {
        let mut frame = [0; FRAME];
        match &mut self.stream {
            Some(stream) => {
                stream.pull(&mut frame, samples_of(now), &mut self.concealer, &mut self.statistics);
                if stream.is_over() {
                    self.stream = None;
                }
            }
            // Something may still be fading.
            None => self.concealer.lost(&mut frame),
        }
        frame
    }

    /// What happened since it was last asked.
    pub fn take_statistics(&mut self, now: Moment) -> Statistics {
        let mut statistics = std::mem::take(&mut self.statistics);
        if let Some(stream) = &self.stream {
            statistics.jitter = duration_of(stream.jitter_16 / 16);
            statistics.delay = duration_of(stream.delay(samples_of(now)));
        }
        statistics
    }
}

impl Stream {
    /// The first packet is heard after the first delay; until then, silence.
    fn begin(sound: &Sound, arrival: i64) -> Self {
        let timestamp = i64::from(sound.timestamp);
        Self {
            ssrc: sound.ssrc,
            packets: BTreeMap::new(),
            begins: timestamp,
            cursor: timestamp - DELAY_FIRST,
            transits: VecDeque::with_capacity(TRANSITS),
            newest_timestamp: timestamp,
            newest_sequence: sound.sequence.wrapping_sub(1),
            jitter_16: 0,
            last_transit: arrival - timestamp,
            dry_frames: 0,
        }
    }

    fn is_another(&self, sound: &Sound) -> bool {
        let step = i64::from(self.step_to(sound.timestamp));
        let from_cursor = self.newest_timestamp + step - self.cursor;
        sound.ssrc != self.ssrc || from_cursor.abs() > JUMP
    }

    fn step_to(&self, timestamp: u32) -> i32 {
        timestamp.wrapping_sub(self.newest_timestamp as u32).cast_signed()
    }

    fn push(&mut self, sound: Sound, arrival: i64, statistics: &mut Statistics) {
        let timestamp = self.newest_timestamp + i64::from(self.step_to(sound.timestamp));
        statistics.received += 1;
        self.count_lost(sound.sequence, statistics);
        if self.packets.contains_key(&timestamp) {
            statistics.duplicates += 1;
            return;
        }
        self.note_transit(arrival - timestamp);
        self.newest_timestamp = self.newest_timestamp.max(timestamp);
        if timestamp + sound.samples.len() as i64 <= self.cursor {
            statistics.late += 1;
        } else if self.packets.len() < PACKETS_MAX {
            self.packets.insert(timestamp, sound.samples);
        }
    }

    /// Gaps count as lost when they open and are taken back when one fills.
    fn count_lost(&mut self, sequence: u16, statistics: &mut Statistics) {
        let step = sequence.wrapping_sub(self.newest_sequence).cast_signed();
        if step > 0 {
            self.newest_sequence = sequence;
            statistics.lost += step.unsigned_abs() as u32 - 1;
        } else if step < 0 {
            statistics.lost = statistics.lost.saturating_sub(1);
        }
    }

    fn note_transit(&mut self, transit: i64) {
        let change = (transit - self.last_transit).abs();
        self.last_transit = transit;
        self.jitter_16 += change - self.jitter_16 / 16;
        if self.transits.len() == TRANSITS {
            self.transits.pop_front();
        }
        self.transits.push_back(transit);
    }

    fn pull(
        &mut self,
        frame: &mut [i16; FRAME],
        now: i64,
        concealer: &mut Concealer,
        statistics: &mut Statistics,
    ) {
        let present = self.copy(frame);
        self.cursor += FRAME as i64;
        if present.iter().all(|there| *there) {
            self.dry_frames = 0;
            concealer.heard(frame);
        } else {
            self.conceal(frame, &present, concealer, statistics);
        }
        self.drop_heard();
        self.adapt(frame, now, concealer);
    }

    /// Copies what is there; tells for each sample whether it was.
    fn copy(&self, frame: &mut [i16; FRAME]) -> [bool; FRAME] {
        let mut present = [false; FRAME];
        for (timestamp, samples) in &self.packets {
            let offset = timestamp - self.cursor;
            for (n, sample) in (offset..).zip(samples) {
                if let Some(n) = usize::try_from(n).ok().filter(|n| *n < FRAME) {
                    (frame[n], present[n]) = (*sample, true);
                }
            }
        }
        present
    }

    /// Runs of real and of lost sound, in turn.
    fn conceal(
        &mut self,
        frame: &mut [i16; FRAME],
        present: &[bool; FRAME],
        concealer: &mut Concealer,
        statistics: &mut Statistics,
    ) {
        if !present.contains(&true) {
            self.dry_frames += 1;
            // Before the first packet there is nothing to be missed.
            statistics.concealed_frames += u32::from(self.cursor > self.begins);
        }
        let mut rest = frame.as_mut_slice();
        for run in present.chunk_by(|a, b| a == b) {
            let (part, after) = rest.split_at_mut(run.len());
            match run.contains(&true) {
                true => concealer.heard(part),
                false => concealer.lost(part),
            }
            rest = after;
        }
    }

    fn drop_heard(&mut self) {
        let cursor = self.cursor;
        self.packets.retain(|timestamp, samples| timestamp + samples.len() as i64 > cursor);
    }

    /// What a packet that came without delay waits until it is heard.
    fn delay(&self, now: i64) -> i64 {
        let quickest = self.transits.iter().min().copied().unwrap_or(now - self.cursor);
        (now - self.cursor - quickest).max(0)
    }

    /// The delay within which all but a few packets come, and one frame more.
    fn wanted_delay(&self) -> i64 {
        let mut transits: Vec<i64> = self.transits.iter().copied().collect();
        transits.sort_unstable();
        let (Some(quickest), Some(slow)) =
            (transits.first(), transits.iter().rev().nth(transits.len() / LATE_ONE_IN))
        else {
            return DELAY_FIRST;
        };
        (slow - quickest + FRAME as i64).clamp(DELAY_MIN, DELAY_MAX)
    }

    /// Moves the cursor by a frame towards the wanted delay where it is least
    /// heard: a frame is invented, or left out.
    fn adapt(&mut self, frame: &[i16; FRAME], now: i64, concealer: &mut Concealer) {
        if self.transits.len() < 10 {
            return;
        }
        let surplus = self.delay(now) - self.wanted_delay();
        let quiet = energy_dbfs(frame) < QUIET_DBFS;
        let step = FRAME as i64;
        if surplus < -step / 2 {
            self.cursor -= step;
        } else if (surplus > step && quiet) || surplus > SURPLUS_MAX {
            self.cursor += step;
            concealer.cut();
        }
    }

    /// Nothing has come for half a second: whatever comes next begins anew.
    fn is_over(&self) -> bool {
        self.dry_frames > 25 && self.packets.is_empty()
    }
}

fn samples_of(now: Moment) -> i64 {
    (now.since(Moment::START).as_micros() * 8 / 1_000) as i64
}

fn duration_of(samples: i64) -> Duration {
    Duration::from_micros(u64::try_from(samples.max(0)).unwrap_or(0) * 125)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::chance::Chance;
    use crate::media::measure::share_at;
    use crate::media::tones::sine;

    fn ms(ms: u64) -> Moment {
        Moment::START + Duration::from_millis(ms)
    }

    fn packet(n: u64, samples: &[i16]) -> Sound {
        let timestamp = (u32::MAX - 8_000).wrapping_add(n as u32 * 160);
        let sequence = 65_500_u16.wrapping_add(n as u16);
        Sound { ssrc: 9, sequence, timestamp, samples: samples.to_vec() }
    }

    struct Ear {
        heard: Vec<i16>,
        totals: Statistics,
        delay: Duration,
    }

    /// Plays ten seconds of `sound` whose packet `n` comes when `arrival_ms`
    /// says (`n * 20` is no delay), or never, or twice.
    fn listen(sound: &[i16], arrivals_ms: impl Fn(u64) -> Vec<u64>) -> Ear {
        let mut coming: BTreeMap<u64, Vec<Sound>> = BTreeMap::new();
        for (n, frame) in (0..).zip(sound.chunks(160)) {
            for at in arrivals_ms(n) {
                coming.entry(at).or_default().push(packet(n, frame));
            }
        }
        let mut buffer = JitterBuffer::default();
        let mut heard = Vec::new();
        for now in 0..sound.len() as u64 / 8 {
            for sound in coming.remove(&now).unwrap_or_default() {
                buffer.push(sound, ms(now));
            }
            if now % 20 == 7 {
                heard.extend(buffer.pull(ms(now)));
            }
        }
        let end = ms(sound.len() as u64 / 8);
        let totals = buffer.take_statistics(end);
        Ear { heard, totals, delay: totals.delay }
    }

    fn tone() -> Vec<i16> {
        sine(400.0, 0.3, 10_000)
    }

    #[test]
    fn on_a_perfect_network_every_sample_is_heard_after_a_short_delay() {
        let sound = tone();
        let ear = listen(&sound, |n| vec![n * 20]);
        let Statistics { lost, late, duplicates, concealed_frames, .. } = ear.totals;
        assert_eq!((lost, late, duplicates, concealed_frames), (0, 0, 0, 0));
        assert!(share_at(&ear.heard[8_000..], 400.0) > 0.99);
        assert!(ear.delay <= Duration::from_millis(60), "{:?}", ear.delay);
    }

    #[test]
    fn a_jumpy_network_is_smoothed_by_a_longer_delay() {
        let sound = tone();
        let delays: Vec<u64> = {
            let mut chance = Chance::from_seed(1);
            (0..500).map(|_| chance.below(80)).collect()
        };
        let ear = listen(&sound, |n| vec![n * 20 + delays[n as usize]]);
        assert!(ear.totals.late < 25, "{:?}", ear.totals);
        assert!(ear.totals.concealed_frames < 25, "{:?}", ear.totals);
        assert!((60..=120).contains(&ear.delay.as_millis()), "{:?}", ear.delay);
        assert!(share_at(&ear.heard[40_000..], 400.0) > 0.9);
        assert!((10..60).contains(&ear.totals.jitter.as_millis()), "{:?}", ear.totals);
    }

    #[test]
    fn the_delay_shrinks_again_when_the_network_calms_down() {
        let quiet = vec![0; 80_000];
        let ear = listen(&quiet, |n| vec![n * 20 + if n < 150 { n % 5 * 30 } else { 0 }]);
        assert!(ear.delay <= Duration::from_millis(50), "{:?}", ear.delay);
    }

    #[test]
    fn losses_are_counted_and_concealed() {
        let ear = listen(&tone(), |n| if n % 10 == 9 { vec![] } else { vec![n * 20] });
        assert_eq!((ear.totals.received, ear.totals.lost), (450, 49));
        assert!((49..=50).contains(&ear.totals.concealed_frames), "{:?}", ear.totals);
        assert!(share_at(&ear.heard[8_000..], 400.0) > 0.9);
    }

    #[test]
    fn doubles_and_changed_order_do_no_harm() {
        let ear = listen(&tone(), |n| match n % 4 {
            0 => vec![n * 20, n * 20 + 1],
            1 => vec![n * 20 + 22],
            _ => vec![n * 20],
        });
        assert_eq!((ear.totals.lost, ear.totals.duplicates), (0, 125));
        assert_eq!(ear.totals.late, 0);
        assert!(share_at(&ear.heard[8_000..], 400.0) > 0.99);
    }

    #[test]
    fn another_source_is_heard_at_once() {
        let mut buffer = JitterBuffer::default();
        buffer.push(packet(0, &[7; 160]), ms(0));
        let other = Sound { ssrc: 10, sequence: 5, timestamp: 5, samples: vec![200; 160] };
        buffer.push(other, ms(1));
        let heard: Vec<i16> = (0..5).flat_map(|n| buffer.pull(ms(2 + n * 20))).collect();
        assert!(heard.contains(&200) && !heard.contains(&7));
    }

    #[test]
    fn hostile_numbers_neither_upset_it_nor_fill_the_memory() {
        let mut buffer = JitterBuffer::default();
        let mut chance = Chance::from_seed(2);
        for now in 0..20_000 {
            let (numbers, length) = (chance.draw(), chance.below(2_000) as usize);
            let near = now as u32 * 8 + (numbers as u32 & 0x1fff);
            let timestamp = if numbers >> 63 == 0 { near } else { numbers as u32 };
            let samples = vec![numbers as i16; length];
            let sequence = (numbers >> 32) as u16;
            buffer.push(Sound { ssrc: 1, sequence, timestamp, samples }, ms(now));
            buffer.pull(ms(now));
            let held = buffer.stream.as_ref().map_or(0, |stream| stream.packets.len());
            assert!(held <= PACKETS_MAX);
        }
    }
}
