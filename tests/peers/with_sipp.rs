//! Parking and retrieving among phones played by SIPp.

use crate::server::Server;
use crate::sipp::Phone;
use crate::support::ear::{Ear, Sound};

const CAROLS_HZ: f32 = 500.0;
const ALICES_HZ: f32 = 1000.0;

/// Alice registers, calls Carol, parks her and fetches her again; each hears
/// what she should.
fn calls_parks_and_retrieves(server: &Server, alice: &Phone, call_and_park: &str) {
    let carol = Phone::new(server, "103");
    alice.register();
    carol.register();
    let (carols_ear, alices_ear) = (Ear::with_voice(CAROLS_HZ), Ear::with_voice(ALICES_HZ));
    let carols_call = carol.answer("answer", &carols_ear);
    alice.call(call_and_park, "103", &alices_ear).finish();
    carols_ear.awaits(Sound::HoldMusic);
    let retrieved = alice.call("retrieve_carol", "*88", &alices_ear);
    alices_ear.awaits(Sound::Tone(CAROLS_HZ));
    carols_ear.awaits(Sound::Tone(ALICES_HZ));
    carols_call.hang_up();
    retrieved.finish();
    carols_call.finish();
}

#[test]
fn sipp_registers_calls_parks_by_refer_and_retrieves_over_udp() {
    let server = Server::start();
    calls_parks_and_retrieves(&server, &Phone::new(&server, "102"), "call_and_park");
}

#[test]
fn sipp_registers_calls_parks_by_refer_and_retrieves_over_tcp() {
    let server = Server::start();
    calls_parks_and_retrieves(&server, &Phone::over_tcp(&server, "102"), "call_and_park_quietly");
}

#[test]
fn a_caller_from_outside_is_parked_and_a_colleague_sees_who_it_is() {
    let server = Server::start();
    let (bob, colleague) = (Phone::new(&server, "101"), Phone::new(&server, "102"));
    bob.register();
    let (ear, caller) = (Ear::with_voice(300.0), Ear::with_voice(CAROLS_HZ));
    let bobs_call = bob.answer("answer_and_park", &ear);
    let call = Phone::new(&server, "provider").call("call_in", "101", &caller);
    caller.awaits(Sound::HoldMusic);
    bobs_call.finish();
    let colleagues_ear = Ear::with_voice(ALICES_HZ);
    let retrieved = colleague.call("retrieve_alice_smith", "*88101", &colleagues_ear);
    colleagues_ear.awaits(Sound::Tone(CAROLS_HZ));
    caller.awaits(Sound::Tone(ALICES_HZ));
    call.hang_up();
    retrieved.finish();
    call.finish();
}

#[test]
fn where_nobody_is_parked_the_phone_is_told_so() {
    let server = Server::start();
    let alice = Phone::new(&server, "102");
    let said = alice.call("retrieve_nobody", "*88103", &Ear::with_voice(300.0)).finish();
    assert!(said.contains("SIP/2.0 404 no call is parked at extension 103"), "{said}");
}
