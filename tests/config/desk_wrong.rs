//! One wrong desk each, and the words of `--set`.

use bellhop::config::desk::{Password, SoundDevice};
use bellhop::config::{Desk, Findings, no_files};

const ACCOUNT: &str = r#"
[account]
server = "tcp:192.168.1.10:5060"
extension = "101"
password = "..."
"#;

const WRONG: &[(&str, &[&str])] = &[
    ("[sond]", &["1:2: sond: there is no such section; did you mean sound?"]),
    (
        "[sound]\nring = \"\"",
        &["2:8: sound.ring = \"\": not a device's name, default, null, or wav:FILE"],
    ),
    (
        "[sound]\ntalkout = \"default\"\ntalk_in = \"wav:\"",
        &[
            "2:1: talkout: there is no such setting in sound; did you mean talk_out?",
            "3:11: sound.talk_in = \"wav:\": wav: needs a file, such as wav:voice.wav",
        ],
    ),
    (
        "[screen]\ntheme = \"terminall\"\nticks = \"2s\"\nblink = \"off\"\ncursor = false",
        &[
            "2:9: screen.theme = \"terminall\": not one of terminal, blue-orange; did you mean \"terminal\"?",
            "3:9: screen.ticks = \"2s\": not one of 1s, 10s, off; did you mean \"1s\"?",
            "4:9: screen.blink = \"off\": this is a text, wanted is true or false; did you mean false?",
            "5:10: screen.cursor = false: this is true or false, wanted is a text in quotes",
        ],
    ),
    (
        "[desk]\nhangup = \"singel\"\nhold_recall = \"60\"\nannounce = \"spd-say\"",
        &[
            "2:10: desk.hangup = \"singel\": not one of double, single, single-internal; did you mean \"single\"?",
            "3:15: desk.hold_recall = \"60\": not a time such as 45s or 2m; did you mean \"60s\"?",
            "4:12: desk.announce = \"spd-say\": this is a text, wanted is a list; did you mean [\"spd-say\"]?",
        ],
    ),
];

#[test]
fn every_fault_is_told_with_its_place_and_what_was_meant() {
    for (snippet, wanted) in WRONG {
        let text = format!("{snippet}\n{ACCOUNT}");
        assert_eq!(said(&parse(&text, &[]).unwrap_err()), *wanted, "of\n{snippet}");
    }
}

fn at(system: &str, park: &str) -> String {
    format!(
        "[account]\nserver = \"udp:pbx\"\nextension = \"101\"\npassword = \"x\"\nsystem = \"{system}\"\n{park}"
    )
}

#[test]
fn another_make_of_server_parks_in_its_own_way_or_as_it_is_told() {
    use bellhop::domain::ids::Extension;
    use bellhop::domain::lot::{Elsewhere, Lot, Pattern};
    let lot = |system, park| parse(&at(system, park), &[]).unwrap().0.lot;
    assert_eq!(lot("bellhop", ""), Lot::Ours);
    assert_eq!(lot("asterisk", ""), Lot::Elsewhere(Elsewhere::asterisk()));
    let park = "[park]\nslots = \"5901-5903\"\npark = \"\"\npark_at = \"*{slot}\"\nretrieve = \"*{slot}\"\nwatch = \"park+*{slot}\"";
    let wanted = Elsewhere {
        slots: ["5901", "5902", "5903"].map(|slot| Extension::parse(slot).unwrap()).to_vec(),
        park: None,
        park_at: Pattern::parse("*{slot}"),
        group_park: None,
        retrieve: Pattern::parse("*{slot}").unwrap(),
        retrieve_mine: None,
        watch: Pattern::parse("park+*{slot}"),
    };
    assert_eq!(lot("freeswitch", park), Lot::Elsewhere(wanted));
}

#[test]
fn what_is_wrong_with_another_servers_lot_is_told_with_its_place() {
    let fault = |system, park| said(&parse(&at(system, park), &[]).unwrap_err());
    assert_eq!(
        fault("astersik", ""),
        [
            "5:10: account.system = \"astersik\": not one of bellhop, asterisk, freeswitch, other; did you mean \"asterisk\"?"
        ]
    );
    assert_eq!(
        fault("bellhop", "[park]\nslots = \"701-720\""),
        ["6:1: park: Bellhop's own server needs no such settings; for another set account.system"]
    );
    assert_eq!(
        fault(
            "asterisk",
            "[park]\nslots = \"720-701\"\nretrieve = \"*88\"\npark = \"sip:700@pbx\"\nslot = \"1\""
        ),
        [
            "7:9: park.slots = \"720-701\": a range goes from the lower to the higher; did you mean \"701-720\"?",
            "8:12: park.retrieve = \"*88\": not a number with {slot} where the slot's goes, such as *{slot}",
            "9:8: park.park = \"sip:700@pbx\": not a number to transfer to, such as 700",
            "10:1: slot: there is no such setting in park; did you mean slots?",
        ]
    );
    assert_eq!(
        fault("freeswitch", "[park]\npark = \"\"\npark_at = \"\""),
        ["6:1: park: neither park nor park_at: calls could not be parked"]
    );
}

#[test]
fn an_account_lacks_nothing() {
    assert_eq!(
        said(&parse("", &[]).unwrap_err()),
        ["1:1: account: the section [account] is missing",]
    );
    assert_eq!(
        said(&parse("[account]", &[]).unwrap_err()),
        [
            "1:1: account.server: server is missing, such as \"tcp:192.168.1.10:5060\"",
            "1:1: account.extension: extension is missing: the number of this console",
            "1:1: account.password: there is no password, password_file or password_command",
        ]
    );
    let text = "[account]\nserver = \"192.168.1.10:5060\"\nextension = 101\npassword = \"x\"";
    assert_eq!(
        said(&parse(text, &[]).unwrap_err()),
        [
            "2:10: account.server = \"192.168.1.10:5060\": no transport before the address, such as tcp:192.168.1.10:5060; did you mean \"udp:192.168.1.10:5060\"?",
            "3:13: account.extension = 101: this is a whole number, wanted is a text in quotes; did you mean \"101\"?",
        ]
    );
    let text =
        "[account]\nserver = \"wss://host:8443\"\nextension = \"1\"\npassword_command = \"p\"";
    assert_eq!(
        said(&parse(text, &[]).unwrap_err()),
        [
            "2:10: account.server = \"wss://host:8443\": understood, but TLS and WebSocket come with a later release; did you mean udp: or tcp:?",
        ]
    );
}

#[test]
fn words_of_the_command_line_win_over_the_file() {
    let sets = ["screen.blink=false", "sound.talk_out=wav:out.wav", "account.extension=\"105\""];
    let (desk, _) = parse(&format!("{ACCOUNT}[screen]\nblink = true"), &sets).unwrap();
    assert!(!desk.screen.blink);
    assert_eq!(desk.sound.talk_out, SoundDevice::Wav("out.wav".to_owned()));
    assert_eq!(desk.account.extension.as_str(), "105");
    let (desk, _) = parse(
        "",
        &[
            "account.server=udp:pbx:5060",
            "account.extension=\"105\"",
            "account.password_command=pass show \"desk\"",
        ],
    )
    .unwrap();
    assert_eq!(desk.account.server.name, "pbx");
    assert_eq!(desk.account.password, Password::Command("pass show \"desk\"".to_owned()));
}

#[test]
fn a_wrong_word_of_the_command_line_is_named_as_such() {
    let sets = ["screen.blnk=false", "desk.hangup=triple"];
    let findings = parse(ACCOUNT, &sets).unwrap_err();
    let said: Vec<String> = findings.as_slice().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "--set screen.blnk:1:8: blnk: there is no such setting in screen; did you mean blink?",
            "--set desk.hangup:1:15: desk.hangup = \"triple\": not one of double, single, single-internal",
        ]
    );
}

fn parse(text: &str, sets: &[&str]) -> Result<(Desk, Findings), Findings> {
    let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
    Desk::parse("desk.toml", text, &sets, &mut no_files)
}

fn said(findings: &Findings) -> Vec<String> {
    let said = findings.as_slice().iter();
    said.map(|complaint| complaint.to_string().replacen("desk.toml:", "", 1)).collect()
}
