//! Requests under borrowed addresses: what comes back must be no lever.

use std::net::SocketAddr;

use bellhop::exchange::{Effect, Input};
use bellhop::sip::flow::{Flow, Transport};
use bellhop::sip::wire::{Host, Method, Name, Request, Uri};
use bytes::Bytes;

use crate::world::*;

const METHODS: [&str; 9] =
    ["REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "MESSAGE", "DANCE", "BYE", "NOTIFY", "CANCEL"];

/// As little as SIP lets pass.
fn brief(method: &str, victim: SocketAddr, number: usize) -> Bytes {
    format!(
        "{method} sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/UDP {victim};branch=z9hG4bK{number}\r\n\
         f: <sip:1@a>;tag=1\r\nt: <sip:1@a>\r\ni: {number}\r\nCSeq: 1 {method}\r\n\
         Max-Forwards: 9\r\n\r\n"
    )
    .into()
}

/// As a phone writes it.
fn usual(method: &str, phone: SocketAddr, number: usize) -> Bytes {
    format!(
        "{method} sip:101@{DOMAIN}:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP {phone};branch=z9hG4bK15a6b2e9{number};rport\r\n\
         From: \"Reception\" <sip:101@{DOMAIN}:5060>;tag=3201453817\r\n\
         To: \"Reception\" <sip:101@{DOMAIN}:5060>\r\nCall-ID: 0_2894616813@10.0.0.11-{number}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:101@{phone}>\r\n\
         Allow: INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, \
         REFER, PUBLISH, UPDATE, MESSAGE\r\nMax-Forwards: 70\r\n\
         User-Agent: Yealink SIP-T46S 66.86.0.15\r\nExpires: 3600\r\nAllow-Events: talk,hold,\
         conference,refer,check-sync\r\nContent-Length: 0\r\n\r\n"
    )
    .into()
}

/// Bytes in and out when that is sent so often from this address.
fn reflected(
    world: &mut World,
    from: SocketAddr,
    times: usize,
    request: impl Fn(usize) -> Bytes,
) -> (usize, usize) {
    let flow = Flow { transport: Transport::Udp, local: office(), remote: from };
    let (mut sent, mut got) = (0, 0);
    for number in 0..times {
        let bytes = request(number);
        sent += bytes.len();
        let effects = world.exchange.handle(Input::Datagram { bytes, flow }, world.now);
        let back = effects.into_iter().filter_map(|effect| match effect {
            Effect::Send { bytes, .. } => Some(bytes.len()),
            _ => None,
        });
        got += back.sum::<usize>();
    }
    (sent, got)
}

fn victim() -> SocketAddr {
    "203.0.113.7:53".parse().unwrap()
}

#[test]
fn no_more_goes_to_a_borrowed_address_than_came_under_it() {
    for method in METHODS {
        let mut world = World::open();
        let attack = |number| brief(method, victim(), number);
        let (sent, got) = reflected(&mut world, victim(), 1_000, attack);
        let most = if method == "REGISTER" { sent * 3 / 2 } else { sent };
        assert!(got <= most + 600, "{method}: {sent} bytes in, {got} out");
    }
    let mut world = World::open();
    let unreadable =
        |_| Bytes::from("OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.7\r\n\r\n");
    let (sent, got) = reflected(&mut world, victim(), 1_000, unreadable);
    assert!(got <= sent + 600, "{sent} bytes in, {got} out");
}

#[test]
fn the_challenge_of_a_phone_is_little_more_than_its_request() {
    let mut world = World::open();
    let phone = "203.0.113.11:5060".parse().unwrap();
    let (sent, got) = reflected(&mut world, phone, 1, |n| usual("REGISTER", phone, n));
    let (percent, challenged) = (got * 100 / sent, got > 0);
    assert!(challenged && percent <= 100, "{sent} bytes in, {got} out");
    // The briefest of all: one answer a minute is let pass.
    let mut world = World::open();
    let (sent, got) = reflected(&mut world, victim(), 1, |n| brief("REGISTER", victim(), n));
    assert!(got > 0 && got * 100 / sent <= 260, "{sent} bytes in, {got} out");
}

#[test]
fn a_phone_that_was_left_without_an_answer_asks_again_and_gets_one() {
    let mut world = World::open();
    let bob = world.unregistered("103", 13);
    let nat = SocketAddr::new(bob.ip(), 53);
    let attack = |number| brief("REGISTER", nat, number);
    let (sent, got) = reflected(&mut world, nat, 1_000, attack);
    assert!(got <= sent * 3 / 2 + 600, "{sent} bytes in, {got} out");
    world.act(bob, |phone, now| phone.register(3600, now));
    world.run_for(s(4));
    assert!(world.exchange.registrar().is_registered(&ext("103")));
    // From now on the host is known, and is answered whatever it asks.
    let (_, got) = reflected(&mut world, nat, 1_000, |number| brief("BYE", nat, number));
    assert!(got > 100_000);
}

#[test]
fn many_phones_behind_one_address_are_challenged_at_once() {
    let mut world = World::open();
    let nat: SocketAddr = "203.0.113.11:5060".parse().unwrap();
    let (_, one) = reflected(&mut world, nat, 1, |n| usual("REGISTER", nat, n));
    let (_, all) = reflected(&mut world, nat, 200, |n| usual("REGISTER", nat, n + 1));
    assert!(all >= one * 200, "{all} of {}", one * 200);
}

#[test]
fn a_method_nobody_knows_is_answered_to_our_own_people_only() {
    let mut world = World::open();
    let bob = world.unregistered("103", 13);
    let stranger = world.unregistered("999", 66);
    for (phone, status) in [(bob, 405), (stranger, 401)] {
        world.act(phone, |phone, now| {
            let own = format!("<sip:{}@{DOMAIN}>", phone.extension);
            let uri = Uri::sip("101", Host::Name(DOMAIN.to_owned()));
            let message = Request::new(Method::Publish, uri)
                .with(Name::From, format!("{own};tag=1"))
                .with(Name::To, own)
                .with(Name::CallId, "m1")
                .with(Name::CSeq, "1 PUBLISH");
            phone.request(message, now)
        });
        world.settle();
        assert_eq!(world.get(phone).last_answer(&Method::Publish).0, status);
    }
}
