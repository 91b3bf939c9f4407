//! What a person means to do later.

use std::collections::BTreeMap;

use crate::domain::time::{Moment, Wakeup};
use crate::sim::people::person::messages::CallNumber;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Timers A and E of RFC 3261 §17.1.
    SendAgain {
        transaction: String,
    },
    /// Timers B and F.
    GiveUp {
        transaction: String,
    },
    RefreshRegistration,
    RefreshWatch,
    Answer(CallNumber),
    /// The 200 has not been acknowledged (RFC 3261 §13.3.1.4).
    AnswerAgain(CallNumber),
    /// He was quiet long enough for the transfer to be told from his voice.
    Transfer {
        call: CallNumber,
        to: String,
        and_leave: bool,
    },
    /// Nobody will ask for this reply again.
    ForgetReply {
        transaction: String,
    },
}

/// Alarms are not taken back; whoever is woken looks whether it still matters.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    set: BTreeMap<(Moment, u64), Alarm>,
    count: u64,
}

impl Alarms {
    pub fn set(&mut self, at: Moment, alarm: Alarm) {
        self.count += 1;
        self.set.insert((at, self.count), alarm);
    }

    pub fn next(&self) -> Option<Wakeup> {
        let (at, _) = self.set.keys().next()?;
        Some(Wakeup { at: *at, reason: "a simulated person's next deed" })
    }

    pub fn due(&mut self, now: Moment) -> Option<Alarm> {
        let first = self.set.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}
