//! Both sides against the figures of the standard, against each other, and
//! against somebody who listens in.

use core::net::IpAddr;
use std::time::Duration;

use crate::domain::chance::Chance;
use crate::domain::time::Moment;
use crate::sip::digest::algorithm::{Algorithm, Protection, Sum};
use crate::sip::digest::{Answerer, Challenger, NonceWindow, Outcome, Secret};
use crate::sip::wire::{Method, Name, Request, Response, Uri};

const REALM: &str = "office.example";

struct Office {
    challenger: Challenger,
    window: NonceWindow,
    chance: Chance,
    now: Moment,
    source: IpAddr,
    ann: Secret,
}

impl Office {
    fn new() -> Self {
        Self {
            challenger: Challenger::new(REALM, [7; 32]),
            window: NonceWindow::default(),
            chance: Chance::from_seed(1),
            now: Moment::START + Duration::from_secs(1_000),
            source: "10.0.0.51".parse().unwrap(),
            ann: Secret::password("101", REALM, "s3cret"),
        }
    }

    fn check(&mut self, request: &Request) -> Outcome {
        let ann = &self.ann;
        let secret_of = |user: &str| (user == "101").then_some(ann);
        self.challenger.check(request, self.source, secret_of, &mut self.window, self.now)
    }

    fn challenge(&mut self, request: &Request, stale: bool) -> Response {
        let mut response = request.response(401);
        let (source, now) = (self.source, self.now);
        for value in self.challenger.challenges(source, stale, &mut self.chance, now) {
            response.headers.push(Name::WwwAuthenticate, value);
        }
        response
    }

    fn later(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }
}

fn accepted() -> Outcome {
    Outcome::Accepted { user: "101".into() }
}

fn refused(user: &str, reason: &'static str) -> Outcome {
    Outcome::Refused { user: user.into(), reason }
}

fn stale() -> Outcome {
    Outcome::Challenge { stale: true }
}

fn request(number: u32) -> Request {
    let uri = Uri::parse("sip:*68101@office.example").unwrap();
    Request::new(Method::Invite, uri)
        .with(Name::CallId, "a84b4c76e66710")
        .with(Name::CSeq, format!("{number} INVITE"))
}

/// An answerer that has been challenged, and its first request after that.
fn challenged(office: &mut Office) -> (Answerer, Request) {
    let mut phone = Answerer::new("101", "s3cret");
    let bare = request(1);
    assert!(phone.challenged(&office.challenge(&bare, false)));
    let mut again = request(2);
    phone.authorize(&mut again, &mut office.chance);
    (phone, again)
}

/// A request whose credentials are written by hand around the office's nonce.
fn by_hand(office: &mut Office, uri: &str, protection: Option<&str>) -> Request {
    let (source, now) = (office.source, office.now);
    let md5 = office.challenger.challenges(source, false, &mut office.chance, now).pop().unwrap();
    let nonce = md5.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let counted = protection.map(|count| Protection { nonce_count: count, client_nonce: "xyz" });
    let algorithm = Algorithm::Md5;
    let sum = Sum { algorithm, method: "INVITE", uri, nonce, protection: counted };
    let response = sum.response(office.ann.by(algorithm));
    let counted = protection.map(|c| format!(", qop=auth, nc={c}, cnonce=\"xyz\""));
    let value = format!(
        "Digest username=\"101\",realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\"{}",
        counted.unwrap_or_default()
    );
    request(1).with(Name::Authorization, value)
}

#[test]
fn the_sums_are_those_of_the_standard() {
    // RFC 7616 §3.9.1.
    let protection = Some(Protection {
        nonce_count: "00000001",
        client_nonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    });
    let user = ("Mufasa", "http-auth@example.org", "Circle of Life");
    let secret = Secret::password(user.0, user.1, user.2);
    let response = |algorithm| {
        let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
        let sum = Sum { algorithm, method: "GET", uri: "/dir/index.html", nonce, protection };
        sum.response(secret.by(algorithm))
    };
    assert_eq!(response(Algorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
    assert_eq!(
        response(Algorithm::Sha256),
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    );
}

#[test]
fn the_sum_without_qop_is_that_of_the_old_standard() {
    // RFC 2069 §2.4 as corrected by its erratum 749.
    let secret = Secret::password("Mufasa", "testrealm@host.com", "CircleOfLife");
    let sum = Sum {
        algorithm: Algorithm::Md5,
        method: "GET",
        uri: "/dir/index.html",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        protection: None,
    };
    assert_eq!(sum.response(secret.by(Algorithm::Md5)), "1949323746fe6a43ef61f9606e7febea");
}

#[test]
fn sha_256_is_offered_first_with_a_new_nonce_each_time() {
    let mut office = Office::new();
    let (source, now) = (office.source, office.now);
    let first = office.challenger.challenges(source, false, &mut office.chance, now);
    let second = office.challenger.challenges(source, true, &mut office.chance, now);
    assert_eq!(first.len(), 2);
    assert!(first[0].starts_with("Digest algorithm=SHA-256, realm=\"office.example\", nonce=\""));
    assert!(first[1].starts_with("Digest algorithm=MD5, "));
    assert!(first[0].ends_with("\", qop=\"auth\"") && second[1].ends_with(", stale=true"));
    assert_ne!(first[0].get(..90), second[0].get(..90));
}

#[test]
fn a_challenge_answered_is_accepted_and_its_nonce_serves_on() {
    let mut office = Office::new();
    assert_eq!(office.check(&request(1)), Outcome::Challenge { stale: false });
    let (mut phone, mut again) = challenged(&mut office);
    let header = again.headers.text(&Name::Authorization).unwrap().into_owned();
    assert!(header.contains("algorithm=SHA-256") && header.contains("nc=00000001"), "{header}");
    assert_eq!(office.check(&again), accepted());
    phone.authorize(&mut again, &mut office.chance);
    assert_eq!(office.check(&again), accepted());
}

#[test]
fn proxy_credentials_count_as_well() {
    let mut office = Office::new();
    let mut phone = Answerer::new("101", "s3cret");
    let mut challenge = office.challenge(&request(1), false);
    challenge.status = 407;
    let value = challenge.headers.text(&Name::WwwAuthenticate).unwrap().into_owned();
    challenge.headers.push(Name::ProxyAuthenticate, value);
    assert!(phone.challenged(&challenge));
    let mut again = request(2);
    phone.authorize(&mut again, &mut office.chance);
    assert_eq!(again.headers.get(&Name::Authorization), None);
    assert_eq!(office.check(&again), accepted());
}

#[test]
fn a_replayed_request_does_nothing() {
    let mut office = Office::new();
    let (mut phone, first) = challenged(&mut office);
    let (mut second, mut third) = (request(3), request(4));
    phone.authorize(&mut second, &mut office.chance);
    phone.authorize(&mut third, &mut office.chance);
    assert_eq!(office.check(&first), accepted());
    assert_eq!(office.check(&first), stale());
    assert_eq!(office.check(&third), accepted(), "overtook the second");
    assert_eq!(office.check(&second), accepted(), "late, but never heard before");
    assert_eq!(office.check(&second), stale());
    assert_eq!(office.check(&third), stale());
}

#[test]
fn a_nonce_serves_only_where_it_was_given() {
    let mut office = Office::new();
    let (_, first) = challenged(&mut office);
    office.source = "10.0.0.66".parse().unwrap();
    assert_eq!(office.check(&first), stale());
    office.source = "::ffff:10.0.0.51".parse().unwrap();
    assert_eq!(office.check(&first), accepted(), "the same phone on a socket of both families");
}

#[test]
fn an_old_nonce_is_stale_and_a_foreign_one_too() {
    let mut office = Office::new();
    let (_, first) = challenged(&mut office);
    office.later(301);
    assert_eq!(office.check(&first), stale());
    let (_, second) = challenged(&mut office);
    office.challenger = Challenger::new(REALM, [8; 32]);
    assert_eq!(office.check(&second), stale());
    let (_, from_tomorrow) = challenged(&mut office);
    office.now = Moment::START;
    assert_eq!(office.check(&from_tomorrow), stale());
}

#[test]
fn wrong_passwords_and_unknown_users_are_told_apart_by_nobody() {
    let mut office = Office::new();
    for (user, password) in [("101", "guess"), ("999", "s3cret"), ("", "")] {
        let mut phone = Answerer::new(user, password);
        assert!(phone.challenged(&office.challenge(&request(1), false)));
        let mut again = request(2);
        phone.authorize(&mut again, &mut office.chance);
        assert_eq!(office.check(&again), refused(user, "password"));
    }
    assert_eq!(
        serde_json::to_string(&office.window).unwrap(),
        serde_json::to_string(&NonceWindow::default()).unwrap(),
        "strangers leave nothing behind"
    );
}

#[test]
fn the_uri_is_compared_decoded_and_without_its_parameters() {
    let mut office = Office::new();
    let same = [
        "sip:*68101@office.example",
        "sip:%2A68101@OFFICE.example:5060;transport=udp",
        "sips:*68101@office.example",
    ];
    for uri in same {
        let request = by_hand(&mut office, uri, Some("00000001"));
        assert_eq!(office.check(&request), accepted(), "{uri}");
    }
    let others = [
        "sip:*88101@office.example",
        "sip:office.example",
        "sip:*68101@elsewhere.example",
        "tel:*68101",
        "*68101",
        "",
    ];
    for uri in others {
        let request = by_hand(&mut office, uri, Some("00000001"));
        assert_eq!(office.check(&request), refused("101", "uri"), "{uri}");
    }
    let mut to_port = by_hand(&mut office, "sip:*68101@office.example:5070", Some("00000001"));
    assert_eq!(office.check(&to_port), accepted());
    to_port.uri = Uri::parse("sip:*68101@office.example:5060").unwrap();
    assert_eq!(office.check(&to_port), refused("101", "uri"));
}

#[test]
fn a_phone_without_qop_registers_through_a_fresh_challenge_each_time() {
    let mut office = Office::new();
    for _ in 0..3 {
        let old = by_hand(&mut office, "sip:*68101@office.example", None);
        assert_eq!(office.check(&old), accepted());
        assert_eq!(office.check(&old), stale());
    }
}

#[test]
fn a_phone_that_always_counts_one_registers_through_a_fresh_challenge_each_time() {
    let mut office = Office::new();
    for count in ["00000001", "1"] {
        let old = by_hand(&mut office, "sip:*68101@office.example", Some(count));
        assert_eq!(office.check(&old), accepted());
        assert_eq!(office.check(&old), stale());
    }
}

#[test]
fn malformed_credentials_are_refused_and_those_for_others_are_not_ours() {
    let mut office = Office::new();
    let whole = by_hand(&mut office, "sip:*68101@office.example", Some("00000001"));
    let whole = whole.headers.text(&Name::Authorization).unwrap().into_owned();
    let mut check =
        |value: &str| office.check(&request(1).with(Name::Authorization, value.to_owned()));
    let bad = [
        whole.replace("nonce=", "once="),
        whole.replace(", nc=00000001", ""),
        whole.replace("nc=00000001", "nc=00000zz1"),
        whole.replace("nc=00000001", "nc=000000001"),
        whole.replace("qop=auth", "qop=auth-int"),
        whole.replace("response=\"", "response=\"00"),
        whole.replace("realm=", "kingdom="),
    ];
    for value in bad {
        assert_eq!(check(&value), refused("101", "malformed"), "{value}");
    }
    assert_eq!(check(&format!("{whole}, algorithm=MD5-sess")), refused("101", "algorithm"));
    for value in ["Digest", "Digest username=\"101", "Digest ,,=", "Digest a=1, a=2"] {
        assert_eq!(check(value), refused("", "malformed"), "{value}");
    }
    let others = ["Basic MTAxOnMzY3JldA==", "", "Digest realm=\"elsewhere.example\", nonce=\"1\""];
    for value in others {
        assert_eq!(check(value), Outcome::Challenge { stale: false }, "{value}");
    }
    assert_eq!(check(&whole), accepted(), "and the whole one was good");
}

#[test]
fn a_phone_gives_up_when_its_password_is_refused() {
    let mut office = Office::new();
    let mut phone = Answerer::new("101", "guess");
    assert!(phone.challenged(&office.challenge(&request(1), false)));
    let mut again = request(2);
    phone.authorize(&mut again, &mut office.chance);
    assert!(!phone.challenged(&office.challenge(&again, false)));
}

#[test]
fn a_phone_tries_again_when_its_nonce_has_gone_stale_but_not_for_ever() {
    let mut office = Office::new();
    let (mut phone, first) = challenged(&mut office);
    assert_eq!(office.check(&first), accepted());
    office.later(3_600);
    let mut refresh = request(3);
    phone.authorize(&mut refresh, &mut office.chance);
    assert_eq!(office.check(&refresh), stale());
    assert!(phone.challenged(&office.challenge(&refresh, true)));
    let mut again = request(4);
    phone.authorize(&mut again, &mut office.chance);
    assert_eq!(office.check(&again), accepted());
    let attempts = (5..100).take_while(|number| {
        let mut next = request(*number);
        phone.authorize(&mut next, &mut office.chance);
        phone.challenged(&office.challenge(&next, true))
    });
    assert_eq!(attempts.count(), 3);
}

#[test]
fn two_requests_challenged_at_once_are_both_tried_again() {
    let mut office = Office::new();
    let mut phone = Answerer::new("101", "s3cret");
    let (first, second) =
        (office.challenge(&request(1), false), office.challenge(&request(2), false));
    assert!(phone.challenged(&first));
    let mut again = request(3);
    phone.authorize(&mut again, &mut office.chance);
    assert!(phone.challenged(&second));
    assert_eq!(office.check(&again), accepted());
}

#[test]
fn only_challenges_that_can_be_answered_are_taken() {
    let challenge = |values: &[&str]| {
        let mut response = request(1).response(401);
        for value in values {
            response.headers.push(Name::WwwAuthenticate, (*value).to_owned());
        }
        response
    };
    let mut phone = Answerer::new("101", "s3cret");
    assert!(!phone.challenged(&challenge(&[])));
    assert!(!phone.challenged(&challenge(&["Basic realm=\"a\""])));
    assert!(!phone.challenged(&challenge(&["Digest realm=\"a\", nonce=\"b\", qop=\"auth-int\""])));
    assert!(!phone.challenged(&challenge(&["Digest realm=\"a\", nonce=\"b\", algorithm=SHA-512"])));
    assert!(!phone.challenged(&request(1).response(200)));
    assert!(phone.challenged(&challenge(&[
        "Digest realm=\"a\", nonce=\"b\"",
        "Digest realm=\"a\", nonce=\"c\", algorithm=sha-256, qop=\"auth-int,auth\", opaque=\"\"",
    ])));
    let mut again = request(2);
    phone.authorize(&mut again, &mut Chance::from_seed(1));
    let value = again.headers.text(&Name::Authorization).unwrap().into_owned();
    assert!(value.contains("nonce=\"c\"") && value.contains("opaque=\"\""), "{value}");
}

#[test]
fn a_hostile_challenge_adds_no_header_of_its_own() {
    let mut phone = Answerer::new("101", "s3cret");
    let mut response = request(1).response(401);
    response.headers.push(
        Name::WwwAuthenticate,
        "Digest realm=\"a\\\"\r\nX-Evil: 1\", nonce=\"b\\\\\", opaque=\"\u{85}\u{0}\"",
    );
    assert!(phone.challenged(&response));
    let mut again = request(2);
    phone.authorize(&mut again, &mut Chance::from_seed(1));
    let value = again.headers.text(&Name::Authorization).unwrap().into_owned();
    assert!(!value.contains(char::is_control), "{value:?}");
    assert!(value.contains("realm=\"a\\\"X-Evil: 1\", nonce=\"b\\\\\""), "{value}");
}

#[test]
fn no_password_is_ever_shown_and_an_answerer_survives_a_restart() {
    let mut office = Office::new();
    let (phone, _) = challenged(&mut office);
    let shown = format!("{phone:?} {:?}", office.ann);
    assert!(!shown.contains("s3cret") && !shown.contains(office.ann.by(Algorithm::Md5)));
    let saved = serde_json::to_string(&phone).unwrap();
    let mut restored: Answerer = serde_json::from_str(&saved).unwrap();
    let mut next = request(3);
    restored.authorize(&mut next, &mut office.chance);
    assert_eq!(office.check(&next), accepted());
}
