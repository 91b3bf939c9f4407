//! S50: Dinstar. Visual Park, number, Visual Park; twice for the group; the key
//! flashes red and one press fetches. Its settings come on paper.

use crate::bodies::Lamp;
use crate::office::Office;
use crate::persona::DINSTAR;
use crate::story::{alice_is_answered_by, alice_smith, all_calm, talk};
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
