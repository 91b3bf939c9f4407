//! What watchers are told: phones by `call-info`, consoles by the whole table.

use bellhop::domain::park_table::{EVENT_PACKAGE, LampState, MIME_TYPE, ParkTable, PhaseView};

use bellhop::exchange::{Effect, Input};
use bellhop::sip::wire::{Method, Name};

use crate::world::*;

const XML: &str = "application/x-broadworks-callpark-info+xml";

fn table(world: &mut World, at: std::net::SocketAddr) -> ParkTable {
    serde_json::from_str(&world.get(at).notified(EVENT_PACKAGE).unwrap()).unwrap()
}

#[test]
fn s38_the_phone_at_the_place_is_told_the_callers_name_and_again_when_he_is_gone() {
    let (mut world, reception, alice) = crate::calls::talking();
    let desk = world.phone("102", 12);
    world.act(desk, |phone, now| phone.subscribe("call-info", XML, now));
    world.settle();
    let empty = world.get(desk).notified("call-info").unwrap();
    assert!(empty.contains("<callpark/>"), "{empty}");

    world.act(reception, |phone, now| phone.refer(0, "*68102", now));
    world.settle();
    let told = world.get(desk).notified("call-info").unwrap();
    let identity =
        "<identity display=\"Alice Smith\">sip:+3386002678@office.example;user=phone</identity>";
    assert!(told.contains(identity), "{told}");

    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert!(world.get(desk).notified("call-info").unwrap().contains("<callpark/>"));
}

#[test]
fn s42_on_a_group_park_the_other_members_see_the_place() {
    let (mut world, reception, _) = crate::calls::talking();
    let (desk, bob) = (world.phone("102", 12), world.phone("103", 13));
    for phone in [desk, bob] {
        world.act(phone, |phone, now| phone.subscribe("call-info", XML, now));
    }
    world.settle();
    world.act(reception, |phone, now| phone.refer(0, "*58", now));
    world.settle();
    let told = world.get(bob).notified("call-info").unwrap();
    assert!(told.contains("display=\"Alice Smith (at 102)\""), "{told}");
    let own = world.get(desk).notified("call-info").unwrap();
    assert!(own.contains("display=\"Alice Smith\""), "{own}");
}

#[test]
fn a_subscriber_that_takes_no_body_gets_none_and_the_mistaken_event_is_understood() {
    let mut world = World::open();
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    world.act(bob, |phone, now| phone.subscribe("call-info", "", now));
    world.act(carol, |phone, now| phone.subscribe("x-broadworks-callpark-info", "", now));
    world.settle();
    assert_eq!(world.get(bob).notified("call-info").as_deref(), Some(""));
    let aliased = world.get(carol).notified("x-broadworks-callpark-info").unwrap();
    assert!(aliased.contains("<callpark/>"), "{aliased}");
}

#[test]
fn names_with_any_characters_leave_the_body_well_formed() {
    let mut world = World::open();
    let (reception, desk) = (world.phone("101", 11), world.phone("102", 12));
    world.get(reception).answer_with = Some(200);
    world.act(desk, |phone, now| phone.subscribe("call-info", XML, now));
    let caller = world.caller("+331", "Zoë <&\u{fffe}> \"Mül\u{ffff}ler\" ]]>");
    world.act(caller, |phone, now| phone.dial("1", now));
    world.settle();
    world.act(reception, |phone, now| phone.refer(0, "*68102", now));
    world.settle();
    let told = world.get(desk).notified("call-info").unwrap();
    let name = "display=\"Zoë &lt;&amp;&gt; &quot;Müller&quot; ]]&gt;\"";
    assert!(told.contains(name), "{told}");
}

#[test]
fn a_console_sees_the_whole_table_with_what_comes_next() {
    let (mut world, reception, alice) = crate::calls::talking();
    let console = world.phone("103", 13);
    world.act(console, |phone, now| phone.subscribe(EVENT_PACKAGE, MIME_TYPE, now));
    world.settle();
    let before = table(&mut world, console);
    let lamp = |table: &ParkTable, of: &str| {
        table.lamps.iter().find(|lamp| lamp.extension == ext(of)).unwrap().clone()
    };
    assert_eq!(lamp(&before, "101").state, LampState::Talk);
    assert_eq!(lamp(&before, "102").state, LampState::Off);
    assert_eq!(lamp(&before, "103").state, LampState::Free);

    world.act(reception, |phone, now| phone.refer(0, "*58", now));
    world.run_for(s(3));
    let parked = table(&mut world, console);
    assert_eq!(parked.calls.len(), 1);
    let call = &parked.calls[0];
    assert_eq!(call.caller.to_string(), "Alice Smith");
    assert_eq!(call.place.as_str(), "103");
    assert_eq!(call.parker.extension, Some(ext("101")));
    assert_eq!(call.phase, PhaseView::Waiting);
    assert_eq!(call.next.as_ref().unwrap().what, "rings Reception");
    assert_eq!(call.why, "first free; Alice away");
    assert_eq!(lamp(&parked, "103").parked, 1);
    assert_eq!(lamp(&parked, "101").state, LampState::Free);

    world.run_for(s(44));
    assert_eq!(table(&mut world, console).calls[0].phase, PhaseView::Recalling);
    assert_eq!(lamp(&table(&mut world, console), "101").state, LampState::Ring);
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(table(&mut world, console).calls.len(), 0);
}

/// How many NOTIFYs went out to this phone within `span`.
fn told_within(world: &mut World, phone: std::net::SocketAddr, span: std::time::Duration) -> usize {
    let before = world.sent_to(phone, &Method::Notify);
    world.run_for(span);
    world.sent_to(phone, &Method::Notify) - before
}

#[test]
fn a_subscription_ends_when_asked_and_a_watcher_that_is_gone_is_forgotten() {
    let (mut world, reception, _) = crate::calls::talking();
    let (bob, carol) = (world.phone("103", 13), world.phone("104", 14));
    let [of_bob, _] = [bob, carol].map(|phone| {
        world.act(phone, |phone, now| phone.subscribe(EVENT_PACKAGE, MIME_TYPE, now));
        world.settle();
        world.get(phone).answers.last().unwrap().1.clone()
    });
    world.act(bob, |phone, now| phone.watch_on(&of_bob, 9, 0, now));
    assert_eq!(told_within(&mut world, bob, s(1)), 1, "the last one");
    world.handsets.remove(&carol);
    world.act(reception, |phone, now| phone.refer(0, "*68", now));
    assert_eq!(told_within(&mut world, bob, s(40)), 0, "it asked for no more");
    assert!(world.sent_to(carol, &Method::Notify) > 2, "repeated for 32 s");
    assert_eq!(told_within(&mut world, carol, s(40)), 0, "then she is forgotten");
    let fetch = world.phone("102", 12);
    world.act(fetch, |phone, now| phone.dial("*88101", now));
    assert_eq!(told_within(&mut world, carol, s(40)), 0, "whatever happens");
}

#[test]
fn a_table_too_large_for_a_datagram_tells_ones_own_calls_first_and_how_many_are_left_out() {
    let mut settings = settings();
    settings.parked_per_extension_max = 1_000;
    settings.groups[0].recall.after = s(900);
    let mut world = World::with(settings, 1);
    world.more_ports(700);
    let (reception, bob) = (world.phone("101", 11), world.phone("103", 13));
    world.act(bob, |phone, now| phone.subscribe(EVENT_PACKAGE, MIME_TYPE, now));
    world.get(reception).answer_with = Some(200);
    for index in 0..300 {
        let caller = world.caller("+3386002678", "Alice Smith of a company with a long name");
        world.act(caller, |phone, now| phone.dial("1", now));
        world.settle();
        let line = world.get(reception).lines.len() - 1;
        // The last ones are Bob's own.
        let code = if index < 240 { "*68104" } else { "*68103" };
        world.act(reception, |phone, now| phone.refer(line, code, now));
        world.settle();
    }
    world.run_for(s(2));
    let body = world.get(bob).notified(EVENT_PACKAGE).unwrap();
    let told = table(&mut world, bob);
    assert!(body.len() < 64_000, "{}", body.len());
    assert_eq!(told.calls.iter().filter(|call| call.place == ext("103")).count(), 60);
    assert!(told.more > 0);
    assert_eq!(told.calls.len() + told.more as usize, 300);
    let whole = world.exchange.park_table(&ext("103"));
    assert_eq!((told.lamps, told.group), (whole.lamps, whole.group));
    let rows = |calls: &[bellhop::domain::park_table::ParkedView]| {
        calls.iter().map(|call| (call.key, call.place.clone())).collect::<Vec<_>>()
    };
    let kept: Vec<_> =
        rows(&whole.calls).into_iter().filter(|row| rows(&told.calls).contains(row)).collect();
    assert_eq!(rows(&told.calls), kept, "oldest first all the same");
}

#[test]
fn phones_are_told_before_the_table_for_consoles_is_written() {
    let (mut world, reception, _) = crate::calls::talking();
    let (desk, console) = (world.phone("102", 12), world.phone("103", 13));
    world.act(desk, |phone, now| phone.subscribe("call-info", XML, now));
    world.act(console, |phone, now| phone.subscribe(EVENT_PACKAGE, MIME_TYPE, now));
    world.settle();
    world.act(reception, |phone, now| phone.refer(0, "*68102", now));
    let (_, refer) = world.underway.pop_first().unwrap();
    let Packet::ToOffice(flow, bytes) = refer else { panic!("nothing for the office") };
    drop(world.exchange.handle(Input::Datagram { bytes, flow }, world.now));
    let mut told = || {
        let effects = world.exchange.handle_wakeup(world.now);
        let sent = effects.into_iter().filter_map(|effect| match effect {
            Effect::Send { bytes, .. } => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => None,
        });
        let event = |text: &String| text.split_once("Event: ")?.1.lines().next().map(str::to_owned);
        sent.filter_map(|text| event(&text)).collect::<Vec<_>>()
    };
    assert_eq!(told(), ["call-info"]);
    assert_eq!(told(), [EVENT_PACKAGE]);
    assert!(told().is_empty());
    assert_eq!(
        world.exchange.next_wakeup().map(|wakeup| wakeup.reason),
        Some("SIP transaction timer")
    );
}

#[test]
fn a_subscription_is_never_made_longer_than_was_asked() {
    let mut world = World::open();
    let bob = world.phone("103", 13);
    let mut granted = |expires_s: &'static str| {
        world.act(bob, |phone, now| phone.subscribe_for(expires_s, "call-info", XML, now));
        world.settle();
        let (_, answer) = world.get(bob).answers.last().unwrap();
        let text = |name| answer.headers.text(name).map(|value| value.into_owned());
        (answer.status, text(&Name::Expires), text(&Name::MinExpires))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(granted("10"), (423, None, some("60")));
    assert_eq!(granted("59"), (423, None, some("60")));
    assert_eq!(granted("60"), (200, some("60"), None));
    assert_eq!(granted("999999"), (200, some("86400"), None));
    assert_eq!(granted("0"), (200, some("0"), None));
}

#[test]
fn a_renewal_too_brief_is_refused_and_the_subscription_stays() {
    let mut world = World::open();
    let bob = world.phone("103", 13);
    world.act(bob, |phone, now| phone.subscribe("call-info", XML, now));
    world.settle();
    let answer = world.get(bob).answers.last().unwrap().1.clone();
    world.act(bob, |phone, now| phone.watch_on(&answer, 9, 10, now));
    world.settle();
    assert_eq!(world.get(bob).last_answer(&Method::Subscribe).0, 423);
    let told = world.get(bob).got.len();
    let (reception, alice) = (world.phone("101", 11), world.caller("+331", "Alice Smith"));
    world.get(reception).answer_with = Some(200);
    world.act(alice, |phone, now| phone.dial("1", now));
    world.settle();
    world.act(reception, |phone, now| phone.refer(0, "*68103", now));
    world.run_for(s(1));
    assert!(world.get(bob).got.len() > told, "it is told of what happens still");
}
