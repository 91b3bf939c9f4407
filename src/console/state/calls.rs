//! The calls at this desk, each with a number that stays its own while it lives.

use crate::domain::ids::Extension;
use crate::phone::messages::{Direction, Line, LineId, LineState, Target};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    /// The smallest that was free when the call came. It does not move up.
    pub number: usize,
    pub line: Line,
    /// What was asked last for it, for the words while it is undecided.
    pub asked: Option<HandedOver>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandedOver {
    Park { at: Option<Extension> },
    GroupPark,
    Send { to: Target },
}

/// In the order they are shown: as they came, but recalls on top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    rows: Vec<CallRow>,
}

/// Rings here because nobody fetched it from the lot.
pub fn is_recall(line: &Line) -> bool {
    line.state == LineState::Ringing && line.recall.is_some()
}

/// Somebody is in the ear or waits on this line: it can be parked or sent.
pub fn is_up(line: &Line) -> bool {
    matches!(line.state, LineState::Talking | LineState::Held)
}

/// Leaving now would leave somebody alone.
pub fn is_live(line: &Line) -> bool {
    is_up(line) || line.state == LineState::HandingOver
}

fn is_in_the_ear(line: &Line) -> bool {
    matches!(line.state, LineState::Talking | LineState::Dialling | LineState::Alerting)
}

impl Calls {
    /// The line as it is now; true if it was not there before.
    pub fn put(&mut self, line: Line) -> bool {
        if let Some(row) = self.rows.iter_mut().find(|row| row.line.id == line.id) {
            if line.state != LineState::HandingOver && row.line.state == LineState::HandingOver {
                row.asked = None;
            }
            row.line = line;
            return false;
        }
        let number = self.free_number();
        let at = if line.recall.is_some() { 0 } else { self.rows.len() };
        self.rows.insert(at, CallRow { number, line, asked: None });
        true
    }

    pub fn remove(&mut self, id: LineId) -> Option<CallRow> {
        let at = self.rows.iter().position(|row| row.line.id == id)?;
        Some(self.rows.remove(at))
    }

    pub fn asked(&mut self, id: LineId, what: HandedOver) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.line.id == id) {
            row.asked = Some(what);
        }
    }

    pub fn rows(&self) -> &[CallRow] {
        &self.rows
    }

    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.rows.iter().map(|row| &row.line)
    }

    pub fn get(&self, id: LineId) -> Option<&Line> {
        self.lines().find(|line| line.id == id)
    }

    /// The one call that is heard, or being made.
    pub fn in_the_ear(&self) -> Option<&Line> {
        self.lines().find(|line| is_in_the_ear(line))
    }

    pub fn talking(&self) -> Option<&Line> {
        self.lines().find(|line| line.state == LineState::Talking)
    }

    pub fn only_held(&self) -> Option<&Line> {
        let mut held = self.lines().filter(|line| line.state == LineState::Held);
        let first = held.next();
        if held.next().is_some() { None } else { first }
    }

    pub fn longest_held(&self) -> Option<&Line> {
        let held = self.lines().filter(|line| line.state == LineState::Held);
        held.min_by_key(|line| line.since)
    }

    pub fn longest_ringing(&self) -> Option<&Line> {
        let ringing = self.lines().filter(|line| is_ringing(line) && !is_recall(line));
        ringing.min_by_key(|line| line.since)
    }

    /// The recall that has rung longest.
    pub fn recall(&self) -> Option<&Line> {
        self.lines().filter(|line| is_recall(line)).min_by_key(|line| line.since)
    }

    pub fn ringing(&self) -> usize {
        self.lines().filter(|line| is_ringing(line)).count()
    }

    pub fn live(&self) -> impl Iterator<Item = &Line> {
        self.lines().filter(|line| is_live(line))
    }

    fn free_number(&self) -> usize {
        let taken = |number: &usize| self.rows.iter().any(|row| row.number == *number);
        (1..).find(|number| !taken(number)).unwrap_or_default()
    }
}

fn is_ringing(line: &Line) -> bool {
    line.state == LineState::Ringing && line.direction != Direction::Outgoing
}
