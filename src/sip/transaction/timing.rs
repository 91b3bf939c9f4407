//! The timers of RFC 3261 §17 (table 4) with RFC 6026.

use std::time::Duration;

/// Round-trip estimate; the first retransmission comes after it.
pub const T1: Duration = Duration::from_millis(500);
/// Longest pause between retransmissions of non-INVITE requests and INVITE responses.
pub const T2: Duration = Duration::from_secs(4);
/// Longest time a message stays in the network.
pub const T4: Duration = Duration::from_secs(5);
/// Timers B, F, H, J, L and M, and D over UDP: 64 times T1.
pub const GIVE_UP: Duration = Duration::from_secs(32);

/// The pause after `pause`: doubled, up to T2.
pub fn doubled(pause: Duration) -> Duration {
    (pause * 2).min(T2)
}
