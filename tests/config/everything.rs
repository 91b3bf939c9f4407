//! An office with every setting, and the files it names.

use bellhop::config::office::{NoAnswer, Strategy, TrunkLine};
use bellhop::config::{Office, no_files};
use bellhop::domain::recall::RecallPolicy;

const OFFICE: &str = r#"
[server]
domain = "Office.Example"
listen = ["udp:[::]:5060", "tcp:127.0.0.1:5070"]
external_address = "203.0.113.7"
local_networks = ["192.168.0.0/16", "fd00::/8"]
rtp_ports = "20000-20099"
tls = { certificate = "c.pem", key = "k.pem" }

[http]
tokens = [{ name = "crm", token_file = "token" }]

[provisioning]
listen = "192.168.1.10:8089"
pnp = true
networks = ["10.20.0.0/16"]

[codes]
park = "*55"
dnd_on = "90"

[park]
recall_timer = "2m"
recall_to = "number:0301234567"
recall_rounds = 10
recall_fallback = "number:102"
max_per_extension = 3

[music]
file = "hold.wav"

[directory]
files = ["contacts.csv"]

[[extension]]
number = "101"
name = "Bob\tReception"
password_file = "secret"
devices = [
  { make = "yealink", mac = "80:5e:0c:11:22:33", lamp = "bw:callpark", remote_party_id = true, recall_ring = "info=recall" },
  { make = "dinstar", mac = "80:5e:0c:11:22:34", park_info = true, message = true },
]

[[extension]]
number = "102"
ha1 = "00112233445566778899AABBCCDDEEFF"
ha1_sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

[[call_park_group]]
name = "Front desk"
members = ["102", "101"]
recall_to = "ring-group"
ring_group = "600"

[[ring_group]]
number = "600"
members = ["102"]
strategy = "longest-idle"
ring_time = "30s"
no_answer = "park"

[[trunk]]
name = "provider"
peer = "[2001:db8::7]:5070"
inbound = "600"
outbound_prefix = "0"
media_from = ["2001:db8::/32"]
[[trunk.did]]
number = "+49301234500"
to = "101"

[[tenant]]
domain = "other.example"
[[tenant.extension]]
number = "101"
password = "p"
[[tenant.call_park_group]]
name = "Front desk"
members = ["101"]
"#;

fn files(path: &str) -> Result<Vec<u8>, String> {
    match path {
        "secret" | "token" => Ok(b"hunter2\n".to_vec()),
        "hold.wav" => Ok(b"RIFF".to_vec()),
        "contacts.csv" => Ok(b"name,number\nAda,+49 30 765 43 21\n".to_vec()),
        _ => no_files(path),
    }
}

#[test]
fn every_setting_arrives() {
    let (office, findings) = Office::parse("office.toml", OFFICE, &mut files).unwrap();
    assert!(!findings.has_faults(), "{findings}");
    let server = &office.server;
    let listen: Vec<String> = server.listen.iter().map(ToString::to_string).collect();
    assert_eq!(listen, ["udp:[::]:5060", "tcp:127.0.0.1:5070"]);
    assert_eq!(server.external_address, Some("203.0.113.7".parse().unwrap()));
    assert_eq!((server.rtp_ports.first, server.rtp_ports.last), (20000, 20099));
    assert_eq!(server.local_networks.as_ref().map(Vec::len), Some(2));
    assert_eq!(office.http.unwrap().tokens.first().unwrap().token.reveal(), "hunter2");

    let provisioning = office.provisioning.as_ref().unwrap();
    assert_eq!((provisioning.listen.port(), provisioning.pnp), (8089, true));
    assert_eq!(provisioning.networks.len(), 1);

    let own = &office.tenant;
    assert_eq!(own.domain, "office.example");
    assert_eq!((own.codes.park.as_str(), own.codes.dnd_on.as_str()), ("*55", "90"));
    assert_eq!(own.codes.retrieve, "*88");
    assert_eq!(own.park.max_per_extension, 3);
    assert_eq!(own.park.recall.after.as_secs(), 120);
    assert!(matches!(&own.park.recall.policy,
        RecallPolicy::Number { number } if number.as_str() == "0301234567"));
    assert_eq!(own.park.recall.rounds, 10);
    assert_eq!(own.park.recall.fallback.as_ref().unwrap().as_str(), "102");
    assert_eq!(own.music.as_ref().unwrap().bytes, b"RIFF");
    assert_eq!(own.directory.name_of("0307654321").unwrap().as_str(), "Ada");

    let names: Vec<&str> = own.extensions.iter().map(|person| person.name.as_str()).collect();
    assert_eq!(names, ["Bob Reception", "102"]);
    let group = own.group_of(&own.extensions.first().unwrap().extension).unwrap();
    let members: Vec<&str> = group.members.iter().map(|member| member.as_str()).collect();
    assert_eq!(members, ["102", "101"]);
    assert!(matches!(group.recall.policy, RecallPolicy::RingGroup { .. }));
    let ring_group = own.ring_groups.first().unwrap();
    assert_eq!(
        (ring_group.strategy, &ring_group.no_answer),
        (Strategy::LongestIdle, &NoAnswer::Park)
    );

    let trunk = own.trunks.first().unwrap();
    assert!(matches!(trunk.line, TrunkLine::Peer(peer) if peer.address.port() == 5070));
    assert_eq!(trunk.dids.first().unwrap().number.as_str(), "+49301234500");
    let other = office.further_tenants.first().unwrap();
    assert_eq!((other.domain.as_str(), other.extensions.len()), ("other.example", 1));
}

#[test]
fn no_secret_is_printed_with_the_settings() {
    let (office, _) = Office::parse("office.toml", OFFICE, &mut files).unwrap();
    let printed = format!("{office:#?}");
    assert!(!printed.contains("hunter2") && !printed.to_lowercase().contains("aabbcc"));
}
