//! S54: Yealink. Lights, a pop-up, and one key that fetches.

use crate::bodies::Lamp;
use crate::office::{Office, Plan, TCP_ONLY, UDP_AND_TCP};
use crate::persona::{SOFTPHONE, YEALINK_FAC, YEALINK_TRANSFER};
use crate::phone::Phone;
use crate::story::{a_day_with_pop_ups, alice, alice_is_answered_by, alice_smith, talk};
use crate::support::ear::Sound;
use crate::text::Shown;

#[test]
fn s54_yealink_dials_the_codes_beside_the_held_call_is_alerted_and_fetches_with_one_key() {
    a_day_with_pop_ups(&Office::of(&YEALINK_FAC));
}

#[test]
fn s54_yealink_does_the_same_over_tcp_where_its_settings_say_so() {
    a_day_with_pop_ups(&Office::reached_by(TCP_ONLY, &YEALINK_FAC));
}

#[test]
fn s54_yealink_gets_bodies_of_the_very_octets_that_are_described() {
    let office = Office::of(&YEALINK_FAC);
    let [bob, _carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("103");
    james.is_alerted("Alice Smith", "003386002678");
    alice.hangs_up();
    james.is_calm();
    let told = james.told("call-info");
    let bodies: Vec<String> = told.iter().map(|notify| notify.text()).collect();
    assert_eq!(bodies, [NOBODY, ALICE, NOBODY].map(|text| text.replace('\n', "\r\n")));
    let lengths: Vec<&str> = told.iter().map(|notify| notify.get("Content-Length")).collect();
    assert_eq!(lengths, ["161", "292", "161"]);
    let line = "<sip:10.0.0.10>;appearance-index=*;appearance-state=idle";
    assert!(told.iter().all(|notify| notify.get("Call-Info") == line));
}

const NOBODY: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<x-broadworks-callpark-info xmlns="http://schema.broadsoft.com/callpark">
  <callpark/>
</x-broadworks-callpark-info>
"#;
const ALICE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<x-broadworks-callpark-info xmlns="http://schema.broadsoft.com/callpark">
  <callpark>
    <parked>
      <identity display="Alice Smith">sip:003386002678@10.0.0.10;user=phone</identity>
    </parked>
  </callpark>
</x-broadworks-callpark-info>
"#;

#[test]
fn s54_yealink_that_transfers_sees_a_parked_caller_on_a_colleagues_key_and_fetches_by_it() {
    let office = Office::of(&YEALINK_TRANSFER);
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    carol.has_lamp("{park}", Lamp::Off, None);
    bob.parks_at("103");
    alice.hears(Sound::HoldMusic);
    // By bw:callpark, which is what makes this lamp another than a call's.
    for phone in [&bob, &carol, &james] {
        phone.has_lamp("103", Lamp::Parked, Some(&alice_smith()));
    }
    // James's own place is what his bare code leads to.
    james.has_lamp("{park}", Lamp::Held, Some(&alice_smith()));
    carol.has_lamp("{park}", Lamp::Off, None);

    carol.fetches_from("103");
    carol.shows_by("UPDATE", &alice_smith());
    talk(&alice, &carol);
    bob.has_lamp("103", Lamp::Off, None);
    james.is_calm();

    carol.parks_with_the_group();
    // Against Bob: his key for the bare code says so.
    bob.has_lamp("{park}", Lamp::Held, Some(&alice_smith()));
    james.fetches_from("101");
    talk(&alice, &james);
    carol.has_lamp("103", Lamp::Talking, None);
    alice.hangs_up();
    james.is_hung_up_on();
    carol.has_lamp("103", Lamp::Off, None);
}

#[test]
fn s54_yealink_parks_a_caller_who_still_rings_by_redirecting_her() {
    let office = Office::of(&YEALINK_TRANSFER);
    let [bob, carol, james] = office.phones();
    let alice = alice(&office);
    alice.calls("101");
    bob.rings_for(&alice_smith());
    bob.redirects_to("*68103");
    alice.hears(Sound::HoldMusic);
    bob.is_free();
    carol.has_lamp("103", Lamp::Parked, Some(&alice_smith()));
    james.fetches_from("103");
    talk(&alice, &james);
}

#[test]
fn s54_yealink_rings_for_a_recall_in_its_own_way_and_says_who_it_is() {
    let plan = Plan { recall_timer: "5s", ..UDP_AND_TCP };
    let office = Office::reached_by(plan, &YEALINK_TRANSFER);
    let [bob, _carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("103");
    bob.rings_for(&Shown::new("Park recall: Alice Smith", "003386002678"));
    assert_eq!(bob.rings_like(), "<http://127.0.0.1/Bellcore-dr3>;info=alert-recall");
    // While it rings she waits where she was.
    bob.has_lamp("103", Lamp::Parked, Some(&alice_smith()));
    alice.hears(Sound::HoldMusic);
    bob.answers();
    bob.shows_by("UPDATE", &alice_smith());
    talk(&alice, &bob);
    james.is_calm();
}

#[test]
fn s54_yealink_shows_the_next_caller_as_soon_as_the_first_is_fetched() {
    let office = Office::of(&YEALINK_FAC);
    let [bob, _carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, &office);
    bob.parks_at("103");
    let zoe = Phone::outside(&office, "\"Zo\u{eb}\" <sip:0049891234@carrier.example>", &[]);
    zoe.calls("101");
    bob.answers();
    zoe.hears(bob.voice());
    bob.parks_at("103");
    zoe.hears(Sound::HoldMusic);
    james.is_alerted("Alice Smith", "003386002678");

    james.fetches_from("103");
    talk(&alice, &james);
    james.is_alerted("Zo\u{eb}", "0049891234");
    alice.hangs_up();
    james.is_free();
    james.fetches_from("103");
    talk(&zoe, &james);
    james.is_calm();
}

#[test]
fn s10_what_one_device_of_bobs_has_parked_the_other_is_told_of_and_fetches() {
    let office = Office::of(&YEALINK_FAC);
    let [bob, ..] = office.phones();
    let bobs_softphone = Phone::unpacked(&office, &SOFTPHONE, "101");
    let alice = alice_is_answered_by(&bob, &office);
    bobs_softphone.is_free();
    bob.parks_here();
    bob.is_alerted("Alice Smith", "003386002678");
    bobs_softphone.has_lamp("{park}{own}", Lamp::Held, Some(&alice_smith()));
    bobs_softphone.fetches_from("101");
    talk(&alice, &bobs_softphone);
    bob.is_calm();
}
