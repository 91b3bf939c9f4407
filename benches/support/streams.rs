//! What all callers together heard, and whether it will do.

use std::time::Duration;

use super::gaps::Gaps;
use super::rtp_callers::Heard;

const GAP_P99_MS_MAX: f64 = 25.0;
const PACKETS_PER_S_MIN: f64 = 49.5;

#[derive(Default)]
pub struct Streams {
    pub count: usize,
    /// Mean of all.
    pub packets_per_s: f64,
    /// Of whoever got the fewest.
    pub fewest_per_s: f64,
    pub gaps: Gaps,
    pub worst_p99_ms: f64,
    pub jumps: u64,
    /// Packets that were somebody's voice, and not music.
    pub voices: u64,
}

impl Streams {
    pub fn of(all: &[Heard], span: Duration) -> Self {
        let mut sum = Self { count: all.len(), ..Self::default() };
        for heard in all {
            sum.gaps.merge(&heard.gaps);
            sum.jumps += heard.jumps;
            sum.voices += heard.voices;
            sum.worst_p99_ms = sum.worst_p99_ms.max(heard.gaps.percentile_ms(0.99));
        }
        let per_s = |packets: u64| packets as f64 / span.as_secs_f64();
        let packets: u64 = all.iter().map(|heard| heard.packets).sum();
        sum.packets_per_s = per_s(packets) / all.len().max(1) as f64;
        sum.fewest_per_s = per_s(all.iter().map(|heard| heard.packets).min().unwrap_or(0));
        sum
    }

    /// 50 packets a second for everybody, evenly enough, and nothing but music.
    pub fn will_do(&self) -> bool {
        // A window may begin and end between the same two packets.
        let window = 1.0;
        self.packets_per_s >= PACKETS_PER_S_MIN
            && self.fewest_per_s >= PACKETS_PER_S_MIN - window
            && self.gaps.percentile_ms(0.99) < GAP_P99_MS_MAX
            && self.voices == 0
    }
}

pub const HEADING: &str = "parked   packets/s  fewest  gap ms: p50   p99    max  worst p99  jumps";

impl std::fmt::Display for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { count, packets_per_s, fewest_per_s, gaps, worst_p99_ms, jumps, .. } = self;
        let (p50, p99, longest) =
            (gaps.percentile_ms(0.5), gaps.percentile_ms(0.99), gaps.longest_ms());
        write!(
            f,
            "{count:>6}   {packets_per_s:>9.2}  {fewest_per_s:>6.2}       {p50:>5.1} {p99:>5.1} \
             {longest:>6.1}  {worst_p99_ms:>9.1}  {jumps:>5}"
        )
    }
}
