//! What the stories have in common: Alice, who calls from outside, and a day
//! at an office whose phones have a pop-up for parked callers.

use crate::office::Office;
use crate::phone::Phone;
use crate::support::ear::Sound;
use crate::text::Shown;

pub const ALICES_NUMBER: &str = "003386002678";

pub fn alice_smith() -> Shown {
    Shown::new("Alice Smith", ALICES_NUMBER)
}

/// Alice, and her network says who she is.
pub fn alice(office: &Office) -> Phone {
    let from = "\"Alice Smith\" <sip:003386002678@carrier.example>";
    Phone::outside(office, from, &[("P-Asserted-Identity", from)])
}

/// Alice calls the office, Bob answers, and they talk.
#[track_caller]
pub fn alice_is_answered_by(bob: &Phone, office: &Office) -> Phone {
    let alice = alice(office);
    alice.calls("101");
    bob.rings_for(&alice_smith());
    bob.answers();
    talk(&alice, bob);
    alice
}

#[track_caller]
pub fn talk(one: &Phone, other: &Phone) {
    one.hears(other.voice());
    other.hears(one.voice());
}

/// Park at a colleague's, who is alerted and fetches; the same again with the
/// group, where everybody is alerted and somebody else fetches.
pub fn a_day_with_pop_ups(office: &Office) {
    let [bob, carol, james] = office.phones();
    let alice = alice_is_answered_by(&bob, office);

    bob.parks_at("103");
    alice.hears(Sound::HoldMusic);
    james.is_alerted("Alice Smith", ALICES_NUMBER);
    james.fetches_from("103");
    james.shows(&alice_smith());
    talk(&alice, &james);
    all_calm(&[&bob, &carol, &james]);

    // Bob is the first free member: she is parked against him.
    james.parks_with_the_group();
    alice.hears(Sound::HoldMusic);
    bob.is_alerted("Alice Smith", ALICES_NUMBER);
    carol.is_alerted("Alice Smith (at 101)", ALICES_NUMBER);
    james.is_alerted("Alice Smith (at 101)", ALICES_NUMBER);
    carol.fetches_from("101");
    carol.shows(&alice_smith());
    talk(&alice, &carol);
    all_calm(&[&bob, &carol, &james]);

    alice.hangs_up();
    carol.is_hung_up_on();
    for phone in [&bob, &carol, &james] {
        phone.is_free();
    }
}

#[track_caller]
pub fn all_calm(phones: &[&Phone]) {
    for phone in phones {
        phone.is_calm();
    }
}
