//! Everything the screen shows, and readings of it. `update` changes it,
//! `view` draws it.

pub mod calls;
pub mod clock;
pub mod groups;
pub mod parked;
pub mod people;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::console::event::Sound;
use crate::console::intent::Context;
use crate::console::keymap::{Key, Keymap};
use crate::domain::administration::Wish;
use crate::domain::caller::Caller;
use crate::domain::caller_name::{CallerName, cut};
use crate::domain::ids::Extension;
use crate::domain::note::Note;
use crate::domain::time::Moment;
use crate::phone::messages::{Direction, Ended, Line, LineId, Registration, Target};

pub use calls::{CallRow, Calls, HandedOver};
pub use clock::WallClock;
pub use parked::{Knowledge, ParkedCalls, ParkedRow, Urgency};
pub use people::{Colleague, People};

/// Notices kept for the EVENTS lines.
pub const NOTICES_MAX: usize = 200;
/// What became of a call before the hunt's choice is known.
pub const PARKED_AT_GROUP: &str = "parked at the group";
/// How long a warning covers what a small window shows otherwise.
pub const WARNING_STAYS: Duration = Duration::from_secs(5);
/// Columns of the longest short name.
pub const SHORT_NAME: usize = 16;
/// Ended calls kept for the history of the day.
pub const PAST_MAX: usize = 200;

/// Whose desk this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    pub extension: Extension,
    pub name: CallerName,
    pub transport: Transport,
    /// The sound is encrypted (SRTP).
    pub secure_sound: bool,
    /// The server as configured, for the head row.
    pub server: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// `[screen]` and `[desk]` of desk.toml, as far as the screen is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The PARKED lamp blinks; else it is steady.
    pub blink: bool,
    pub ticks: Ticks,
    /// False for NO_COLOR: words, marks, bold and inverse alone.
    pub colour: bool,
    /// Lines and marks of plain ASCII.
    pub ascii: bool,
    /// The terminal's cursor is seen at the selected row as well as in fields.
    pub cursor_at_focus: bool,
    pub hangup: HangUpKey,
    /// A verb within 150 ms of the window's getting the focus was meant for
    /// another window.
    pub focus_guard: bool,
    /// A held call longer than this is marked.
    pub hold_recall: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticks {
    EverySecond,
    EveryTenSeconds,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HangUpKey {
    Double,
    Single,
    /// Once for a colleague, twice for a caller from outside.
    SingleInternal,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            blink: true,
            ticks: Ticks::EverySecond,
            colour: true,
            ascii: false,
            cursor_at_focus: true,
            hangup: HangUpKey::Double,
            focus_guard: true,
            hold_recall: Duration::from_secs(60),
        }
    }
}

/// The whole screen.
#[derive(Clone, Debug)]
pub struct State {
    pub me: Me,
    pub options: Options,
    pub keymap: Keymap,
    pub columns: u16,
    pub rows: u16,
    pub clock: WallClock,
    pub registration: Registration,
    pub muted: bool,
    pub do_not_disturb: bool,
    pub sound: Sound,
    pub calls: Calls,
    pub parked: ParkedCalls,
    pub people: People,
    pub selected: Option<Selected>,
    /// When the selected call went away, and whose it was: a key on its way
    /// was meant for that one.
    pub lost_selection: Option<(Moment, String)>,
    /// The last call that ended by no doing of mine.
    pub last_end: Option<LastEnd>,
    pub to: ToField,
    pub mode: Mode,
    /// The admin screen while it is open, whatever lies over it.
    pub groups: Option<Box<groups::GroupsScreen>>,
    /// What the office has been asked as an administrator, and has not answered.
    pub wish: Option<Wish>,
    pub pending: Option<Pending>,
    pub undo: Option<Undo>,
    pub hunts: Hunts,
    pub taking_back: Option<TakingBack>,
    pub note_on_its_way: Option<NoteOnItsWay>,
    pub leaving: Option<Leaving>,
    /// The newest last.
    pub notices: VecDeque<Notice>,
    /// The newest last.
    pub past: VecDeque<Past>,
    /// Parked calls whose recall has been announced, by key.
    pub announced: BTreeSet<u32>,
    pub last_key: Option<LastKey>,
    /// A key pressed twice, held back until it is clear that it is not held down.
    pub doubted: Option<Doubted>,
    pub focused_at: Option<Moment>,
    pub last_pick: Option<Moment>,
    pub title: String,
}

/// Held by identity, not by position: rows come and go under the finger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    Line(LineId),
    /// By its key in the table.
    Parked(u32),
}

/// The number being typed, or the colleague picked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToField {
    pub text: String,
    pub last_key_at: Option<Moment>,
}

/// What has the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    Desk,
    /// The command line, as typed so far.
    Prompt(String),
    Note(NoteField),
    /// The help, and its first line shown.
    Help {
        top: u16,
    },
    /// "Park all and quit, or stay?"
    Leaving,
    /// The admin screen: [`State::groups`].
    Groups,
    /// Keys over the desk's, until one of them or another has been pressed.
    Page {
        page: Page,
        until: Moment,
    },
}

/// The note being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteField {
    pub about: About,
    pub caller: Caller,
    pub text: String,
}

/// By identity: the call may move on while it is written about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    Line(LineId),
    Parked { place: Extension, key: u32 },
}

/// A note on a call that was being parked: told once the table shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteOnItsWay {
    pub caller: Caller,
    pub note: Note,
    pub until: Moment,
}

/// What a phone's own keys open over the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// "Park this call at?"; the number goes into To:.
    Place { line: LineId },
    /// The second page of keys.
    More,
    /// Who waits for me: the selected parked call.
    Parked,
}

impl Mode {
    /// Where its keys are bound.
    pub fn context(&self) -> Context {
        match self {
            Self::Desk => Context::Desk,
            Self::Prompt(_) | Self::Note(_) => Context::Prompt,
            Self::Help { .. } => Context::Help,
            Self::Leaving => Context::Leaving,
            Self::Groups => Context::Groups,
            Self::Page { page: Page::Place { .. }, .. } => Context::Place,
            Self::Page { page: Page::More, .. } => Context::More,
            Self::Page { page: Page::Parked, .. } => Context::Parked,
        }
    }
}

/// A key that waits for its second half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pending {
    /// The key again hangs this up.
    HangUp { line: LineId, until: Moment },
    /// The key again sends the call to somebody who cannot take it.
    Send { line: LineId, to: Extension, until: Moment },
    /// The number of a parked row.
    Row { digits: String, until: Moment },
}

impl Pending {
    pub fn until(&self) -> Moment {
        match self {
            Self::HangUp { until, .. } | Self::Send { until, .. } | Self::Row { until, .. } => {
                *until
            }
        }
    }
}

/// What `u` would take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    /// A park was asked; the office has not answered.
    Parking {
        line: LineId,
    },
    /// `None`: the hunt chose the place.
    Parked {
        caller: Caller,
        place: Option<Extension>,
        at: Moment,
    },
    Retrieved {
        line: LineId,
        caller: Caller,
        place: Extension,
    },
    Held {
        line: LineId,
    },
    HungUp {
        caller: Caller,
        to: Target,
        at: Moment,
    },
}

/// Group parks of mine, between "it is parked" and "it is parked there".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hunts {
    /// Parked, the place not known yet.
    pub waiting: Vec<(LineId, Caller)>,
    /// Parked calls, by key, whose places have been told.
    pub told: BTreeSet<u32>,
}

/// `u` was pressed before there was anything to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakingBack {
    /// Until the office says how the park went.
    Asked { line: LineId },
    /// Until the table shows the parked call; at the latest until `until`.
    Parked { caller: Caller, place: Option<Extension>, until: Moment },
}

/// A call ended by itself, perhaps just before a key that was meant for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastEnd {
    pub at: Moment,
    pub who: String,
    /// Park, send, hold and hang up would have meant it.
    pub was_current: bool,
    /// Space would have taken it.
    pub was_next: bool,
}

/// On the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Every call has been asked to be parked; waiting for the last of them.
    Parking { until: Option<Moment> },
    /// [`crate::console::Effect::Quit`] has been given.
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastKey {
    pub key: Key,
    pub at: Moment,
    /// The key repeats by itself: nobody presses it.
    pub is_held: bool,
}

/// Acts at `at`, unless it comes again before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubted {
    pub key: Key,
    pub at: Moment,
}

/// A line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub at: Moment,
    pub weight: Weight,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    Info,
    /// Something one did has worked.
    Done,
    /// Not done, or worth a look.
    Warning,
    /// Somebody waits, or something is broken.
    Alarm,
}

/// A call of today that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// When it ended.
    pub at: Moment,
    pub direction: Direction,
    pub caller: Caller,
    /// Talking time; none if nobody answered.
    pub talked: Option<Duration>,
    pub ended: Ended,
    /// Where it went: "parked at 105", "sent to 105".
    pub outcome: String,
    pub note: Note,
}

impl State {
    pub fn new(me: Me, options: Options, keymap: Keymap) -> Self {
        Self {
            me,
            options,
            keymap,
            columns: 80,
            rows: 24,
            clock: WallClock::default(),
            registration: Registration::Registering,
            muted: false,
            do_not_disturb: false,
            sound: Sound::default(),
            calls: Calls::default(),
            parked: ParkedCalls::default(),
            people: People::default(),
            selected: None,
            lost_selection: None,
            last_end: None,
            to: ToField::default(),
            mode: Mode::Desk,
            groups: None,
            wish: None,
            pending: None,
            undo: None,
            hunts: Hunts::default(),
            taking_back: None,
            note_on_its_way: None,
            leaving: None,
            notices: VecDeque::new(),
            past: VecDeque::new(),
            announced: BTreeSet::new(),
            last_key: None,
            doubted: None,
            focused_at: None,
            last_pick: None,
            title: String::new(),
        }
    }

    /// `now` as every clock on the screen shows it: they all tick together.
    pub fn tick(&self, now: Moment) -> Moment {
        match self.options.ticks {
            Ticks::EverySecond => self.clock.floor(now, Duration::from_secs(1)),
            Ticks::EveryTenSeconds => self.clock.floor(now, Duration::from_secs(10)),
            Ticks::Off => self.clock.floor(now, Duration::from_secs(60)),
        }
    }

    pub fn selected_line(&self) -> Option<&Line> {
        match self.selected? {
            Selected::Line(id) => self.calls.get(id),
            Selected::Parked(_) => None,
        }
    }

    pub fn selected_parked(&self) -> Option<&ParkedRow> {
        match self.selected? {
            Selected::Parked(key) => self.parked.get(key),
            Selected::Line(_) => None,
        }
    }

    /// The call that park, send and hang up mean: the selected one, if it is
    /// up; else the one in the ear; else the only one held.
    pub fn current(&self) -> Option<&Line> {
        let selected = self.selected_line().filter(|line| calls::is_up(line));
        selected.or_else(|| self.calls.in_the_ear()).or_else(|| self.calls.only_held())
    }

    /// No call is here that a park key could mean.
    pub fn is_idle(&self) -> bool {
        self.current().is_none()
    }

    /// What has the keyboard.
    pub fn context(&self) -> Context {
        match (&self.mode, &self.groups) {
            (Mode::Groups, Some(screen)) => screen.context(),
            (mode, _) => mode.context(),
        }
    }

    /// Where keys are looked up: the first that binds one rules.
    pub fn contexts(&self) -> &'static [Context] {
        match self.context() {
            Context::Desk | Context::Idle if self.is_idle() => &[Context::Idle, Context::Desk],
            Context::Desk | Context::Idle => &[Context::Desk],
            Context::Place => &[Context::Place, Context::Desk],
            Context::More => &[Context::More, Context::Desk],
            Context::Parked => &[Context::Parked, Context::Desk],
            Context::Prompt => &[Context::Prompt],
            Context::Help => &[Context::Help],
            Context::Leaving => &[Context::Leaving],
            Context::Groups => &[Context::Groups],
            Context::Deleting => &[Context::Deleting],
            Context::GroupForm => &[Context::GroupForm],
            Context::Members => &[Context::Members],
        }
    }

    /// Whom Space takes.
    pub fn next_caller(&self) -> Option<&Line> {
        let calls = &self.calls;
        calls.longest_ringing().or_else(|| calls.recall()).or_else(|| calls.longest_held())
    }

    /// The recall that the park key would put back: the selected one, or the
    /// one on top while nobody is in the ear.
    pub fn recall_to_park_again(&self) -> Option<&Line> {
        let selected = self.selected_line();
        if let Some(line) = selected {
            return Some(line).filter(|line| calls::is_recall(line));
        }
        if self.calls.in_the_ear().is_some() { None } else { self.calls.recall() }
    }

    /// Calls parked at my own place, or by others at my group.
    pub fn waiting_for_me(&self) -> usize {
        let me = &self.me.extension;
        let rows = self.parked.visible();
        rows.filter(|row| {
            let for_group = self.parked.is_my_groups(row) && !row.view.is_by(me);
            row.view.place == *me || for_group
        })
        .count()
    }

    /// The colleague whose number stands in the To: field.
    pub fn person_in_to(&self) -> Option<&Colleague> {
        self.people.get(&self.to.text)
    }

    /// "Dev" for 105, "you" for me, else the number.
    pub fn place_words(&self, place: &Extension) -> String {
        if *place == self.me.extension {
            return "you".to_owned();
        }
        let person = self.people.get(place.as_str());
        person.map_or_else(|| place.to_string(), |p| first_word(p.lamp.name.as_str()))
    }

    /// "105 Dev", "101 you", or the number alone.
    pub fn place_with_number(&self, place: &Extension) -> String {
        let words = self.place_words(place);
        if words == place.as_str() { words } else { format!("{place} {words}") }
    }

    /// What was said a moment ago and must be seen even where there is no
    /// room for events: a refusal, an alarm.
    pub fn fresh_warning(&self, now: Moment) -> Option<&Notice> {
        let newest = self.notices.back()?;
        let is_fresh = now.since(newest.at) < WARNING_STAYS;
        Some(newest).filter(|notice| is_fresh && notice.weight >= Weight::Warning)
    }

    pub fn say(&mut self, now: Moment, weight: Weight, text: impl Into<String>) {
        self.notices.push_back(Notice { at: now, weight, text: text.into() });
        while self.notices.len() > NOTICES_MAX {
            self.notices.pop_front();
        }
    }
}

/// A caller in as few letters as will do: "Dana" of "Dana Fox".
pub fn short_name(caller: &Caller) -> String {
    let is_named = !caller.name.is_empty() && !caller.is_nobody();
    let words = caller.to_string();
    if is_named { first_word(&words) } else { cut(&words, SHORT_NAME) }
}

/// The first word that is more than a title or an initial, cut where it
/// would push the hints off the row.
pub fn first_word(name: &str) -> String {
    let mut words = name.split(' ');
    let telling = words.find(|word| !word.ends_with('.') && word.chars().count() > 1);
    cut(telling.unwrap_or(name), SHORT_NAME)
}
