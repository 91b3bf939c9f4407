//! A terminal that goes away under its program: a window closed, a line lost.
//!
//! The keyboard's reader (crossterm 0.29, `event/source/unix/mio.rs`) reads a
//! terminal that has hung up again and again without end. So this is noticed
//! apart from it, and the reader is given something to wait for.

use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::stdio::{dup2_stdin, stdin};

/// Returns when standard input's other end is gone; takes no time meanwhile.
pub fn wait() {
    loop {
        // A hang-up is told unasked.
        let mut input = [PollFd::from_borrowed_fd(stdin(), PollFlags::empty())];
        match poll(&mut input, None) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return read_nothing_more(),
        }
    }
}

/// From now on standard input brings nothing, and does not end either.
pub fn read_nothing_more() {
    let Ok((near, far)) = UnixStream::pair() else { return };
    if near.set_nonblocking(true).is_ok() && dup2_stdin(&near).is_ok() {
        // Closed, it would be an end of input, to be read without end.
        std::mem::forget(far);
    }
}
