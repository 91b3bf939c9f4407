//! S55: softphones and apps. Transfers to the codes, told by a lamp, one button
//! fetches.

use crate::bodies::Lamp;
use crate::office::Office;
use crate::persona::{SOFTPHONE, SOFTPHONE_ATTENDED, SOFTPHONE_TOLD};
use crate::phone::Phone;
use crate::story::{alice_is_answered_by, alice_smith, talk};
use crate::support::ear::Sound;
use crate::text::Shown;

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

#[test]
fn s14_whoever_has_fetched_a_caller_holds_resumes_transfers_and_parks_her_again() {
    let office = Office::of(&SOFTPHONE);
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("103");
    james.fetches_from("103");
    james.holds();
    alice.hears(Sound::HoldMusic);
    james.resumes();
    talk(&alice, &james);
    james.transfers_to("102", &carol);
    talk(&alice, &carol);
    carol.shows(&alice_smith());
    carol.parks_here();
    waits_at(&carol, &alice);
    bob.reaches("*88102");
    talk(&alice, &bob);
    bob.hangs_up();
    alice.is_hung_up_on();
}

#[test]
fn s1_either_end_of_a_call_between_colleagues_parks_the_other() {
    let office = Office::of(&SOFTPHONE);
    let [bob, carol, james] = office.phones();
    let (bobs, jamess) = (Shown::new("Bob", "101"), Shown::new("James", "103"));
    bob.calls("103");
    james.rings_for(&bobs);
    james.answers();
    talk(&bob, &james);
    // The one who has called parks the one whom he called.
    bob.parks_at("105");
    james.hears(Sound::HoldMusic);
    carol.reaches("*88105");
    carol.shows(&jamess);
    talk(&carol, &james);
    // And the one who was called parks her in turn.
    james.parks_here();
    carol.hears(Sound::HoldMusic);
    james.has_lamp("{park}{own}", Lamp::Held, Some(&Shown::new("Carol", "102")));
    bob.reaches("*88103");
    talk(&bob, &carol);
}

#[test]
fn s1_somebody_outside_who_was_called_is_parked_like_one_who_has_called() {
    let office = Office::of(&SOFTPHONE);
    let [bob, carol, _james] = office.phones();
    let outside = Phone::outside_called(&office);
    let call = bob.calls("0003386002678");
    outside.answers();
    assert_eq!(bob.answer_to(call).status(), Some(200));
    talk(&bob, &outside);
    bob.parks_at("102");
    outside.hears(Sound::HoldMusic);
    carol.has_lamp("{park}{own}", Lamp::Held, Some(&Shown::new("", "003386002678")));
    carol.fetches_from("102");
    talk(&carol, &outside);
    outside.hangs_up();
    carol.is_hung_up_on();
}

#[test]
fn s55_softphone_without_lamps_is_told_in_words_and_fetches_by_calling_back() {
    let office = Office::of(&SOFTPHONE_TOLD);
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("103");
    alice.hears(Sound::HoldMusic);
    james.is_written("Parked for you: Alice Smith 003386002678, at 103, dial *88103");
    james.fetches_from("103");
    talk(&alice, &james);
    james.is_written("No longer parked: Alice Smith 003386002678, at 103");

    james.parks_with_the_group();
    bob.is_written("Parked for you: Alice Smith 003386002678, at 101, dial *88101");
    carol.is_written("Parked for Front desk: Alice Smith 003386002678, at 101, dial *88101");
    carol.fetches_from("101");
    talk(&alice, &carol);
    james.is_written("No longer parked: Alice Smith 003386002678, at 101");

    // Two at once are two lines.
    carol.parks_here();
    let zoe = Phone::outside(&office, "\"Zo\u{eb}\" <sip:0049891234@carrier.example>", &[]);
    zoe.calls("101");
    bob.answers();
    zoe.hears(bob.voice());
    bob.parks_at("102");
    zoe.hears(Sound::HoldMusic);
    // As after a restart of her machine, which knows nothing any more.
    carol.registers();
    carol.until("both, in two lines", |state| {
        let lines = state.texts.last().unwrap().split("\r\n");
        lines.filter(|line| line.starts_with("Parked for you: ")).count() == 2
    });
}
