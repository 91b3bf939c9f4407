//! Consoles that are told what is different, instead of everything again.

use std::net::SocketAddr;
use std::time::Duration;

use bellhop::domain::caller_name::CallerName;
use bellhop::domain::chance::Chance;
use bellhop::domain::park_table::{
    CHANGES_MIME_TYPE, EVENT_PACKAGE, MIME_TYPE, ParkChanges, ParkTable,
};
use bellhop::domain::time::Moment;
use bellhop::exchange::settings::Settings;
use bellhop::sip::wire::{Method, Request};

use crate::handset::LineState;
use crate::world::*;

const BOTH: &str = "application/vnd.bellhop.park+json, application/vnd.bellhop.park-changes+json";

/// What a console makes of all that it has been told.
struct Reader {
    at: SocketAddr,
    read: usize,
    table: ParkTable,
    table_at: Moment,
    wholes: usize,
    changes: Vec<ParkChanges>,
}

impl Reader {
    fn at(world: &mut World, extension: &str, host: u8) -> Self {
        let at = world.phone(extension, host);
        world.act(at, |phone, now| phone.subscribe(EVENT_PACKAGE, BOTH, now));
        world.settle();
        let (table, changes) = (ParkTable::default(), Vec::new());
        Self { at, read: 0, table, table_at: world.now, wholes: 0, changes }
    }

    fn catch_up(&mut self, world: &mut World) {
        let got = &world.get(self.at).got;
        let news: Vec<Request> =
            got[self.read..].iter().filter(|r| r.method == Method::Notify).cloned().collect();
        self.read = got.len();
        for notify in news {
            let kind = notify.headers.content_type().unwrap();
            if kind == MIME_TYPE {
                self.table = serde_json::from_slice(&notify.body).unwrap();
                self.wholes += 1;
            } else {
                assert_eq!(kind, CHANGES_MIME_TYPE);
                let changes: ParkChanges = serde_json::from_slice(&notify.body).unwrap();
                self.changes.push(changes.clone());
                assert!(self.table.change(changes), "it comes after what was told before");
            }
        }
        self.table_at = world.now;
    }

    /// All but what the clocks show, which the messages' ways make imprecise.
    fn agrees_with(&self, world: &World, whom: &str) {
        let timeless = |mut table: ParkTable| {
            table.edition = 0;
            for call in &mut table.calls {
                call.waited_ms = 0;
                call.next.iter_mut().for_each(|next| next.in_ms = 0);
            }
            table
        };
        let truth = world.exchange.park_table(&ext(whom));
        assert_eq!(timeless(self.table.clone()), timeless(truth));
    }
}

fn one_step(
    world: &mut World,
    chance: &mut Chance,
    phones: &[SocketAddr],
    callers: &mut Vec<SocketAddr>,
) {
    let colleague = phones[chance.below(3) as usize];
    match chance.below(9) {
        0 | 1 => {
            let number = format!("+3312345{}", callers.len());
            let caller = world.caller(&number, "Alice Smith");
            world.act(caller, |phone, now| phone.dial("1", now));
            callers.push(caller);
        }
        2..=4 => {
            let code = ["*68", "*68102", "*68104", "*58"][chance.below(4) as usize];
            let lines = &world.get(colleague).lines;
            if let Some(line) = lines.iter().position(|line| line.state == LineState::Up) {
                world.act(colleague, |phone, now| phone.refer(line, code, now));
            }
        }
        5 => {
            let code = ["*88", "*88102", "*88104"][chance.below(3) as usize];
            world.act(colleague, |phone, now| phone.dial(code, now));
        }
        6 => {
            if let Some(caller) = callers.pop() {
                world.act(caller, |phone, now| phone.hang_up(0, now));
            }
        }
        7 => {
            let code = ["*78", "*79"][chance.below(2) as usize];
            world.act(colleague, |phone, now| phone.dial(code, now));
        }
        _ => world.run_for(s(10 + chance.below(50))),
    }
}

#[test]
fn what_a_console_makes_of_the_differences_is_the_whole_table() {
    let (mut differences, mut parked_at_once) = (0, 0);
    for seed in 0..25 {
        let mut chance = Chance::from_seed(seed);
        let mut world = World::with(settings(), seed);
        world.more_ports(300);
        let phones = [("101", 11), ("102", 12), ("103", 13)]
            .map(|(extension, host)| world.phone(extension, host));
        phones.iter().for_each(|phone| world.get(*phone).answer_with = Some(200));
        let mut console = Reader::at(&mut world, "104", 14);
        let mut callers = Vec::new();
        world.weather = Weather { loss: 5, doubled: 5, ..Weather::default() };
        for step in 0..60 {
            if step == 40 {
                world.restart(s(2));
            }
            one_step(&mut world, &mut chance, &phones, &mut callers);
            world.run_for(Duration::from_millis(chance.below(400)));
            console.catch_up(&mut world);
            parked_at_once = parked_at_once.max(console.table.calls.len());
        }
        world.weather = Weather::default();
        world.run_for(s(8));
        console.catch_up(&mut world);
        console.agrees_with(&world, "104");
        differences += console.changes.len();
        assert!(console.wholes < 8, "seed {seed}: whole only at the start and after a restart");
    }
    assert!(differences > 500, "{differences}");
    assert!(parked_at_once >= 3, "{parked_at_once}");
}

/// What a phone was told last of each thing it watches, but for the numbers of
/// the documents.
fn shown(world: &mut World, phone: SocketAddr) -> Vec<String> {
    let phone = world.get(phone);
    let lamps = LAMPS.iter().map(|code| {
        let told = phone.lamp(&format!("sip:{code}@{DOMAIN}")).pop().unwrap();
        told.split_once(" state=\"full\"").unwrap().1.to_owned()
    });
    lamps.chain(phone.notified("call-info")).collect()
}

const LAMPS: [&str; 4] = ["*58", "*88", "*68102", "104"];

fn watch_all(world: &mut World, phone: SocketAddr) {
    for code in LAMPS {
        world.act(phone, |phone, now| phone.watch(code, "dialog", now));
    }
    let xml = "application/x-broadworks-callpark-info+xml";
    world.act(phone, |phone, now| phone.subscribe("call-info", xml, now));
}

fn some_change(chance: &mut Chance, settings: &mut Settings) {
    let members: [&[&str]; 4] =
        [&["101", "102", "103"], &["101", "103"], &["102"], &["104", "103"]];
    let group = &mut settings.groups[0];
    match chance.below(4) {
        0 | 1 => {
            let members = members[chance.below(4) as usize];
            group.members = members.iter().map(|member| ext(member)).collect();
        }
        2 => group.name = CallerName::clean(["Front desk", "Desk"][chance.below(2) as usize]),
        _ => group.recall.after = s(20 + chance.below(60)),
    }
}

#[test]
fn phones_and_consoles_show_the_truth_though_members_timers_and_notes_change() {
    let (mut noted, mut lit, mut of_those_gone) = (0, 0, 0);
    for seed in 0..8 {
        let mut chance = Chance::from_seed(seed);
        let mut world = World::with(settings(), seed);
        world.more_ports(300);
        let phones = [("101", 11), ("102", 12), ("103", 13)]
            .map(|(extension, host)| world.phone(extension, host));
        for phone in phones {
            world.get(phone).answer_with = Some(200);
            watch_all(&mut world, phone);
        }
        let mut console = Reader::at(&mut world, "104", 14);
        let mut callers = Vec::new();
        for step in 0..60 {
            one_step(&mut world, &mut chance, &phones, &mut callers);
            match chance.below(4) {
                0 => {
                    let (code, note) = [("*88102", "is angry"), ("*88", "")][step % 2];
                    let by = phones[chance.below(3) as usize];
                    world
                        .act(by, |phone, now| phone.note(code, "text/plain", note.as_bytes(), now));
                }
                1 => world.reconfigure(|settings| some_change(&mut chance, settings)),
                2 => {
                    let by = phones[chance.below(3) as usize];
                    let up = world.get(by).lines.iter().position(|l| l.state == LineState::Up);
                    if let Some(line) = up {
                        world.act(by, |phone, now| phone.refer(line, "*58", now));
                    }
                }
                _ => {}
            }
            world.run_for(Duration::from_millis(chance.below(400)));
            console.catch_up(&mut world);
            if step % 6 > 0 {
                continue;
            }
            world.run_for(s(1));
            console.catch_up(&mut world);
            console.agrees_with(&world, "104");
            let calls = world.exchange.lot().calls();
            let members = world.exchange.settings().groups[0].members.clone();
            let strays = calls.iter().filter(|c| c.group.is_some() && !members.contains(&c.at));
            of_those_gone += strays.count();
            noted += console.table.calls.iter().filter(|call| !call.note.is_empty()).count();
            for phone in phones {
                let before = shown(&mut world, phone);
                lit += before.iter().filter(|told| told.contains("Alice Smith")).count();
                watch_all(&mut world, phone);
                world.settle();
                assert_eq!(before, shown(&mut world, phone), "seed {seed}, step {step}");
            }
        }
    }
    assert!(noted > 2 && lit > 50 && of_those_gone > 0, "{noted} {lit} {of_those_gone}");
}

#[test]
fn one_call_fetched_among_many_is_one_row_of_news() {
    let mut settings = settings();
    settings.parked_per_extension_max = 1_000;
    settings.groups[0].recall.after = s(900);
    let mut world = World::with(settings, 1);
    world.more_ports(300);
    let reception = world.phone("101", 11);
    world.get(reception).answer_with = Some(200);
    let bob = world.phone("103", 13);
    for _ in 0..100 {
        let caller = world.caller("+3386002678", "Alice Smith");
        world.act(caller, |phone, now| phone.dial("1", now));
        world.settle();
        let line = world.get(reception).lines.len() - 1;
        world.act(reception, |phone, now| phone.refer(line, "*68104", now));
        world.settle();
    }
    let mut console = Reader::at(&mut world, "102", 12);
    console.catch_up(&mut world);
    assert_eq!((console.table.calls.len(), console.wholes), (100, 1));
    world.act(bob, |phone, now| phone.dial("*88104", now));
    world.settle();
    console.catch_up(&mut world);
    console.agrees_with(&world, "102");
    assert_eq!(console.wholes, 1);
    let rows = console.changes.iter().map(|change| change.changed.len()).max();
    assert!(rows <= Some(1), "{:?}", console.changes);
    assert_eq!(console.changes.iter().flat_map(|change| &change.gone).count(), 1);
    let lamps: Vec<_> = console.changes.iter().flat_map(|c| &c.lamps).collect();
    assert!(
        lamps.iter().all(|lamp| ["103", "104"].contains(&lamp.extension.as_str())),
        "{lamps:?}"
    );
}

#[test]
fn a_console_that_does_not_take_differences_has_the_whole_table_each_time() {
    let (mut world, reception, _) = crate::calls::talking();
    let console = world.phone("103", 13);
    world.act(console, |phone, now| phone.subscribe(EVENT_PACKAGE, MIME_TYPE, now));
    world.settle();
    world.act(reception, |phone, now| phone.refer(0, "*68102", now));
    world.settle();
    let notifies = world.get(console).got.iter().filter(|r| r.method == Method::Notify);
    let kinds: Vec<_> = notifies.map(|n| n.headers.content_type().unwrap()).collect();
    assert!(kinds.len() >= 2 && kinds.iter().all(|kind| kind == MIME_TYPE), "{kinds:?}");
}
