//! One wrong office each: line, column, value, what is wrong, what was meant.

use bellhop::config::Office;

/// Follows every snippet, so that only the snippet is wrong.
const PEOPLE: &str = r#"
[[extension]]
number = "101"
password = "a"
[[extension]]
number = "102"
password = "b"
"#;

/// Snippet, and every line said of it without the file's name.
const WRONG: &[(&str, &[&str])] = &[
    // Keys and types.
    ("[sever]", &["1:2: sever: there is no such section; did you mean server?"]),
    ("colour = 1", &["1:1: colour: there is no such section"]),
    (
        "[server]\nliten = [\"udp:0.0.0.0:5060\"]",
        &["2:1: liten: there is no such setting in server; did you mean listen?"],
    ),
    (
        "[park]\nrecal_timer = \"45s\"\nmax_per_extensions = 3",
        &[
            "2:1: recal_timer: there is no such setting in park; did you mean recall_timer?",
            "3:1: max_per_extensions: there is no such setting in park; did you mean max_per_extension?",
        ],
    ),
    (
        "server = 1",
        &[
            "1:10: server = 1: this is a whole number, wanted is a section: [server] and its settings below it",
        ],
    ),
    (
        "[trunk]\nname = \"x\"",
        &["1:1: trunk: there may be several of these: two brackets; did you mean [[trunk]]?"],
    ),
    (
        "[server]\nlisten = \"udp:0.0.0.0:5060\"",
        &[
            "2:10: server.listen = \"udp:0.0.0.0:5060\": this is a text, wanted is a list; did you mean [\"udp:0.0.0.0:5060\"]?",
        ],
    ),
    (
        "[[extension]]\nnumber = \"109\"\npassword = \"c\"\ndevices = [{ make = \"snom\", mac = \"000413112233\", recall_ring = \"é\" }]",
        &[
            "4:65: extension.devices.recall_ring = \"é\": not what a phone can be sent: up to 200 letters, digits and signs of ASCII, no blank at the ends",
        ],
    ),
    (
        "[park]\nmax_per_extension = \"5\"",
        &[
            "2:21: park.max_per_extension = \"5\": this is a text, wanted is a whole number; did you mean 5?",
        ],
    ),
    (
        "[park]\nmax_per_extension = 0",
        &["2:21: park.max_per_extension = 0: not from 1 to 1000; did you mean 1?"],
    ),
    (
        "[park]\nmax_per_extension = 99999999999",
        &["2:21: park.max_per_extension = 99999999999: not from 1 to 1000; did you mean 1?"],
    ),
    (
        "[provisioning]\npnp = \"yes\"",
        &[
            "2:7: provisioning.pnp = \"yes\": this is a text, wanted is true or false; did you mean true?",
        ],
    ),
    // The server.
    (
        "[server]\ndomain = \"sip:office.example\"",
        &[
            "2:10: server.domain = \"sip:office.example\": not a domain, such as office.example; did you mean \"office.example\"?",
        ],
    ),
    (
        "[server]\nlisten = [\"0.0.0.0:5060\"]",
        &[
            "2:11: server.listen = \"0.0.0.0:5060\": no transport before the address, such as udp:0.0.0.0:5060; did you mean \"udp:0.0.0.0:5060\"?",
        ],
    ),
    (
        "[server]\nlisten = [\"udp:0.0.0.0:5060\", \"upd:0.0.0.0:5061\"]",
        &[
            "2:31: server.listen = \"upd:0.0.0.0:5061\": the transport is not one of udp, tcp, tls, ws, wss; did you mean udp?",
        ],
    ),
    (
        "[server]\nlisten = [\"udp:0.0.0.0:5060\", \"udp:127.0.0.1:5060\"]",
        &[
            "2:31: server.listen = \"udp:127.0.0.1:5060\": port 5060 is taken already by server.listen (line 2)",
        ],
    ),
    (
        "[server]\nlisten = [\"tcp:[::]:8080\", \"tcp:0.0.0.0:8080\"]\n[http]\nlisten = \"127.0.0.1:8080\"",
        &[
            "4:10: http.listen = \"127.0.0.1:8080\": port 8080 is taken already by server.listen (line 2)",
        ],
    ),
    (
        "[provisioning]\nlisten = \"0.0.0.0:8088\"\n[http]\nlisten = \"0.0.0.0:8088\"",
        &[
            "2:10: provisioning.listen = \"0.0.0.0:8088\": port 8088 is taken already by http.listen (line 4)",
        ],
    ),
    (
        "[server]\nlisten = [\"udp:0.0.0.0:20000\"]\nrtp_ports = \"16384-32767\"",
        &[
            "2:11: server.listen = \"udp:0.0.0.0:20000\": port 20000 lies among the rtp_ports 16384-32767",
        ],
    ),
    (
        "[server]\nlisten = [\"udp:0.0.0.0:20000\"]\nrtp_ports = \"30000-29000\"",
        &[
            "3:13: server.rtp_ports = \"30000-29000\": not a range of ports from 1024 to 65535, such as 16384-32767; did you mean \"29000-30000\"?",
        ],
    ),
    ("[server]\nlisten = []", &["2:10: server.listen: the server needs an address to listen on"]),
    (
        "[server]\nrtp_ports = \"32767-16384\"",
        &[
            "2:13: server.rtp_ports = \"32767-16384\": not a range of ports from 1024 to 65535, such as 16384-32767; did you mean \"16384-32767\"?",
        ],
    ),
    (
        "[server]\nlocal_networks = [\"192.168.0.0/16\", \"10.0.0.0/40\"]",
        &[
            "2:37: server.local_networks = \"10.0.0.0/40\": not a network, such as 192.168.0.0/16; did you mean \"10.0.0.0/32\"?",
        ],
    ),
    (
        "[server]\nexternal_address = \"my.example\"",
        &["2:20: server.external_address = \"my.example\": not an address, such as 203.0.113.7"],
    ),
    ("[server]\ntls = { certificate = \"c.pem\" }", &["2:7: server.tls.key: key is missing"]),
    (
        "[http]\nlisten = \"8080\"",
        &["2:10: http.listen = \"8080\": not an address and port, such as 127.0.0.1:8080"],
    ),
    (
        "[http]\ntokens = [{ name = \"crm\" }]",
        &["2:11: http.tokens.token_file: a token needs token_file, or token"],
    ),
    // Codes.
    ("[codes]\npark = \"68*\"", &["2:8: codes.park = \"68*\": not a code such as *68"]),
    (
        "[codes]\npark = 68",
        &[
            "2:8: codes.park = 68: this is a whole number, wanted is a text in quotes; did you mean \"68\"?",
        ],
    ),
    (
        "[codes]\nretrieve = \"*6\"",
        &[
            "2:12: codes.retrieve = \"*6\": no code may be the beginning of another: park is *68, too close to be told apart",
        ],
    ),
    (
        "[codes]\npark = \"*7\"\n",
        &[
            "2:8: codes.park = \"*7\": no code may be the beginning of another: dnd_on is *78, too close to be told apart",
            "2:8: codes.park = \"*7\": no code may be the beginning of another: dnd_off is *79, too close to be told apart",
        ],
    ),
    ("[codes]\npark = \"10\"", &["2:8: codes.park = \"10\": extension 101 begins with this code"]),
    // Extensions.
    (
        "[[extension]]\nname = \"Ada\"\npassword = \"c\"",
        &["1:1: extension.number: number is missing"],
    ),
    (
        "[[extension]]\nnumber = 103\npassword = \"c\"",
        &[
            "2:10: extension.number = 103: this is a whole number, wanted is a text in quotes; did you mean \"103\"?",
        ],
    ),
    (
        "[[extension]]\nnumber = \"10-3\"\npassword = \"c\"",
        &[
            "2:10: extension.number = \"10-3\": not an extension (1 to 6 digits); did you mean \"103\"?",
        ],
    ),
    (
        "[[extension]]\nnumber = \"103\"",
        &["1:1: extension.password: 103 has no password, password_file or ha1"],
    ),
    (
        "[[extension]]\nnumber = \"103\"\npassword = \"\"",
        &["3:12: extension.password: password is empty"],
    ),
    (
        "[[extension]]\nnumber = \"103\"\npassword = 1234",
        &["3:12: extension.password: this is a whole number, wanted is a text in quotes"],
    ),
    (
        "[[extension]]\nnumber = \"103\"\npassword = \"c\"\npassword_file = \"p\"",
        &["4:17: extension.password_file = \"p\": password is set too: one of the two must go"],
    ),
    (
        "[[extension]]\nnumber = \"103\"\npassword_file = \"secrets/103\"",
        &["3:17: extension.password_file = \"secrets/103\": there is no such file"],
    ),
    (
        "[[extension]]\nnumber = \"103\"\nha1 = \"0123456789abcdef0123456789abcdef\"",
        &["3:7: extension.password: ha1 and ha1_sha256 belong together"],
    ),
    (
        "[server]\ndomain = \"o.example\"\n[[extension]]\nnumber = \"103\"\nha1 = \"0123\"\nha1_sha256 = \"45\"",
        &[
            "5:7: extension.ha1: not 32 hexadecimal digits",
            "6:14: extension.ha1_sha256: not 64 hexadecimal digits",
        ],
    ),
    (
        "[[extension]]\nnumber = \"103\"\npassword = \"c\"\nadmin = 1",
        &["4:9: extension.admin = 1: this is a whole number, wanted is true or false"],
    ),
    (
        "[[extension]]\nnumber = \"103\"\npassword = \"c\"\ndevices = [{ make = \"yaelink\", mac = \"805e0c11223\" }]",
        &[
            "4:21: extension.devices.make = \"yaelink\": not one of cisco, dinstar, fanvil, grandstream, htek, poly, snom, yealink; did you mean \"yealink\"?",
            "4:38: extension.devices.mac = \"805e0c11223\": not a hardware address of twelve hexadecimal digits, such as 805e0c112233",
        ],
    ),
    (
        "[[extension]]\nnumber = \"103\"\npassword = \"c\"\ndevices = [\n { make = \"htek\", mac = \"805e0c112233\" },\n { make = \"htek\", mac = \"80:5E:0C:11:22:33\" },\n]",
        &[
            "6:25: extension.devices.mac = \"80:5E:0C:11:22:33\": this device is listed already (line 5)",
        ],
    ),
    (
        "[[extension]]\nnumber = \"103\"\npassword = \"c\"\ndevices = [{ make = \"snom\", mac = \"000413112233\" }]\n[[tenant]]\ndomain = \"other.example\"\n[[tenant.extension]]\nnumber = \"103\"\npassword = \"c\"\ndevices = [{ make = \"snom\", mac = \"000413112233\" }]",
        &[
            "10:35: extension.devices.mac = \"000413112233\": this device is listed already (line 4)",
        ],
    ),
    (
        "[provisioning]\nnetworks = [\"10.20.0.0\", \"10.20.0.0/99\"]",
        &[
            "2:26: provisioning.networks = \"10.20.0.0/99\": not a network, such as 192.168.0.0/16; did you mean \"10.20.0.0/32\"?",
        ],
    ),
    (
        "[[extension]]\nnumber = \"103\"\npassword = \"c\"\ndevices = [{ make = \"obi\", mac = \"805e0c112233\", lamp = \"blinking\", message = 1, colour = \"red\" }]",
        &[
            "4:21: extension.devices.make = \"obi\": not one of cisco, dinstar, fanvil, grandstream, htek, poly, snom, yealink",
            "4:57: extension.devices.lamp = \"blinking\": not one of early, confirmed, parked, bw:callpark",
            "4:79: extension.devices.message = 1: this is a whole number, wanted is true or false",
            "4:82: colour: there is no such setting in extension.devices",
        ],
    ),
    // Call park groups (product S15 to S20).
    (
        "[[call_park_group]]\nmembers = [\"101\"]",
        &["1:1: call_park_group.name: a call park group needs a name"],
    ),
    (
        "[[call_park_group]]\nname = \" \"",
        &["2:8: call_park_group.name = \" \": a call park group needs a name"],
    ),
    (
        "[[call_park_group]]\nname = \"Desk\"\n[[call_park_group]]\nname = \"desk\"",
        &["4:8: call_park_group.name = \"desk\": there is a call park group desk already (line 2)"],
    ),
    (
        "[[call_park_group]]\nname = \"A\"\nmembers = [\"101\"]\n[[call_park_group]]\nname = \"B\"\nmembers = [\"102\", \"101\"]",
        &[
            "6:19: call_park_group.members = \"101\": 101 is in the call park group A already (line 3), and cannot be in B too",
        ],
    ),
    (
        "[[call_park_group]]\nname = \"A\"\nmembers = [\"101\", \"101\"]",
        &["3:19: call_park_group.members = \"101\": 101 is listed twice"],
    ),
    (
        "[[call_park_group]]\nname = \"A\"\nmembers = [\"10l\", 102]",
        &[
            "3:12: call_park_group.members = \"10l\": not an extension (1 to 6 digits); did you mean \"101\"?",
            "3:19: call_park_group.members = 102: this is a whole number, wanted is a text in quotes; did you mean \"102\"?",
        ],
    ),
    // Recall (product S30 to S37).
    (
        "[park]\nrecall_timer = \"4s\"",
        &["2:16: park.recall_timer = \"4s\": not from 5s to 900s; did you mean \"5s\"?"],
    ),
    (
        "[[call_park_group]]\nname = \"A\"\nrecall_timer = \"1h\"",
        &[
            "3:16: call_park_group.recall_timer = \"1h\": not from 5s to 900s; did you mean \"900s\"?",
        ],
    ),
    (
        "[park]\nrecall_timer = 45",
        &[
            "2:16: park.recall_timer = 45: this is a whole number, wanted is a text in quotes; did you mean \"45\"?",
        ],
    ),
    (
        "[park]\nrecall_timer = \"45 seconds\"",
        &["2:16: park.recall_timer = \"45 seconds\": not a time such as 45s or 2m"],
    ),
    (
        "[park]\nrecall_to = \"parking-usr\"",
        &[
            "2:13: park.recall_to = \"parking-usr\": not one of parking-user, parking-user-then-ring-group, ring-group, number:0301234567; did you mean \"parking-user\"?",
        ],
    ),
    (
        "[[call_park_group]]\nname = \"A\"\nrecall_to = \"ring-group\"",
        &[
            "3:13: call_park_group.recall_to = \"ring-group\": this policy rings a ring group: ring_group is missing",
        ],
    ),
    (
        "[[ring_group]]\nnumber = \"600\"\nmembers = [\"101\"]\n[[call_park_group]]\nname = \"A\"\nring_group = \"600\"",
        &["6:14: call_park_group.ring_group = \"600\": recall_to does not ring a ring group"],
    ),
    (
        "[[ring_group]]\nnumber = \"600\"\nmembers = [\"101\"]\n[park]\nrecall_to = \"ring-group\"\nring_group = \"60\"\nring_group_wait = \"20s\"",
        &[
            "6:14: park.ring_group = \"60\": there is no ring group 60; did you mean \"600\"?",
            "7:19: park.ring_group_wait = \"20s\": recall_to does not wait for a ring group",
        ],
    ),
    (
        "[park]\nrecall_to = \"number:030 1234567\"",
        &[
            "2:13: park.recall_to = \"number:030 1234567\": not a number (1 to 20 digits, perhaps after a +); did you mean \"number:0301234567\"?",
        ],
    ),
    (
        "[park]\nrecall_to = \"number:103\"",
        &[
            "2:13: park.recall_to = \"number:103\": 103 is nobody's number here, and no [[trunk]] leads outside; did you mean \"number:101\"?",
        ],
    ),
    (
        "[park]\nrecall_fallback = \"number:102\"",
        &[
            "2:19: park.recall_fallback = \"number:102\": it would never ring: recall_rounds must be 1 or more",
        ],
    ),
    (
        "[park]\nrecall_rounds = 3\nrecall_fallback = \"102\"",
        &[
            "3:19: park.recall_fallback = \"102\": not of the form number:0301234567; did you mean \"number:102\"?",
        ],
    ),
    // Ring groups.
    (
        "[[ring_group]]\nnumber = \"101\"\nmembers = [\"102\"]",
        &[
            "2:10: ring_group.number = \"101\": 101 is taken already (line 6); did you mean \"103\"?",
        ],
    ),
    (
        "[[ring_group]]\nnumber = \"600\"",
        &["1:1: ring_group.members: a ring group without members rings nobody"],
    ),
    (
        "[[ring_group]]\nnumber = \"600\"\nmembers = [\"101\"]\nstrategy = \"roundrobin\"\nring_time = \"1s\"\nno_answer = \"101\"",
        &[
            "4:12: ring_group.strategy = \"roundrobin\": not one of all, in-order, round-robin, longest-idle; did you mean \"round-robin\"?",
            "5:13: ring_group.ring_time = \"1s\": not from 5s to 300s; did you mean \"5s\"?",
            "6:13: ring_group.no_answer = \"101\": not one of number:101, park, hang-up; did you mean \"number:101\"?",
        ],
    ),
    // Trunks.
    ("[[trunk]]\nname = \"t\"", &["1:1: trunk.peer: a trunk needs a registrar or a peer"]),
    (
        "[[trunk]]\nname = \"t\"\nregistrar = \"sip:p.example\"\npeer = \"198.51.100.7\"",
        &["4:8: trunk.peer = \"198.51.100.7\": registrar is set too: one of the two must go"],
    ),
    (
        "[[trunk]]\nname = \"t\"\nregistrar = \"p.example\"\nusername = \"u\"",
        &[
            "3:13: trunk.registrar = \"p.example\": not a SIP address such as sip:sip.provider.example; did you mean \"sip:p.example\"?",
        ],
    ),
    (
        "[[trunk]]\nname = \"t\"\nregistrar = \"sip:p.example;transport=carrier-pigeon\"",
        &[
            "1:1: trunk.username: with registrar goes the username that the provider gave",
            "3:13: trunk.registrar = \"sip:p.example;transport=carrier-pigeon\": after the address nothing but ;transport=udp, tcp or tls",
        ],
    ),
    (
        "[[trunk]]\nname = \"t\"\npeer = \"198.51.100.7\"\npassword = \"hunter2\"\ncaller_id = \"030 1\"",
        &[
            "1:1: trunk.username: with password goes the username that the provider gave",
            "5:13: trunk.caller_id = \"030 1\": not a number (1 to 20 digits, perhaps after a +); did you mean \"0301\"?",
        ],
    ),
    (
        "[server]\nemergency = [\"112\", \"fire\"]",
        &["2:21: server.emergency = \"fire\": not a number of 2 to 6 digits, such as 112"],
    ),
    (
        "[[trunk]]\nname = \"t\"\npeer = \"provider\"\noutbound_prefix = \"*0\"\ninbound = \"103\"",
        &[
            "3:8: trunk.peer = \"provider\": not an address such as 198.51.100.7 or 198.51.100.7:5060",
            "4:19: trunk.outbound_prefix = \"*0\": not up to six digits, such as 0",
            "5:11: trunk.inbound = \"103\": there is no extension or ring group 103; did you mean \"101\"?",
        ],
    ),
    (
        "[[trunk]]\nname = \"t\"\npeer = \"198.51.100.7\"\n[[trunk.did]]\nnumber = \"+49 30 1\"\nto = \"101\"\n[[trunk.did]]\nnumber = \"2\"",
        &[
            "5:10: trunk.did.number = \"+49 30 1\": not a number (1 to 20 digits, perhaps after a +); did you mean \"+49301\"?",
            "7:1: trunk.did.to: to is missing: an extension or ring group",
        ],
    ),
    (
        "[[trunk]]\nname = \"t\"\npeer = \"198.51.100.7\"\n[[trunk]]\nname = \"t\"\npeer = \"198.51.100.8\"",
        &["5:8: trunk.name = \"t\": there is a trunk of this name already (line 2)"],
    ),
    // Tenants.
    (
        "[[tenant]]\n[[tenant.extension]]\nnumber = \"101\"\npassword = \"c\"",
        &["1:1: tenant.domain: a tenant needs a domain"],
    ),
    (
        "[server]\ndomain = \"a.example\"\n[[tenant]]\ndomain = \"a.example\"\n[[tenant.extension]]\nnumber = \"101\"\npassword = \"c\"",
        &["3:1: tenant.domain: the domain a.example is that of [server] already"],
    ),
];

#[test]
fn every_fault_is_told_with_its_place_and_what_was_meant() {
    for (snippet, wanted) in WRONG {
        let text = format!("{snippet}\n{PEOPLE}");
        let said = refusal(&text);
        assert_eq!(said, *wanted, "of\n{snippet}");
    }
}

#[test]
fn an_extension_given_twice_names_both_lines_and_a_free_number() {
    let text = format!("{PEOPLE}\n[[extension]]\nnumber = \"101\"\npassword = \"c\"");
    let wanted =
        "10:10: extension.number = \"101\": 101 is taken already (line 3); did you mean \"103\"?";
    assert_eq!(refusal(&text), [wanted]);
}

#[test]
fn an_office_of_nobody_is_refused() {
    assert_eq!(refusal(""), ["1:1: extension: no [[extension]]: nobody could call"]);
}

#[test]
fn a_hash_needs_the_domain_it_was_made_with() {
    let (md5, sha256) = ("0".repeat(32), "a".repeat(64));
    let person =
        format!("[[extension]]\nnumber = \"101\"\nha1 = \"{md5}\"\nha1_sha256 = \"{sha256}\"");
    let wanted = "3:7: extension.ha1: a hash holds the domain: set [server] domain too";
    assert_eq!(refusal(&person), [wanted]);
    let office = format!("[server]\ndomain = \"office.example\"\n{person}");
    assert!(Office::parse_alone("office.toml", &office).is_ok());
}

#[test]
fn a_phone_that_cannot_be_told_its_password_is_left_out_and_rings_all_the_same() {
    let (md5, sha256) = ("0".repeat(32), "a".repeat(64));
    let hashed = format!("ha1 = \"{md5}\"\nha1_sha256 = \"{sha256}\"");
    let devices = "devices = [{ make = \"yealink\", mac = \"805e0c112233\" }]";
    for (credentials, wanted) in [
        (hashed.as_str(), "set password or password_file"),
        ("password = \"hunter2 \"\n", "it begins or ends with a blank"),
    ] {
        let text = format!(
            "[server]\ndomain = \"office.example\"\n[[extension]]\nnumber = \"101\"\n{credentials}\n{devices}"
        );
        let (office, findings) = Office::parse_alone("office.toml", &text).unwrap();
        let said = findings.to_string();
        assert!(said.starts_with("office.toml:7:11: left out: extension.devices"), "{said}");
        assert!(said.contains(wanted), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
        assert_eq!(office.tenant.extensions.first().unwrap().devices.len(), 1);
    }
}

#[test]
fn all_that_is_wrong_with_a_broken_text_is_told_and_nothing_that_only_looks_wrong() {
    let text = "[server]\ndomain = office.example\nliten = []\nstate = = 1\n\n[[extension]\n";
    let said = refusal(text);
    let lines: Vec<&str> = said.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert!(lines.contains(&"2") && lines.contains(&"4") && lines.contains(&"6"), "{said:#?}");
    assert!(said.iter().any(|line| line.contains("did you mean listen?")), "{said:#?}");
    assert!(!said.iter().any(|line| line.contains("nobody could call")), "{said:#?}");
}

#[test]
fn no_complaint_ever_shows_a_secret() {
    for text in [
        "[[extension]]\nnumber = \"101\"\npassword = \"hunter2",
        "[[extension]]\nnumber = \"101\"\npassword = hunter2",
        "[[extension]]\nnumber = \"101\"\npassword = [\"hunter2\"]",
        "[[extension]]\nnumber = \"101\"\nha1 = \"hunter2\"\nha1_sha256 = \"hunter2\"",
        "[[trunk]]\nname = \"t\"\npassword = { hunter2 = 1 }",
    ] {
        let said = refusal(text).join("\n");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_hostile_file_cannot_command_the_terminal_of_whoever_checks_it() {
    let text = "\"\\u001b[2J\" = 1\n[server]\ndomain = \"\\u001b[31m\x1b[2J\u{202e}x\"\n";
    let said = refusal(text).join("\n");
    assert!(!said.contains(['\x1b', '\u{202e}']), "{said:?}");
}

fn refusal(text: &str) -> Vec<String> {
    let findings = Office::parse_alone("office.toml", text).unwrap_err();
    let refused = findings.of(bellhop::config::Severity::Refused);
    refused.map(|complaint| complaint.to_string().replacen("office.toml:", "", 1)).collect()
}

#[test]
fn an_extension_with_an_emergency_number_starts_with_a_warning() {
    let text = format!("{PEOPLE}\n[[extension]]\nnumber = \"112\"\npassword = \"c\"");
    let (_, findings) = Office::parse_alone("office.toml", &text).unwrap();
    let wanted = "office.toml:10:10: warning: extension.number = \"112\": whoever dials 112 in an emergency rings this instead";
    assert_eq!(findings.to_string(), wanted);
    let own = format!("[server]\nemergency = [\"000\"]\n{text}");
    assert_eq!(Office::parse_alone("office.toml", &own).unwrap().1.to_string(), "");
}
