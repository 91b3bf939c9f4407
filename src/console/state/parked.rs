//! Parked calls as the office last told them, with row numbers that stay.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::ids::Extension;
use crate::domain::park_table::{GroupView, ParkTable, ParkedView, PhaseView};
use crate::domain::time::Moment;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedRow {
    /// The smallest that was free when the call was first shown.
    pub number: usize,
    pub view: ParkedView,
    pub is_mine_or_my_groups: bool,
}

/// Whether what is shown can be trusted (product M3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Knowledge {
    /// The office has not answered yet.
    #[default]
    NotYet,
    Known,
    Lost,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParkedCalls {
    pub knowledge: Knowledge,
    pub group: Option<GroupView>,
    /// When the table was true.
    pub at: Moment,
    /// Calls that the office could not tell in one datagram.
    pub left_out: u32,
    /// The whole office's calls, not only those of my group. `None`: nobody
    /// has chosen, so it depends on whether I am in a group (product Q19).
    pub whole_office: Option<bool>,
    /// Oldest first.
    rows: Vec<ParkedRow>,
    numbers: BTreeMap<u32, usize>,
}

/// How near a waiting caller is to his recall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    Calm,
    /// From 40 % of the recall timer.
    Soon,
    /// The last ten seconds, or from 80 %, or already ringing.
    Now,
}

/// Warned of this long before the recall rings.
pub const RECALL_SOON: Duration = Duration::from_secs(10);

impl ParkedCalls {
    pub fn show(&mut self, table: ParkTable, at: Moment, me: &Extension) {
        self.knowledge = Knowledge::Known;
        self.at = at;
        self.group = table.group;
        self.left_out = table.more;
        self.rows = Vec::with_capacity(table.calls.len());
        for view in table.calls {
            let is_mine_or_my_groups = self.concerns(&view.place, me);
            self.rows.push(ParkedRow { number: 0, view, is_mine_or_my_groups });
        }
        self.number();
    }

    /// What is shown may be wrong from now on. The rows stay: a caller who was
    /// there a second ago most likely is.
    pub fn lose(&mut self) {
        self.knowledge = Knowledge::Lost;
    }

    pub fn toggle_scope(&mut self) {
        self.whole_office = Some(!self.is_whole_office());
        self.number();
    }

    pub fn is_whole_office(&self) -> bool {
        self.whole_office.unwrap_or(self.group.is_none())
    }

    /// Oldest first.
    pub fn visible(&self) -> impl DoubleEndedIterator<Item = &ParkedRow> {
        let all = self.is_whole_office();
        self.rows.iter().filter(move |row| all || row.is_mine_or_my_groups)
    }

    /// Every row of the office.
    pub fn all(&self) -> &[ParkedRow] {
        &self.rows
    }

    /// Rows that the present scope hides.
    pub fn hidden(&self) -> usize {
        self.rows.len() - self.visible().count()
    }

    pub fn get(&self, key: u32) -> Option<&ParkedRow> {
        self.visible().find(|row| row.view.key == key)
    }

    pub fn numbered(&self, number: usize) -> Option<&ParkedRow> {
        self.visible().find(|row| row.number == number)
    }

    /// Who has waited longest and is not being fetched already.
    pub fn oldest(&self) -> Option<&ParkedRow> {
        self.visible().find(|row| row.view.phase != PhaseView::Retrieving)
    }

    /// Whom the retrieve code of this place takes, in or out of sight.
    pub fn oldest_at(&self, place: &Extension) -> Option<&ParkedRow> {
        let free = |row: &&ParkedRow| row.view.phase != PhaseView::Retrieving;
        self.rows.iter().filter(free).find(|row| row.view.place == *place)
    }

    /// Whom my own retrieve code takes: my place's oldest, else my group's
    /// oldest group-parked one (product Q6). In another server's lot it is
    /// whom I parked first, else whoever waits longest.
    pub fn mine(&self, me: &Extension) -> Option<&ParkedRow> {
        let free = |row: &&ParkedRow| row.view.phase != PhaseView::Retrieving;
        let of_group = || self.rows.iter().filter(free).find(|row| self.is_my_groups(row));
        let is_elsewhere = |row: &&ParkedRow| row.view.phase == PhaseView::Untold;
        let by_me = || self.rows.iter().filter(is_elsewhere).find(|row| row.view.is_by(me));
        let elsewhere = || by_me().or_else(|| self.rows.iter().find(is_elsewhere));
        self.oldest_at(me).or_else(of_group).or_else(elsewhere)
    }

    pub fn is_my_groups(&self, row: &ParkedRow) -> bool {
        let mine = self.group.as_ref().map(|group| &group.name);
        mine.is_some() && row.view.group.as_ref() == mine
    }

    pub fn waited(&self, row: &ParkedRow, now: Moment) -> Duration {
        Duration::from_millis(row.view.waited_ms) + now.since(self.at)
    }

    /// Until what happens next; none when nothing was promised, or nobody
    /// knows whether the promise is kept.
    pub fn until_next(&self, row: &ParkedRow, now: Moment) -> Option<Duration> {
        let next = row.view.next.as_ref().filter(|_| self.knowledge != Knowledge::Lost)?;
        Some(Duration::from_millis(next.in_ms).saturating_sub(now.since(self.at)))
    }

    /// When this waiting call will be recalled; none when it is past waiting.
    pub fn recall_at(&self, row: &ParkedRow) -> Option<Moment> {
        let promised = self.knowledge != Knowledge::Lost && row.view.phase == PhaseView::Waiting;
        let next = row.view.next.as_ref().filter(|_| promised)?;
        Some(self.at + Duration::from_millis(next.in_ms))
    }

    /// The part of the recall timer that is left, in thousandths.
    pub fn left_permille(&self, row: &ParkedRow, now: Moment) -> Option<u128> {
        let left = self.until_next(row, now)?.as_millis();
        let whole = self.waited(row, now).as_millis() + left;
        Some((left * 1000).checked_div(whole).unwrap_or_default())
    }

    pub fn urgency(&self, row: &ParkedRow, now: Moment) -> Urgency {
        if row.view.phase == PhaseView::Untold {
            return Urgency::Calm;
        }
        if row.view.phase != PhaseView::Waiting {
            return Urgency::Now;
        }
        let Some(left) = self.left_permille(row, now) else {
            return Urgency::Calm;
        };
        let soon = self.until_next(row, now).is_some_and(|left| left <= RECALL_SOON);
        match left {
            _ if soon => Urgency::Now,
            0..=200 => Urgency::Now,
            201..=600 => Urgency::Soon,
            _ => Urgency::Calm,
        }
    }

    fn concerns(&self, place: &Extension, me: &Extension) -> bool {
        let members = self.group.iter().flat_map(|group| &group.members);
        place == me || members.into_iter().any(|member| member == place)
    }

    /// Gives every row that is shown a number, and frees those of rows that left.
    fn number(&mut self) {
        self.numbers.retain(|key, _| self.rows.iter().any(|row| row.view.key == *key));
        let all = self.is_whole_office();
        for row in &mut self.rows {
            let number = self.numbers.get(&row.view.key).copied();
            row.number = number.unwrap_or_else(|| free(&self.numbers));
            if all || row.is_mine_or_my_groups {
                self.numbers.insert(row.view.key, row.number);
            }
        }
    }
}

fn free(taken: &BTreeMap<u32, usize>) -> usize {
    (1..).find(|number| !taken.values().any(|used| used == number)).unwrap_or_default()
}
