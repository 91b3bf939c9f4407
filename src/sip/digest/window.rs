//! Which nonce counts have been used: a request heard twice acts once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sip::digest::challenge::{LIFETIME_S, Nonce};

/// The nonces that have been used with a right password, and how. Strangers
/// leave nothing in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NonceWindow {
    /// Keyed by issue time, then salt: the oldest come first.
    #[serde(with = "as_list")]
    used: BTreeMap<(u64, u32), Used>,
    /// Nonces issued before this are not believed: what was known of some of
    /// them had to make room.
    forgotten_before_s: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Used {
    highest: u32,
    /// Bit n: the count `highest - n` has been used.
    recent: u64,
}

const NONCES_MAX: usize = 50_000;

impl NonceWindow {
    /// Whether this use of the nonce is its first; it is remembered.
    /// A count of none (no `qop`) is a use of the whole nonce.
    pub(super) fn take(&mut self, nonce: Nonce, count: Option<u32>, now_s: u64) -> bool {
        self.drop_expired(now_s);
        if nonce.issued_s < self.forgotten_before_s {
            return false;
        }
        let fresh = match self.used.get_mut(&nonce.key()) {
            Some(used) => count.is_some_and(|count| used.take(count)),
            None => {
                self.used.insert(nonce.key(), Used::first(count));
                true
            }
        };
        self.make_room();
        fresh
    }

    fn drop_expired(&mut self, now_s: u64) {
        while let Some(oldest) = self.used.first_entry() {
            if oldest.key().0 + LIFETIME_S >= now_s {
                break;
            }
            oldest.remove();
        }
    }

    /// Forgets the oldest, and with them all issued in the same second: a
    /// phone that still uses one merely gets another challenge.
    fn make_room(&mut self) {
        while self.used.len() > NONCES_MAX {
            let Some((oldest, _)) = self.used.pop_first() else { return };
            self.forgotten_before_s = oldest.0 + 1;
        }
    }
}

impl Used {
    fn first(count: Option<u32>) -> Self {
        match count {
            Some(count) => Self { highest: count, recent: 1 },
            None => Self { highest: u32::MAX, recent: u64::MAX },
        }
    }

    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            self.recent = self.recent.checked_shl(ahead).unwrap_or_default() | 1;
            self.highest = count;
            return true;
        }
        let Some(bit) = 1_u64.checked_shl(self.highest - count) else { return false };
        let fresh = self.recent & bit == 0;
        self.recent |= bit;
        fresh
    }
}

/// JSON has no maps keyed by pairs.
mod as_list {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::Used;

    pub(super) fn serialize<S: Serializer>(
        used: &BTreeMap<(u64, u32), Used>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(used)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<(u64, u32), Used>, D::Error> {
        let list = Vec::<((u64, u32), Used)>::deserialize(deserializer)?;
        Ok(list.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(issued_s: u64, salt: u32) -> Nonce {
        Nonce { issued_s, salt }
    }

    #[test]
    fn each_count_is_taken_once_also_out_of_order() {
        let mut window = NonceWindow::default();
        let taken: Vec<bool> = [1, 3, 2, 3, 2, 1, 70, 6, 7, 7, 5, 0, u32::MAX, u32::MAX]
            .into_iter()
            .map(|count| window.take(nonce(5, 9), Some(count), 10))
            .collect();
        let yes_no = [
            true, true, true, false, false, false, true, false, true, false, false, false, true,
            false,
        ];
        assert_eq!(taken, yes_no);
    }

    #[test]
    fn a_nonce_used_without_a_count_is_used_up() {
        let mut window = NonceWindow::default();
        assert!(window.take(nonce(5, 9), None, 10));
        assert!(!window.take(nonce(5, 9), None, 10));
        assert!(!window.take(nonce(5, 9), Some(7), 10));
        assert!(window.take(nonce(5, 8), Some(1), 10));
        assert!(!window.take(nonce(5, 8), None, 10));
    }

    #[test]
    fn expired_nonces_are_dropped_and_a_full_window_believes_nothing_it_forgot() {
        let mut window = NonceWindow::default();
        for salt in 0..NONCES_MAX as u32 {
            assert!(window.take(nonce(5 + u64::from(salt) / 40_000, salt), Some(1), 10));
        }
        assert!(window.take(nonce(7, 1), Some(1), 10));
        assert_eq!(window.used.len(), NONCES_MAX);
        assert!(!window.take(nonce(5, 0), Some(1), 10), "forgotten, not believed");
        assert!(!window.take(nonce(6, NONCES_MAX as u32 - 1), Some(1), 10), "still known");
        assert!(window.take(nonce(400, 1), Some(1), 400));
        assert_eq!(window.used.len(), 1);
    }

    #[test]
    fn it_survives_a_restart() {
        let mut window = NonceWindow::default();
        assert!(window.take(nonce(5, 9), Some(4), 10));
        let saved = serde_json::to_string(&window).unwrap();
        let mut restored: NonceWindow = serde_json::from_str(&saved).unwrap();
        assert!(!restored.take(nonce(5, 9), Some(4), 10));
        assert!(restored.take(nonce(5, 9), Some(5), 10));
    }
}
