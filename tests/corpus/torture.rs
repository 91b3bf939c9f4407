//! The messages of RFC 4475 and RFC 5118 themselves. They are not kept here:
//! `BELLHOP_CORPUS` names a folder with `rfc4475/*.dat` and `rfc5118/*.dat`.

use std::path::{Path, PathBuf};

use bellhop::sip::wire::{Contacts, Message, Method, Name, parse};
use bytes::Bytes;

use crate::judge::Fate::{self, Accepted, Dropped, Refused, Status};

/// By section: 3.1.1, then of the others what a parser must take.
const TO_BE_READ: [(&str, Fate); 27] = [
    ("wsinv", Accepted),
    ("intmeth", Accepted),
    ("esc01", Accepted),
    ("escnull", Accepted),
    ("esc02", Accepted),
    ("lwsdisp", Accepted),
    ("longreq", Accepted),
    ("dblreq", Accepted),
    ("semiuri", Accepted),
    ("transports", Accepted),
    ("mpart01", Accepted),
    ("unreason", Accepted),
    ("noreason", Accepted),
    ("badbranch", Accepted),
    ("unkscm", Status(416)),
    ("novelsc", Status(416)),
    ("unksm2", Accepted),
    ("bext01", Status(420)),
    ("invut", Status(415)),
    ("regaut01", Accepted),
    ("bcast", Accepted),
    ("zeromf", Accepted),
    ("cparam01", Accepted),
    ("cparam02", Accepted),
    ("regescrt", Accepted),
    ("sdp01", Accepted),
    ("inv2543", Accepted),
];

const TO_BE_REFUSED: [(&str, Fate); 21] = [
    ("badinv01", Refused(400)),
    ("clerr", Refused(400)),
    ("ncl", Refused(400)),
    ("scalar02", Refused(400)),
    ("scalarlg", Dropped),
    ("quotbal", Refused(400)),
    ("ltgtruri", Refused(400)),
    ("lwsruri", Refused(400)),
    ("lwsstart", Refused(400)),
    ("trws", Refused(400)),
    ("escruri", Status(400)),
    ("regbadct", Status(400)),
    ("badaspec", Refused(400)),
    ("baddn", Refused(400)),
    ("badvers", Refused(505)),
    ("mismatch01", Refused(400)),
    ("mismatch02", Refused(400)),
    ("bigcode", Dropped),
    ("insuf", Refused(400)),
    ("multi01", Refused(400)),
    ("mcl01", Refused(400)),
];

const IPV6: [(&str, Fate); 12] = [
    ("ipv6-good", Accepted),
    ("ipv6-bad", Refused(400)),
    ("port-ambiguous", Accepted),
    ("port-unambiguous", Accepted),
    ("via-received-param-with-delim", Accepted),
    ("via-received-param-no-delim", Accepted),
    ("ipv6-in-sdp", Accepted),
    ("mult-ip-in-header", Accepted),
    ("mult-ip-in-sdp", Accepted),
    ("ipv4-mapped-ipv6", Accepted),
    ("ipv6-bug-abnf-3-colons", Accepted),
    ("ipv6-correct-abnf-2-colons", Accepted),
];

fn folder(name: &str) -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("BELLHOP_CORPUS")?).join(name))
}

fn read(folder: &Path, name: &str) -> Bytes {
    let path = folder.join(format!("{name}.dat"));
    match std::fs::read(&path) {
        Ok(octets) => octets.into(),
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

fn compare(folder: &Path, expected: &[(&str, Fate)]) {
    let differ: Vec<String> = expected
        .iter()
        .filter_map(|(name, expected)| {
            let fate = Fate::of(&read(folder, name));
            (fate != *expected).then(|| format!("{name}: {fate}, not {expected}"))
        })
        .collect();
    assert!(differ.is_empty(), "\n{}", differ.join("\n"));
}

#[test]
fn every_message_of_rfc_4475_meets_its_fate() {
    let Some(folder) = folder("rfc4475") else { return };
    compare(&folder, &TO_BE_READ);
    compare(&folder, &TO_BE_REFUSED);
    // Its Date is no date: nobody looks.
    assert_eq!(Fate::of(&read(&folder, "baddate")), Accepted);
}

#[test]
fn every_message_of_rfc_5118_meets_its_fate() {
    let Some(folder) = folder("rfc5118") else { return };
    compare(&folder, &IPV6);
}

#[test]
fn the_odd_ones_of_rfc_4475_are_understood() {
    let Some(folder) = folder("rfc4475") else { return };
    let message = |name| parse(&read(&folder, name)).unwrap();

    let spaced = message("wsinv");
    let headers = spaced.headers();
    assert_eq!(headers.max_forwards(), Some(68));
    assert_eq!(headers.from().unwrap().display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!((headers.from_tag(), headers.to_tag()).0.as_deref(), Some("98asjd8"));
    assert_eq!(headers.to_tag().as_deref(), Some("1918181833n"));
    assert_eq!(headers.cseq().unwrap().to_string(), "9 INVITE");
    let branches: Vec<_> = headers.vias().unwrap();
    let branches: Vec<_> = branches.iter().map(|via| via.branch().unwrap()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    let contact = headers.contact().unwrap();
    assert_eq!(contact.display.as_deref(), Some("Quoted string \"\""));
    assert_eq!(contact.params.get("q"), Some("0.33"));

    let Message::Request(strange) = message("intmeth") else { panic!() };
    assert_eq!(strange.method, Method::from("!interesting-Method0123456789_*+`.%indeed'~"));
    let name = strange.headers.to().unwrap().display.unwrap();
    assert!(name.starts_with("BEL:") && !name.contains(char::is_control), "{name:?}");

    let Message::Request(escaped) = message("esc01") else { panic!() };
    assert_eq!(escaped.uri.user_decoded().as_deref(), Some("sips:user@example.com"));
    assert_eq!(escaped.headers.to().unwrap().uri.user_decoded().as_deref(), Some("user"));
    let Contacts::List(two) = message("escnull").headers().contacts().unwrap() else { panic!() };
    let users: Vec<_> = two.iter().filter_map(|contact| contact.uri.user_decoded()).collect();
    assert_eq!(users, ["\0", "\0\0"]);
    let Contacts::List(two) = message("esc02").headers().contacts().unwrap() else { panic!() };
    assert_eq!(two.len(), 2, "an escaped header name is another name");

    assert_eq!(message("lwsdisp").headers().from().unwrap().display.as_deref(), Some("caller"));
    assert_eq!(message("dblreq").headers().cseq().unwrap().method, Method::Register);
    let Message::Response(silent) = message("noreason") else { panic!() };
    assert_eq!((silent.status, silent.reason.as_str()), (100, ""));
    let Message::Request(parted) = message("mpart01") else { panic!() };
    let told: usize = parted.headers.text(&Name::ContentLength).unwrap().parse().unwrap();
    assert_eq!(parted.body.len(), told);
    let one = message("cparam01").headers().contact().unwrap();
    assert!(one.params.has("unknownparam") && one.uri.params.is_empty());
    let one = message("cparam02").headers().contact().unwrap();
    assert!(one.params.is_empty() && one.uri.params.has("unknownparam"));
    let route = message("regescrt").headers().contact().unwrap().uri.header("route");
    assert_eq!(route.as_deref(), Some("<sip:sip.example.com>"));
}
