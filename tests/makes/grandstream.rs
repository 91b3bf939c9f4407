//! S53: Grandstream. Call Park, number, Park; GPark; RetrievePark. It comes by
//! TCP and joins both calls although the first code has parked already.

use crate::office::{Office, TCP_ONLY};
use crate::persona::GRANDSTREAM;
use crate::story::{a_day_with_pop_ups, alice_is_answered_by, alice_smith, talk};
use crate::support::ear::Sound;

#[test]
fn s53_grandstream_transfers_attended_over_tcp_is_alerted_and_fetches() {
    a_day_with_pop_ups(&Office::reached_by(TCP_ONLY, &GRANDSTREAM));
}

#[test]
fn s53_grandstream_does_the_same_by_datagrams() {
    a_day_with_pop_ups(&Office::of(&GRANDSTREAM));
}

#[test]
fn s53_grandstream_parks_once_though_it_says_so_twice_and_learns_the_name_by_update() {
    let office = Office::reached_by(TCP_ONLY, &GRANDSTREAM);
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("103");
    alice.hears(Sound::HoldMusic);
    james.is_alerted("Alice Smith", "003386002678");
    james.fetches_from("103");
    james.shows_by("UPDATE", &alice_smith());
    talk(&alice, &james);
    assert_eq!(carol.dials("*88103"), (404, "no call is parked at extension 103".to_owned()));
}
