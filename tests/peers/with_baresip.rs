//! What a person with a baresip hears while she is parked and after.

use crate::baresip::{Baresip, voice};
use crate::server::Server;
use crate::support::ear::Sound;

const COLLEAGUES_HZ: u32 = 1000;
const ALICES_HZ: u32 = 500;

#[test]
fn baresip_hears_hold_music_while_parked_and_the_voice_again_when_retrieved() {
    let server = Server::start();
    let mut alice = Baresip::start(&server, "102", &voice(ALICES_HZ));
    let mut colleague = Baresip::start(&server, "103", &voice(COLLEAGUES_HZ));
    alice.command("dial", "103");
    alice.awaits("CALL_ESTABLISHED");
    let (own, voice) = (Sound::Tone(ALICES_HZ as f32), Sound::Tone(COLLEAGUES_HZ as f32));
    alice.hears(voice);
    colleague.hears(own);
    colleague.awaits("CALL_ESTABLISHED");
    colleague.command("transfer", "*68");
    colleague.awaits("CALL_CLOSED");
    alice.hears(Sound::HoldMusic);
    colleague.command("dial", "*88");
    colleague.awaits("CALL_ESTABLISHED");
    alice.hears(voice);
    colleague.hears(own);
    alice.command("hangup", "");
    colleague.awaits("CALL_CLOSED");
}
