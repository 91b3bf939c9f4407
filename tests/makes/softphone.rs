//! S55: softphones and apps. Transfers to the codes, told by a lamp, one button
//! fetches.

use crate::bodies::Lamp;
use crate::office::Office;
use crate::persona::{SOFTPHONE, SOFTPHONE_ATTENDED};
use crate::phone::Phone;
use crate::story::{alice_is_answered_by, alice_smith, talk};
use crate::support::ear::Sound;

#[test]
fn s55_softphone_transfers_blindly_to_each_code_is_told_and_fetches_with_one_button() {
    let office = Office::of(&SOFTPHONE);
    parks_here_there_and_with_the_group(&office);
}

#[test]
fn s55_softphone_transfers_attended_to_each_code_is_told_and_fetches_with_one_button() {
    let office = Office::of(&SOFTPHONE_ATTENDED);
    parks_here_there_and_with_the_group(&office);
}

fn parks_here_there_and_with_the_group(office: &Office) {
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, office);
    bob.has_lamp("{own}", Lamp::Talking, None);

    bob.parks_here();
    waits_at(&bob, &alice);
    bob.has_lamp("{own}", Lamp::Off, None);
    bob.fetches_from("101");
    bob.shows(&alice_smith());
    talk(&alice, &bob);

    bob.parks_at("103");
    waits_at(&james, &alice);
    assert_eq!(carol.dials("*88").0, 404);
    carol.reaches("*88103");
    talk(&alice, &carol);

    carol.parks_with_the_group();
    waits_at(&bob, &alice);
    james.fetches_from("101");
    james.shows(&alice_smith());
    talk(&alice, &james);
    james.has_lamp("{own}", Lamp::Talking, None);
    alice.hangs_up();
    james.is_hung_up_on();
}

#[track_caller]
fn waits_at(phone: &Phone, alice: &Phone) {
    alice.hears(Sound::HoldMusic);
    phone.has_lamp("{park}{own}", Lamp::Held, Some(&alice_smith()));
}
