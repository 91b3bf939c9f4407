//! Strangers, impostors, and requests that are not what they should be.

use bellhop::exchange::Report;
use bellhop::sip::wire::{Host, Method, Name, NameAddr, Request, Uri};

use crate::world::*;

#[test]
fn nobody_gets_in_without_the_password() {
    let mut world = World::open();
    let bob = world.unregistered("103", 13);
    let stranger = world.unregistered("999", 66);
    for phone in [bob, stranger] {
        let wrong = bellhop::domain::chance::Chance::from_seed(3);
        let extension = world.get(phone).extension.clone();
        let impostor = crate::handset::Handset::with_password(&extension, "guess", phone, wrong);
        world.handsets.insert(phone, impostor);
        world.act(phone, |phone, now| phone.register(3600, now));
        world.settle();
        assert_eq!(world.get(phone).last_answer(&Method::Register).0, 401);
    }
    let failed = |r: &&Report| matches!(r, Report::AuthenticationFailed { reason: "password", .. });
    assert_eq!(world.reports.iter().filter(failed).count(), 2);
    assert!(!world.exchange.registrar().is_registered(&ext("103")));
}

#[test]
fn phones_that_give_up_at_sha256_are_asked_for_md5_alone() {
    let mut world = World::open();
    let asked = [("Yealink SIP-T46S 66.86.0.15", 2), ("baresip v1.0.0 (x86_64/linux)", 1)];
    for (agent, challenges) in asked {
        let bob = world.unregistered("103", 13);
        let wrong = bellhop::domain::chance::Chance::from_seed(3);
        let forgetful = crate::handset::Handset::with_password("103", "guess", bob, wrong);
        world.handsets.insert(bob, forgetful);
        world.get(bob).agent = agent;
        world.act(bob, |phone, now| phone.register(3600, now));
        world.settle();
        let (_, answer) = world.get(bob).answers.last().unwrap();
        let asked: Vec<_> = answer.headers.all(&Name::WwwAuthenticate).collect();
        assert_eq!((answer.status, asked.len()), (401, challenges), "{agent}");
        assert!(asked.last().unwrap().starts_with(b"Digest algorithm=MD5,"));
    }
    let bob = world.unregistered("103", 13);
    world.get(bob).agent = "baresip v1.0.0 (x86_64/linux)";
    world.act(bob, |phone, now| phone.register(3600, now));
    world.settle();
    assert!(world.exchange.registrar().is_registered(&ext("103")));
}

#[test]
fn a_known_phone_may_not_call_itself_another() {
    let mut world = World::open();
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    world.act(bob, |phone, now| {
        phone.extension = "101".to_owned();
        phone.dial("104", now)
    });
    world.settle();
    assert_eq!(world.get(bob).last_answer(&Method::Invite).0, 403);
    assert_eq!(world.get(carol).ringing(), None);
}

#[test]
fn a_provider_that_claims_to_be_an_extension_is_challenged() {
    let mut world = World::open();
    let reception = world.phone("101", 11);
    let caller = world.caller("103", "Bob");
    world.get(caller).from_host = DOMAIN.to_owned();
    world.act(caller, |phone, now| phone.dial("101", now));
    world.settle();
    // It happens to know Bob's password here; without it, it would stop at 401.
    let auth = world.get(reception).lines.len();
    assert_eq!(auth, 1);
    let from = world.get(reception).lines[0].invite.headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("Bob"));
}

#[test]
fn the_codes_are_not_for_callers_from_outside() {
    let mut world = World::open();
    let reception = world.phone("101", 11);
    let caller = world.caller("+331", "Mallory");
    world.act(caller, |phone, now| phone.dial("*88101", now));
    world.settle();
    assert!(world.get(reception).ringing().is_some(), "an outside call like any other");
}

#[test]
fn unknown_methods_events_and_dialogs_get_their_proper_refusals() {
    let mut world = World::open();
    let bob = world.phone("103", 13);
    let uri = || Uri::sip("103", Host::Name(DOMAIN.to_owned()));
    let own = NameAddr::new(None, uri()).with_tag("t1").to_string();
    let plain = |method: Method, id: &str| {
        let cseq = format!("5 {}", method.as_str());
        Request::new(method, uri())
            .with(Name::From, own.clone())
            .with(Name::To, format!("<sip:103@{DOMAIN}>"))
            .with(Name::CallId, id.to_owned())
            .with(Name::CSeq, cseq)
            .with(Name::Contact, "<sip:103@10.0.0.13>")
    };
    let mut status = |request: Request| {
        let method = request.method.clone();
        world.act(bob, |phone, now| phone.request(request, now));
        world.settle();
        world.get(bob).last_answer(&method).0
    };
    assert_eq!(status(plain(Method::Other("DANCE".to_owned()), "1")), 405);
    assert_eq!(status(plain(Method::Publish, "2")), 405);
    assert_eq!(status(plain(Method::Bye, "3")), 481);
    assert_eq!(status(plain(Method::Notify, "4").with(Name::Event, "park-info")), 481);
    assert_eq!(status(plain(Method::Subscribe, "5").with(Name::Event, "presence")), 489);
    assert_eq!(status(plain(Method::Subscribe, "6")), 489);
    assert_eq!(status(plain(Method::Options, "7")), 200);
    assert_eq!(status(plain(Method::Invite, "8").with(Name::Require, "100rel")), 420);
    let no_hops = plain(Method::Invite, "9").with(Name::MaxForwards, "0");
    assert_eq!(status(no_hops), 483);
    let body = plain(Method::Invite, "10").body("text/plain", "hello");
    assert_eq!(status(body), 415);
    let video = "v=0\r\no=- 1 1 IN IP4 10.0.0.13\r\ns=-\r\nc=IN IP4 10.0.0.13\r\nt=0 0\r\n\
        m=audio 4000 RTP/AVP 9\r\n";
    let codecs = plain(Method::Invite, "11").body("application/sdp", video);
    assert_eq!(status(codecs), 488);
}

#[test]
fn a_name_that_commands_a_terminal_reaches_no_phone_raw() {
    let mut world = World::open();
    let reception = world.phone("101", 11);
    let caller = world.caller("+331", "Eve WORD");
    world.get(caller).raw = Some(("WORD", b"\x1b]0;own3d\x07\xe2\x80\xae\x9b31m\x08\x00Adams"));
    world.act(caller, |phone, now| phone.dial("1", now));
    world.settle();
    let from = world.get(reception).lines[0].invite.headers.from().unwrap();
    let shown = from.display.unwrap();
    assert!(shown.starts_with("Eve") && shown.ends_with("Adams"), "{shown:?}");
    assert!(!shown.contains(|c: char| c.is_control() || c == '\u{202e}'), "{shown:?}");
}

#[test]
fn several_contacts_are_kept_listed_and_removed_one_by_one_or_all() {
    let mut world = World::open();
    let (one, two) = (world.phone("103", 13), world.phone("103", 23));
    assert_eq!(world.exchange.registrar().devices(&ext("103")).len(), 2);
    world.act(one, |phone, now| phone.register(0, now));
    world.settle();
    assert_eq!(world.exchange.registrar().devices(&ext("103")).len(), 1);
    world.run_for(s(3601));
    assert!(!world.exchange.registrar().is_registered(&ext("103")), "it expired");
    let _ = two;
}

#[test]
fn an_interval_too_brief_is_refused_with_the_least_one() {
    let mut world = World::open();
    let bob = world.unregistered("103", 13);
    world.act(bob, |phone, now| phone.register(10, now));
    world.settle();
    let (_, answer) = world.get(bob).answers.last().unwrap();
    assert_eq!(answer.status, 423);
    assert_eq!(answer.headers.text(&Name::MinExpires).unwrap(), "60");
}

#[test]
fn sipp_is_known_by_its_branches_and_asked_for_md5_alone() {
    let request = |branch: &str| {
        let via = format!("SIP/2.0/UDP 10.0.0.9:5060;branch={branch};rport");
        Request::new(Method::Options, Uri::sip("", Host::Name(DOMAIN.to_owned())))
            .with(Name::Via, via)
            .with(Name::From, format!("<sip:103@{DOMAIN}>;tag=1"))
            .with(Name::To, format!("<sip:103@{DOMAIN}>"))
            .with(Name::CallId, format!("1-{branch}@10.0.0.9"))
            .with(Name::CSeq, "1 OPTIONS")
    };
    let offered = |branch: &str| {
        let mut world = World::open();
        let flow = bellhop::sip::flow::Flow {
            transport: bellhop::sip::flow::Transport::Udp,
            local: office(),
            remote: "10.0.0.9:5060".parse().unwrap(),
        };
        let bytes = request(branch).to_bytes();
        let input = bellhop::exchange::Input::Datagram { bytes, flow };
        let effects = world.exchange.handle(input, world.now);
        let text = format!("{effects:?}");
        (text.matches("WWW-Authenticate").count(), text.contains("SHA-256"))
    };
    assert_eq!(offered("z9hG4bK-4711-1-0"), (1, false));
    assert_eq!(offered("z9hG4bKa1b2c3"), (2, true));
}

#[test]
fn only_sipp_may_sign_for_the_servers_address_alone() {
    let register = |branch: &str| {
        let mut world = World::open();
        let bob = world.unregistered("103", 13);
        world.act(bob, |phone, now| phone.register(3600, now));
        world.settle();
        // What a phone has signed for `sip:office.example` is sent to 104's address.
        let (flow, uri) = (
            bellhop::sip::flow::Flow {
                transport: bellhop::sip::flow::Transport::Udp,
                local: office(),
                remote: bob,
            },
            Uri::sip("", Host::Name(DOMAIN.to_owned())),
        );
        let mut request = Request::new(Method::Options, uri)
            .with(Name::Via, format!("SIP/2.0/UDP 10.0.0.13:5060;branch={branch}"))
            .with(Name::From, format!("<sip:103@{DOMAIN}>;tag=1"))
            .with(Name::To, format!("<sip:104@{DOMAIN}>"))
            .with(Name::CallId, "signed@10.0.0.13")
            .with(Name::CSeq, "1 OPTIONS");
        world.act(bob, |phone, _| phone.sign(&mut request));
        request.uri = Uri::sip("104", Host::Name(DOMAIN.to_owned()));
        let input = bellhop::exchange::Input::Datagram { bytes: request.to_bytes(), flow };
        let answer = format!("{:?}", world.exchange.handle(input, world.now));
        answer.contains("SIP/2.0 200")
    };
    assert!(register("z9hG4bK-4711-1-0"));
    assert!(!register("z9hG4bKa1b2c3"));
}
