//! Quitting so that nobody is left alone on a line.

use std::time::Duration;

use crate::console::effect::Effect;
use crate::console::state::{Leaving, Mode, State, Weight};
use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::phone::messages::{Command, LineState};

/// The system kills a program that takes longer to go than about this.
const PARK_WITHIN: Duration = Duration::from_secs(5);

impl State {
    pub(super) fn quit(&mut self, now: Moment) -> Effects<Effect> {
        if self.calls.live().next().is_none() {
            return self.gone();
        }
        if self.mode == Mode::Leaving {
            return Effects::none();
        }
        self.mode = Mode::Leaving;
        self.say(now, Weight::Warning, "Calls are up: park them at the group and quit, or stay?");
        Effects::none()
    }

    /// Waits for the last of them however long it takes: a refused park brings
    /// the desk back.
    pub(super) fn park_all_and_quit(&mut self, now: Moment) -> Effects<Effect> {
        self.mode = Mode::Desk;
        self.leaving = Some(Leaving::Parking { until: None });
        self.say(now, Weight::Info, "Parking every call, then leaving");
        self.park_all()
    }

    /// Asked from outside, and by whoever closes the window: also while the
    /// person's own quitting waits for an office that does not answer.
    pub(super) fn leave_at_once(&mut self, now: Moment) -> Effects<Effect> {
        if !matches!(self.leaving, None | Some(Leaving::Parking { until: None })) {
            return Effects::none();
        }
        let until = Some(now + PARK_WITHIN);
        self.leaving = Some(Leaving::Parking { until });
        self.park_all()
    }

    fn park_all(&mut self) -> Effects<Effect> {
        let live = self.calls.live().filter(|line| line.state != LineState::HandingOver);
        let live: Vec<_> = live.map(|line| line.id).collect();
        live.into_iter().map(|line| Effect::Phone(self.group_park_of(line))).collect()
    }

    /// A call that could not be parked needs its person back.
    pub(super) fn stop_leaving(&mut self, now: Moment) {
        if matches!(self.leaving, Some(Leaving::Parking { until: None })) {
            self.leaving = None;
            self.say(now, Weight::Alarm, "A call could not be parked: staying");
        }
    }

    pub(super) fn go_on_leaving(&mut self, now: Moment) -> Effects<Effect> {
        let Some(Leaving::Parking { until }) = self.leaving else {
            return Effects::none();
        };
        let too_late = until.is_some_and(|until| until <= now);
        if too_late || self.calls.live().next().is_none() { self.gone() } else { Effects::none() }
    }

    pub(super) fn leaving_until(&self) -> Option<Moment> {
        match self.leaving {
            Some(Leaving::Parking { until }) => until,
            _ => None,
        }
    }

    fn gone(&mut self) -> Effects<Effect> {
        self.leaving = Some(Leaving::Gone);
        Effects::one(Effect::Phone(Command::Leave)).then([Effect::Quit])
    }

    /// The shell hears no ring: with a call here one stays.
    pub(super) fn suspend(&mut self, now: Moment) -> Effects<Effect> {
        if self.calls.rows().is_empty() {
            return Effects::one(Effect::Suspend);
        }
        self.refuse(now, "Not while calls are here: nobody would hear them")
    }
}
