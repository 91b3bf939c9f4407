//! Deadlines by whom they concern: a table, not callbacks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::time::Moment;

/// At most one deadline for each key. The next one is found at once, however
/// many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(K, Moment)>", into = "Vec<(K, Moment)>")]
#[serde(bound(
    serialize = "K: Ord + Clone + Serialize",
    deserialize = "K: Ord + Clone + Deserialize<'de>"
))]
pub struct Timers<K: Ord + Clone> {
    due: BTreeSet<(Moment, K)>,
    by_key: BTreeMap<K, Moment>,
}

impl<K: Ord + Clone> Timers<K> {
    /// Replaces the key's deadline.
    pub fn set(&mut self, key: K, at: Moment) {
        if let Some(before) = self.by_key.insert(key.clone(), at) {
            self.due.remove(&(before, key.clone()));
        }
        self.due.insert((at, key));
    }

    pub fn clear(&mut self, key: &K) {
        if let Some(before) = self.by_key.remove(key) {
            self.due.remove(&(before, key.clone()));
        }
    }

    pub fn get(&self, key: &K) -> Option<Moment> {
        self.by_key.get(key).copied()
    }

    pub fn next(&self) -> Option<Moment> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes out one key whose deadline has come, the earliest first.
    pub fn pop_due(&mut self, now: Moment) -> Option<K> {
        let (at, _) = self.due.first()?;
        if *at > now {
            return None;
        }
        let (_, key) = self.due.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }
}

impl<K: Ord + Clone> Default for Timers<K> {
    fn default() -> Self {
        Self { due: BTreeSet::new(), by_key: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> From<Vec<(K, Moment)>> for Timers<K> {
    fn from(deadlines: Vec<(K, Moment)>) -> Self {
        let mut timers = Self::default();
        for (key, at) in deadlines {
            timers.set(key, at);
        }
        timers
    }
}

impl<K: Ord + Clone> From<Timers<K>> for Vec<(K, Moment)> {
    fn from(timers: Timers<K>) -> Self {
        timers.by_key.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_deadline_set_again_replaces_the_old_one_and_one_cleared_never_comes() {
        let at = |seconds| Moment::START + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        timers.set("a", at(1));
        timers.set("b", at(2));
        timers.set("c", at(3));
        timers.set("a", at(4));
        timers.clear(&"b");
        assert_eq!(timers.next(), Some(at(3)));
        assert_eq!(timers.pop_due(at(4)), Some("c"));
        assert_eq!(timers.pop_due(at(4)), Some("a"));
        assert_eq!(timers.pop_due(at(9)), None);
        assert_eq!(timers.next(), None);
    }
}
