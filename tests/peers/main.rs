//! The real server among real phones (SIPp, baresip, linphonec, the real console) and the
//! sound they hear.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a call that cannot go on should stop; real phones live by the clock of the wall"
)]

mod baresip;
mod console;
mod kamailio;
mod linphone;
mod server;
mod sipp;
mod sounds;
#[path = "../support/mod.rs"]
mod support;
mod with_baresip;
mod with_console;
mod with_kamailio;
mod with_linphone;
mod with_sipp;

use std::process::Command;

use support::running::Running;

#[test]
#[should_panic(expected = "it is in Debian's package baresip-core")]
fn a_phone_that_is_missing_is_a_failure_that_names_its_package() {
    Running::start(&mut Command::new("no-such-baresip"), "baresip-core");
}
