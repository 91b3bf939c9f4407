//! What an extension's phones are doing, as colleagues' lamps show it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::ids::Extension;
use crate::exchange::Exchange;
use crate::exchange::leg::{Leg, Stage};

/// More calls at once tell no lamp anything new.
const LINES_MAX: usize = 8;

/// One call of an extension's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub is_answered: bool,
    /// The extension was called; else it calls.
    pub was_called: bool,
}

/// By extension, only of those with calls.
pub(super) type Lines = BTreeMap<Extension, Vec<Line>>;

impl Exchange {
    /// From one walk over all calls; the oldest first.
    pub(super) fn lines(&self) -> Lines {
        let mut legs: Vec<(&Extension, &Leg)> = self
            .legs()
            .filter(|leg| !leg.is_leaving())
            .filter_map(|leg| Some((leg.extension()?, leg)))
            .collect();
        legs.sort_by_key(|(_, leg)| (leg.started_at, leg.journey));
        let mut lines = Lines::new();
        for (extension, leg) in legs {
            let of = lines.entry(extension.clone()).or_default();
            if of.len() < LINES_MAX {
                of.push(line_of(leg));
            }
        }
        lines
    }
}

fn line_of(leg: &Leg) -> Line {
    let is_answered = !matches!(leg.stage, Stage::Incoming { .. } | Stage::Ringing { .. });
    Line { is_answered, was_called: leg.was_called }
}

/// The extensions whose calls are not what they were.
pub(super) fn changed(before: &Lines, after: &Lines) -> BTreeSet<Extension> {
    let all = before.keys().chain(after.keys());
    all.filter(|extension| before.get(*extension) != after.get(*extension)).cloned().collect()
}
