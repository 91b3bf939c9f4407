//! What he is told to do, and how he behaves when he is called.

use std::time::Duration;

use crate::domain::time::Moment;
use crate::sim::people::person::Person;
use crate::sim::people::person::alarms::Alarm;
use crate::sim::people::person::calls::{Call, Stage};
use crate::sim::people::person::messages::{
    CallNumber, Deed, Happened, Manners, Order, PersonEffect,
};
use crate::sim::people::session::Way;

/// His last word is out of every buffer by then, so that what the other side
/// hears afterwards is not his voice.
const QUIET_BEFORE_TRANSFER: Duration = Duration::from_millis(60);

impl Person {
    pub fn carry_out(&mut self, deed: Deed, now: Moment) {
        let done = match &deed {
            Deed::Register => return self.register(now),
            Deed::Unregister => return self.register_for(0, now),
            Deed::WatchParks => return self.watch_parks(now),
            Deed::WatchLamp { number } => return self.watch_lamp(number, now),
            Deed::Behave(manners) => {
                self.manners = *manners;
                return;
            }
            Deed::Call { to } => self.call(to, now),
            Deed::Answer => self.with(is_ringing, |it, call| it.answer(call, now)),
            Deed::Decline { status } => {
                self.with(is_ringing, |it, call| it.decline(call, *status, now))
            }
            Deed::HangUp => self.hang_up(now),
            Deed::Hold => self.hold(now),
            Deed::Resume => {
                self.with(Call::is_held, |it, call| it.change_way(call, Way::Both, now))
            }
            Deed::Transfer { to } => {
                self.with(Call::is_up, |it, call| it.transfer(call, to, false, now))
            }
            Deed::TransferAndLeave { to } => {
                self.with(Call::is_up, |it, call| it.transfer(call, to, true, now))
            }
            Deed::Join => self.join(now),
            Deed::HoldAndCall { to } => self.hold(now) && self.call(to, now),
        };
        if !done {
            self.report(Happened::CannotDo(deed));
        }
    }

    /// False when he has no such call.
    fn with(
        &mut self,
        wanted: impl Fn(&Call) -> bool,
        act: impl FnOnce(&mut Self, CallNumber),
    ) -> bool {
        let found = self.find(wanted);
        if let Some(call) = found {
            act(self, call);
        }
        found.is_some()
    }

    fn hold(&mut self, now: Moment) -> bool {
        self.with(is_talking, |it, call| it.change_way(call, Way::SendOnly, now))
    }

    fn hang_up(&mut self, now: Moment) -> bool {
        let leave = |it: &mut Self, call| it.leave(call, now);
        self.with(is_talking, leave)
            || self.with(is_calling, leave)
            || self.with(Call::is_up, leave)
            || self.with(is_ringing, leave)
            || self.with(is_leaving, leave)
    }

    /// Falls silent first. See [`QUIET_BEFORE_TRANSFER`].
    fn transfer(&mut self, call: CallNumber, to: &str, and_leave: bool, now: Moment) {
        if let Some(slot) = self.calls.get(&call).map(|call| call.slot) {
            self.out.push(PersonEffect::Sound { slot, order: Order::BeQuiet });
            let transfer = Alarm::Transfer { call, to: to.to_owned(), and_leave };
            self.alarms.set(now + QUIET_BEFORE_TRANSFER, transfer);
        }
    }

    /// REFER with Replaces (RFC 3891): the held call goes where the one that
    /// is up has gone.
    fn join(&mut self, now: Moment) -> bool {
        let (Some(held), Some(up)) = (self.find(Call::is_held), self.find(is_talking)) else {
            return false;
        };
        let Some(to) = self.calls.get(&up).map(replacing) else {
            return false;
        };
        self.refer(held, &to, now);
        true
    }

    pub fn behave(&mut self, call: CallNumber, now: Moment) {
        match self.manners {
            Manners::Waits => {}
            Manners::AnswersAfter(pause) => self.alarms.set(now + pause, Alarm::Answer(call)),
            Manners::Declines { status } => self.decline(call, status, now),
        }
    }
}

fn replacing(up: &Call) -> String {
    let user = up.dialog.remote.split("sip:").nth(1).and_then(|rest| rest.split('@').next());
    let escaped = |text: &str| text.replace('@', "%40");
    format!(
        "{}?Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3D{}",
        user.unwrap_or_default(),
        escaped(&up.dialog.call_id),
        escaped(up.dialog.remote_tag.as_deref().unwrap_or_default()),
        escaped(&up.dialog.local_tag),
    )
}

fn is_ringing(call: &Call) -> bool {
    matches!(call.stage, Stage::Ringing { .. })
}

fn is_leaving(call: &Call) -> bool {
    matches!(call.stage, Stage::Leaving)
}

fn is_calling(call: &Call) -> bool {
    matches!(call.stage, Stage::Calling { .. })
}

fn is_talking(call: &Call) -> bool {
    call.is_up() && !call.is_held()
}
