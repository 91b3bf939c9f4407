//! S51: Htek. More, DPark, number, DPark; More, GPark; Retrieve.

use crate::office::Office;
use crate::persona::{HTEK, HTEK_TOLD_WHO};
use crate::story::{a_day_with_pop_ups, alice_is_answered_by, alice_smith, talk};
use crate::support::ear::Sound;

#[test]
fn s51_htek_that_asks_for_the_body_is_alerted_and_fetches() {
    a_day_with_pop_ups(&Office::of(&HTEK_TOLD_WHO));
}

#[test]
fn s51_htek_that_accepts_no_body_is_told_without_one_and_fetches() {
    let office = Office::of(&HTEK);
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_with_the_group();
    alice.hears(Sound::HoldMusic);
    carol.is_told_times("call-info", 2);
    james.is_told_times("call-info", 2);
    james.fetches_from("102");
    // It says that it takes no UPDATE.
    james.shows_by("INVITE", &alice_smith());
    talk(&alice, &james);
    james.parks_at("102");
    carol.is_told_times("call-info", 4);
    carol.fetches_from("102");
    talk(&alice, &carol);
    alice.hangs_up();
    carol.is_hung_up_on();
    for phone in [&bob, &carol, &james] {
        for notify in phone.told("call-info") {
            let has_one = !notify.body.is_empty() || !notify.get("Content-Type").is_empty();
            assert!(!has_one, "a body that was not accepted: {notify:?}");
        }
    }
}
