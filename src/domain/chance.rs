//! Chance as the cores are told it: a sequence decided by its seed.

use serde::{Deserialize, Serialize};

/// The generator PCG XSL-RR 128/64 (O'Neill, 2014). One seed is one sequence
/// on every machine, so a failure found by chance can be played again. For
/// ids and simulations; whoever needs a secret asks the operating system.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Chance {
    state: u128,
}

/// Multiplier and increment of the reference implementation, pcg-c `pcg64`.
const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;
const INCREMENT: u128 = 0x5851_F42D_4C95_7F2D_1405_7B7E_F767_814F;

impl Chance {
    pub fn from_seed(seed: u128) -> Self {
        let mut chance = Self { state: seed.wrapping_add(INCREMENT) };
        chance.draw();
        chance
    }

    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT);
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
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
