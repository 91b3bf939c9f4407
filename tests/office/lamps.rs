//! Lamps on phones' keys (`Event: dialog`): colleagues' calls, and whether
//! somebody is parked where a code leads.

use std::net::SocketAddr;

use bellhop::domain::device::{Mac, Make};
use bellhop::domain::habits::{Habits, LampWord};
use bellhop::exchange::settings::DeviceSettings;
use bellhop::sip::wire::{Method, Name};
use roxmltree::{Document, Node};

use crate::world::*;

const CALL_PARK: &str = "http://schema.broadsoft.com/callpark";

/// What a lamp was last told, read by somebody else's XML reader.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Lamp {
    version: u32,
    /// State, direction; by dialog.
    dialogs: Vec<(String, String)>,
    /// The name and number shown, and what the key dials.
    who: Option<(String, String, String)>,
    /// The name in `bw:callpark`.
    call_park: Option<String>,
}

fn lamp(world: &mut World, phone: SocketAddr, user: &str) -> Lamp {
    let told = world.get(phone).lamp(&format!("sip:{user}@{DOMAIN}"));
    read(told.last().unwrap_or_else(|| panic!("{user} was never told of")))
}

fn read(body: &str) -> Lamp {
    let document = Document::parse(body).unwrap();
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "dialog-info");
    assert_eq!(root.tag_name().namespace(), Some("urn:ietf:params:xml:ns:dialog-info"));
    assert_eq!(root.attribute("state"), Some("full"));
    let dialogs: Vec<Node> = root.children().filter(|n| n.has_tag_name(name("dialog"))).collect();
    for dialog in &dialogs {
        for pickable in ["call-id", "local-tag", "remote-tag"] {
            assert_eq!(dialog.attribute(pickable), None, "{body}");
        }
    }
    let all =
        |wanted: &'static str| root.descendants().filter(move |n| n.has_tag_name(name(wanted)));
    let who = all("remote").next().map(|remote| {
        let child =
            |of: &'static str| remote.children().find(|n| n.has_tag_name(name(of))).unwrap();
        let (identity, target) = (child("identity"), child("target"));
        let display = identity.attribute("display").unwrap();
        let dials = target.attribute("uri").unwrap();
        (display.to_owned(), identity.text().unwrap().to_owned(), dials.to_owned())
    });
    let identity = root.descendants().find(|n| n.has_tag_name((CALL_PARK, "identity")));
    let call_park = identity.map(|identity| {
        let parents: Vec<_> = identity.ancestors().skip(1).take(3).collect();
        assert!(parents[0].has_tag_name((CALL_PARK, "parked")), "{body}");
        assert!(parents[1].has_tag_name((CALL_PARK, "callpark")), "{body}");
        assert!(parents[2].has_tag_name(name("dialog")), "{body}");
        assert!(body.contains("<bw:callpark>"), "Yealink looks for the prefix");
        identity.attribute("display").unwrap().to_owned()
    });
    Lamp {
        version: root.attribute("version").unwrap().parse().unwrap(),
        dialogs: dialogs
            .iter()
            .map(|dialog| {
                let direction = dialog.attribute("direction").unwrap_or_default();
                (state_of(dialog), direction.to_owned())
            })
            .collect(),
        who,
        call_park,
    }
}

fn state_of(dialog: &Node) -> String {
    let state = dialog.children().find(|n| n.has_tag_name(name("state"))).unwrap();
    state.text().unwrap().to_owned()
}

fn name(of: &'static str) -> (&'static str, &'static str) {
    ("urn:ietf:params:xml:ns:dialog-info", of)
}

fn states(lamp: &Lamp) -> Vec<(&str, &str)> {
    lamp.dialogs.iter().map(|(state, direction)| (state.as_str(), direction.as_str())).collect()
}

fn watch(world: &mut World, phone: SocketAddr, users: &[&str]) {
    for user in users {
        world.act(phone, |phone, now| phone.watch(user, "dialog", now));
        world.settle();
        assert_eq!(world.get(phone).last_answer(&Method::Subscribe).0, 200, "{user}");
    }
}

/// A phone that calls itself `agent`.
fn phone_of(world: &mut World, extension: &str, host: u8, agent: &'static str) -> SocketAddr {
    let at = world.unregistered(extension, host);
    world.get(at).agent = agent;
    world.act(at, |phone, now| phone.register(3600, now));
    world.settle();
    at
}

const FREE: [(&str, &str); 1] = [("terminated", "")];

#[test]
fn s44_the_key_of_a_place_flashes_while_a_caller_waits_there_and_says_who() {
    let (mut world, reception, _) = crate::calls::talking();
    let desk = phone_of(&mut world, "102", 12, "Fanvil X5U-V2 2.12.16.17 0c383e557eb1");
    watch(&mut world, desk, &["*68102", "*88102", "*68"]);
    for user in ["*68102", "*88102", "*68"] {
        let free = lamp(&mut world, desk, user);
        assert_eq!((free.version, states(&free)), (0, FREE.to_vec()), "{user}");
    }
    world.act(reception, |phone, now| phone.refer(0, "*68102", now));
    world.settle();
    let identity = format!("sip:+3386002678@{DOMAIN}");
    let who = ("Alice Smith".to_owned(), identity, format!("sip:*88102@{DOMAIN}"));
    for user in ["*68102", "*88102", "*68"] {
        let lit = lamp(&mut world, desk, user);
        assert_eq!((lit.version, states(&lit)), (1, vec![("early", "recipient")]), "{user}");
        assert_eq!(lit.who.as_ref(), Some(&who), "{user}");
    }
    let colleague = world.phone("104", 14);
    world.act(colleague, |phone, now| phone.dial("*88102", now));
    world.settle();
    for user in ["*68102", "*88102", "*68"] {
        let free = lamp(&mut world, desk, user);
        assert_eq!((free.version, states(&free)), (2, FREE.to_vec()), "{user}");
    }
}

#[test]
fn s44_each_make_is_told_in_the_word_that_makes_its_lamp_flash() {
    let device = |mac: &str, lamp| DeviceSettings {
        make: Make::Yealink,
        mac: Mac::parse(mac).unwrap(),
        habits: Habits { lamp: Some(lamp), ..Habits::default() },
    };
    let mut settings = settings();
    settings.extensions.get_mut(&ext("104")).unwrap().devices = vec![
        device("805e0c112233", LampWord::Parked),
        device("805e0c112244", LampWord::CallPark),
        device("805e0c112255", LampWord::Early),
    ];
    let cases = [
        ("Grandstream GRP2614 1.0.5.15", "early", false),
        ("Htek UC926 2.0.4.2", "early", false),
        ("Dinstar C66 2.66.6.9.7", "early", false),
        ("OBIHAI/OBi1062-5.1.11", "early", false),
        ("snomD785/10.1.204", "confirmed", false),
        ("Yealink SIP-T54W 96.86.0.118", "confirmed", false),
        ("Yealink SIP-T54W 96.86.0.118 80:5e:0c:11:22:33", "parked", false),
        ("Yealink SIP-T54W 96.86.0.118 805e0c112244", "confirmed", true),
        ("Yealink SIP-T54W 96.86.0.118 805e0c112255", "early", false),
    ];
    let mut world = World::with(settings, 1);
    let (reception, _) = crate::calls::talking_in(&mut world);
    let mut phones = Vec::new();
    for ((agent, ..), host) in cases.iter().zip(40..) {
        let phone = phone_of(&mut world, "104", host, agent);
        watch(&mut world, phone, &["*68101"]);
        phones.push(phone);
    }
    world.act(reception, |phone, now| phone.refer(0, "*68", now));
    world.settle();
    for ((agent, word, call_park), phone) in cases.iter().zip(phones) {
        let lit = lamp(&mut world, phone, "*68101");
        assert_eq!(states(&lit), [(*word, "recipient")], "{agent}");
        let named = lit.call_park.as_deref();
        assert_eq!(named, call_park.then_some("Alice Smith"), "{agent}");
        let told = world.get(phone).lamp(&format!("sip:*68101@{DOMAIN}")).pop().unwrap();
        // As a call on hold: only where the place is to look like a conversation.
        let held = told.contains("+sip.rendering");
        assert_eq!(held, *word == "confirmed" && !call_park, "{agent}");
    }
}

#[test]
fn a_colleagues_key_shows_ringing_talking_and_free() {
    let mut world = World::open();
    let (bob, carol, desk) =
        (world.phone("103", 13), world.phone("104", 14), world.phone("102", 12));
    watch(&mut world, desk, &["103", "104"]);
    assert_eq!(states(&lamp(&mut world, desk, "103")), FREE);

    world.act(carol, |phone, now| phone.dial("103", now));
    world.settle();
    assert_eq!(states(&lamp(&mut world, desk, "103")), [("early", "recipient")]);
    assert_eq!(states(&lamp(&mut world, desk, "104")), [("early", "initiator")]);

    world.act(bob, |phone, now| phone.answer(now));
    world.settle();
    assert_eq!(states(&lamp(&mut world, desk, "103")), [("confirmed", "recipient")]);
    assert_eq!(states(&lamp(&mut world, desk, "104")), [("confirmed", "initiator")]);

    world.act(bob, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(states(&lamp(&mut world, desk, "103")), FREE);
    assert_eq!(states(&lamp(&mut world, desk, "104")), FREE);
    let told = world.get(desk).lamp(&format!("sip:103@{DOMAIN}"));
    let versions: Vec<u32> = told.iter().map(|body| read(body).version).collect();
    assert_eq!(versions, [0, 1, 2, 3], "one after the other, and nothing twice");
}

#[test]
fn a_second_call_shows_beside_the_first() {
    let (mut world, reception, _) = crate::calls::talking();
    let desk = world.phone("102", 12);
    watch(&mut world, desk, &["101"]);
    world.get(reception).answer_with = None;
    let second = world.caller("+332", "Zoe");
    world.act(second, |phone, now| phone.dial("1", now));
    world.settle();
    let both = [("confirmed", "recipient"), ("early", "recipient")];
    assert_eq!(states(&lamp(&mut world, desk, "101")), both);
    world.act(second, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(states(&lamp(&mut world, desk, "101")), [("confirmed", "recipient")]);
}

#[test]
fn m10_a_colleagues_key_shows_a_parked_call_only_to_makes_that_know_such() {
    let (mut world, reception, alice) = crate::calls::talking();
    let yealink = phone_of(&mut world, "102", 12, "Yealink SIP-T54W 96.86.0.118");
    let snom = phone_of(&mut world, "104", 14, "snomD785/10.1.204");
    for phone in [yealink, snom] {
        watch(&mut world, phone, &["103"]);
    }
    world.act(reception, |phone, now| phone.refer(0, "*68103", now));
    world.settle();
    let lit = lamp(&mut world, yealink, "103");
    assert_eq!(states(&lit), [("confirmed", "recipient")]);
    assert_eq!(lit.call_park.as_deref(), Some("Alice Smith"));
    assert_eq!(world.get(snom).lamp(&format!("sip:103@{DOMAIN}")).len(), 1, "nothing new to it");

    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(states(&lamp(&mut world, yealink, "103")), FREE);
}

#[test]
fn s42_the_group_key_and_the_fetch_key_show_what_they_would_fetch_and_where_it_is() {
    let (mut world, reception, _) = crate::calls::talking();
    let (bob, desk) = (world.phone("103", 13), world.phone("102", 12));
    let carol = world.phone("104", 14);
    for phone in [bob, desk, carol] {
        watch(&mut world, phone, &["*58", "*88"]);
    }
    // Zoe waits at 102 already: she is fetched there first.
    world.get(reception).answer_with = Some(200);
    let zoe = world.caller("+332", "Zoe");
    world.act(zoe, |phone, now| phone.dial("1", now));
    world.settle();
    world.act(reception, |phone, now| phone.refer(1, "*68103", now));
    world.settle();
    world.act(reception, |phone, now| phone.refer(0, "*58", now));
    world.settle();
    let who = |name: &str, code: &str| {
        let identity = format!("sip:+3386002678@{DOMAIN}");
        Some((name.to_owned(), identity, format!("sip:{code}@{DOMAIN}")))
    };
    assert_eq!(lamp(&mut world, bob, "*58").who, who("Alice Smith (at 102)", "*88102"));
    assert_eq!(lamp(&mut world, desk, "*58").who, who("Alice Smith", "*88102"));
    assert_eq!(lamp(&mut world, desk, "*88").who, who("Alice Smith", "*88102"));
    let own = lamp(&mut world, bob, "*88").who.unwrap();
    assert_eq!((own.0.as_str(), own.2.as_str()), ("Zoe", &*format!("sip:*88103@{DOMAIN}")));
    assert_eq!(states(&lamp(&mut world, carol, "*58")), FREE, "another's group");
    assert_eq!(states(&lamp(&mut world, carol, "*88")), FREE);
}

#[test]
fn s42_a_group_parked_call_behind_another_is_fetched_by_its_key() {
    let (mut world, reception, _) = crate::calls::talking();
    let (bob, _desk) = (world.phone("103", 13), world.phone("102", 12));
    watch(&mut world, bob, &["*58"]);
    world.get(reception).answer_with = Some(200);
    // Bob's place has two calls, so the group's goes behind Alice's one.
    for (place, line) in ["*68103", "*68103", "*68102"].into_iter().zip(1..) {
        let zoe = world.caller("+332", "Zoe");
        world.act(zoe, |phone, now| phone.dial("1", now));
        world.settle();
        world.act(reception, |phone, now| phone.refer(line, place, now));
        world.settle();
    }
    world.act(reception, |phone, now| phone.refer(0, "*58", now));
    world.settle();
    let key = world.exchange.lot().calls()[3].key;
    let code = lamp(&mut world, bob, "*58").who.unwrap().2;
    assert_eq!(code, format!("sip:*88102*{key}@{DOMAIN}"));
    let carol = world.phone("104", 14);
    world.act(carol, |phone, now| phone.dial(&format!("*88102*{key}"), now));
    world.settle();
    assert_eq!(world.get(carol).asserted().unwrap().0, "Alice Smith");
}

#[test]
fn anybody_of_the_office_may_watch_a_colleague_and_nobody_what_there_is_not() {
    let mut world = World::open();
    let desk = world.phone("102", 12);
    let cases = [
        ("104", "dialog", 200),
        ("102", "dialog", 200),
        ("*68104#", "dialog", 200),
        ("199", "dialog", 404),
        ("*68199", "dialog", 404),
        ("*88104*7", "dialog", 404),
        ("*78", "dialog", 404),
        ("0301234567", "dialog", 404),
        ("104", "call-info", 403),
        ("104", "park-info", 403),
        ("104", "line-seize", 403),
        ("104", "x-bellhop-park", 403),
        ("102", "refer", 403),
        ("102", "as-feature-event", 489),
        ("102", "presence", 489),
    ];
    for (user, event, status) in cases {
        world.act(desk, |phone, now| phone.watch(user, event, now));
        world.settle();
        assert_eq!(world.get(desk).last_answer(&Method::Subscribe).0, status, "{event} {user}");
    }
    let told = world.get(desk).answers.last().unwrap().1.headers.tokens(&Name::AllowEvents);
    let all = ["call-info", "dialog", "line-seize", "park-info", "refer", "x-bellhop-park"];
    assert_eq!(told, all);
}

/// The desk watches 103's place and hears nothing while a call is parked
/// there, fetched, and perhaps parked again; then ten seconds pass.
fn parked_and_fetched_while_deaf(and_parked_again: bool) -> (World, SocketAddr) {
    let (mut world, reception, _) = crate::calls::talking();
    let desk = world.phone("102", 12);
    watch(&mut world, desk, &["*68103"]);
    let colleague = world.phone("104", 14);
    let deaf = world.handsets.remove(&desk).unwrap();
    world.act(reception, |phone, now| phone.refer(0, "*68103", now));
    world.run_for(s(1));
    world.act(colleague, |phone, now| phone.dial("*88103", now));
    world.run_for(s(1));
    if and_parked_again {
        world.act(colleague, |phone, now| phone.refer(0, "*68103", now));
        world.run_for(s(1));
    }
    world.handsets.insert(desk, deaf);
    world.run_for(s(10));
    (world, desk)
}

#[test]
fn m3_while_a_notify_is_on_its_way_only_the_newest_state_follows() {
    let (mut world, desk) = parked_and_fetched_while_deaf(true);
    let told = world.get(desk).lamp(&format!("sip:*68103@{DOMAIN}"));
    let told: Vec<Lamp> = told.iter().map(|body| read(body)).collect();
    let versions: Vec<(u32, &str)> =
        told.iter().map(|lamp| (lamp.version, lamp.dialogs[0].0.as_str())).collect();
    // What it is told late is true again meanwhile, and so need not be repeated.
    assert_eq!(versions, [(0, "terminated"), (1, "confirmed")]);
}

#[test]
fn m3_what_changed_while_a_notify_was_on_its_way_is_told_next() {
    let (mut world, desk) = parked_and_fetched_while_deaf(false);
    let lit = lamp(&mut world, desk, "*68103");
    assert_eq!((lit.version, states(&lit)), (2, FREE.to_vec()));
    assert_eq!(world.get(desk).lamp(&format!("sip:*68103@{DOMAIN}")).len(), 3);
}

#[test]
fn m3_a_renewal_is_told_everything_and_an_ended_subscription_once_more() {
    let (mut world, reception, _) = crate::calls::talking();
    let desk = world.phone("102", 12);
    watch(&mut world, desk, &["*68103"]);
    let answer = world.get(desk).answers.last().unwrap().1.clone();
    world.act(reception, |phone, now| phone.refer(0, "*68103", now));
    world.settle();
    world.act(desk, |phone, now| phone.watch_on(&answer, 9, 600, now));
    world.settle();
    let lit = lamp(&mut world, desk, "*68103");
    assert_eq!((lit.version, states(&lit)), (2, vec![("confirmed", "recipient")]));

    world.act(desk, |phone, now| phone.watch_on(&answer, 10, 0, now));
    world.settle();
    assert_eq!(lamp(&mut world, desk, "*68103").version, 3);
    let last = world.get(desk).got.last().unwrap().clone();
    let state = last.headers.text(&Name::SubscriptionState).unwrap().into_owned();
    assert_eq!(state, "terminated;reason=timeout");
    let told = world.get(desk).got.len();
    world.act(reception, |phone, now| phone.dial("*88103", now));
    world.run_for(s(2));
    assert_eq!(world.get(desk).got.len(), told, "nothing more is told");
}

#[test]
fn m3_a_subscription_that_nobody_renews_ends_in_words() {
    let mut world = World::open();
    let desk = world.phone("102", 12);
    watch(&mut world, desk, &["103"]);
    world.run_for(s(1801));
    let last = world.get(desk).got.last().unwrap().clone();
    let state = last.headers.text(&Name::SubscriptionState).unwrap().into_owned();
    assert_eq!(state, "terminated;reason=timeout");
    assert_eq!(lamp(&mut world, desk, "103").version, 1);
}

#[test]
fn m3_lamps_are_right_after_a_restart_and_their_numbers_go_on() {
    let (mut world, reception, alice) = crate::calls::talking();
    let yealink = phone_of(&mut world, "102", 12, "Yealink SIP-T54W 96.86.0.118");
    watch(&mut world, yealink, &["*68103", "103", "101"]);
    world.act(reception, |phone, now| phone.refer(0, "*68103", now));
    world.settle();
    let before = lamp(&mut world, yealink, "*68103").version;
    world.restart(s(20));
    world.run_for(s(1));
    let lit = lamp(&mut world, yealink, "*68103");
    assert!(lit.version > before + 1_000, "{lit:?}");
    assert_eq!(lit.who.unwrap().0, "Alice Smith");
    assert_eq!(lamp(&mut world, yealink, "103").call_park.as_deref(), Some("Alice Smith"));
    assert_eq!(states(&lamp(&mut world, yealink, "101")), FREE);
    world.act(alice, |phone, now| phone.hang_up(0, now));
    world.settle();
    assert_eq!(states(&lamp(&mut world, yealink, "*68103")), FREE);
}

#[test]
fn names_with_any_characters_leave_a_lamps_document_well_formed() {
    let names = [
        "Zoë <&> \"Müller\" ]]>",
        "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]>&y;",
        "نرگس\u{200c}ها \u{202e}x",
        "\u{fffe}\u{ffff}\u{1b}[31mred\u{0}",
        "湯川秀樹 & Söhne 🦊 with a very long name that goes on and on",
        "'-->",
    ];
    for raw in names {
        let mut world = World::open();
        let reception = world.phone("101", 11);
        let yealink = phone_of(&mut world, "102", 12, "Yealink SIP-T54W 96.86.0.118");
        watch(&mut world, yealink, &["*68102", "102", "*58"]);
        world.get(reception).answer_with = Some(200);
        let caller = world.caller("+331", raw);
        world.act(caller, |phone, now| phone.dial("1", now));
        world.settle();
        world.act(reception, |phone, now| phone.refer(0, "*58", now));
        world.settle();
        let view = world.exchange.park_table(&ext("102")).calls[0].clone();
        let shown = view.caller.name.fit(32);
        assert_eq!(lamp(&mut world, yealink, "*68102").who.unwrap().0, shown, "{raw}");
        assert_eq!(lamp(&mut world, yealink, "102").call_park, Some(shown), "{raw}");
    }
}

#[test]
fn a_withheld_number_is_shown_to_no_lamp() {
    let mut world = World::open();
    let (reception, desk) = (world.phone("101", 11), world.phone("102", 12));
    watch(&mut world, desk, &["*68102"]);
    world.get(reception).answer_with = Some(200);
    let caller = world.caller("anonymous", "Anonymous");
    world.act(caller, |phone, now| phone.dial("1", now));
    world.settle();
    world.act(reception, |phone, now| phone.refer(0, "*68102", now));
    world.settle();
    let (_, number, dials) = lamp(&mut world, desk, "*68102").who.unwrap();
    assert_eq!(number, "sip:anonymous@anonymous.invalid");
    assert_eq!(dials, format!("sip:*88102@{DOMAIN}"));
}

#[test]
fn m3_lamps_end_up_right_in_any_weather() {
    for seed in 0..12 {
        let mut world = World::with(settings(), seed);
        let (reception, _) = crate::calls::talking_in(&mut world);
        let desk = phone_of(&mut world, "102", 12, "Yealink SIP-T54W 96.86.0.118");
        let colleague = world.phone("104", 14);
        watch(&mut world, desk, &["*68103", "103", "104", "101"]);
        world.weather =
            Weather { loss: 15, doubled: 10, jitter: std::time::Duration::from_millis(80) };
        for round in 0..3 {
            let parker = if round == 0 { reception } else { colleague };
            let line = world.get(parker).lines.len() - 1;
            world.act(parker, |phone, now| phone.refer(line, "*68103", now));
            world.run_for(s(2 + seed as u64 % 3));
            world.act(colleague, |phone, now| phone.dial("*88103", now));
            world.run_for(s(3));
        }
        world.weather = Weather::default();
        world.run_for(s(40));
        let parked = world.exchange.lot().at(&ext("103")).count() > 0;
        let talks = |of: &str| {
            let mut legs = world.exchange.legs();
            legs.any(|leg| leg.extension() == Some(&ext(of)) && leg.is_up())
        };
        let truth = (parked, talks("104"), talks("101"));
        let lit = |lamp: Lamp| lamp.dialogs[0].0 != "terminated";
        let shown = (
            lit(lamp(&mut world, desk, "*68103")),
            lit(lamp(&mut world, desk, "104")),
            lit(lamp(&mut world, desk, "101")),
        );
        assert_eq!(shown, truth, "seed {seed}");
        assert_eq!(lamp(&mut world, desk, "103").call_park.is_some(), parked, "seed {seed}");
    }
}

#[test]
fn a_phone_that_believes_its_line_shared_may_dial() {
    let mut world = World::open();
    let desk = world.phone("102", 12);
    world.act(desk, |phone, now| phone.subscribe_for("15", "line-seize", "", now));
    world.settle();
    let answer = world.get(desk).answers.last().unwrap().1.clone();
    assert_eq!((answer.status, answer.headers.expires()), (200, Some(15)));
    let call_info = |world: &mut World| {
        let last = world.get(desk).got.last().unwrap().clone();
        last.headers.text(&Name::CallInfo).unwrap().into_owned()
    };
    let seized = format!("<sip:{DOMAIN}>;appearance-index=1;appearance-state=seized");
    assert_eq!(call_info(&mut world), seized);
    world.run_for(s(16));
    assert_eq!(call_info(&mut world), seized.replace("seized", "idle"));

    world.act(desk, |phone, now| phone.subscribe_for("3600", "line-seize", "", now));
    world.settle();
    assert_eq!(world.get(desk).answers.last().unwrap().1.headers.expires(), Some(30));
}

#[test]
fn a_phone_may_ask_for_park_info_by_its_name() {
    let (mut world, reception, _) = crate::calls::talking();
    let desk = world.phone("102", 12);
    world.act(desk, |phone, now| phone.subscribe("park-info", "", now));
    world.settle();
    assert!(world.get(desk).notified("park-info").unwrap().contains("<callpark/>"));
    world.act(reception, |phone, now| phone.refer(0, "*68102", now));
    world.settle();
    assert!(world.get(desk).notified("park-info").unwrap().contains("Alice Smith"));
}
