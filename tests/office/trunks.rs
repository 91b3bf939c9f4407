//! Providers: registering with them, calls from and to them, and which of
//! them a call goes through. The provider is a server that asks for passwords.

use std::net::SocketAddr;
use std::time::Duration;

use bellhop::exchange::Report;
use bellhop::exchange::settings::{Account, Place, Settings, TrunkLine, TrunkSettings};
use bellhop::sip::flow::{Flow, Transport};
use bellhop::sip::wire::{Host, Method, Name, Request, Uri};

use crate::provider::Provider;
use crate::world::*;

const AT: &str = "203.0.113.5:5060";
const HOST: &str = "sip.provider.example";

fn account(password: &str) -> Option<Account> {
    Some(Account { user: "4930555".to_owned(), password: Some(password.to_owned()) })
}

fn registering(password: &str) -> TrunkSettings {
    let place = Place { host: HOST.to_owned(), port: None, transport: None };
    TrunkSettings {
        name: "line".to_owned(),
        line: TrunkLine::Registrar(place),
        account: account(password),
        caller_id: None,
        inbound: Some(ext("101")),
        dids: vec![("+4930104".to_owned(), ext("104"))],
        outbound_prefix: Some("0".to_owned()),
        media_from: Vec::new(),
    }
}

fn by_address(name: &str, at: &str, password: Option<&str>) -> TrunkSettings {
    let remote = at.parse().unwrap();
    TrunkSettings {
        name: name.to_owned(),
        line: TrunkLine::Peer(Flow { transport: Transport::Udp, local: office(), remote }),
        account: password.and_then(account),
        ..registering("fritz")
    }
}

fn with_trunks(trunks: Vec<TrunkSettings>) -> Settings {
    Settings { trunks, ..settings() }
}

/// An office with a registering trunk, and its provider. Nothing has begun.
fn before(password: &str) -> (World, SocketAddr) {
    let mut world = World::with(with_trunks(vec![registering(password)]), 1);
    let provider = world.provider(AT);
    world.zone.insert(HOST.to_owned(), Ok(vec![provider]));
    (world, provider)
}

fn registered() -> (World, SocketAddr) {
    let (mut world, at) = before("fritz");
    world.settle();
    assert!(provider(&mut world, at).registered.is_some());
    (world, at)
}

fn provider(world: &mut World, at: SocketAddr) -> &mut Provider {
    world.get(at).provider.as_mut().unwrap()
}

fn contact(world: &mut World, at: SocketAddr) -> Uri {
    provider(world, at).registered.clone().unwrap().0
}

fn troubles(world: &World) -> Vec<&str> {
    let words = world.reports.iter().filter_map(|report| match report {
        Report::TrunkTrouble { words, .. } => Some(words.as_str()),
        _ => None,
    });
    words.collect()
}

fn got(world: &mut World, at: SocketAddr, method: Method) -> Vec<Request> {
    world.get(at).got.iter().filter(|r| r.method == method).cloned().collect()
}

// Registering.

#[test]
fn a_trunk_registers_with_its_password_and_stays_registered_for_a_day() {
    for (qop, grants_s) in [(true, 600), (false, 60), (true, 3600)] {
        let (mut world, at) = before("fritz");
        let it = provider(&mut world, at);
        (it.qop, it.grants_s) = (qop, grants_s);
        world.settle();
        let end = world.now + s(86_400);
        while world.now < end {
            let (_, until) = provider(&mut world, at).registered.clone().unwrap();
            assert!(until > world.now, "granted {grants_s} s, and let go");
            world.run_for(s(20));
        }
        let times = provider(&mut world, at).accepted();
        let refreshes = 86_400 / usize::try_from(grants_s).unwrap();
        assert!((refreshes..refreshes * 3).contains(&times), "{times} of {refreshes}");
        assert_eq!(troubles(&world), [""; 0]);
        let told = world.reports.iter().filter(|r| matches!(r, Report::TrunkRegistered { .. }));
        assert_eq!(told.count(), 1, "said once");
    }
}

#[test]
fn a_registrar_that_wants_longer_times_gets_them() {
    let (mut world, at) = before("fritz");
    provider(&mut world, at).least_s = 1_800;
    world.settle();
    let last = got(&mut world, at, Method::Register).pop().unwrap();
    assert_eq!(last.headers.expires(), Some(1_800));
    assert!(provider(&mut world, at).registered.is_some());
}

#[test]
fn a_wrong_password_is_told_in_words_once_and_not_tried_again_and_again() {
    let (mut world, at) = before("wrong");
    world.run_for(s(3600));
    let wanted = "trunk line: the provider refuses its password: look at its username and password";
    assert_eq!(troubles(&world), [wanted]);
    let tries = provider(&mut world, at).registers.len();
    assert!(tries < 20, "{tries}");
    provider(&mut world, at).password = "wrong";
    world.run_for(s(1_900));
    assert!(provider(&mut world, at).registered.is_some(), "as soon as it is right");
    assert!(matches!(world.reports.last(), Some(Report::TrunkRegistered { .. })));
}

#[test]
fn a_refused_trunk_is_not_hurried_by_another_of_the_same_provider() {
    let mut other = registering("wrong");
    other.name = "other".to_owned();
    let mut world = World::with(with_trunks(vec![registering("fritz"), other]), 1);
    let at = world.provider(AT);
    // The good one is looked up again and again.
    world.zone.insert(HOST.to_owned(), Ok(vec![at]));
    world.run_for(s(3_600));
    let tries = provider(&mut world, at).registers.iter().filter(|(_, status)| *status == 401);
    assert!(tries.count() < 40, "each refresh, and few of the other's");
    assert!(provider(&mut world, at).registered.is_some());
}

#[test]
fn what_is_wrong_is_said_in_words_for_whoever_set_the_trunk_up() {
    type Wrong = fn(&mut Provider);
    let cases: [(Wrong, &str); 4] = [
        (
            |it| it.instead = Some(403),
            "trunk line: the provider does not let us in (403 Forbidden): look at its username, or ask the provider",
        ),
        (
            |it| it.instead = Some(503),
            "trunk line: the provider cannot now (503 Service Unavailable)",
        ),
        (
            |it| it.instead = Some(0),
            "trunk line: no answer from sip.provider.example: look at its registrar, and at the way to the internet",
        ),
        (
            |it| it.least_s = 900_000,
            "trunk line: the provider does not let us in (423 Interval Too Brief): look at its username, or ask the provider",
        ),
    ];
    for (wrong, words) in cases {
        let (mut world, at) = before("fritz");
        wrong(provider(&mut world, at));
        world.run_for(s(60));
        assert_eq!(troubles(&world), [words]);
    }
    let mut trunk = registering("x");
    trunk.account.as_mut().unwrap().password = None;
    let mut world = World::with(with_trunks(vec![trunk]), 1);
    let at = world.provider(AT);
    world.zone.insert(HOST.to_owned(), Ok(vec![at]));
    world.settle();
    assert_eq!(troubles(&world), ["trunk line: the provider asks for a password: give it one"]);
}

#[test]
fn a_name_that_is_not_found_is_asked_for_again_and_then_used() {
    let (mut world, at) = before("fritz");
    let bad = Err("there is no such name".to_owned());
    let good = world.zone.insert(HOST.to_owned(), bad).unwrap();
    world.run_for(s(120));
    let words = "trunk line: sip.provider.example cannot be found (there is no such name): look at its registrar, and at the name servers of this machine";
    assert_eq!(troubles(&world), [words]);
    assert!((2..15).contains(&world.asked.len()), "{}", world.asked.len());
    world.zone.insert(HOST.to_owned(), good);
    world.run_for(s(300));
    assert!(provider(&mut world, at).registered.is_some());
}

#[test]
fn when_one_address_is_silent_the_next_one_has_its_turn_and_calls_go_there() {
    let (mut world, second) = before("fritz");
    let first = world.provider("203.0.113.4:5060");
    provider(&mut world, first).instead = Some(0);
    world.zone.insert(HOST.to_owned(), Ok(vec![first, second]));
    world.run_for(s(40));
    assert!(provider(&mut world, second).registered.is_some());
    let carol = world.phone("104", 14);
    world.act(carol, |phone, now| phone.dial("0301234", now));
    world.settle();
    assert!(world.get(second).ringing().is_some(), "at once: it is known to answer");
    // It moves away altogether.
    let third = world.provider("203.0.113.6:5060");
    world.zone.insert(HOST.to_owned(), Ok(vec![third]));
    world.run_for(s(3_600));
    assert!(provider(&mut world, third).registered.is_some());
}

#[test]
fn a_provider_that_sends_us_elsewhere_is_followed_there() {
    let (mut world, at) = before("fritz");
    let other = world.provider("203.0.113.9:5060");
    world.zone.insert("other.example".to_owned(), Ok(vec![other]));
    let it = provider(&mut world, at);
    it.instead = Some(302);
    it.with = Some((Name::Contact, "<sip:other.example>".to_owned()));
    world.settle();
    assert!(provider(&mut world, other).registered.is_some());
}

#[test]
fn a_network_that_loses_and_doubles_packets_costs_no_registration() {
    for seed in 1..6 {
        let mut world = World::with(with_trunks(vec![registering("fritz")]), seed);
        world.weather = Weather { loss: 20, doubled: 20, jitter: Duration::from_millis(300) };
        let at = world.provider(AT);
        provider(&mut world, at).grants_s = 300;
        world.zone.insert(HOST.to_owned(), Ok(vec![at]));
        world.run_for(s(60));
        for _ in 0..200 {
            world.run_for(s(60));
            let until = provider(&mut world, at).registered.as_ref().map(|(_, until)| *until);
            assert!(until.is_some_and(|until| until > world.now), "seed {seed}");
        }
        assert_eq!(troubles(&world), [""; 0], "seed {seed}");
    }
}

#[test]
fn after_a_restart_the_provider_sees_the_same_customer_and_calls_come_in_as_before() {
    let (mut world, at) = registered();
    let before = contact(&mut world, at);
    world.restart(s(20));
    world.settle();
    assert_eq!(contact(&mut world, at), before, "the same place, not one more");
    let calls: Vec<_> =
        got(&mut world, at, Method::Register).iter().map(|r| r.headers.call_id()).collect();
    assert!(calls.windows(2).all(|two| two[0] == two[1]));
    let numbers: Vec<u32> = got(&mut world, at, Method::Register)
        .iter()
        .map(|r| r.headers.cseq().unwrap().number)
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    world.run_for(s(3_600));
    let (_, until) = provider(&mut world, at).registered.clone().unwrap();
    assert!(until > world.now);
    assert!(matches!(world.reports.last(), Some(Report::TrunkRegistered { .. })), "said anew");
}

#[test]
fn who_closes_the_office_tells_the_provider() {
    let (mut world, at) = registered();
    world.close();
    world.settle();
    assert!(provider(&mut world, at).registered.is_none());
    // Nobody registers again, and nobody calls a house that is closing.
    world.run_for(s(1_000));
    assert!(provider(&mut world, at).registered.is_none());
}

#[test]
fn other_settings_let_go_of_one_trunk_and_take_on_another_and_keep_the_third() {
    let (mut world, at) = registered();
    let mut kept = registering("fritz");
    kept.name = "kept".to_owned();
    kept.line = TrunkLine::Registrar(Place {
        host: "kept.example".to_owned(),
        port: None,
        transport: None,
    });
    let second = world.provider("203.0.113.8:5060");
    world.zone.insert("kept.example".to_owned(), Ok(vec![second]));
    world.reconfigure(|it| it.trunks = vec![registering("fritz"), kept.clone()]);
    world.settle();
    assert!(provider(&mut world, second).registered.is_some());
    let asked = provider(&mut world, at).registers.len();
    world.reconfigure(|it| it.trunks = vec![kept]);
    world.settle();
    assert!(provider(&mut world, second).registered.is_some());
    assert!(provider(&mut world, at).registers.len() > asked, "it takes its leave");
    assert!(provider(&mut world, at).registered.is_none());
    world.run_for(s(1_000));
    assert!(provider(&mut world, at).registered.is_none());
}

#[test]
fn over_a_stream_that_breaks_it_is_registered_again_within_seconds_and_calls_come_in() {
    let mut trunk = registering("fritz");
    let TrunkLine::Registrar(place) = &mut trunk.line else { unreachable!() };
    place.transport = Some(Transport::Tcp);
    let mut world = World::with(with_trunks(vec![trunk]), 1);
    let at = world.provider(AT);
    world.get(at).transport = Transport::Tcp;
    world.get(at).listens = true;
    world.zone.insert(HOST.to_owned(), Ok(vec![at]));
    world.settle();
    let before = provider(&mut world, at).accepted();
    assert_eq!(before, 1);
    world.disconnect(at);
    world.run_for(s(3));
    assert_eq!(provider(&mut world, at).accepted(), 2);
    let contact = contact(&mut world, at);
    assert_eq!(contact.param("transport"), Some("tcp"));
    let reception = world.phone("101", 11);
    world.act(at, |phone, now| phone.dial_at("555", contact, now));
    world.settle();
    world.act(reception, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(world.hears(at), person(reception));
    // A provider that is gone for an hour is found again.
    world.get(at).listens = false;
    world.disconnect(at);
    world.run_for(s(3_600));
    assert!(!troubles(&world).is_empty());
    world.get(at).listens = true;
    world.run_for(s(1_900));
    let (_, until) = provider(&mut world, at).registered.clone().unwrap();
    assert!(until > world.now);
}

// Calls from a provider.

#[test]
fn a_call_to_our_contact_rings_whoever_has_the_number_in_to() {
    let (mut world, at) = registered();
    let (reception, carol) = (world.phone("101", 11), world.phone("104", 14));
    let contact = contact(&mut world, at);
    for (number, rings, other) in [("+4930104", carol, reception), ("555", reception, carol)] {
        let to = contact.clone();
        let line = world.act(at, |phone, now| phone.dial_at(number, to, now));
        world.settle();
        assert!(world.get(rings).ringing().is_some(), "{number}");
        assert!(world.get(other).ringing().is_none(), "{number}");
        world.act(rings, |phone, now| phone.answer(now));
        world.settle();
        assert_eq!(world.hears(at), person(rings));
        world.act(at, |phone, now| phone.hang_up(line, now));
        world.settle();
    }
}

#[test]
fn another_address_of_the_provider_is_known_by_our_contact_and_by_nothing_else() {
    let (mut world, at) = registered();
    let reception = world.phone("101", 11);
    let stranger = world.provider("192.0.2.200:5060");
    world.get(stranger).provider = None;
    let contact = contact(&mut world, at);
    let guesses = ["bellhop", "4930555", "101", "00000000000000000000000000000000"];
    for guess in guesses {
        let to = Uri::sip(guess, Host::from(office().ip()));
        world.act(stranger, |phone, now| phone.dial_at("555", to, now));
        world.settle();
        assert_eq!(world.get(stranger).last_answer(&Method::Invite).0, 401, "{guess}");
        assert!(world.get(reception).ringing().is_none());
    }
    let to = contact.clone();
    world.act(stranger, |phone, now| phone.dial_at("555", to, now));
    world.settle();
    assert!(world.get(reception).ringing().is_some());
    // It goes no further than any other caller of a trunk's.
    world.act(reception, |phone, now| phone.answer(now));
    world.settle();
    world.act(stranger, |phone, now| phone.refer(4, "*68", now));
    world.settle();
    assert_eq!(world.get(stranger).last_answer(&Method::Refer).0, 603);
    // Once we are not registered any more it opens nothing.
    provider(&mut world, at).instead = Some(0);
    world.run_for(s(700));
    world.act(stranger, |phone, now| phone.dial_at("555", contact, now));
    world.settle();
    assert_eq!(world.get(stranger).last_answer(&Method::Invite).0, 401);
}

#[test]
fn our_contact_is_told_to_the_registrar_alone() {
    let (mut world, at) = registered();
    let secret = contact(&mut world, at).user.unwrap();
    let carol = world.phone("104", 14);
    world.act(carol, |phone, now| phone.dial("0301234", now));
    world.settle();
    world.act(at, |phone, now| phone.answer(now));
    world.settle();
    world.act(carol, |phone, now| phone.hang_up(0, now));
    world.settle();
    let others: Vec<Request> =
        world.get(at).got.iter().filter(|r| r.method != Method::Register).cloned().collect();
    assert!(others.len() >= 3);
    let tells = |r: &Request| String::from_utf8_lossy(&r.to_bytes()).contains(&secret);
    assert!(!others.iter().any(tells));
}

/// As `bellhop serve` reads them.
fn address_books() -> bellhop::domain::directory::Directory {
    let text = "[[extension]]\nnumber = \"101\"\npassword = \"a\"\n\
        [directory]\nfiles = [\"a.csv\", \"b.vcf\"]\n";
    let csv = "name;number\nAda King;+49 (0)30 765 43 21\nGrace;5551234\n";
    let card =
        "BEGIN:VCARD\nVERSION:4.0\nFN:Zo\u{eb} Young\nTEL;TYPE=work:tel:+33-86-002678\nEND:VCARD\n";
    let mut files = |path: &str| Ok(if path == "a.csv" { csv } else { card }.as_bytes().to_vec());
    let read = bellhop::config::Office::parse("office.toml", text, &mut files);
    read.unwrap().0.tenant.directory
}

#[test]
fn callers_whose_network_sends_no_name_have_it_from_the_address_books() {
    let mut settings = with_trunks(vec![registering("fritz")]);
    settings.directory = address_books();
    settings.trunks[0].dids.push(("4930600".to_owned(), ext("600")));
    settings.ring_groups = vec![bellhop::exchange::settings::RingGroupSettings {
        number: bellhop::domain::ids::RingGroup(ext("600")),
        name: bellhop::domain::caller_name::CallerName::clean("Sales"),
        members: ["102", "103"].map(ext).to_vec(),
        strategy: bellhop::exchange::settings::Strategy::All,
        ring_time: s(20),
        no_answer: bellhop::exchange::settings::NoAnswer::HangUp,
    }];
    let mut world = World::with(settings, 1);
    let at = world.provider(AT);
    world.zone.insert(HOST.to_owned(), Ok(vec![at]));
    let (alice, bob) = (world.phone("102", 12), world.phone("103", 13));
    let contact = contact(&mut world, at);
    let cases = [
        ("0307654321", "", "Ada King"),
        ("+493307654321", "", ""),
        ("+3386002678", "", "Zo\u{eb} Young"),
        ("+3386002678", "What the network says", "What the network says"),
    ];
    for (number, sent, shown) in cases {
        world.get(at).extension = number.to_owned();
        world.get(at).display = sent.to_owned();
        let to = contact.clone();
        let line = world.act(at, |phone, now| phone.dial_at("+4930600", to, now));
        world.settle();
        for member in [alice, bob] {
            let ringing = world.get(member).ringing().unwrap();
            let from = world.get(member).lines[ringing].invite.headers.from().unwrap();
            assert_eq!(from.display.unwrap_or_default(), shown, "{number}");
        }
        world.act(at, |phone, now| phone.hang_up(line, now));
        world.settle();
    }
}

// Calls to a provider.

#[test]
fn a_call_out_is_put_through_when_the_provider_asks_for_the_password() {
    for (challenge, qop) in [(407, true), (401, true), (407, false)] {
        let (mut world, at) = registered();
        let it = provider(&mut world, at);
        (it.challenge, it.qop) = (challenge, qop);
        it.asks.push(Method::Bye);
        let carol = world.phone("104", 14);
        world.act(carol, |phone, now| phone.dial("0301234", now));
        world.settle();
        world.act(at, |phone, now| phone.answer(now));
        world.settle();
        assert_eq!((world.hears(carol), world.hears(at)), (person(at), person(carol)));
        let invite = &world.get(at).lines[0].invite;
        assert_eq!(invite.uri.to_string(), "sip:301234@sip.provider.example");
        let from = invite.headers.from().unwrap();
        assert_eq!(from.uri.to_string(), "sip:4930555@sip.provider.example");
        world.act(carol, |phone, now| phone.hang_up(0, now));
        world.run_for(s(40));
        assert_eq!((world.get(at).up(), world.exchange.legs().count()), (0, 0), "{challenge}");
    }
}

#[test]
fn a_trunk_by_address_answers_challenges_too_and_shows_the_number_it_was_given() {
    let mut trunk = by_address("peer", AT, Some("fritz"));
    trunk.caller_id = Some("+49305550".to_owned());
    let mut world = World::with(with_trunks(vec![trunk]), 1);
    let at = world.provider(AT);
    let carol = world.phone("104", 14);
    world.act(carol, |phone, now| phone.dial("0301234", now));
    world.settle();
    let invite = &world.get(at).lines[0].invite;
    let from = invite.headers.from().unwrap();
    assert_eq!(from.uri.user_decoded().as_deref(), Some("+49305550"));
    let asserted = invite.headers.asserted_identity().unwrap();
    assert_eq!(asserted.uri.user_decoded().as_deref(), Some("+49305550"));
    world.act(at, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(world.hears(carol), person(at));
}

#[test]
fn a_caller_who_gives_up_during_the_challenge_rings_nobody() {
    for lead_ms in 0..8 {
        let (mut world, at) = registered();
        let carol = world.phone("104", 14);
        world.act(carol, |phone, now| phone.dial("0301234", now));
        world.run_for(Duration::from_millis(lead_ms));
        world.act(carol, |phone, now| phone.hang_up(0, now));
        world.run_for(s(45));
        assert!(world.get(at).ringing().is_none(), "after {lead_ms} ms");
        assert_eq!(world.exchange.legs().count(), 0, "after {lead_ms} ms");
    }
}

#[test]
fn nobody_but_the_provider_is_answered_when_he_asks_for_a_password() {
    let (mut world, at) = registered();
    let bob = world.phone("103", 13);
    // A phone that plays the provider.
    let mut greedy = Provider { asks: vec![Method::Invite, Method::Bye], ..Provider::default() };
    greedy.challenge = 401;
    world.get(bob).provider = Some(greedy);
    let carol = world.phone("104", 14);
    world.act(carol, |phone, now| phone.dial("103", now));
    world.run_for(s(5));
    assert_eq!(world.get(carol).last_answer(&Method::Invite).0, 480);
    // And a stranger who has found out our Contact, and asks at its end.
    let stranger = world.provider("192.0.2.200:5060");
    let it = provider(&mut world, stranger);
    (it.challenge, it.asks) = (401, vec![Method::Bye, Method::Options]);
    let contact = contact(&mut world, at);
    let reception = world.phone("101", 11);
    world.get(reception).answer_with = Some(200);
    world.act(stranger, |phone, now| phone.dial_at("555", contact, now));
    world.settle();
    world.act(reception, |phone, now| phone.hang_up(0, now));
    world.run_for(s(40));
    for at in [bob, stranger] {
        let signed = |r: &&Request| {
            r.headers.count(&Name::Authorization) + r.headers.count(&Name::ProxyAuthorization) > 0
        };
        assert!(!world.get(at).got.is_empty());
        assert_eq!(world.get(at).got.iter().filter(signed).count(), 0);
    }
}

#[test]
fn s37_a_parked_call_recalls_a_number_outside_through_a_registered_trunk() {
    let mut settings = with_trunks(vec![registering("fritz")]);
    settings.groups[0].recall.policy = bellhop::domain::recall::RecallPolicy::Number {
        number: "0301234".to_owned().try_into().unwrap(),
    };
    let mut world = World::with(settings, 1);
    let at = world.provider(AT);
    world.zone.insert(HOST.to_owned(), Ok(vec![at]));
    let reception = world.phone("101", 11);
    world.get(reception).answer_with = Some(200);
    let contact = contact(&mut world, at);
    let line = world.act(at, |phone, now| phone.dial_at("555", contact, now));
    world.settle();
    world.act(reception, |phone, now| phone.refer(0, "*68", now));
    world.run_for(s(46));
    let ringing = world.get(at).ringing().unwrap();
    let from = world.get(at).lines[ringing].invite.headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("Park recall: far"));
    world.act(at, |phone, now| phone.answer(now));
    world.settle();
    assert!(world.exchange.lot().calls().is_empty());
    assert_eq!((world.get(at).up(), line), (2, 0));
}

#[test]
fn a_ring_group_that_nobody_answers_goes_on_to_a_number_outside() {
    let mut settings = with_trunks(vec![registering("fritz")]);
    settings.trunks[0].dids.push(("4930600".to_owned(), ext("600")));
    settings.ring_groups = vec![bellhop::exchange::settings::RingGroupSettings {
        number: bellhop::domain::ids::RingGroup(ext("600")),
        name: bellhop::domain::caller_name::CallerName::clean("Sales"),
        members: vec![ext("102")],
        strategy: bellhop::exchange::settings::Strategy::All,
        ring_time: s(20),
        no_answer: bellhop::exchange::settings::NoAnswer::Number(
            "00441234".to_owned().try_into().unwrap(),
        ),
    }];
    let mut world = World::with(settings, 1);
    let at = world.provider(AT);
    world.zone.insert(HOST.to_owned(), Ok(vec![at]));
    let alice = world.phone("102", 12);
    let contact = contact(&mut world, at);
    world.act(at, |phone, now| phone.dial_at("4930600", contact, now));
    world.settle();
    assert!(world.get(alice).ringing().is_some());
    world.run_for(s(21));
    assert!(world.get(alice).ringing().is_none());
    let out = world.get(at).ringing().unwrap();
    let invite = world.get(at).lines[out].invite.clone();
    assert_eq!(invite.uri.user_decoded().as_deref(), Some("0441234"));
    assert_eq!(invite.headers.from().unwrap().uri.user_decoded().as_deref(), Some("4930555"));
    world.act(at, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(world.get(at).up(), 2, "he who called, and he who was called");
}

// Which way a call goes.

/// Two trunks by address; `first` answers calls with this at once, or not at all.
fn two(first: Option<u16>) -> (World, [SocketAddr; 2], SocketAddr) {
    let ats = ["203.0.113.1:5060", "203.0.113.2:5060"];
    let trunks = ats.map(|at| by_address(at, at, None)).to_vec();
    let mut world = World::with(with_trunks(trunks), 1);
    let both = ats.map(|at| {
        let at = world.provider(at);
        world.get(at).provider = None;
        at
    });
    let dead = Provider { instead: Some(0), ..Provider::default() };
    match first {
        Some(status) => world.get(both[0]).answer_with = Some(status),
        None => world.get(both[0]).provider = Some(dead),
    }
    let carol = world.phone("104", 14);
    (world, both, carol)
}

#[test]
fn when_one_trunk_fails_or_is_silent_the_next_one_puts_the_call_through() {
    for first in [Some(503), Some(500), Some(408), Some(403), None] {
        let (mut world, [_, second], carol) = two(first);
        world.act(carol, |phone, now| phone.dial("0301234", now));
        world.run_for(s(5));
        assert!(world.get(second).ringing().is_some(), "{first:?}");
        world.act(second, |phone, now| phone.answer(now));
        world.settle();
        assert_eq!(world.hears(carol), person(second), "{first:?}");
        world.run_for(s(60));
        assert_eq!(world.exchange.legs().count(), 2, "{first:?}");
    }
}

#[test]
fn what_the_person_called_says_is_not_asked_of_another_trunk() {
    for first in [486, 404, 603] {
        let (mut world, [_, second], carol) = two(Some(first));
        world.act(carol, |phone, now| phone.dial("0301234", now));
        world.run_for(s(5));
        assert!(world.get(second).lines.is_empty(), "{first}");
        assert_eq!(world.get(carol).last_answer(&Method::Invite).0, first);
    }
}

#[test]
fn a_trunk_that_answers_after_it_was_left_is_let_go() {
    let (mut world, [first, second], carol) = two(None);
    world.act(carol, |phone, now| phone.dial("0301234", now));
    world.run_for(s(5));
    world.get(first).provider = None;
    world.get(first).answer_with = Some(200);
    world.act(second, |phone, now| phone.answer(now));
    // The first one's INVITE is repeated, heard at last, and answered.
    world.run_for(s(60));
    assert_eq!(world.hears(carol), person(second));
    assert_eq!((world.get(first).up(), world.exchange.legs().count()), (0, 2));
}

#[test]
fn a_restart_on_the_way_to_the_next_trunk_loses_nobody() {
    let (mut world, [_, second], carol) = two(None);
    world.act(carol, |phone, now| phone.dial("0301234", now));
    world.run_for(s(2));
    world.restart(s(1));
    world.run_for(s(3));
    assert!(world.get(second).ringing().is_some());
    world.act(second, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(world.hears(carol), person(second));
}

// Emergency calls.

#[test]
fn emergency_numbers_go_out_with_and_without_the_prefix_and_whatever_a_code_is() {
    for dialled in ["112", "0112", "911"] {
        let mut settings = with_trunks(vec![by_address("a", AT, None)]);
        settings.codes.park = "11".to_owned();
        settings.codes.retrieve = "9".to_owned();
        settings.limits.legs = 0;
        settings.limits.open_per_host = 0;
        let mut world = World::with(settings, 1);
        let at = world.provider(AT);
        world.get(at).provider = None;
        let carol = world.phone("104", 14);
        world.act(carol, |phone, now| phone.dial("*78", now));
        world.settle();
        world.act(carol, |phone, now| phone.dial(dialled, now));
        world.settle();
        let invite = &world.get(at).lines[0].invite;
        let number = dialled.trim_start_matches('0');
        assert_eq!(invite.uri.user_decoded().as_deref(), Some(number));
        world.act(at, |phone, now| phone.answer(now));
        world.settle();
        assert_eq!(world.hears(carol), person(at));
    }
}

#[test]
fn an_emergency_call_tries_every_trunk_whatever_the_last_one_said() {
    for first in [Some(404), Some(486), Some(603), None] {
        let (mut world, [_, second], carol) = two(first);
        world.act(carol, |phone, now| phone.dial("112", now));
        world.run_for(s(5));
        assert!(world.get(second).ringing().is_some(), "{first:?}");
    }
}

#[test]
fn when_the_last_port_is_taken_there_is_still_one_for_an_emergency() {
    let mut world = World::with(with_trunks(vec![by_address("a", AT, None)]), 1);
    let at = world.provider(AT);
    world.get(at).provider = None;
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    for _ in 0..100 {
        world.act(bob, |phone, now| phone.dial("104", now));
        world.run_for(Duration::from_millis(20));
    }
    world.settle();
    assert_eq!(world.get(bob).last_answer(&Method::Invite).0, 503);
    world.act(carol, |phone, now| phone.dial("112", now));
    world.settle();
    assert!(world.get(at).ringing().is_some());
}

#[test]
fn a_phone_calls_for_help_though_its_neighbour_has_tried_passwords() {
    let mut world = World::with(with_trunks(vec![by_address("a", AT, None)]), 1);
    let at = world.provider(AT);
    world.get(at).provider = None;
    let carol = world.phone("104", 14);
    // Another program on the same machine.
    let neighbour: SocketAddr = "10.0.0.14:5099".parse().unwrap();
    let chance = bellhop::domain::chance::Chance::from_seed(9);
    let handset = crate::handset::Handset::with_password("103", "guess", neighbour, chance);
    world.handsets.insert(neighbour, handset);
    for _ in 0..30 {
        world.act(neighbour, |phone, now| phone.register(3600, now));
        world.settle();
    }
    world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    assert_eq!(world.get(carol).last_answer(&Method::Invite).0, 401, "it is slowed down");
    world.act(carol, |phone, now| phone.dial("112", now));
    world.settle();
    assert!(world.get(at).ringing().is_some());
}

#[test]
fn without_a_trunk_or_credentials_nobody_calls_the_fire_brigade_and_is_told_why() {
    let mut world = World::with(with_trunks(Vec::new()), 1);
    let carol = world.phone("104", 14);
    world.act(carol, |phone, now| phone.dial("112", now));
    world.settle();
    let wanted = (404, "There is no line to the outside".to_owned());
    assert_eq!(world.get(carol).last_answer(&Method::Invite), wanted);

    let mut world = World::with(with_trunks(vec![by_address("a", AT, None)]), 1);
    let at = world.provider(AT);
    let neighbour = "10.0.0.99:5060".parse().unwrap();
    let chance = bellhop::domain::chance::Chance::from_seed(9);
    let handset = crate::handset::Handset::with_password("103", "guess", neighbour, chance);
    world.handsets.insert(neighbour, handset);
    world.act(neighbour, |phone, now| phone.dial("112", now));
    world.settle();
    assert!(world.get(at).lines.is_empty());
}

#[test]
fn an_extension_of_exactly_that_number_is_rung() {
    let mut settings = with_trunks(vec![by_address("a", AT, None)]);
    let people = settings.extensions.get(&ext("104")).unwrap().clone();
    settings.extensions.insert(ext("911"), people);
    settings.emergency = vec!["911".to_owned(), "112".to_owned()];
    let mut world = World::with(settings, 1);
    let at = world.provider(AT);
    world.get(at).provider = None;
    let carol = world.phone("104", 14);
    world.act(carol, |phone, now| phone.dial("911", now));
    world.settle();
    assert_eq!(world.get(carol).last_answer(&Method::Invite), (480, "Not registered".to_owned()));
    world.act(carol, |phone, now| phone.dial("0911", now));
    world.settle();
    assert!(world.get(at).ringing().is_some(), "with the prefix it is outside");
}
