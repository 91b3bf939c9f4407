//! The clock on the wall, as the screen is told it.

use std::time::Duration;

use crate::domain::time::Moment;

const DAY_MS: u64 = 86_400_000;

/// What the wall clock showed at one moment. Before it is told the screen
/// shows the time since the program's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WallClock {
    pub at: Moment,
    /// Milliseconds since 1970 in local time.
    pub local_unix_ms: u64,
}

impl WallClock {
    /// Milliseconds since midnight.
    fn of_day_ms(self, now: Moment) -> u64 {
        self.local_ms(now) % DAY_MS
    }

    /// A moment before the clock was told counts backwards from there.
    fn local_ms(self, now: Moment) -> u64 {
        let forward = self.local_unix_ms.saturating_add(millis(now.since(self.at)));
        forward.saturating_sub(millis(self.at.since(now)))
    }

    /// `14:02`
    pub fn minutes(self, now: Moment) -> String {
        let minutes = self.of_day_ms(now) / 60_000;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// `14:02:28`
    pub fn seconds(self, now: Moment) -> String {
        format!("{}:{:02}", self.minutes(now), self.of_day_ms(now) / 1000 % 60)
    }

    /// The last moment at or before `now` at which this clock showed a whole `step`.
    pub fn floor(self, now: Moment, step: Duration) -> Moment {
        now.before(self.into_step(now, step))
    }

    /// The next moment after `now` at which this clock shows a whole `step`.
    pub fn next(self, now: Moment, step: Duration) -> Moment {
        now + step.saturating_sub(self.into_step(now, step))
    }

    /// Whether the second shown is an even one.
    pub fn is_even_second(self, now: Moment) -> bool {
        (self.local_ms(now) / 1000).is_multiple_of(2)
    }

    /// Exact to the nanosecond: a wake-up rounded down would come again and again.
    fn into_step(self, now: Moment, step: Duration) -> Duration {
        let since = now.since(Moment::START).as_nanos();
        let offset = u128::from(self.local_unix_ms) * 1_000_000;
        let told = self.at.since(Moment::START).as_nanos();
        let step = step.as_nanos().max(1);
        // The offset of the wall clock from ours, made positive by whole steps.
        let shift = (offset % step + step - told % step) % step;
        let into = (since + shift) % step;
        Duration::from_nanos(u64::try_from(into).unwrap_or_default())
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// `0:42`, `12:07`, `1:02:07`
pub fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// As [`span`], a begun second counted: a countdown shows 0:00 when it is due.
pub fn left(length: Duration) -> String {
    let begun = u64::from(length.subsec_nanos() > 0);
    span(Duration::from_secs(length.as_secs() + begun))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Moment {
        Moment::START + Duration::from_millis(ms)
    }

    #[test]
    fn every_clock_ticks_when_the_wall_clock_shows_a_new_second() {
        let clock = WallClock { at: ms(2_300), local_unix_ms: 50_528_900 };
        assert_eq!(clock.seconds(ms(2_300)), "14:02:08");
        assert_eq!(clock.next(ms(2_300), Duration::from_secs(1)), ms(2_400));
        assert_eq!(clock.next(ms(2_400), Duration::from_secs(1)), ms(3_400));
        assert_eq!(clock.floor(ms(3_399), Duration::from_secs(1)), ms(2_400));
        assert_eq!(clock.floor(ms(3_400), Duration::from_secs(1)), ms(3_400));
        assert_eq!(clock.next(ms(2_300), Duration::from_secs(60)), ms(53_400));
        assert_eq!(clock.minutes(ms(53_400)), "14:03");
    }

    #[test]
    fn spans_read_as_people_say_them() {
        assert_eq!(span(Duration::from_millis(42_999)), "0:42");
        assert_eq!(span(Duration::from_secs(3_727)), "1:02:07");
        assert_eq!(left(Duration::from_millis(11_001)), "0:12");
    }
}
