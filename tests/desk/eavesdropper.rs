//! Whoever overhears a phone may say again what it said, to the real server
//! and from the phone's own host. It must never do anything.

use bellhop::sip::wire::{Method, Name};

use crate::bench::Office;
use crate::peer::Peer;

#[test]
fn what_was_overheard_before_a_restart_registers_nobody_after_it() {
    let mut office = Office::open();
    let mut phone = Peer::of(&office, "101");
    let mut overheard = phone.register();

    office.kill();
    office.start();
    let mut thief = Peer::of(&office, "101");
    overheard.headers.set(Name::Contact, thief.contact());
    overheard.headers.set(Name::Via, thief.via());
    let answer = thief.ask(&overheard);
    let challenge = answer.headers.text(&Name::WwwAuthenticate).unwrap().into_owned();
    assert_eq!((answer.status, challenge.contains("stale=true")), (401, true), "{challenge}");

    // The phone itself only has to answer once more.
    let again = phone.request(Method::Register, "").with(Name::Expires, "300");
    let again = phone.signed(again);
    let challenge = phone.ask(&again);
    assert!(challenge.status == 401 && phone.learns(&challenge), "{challenge:?}");
    let again = phone.request(Method::Register, "").with(Name::Expires, "300");
    let again = phone.signed(again);
    assert_eq!(phone.ask(&again).status, 200);
}
