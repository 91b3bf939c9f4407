//! Time as the cores are told it: two clocks that cannot be confused.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A distance from the first start of the program. It never jumps, so
/// deadlines are kept in it.
///
/// A program that dies and comes back on a snapshot goes on counting where
/// the wall clock says it should be ([`Anchor::resume`]): every deadline in
/// the snapshot keeps its meaning, and what fell due meanwhile is due at once.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment(Duration);

/// Milliseconds since 1970 in UTC. People may set it forward or back, so it
/// serves only to carry moments from one run of the program to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WallTime(u64);

/// The same instant on both clocks, kept beside every snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    pub moment: Moment,
    pub wall: WallTime,
}

/// A core's request to be called again: when, and why (for the log).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wakeup {
    pub at: Moment,
    pub reason: &'static str,
}

impl Moment {
    pub const START: Self = Self(Duration::ZERO);

    /// Zero when `earlier` is the later of the two.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment `span` ago; the start when that would be before it.
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span))
    }
}

impl WallTime {
    pub fn from_unix_ms(unix_ms: u64) -> Self {
        Self(unix_ms)
    }

    pub fn unix_ms(self) -> u64 {
        self.0
    }

    /// Zero when `earlier` is the later of the two.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Anchor {
    /// Longest absence that deadlines take account of: a wall clock set
    /// forward by years must not overflow anything.
    const AWAY_MAX: Duration = Duration::from_secs(30 * 86_400);

    /// The moment it is now, if it was `self` when the program died. A wall
    /// clock set back meanwhile counts as no time at all.
    pub fn resume(self, wall_now: WallTime) -> Moment {
        self.moment + wall_now.since(self.wall).min(Self::AWAY_MAX)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }
}

impl Add<Duration> for WallTime {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        let later_ms = u64::try_from(later.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(later_ms))
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}s", self.0.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_absence_counts_and_a_wall_clock_set_back_does_not() {
        let anchor =
            Anchor { moment: Moment::START + s(100), wall: WallTime::from_unix_ms(50_000) };
        assert_eq!(anchor.resume(WallTime::from_unix_ms(62_000)), Moment::START + s(112));
        assert_eq!(anchor.resume(WallTime::from_unix_ms(0)), Moment::START + s(100));
        let forward = anchor.resume(WallTime::from_unix_ms(u64::MAX));
        assert_eq!(forward, Moment::START + s(100) + Anchor::AWAY_MAX);
    }
}
