//! Consoles that are ended from outside, by the worst means.

use crate::bench::{Office, talking};
use crate::support::terminal::Desk;

/// Reception's call is to be parked before she quits, by an office that is gone.
fn quitting_in_vain(transport: &str) -> (Office, Desk) {
    let mut office = Office::open();
    let (mut reception, _cleo) = talking(&office, transport);
    office.kill();
    reception.press("p");
    reception.lists("CALLS", &["MOVING", "Cleo"]);
    reception.press(":q\r");
    reception.shows(&["QUIT?"]);
    reception.press("p");
    reception.shows(&["Parking every call, then leaving"]);
    (office, reception)
}

#[test]
fn a_desk_that_waits_for_a_dead_office_obeys_a_signal() {
    let (_office, mut reception) = quitting_in_vain("udp");
    reception.signal("TERM");
    assert!(reception.ends());
}

#[test]
fn a_desk_that_waits_for_a_dead_office_ends_with_its_window() {
    let (_office, mut reception) = quitting_in_vain("udp");
    reception.close_window();
    assert!(reception.ends());
}

#[test]
fn a_desk_whose_window_closes_parks_its_call() {
    let office = Office::open();
    let (mut reception, mut cleo) = talking(&office, "tcp");
    reception.close_window();
    cleo.lists("PARKED", &["102", "Cleo"]);
    assert!(reception.ends());
}
