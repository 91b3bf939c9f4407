//! What one turn's watchers are told. Each text is written once, however many
//! are told the same.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use bytes::Bytes;
use unicode_width::UnicodeWidthStr;

use crate::domain::caller::Caller;
use crate::domain::caller_name::CallerName;
use crate::domain::habits::LampWord;
use crate::domain::ids::{Extension, JourneyId};
use crate::domain::note::Note;
use crate::domain::park_table::{CHANGES_MIME_TYPE, MIME_TYPE};
use crate::exchange::Exchange;
use crate::exchange::dialog_info::{LampPage, Shown};
use crate::exchange::tables::{DATAGRAM_ROOM, STREAM_ROOM, TablePage, Written};
use crate::exchange::watch::{Subscription, Watched};
use crate::exchange::xml::escaped;
use crate::park::{Board, Parked};
use crate::sip::wire::{Host, Uri};

/// Yealink keeps no longer names (docs/PROTOCOL.md).
const DISPLAY_MAX: usize = 32;
/// A note cut shorter than this says nothing.
const NOTE_MIN: usize = 8;

pub(super) struct Pages<'a> {
    exchange: &'a Exchange,
    /// For phones alone, and only where one is told.
    board: OnceCell<Board<'a>>,
    /// By call, and whether the place is to be named.
    call_park: BTreeMap<Option<(JourneyId, bool)>, Bytes>,
    lamps: BTreeMap<LampKey, LampPage>,
    table: Option<Written>,
    /// By the edition that they come after.
    changes: BTreeMap<u64, Bytes>,
}

/// Whatever two lamps must have in common to be told the same.
type LampKey = (String, Watched, Extension, LampWord, Option<LampWord>);

impl<'a> Pages<'a> {
    pub fn of(exchange: &'a Exchange) -> Self {
        Self {
            exchange,
            board: OnceCell::new(),
            call_park: BTreeMap::new(),
            lamps: BTreeMap::new(),
            table: None,
            changes: BTreeMap::new(),
        }
    }

    fn board(&self) -> &Board<'a> {
        self.board.get_or_init(|| self.exchange.state.lot.board())
    }

    fn group_of(&self, watcher: &Extension) -> Option<&'a CallerName> {
        self.exchange.settings.group_of(watcher).map(|group| &group.name)
    }

    /// The call that this watcher's next retrieve code would fetch.
    pub fn call_park(&mut self, watcher: &Extension) -> Bytes {
        let mine = self.board().mine(watcher, self.group_of(watcher));
        let key = mine.map(|parked| (parked.journey, parked.at != *watcher));
        let exchange = self.exchange;
        let write = || Bytes::from(exchange.call_park_xml(mine, watcher));
        self.call_park.entry(key).or_insert_with(write).clone()
    }

    /// The difference to what a console knows; the whole table where it knows
    /// nothing, or takes no differences.
    pub fn table(&mut self, subscription: &Subscription, changes: bool) -> TablePage {
        let reliable = subscription.dialog.flow.transport.is_reliable();
        let room = if reliable { STREAM_ROOM } else { DATAGRAM_ROOM };
        let editions = &self.exchange.state.watchers.editions;
        let known = subscription.knows.filter(|_| changes);
        let text = known.filter(|since| editions.reaches_back_to(*since)).map(|since| {
            let write = || Bytes::from(self.exchange.changes_text(since));
            self.changes.entry(since).or_insert_with(write).clone()
        });
        match text.filter(|text| text.len() <= room) {
            Some(text) => {
                TablePage { content_type: CHANGES_MIME_TYPE, text, edition: Some(editions.now()) }
            }
            None => self.whole_table(&subscription.watcher, room),
        }
    }

    fn whole_table(&mut self, watcher: &Extension, room: usize) -> TablePage {
        let exchange = self.exchange;
        let table = self.table.get_or_insert_with(|| exchange.written());
        let (text, left_out) = exchange.table_text(watcher, table, room);
        // Whoever has only a part of it cannot be told what is different.
        let edition = (left_out == 0).then(|| exchange.state.watchers.editions.now());
        TablePage { content_type: MIME_TYPE, text: Bytes::from(text), edition }
    }

    pub fn lamp(&mut self, of: &Subscription, entity: &str, watched: &Watched) -> LampPage {
        let manner = self.exchange.settings.manner_of(&of.watcher, &of.agent);
        let (at_code, at_extension) = (manner.word_at_code(), manner.word_at_extension());
        // Only what a code of one's own leads to depends on who asks.
        let whose = match watched {
            Watched::Mine | Watched::Group => of.watcher.clone(),
            Watched::Calls(at) | Watched::Place(at) => at.clone(),
        };
        let key = (entity.to_owned(), watched.clone(), whose, at_code, at_extension);
        if let Some(page) = self.lamps.get(&key) {
            return page.clone();
        }
        let page = match watched {
            Watched::Calls(at) => self.calls_page(entity, at, at_extension),
            _ => self.place_page(entity, watched, &of.watcher, at_code),
        };
        self.lamps.insert(key, page.clone());
        page
    }

    fn calls_page(&self, entity: &str, at: &Extension, word: Option<LampWord>) -> LampPage {
        let shown = self.board().oldest_at(at).map(|parked| self.shown(parked, true));
        let parked = word.zip(shown.as_ref());
        let lines = self.exchange.state.watchers.lines_of(at);
        self.exchange.extension_page(entity, at, lines, parked)
    }

    fn place_page(&self, entity: &str, of: &Watched, me: &Extension, word: LampWord) -> LampPage {
        let group = self.group_of(me);
        let (parked, id) = match of {
            Watched::Calls(at) | Watched::Place(at) => {
                (self.board().oldest_at(at), format!("park-{at}"))
            }
            Watched::Mine => (self.board().mine(me, group), "park-mine".to_owned()),
            Watched::Group => {
                let of_group = group.map(|group| self.board().of_group(group));
                let parked = of_group.unwrap_or_else(|| self.board().oldest_at(me));
                (parked, "park-group".to_owned())
            }
        };
        let own = |parked: &Parked| matches!(of, Watched::Place(_)) || parked.at == *me;
        let shown = parked.map(|parked| self.shown(parked, own(parked)));
        self.exchange.place_page(entity, &id, word, shown.as_ref())
    }

    fn shown(&self, parked: &'a Parked, own: bool) -> Shown<'a> {
        let retrieve = &self.exchange.settings.codes.retrieve;
        let first = self.board().oldest_at(&parked.at).map(|oldest| oldest.journey);
        let mut code = format!("{retrieve}{}", parked.at);
        if first != Some(parked.journey) {
            code += &format!("*{}", parked.key);
        }
        let display = self.exchange.display_of(parked, own);
        Shown { parked, display, code }
    }
}

impl Exchange {
    fn display_of(&self, parked: &Parked, own: bool) -> String {
        let (caller, note) = (self.caller_of(parked.journey), self.note_of(parked.journey));
        match name_and_place(&caller, parked, own) {
            // A note alone would stand where a name belongs.
            nameless if nameless.is_empty() && !note.is_empty() => {
                with_note(CallerName::clean(&caller.to_string()).fit(DISPLAY_MAX), &note)
            }
            display => with_note(display, &note),
        }
    }

    fn call_park_xml(&self, mine: Option<&Parked>, watcher: &Extension) -> String {
        let content = mine.map_or("  <callpark/>\r\n".to_owned(), |parked| {
            let caller = self.caller_of(parked.journey);
            let display = self.display_of(parked, parked.at == *watcher);
            format!(
                "  <callpark>\r\n    <parked>\r\n      <identity display=\"{}\">{}</identity>\r\n    </parked>\r\n  </callpark>\r\n",
                escaped(&display),
                escaped(&self.call_park_uri(&caller))
            )
        });
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<x-broadworks-callpark-info xmlns=\"http://schema.broadsoft.com/callpark\">\r\n{content}</x-broadworks-callpark-info>\r\n"
        )
    }

    /// Phones cut the number out between `sip:` and `@`.
    pub(super) fn call_park_uri(&self, caller: &Caller) -> String {
        let uri = self.name_addr(caller).uri;
        if caller.is_withheld() { uri.to_string() } else { format!("{uri};user=phone") }
    }

    pub(super) fn office_uri(&self, user: &str) -> String {
        Uri::sip(user, Host::Name(self.settings.domain.clone())).to_string()
    }
}

/// Who waits; at a colleague's also where.
fn name_and_place(caller: &Caller, parked: &Parked, own: bool) -> String {
    if own {
        return caller.name.fit(DISPLAY_MAX);
    }
    let place = format!(" (at {})", parked.at);
    let room = DISPLAY_MAX.saturating_sub(place.len());
    CallerName::clean(&caller.to_string()).fit(room) + &place
}

/// The note takes what room is left: the name and the place come first.
fn with_note(display: String, note: &Note) -> String {
    let room = DISPLAY_MAX.saturating_sub(display.width() + ": ".len());
    if note.is_empty() || room < NOTE_MIN {
        display
    } else {
        format!("{display}: {}", note.fit(room))
    }
}
