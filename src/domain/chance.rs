//! Chance as the cores are told it: a sequence decided by its seed.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// The generator ChaCha12 (Bernstein, 2008). One seed is one sequence on every
/// machine, so a failure found by chance can be played again. Whoever sees some
/// of it, as every peer does in tags, branches and nonces, can guess nothing of
/// the rest: what decides is whether the seed is a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chance {
    generator: ChaCha12Rng,
}

impl Chance {
    /// For stories and benches: the seed is known.
    pub fn from_seed(seed: u128) -> Self {
        let mut key = [0; 32];
        key[..16].copy_from_slice(&seed.to_le_bytes());
        Self::from_key(key)
    }

    /// `key` is a secret nobody else has.
    pub fn from_key(key: [u8; 32]) -> Self {
        Self { generator: ChaCha12Rng::from_seed(key) }
    }

    pub fn draw(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// A number from 0 to `bound - 1`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
    }

    /// `digits` hexadecimal digits: tags, branches, Call-IDs.
    pub fn hex(&mut self, digits: usize) -> String {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(digits);
        let mut left = 0;
        let mut bits = 0;
        for _ in 0..digits {
            if left == 0 {
                bits = self.draw();
                left = 16;
            }
            text.push(char::from(HEX[(bits & 15) as usize]));
            bits >>= 4;
            left -= 1;
        }
        text
    }

    /// One of `these`, or nothing if there are none.
    pub fn pick<T: Clone>(&mut self, these: &[T]) -> Option<T> {
        these.get(self.below(these.len() as u64) as usize).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_repeats_from_its_seed_and_goes_on_after_a_restart() {
        let (mut one, mut same) = (Chance::from_seed(7), Chance::from_seed(7));
        let drawn: Vec<u64> = (0..100).map(|_| one.draw()).collect();
        assert_eq!((0..100).map(|_| same.draw()).collect::<Vec<u64>>(), drawn);
        let saved = serde_json::to_string(&one).unwrap();
        let mut restored: Chance = serde_json::from_str(&saved).unwrap();
        assert_eq!(restored.hex(50), one.hex(50));
        assert_ne!(Chance::from_seed(8).draw(), Chance::from_seed(7).draw());
    }

    /// The vector of draft-strombergsson-chacha-test-vectors-01 §A.1 (TC1: key
    /// and nonce of zeros, 12 rounds): it is the generator it says it is.
    #[test]
    fn it_is_chacha_with_twelve_rounds() {
        let mut chance = Chance::from_key([0; 32]);
        let first = chance.draw().to_le_bytes();
        assert_eq!(first, [0x9b, 0xf4, 0x9a, 0x6a, 0x07, 0x55, 0xf9, 0x53]);
    }
}
