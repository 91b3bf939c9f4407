//! The one place that reads the computer's clocks.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::{Moment, WallTime};

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    /// What the cores' clock showed then: the start, or where a snapshot left off.
    origin: Moment,
}

#[expect(clippy::disallowed_methods, reason = "here time comes in")]
impl Clock {
    pub fn start() -> Self {
        Self::resume(Moment::START)
    }

    pub fn resume(origin: Moment) -> Self {
        Self { started: Instant::now(), origin }
    }

    pub fn now(&self) -> Moment {
        self.origin + self.started.elapsed()
    }

    /// How long from now until `at`; zero when it has passed.
    pub fn until(&self, at: Moment) -> std::time::Duration {
        at.since(self.now())
    }

    /// A machine whose clock stands before 1970 is taken to be in 1970.
    pub fn wall_now(&self) -> WallTime {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        WallTime::from_unix_ms(0) + since_1970.unwrap_or_default()
    }
}
