//! Dropping in the kernel what nobody listens to. A parked caller goes on
//! sending 50 packets a second; reading them would cost as much as his music.
//! (Linux socket filters in classic BPF; elsewhere everything is read.)

use std::os::fd::AsFd;

#[cfg(target_os = "linux")]
use socket2::SockRef;

/// Of a parked caller's packets, one in this many is read as a sign of life:
/// each 2.6 seconds at 20 ms a packet. A power of two.
#[cfg(any(target_os = "linux", test))]
pub(super) const SIGN_OF_LIFE_ONE_IN: u32 = 128;

#[cfg(target_os = "linux")]
mod program {
    use socket2::SockFilter;

    use super::SIGN_OF_LIFE_ONE_IN;

    /// The filter sees the datagram from its UDP header on: 8 bytes, then RTP,
    /// whose sequence number is the second word (RFC 3550 §5.1).
    const SEQUENCE_AT: u32 = 8 + 2;
    const LOAD_HALF_WORD: u16 = 0x28;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    /// The constant is how many bytes are kept.
    const RETURN: u16 = 0x06;

    pub fn nothing() -> [SockFilter; 1] {
        [SockFilter::new(RETURN, 0, 0, 0)]
    }

    /// A packet too short for the load is dropped.
    pub fn signs_of_life() -> [SockFilter; 5] {
        [
            SockFilter::new(LOAD_HALF_WORD, 0, 0, SEQUENCE_AT),
            SockFilter::new(AND, 0, 0, SIGN_OF_LIFE_ONE_IN - 1),
            SockFilter::new(JUMP_IF_EQUAL, 0, 1, 0),
            SockFilter::new(RETURN, 0, 0, u32::MAX),
            SockFilter::new(RETURN, 0, 0, 0),
        ]
    }
}

/// From now on nothing arrives here, if the system can do it.
#[cfg(target_os = "linux")]
pub(super) fn drop_all(socket: &impl AsFd) {
    // A socket that nobody reads fills up and then drops by itself.
    let _ = SockRef::from(socket).attach_filter(&program::nothing());
}

/// From now on hardly anything arrives here. True if the system can do it.
#[cfg(target_os = "linux")]
pub(super) fn drop_most(socket: &impl AsFd) -> bool {
    SockRef::from(socket).attach_filter(&program::signs_of_life()).is_ok()
}

#[cfg(target_os = "linux")]
pub(super) fn hear_again(socket: &impl AsFd) {
    // It fails only where no filter is attached.
    let _ = SockRef::from(socket).detach_filter();
}

#[cfg(not(target_os = "linux"))]
pub(super) fn drop_all(_: &impl AsFd) {}

#[cfg(not(target_os = "linux"))]
pub(super) fn drop_most(_: &impl AsFd) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn hear_again(_: &impl AsFd) {}
