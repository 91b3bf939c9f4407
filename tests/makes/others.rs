//! OBi's orbit keys and Snom, which is told twice over.

use crate::bodies::Lamp;
use crate::office::Office;
use crate::persona::{OBI_ORBIT, SNOM};
use crate::story::{alice_is_answered_by, alice_smith, all_calm, talk};
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
