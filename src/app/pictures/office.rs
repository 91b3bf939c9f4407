//! An afternoon at a reception desk, told to the screen as the phone would
//! tell it. Who called before, and for how long, the seed decides.

use std::time::Duration;

use crate::console::event::{Device, Event, Sound};
use crate::console::keymap::{Key, Keymap};
use crate::console::state::{Me, Options, State, Transport};
use crate::console::{next_wakeup, update};
use crate::domain::administration::{GroupForm, Groups, Objection, Outcome, RingGroupName};
use crate::domain::caller::Caller;
use crate::domain::caller_name::CallerName;
use crate::domain::chance::Chance;
use crate::domain::ids::Extension;
use crate::domain::note::Note;
use crate::domain::park_table::{
    GroupView, LampState, LampView, Next, ParkTable, ParkedView, Parker, PhaseView, VERSION,
};
use crate::domain::time::Moment;
use crate::phone::messages::{
    Direction, Ended, Event as Heard, Line, LineId, LineState, Parkplace, RecallNotice,
    Registration,
};

/// What the picture is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// A call in the ear, one held, two ringing, five parked.
    Busy,
    /// As before, a colleague picked to park at.
    ParkingAtDev,
    /// A parked call has come back.
    Recall,
    Help,
    /// The call park groups, for an administrator.
    Groups,
    /// One of them is changed, and the office has something against it.
    GroupForm,
    /// Its members are chosen.
    GroupMembers,
    /// As [`Scene::Busy`] with the keys of that keymap, asking where to park.
    PhoneKeys(&'static str),
}

const SEED: u128 = 1402;
/// 13:04:10 on a day.
const START_LOCAL_MS: u64 = 1_794_000_000_000 / 86_400_000 * 86_400_000 + 47_050_000;
const RECALL_AFTER: Duration = Duration::from_secs(120);

const PEOPLE: [(&str, &str, LampState); 19] = [
    ("101", "Reception", LampState::Talk),
    ("102", "Alice Weber", LampState::Free),
    ("103", "Ben Carter", LampState::Free),
    ("104", "Cleo Martin", LampState::Free),
    ("105", "Dev Patel", LampState::Free),
    ("106", "Erik Dahl", LampState::Talk),
    ("107", "Fay Wong", LampState::Free),
    ("108", "Gil Roth", LampState::Ring),
    ("109", "Hana Ito", LampState::Free),
    ("110", "Inês Silva", LampState::Free),
    ("111", "Jon Hale", LampState::Dnd),
    ("112", "Kim Lund", LampState::Off),
    ("113", "Lou Brun", LampState::Free),
    ("114", "Max Blum", LampState::Free),
    ("115", "Nora Quist", LampState::Free),
    ("116", "Omar Said", LampState::Free),
    ("117", "Pia Rossi", LampState::Talk),
    ("118", "Quinn Hall", LampState::Free),
    ("119", "Rosa Luz", LampState::Free),
];
const CALLERS: [(&str, &str); 14] = [
    ("Olga Sand", "+74950001234"),
    ("Paul Reed", "+14155550101"),
    ("Rita Cole", "+35316001234"),
    ("Sven Böhm", "+468000123"),
    ("Tara Bell", "+16465550123"),
    ("Ugo Neri", "+390612345678"),
    ("Vera Lind", "+4631000123"),
    ("Wanda Prus", "+48221234567"),
    ("Yusuf Aydın", "+902121234567"),
    ("Zara Blunt", "+27115550199"),
    ("Arlo Finn", "+353861234567"),
    ("Henk Smit", "+31201234567"),
    ("Meyer & Fils", "+33386002600"),
    ("", "anonymous"),
];

/// The screen of that scene, and the moment it shows.
pub fn scene(scene: Scene) -> (State, Moment) {
    let keymap = if let Scene::PhoneKeys(keymap) = scene { keymap } else { "default" };
    let mut office = Office::open(keymap);
    office.morning();
    office.rush();
    match scene {
        Scene::Busy => {}
        Scene::ParkingAtDev => office.keys("D"),
        Scene::Recall => office.recall(),
        Scene::Help => office.keys("?"),
        Scene::Groups => office.groups("Down"),
        Scene::GroupForm => office.objected_to(),
        Scene::GroupMembers => office.groups("Enter Down Enter Right Down"),
        // DPark is on the second page.
        Scene::PhoneKeys("htek") => office.keys("v d 1 0 5"),
        Scene::PhoneKeys(_) => office.keys("v 1 0 5"),
    }
    (office.state, office.now)
}

struct Office {
    state: State,
    now: Moment,
    chance: Chance,
    table: ParkTable,
    lines: u32,
    keys: u32,
}

impl Office {
    fn open(keymap: &str) -> Self {
        let me = Me {
            extension: extension("101"),
            name: CallerName::clean("Reception"),
            transport: Transport::Tcp,
            secure_sound: false,
            server: "192.168.1.10:5060".to_owned(),
        };
        // The bundled map has no faults: a test reads it.
        let keymap = Keymap::shipped(keymap).unwrap_or_default();
        let mut office = Self {
            state: State::new(me, Options::default(), keymap),
            now: Moment::START + Duration::from_secs(2),
            chance: Chance::from_seed(SEED),
            table: table(),
            lines: 0,
            keys: 0,
        };
        office.tell(Event::WallClock { local_unix_ms: START_LOCAL_MS });
        let expires = Duration::from_secs(3600);
        office.hear(Heard::RegistrationChanged(Registration::Registered { expires }));
        office.send_table();
        office.tell(Event::Sound(sound()));
        office
    }

    /// Calls that came and went before the picture.
    fn morning(&mut self) {
        for index in 0..22 {
            self.wait_between(20, 130);
            let (name, number) = CALLERS[index % CALLERS.len()];
            self.past_call(Caller::new(name, number), index);
        }
        self.wait_s(41);
    }

    fn past_call(&mut self, caller: Caller, index: usize) {
        let colleague = 1 + index % (PEOPLE.len() - 1);
        let outgoing = index % 7 == 4;
        let caller = if outgoing { person(colleague) } else { caller };
        let direction = if outgoing { Direction::Outgoing } else { Direction::Incoming };
        let first = if outgoing { LineState::Alerting } else { LineState::Ringing };
        let line = self.line(direction, first, caller.clone());
        self.wait_between(3, 12);
        if index % 11 == 6 {
            return self.end(line, Ended::Missed);
        }
        self.enter(line, LineState::Talking);
        self.wait_between(12, 150);
        match index % 4 {
            1 if !outgoing => self.send_on(line, colleague),
            3 if !outgoing => self.park_and_fetch(line, &caller, colleague),
            _ => {
                self.end(line, if index.is_multiple_of(2) { Ended::FarEnd } else { Ended::HungUp })
            }
        }
    }

    fn send_on(&mut self, line: LineId, colleague: usize) {
        let letter = self.letter(colleague);
        self.keys(&format!("{letter} t"));
        if self.state.pending.is_some() {
            self.keys("t");
        }
        self.wait_s(4);
        self.end(line, Ended::Transferred);
    }

    fn park_and_fetch(&mut self, line: LineId, caller: &Caller, colleague: usize) {
        let place = PEOPLE[colleague].0;
        let letter = self.letter(colleague);
        self.keys(&format!("{letter} p"));
        let key = self.parked(line, caller, place);
        self.wait_between(9, 31);
        self.table.calls.retain(|call| call.key != key);
        self.send_table();
    }

    /// What the picture shows: it is 14:02 and a little more.
    fn rush(&mut self) {
        let gus = self.talking("Gus Lind", "+468123456");
        self.wait_s(20);
        self.park_by_me(gus, "Gus Lind", "+468123456", "104", "C p");
        self.wait_s(19);
        self.park_by_other("Farah Khan", "204", "102", "103", "Alice is next in turn");
        let bob = self.talking("Bob Stone", "+12125550147");
        self.wait_s(24);
        self.keys("h");
        self.enter(bob, LineState::Held);
        let eric = self.talking("Eric Olsen", "+4722000011");
        self.wait_s(9);
        self.park_by_me(eric, "Eric Olsen", "+4722000011", "105", "D p");
        self.note("Eric Olsen", "asks about invoice 4417");
        let dana = self.talking("Dana Fox", "+442079460018");
        self.wait_s(16);
        self.park_by_me(dana, "Dana Fox", "+442079460018", "101", "p");
        let alice = self.line(
            Direction::Incoming,
            LineState::Ringing,
            caller("Alice Meyer", "+33386002678"),
        );
        self.wait_s(3);
        self.keys("Space");
        self.enter(alice, LineState::Talking);
        self.wait_s(8);
        self.line(Direction::Incoming, LineState::Ringing, caller("Carla Diaz", "+4930901820"));
        self.wait_s(6);
        self.park_by_other("", "anonymous", "103", "102", "Ben is free");
        self.line(Direction::Incoming, LineState::Ringing, caller("", "anonymous"));
        self.wait_s(5);
        self.keys("Down Down Down Down Down Down Down Down");
        self.tell(Event::Sound(Sound {
            microphone_percent: Some(52),
            speaker_percent: Some(66),
            loss_permille: Some(1),
            jitter_ms: Some(6),
            ..sound()
        }));
    }

    /// The office has said which groups there are.
    fn groups(&mut self, keys: &str) {
        self.keys("C-g");
        let sales = ("600", "Sales");
        let ring_groups = [sales, ("610", "Stores")].map(|(number, name)| RingGroupName {
            number: extension(number),
            name: name.to_owned(),
        });
        let groups = vec![
            GroupForm {
                recall_timer: Some("120s".to_owned()),
                recall_to: Some("parking-user-then-ring-group".to_owned()),
                ring_group: Some(sales.0.to_owned()),
                ..group("Front", &["101", "102", "103", "104", "105"])
            },
            group("Shop", &["107", "109", "110"]),
            GroupForm {
                recall_to: Some("number:0301234567".to_owned()),
                ..group("Workshop", &["113", "114"])
            },
        ];
        let known = Groups { groups, ring_groups: ring_groups.to_vec() };
        self.hear(Heard::Administered(Outcome::Done(known)));
        self.keys(keys);
    }

    fn objected_to(&mut self) {
        self.groups("Enter Down Enter Right Down Down Enter Esc C-s");
        let words = "107 is in the call park group Shop already, and cannot be in Front too";
        let objection = Objection::new("members", words);
        self.hear(Heard::Administered(Outcome::Refused(vec![objection])));
    }

    /// Nobody has fetched Gus: he rings here again.
    fn recall(&mut self) {
        self.wait_s(14);
        for call in self.table.calls.iter_mut().filter(|call| call.place.as_str() == "104") {
            call.phase = PhaseView::Recalling;
            call.next = Some(Next { in_ms: 20_000, what: "rings again".to_owned() });
        }
        self.send_table();
        self.lines += 1;
        self.hear(Heard::LineChanged(Line {
            id: LineId(self.lines),
            direction: Direction::Incoming,
            state: LineState::Ringing,
            caller: caller("Gus Lind", "+468123456"),
            note: Note::default(),
            since: self.now,
            connected_at: None,
            recall: Some(RecallNotice { place: Some(extension("104")) }),
            silent: false,
            codec: None,
        }));
        self.wait_s(5);
        self.keys("Esc Down");
    }

    fn talking(&mut self, name: &str, number: &str) -> LineId {
        let line = self.line(Direction::Incoming, LineState::Ringing, caller(name, number));
        self.wait_s(4);
        self.keys("Space");
        self.enter(line, LineState::Talking);
        line
    }

    fn park_by_me(&mut self, line: LineId, name: &str, number: &str, place: &str, keys: &str) {
        self.keys(keys);
        self.parked(line, &caller(name, number), place);
    }

    fn note(&mut self, name: &str, text: &str) {
        for call in self.table.calls.iter_mut().filter(|call| call.caller.name.as_str() == name) {
            call.note = Note::clean(text);
        }
        self.send_table();
    }

    fn parked(&mut self, line: LineId, caller: &Caller, place: &str) -> u32 {
        self.enter(line, LineState::HandingOver);
        let at = Parkplace::Extension(extension(place));
        self.hear(Heard::CallParked { line, caller: caller.clone(), at });
        self.end(line, Ended::Parked);
        self.add_to_table(caller.clone(), place, "101", None)
    }

    fn park_by_other(&mut self, name: &str, number: &str, place: &str, by: &str, why: &str) {
        self.add_to_table(caller(name, number), place, by, Some(why));
    }

    fn add_to_table(&mut self, caller: Caller, place: &str, by: &str, why: Option<&str>) -> u32 {
        self.keys += 1;
        let parker =
            person(PEOPLE.iter().position(|(number, ..)| *number == by).unwrap_or_default());
        // As the office says it; the screen makes it short.
        let what = format!("rings {}", parker.name);
        self.table.calls.push(ParkedView {
            key: self.keys,
            place: extension(place),
            group: why.map(|_| CallerName::clean("Front")),
            caller,
            parker: Parker { name: parker.name.clone(), extension: Some(extension(by)) },
            waited_ms: 0,
            phase: PhaseView::Waiting,
            next: Some(Next { in_ms: millis(RECALL_AFTER), what }),
            note: Note::default(),
            alarm: false,
            why: why.unwrap_or_default().to_owned(),
        });
        self.send_table();
        self.keys
    }

    fn line(&mut self, direction: Direction, state: LineState, caller: Caller) -> LineId {
        self.lines += 1;
        let id = LineId(self.lines);
        let since = self.now;
        let line = Line {
            id,
            direction,
            state,
            caller,
            note: Note::default(),
            since,
            connected_at: None,
            recall: None,
            silent: false,
            codec: None,
        };
        self.hear(Heard::LineChanged(line));
        id
    }

    fn enter(&mut self, id: LineId, state: LineState) {
        if let Some(mut line) = self.state.calls.get(id).cloned() {
            (line.state, line.since) = (state, self.now);
            if state == LineState::Talking {
                line.connected_at = line.connected_at.or(Some(self.now));
                line.codec = Some("PCMA");
            }
            self.hear(Heard::LineChanged(line));
        }
    }

    fn end(&mut self, line: LineId, ended: Ended) {
        let caller = self.state.calls.get(line).map(|line| line.caller.clone()).unwrap_or_default();
        self.hear(Heard::LineEnded { line, caller, ended });
    }

    /// A whole and true table, as the office sends on every change.
    fn send_table(&mut self) {
        for lamp in &mut self.table.lamps {
            let calls = self.table.calls.iter().filter(|call| call.place == lamp.extension);
            lamp.parked = u32::try_from(calls.count()).unwrap_or_default();
        }
        let (table, at) = (Some(self.table.clone()), self.now);
        self.hear(Heard::ParkTableChanged { table, at });
    }

    fn keys(&mut self, keys: &str) {
        for key in keys.split(' ').filter_map(Key::parse) {
            self.pass(Duration::from_millis(60));
            self.tell(Event::Key(key));
        }
    }

    fn wait_s(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// The office counts on; so does the screen, whenever it asked to be woken.
    fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        loop {
            let wakeup = next_wakeup(&self.state, self.now).at;
            if wakeup > until {
                break;
            }
            self.now = wakeup;
            self.tell(Event::Tick);
        }
        self.now = until;
        for call in &mut self.table.calls {
            call.waited_ms += millis(span);
            if let Some(next) = &mut call.next {
                next.in_ms = next.in_ms.saturating_sub(millis(span));
            }
        }
    }

    fn letter(&self, colleague: usize) -> String {
        let person = self.state.people.get(PEOPLE[colleague].0);
        person.and_then(|person| person.letter).map(String::from).unwrap_or_default()
    }

    fn wait_between(&mut self, least_s: u64, most_s: u64) {
        let more = self.chance.below(most_s - least_s + 1);
        self.wait_s(least_s + more);
    }

    fn hear(&mut self, event: Heard) {
        self.tell(Event::Phone(event));
    }

    fn tell(&mut self, event: Event) {
        // Nobody is there to carry the effects out: the office is played.
        drop(update(&mut self.state, event, self.now));
    }
}

fn table() -> ParkTable {
    let lamps = PEOPLE.iter().map(|(number, name, state)| LampView {
        extension: extension(number),
        name: CallerName::clean(name),
        state: *state,
        parked: 0,
    });
    ParkTable {
        version: VERSION,
        place_of_watcher: Some(extension("101")),
        group: Some(GroupView {
            name: CallerName::clean("Front"),
            members: PEOPLE.iter().map(|(number, ..)| extension(number)).collect(),
        }),
        calls: Vec::new(),
        lamps: lamps.collect(),
        more: 0,
        edition: 0,
    }
}

fn sound() -> Sound {
    let works = |name: &str| Device::Working { name: name.to_owned() };
    Sound { ring: works("Speakers"), talk: works("Jabra Evolve 65"), ..Sound::default() }
}

fn caller(name: &str, number: &str) -> Caller {
    Caller::new(name, number)
}

fn person(index: usize) -> Caller {
    let (number, name, _) = PEOPLE[index];
    Caller::new(name, number)
}

#[expect(clippy::unwrap_used, reason = "the numbers stand in this file")]
fn extension(text: &str) -> Extension {
    Extension::parse(text).unwrap()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn group(name: &str, members: &[&str]) -> GroupForm {
    let members = members.iter().map(|member| (*member).to_owned()).collect();
    GroupForm { name: name.to_owned(), members, ..GroupForm::default() }
}
