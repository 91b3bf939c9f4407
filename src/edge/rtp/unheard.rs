//! Dropping in the kernel what nobody listens to. A parked caller goes on
//! sending 50 packets a second; reading them would cost as much as his music.

use std::os::fd::AsFd;

use socket2::SockRef;

/// `ret #0`: keep no byte of any packet (Linux socket filter, classic BPF).
#[cfg(target_os = "linux")]
const RETURN: u16 = 0x06;

/// From now on nothing arrives here. True if the system can do it; where it
/// cannot, packets are to be read and dropped.
#[cfg(target_os = "linux")]
pub(super) fn drop_all(socket: &impl AsFd) -> bool {
    let nothing = [socket2::SockFilter::new(RETURN, 0, 0, 0)];
    SockRef::from(socket).attach_filter(&nothing).is_ok()
}

#[cfg(target_os = "linux")]
pub(super) fn hear_again(socket: &impl AsFd) {
    // It fails only where no filter is attached.
    let _ = SockRef::from(socket).detach_filter();
}

#[cfg(not(target_os = "linux"))]
pub(super) fn drop_all(_: &impl AsFd) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn hear_again(_: &impl AsFd) {}
