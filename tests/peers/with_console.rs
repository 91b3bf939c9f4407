//! A caller with a baresip and a person at a console, from the key to the ear.

use crate::baresip::{self, Baresip};
use crate::console::Console;
use crate::server::Server;
use crate::support::ear::Sound;

const RECEPTIONS_HZ: u16 = 1000;
const ALICES_HZ: u16 = 500;

#[test]
fn baresip_calls_the_desk_and_is_answered_parked_fetched_and_hung_up_by_its_keys() {
    let server = Server::start();
    let mut desk = Console::start(&server, "101", RECEPTIONS_HZ);
    let mut alice = Baresip::start(&server, "102", &baresip::voice(ALICES_HZ.into()));
    let reception = Sound::Tone(RECEPTIONS_HZ.into());
    let alices = Sound::Tone(ALICES_HZ.into());

    alice.command("dial", "101");
    desk.lists("CALLS 1", &["RING", "Alice", "102"]);
    alice.awaits("CALL_RINGING");
    desk.press(" ");
    alice.awaits("CALL_ESTABLISHED");
    desk.lists("CALLS 1", &["TALK", "Alice", "102"]);
    alice.hears(reception);
    desk.hears(alices);

    desk.press("p");
    desk.lists("PARKED 1", &["101", "Alice", "102"]);
    alice.hears(Sound::HoldMusic);
    desk.hears(Sound::Silence);

    desk.forgets_what_it_heard();
    desk.press("r");
    desk.lists("CALLS 1", &["TALK", "Alice", "102"]);
    desk.lists("PARKED", &["Nothing is parked."]);
    alice.hears(reception);
    desk.hears(alices);

    desk.press("xx");
    alice.awaits("CALL_CLOSED");
    desk.shows(&["Hung up Alice"]);
    desk.press(":q\r");
    assert!(desk.ends());
}
