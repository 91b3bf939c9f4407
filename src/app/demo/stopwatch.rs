//! Stopwatches: how long the office takes, as the people at its ends see it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::app::demo::stage::Told;
use crate::domain::time::Moment;
use crate::sim::people::crowd::{News, PersonId};
use crate::sim::people::ear::Heard;
use crate::sim::people::letter::Shown;
use crate::sim::people::person::messages::{CallNumber, Happened};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    ReferToAccepted,
    ReferToMusic,
    ReferToNotify,
    RetrieveToAnswer,
    RetrieveToTwoWay,
    CallToRing,
}

#[derive(Clone, Debug, Default)]
pub struct Stopwatch {
    by_number: BTreeMap<String, PersonId>,
    /// With whom each person's phone says that he talks.
    with: BTreeMap<(PersonId, CallNumber), PersonId>,
    referred: BTreeMap<(PersonId, CallNumber), Moment>,
    awaiting_music: BTreeMap<PersonId, Moment>,
    awaiting_notify: BTreeMap<PersonId, Moment>,
    retrieving: BTreeMap<(PersonId, CallNumber), Moment>,
    awaiting_voices: BTreeMap<(PersonId, PersonId), Moment>,
    heard_people: BTreeMap<PersonId, Moment>,
    called: BTreeMap<PersonId, Moment>,
    measured: BTreeMap<Span, Vec<Duration>>,
}

impl Span {
    fn words(self) -> &'static str {
        match self {
            Self::ReferToAccepted => "REFER to 202",
            Self::ReferToMusic => "REFER to first music packet",
            Self::ReferToNotify => "REFER to NOTIFY at a watcher",
            Self::RetrieveToAnswer => "retrieve INVITE to 200",
            Self::RetrieveToTwoWay => "retrieve to two-way audio",
            Self::CallToRing => "INVITE to INVITE at the callee",
        }
    }
}

impl Stopwatch {
    /// Phones show people by their numbers.
    pub fn knows(&mut self, number: &str, who: PersonId) {
        self.by_number.insert(number.to_owned(), who);
    }

    pub fn note(&mut self, told: &Told) {
        let Told { at, who, news } = told;
        match news {
            News::Happened(happened) => self.happened(*at, *who, happened),
            News::Heard { heard: Heard::MusicBegins, .. } => self.music_at(*at, *who),
            News::Heard { heard: Heard::PeopleBegin, .. } => self.people_at(*at, *who),
            News::Heard { heard: Heard::Gap { .. }, .. } | News::Spoke { .. } => {}
        }
    }

    fn happened(&mut self, at: Moment, who: PersonId, happened: &Happened) {
        match happened {
            Happened::Called { call, to } => self.called_at(at, who, *call, to),
            Happened::Rang { who: caller, .. } => self.rang_at(at, caller),
            Happened::Connected { call, who: other, .. } => self.connected(at, who, *call, other),
            Happened::NameShown { call, who: other } => self.shown(who, *call, other),
            Happened::TransferAsked { call, to } => self.referred_at(at, who, *call, to),
            Happened::TransferAnswered { call, status: 202 } => {
                self.accepted_at(at, who, *call);
            }
            Happened::ParkShown { parked: Some(parked) } => self.notified_at(at, parked),
            Happened::Ended { call, .. } | Happened::Refused { call, .. } => {
                self.with.remove(&(who, *call));
                self.retrieving.remove(&(who, *call));
            }
            _ => {}
        }
    }

    fn called_at(&mut self, at: Moment, who: PersonId, call: CallNumber, to: &str) {
        if to.starts_with("*88") {
            self.heard_people.remove(&who);
            self.retrieving.insert((who, call), at);
        } else {
            self.called.insert(who, at);
        }
    }

    fn rang_at(&mut self, at: Moment, caller: &Shown) {
        let calling = self.by_number.get(&caller.number).and_then(|it| self.called.remove(it));
        self.measure(Span::CallToRing, calling, at);
    }

    fn connected(&mut self, at: Moment, who: PersonId, call: CallNumber, other: &Shown) {
        let retrieving = self.retrieving.get(&(who, call)).copied();
        self.measure(Span::RetrieveToAnswer, retrieving, at);
        self.shown(who, call, other);
    }

    /// A phone says who is at the other end; of a retrieved call, from whom
    /// and to whom sound is awaited.
    fn shown(&mut self, who: PersonId, call: CallNumber, other: &Shown) {
        let Some(caller) = self.by_number.get(&other.number).copied() else {
            return;
        };
        self.with.insert((who, call), caller);
        if let Some(since) = self.retrieving.remove(&(who, call)) {
            self.awaiting_voices.insert((who, caller), since);
            self.voices(who);
        }
    }

    fn referred_at(&mut self, at: Moment, who: PersonId, call: CallNumber, to: &str) {
        if !to.starts_with("*68") && !to.starts_with("*58") {
            return;
        }
        self.referred.insert((who, call), at);
        if let Some(caller) = self.with.get(&(who, call)) {
            self.awaiting_music.insert(*caller, at);
            self.awaiting_notify.insert(*caller, at);
        }
    }

    fn accepted_at(&mut self, at: Moment, who: PersonId, call: CallNumber) {
        let since = self.referred.remove(&(who, call));
        self.measure(Span::ReferToAccepted, since, at);
    }

    fn music_at(&mut self, at: Moment, who: PersonId) {
        let since = self.awaiting_music.remove(&who);
        self.measure(Span::ReferToMusic, since, at);
    }

    /// The first watcher that is told.
    fn notified_at(&mut self, at: Moment, parked: &Shown) {
        let caller = self.by_number.get(&parked.number);
        let since = caller.and_then(|caller| self.awaiting_notify.remove(caller));
        self.measure(Span::ReferToNotify, since, at);
    }

    fn people_at(&mut self, at: Moment, who: PersonId) {
        self.heard_people.insert(who, at);
        self.voices(who);
    }

    /// Two-way is when the later of the two has heard the other.
    fn voices(&mut self, who: PersonId) {
        let pairs: Vec<(PersonId, PersonId)> = self.awaiting_voices.keys().copied().collect();
        for pair in pairs.into_iter().filter(|(one, other)| *one == who || *other == who) {
            let Some(since) = self.awaiting_voices.get(&pair).copied() else {
                continue;
            };
            let heard = |who| self.heard_people.get(&who).copied().filter(|at| *at >= since);
            if let (Some(one), Some(other)) = (heard(pair.0), heard(pair.1)) {
                self.awaiting_voices.remove(&pair);
                self.measure(Span::RetrieveToTwoWay, Some(since), one.max(other));
            }
        }
    }

    fn measure(&mut self, span: Span, since: Option<Moment>, at: Moment) {
        if let Some(since) = since {
            self.measured.entry(span).or_default().push(at.since(since));
        }
    }

    /// One line for each span: how often, and its 50th and 99th percentile.
    pub fn results(&self) -> Vec<Value> {
        let lines = self.measured.iter().map(|(span, times)| {
            json!({
                "measured": span.words(),
                "times": times.len(),
                "p50_ms": percentile_ms(times, 50),
                "p99_ms": percentile_ms(times, 99),
            })
        });
        lines.collect()
    }
}

/// Nearest rank, in milliseconds with two decimals.
fn percentile_ms(times: &[Duration], percent: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    let time = sorted.get(rank).copied().unwrap_or_default();
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile_ms(&times, 50), 100.0);
        assert_eq!(percentile_ms(&times, 99), 198.0);
        assert_eq!(percentile_ms(&times[..1], 99), 1.0);
    }
}
