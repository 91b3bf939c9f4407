//! Gaps between the packets of many streams.

use std::time::Duration;

/// Tenths of a millisecond; the last one takes all that is longer.
const BUCKETS: usize = 2_000;

#[derive(Clone)]
pub struct Gaps {
    buckets: Vec<u32>,
    count: u64,
    longest: Duration,
}

impl Default for Gaps {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], count: 0, longest: Duration::ZERO }
    }
}

impl Gaps {
    pub fn add(&mut self, gap: Duration) {
        let bucket = (gap.as_micros() / 100) as usize;
        self.buckets[bucket.min(BUCKETS - 1)] += 1;
        self.count += 1;
        self.longest = self.longest.max(gap);
    }

    pub fn merge(&mut self, other: &Self) {
        for (sum, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *sum += more;
        }
        self.count += other.count;
        self.longest = self.longest.max(other.longest);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn longest_ms(&self) -> f64 {
        self.longest.as_secs_f64() * 1_000.0
    }

    /// The gap that `share` of all are not longer than, to 0.1 ms.
    pub fn percentile_ms(&self, share: f64) -> f64 {
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut sum = 0;
        let mut reaches = |bucket: &&u32| {
            sum += u64::from(**bucket);
            sum >= wanted
        };
        let below = self.buckets.iter().take_while(|bucket| !reaches(bucket)).count();
        (below + 1) as f64 / 10.0
    }
}
