//! What a phone's own keys open over the desk: where to park, more keys, who
//! is parked. Any key of the desk closes it and does its work.

use std::time::Duration;

use super::calls::command;
use crate::console::effect::Effect;
use crate::console::intent::Action;
use crate::console::state::calls::is_up;
use crate::console::state::{Mode, Page, Selected, State};
use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::phone::messages::LineId;

/// As long as a number in To: stays.
const CLOSES_AFTER: Duration = super::to_field::CLEARS_AFTER;

impl State {
    /// On a call asks for the place; else fetches who waits for me.
    pub(super) fn visual_park(&mut self, now: Moment) -> Effects<Effect> {
        if !self.is_idle() {
            return self.ask_place(now);
        }
        if self.is_current_stale(now) { Effects::none() } else { self.retrieve(now) }
    }

    /// With a number in To: there is nothing to ask, nor for a recall, which
    /// has its place.
    pub(super) fn ask_place(&mut self, now: Moment) -> Effects<Effect> {
        if !self.to.text.is_empty() || self.recall_to_park_again().is_some() {
            return self.park(now);
        }
        if self.is_current_stale(now) {
            return Effects::none();
        }
        match self.call_to_hand_over("park") {
            Ok(line) => self.open_page(Page::Place { line }, now),
            Err(why) => self.refuse(now, why),
        }
    }

    pub(super) fn open_more(&mut self, now: Moment) -> Effects<Effect> {
        self.open_page(Page::More, now)
    }

    /// The call that the retrieve code would take, by its identity: another
    /// one parked meanwhile does not slip under the finger.
    pub(super) fn show_parked(&mut self, now: Moment) -> Effects<Effect> {
        let Some(key) = self.parked.mine(&self.me.extension).map(|row| row.view.key) else {
            return self.refuse(now, "Nobody is parked for you");
        };
        self.clear_to();
        self.selected = Some(Selected::Parked(key));
        self.open_page(Page::Parked, now)
    }

    fn open_page(&mut self, page: Page, now: Moment) -> Effects<Effect> {
        self.mode = Mode::Page { page, until: now + CLOSES_AFTER };
        Effects::none()
    }

    /// A key on an open page; `None` is the desk's, and the page is closed.
    pub(super) fn act_on_page(&mut self, action: Action, now: Moment) -> Option<Effects<Effect>> {
        let Mode::Page { page, .. } = self.mode else {
            return None;
        };
        match (page, action) {
            (Page::Place { line }, action) => self.act_on_place(line, action, now),
            (Page::More, Action::Back) => Some(self.close_page()),
            (Page::Parked, Action::Back) => {
                self.selected = None;
                Some(self.close_page())
            }
            (Page::Parked, Action::Up) => Some(self.show_next_parked(-1, now)),
            (Page::Parked, Action::Down) => Some(self.show_next_parked(1, now)),
            (Page::More | Page::Parked, _) => self.leave_page_to_desk(),
        }
    }

    fn act_on_place(
        &mut self,
        line: LineId,
        action: Action,
        now: Moment,
    ) -> Option<Effects<Effect>> {
        let nothing_typed = self.to.text.is_empty();
        match action {
            Action::Erase => {
                self.goes_on_at_place(now);
                Some(self.erase_digit(now))
            }
            Action::Back => {
                self.clear_to();
                Some(self.close_page())
            }
            Action::GroupPark => Some(self.park_at_group_from_page(line, now)),
            Action::VisualPark if nothing_typed => Some(self.park_at_group_from_page(line, now)),
            Action::Park | Action::VisualPark | Action::AskPlace | Action::Go => {
                Some(self.park_from_page(line, now))
            }
            _ => self.leave_page_to_desk(),
        }
    }

    /// What is no extension is said, and stays to be mended.
    fn park_from_page(&mut self, line: LineId, now: Moment) -> Effects<Effect> {
        if !self.is_still_here(line) {
            return self.too_late(now);
        }
        let Ok(at) = self.take_place("Park", now) else {
            return Effects::none();
        };
        self.mode = Mode::Desk;
        command(self.park_of(line, at))
    }

    fn park_at_group_from_page(&mut self, line: LineId, now: Moment) -> Effects<Effect> {
        if !self.is_still_here(line) {
            return self.too_late(now);
        }
        self.mode = Mode::Desk;
        command(self.group_park_of(line))
    }

    fn is_still_here(&self, line: LineId) -> bool {
        self.calls.get(line).is_some_and(is_up)
    }

    fn too_late(&mut self, now: Moment) -> Effects<Effect> {
        self.mode = Mode::Desk;
        self.clear_to();
        self.refuse(now, "The call to park is over: nobody else is parked")
    }

    fn show_next_parked(&mut self, step: isize, now: Moment) -> Effects<Effect> {
        let keys: Vec<u32> = self.parked.visible().map(|row| row.view.key).collect();
        let here = self.selected_parked().map(|row| row.view.key);
        let at = keys.iter().position(|key| Some(*key) == here).unwrap_or_default();
        if let Some(key) = keys.get(at.saturating_add_signed(step)) {
            self.selected = Some(Selected::Parked(*key));
        }
        self.open_page(Page::Parked, now)
    }

    /// The person is at it: the question stays.
    pub(super) fn goes_on_at_place(&mut self, now: Moment) {
        match &mut self.mode {
            Mode::Page { page: Page::Place { .. }, until } => *until = now + CLOSES_AFTER,
            Mode::Page { .. } => self.mode = Mode::Desk,
            _ => {}
        }
    }

    fn close_page(&mut self) -> Effects<Effect> {
        self.mode = Mode::Desk;
        Effects::none()
    }

    /// The call that it shows is gone.
    pub(super) fn close_parked_page(&mut self) {
        if matches!(self.mode, Mode::Page { page: Page::Parked, .. }) {
            self.mode = Mode::Desk;
        }
    }

    fn leave_page_to_desk(&mut self) -> Option<Effects<Effect>> {
        self.mode = Mode::Desk;
        None
    }

    pub(super) fn page_until(&self) -> Option<Moment> {
        match self.mode {
            Mode::Page { until, .. } => Some(until),
            _ => None,
        }
    }
}
