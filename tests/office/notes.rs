//! Sticky notes: how one is given, and everywhere it is shown.

use std::net::SocketAddr;

use bellhop::domain::park_table::{EVENT_PACKAGE, MIME_TYPE, ParkTable};
use bellhop::exchange::Report;
use bellhop::sip::wire::{Method, Name};

use crate::calls::talking;
use crate::world::*;

const XML: &str = "application/x-broadworks-callpark-info+xml";
const INVOICE: &str = "wants invoice 4711";

/// A console of Bob's, 103, that watches.
fn console(world: &mut World) -> SocketAddr {
    let console = world.phone("103", 13);
    world.act(console, |phone, now| phone.subscribe(EVENT_PACKAGE, MIME_TYPE, now));
    world.settle();
    console
}

/// The notes in the console's table, oldest call first.
fn notes(world: &mut World, console: SocketAddr) -> Vec<String> {
    let told = world.get(console).notified(EVENT_PACKAGE).unwrap();
    let table: ParkTable = serde_json::from_str(&told).unwrap();
    table.calls.iter().map(|call| call.note.to_string()).collect()
}

/// Alice Smith is parked at 102 under a note, and Bob's console watches.
fn noted() -> (World, SocketAddr, SocketAddr, SocketAddr) {
    let (mut world, reception, alice) = talking();
    let console = console(&mut world);
    world.act(reception, |phone, now| phone.refer_noted(0, "*68102", INVOICE, now));
    world.settle();
    (world, reception, alice, console)
}

/// What the answer to this method was after telling the office `text`.
fn tells(world: &mut World, phone: SocketAddr, code: &str, text: &str) -> (u16, String) {
    world.act(phone, |phone, now| phone.note(code, "text/plain", text.as_bytes(), now));
    world.settle();
    world.get(phone).last_answer(&Method::Message)
}

fn subject(headers: &bellhop::sip::wire::Headers) -> Option<String> {
    headers.text(&Name::Subject).map(|subject| subject.into_owned())
}

fn ok() -> (u16, String) {
    (200, "OK".to_owned())
}

#[test]
fn m4_a_subject_of_the_transfer_is_in_every_consoles_row() {
    let (mut world, _, _, console) = noted();
    assert_eq!(notes(&mut world, console), [INVOICE]);
    let told = world.reports.iter().filter_map(|report| match report {
        Report::Noted { caller, note, by, .. } => Some(format!("{caller} {note} {by}")),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["Alice Smith wants invoice 4711 101"]);
}

#[test]
fn q20_the_code_dialled_with_a_call_held_takes_a_subject_too() {
    let (mut world, reception, _) = talking();
    let console = console(&mut world);
    world.act(reception, |phone, now| phone.hold(0, true, now));
    world.settle();
    world.act(reception, |phone, now| phone.dial_with("*58", &[(Name::Subject, INVOICE)], now));
    world.settle();
    assert_eq!(notes(&mut world, console), [INVOICE]);
}

#[test]
fn q20_a_message_to_the_code_sets_changes_and_takes_off_the_note() {
    let (mut world, reception, _) = talking();
    let console = console(&mut world);
    world.act(reception, |phone, now| phone.refer(0, "*68102", now));
    world.settle();
    let key = world.exchange.lot().calls()[0].key;
    let alice = world.phone("102", 12);
    assert_eq!(tells(&mut world, reception, &format!("*88102*{key}"), INVOICE), ok());
    assert_eq!(notes(&mut world, console), [INVOICE]);
    assert_eq!(tells(&mut world, alice, "*88", "is very angry"), ok(), "her own next one");
    assert_eq!(notes(&mut world, console), ["is very angry"]);
    assert_eq!(tells(&mut world, console, "*88102", " \r\n"), ok());
    assert_eq!(notes(&mut world, console), [""]);
}

#[test]
fn m4_the_retriever_is_told_the_note_beside_the_name_and_never_in_its_place() {
    let (mut world, _, _, console) = noted();
    world.act(console, |phone, now| phone.dial("*88102", now));
    world.settle();
    let bob = world.get(console);
    let (_, answer) = bob.answers.iter().rev().find(|(m, _)| *m == Method::Invite).unwrap();
    assert_eq!(subject(&answer.headers).as_deref(), Some(INVOICE));
    let name = answer.headers.asserted_identity().unwrap().display.clone();
    assert_eq!(name.as_deref(), Some("Alice Smith"));
    let update = bob.got.iter().find(|request| request.method == Method::Update).unwrap();
    assert_eq!(subject(&update.headers).as_deref(), Some(INVOICE));
    assert_eq!(bob.asserted().unwrap().0, "Alice Smith");
}

#[test]
fn m4_the_note_stays_when_the_call_is_parked_again_and_a_new_one_takes_its_place() {
    let (mut world, _, _, bob) = noted();
    world.act(bob, |phone, now| phone.dial("*88102", now));
    world.settle();
    world.act(bob, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    assert_eq!(notes(&mut world, bob), [INVOICE]);
    world.run_for(s(3));
    world.act(bob, |phone, now| phone.dial("*88", now));
    world.settle();
    world.act(bob, |phone, now| phone.refer_noted(1, "*68", "", now));
    world.settle();
    assert_eq!(notes(&mut world, bob), [""], "an empty subject takes it off");
}

#[test]
fn m4_a_recall_and_a_transfer_carry_the_note_to_whom_they_ring() {
    let (mut world, reception, _, bob) = noted();
    world.run_for(s(46));
    let index = world.get(reception).ringing().expect("it is recalled");
    let recall = world.get(reception).lines[index].invite.clone();
    assert_eq!(subject(&recall.headers).as_deref(), Some(INVOICE));
    assert_eq!(recall.headers.from().unwrap().display.as_deref(), Some("Park recall: Alice Smith"));
    let line = world.act(reception, |phone, now| phone.answer(now));
    world.settle();
    world.act(reception, |phone, now| phone.refer_noted(line, "103", "wants tea", now));
    world.settle();
    let index = world.get(bob).ringing().expect("it is transferred");
    let transfer = world.get(bob).lines[index].invite.clone();
    assert_eq!(subject(&transfer.headers).as_deref(), Some("wants tea"));
}

#[test]
fn m4_a_note_leaves_by_no_trunk() {
    let (mut world, _, _, bob) = noted();
    world.act(bob, |phone, now| phone.dial("*88102", now));
    world.settle();
    let outside = world.caller("+49891", "");
    let trunk: SocketAddr = "198.51.100.7:5060".parse().unwrap();
    let mut provider = world.handsets.remove(&outside).unwrap();
    provider.answer_with = Some(200);
    world.handsets.insert(trunk, provider);
    world.act(bob, |phone, now| phone.refer_noted(0, "0891", "the private line", now));
    world.settle();
    let asked = &world.handsets[&trunk].got;
    let invite = asked.iter().find(|request| request.method == Method::Invite).unwrap();
    assert!(!invite.to_bytes().windows(7).any(|w| w == b"private" || w == b"invoice"));
}

#[test]
fn m4_a_desk_phones_display_shows_the_note_behind_the_name_as_far_as_it_goes() {
    let (mut world, reception, _) = talking();
    let (desk, bob) = (world.phone("102", 12), world.phone("103", 13));
    for phone in [desk, bob] {
        world.act(phone, |phone, now| phone.subscribe("call-info", XML, now));
    }
    world.act(desk, |phone, now| phone.watch("*88102", "dialog", now));
    world.settle();
    world.act(reception, |phone, now| phone.refer_noted(0, "*58", INVOICE, now));
    world.settle();
    let told = |world: &mut World, phone| world.get(phone).notified("call-info").unwrap();
    let own = told(&mut world, desk);
    assert!(own.contains("display=\"Alice Smith: wants invoice 4711\""), "{own}");
    let others = told(&mut world, bob);
    assert!(others.contains("display=\"Alice Smith (at 102): wants inv…\""), "{others}");
    let lamp = world.get(desk).lamp("sip:*88102@office.example").pop().unwrap();
    assert!(lamp.contains("display=\"Alice Smith: wants invoice 4711\""), "{lamp}");
    assert_eq!(tells(&mut world, bob, "*88102", ""), ok());
    assert!(told(&mut world, desk).contains("display=\"Alice Smith\""));
    assert!(
        world
            .get(desk)
            .lamp("sip:*88102@office.example")
            .pop()
            .unwrap()
            .contains("\"Alice Smith\"")
    );
}

#[test]
fn q20_what_is_no_note_or_leads_nowhere_is_refused_in_words() {
    let (mut world, reception, _, _) = noted();
    let mut told = |code: &str, kind: &'static str, body: &[u8]| {
        world.act(reception, |phone, now| phone.note(code, kind, body, now));
        world.settle();
        world.get(reception).last_answer(&Method::Message)
    };
    let refused = |status, reason: &str| (status, reason.to_owned());
    let nothing = "no call is parked at extension 101";
    assert_eq!(told("*88101", "text/plain", b"x"), refused(404, nothing));
    let no_key = "no call with key 77 is parked at extension 102";
    assert_eq!(told("*88102*77", "text/plain", b"x"), refused(404, no_key));
    assert_eq!(told("*88999", "text/plain", b"x"), refused(404, "No extension 999"));
    let elsewhere = "Notes go to the code that fetches the call";
    assert_eq!(told("102", "text/plain", b"x"), refused(404, elsewhere));
    assert_eq!(told("*68102", "text/plain", b"x"), refused(404, elsewhere));
    assert_eq!(told("*88102", "text/html", b"<b>"), refused(415, "A note is plain text"));
    let (_, answer) = world.get(reception).answers.last().unwrap();
    let accepted = answer.headers.text(&Name::Accept).unwrap();
    assert_eq!(accepted, "text/plain, application/vnd.bellhop.admin+json");
    let mut told = |code: &str, kind: &'static str, body: &[u8]| {
        world.act(reception, |phone, now| phone.note(code, kind, body, now));
        world.settle();
        world.get(reception).last_answer(&Method::Message)
    };
    let long = vec![b'x'; 1_201];
    let too_long = "A note has at most 1200 octets";
    assert_eq!(told("*88102", "text/plain", &long), refused(413, too_long));
    assert_eq!(told("*88102", "text/plain;charset=UTF-8", b"y").0, 200);
}

#[test]
fn m4_a_hostile_note_commands_no_screen_and_breaks_no_message() {
    let (mut world, reception, _, console) = noted();
    let desk = world.phone("102", 12);
    world.act(desk, |phone, now| phone.subscribe("call-info", XML, now));
    world.settle();
    let hostile = "\u{1b}[2J<&\">\r\nVia: evil\u{202e}\u{ffff}\0";
    assert_eq!(tells(&mut world, reception, "*88102", hostile), ok());
    assert_eq!(notes(&mut world, console), ["<&\"> Via: evil"]);
    let told = world.get(desk).notified("call-info").unwrap();
    assert!(told.contains("Alice Smith: &lt;&amp;&quot;&gt; Via: evil"), "{told}");
    world.act(console, |phone, now| phone.dial("*88102", now));
    world.settle();
    let (_, answer) = world.get(console).answers.last().unwrap().clone();
    assert_eq!(subject(&answer.headers).as_deref(), Some("<&\"> Via: evil"));
}

#[test]
fn m4_nobody_from_outside_writes_notes() {
    let (mut world, _, alice, console) = noted();
    assert_eq!(tells(&mut world, alice, "*88102", "x").0, 403);
    world.get(console).from_host = "office.example".to_owned();
    let stranger = world.unregistered("104", 66);
    world.get(stranger).instead.clear();
    world.handsets.insert(
        stranger,
        crate::handset::Handset::with_password(
            "104",
            "wrong",
            stranger,
            bellhop::domain::chance::Chance::from_seed(9),
        ),
    );
    assert_eq!(tells(&mut world, stranger, "*88102", "x").0, 401);
    assert_eq!(notes(&mut world, console), [INVOICE]);
}

#[test]
fn m4_the_note_outlives_the_office() {
    let (mut world, _, _, console) = noted();
    world.restart(s(5));
    world.settle();
    world.act(console, |phone, now| phone.dial("*88102", now));
    world.settle();
    let (_, answer) = world.get(console).answers.last().unwrap().clone();
    assert_eq!(subject(&answer.headers).as_deref(), Some(INVOICE));
}

#[test]
fn m4_a_transfer_of_two_calls_to_each_other_takes_a_subject() {
    let (mut world, reception, alice) = talking();
    let bob = world.phone("103", 13);
    world.get(bob).answer_with = Some(200);
    world.act(reception, |phone, now| phone.hold(0, true, now));
    world.settle();
    let other = world.act(reception, |phone, now| phone.dial("103", now));
    world.settle();
    world.act(reception, |phone, now| phone.refer_attended_noted(0, other, INVOICE, now));
    world.settle();
    assert_eq!(world.hears(alice), person(bob));
    let update = world.get(bob).got.iter().find(|r| r.method == Method::Update).unwrap();
    assert_eq!(subject(&update.headers).as_deref(), Some(INVOICE));
    let watcher = world.phone("104", 14);
    world.act(watcher, |phone, now| phone.subscribe(EVENT_PACKAGE, MIME_TYPE, now));
    world.act(bob, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    assert_eq!(notes(&mut world, watcher), [INVOICE]);
}

#[test]
fn m4_a_transfer_to_somebody_who_still_rings_takes_a_subject() {
    let (mut world, reception, alice) = talking();
    let bob = world.phone("103", 13);
    world.act(reception, |phone, now| phone.hold(0, true, now));
    world.settle();
    let other = world.act(reception, |phone, now| phone.dial("103", now));
    world.settle();
    world.act(reception, |phone, now| phone.refer_attended_noted(0, other, INVOICE, now));
    world.settle();
    world.act(bob, |phone, now| {
        phone.answer(now);
    });
    world.settle();
    assert_eq!(world.hears(alice), person(bob));
    let update = world.get(bob).got.iter().find(|r| r.method == Method::Update).unwrap();
    assert_eq!(subject(&update.headers).as_deref(), Some(INVOICE));
}

#[test]
fn m4_a_ringing_call_sent_to_the_park_code_takes_a_subject_in_its_address() {
    let mut world = World::open();
    let reception = world.phone("101", 11);
    let console = console(&mut world);
    let caller = world.caller("+3386002678", "Alice Smith");
    world.act(caller, |phone, now| phone.dial("1", now));
    world.settle();
    let to = "*68102@office.example?Subject=wants%20invoice%204711";
    world.act(reception, |phone, now| phone.redirect(to, now));
    world.settle();
    assert_eq!(world.hears(caller), Heard::Music);
    assert_eq!(notes(&mut world, console), [INVOICE]);
    // The recall goes back with another one.
    world.run_for(s(46));
    world.act(reception, |phone, now| phone.redirect("*68@office.example?Subject=", now));
    world.settle();
    assert_eq!(notes(&mut world, console), [""]);
}

#[test]
fn m4_who_takes_a_recall_whose_note_was_taken_off_meanwhile_is_told_so() {
    let (mut world, reception, _, console) = noted();
    world.run_for(s(46));
    let index = world.get(reception).ringing().unwrap();
    let recall = world.get(reception).lines[index].invite.clone();
    assert_eq!(subject(&recall.headers).as_deref(), Some(INVOICE));
    assert_eq!(tells(&mut world, console, "*88102", ""), ok());
    world.act(reception, |phone, now| {
        phone.answer(now);
    });
    world.settle();
    let update = world.get(reception).got.iter().rev().find(|r| r.method == Method::Update);
    assert_eq!(subject(&update.unwrap().headers).as_deref(), Some(""));
}
