//! S52: Fanvil. Visual Park, number, Visual Park; the key that flashes opens
//! who it is, and Retrieve takes the call.

use crate::office::{Office, Plan, TCP_ONLY, UDP_AND_TCP};
use crate::persona::FANVIL;
use crate::story::{a_day_with_pop_ups, alice_is_answered_by, talk};
use crate::support::ear::Sound;

#[test]
fn s52_fanvil_transfers_to_the_escaped_code_is_alerted_and_fetches_with_a_hash_at_the_end() {
    a_day_with_pop_ups(&Office::of(&FANVIL));
}

#[test]
fn s52_fanvil_does_the_same_over_tcp_where_its_settings_say_so() {
    a_day_with_pop_ups(&Office::reached_by(TCP_ONLY, &FANVIL));
}

#[test]
fn s52_fanvil_parks_at_a_desk_without_a_phone_and_anybody_fetches_there() {
    let office = Office::of(&FANVIL);
    let [bob, carol, _james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("105");
    alice.hears(Sound::HoldMusic);
    // Its retrieve key is for calls of its own.
    assert_eq!(carol.dials("*88#").0, 404);
    carol.reaches("%2A88105%23");
    talk(&alice, &carol);
}

#[test]
fn s52_fanvil_gets_the_five_minutes_that_it_subscribes_for_and_the_whole_truth_at_each_renewal() {
    let office = Office::of(&FANVIL);
    let [bob, _carol, james] = office.phones();
    let _alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("103");
    james.is_alerted("Alice Smith", "003386002678");
    james.renews_subscriptions();
    let told = james.told("call-info");
    assert_eq!(told.last().unwrap().body, told[told.len() - 2].body);
    for notify in told {
        let state = notify.get("Subscription-State");
        let left_s: u32 = state.strip_prefix("active;expires=").unwrap().parse().unwrap();
        assert!((200..=300).contains(&left_s), "{state}");
    }
}

#[test]
fn s52_fanvil_takes_other_codes_from_its_file_and_they_work() {
    let more = "[codes]\npark = \"*70\"\nretrieve = \"#3\"\n";
    let office = Office::reached_by(Plan { more, ..UDP_AND_TCP }, &FANVIL);
    let [bob, _carol, james] = office.phones();
    assert_eq!((&*bob.line.settings.park, &*bob.line.settings.retrieve), ("*70", "#3"));
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("103");
    james.is_alerted("Alice Smith", "003386002678");
    james.fetches_from("103");
    talk(&alice, &james);
    assert_eq!(bob.dials("*88103").0, 404);
}
