//! Calls between people: answered, refused, given up, held, transferred.

use bellhop::exchange::Report;
use bellhop::media::control::Codec;
use bellhop::sip::wire::{self, Method};

use crate::world::*;

#[test]
fn two_extensions_talk_and_each_phone_shows_the_other() {
    let mut world = World::open();
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));

    let call = world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    let from = world.get(bob).lines[0].invite.headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("Carol"));
    assert_eq!(from.uri.user_decoded().as_deref(), Some("104"));

    world.act(bob, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!((world.hears(bob), world.hears(carol)), (person(carol), person(bob)));
    assert_eq!(world.get(carol).asserted(), Some(("Bob".to_owned(), "103".to_owned())));

    world.act(carol, |phone, now| phone.hang_up(call, now));
    world.settle();
    assert_eq!((world.get(bob).up(), world.exchange.legs().count()), (0, 0));
}

#[test]
fn a_caller_from_outside_reaches_reception_by_name() {
    let mut world = World::open();
    let (reception, alice) = (world.phone("101", 11), world.caller("+3386002678", "Alice Smith"));

    world.act(alice, |phone, now| phone.dial("4930555", now));
    world.settle();
    let from = world.get(reception).lines[0].invite.headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("Alice Smith"));
    assert_eq!(from.uri.user_decoded().as_deref(), Some("+3386002678"));

    world.act(reception, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(world.hears(alice), person(reception));
}

#[test]
fn a_number_of_its_own_goes_to_its_own_extension() {
    let mut world = World::open();
    let (carol, caller) = (world.phone("104", 14), world.caller("+331", "Zoe"));
    world.act(caller, |phone, now| phone.dial("+4930104", now));
    world.settle();
    assert!(world.get(carol).ringing().is_some());
}

#[test]
fn a_call_out_of_the_office_goes_to_the_trunk_without_its_prefix() {
    let mut world = World::open();
    let reception = world.phone("101", 11);
    let outside = world.caller("0301234", "");
    let provider = "198.51.100.7:5060".parse().unwrap();
    let mut trunk = world.handsets.remove(&outside).unwrap();
    trunk.answer_with = Some(200);
    let moved = bellhop::domain::chance::Chance::from_seed(5);
    let fresh = crate::handset::Handset::new("0301234", provider, office(), moved);
    world.handsets.insert(provider, fresh);
    world.get(provider).answer_with = Some(200);

    world.act(reception, |phone, now| phone.dial("0301234", now));
    world.settle();
    let invite = world.get(provider).lines[0].invite.clone();
    assert_eq!(invite.uri.user_decoded().as_deref(), Some("301234"));
    assert_eq!(world.get(reception).up(), 1);
}

#[test]
fn busy_nobody_there_and_do_not_disturb_are_told_apart() {
    let mut world = World::open();
    let (reception, bob) = (world.phone("101", 11), world.phone("103", 13));
    let status = |world: &mut World, number: &str| {
        world.act(reception, |phone, now| phone.dial(number, now));
        world.run_for(s(2));
        world.get(reception).last_answer(&Method::Invite).0
    };
    assert_eq!(status(&mut world, "999"), 404);
    assert_eq!(status(&mut world, "102"), 480);
    world.get(bob).answer_with = Some(486);
    assert_eq!(status(&mut world, "103"), 486);
    world.get(bob).answer_with = None;
    world.act(bob, |phone, now| phone.dial("*78", now));
    world.run_for(s(3));
    assert_eq!(status(&mut world, "103"), 486);
    world.act(bob, |phone, now| phone.dial("*79", now));
    world.run_for(s(3));
    world.get(bob).answer_with = Some(200);
    assert_eq!(status(&mut world, "103"), 200);
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let mut world = World::open();
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    let call = world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    world.act(carol, |phone, now| phone.hang_up(call, now));
    world.settle();
    assert_eq!(world.get(bob).ringing(), None);
    assert_eq!(world.get(carol).last_answer(&Method::Invite).0, 487);
    assert_eq!(world.exchange.legs().count(), 0);
}

#[test]
fn all_devices_ring_and_one_answer_silences_the_others() {
    let mut world = World::open();
    let (desk, mobile) = (world.phone("103", 13), world.phone("103", 23));
    let carol = world.phone("104", 14);
    world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    assert!(world.get(desk).ringing().is_some());
    world.act(mobile, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(world.get(desk).ringing(), None);
    assert_eq!(world.hears(carol), person(mobile));
}

#[test]
fn a_hold_plays_music_to_the_other_side_and_rings_no_phone() {
    let (mut world, reception, alice) = talking();
    let asked = world.get(alice).got.len();
    world.act(reception, |phone, now| phone.hold(0, true, now));
    world.settle();
    assert_eq!(world.hears(alice), Heard::Music);
    world.act(reception, |phone, now| phone.hold(0, false, now));
    world.settle();
    assert_eq!(world.hears(alice), person(reception));
    assert_eq!(world.get(alice).got.len(), asked, "the far end was told nothing");
}

#[test]
fn a_blind_transfer_reaches_the_colleague_with_the_callers_name() {
    let (mut world, reception, alice) = talking();
    let bob = world.phone("103", 13);
    world.act(reception, |phone, now| phone.refer(0, "103", now));
    world.settle();
    assert_eq!(world.hears(alice), Heard::Music);
    let from = world.get(bob).lines[0].invite.headers.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("Alice Smith"));
    world.act(bob, |phone, now| phone.answer(now));
    world.run_for(s(3));
    assert_eq!(world.hears(alice), person(bob));
    assert_eq!(world.get(reception).up(), 0);
}

#[test]
fn a_blind_transfer_that_nobody_takes_comes_back() {
    let (mut world, reception, alice) = talking();
    let bob = world.phone("103", 13);
    world.get(bob).answer_with = Some(486);
    world.act(reception, |phone, now| phone.refer(0, "103", now));
    world.settle();
    assert_eq!(world.hears(alice), person(reception));
    // And when the transferor has hung up, he is rung at once.
    world.get(bob).answer_with = None;
    world.act(reception, |phone, now| phone.refer(0, "103", now));
    world.settle();
    world.act(reception, |phone, now| phone.hang_up(0, now));
    world.settle();
    world.act(bob, |phone, now| phone.refuse(603, None, now));
    world.settle();
    assert_eq!(world.hears(alice), Heard::Music);
    world.act(reception, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(world.hears(alice), person(reception));
}

#[test]
fn an_attended_transfer_joins_the_two_others() {
    let (mut world, reception, alice) = talking();
    let bob = world.phone("103", 13);
    world.act(reception, |phone, now| phone.hold(0, true, now));
    world.settle();
    world.get(bob).answer_with = Some(200);
    let consult = world.act(reception, |phone, now| phone.dial("103", now));
    world.settle();
    assert_eq!(world.hears(bob), person(reception));
    world.act(reception, |phone, now| phone.refer_attended(0, consult, now));
    world.run_for(s(3));
    assert_eq!((world.hears(alice), world.hears(bob)), (person(bob), person(alice)));
    assert_eq!(world.get(reception).up(), 0);
    assert_eq!(world.get(bob).asserted().unwrap().0, "Alice Smith");
}

#[test]
fn phones_that_die_are_noticed_and_the_other_side_is_let_go() {
    let (mut world, reception, alice) = talking();
    world.handsets.remove(&reception);
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.run_for(s(40));
    assert_eq!(world.exchange.legs().count(), 0);
    assert!(world.reports.iter().any(|r| matches!(r, Report::CallEnded { .. })));
}

/// Alice Smith, from outside, talks to reception.
pub fn talking() -> (World, std::net::SocketAddr, std::net::SocketAddr) {
    let mut world = World::open();
    let (reception, alice) = talking_in(&mut world);
    (world, reception, alice)
}

pub fn talking_in(world: &mut World) -> (std::net::SocketAddr, std::net::SocketAddr) {
    let reception = world.phone("101", 11);
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("4930555", now));
    world.settle();
    world.act(reception, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!((world.hears(alice), world.hears(reception)), (person(reception), person(alice)));
    (reception, alice)
}

#[test]
fn a_call_moves_to_another_device_of_the_same_extension_and_to_nobody_elses() {
    let (mut world, reception, alice) = talking();
    let (mobile, bob) = (world.phone("101", 21), world.phone("103", 13));
    let replaces = world.get(reception).replaces(0);
    world.act(bob, |phone, now| phone.take_over(replaces.clone(), now));
    world.settle();
    assert_eq!(world.get(bob).last_answer(&Method::Invite).0, 403);
    assert_eq!(world.hears(alice), person(reception));
    world.act(mobile, |phone, now| phone.take_over(replaces, now));
    world.settle();
    assert_eq!(world.hears(alice), person(mobile));
    assert_eq!(world.get(reception).up(), 0);
}

#[test]
fn a_call_moves_to_another_device_when_it_is_really_there() {
    let (mut world, reception, alice) = talking();
    let mobile = world.phone("101", 21);
    let replaces = world.get(reception).replaces(0);
    world.act(mobile, |phone, now| phone.take_over(replaces.clone(), now));
    world.run_for(std::time::Duration::from_millis(1));
    // The 200 is on its way; the phone dies before it can acknowledge.
    assert_eq!(world.exchange.legs().filter(|leg| leg.has_media()).count(), 3);
    world.handsets.remove(&mobile);
    world.run_for(s(40));
    assert_eq!((world.hears(alice), world.hears(reception)), (person(reception), person(alice)));
    assert_eq!(world.exchange.legs().count(), 2);
}

#[test]
fn an_answer_says_what_was_said_before_it_though_another_device_answers_otherwise() {
    let mut world = World::open();
    let (desk, mobile) = (world.phone("101", 11), world.phone("101", 21));
    let alice = world.caller("+3386002678", "Alice Smith");
    world.get(desk).codec = Some(Codec::Pcma);
    world.get(mobile).codec = Some(Codec::Pcmu);
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    world.act(desk, |phone, now| phone.progress(now));
    world.settle();
    world.act(mobile, |phone, now| phone.progress(now));
    world.settle();
    world.act(mobile, |phone, now| phone.answer(now));
    world.settle();
    let mut said: Vec<_> = world.get(alice).provisional.iter().map(|r| r.body.clone()).collect();
    said.retain(|body| !body.is_empty());
    said.push(world.get(alice).answers.last().unwrap().1.body.clone());
    assert_eq!(said.len(), 3);
    assert!(said.iter().all(|body| *body == said[0]), "{said:?}");
    assert_eq!(world.hears(alice), person(mobile));
}

#[test]
fn the_answers_to_a_call_given_up_bear_one_tag() {
    let mut world = World::open();
    let (_, carol) = (world.phone("103", 13), world.phone("104", 14));
    let call = world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    world.act(carol, |phone, now| phone.hang_up(call, now));
    let Some((_, Packet::ToOffice(flow, bytes))) = world.underway.pop_first() else { panic!() };
    let input = bellhop::exchange::Input::Datagram { bytes, flow };
    let effects = world.exchange.handle(input, world.now);
    let answers = effects.into_iter().filter_map(|effect| match effect {
        bellhop::exchange::Effect::Send { bytes, .. } => match wire::parse(&bytes).unwrap() {
            wire::Message::Response(response) => Some(response),
            wire::Message::Request(_) => None,
        },
        _ => None,
    });
    let said: Vec<_> = answers.map(|r| (r.status, r.headers.to_tag())).collect();
    let tag = world.get(carol).lines[call].dialog.remote.tag().map(str::to_owned);
    assert_eq!(said, [(200, tag.clone()), (487, tag)]);
}

/// Puts these header lines on what a caller from outside sends.
fn with_headers(world: &mut World, caller: std::net::SocketAddr, lines: &'static str) {
    world.get(caller).raw = Some(("User-Agent: Handset 1.0\r\n", lines.as_bytes()));
}

/// Whom reception's phone shows.
fn shown(world: &mut World, reception: std::net::SocketAddr) -> (String, String) {
    let from = world.get(reception).lines[0].invite.headers.from().unwrap();
    (from.display.clone().unwrap_or_default(), from.uri.user_decoded().unwrap_or_default())
}

#[test]
fn a_caller_who_withholds_his_number_is_not_shown_however_it_is_written() {
    let written =
        ["Privacy: id;critical\r\n", "Privacy: critical; ID\r\n", "Privacy: header,user\r\n"];
    for privacy in written {
        let mut world = World::open();
        let (reception, alice) = (world.phone("101", 11), world.caller("+331", "Alice Smith"));
        with_headers(&mut world, alice, privacy);
        world.act(alice, |phone, now| phone.dial("1", now));
        world.settle();
        let nobody = ("Anonymous".to_owned(), "anonymous".to_owned());
        assert_eq!(shown(&mut world, reception), nobody, "{privacy}");
    }
}

#[test]
fn the_network_asserts_the_number_and_from_says_the_name() {
    let asserted = "P-Asserted-Identity: <sip:+33777@provider.example>\r\n";
    let stories = [("+331", "Alice Smith", "Alice Smith"), ("anonymous", "Anonymous", "")];
    for (number, display, name) in stories {
        let mut world = World::open();
        let (reception, alice) = (world.phone("101", 11), world.caller(number, display));
        with_headers(&mut world, alice, asserted);
        world.act(alice, |phone, now| phone.dial("1", now));
        world.settle();
        assert_eq!(shown(&mut world, reception), (name.to_owned(), "+33777".to_owned()));
    }
}

#[test]
fn two_extensions_behind_one_address_and_port_call_each_other() {
    let mut world = World::open();
    let shared = world.phone("103", 13);
    assert_eq!(world.phone("104", 13), shared);
    world.act(shared, |phone, now| phone.dial("103", now));
    world.settle();
    let ringing = world.get(shared).ringing().expect("it comes back to where it came from");
    let invite = &world.get(shared).lines[ringing].invite;
    assert_eq!(invite.uri.user_decoded().as_deref(), Some("103"));
}

#[test]
fn who_calls_his_own_extension_rings_his_other_devices_only() {
    let mut world = World::open();
    let (desk, mobile) = (world.phone("103", 13), world.phone("103", 23));
    world.act(desk, |phone, now| phone.dial("103", now));
    world.settle();
    assert_eq!(world.get(desk).ringing(), None);
    assert!(world.get(mobile).ringing().is_some());
}

#[test]
fn a_transfer_to_an_address_elsewhere_is_refused_and_changes_nothing() {
    let (mut world, reception, alice) = talking();
    for uri in ["sip:*68@evil.example", "sip:103@192.0.2.66", "sips:*68@evil.example:5061"] {
        world.act(reception, |phone, now| phone.refer_to(0, uri, now));
        world.settle();
        assert_eq!(world.get(reception).last_answer(&Method::Refer).0, 403, "{uri}");
    }
    assert_eq!(world.hears(alice), person(reception));
    world.act(reception, |phone, now| phone.refer_to(0, "sip:*68@10.0.0.1:5060", now));
    world.settle();
    assert_eq!(world.get(reception).last_answer(&Method::Refer).0, 202);
}
