//! The office as a customer of a provider that others have written.

use crate::baresip::{Baresip, voice};
use crate::kamailio::{Kamailio, PASSWORD};
use crate::server::Server;
use crate::support::ear::Sound;
use crate::support::running::wait_for;

const ALICES_HZ: u32 = 1000;
const OUTSIDES_HZ: u32 = 500;
const OUTSIDE: &str = "4930999";

fn trunk(provider: &Kamailio, password: &str) -> String {
    format!(
        "registrar = \"sip:localhost:{}\"\nusername = \"4930555\"\npassword = \"{password}\"\n\
         did = [{{ number = \"4930555\", to = \"102\" }}]",
        provider.at.port()
    )
}

#[test]
fn kamailio_registers_the_office_and_puts_calls_through_both_ways() {
    let home = tempfile::tempdir().unwrap();
    let provider = Kamailio::start(home.path());
    let mut server = Server::with_trunk(&trunk(&provider, PASSWORD));
    provider.says("registered 4930555 for 600 s");
    wait_for("the office to know", || {
        server.log().contains("trunk provider registered at 127.0.0.1").then_some(())
    });
    let mut alice = Baresip::start(&server, "102", &voice(ALICES_HZ));
    let known = || provider.log().contains(&format!("registered {OUTSIDE}"));
    let outsides = voice(OUTSIDES_HZ);
    let mut outside =
        Baresip::register(home.path(), provider.at, OUTSIDE, PASSWORD, &outsides, known);
    let (alices, outsides) = (Sound::Tone(ALICES_HZ as f32), Sound::Tone(OUTSIDES_HZ as f32));

    alice.command("dial", &format!("0{OUTSIDE}"));
    alice.awaits("CALL_ESTABLISHED");
    outside.awaits("CALL_ESTABLISHED");
    alice.hears(outsides);
    outside.hears(alices);
    alice.command("hangup", "");
    outside.awaits("CALL_CLOSED");
    alice.awaits("CALL_CLOSED");

    outside.command("dial", "4930555");
    outside.awaits("CALL_ESTABLISHED");
    alice.awaits("CALL_ESTABLISHED");
    alice.command("transfer", "*68");
    alice.awaits("CALL_CLOSED");
    outside.hears(Sound::HoldMusic);
    alice.command("dial", "*88");
    alice.awaits("CALL_ESTABLISHED");
    outside.hears(alices);
    alice.hears(outsides);
    outside.command("hangup", "");
    alice.awaits("CALL_CLOSED");

    server.stop();
    provider.says("registered 4930555 for 0 s");
}

#[test]
fn kamailio_refuses_a_wrong_password_and_the_log_says_whose() {
    let home = tempfile::tempdir().unwrap();
    let provider = Kamailio::start(home.path());
    let server = Server::with_trunk(&trunk(&provider, "franz"));
    wait_for("the office to say what is wrong", || {
        let words = "trunk provider: the provider refuses its password";
        server.log().contains(words).then_some(())
    });
    assert!(!provider.log().contains("registered 4930555"));
    assert!(!server.log().contains("franz"));
}
