//! Every way into the lot, by every transport, and what may be done after
//! every way out of it (product Q10, Q11, Q12, S1-S7, S14).

use std::net::SocketAddr;

use bellhop::domain::codes::FeatureCodes;
use bellhop::sip::flow::Transport;

use crate::world::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WayIn {
    /// REFER to the code.
    Blind(&'static str),
    /// The call held, and the code dialled.
    Dialled(&'static str),
    /// That, and then a transfer of both.
    Attended(&'static str),
    /// 302 while it rings.
    Redirected(&'static str),
}

#[derive(Clone, Copy, Debug)]
enum WhatNext {
    HoldAndResume,
    BlindTransfer,
    AttendedTransfer,
    ParkAgain,
}

/// Whose call it is that is parked.
#[derive(Clone, Copy, Debug)]
enum Of {
    FromOutside,
    FromAColleague,
    ToAColleague,
}

const WAYS_IN: [WayIn; 8] = [
    WayIn::Blind("*68"),
    WayIn::Blind("%2A68102%23"),
    WayIn::Blind("*58#"),
    WayIn::Dialled("*68102#"),
    WayIn::Dialled("*58"),
    WayIn::Attended("*68"),
    WayIn::Redirected("*68102"),
    WayIn::Redirected("*58"),
];

struct Cast {
    world: World,
    reception: SocketAddr,
    /// Whoever is parked.
    caller: SocketAddr,
    carol: SocketAddr,
}

fn phone(world: &mut World, extension: &str, host: u8, transport: Transport) -> SocketAddr {
    match transport {
        Transport::Udp => world.phone(extension, host),
        _ => world.tcp_phone(extension, host),
    }
}

/// Reception, Bob (103, for group parks) and Carol are there; reception's call
/// is `of` somebody and is parked that way.
fn parked(way: WayIn, of: Of, transport: Transport) -> Cast {
    let mut world = World::open();
    let reception = phone(&mut world, "101", 11, transport);
    phone(&mut world, "103", 13, transport);
    let carol = phone(&mut world, "104", 14, transport);
    let caller = match of {
        Of::FromOutside => world.caller("+3386002678", "Alice Smith"),
        Of::FromAColleague | Of::ToAColleague => phone(&mut world, "102", 12, transport),
    };
    let (from, number, at) = match of {
        Of::FromOutside => (caller, "1", reception),
        Of::FromAColleague => (caller, "101", reception),
        Of::ToAColleague => (reception, "102", caller),
    };
    let redirects = matches!(way, WayIn::Redirected(_));
    world.get(at).answer_with = (!redirects).then_some(200);
    world.act(from, |phone, now| phone.dial(number, now));
    world.settle();
    world.get(at).answer_with = None;
    match way {
        WayIn::Blind(code) => world.act(reception, |phone, now| phone.refer(0, code, now)),
        WayIn::Redirected(code) => {
            world.act(reception, |phone, now| phone.refuse(302, Some(code), now));
        }
        WayIn::Dialled(code) | WayIn::Attended(code) => {
            world.act(reception, |phone, now| phone.hold(0, true, now));
            world.settle();
            let other = world.act(reception, |phone, now| phone.dial(code, now));
            if matches!(way, WayIn::Attended(_)) {
                world.run_for(std::time::Duration::from_millis(8));
                world.act(reception, |phone, now| phone.refer_attended(0, other, now));
            }
        }
    }
    world.run_for(s(4));
    assert_eq!(world.exchange.lot().calls().len(), 1, "{way:?} {of:?} {transport:?}");
    assert_eq!(world.hears(caller), Heard::Music, "{way:?} {of:?} {transport:?}");
    assert_eq!(world.get(reception).up(), 0, "the parker is free: {way:?} {of:?}");
    Cast { world, reception, caller, carol }
}

/// Carol fetches the caller by each code that leads to him.
fn fetched(cast: &mut Cast, code: &str) -> usize {
    let carol = cast.carol;
    let line = cast.world.act(carol, |phone, now| phone.dial(code, now));
    cast.world.settle();
    assert_eq!(cast.world.hears(cast.caller), person(carol), "{code}");
    line
}

fn goes_on(cast: &mut Cast, line: usize, next: WhatNext) {
    let Cast { world, reception, caller, carol } = cast;
    match next {
        WhatNext::HoldAndResume => {
            for on in [true, false] {
                world.act(*carol, |phone, now| phone.hold(line, on, now));
                world.settle();
                let heard = if on { Heard::Music } else { person(*carol) };
                assert_eq!(world.hears(*caller), heard);
            }
        }
        WhatNext::BlindTransfer => {
            world.get(*reception).answer_with = Some(200);
            world.act(*carol, |phone, now| phone.refer(line, "101", now));
            world.run_for(s(3));
            assert_eq!(world.hears(*caller), person(*reception));
        }
        WhatNext::AttendedTransfer => {
            world.get(*reception).answer_with = Some(200);
            world.act(*carol, |phone, now| phone.hold(line, true, now));
            world.settle();
            let other = world.act(*carol, |phone, now| phone.dial("101", now));
            world.settle();
            world.act(*carol, |phone, now| phone.refer_attended(line, other, now));
            world.run_for(s(3));
            assert_eq!(world.hears(*caller), person(*reception));
        }
        WhatNext::ParkAgain => {
            world.act(*carol, |phone, now| phone.refer(line, "*68", now));
            world.run_for(s(3));
            assert_eq!(world.hears(*caller), Heard::Music);
            let calls = world.exchange.lot().calls();
            assert_eq!((calls.len(), calls[0].at.as_str()), (1, "104"));
        }
    }
}

#[test]
fn s14_every_way_in_and_out_leaves_a_call_that_can_be_held_transferred_and_parked_again() {
    use WhatNext::{AttendedTransfer, BlindTransfer, HoldAndResume, ParkAgain};
    let nexts = [HoldAndResume, BlindTransfer, AttendedTransfer, ParkAgain];
    for transport in [Transport::Udp, Transport::Tcp] {
        for of in [Of::FromOutside, Of::FromAColleague, Of::ToAColleague] {
            for (way, next) in WAYS_IN.into_iter().zip(nexts.into_iter().cycle()) {
                // Whoever rings himself cannot point to a code.
                if matches!((way, of), (WayIn::Redirected(_), Of::ToAColleague)) {
                    continue;
                }
                let mut cast = parked(way, of, transport);
                let (at, key) = {
                    let call = &cast.world.exchange.lot().calls()[0];
                    (call.at.to_string(), call.key)
                };
                let code = match next {
                    HoldAndResume => format!("*88{at}"),
                    BlindTransfer => format!("*88{at}*{key}"),
                    AttendedTransfer => format!("*68{at}"),
                    ParkAgain => format!("*88{at}#"),
                };
                let line = fetched(&mut cast, &code);
                goes_on(&mut cast, line, next);
            }
        }
    }
}

#[test]
fn a_call_that_was_fetched_and_parked_again_is_fetched_again() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut cast = parked(WayIn::Blind("*68"), Of::FromOutside, transport);
        let line = fetched(&mut cast, "*88101");
        goes_on(&mut cast, line, WhatNext::ParkAgain);
        fetched(&mut cast, "*88");
    }
}

#[test]
fn codes_changed_in_the_settings_park_and_fetch_and_the_old_ones_do_not() {
    let mut settings = settings();
    settings.codes = FeatureCodes {
        park: "#1".to_owned(),
        retrieve: "#2".to_owned(),
        group_park: "#3".to_owned(),
        ..FeatureCodes::default()
    };
    let mut world = World::with(settings, 1);
    let (reception, alice) = crate::calls::talking_in(&mut world);
    let carol = world.phone("104", 14);
    world.act(reception, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    assert_eq!(world.hears(alice), person(reception), "no code of this office");
    world.act(reception, |phone, now| phone.refer(0, "%231102", now));
    world.run_for(s(3));
    assert_eq!(world.exchange.lot().calls()[0].at, ext("102"));
    world.act(carol, |phone, now| phone.dial("#2102", now));
    world.settle();
    assert_eq!(world.hears(alice), person(carol));
}

#[test]
fn q14_a_call_follows_the_rules_of_its_parkers_group_wherever_it_is_parked() {
    for (parker, place, after_s) in [("101", "104", 45), ("104", "101", 20)] {
        let mut settings = settings();
        settings.recall.after = s(20);
        let mut world = World::with(settings, 1);
        let (at, caller) = (world.phone(parker, 11), world.caller("+331", "Alice Smith"));
        world.get(at).answer_with = Some(200);
        let number = if parker == "101" { "1" } else { "+4930104" };
        world.act(caller, |phone, now| phone.dial(number, now));
        world.settle();
        world.get(at).answer_with = None;
        world.act(at, |phone, now| phone.refer(0, &format!("*68{place}"), now));
        world.run_for(s(after_s - 1));
        assert_eq!(world.get(at).ringing(), None, "{parker}");
        world.run_for(s(2));
        assert!(world.get(at).ringing().is_some(), "{parker}");
    }
}
