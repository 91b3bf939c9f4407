//! The note field: what is to be known of a call by whoever takes it next
//! (product M4, Q20).

use std::time::Duration;

use crate::console::effect::Effect;
use crate::console::state::calls::is_recall;
use crate::console::state::{
    About, Mode, NoteField, NoteOnItsWay, ParkedRow, State, Undo, Weight, short_name,
};
use crate::domain::caller::Caller;
use crate::domain::effects::Effects;
use crate::domain::note::{NOTE_MAX, Note};
use crate::domain::time::Moment;
use crate::phone::messages::{Command, Line, LineState, Wanted};

/// A parked call is in the office's next table, at once.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

impl State {
    pub(super) fn open_note(&mut self, now: Moment) -> Effects<Effect> {
        match self.to_note() {
            Some(field) => self.mode = Mode::Note(field),
            None => return self.refuse(now, "No call to write a note about: select one"),
        }
        Effects::none()
    }

    /// What the note key means: the selected call, the one in the ear, the one
    /// just parked, the only one held.
    pub(in crate::console) fn to_note(&self) -> Option<NoteField> {
        if let Some(row) = self.selected_parked() {
            return Some(of_row(row));
        }
        if let Some(line) = self.selected_line() {
            let row = is_recall(line).then(|| self.row_of_recall(line)).flatten();
            return Some(row.map_or_else(|| of_line(line), of_row));
        }
        let moving = || self.calls.lines().find(|line| line.state == LineState::HandingOver);
        let line = self.calls.in_the_ear().or_else(moving).map(of_line);
        line.or_else(|| self.just_parked().map(of_row))
            .or_else(|| self.calls.only_held().map(of_line))
    }

    fn row_of_recall(&self, line: &Line) -> Option<&ParkedRow> {
        let place = line.recall.as_ref().and_then(|recall| recall.place.as_ref());
        let mut rows = self.parked.all().iter().filter(|row| row.view.caller == line.caller);
        rows.find(|row| place.is_none_or(|place| row.view.place == *place))
    }

    /// What this desk did last was to park this call.
    fn just_parked(&self) -> Option<&ParkedRow> {
        let Some(Undo::Parked { caller, .. }) = &self.undo else { return None };
        let me = &self.me.extension;
        let mut rows = self.parked.all().iter().rev();
        rows.find(|row| row.view.caller == *caller && row.view.is_by(me))
    }

    pub(super) fn erase_in_note(&mut self) -> Effects<Effect> {
        if let Mode::Note(field) = &mut self.mode {
            field.text.pop();
        }
        Effects::none()
    }

    /// Enter, or a park key: what has been typed is the note.
    pub(super) fn keep_note(&mut self, now: Moment) -> Effects<Effect> {
        let Mode::Note(field) = std::mem::replace(&mut self.mode, Mode::Desk) else {
            return Effects::none();
        };
        let note = Note::clean(&field.text);
        match field.about {
            About::Line(line) if self.calls.get(line).is_some() => {
                let state = self.calls.get(line).map(|line| line.state);
                if state == Some(LineState::HandingOver) {
                    // What has been sent says nothing of it.
                    self.note_on_its_way(field.caller.clone(), note.clone(), now);
                }
                self.tell_of_note(&field.caller, &note, now);
                super::calls::command(Command::Note { line, note })
            }
            About::Line(_) => match self.parked_by_me(&field.caller, None) {
                Some(which) => super::calls::command(Command::NoteParked { which, note }),
                None => self.cannot_note(&field.caller, now),
            },
            About::Parked { place, key } => {
                if !self.parked.all().iter().any(|row| row.view.key == key) {
                    return self.cannot_note(&field.caller, now);
                }
                let which = Wanted::Call { place, key };
                super::calls::command(Command::NoteParked { which, note })
            }
        }
    }

    fn cannot_note(&mut self, caller: &Caller, now: Moment) -> Effects<Effect> {
        let name = short_name(caller);
        self.refuse(now, format!("{name} is no longer here: the note was not kept"))
    }

    fn note_on_its_way(&mut self, caller: Caller, note: Note, now: Moment) {
        self.note_on_its_way = Some(NoteOnItsWay { caller, note, until: now + SHOWN_WITHIN });
    }

    /// The table has changed: perhaps the call that was being parked is in it.
    pub(super) fn go_on_noting(&mut self, now: Moment) -> Effects<Effect> {
        let Some(NoteOnItsWay { caller, note, until }) = self.note_on_its_way.clone() else {
            return Effects::none();
        };
        let which = self.parked_by_me(&caller, None).filter(|_| now <= until);
        if which.is_some() || now > until {
            self.note_on_its_way = None;
        }
        which.map(|which| Effect::Phone(Command::NoteParked { which, note })).into_iter().collect()
    }

    pub(super) fn tell_of_note(&mut self, caller: &Caller, note: &Note, now: Moment) {
        self.say(now, Weight::Done, note_words(caller, note));
    }
}

pub(super) fn note_words(caller: &Caller, note: &Note) -> String {
    if note.is_empty() {
        return format!("The note on {caller} is off");
    }
    format!("Note on {caller}: {note}")
}

pub(super) fn type_into(text: &mut String, c: char) -> Effects<Effect> {
    if text.chars().count() < NOTE_MAX {
        text.push(c);
    }
    Effects::none()
}

fn of_line(line: &Line) -> NoteField {
    let (caller, text) = (line.caller.clone(), line.note.to_string());
    NoteField { about: About::Line(line.id), caller, text }
}

fn of_row(row: &ParkedRow) -> NoteField {
    let view = &row.view;
    let about = About::Parked { place: view.place.clone(), key: view.key };
    NoteField { about, caller: view.caller.clone(), text: view.note.to_string() }
}
