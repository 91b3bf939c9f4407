//! A desk to press keys at: the screen, an office that answers as told, and a
//! clock that is moved by hand.

use std::time::Duration;

use bellhop::console::event::Event;
use bellhop::console::keymap::{Key, KeyCode, Keymap};
use bellhop::console::state::{Me, Options, State, Transport};
use bellhop::console::{Effect, next_wakeup, update, view};
use bellhop::domain::caller::Caller;
use bellhop::domain::caller_name::CallerName;
use bellhop::domain::ids::Extension;
use bellhop::domain::note::Note;
use bellhop::domain::park_table::{
    GroupView, LampState, LampView, Next, ParkTable, ParkedView, Parker, PhaseView, VERSION,
};
use bellhop::domain::time::Moment;
use bellhop::phone::messages::{
    Command, Direction, Ended, Event as Heard, Line, LineId, LineState, RecallNotice, Registration,
};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub struct Desk {
    pub state: State,
    pub now: Moment,
    pub done: Vec<Effect>,
    table: ParkTable,
}

pub fn extension(text: &str) -> Extension {
    Extension::parse(text).unwrap()
}

impl Desk {
    /// Registered, nobody rings, nothing is parked; half past nine.
    pub fn idle() -> Self {
        Self::with(Options::default(), "default")
    }

    pub fn with(options: Options, keymap: &str) -> Self {
        let me = Me {
            extension: extension("101"),
            name: CallerName::clean("Reception"),
            transport: Transport::Udp,
            secure_sound: false,
            server: "192.168.1.10:5060".to_owned(),
        };
        let keymap = Keymap::shipped(keymap).unwrap();
        let mut desk = Self {
            state: State::new(me, options, keymap),
            now: Moment::START + Duration::from_secs(1),
            done: Vec::new(),
            table: office(),
        };
        desk.tell(Event::WallClock { local_unix_ms: 34_200_000 });
        let expires = Duration::from_secs(3600);
        desk.hear(Heard::RegistrationChanged(Registration::Registered { expires }));
        desk.send_table();
        desk.done.clear();
        desk.state.notices.clear();
        desk
    }

    pub fn tell(&mut self, event: Event) {
        self.done.extend(update(&mut self.state, event, self.now));
    }

    pub fn hear(&mut self, event: Heard) {
        self.tell(Event::Phone(event));
    }

    /// Keys as in `1 0 5 p`, `Enter`, `x x`, each a quarter of a second after the last.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split(' ') {
            self.wait_ms(250);
            self.tell(Event::Key(Key::parse(key).unwrap()));
        }
        self.settle();
        self
    }

    /// A key pressed twice is given the time in which it would repeat itself.
    fn settle(&mut self) {
        if self.state.doubted.is_some() {
            self.wait_ms(120);
        }
    }

    pub fn wait_ms(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        loop {
            let wakeup = next_wakeup(&self.state, self.now).at;
            if wakeup > until {
                break;
            }
            self.now = wakeup;
            self.tell(Event::Tick);
        }
        self.now = until;
    }

    /// What the phone was told since last asked.
    pub fn commands(&mut self) -> Vec<Command> {
        self.settle();
        let done = std::mem::take(&mut self.done).into_iter();
        done.filter_map(|effect| match effect {
            Effect::Phone(command) => Some(command),
            _ => None,
        })
        .collect()
    }

    pub fn line(&mut self, id: u32, state: LineState, name: &str, number: &str) {
        let connected_at =
            (state == LineState::Talking || state == LineState::Held).then_some(self.now);
        let old = self.state.calls.get(LineId(id));
        let line = Line {
            id: LineId(id),
            direction: old.map_or(Direction::Incoming, |line| line.direction),
            state,
            caller: Caller::new(name, number),
            note: Note::default(),
            since: self.now,
            connected_at: old.and_then(|line| line.connected_at).or(connected_at),
            recall: old.and_then(|line| line.recall.clone()),
            silent: false,
            codec: connected_at.map(|_| "PCMA"),
        };
        self.hear(Heard::LineChanged(line));
    }

    pub fn rings(&mut self, id: u32, name: &str, number: &str) {
        self.line(id, LineState::Ringing, name, number);
    }

    pub fn talks(&mut self, id: u32, name: &str, number: &str) {
        self.line(id, LineState::Talking, name, number);
    }

    pub fn holds(&mut self, id: u32, name: &str, number: &str) {
        self.line(id, LineState::Held, name, number);
    }

    pub fn recalls(&mut self, id: u32, name: &str, number: &str, place: &str) {
        self.hear(Heard::LineChanged(Line {
            id: LineId(id),
            direction: Direction::Incoming,
            state: LineState::Ringing,
            caller: Caller::new(name, number),
            note: Note::default(),
            since: self.now,
            connected_at: None,
            recall: Some(RecallNotice { place: Some(extension(place)) }),
            silent: false,
            codec: None,
        }));
    }

    pub fn calls_out(&mut self, id: u32, state: LineState, name: &str, number: &str) {
        self.hear(Heard::LineChanged(Line {
            id: LineId(id),
            direction: Direction::Outgoing,
            state,
            caller: Caller::new(name, number),
            note: Note::default(),
            since: self.now,
            connected_at: None,
            recall: None,
            silent: false,
            codec: None,
        }));
    }

    pub fn ends(&mut self, id: u32, ended: Ended) {
        let caller = self.state.calls.get(LineId(id)).unwrap().caller.clone();
        self.hear(Heard::LineEnded { line: LineId(id), caller, ended });
    }

    /// A call parked by `by`, already waiting for `waited_s` of its 45 seconds.
    pub fn parked(
        &mut self,
        key: u32,
        name: &str,
        number: &str,
        place: &str,
        by: &str,
        waited_s: u64,
    ) {
        self.add(key, name, number, place, by, waited_s);
        self.send_table();
    }

    fn add(&mut self, key: u32, name: &str, number: &str, place: &str, by: &str, waited_s: u64) {
        let what = format!("rings {}", self.first_name(by));
        self.table.calls.push(ParkedView {
            key,
            place: extension(place),
            group: None,
            caller: Caller::new(name, number),
            parker: Parker {
                name: CallerName::clean(&self.first_name(by)),
                extension: Some(extension(by)),
            },
            waited_ms: waited_s * 1000,
            phase: PhaseView::Waiting,
            next: Some(Next { in_ms: 45_000_u64.saturating_sub(waited_s * 1000), what }),
            note: Note::default(),
            alarm: false,
            why: String::new(),
        });
    }

    /// A call that `by` parked at his group, and why the hunt chose the place.
    pub fn parked_in_group(
        &mut self,
        key: u32,
        name: &str,
        number: &str,
        place: &str,
        by: &str,
        why: &str,
    ) {
        let before = self.table.calls.len();
        self.add(key, name, number, place, by, 0);
        for call in &mut self.table.calls[before..] {
            (call.group, call.why) = (Some(CallerName::clean("Front desk")), why.to_owned());
        }
        self.send_table();
    }

    /// A call that `by` parks now, under a note.
    pub fn noted(&mut self, key: u32, name: &str, number: &str, place: &str, by: &str, note: &str) {
        self.add(key, name, number, place, by, 0);
        self.change_table(|table| {
            if let Some(call) = table.calls.last_mut() {
                call.note = Note::clean(note);
            }
        });
    }

    pub fn change_table(&mut self, change: impl FnOnce(&mut ParkTable)) {
        change(&mut self.table);
        self.send_table();
    }

    pub fn gone(&mut self, key: u32) {
        self.change_table(|table| table.calls.retain(|call| call.key != key));
    }

    pub fn lamp(&mut self, place: &str, state: LampState) {
        self.change_table(|table| {
            for lamp in table.lamps.iter_mut().filter(|lamp| lamp.extension.as_str() == place) {
                lamp.state = state;
            }
        });
    }

    fn send_table(&mut self) {
        let table = Some(self.table.clone());
        self.hear(Heard::ParkTableChanged { table, at: self.now });
    }

    fn first_name(&self, place: &str) -> String {
        let mut lamps = self.table.lamps.iter();
        let lamp = lamps.find(|lamp| lamp.extension.as_str() == place);
        lamp.map_or(place.to_owned(), |lamp| lamp.name.to_string())
    }

    pub fn buffer(&self, columns: u16, rows: u16) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        view::draw(&self.state, self.now, &mut buffer);
        buffer
    }

    /// The screen without colours, trailing blanks cut.
    pub fn screen(&self, columns: u16, rows: u16) -> String {
        text_of(&self.buffer(columns, rows))
    }

    pub fn last_notice(&self) -> &str {
        self.state.notices.back().map_or("", |notice| &notice.text)
    }
}

pub fn text_of(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut text = String::new();
    for y in 0..area.height {
        let mut row = String::new();
        let mut skip = 0;
        for x in 0..area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                row += symbol;
                skip = unicode_width::UnicodeWidthStr::width(symbol).max(1);
            }
            skip -= 1;
        }
        text += row.trim_end();
        text.push('\n');
    }
    text
}

pub fn press(key: &str) -> Event {
    Event::Key(Key::parse(key).unwrap_or(Key::plain(KeyCode::Esc)))
}

fn office() -> ParkTable {
    let names = [
        ("101", "Reception"),
        ("102", "Alice Weber"),
        ("103", "Ben Carter"),
        ("104", "Cleo Martin"),
        ("105", "Dev Patel"),
        ("106", "Erik Dahl"),
        ("107", "Fay Wong"),
    ];
    let lamps = names.map(|(number, name)| LampView {
        extension: extension(number),
        name: CallerName::clean(name),
        state: LampState::Free,
        parked: 0,
    });
    ParkTable {
        version: VERSION,
        place_of_watcher: Some(extension("101")),
        group: Some(GroupView {
            name: CallerName::clean("Front desk"),
            members: ["101", "102", "103", "104", "105"].map(extension).to_vec(),
        }),
        calls: Vec::new(),
        lamps: lamps.to_vec(),
        more: 0,
        edition: 0,
    }
}

/// Alice Meyer is in the ear.
pub fn alice() -> Desk {
    let mut desk = Desk::idle();
    desk.talks(1, "Alice Meyer", "+33386002678");
    desk.commands();
    desk
}

/// Gus at 104 and Dana at 101, parked from here.
pub fn with_parked() -> Desk {
    let mut desk = Desk::idle();
    desk.parked(7, "Gus Lind", "+468123456", "104", "101", 30);
    desk.parked(9, "Dana Fox", "+442079460018", "101", "101", 10);
    desk.commands();
    desk
}

#[track_caller]
pub fn sends(desk: &mut Desk, keys: &str, wanted: &[Command]) {
    assert_eq!(desk.keys(keys).commands(), wanted, "{keys}\n{}", desk.screen(80, 24));
}
