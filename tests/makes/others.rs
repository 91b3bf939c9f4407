//! OBi's orbit keys, Snom, which is told twice over, and offices whose desks have
//! phones of different makes.

use crate::bodies::Lamp;
use crate::office::{Office, UDP_AND_TCP};
use crate::persona::{DINSTAR, FANVIL, GRANDSTREAM, HTEK_TOLD_WHO, OBI_ORBIT, SNOM, YEALINK_FAC};
use crate::story::{ALICES_NUMBER, alice_is_answered_by, alice_smith, all_calm, talk};
use crate::support::ear::Sound;
use crate::text::Message;

#[test]
fn m10_obi_parks_and_fetches_with_one_orbit_key_whose_lamp_rings() {
    let office = Office::of(&OBI_ORBIT);
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    // It waits for the office to hang up.
    bob.parks_at("103");
    alice.hears(Sound::HoldMusic);
    for phone in [&bob, &carol, &james] {
        phone.has_lamp("{park}103", Lamp::Ringing, Some(&alice_smith()));
    }
    carol.fetches_from("103");
    carol.shows_by("INVITE", &alice_smith());
    talk(&alice, &carol);
    all_calm(&[&bob, &carol, &james]);
    assert_eq!(james.dials("*68103").0, 404);
}

#[test]
fn m10_snom_has_a_lamp_and_a_pop_up_for_one_parked_call() {
    let office = Office::of(&SNOM);
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("103");
    alice.hears(Sound::HoldMusic);
    james.is_alerted("Alice Smith", "003386002678");
    james.has_lamp("{park}103", Lamp::Held, Some(&alice_smith()));
    james.fetches_from("103");
    james.shows_by("UPDATE", &alice_smith());
    talk(&alice, &james);
    all_calm(&[&bob, &carol, &james]);
    // Once each, and there was one to fetch.
    for event in ["dialog", "call-info"] {
        let told = james.told(event);
        let bodies: Vec<String> = told.iter().map(Message::text).collect();
        assert_eq!(bodies.len(), 3, "{event}: {bodies:#?}");
    }
    assert_eq!(carol.dials("*88103").0, 404);
}

#[test]
fn m10_a_caller_wanders_from_make_to_make() {
    let office = Office::planned(UDP_AND_TCP, [&YEALINK_FAC, &FANVIL, &GRANDSTREAM]);
    let [yealink, fanvil, grandstream] = office.phones();
    let alice = alice_is_answered_by(&yealink, &office);
    yealink.parks_at("102");
    fanvil.is_alerted("Alice Smith", ALICES_NUMBER);
    fanvil.fetches_from("102");
    fanvil.shows_by("INVITE", &alice_smith());
    talk(&alice, &fanvil);
    fanvil.parks_at("103");
    grandstream.is_alerted("Alice Smith", ALICES_NUMBER);
    grandstream.fetches_from("103");
    grandstream.shows_by("UPDATE", &alice_smith());
    talk(&alice, &grandstream);
    grandstream.parks_with_the_group();
    yealink.is_alerted("Alice Smith", ALICES_NUMBER);
    fanvil.is_alerted("Alice Smith (at 101)", ALICES_NUMBER);
    fanvil.fetches_from("101");
    talk(&alice, &fanvil);
    all_calm(&[&yealink, &fanvil, &grandstream]);
}

#[test]
fn m10_and_on_from_make_to_make() {
    let office = Office::planned(UDP_AND_TCP, [&HTEK_TOLD_WHO, &DINSTAR, &SNOM]);
    let [htek, dinstar, snom] = office.phones();
    let alice = alice_is_answered_by(&htek, &office);
    htek.parks_at("102");
    dinstar.has_lamp("{park}{own}", Lamp::Ringing, Some(&alice_smith()));
    dinstar.presses_lamp("{park}{own}");
    talk(&alice, &dinstar);
    dinstar.parks_at("103");
    snom.is_alerted("Alice Smith", ALICES_NUMBER);
    snom.fetches_from("103");
    talk(&alice, &snom);
    snom.parks_with_the_group();
    htek.is_alerted("Alice Smith", ALICES_NUMBER);
    htek.fetches_from("101");
    talk(&alice, &htek);
    all_calm(&[&htek, &dinstar, &snom]);
}

#[test]
fn m4_a_note_stands_in_the_pop_ups_of_phones_whichever_make_they_are() {
    let office = Office::planned(UDP_AND_TCP, [&YEALINK_FAC, &FANVIL, &GRANDSTREAM]);
    let [yealink, fanvil, grandstream] = office.phones();
    let alice = alice_is_answered_by(&yealink, &office);
    yealink.parks_with_the_group();
    fanvil.is_alerted("Alice Smith", ALICES_NUMBER);
    assert_eq!(yealink.writes("*88102", "wants invoice 4711"), 200);
    fanvil.is_alerted("Alice Smith: wants invoice 4711", ALICES_NUMBER);
    grandstream.fetches_from("102");
    talk(&alice, &grandstream);
    grandstream.shows(&alice_smith());
    all_calm(&[&yealink, &fanvil, &grandstream]);
}
