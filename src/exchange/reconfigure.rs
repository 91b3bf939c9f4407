//! Other settings for a running office: they hold at once, and no call is lost.
//!
//! What is under way is done to its end: whoever rings goes on ringing, calls
//! of an extension that is gone end when their people end them, and every
//! parked call stays where it is.

use std::collections::BTreeSet;

use crate::domain::caller_name::CallerName;
use crate::domain::effects::Effects;
use crate::domain::ids::{Extension, JourneyId};
use crate::domain::recall::Recall;
use crate::domain::time::Moment;
use crate::exchange::settings::Settings;
use crate::exchange::{Effect, Exchange};
use crate::media::control::PortToken;
use crate::park::{Input, Parked};

/// May not be asked again (RFC 6665 §4.1.3).
const REJECTED: &str = "rejected";
/// May be asked again at once, by whoever has the new password.
const DEACTIVATED: &str = "deactivated";

impl Exchange {
    /// From now on these settings hold. They are of the same domain, and have
    /// been checked: nothing here can be refused.
    pub fn reconfigure(&mut self, settings: Settings, now: Moment) -> Effects<Effect> {
        (self.now, self.is_closed_down) = (now, false);
        self.leave_trunks(&settings);
        let was = std::mem::replace(&mut self.settings, settings).extensions;
        self.take_on_trunks();
        for (extension, then) in was {
            match self.settings.extensions.get(&extension) {
                None => self.leave(&extension),
                Some(now) if now.secret != then.secret => self.shut_out(&extension, DEACTIVATED),
                Some(_) => {}
            }
        }
        self.revise_parked();
        self.state.watchers.settings_changed();
        self.turn_over()
    }

    /// The tenant is no more: nobody registers or calls, and what is under way
    /// goes on.
    pub(super) fn close_down(&mut self, now: Moment) -> Effects<Effect> {
        let none = Settings {
            extensions: Default::default(),
            groups: Vec::new(),
            ring_groups: Vec::new(),
            trunks: Vec::new(),
            ..self.settings.clone()
        };
        let effects = self.reconfigure(none, now);
        self.is_closed_down = true;
        effects
    }

    pub(super) fn is_closed_down(&self) -> bool {
        self.is_closed_down
    }

    /// Its last call has ended, every last word about it is said, and nothing
    /// of the house is left in it.
    pub(super) fn is_done_with(&self) -> bool {
        self.is_over() && self.state.ports.is_empty() && self.next_wakeup().is_none()
    }

    /// It was closed, and its last call has ended.
    pub fn is_over(&self) -> bool {
        self.is_closed_down && self.state.legs.is_empty()
    }

    pub(super) fn revise_parked(&mut self) {
        for (journey, recall, group) in self.revised() {
            self.tell_lot(Input::Revised { journey, recall, group });
        }
    }

    /// The settings may have changed while the program was not running.
    pub(super) fn leave_who_is_gone(&mut self) {
        let here = self.state.registrar.extensions().chain(self.state.watchers.extensions());
        let here = here.chain(&self.state.do_not_disturb);
        let gone = here.filter(|extension| !self.settings.extensions.contains_key(*extension));
        for extension in gone.cloned().collect::<BTreeSet<_>>() {
            self.leave(&extension);
        }
    }

    /// Nobody has this extension any more.
    fn leave(&mut self, extension: &Extension) {
        self.state.do_not_disturb.remove(extension);
        self.shut_out(extension, REJECTED);
    }

    /// Its devices begin anew, if they may: nobody stays in on a password that
    /// is another one now. Their calls go on.
    fn shut_out(&mut self, extension: &Extension, reason: &'static str) {
        self.end_subscriptions_of(extension, reason);
        self.forget_devices_of(extension);
    }

    /// The parked calls for which something has changed (product Q14).
    fn revised(&self) -> Vec<(JourneyId, Recall, Option<CallerName>)> {
        let calls = self.state.lot.calls().iter();
        let revised = calls.map(|call| {
            let recall = self.settings.recall_of(&call.parking_user);
            let group = self.group_now(call);
            let same = recall == call.recall
                && group.as_ref() == call.group.as_ref().map(|park| &park.name);
            (!same).then_some((call.journey, recall, group))
        });
        revised.flatten().collect()
    }

    /// The group of a group-parked call: its own, else, that being gone or
    /// renamed, the one whose people are concerned by it now.
    fn group_now(&self, call: &Parked) -> Option<CallerName> {
        let name = &call.group.as_ref()?.name;
        let of = |extension| self.settings.group_of(extension);
        let own = self.settings.groups.iter().find(|group| group.name == *name);
        let now = own.or_else(|| of(&call.at)).or_else(|| of(&call.parking_user));
        now.map(|group| group.name.clone())
    }

    /// Half of the ports in stock, for a tenant that has none.
    pub(super) fn share_ports(&mut self) -> Vec<PortToken> {
        let half = self.state.ports.len() / 2;
        self.state.ports.split_off(half).into()
    }

    pub(super) fn give_up_ports(&mut self) -> Vec<PortToken> {
        std::mem::take(&mut self.state.ports).into()
    }
}
