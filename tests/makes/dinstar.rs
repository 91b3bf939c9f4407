//! S50: Dinstar. Visual Park, number, Visual Park; twice for the group; the key
//! flashes red and one press fetches. Its settings come on paper.

use crate::bodies::Lamp;
use crate::office::Office;
use crate::persona::{DINSTAR, DINSTAR_DEAF, DINSTAR_TOLD};
use crate::story::{a_day_with_pop_ups, alice_is_answered_by, alice_smith, all_calm, talk};
use crate::support::ear::Sound;

#[test]
fn s50_dinstar_typed_in_from_its_sheet_flashes_and_fetches_with_one_press() {
    let office = Office::of(&DINSTAR);
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);

    bob.parks_at("103");
    alice.hears(Sound::HoldMusic);
    james.has_lamp("{park}{own}", Lamp::Ringing, Some(&alice_smith()));
    james.presses_lamp("{park}{own}");
    james.shows(&alice_smith());
    talk(&alice, &james);
    all_calm(&[&bob, &carol, &james]);

    james.parks_with_the_group();
    alice.hears(Sound::HoldMusic);
    bob.has_lamp("{park}{own}", Lamp::Ringing, Some(&alice_smith()));
    carol.fetches_from("101");
    carol.shows(&alice_smith());
    talk(&alice, &carol);
    all_calm(&[&bob, &carol, &james]);
    alice.hangs_up();
    carol.is_hung_up_on();
}

#[test]
fn s50_dinstar_told_without_having_asked_is_alerted_and_fetches() {
    a_day_with_pop_ups(&Office::of(&DINSTAR_TOLD));
}

#[test]
fn s50_dinstar_that_refuses_to_be_told_is_left_alone_and_works_all_the_same() {
    let office = Office::of(&DINSTAR_DEAF);
    let [bob, _carol, james] = office.phones();
    james.until("told once", |state| state.unasked.len() == 1);
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("103");
    alice.hears(Sound::HoldMusic);
    james.presses_lamp("{park}{own}");
    james.shows(&alice_smith());
    talk(&alice, &james);
    james.is_calm();
    assert_eq!(james.told_unasked(), 1);
}
