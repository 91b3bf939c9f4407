//! Verbs for the lot: park, retrieve, and choosing among parked calls.

use std::time::Duration;

use super::calls::command;
use crate::console::effect::Effect;
use crate::console::state::{
    HandedOver, Knowledge, ParkedRow, Pending, Selected, State, Undo, Weight, short_name,
};
use crate::domain::effects::Effects;
use crate::domain::ids::Extension;
use crate::domain::park_table::ParkTable;
use crate::domain::time::Moment;
use crate::phone::messages::{Command, LineId, Wanted};

const STALE_WITHIN: Duration = Duration::from_millis(300);
const ROW_NUMBER_WITHIN: Duration = Duration::from_secs(4);
/// Wait for a second digit only while one could follow.
const SECOND_DIGIT_WITHIN: Duration = Duration::from_millis(1200);

impl State {
    pub(super) fn park(&mut self, now: Moment) -> Effects<Effect> {
        if self.is_current_stale(now) {
            return Effects::none();
        }
        if let Some(line) = self.recall_to_park_again().filter(|_| self.to.text.is_empty()) {
            let line = line.id;
            self.undo = Some(Undo::Parking { line });
            return command(Command::ParkAgain { line });
        }
        let line = match self.call_to_hand_over("park") {
            Ok(line) => line,
            Err(why) => return self.refuse(now, why),
        };
        let Ok(at) = self.take_place("Park", now) else {
            return Effects::none();
        };
        command(self.park_of(line, at))
    }

    pub(super) fn park_of(&mut self, line: LineId, at: Option<Extension>) -> Command {
        self.calls.asked(line, HandedOver::Park { at: at.clone() });
        self.undo = Some(Undo::Parking { line });
        Command::Park { line, at }
    }

    pub(super) fn group_park(&mut self, now: Moment) -> Effects<Effect> {
        if self.is_current_stale(now) {
            return Effects::none();
        }
        match self.call_to_hand_over("park") {
            Ok(line) => command(self.group_park_of(line)),
            Err(why) => self.refuse(now, why),
        }
    }

    pub(super) fn group_park_of(&mut self, line: LineId) -> Command {
        self.clear_to();
        self.calls.asked(line, HandedOver::GroupPark);
        self.undo = Some(Undo::Parking { line });
        Command::GroupPark { line }
    }

    /// At the extension in To:, else the selected row, else mine.
    pub(super) fn retrieve(&mut self, now: Moment) -> Effects<Effect> {
        match self.take_place("Fetching", now) {
            Ok(Some(place)) => command(Command::Retrieve { which: Wanted::OldestAt(place) }),
            Ok(None) => self.retrieve_selected_or_mine(now),
            Err(()) => Effects::none(),
        }
    }

    fn retrieve_selected_or_mine(&mut self, now: Moment) -> Effects<Effect> {
        if let Some(row) = self.selected_parked() {
            let which = this_one(row);
            self.selected = None;
            return command(Command::Retrieve { which });
        }
        if self.warns_of_lost_selection(now) {
            return Effects::none();
        }
        command(Command::Retrieve { which: Wanted::Mine })
    }

    /// A key that was on its way to a row that is gone does not take another's.
    pub(super) fn warns_of_lost_selection(&mut self, now: Moment) -> bool {
        let lost = self.lost_selection.as_ref().filter(|(at, _)| now.since(*at) < STALE_WITHIN * 3);
        let text = lost.map(|(_, who)| format!("{who} is no longer there: nothing was done"));
        if let Some(text) = &text {
            self.say(now, Weight::Warning, text);
        }
        text.is_some()
    }

    pub(super) fn retrieve_oldest(&mut self, now: Moment) -> Effects<Effect> {
        match self.parked.oldest().map(this_one) {
            Some(which) => command(Command::Retrieve { which }),
            None => self.refuse(now, "Nothing is parked"),
        }
    }

    pub(super) fn open_list(&mut self, now: Moment) -> Effects<Effect> {
        if self.parked.visible().next().is_none() {
            return self.refuse(now, "Nothing is parked");
        }
        let until = now + ROW_NUMBER_WITHIN;
        self.pending = Some(Pending::Row { digits: String::new(), until });
        Effects::none()
    }

    pub(super) fn type_row_number(
        &mut self,
        mut digits: String,
        digit: char,
        now: Moment,
    ) -> Effects<Effect> {
        digits.push(digit);
        if digits.len() < 2 && self.more_rows_begin_with(&digits) {
            let until = now + SECOND_DIGIT_WITHIN;
            self.pending = Some(Pending::Row { digits, until });
            return Effects::none();
        }
        self.retrieve_row(&digits, now)
    }

    /// Whether `1` might yet become `12`.
    fn more_rows_begin_with(&self, digits: &str) -> bool {
        self.parked.visible().any(|row| {
            let number = row.number.to_string();
            number.len() > digits.len() && number.starts_with(digits)
        })
    }

    pub(super) fn retrieve_row(&mut self, digits: &str, now: Moment) -> Effects<Effect> {
        if digits.is_empty() {
            return Effects::none();
        }
        let row = digits.parse().ok().and_then(|number| self.parked.numbered(number));
        match row.map(this_one) {
            Some(which) => command(Command::Retrieve { which }),
            None => self.refuse(now, format!("No parked call has the number {digits}")),
        }
    }

    pub(super) fn toggle_scope(&mut self) -> Effects<Effect> {
        self.parked.toggle_scope();
        self.drop_lost_selection_quietly();
        Effects::none()
    }

    pub(super) fn show_table(
        &mut self,
        table: Option<ParkTable>,
        at: Moment,
        now: Moment,
    ) -> Effects<Effect> {
        let Some(mut table) = table else {
            return self.lose_table(now);
        };
        let before: Vec<ParkedRow> = self.parked.visible().cloned().collect();
        let before_at = self.parked.at;
        let first = self.parked.knowledge != Knowledge::Known;
        self.people.show(std::mem::take(&mut table.lamps), &self.me.extension);
        self.parked.show(table, at, &self.me.extension);
        self.drop_lost_selection(&before, now);
        if first {
            self.pass_over_hunts();
        } else {
            self.tell_of_changes(&before, before_at, now);
            self.tell_of_hunts(now);
        }
        let rows = self.parked.all();
        self.announced.retain(|key| rows.iter().any(|row| row.view.key == *key));
        let alarmed = if first { None } else { self.tell_of_alarms(&before, now) };
        let on_its_way = self.go_on_noting(now).then(alarmed);
        self.go_on_taking_back(now).then(on_its_way)
    }

    fn lose_table(&mut self, now: Moment) -> Effects<Effect> {
        if self.parked.knowledge == Knowledge::Known {
            let text = "The office does not answer: parked calls and lamps may be wrong";
            self.say(now, Weight::Alarm, text);
        }
        self.parked.lose();
        Effects::none()
    }

    /// When the selected call is gone nothing is selected: the key on its way
    /// must not take its neighbour.
    fn drop_lost_selection(&mut self, before: &[ParkedRow], now: Moment) {
        let Some(Selected::Parked(key)) = self.selected else {
            return;
        };
        if self.parked.get(key).is_none() {
            self.selected = None;
            self.close_parked_page();
            let row = before.iter().find(|row| row.view.key == key);
            self.lost_selection = row.map(|row| (now, short_name(&row.view.caller)));
        }
    }

    fn drop_lost_selection_quietly(&mut self) {
        if matches!(self.selected, Some(Selected::Parked(key)) if self.parked.get(key).is_none()) {
            self.selected = None;
        }
    }

    /// The arrows walk through calls and then through parked calls.
    pub(super) fn select_by(&mut self, step: isize) -> Effects<Effect> {
        let calls = self.calls.lines().map(|line| Selected::Line(line.id));
        let parked = self.parked.visible().map(|row| Selected::Parked(row.view.key));
        let rows: Vec<Selected> = calls.chain(parked).collect();
        let here = self.selected.and_then(|now| rows.iter().position(|row| *row == now));
        let wanted = match here {
            Some(at) => at.saturating_add_signed(step),
            None if step < 0 => rows.len().saturating_sub(1),
            None => 0,
        };
        self.selected = rows.get(wanted).or(rows.last()).copied();
        Effects::none()
    }
}

fn this_one(row: &ParkedRow) -> Wanted {
    Wanted::Call { place: row.view.place.clone(), key: row.view.key }
}
