//! A colleague at a linphonec, who parks by transferring and fetches again.

use crate::baresip::{self, Baresip};
use crate::linphone::Linphone;
use crate::server::Server;
use crate::support::ear::Sound;
use crate::support::running::wait_for;

const CAROLS_HZ: u16 = 1000;
const ALICES_HZ: u16 = 500;

#[test]
fn linphone_is_called_transfers_to_the_code_and_fetches_the_caller_again() {
    let server = Server::start();
    let mut alice = Baresip::start(&server, "102", &baresip::voice(ALICES_HZ.into()));
    let mut carol = Linphone::start(&server, "103", CAROLS_HZ);
    let (carols, alices) = (Sound::Tone(CAROLS_HZ.into()), Sound::Tone(ALICES_HZ.into()));
    alice.command("dial", "103");
    alice.awaits("CALL_ESTABLISHED");
    alice.hears(carols);
    carol.hears(alices);

    carol.command("transfer *68");
    alice.hears(Sound::HoldMusic);
    // It hangs up by itself once it is told that the transfer has succeeded.
    wait_for("Carol's phone to be free", || {
        server.log().contains("Carol ended: ByItself").then_some(())
    });
    assert!(server.log().contains("Alice parked at 103 by 103"), "{}", server.log());

    carol.command("call *88");
    alice.hears(carols);
    carol.hears(alices);
    alice.command("hangup", "");
    alice.awaits("CALL_CLOSED");
}
