//! What becomes of devices, calls and subscriptions when a connection goes,
//! and when its phone is back on another.

use crate::domain::ids::Extension;
use crate::exchange::Exchange;
use crate::exchange::registrar::Binding;
use crate::sip::dialog::{Dialog, elsewhere, hop_of};
use crate::sip::flow::Flow;
use crate::sip::wire::Uri;

impl Exchange {
    /// A connection is gone, or could not be had. Whoever was there is looked
    /// for at his Contact from now on, until he is back by himself.
    pub(super) fn connection_lost(&mut self, flow: Flow) {
        self.state.registrar.connection_lost(flow);
        for leg in self.state.legs.values_mut().filter(|leg| leg.dialog.flow == flow) {
            leg.dialog.flow = leg.dialog.elsewhere().unwrap_or(flow);
        }
        self.state.watchers.connection_lost(flow);
        let transactions = &mut self.state.transactions;
        let mut effects =
            transactions.reroute(flow, |request| elsewhere(&hop_of(request), flow), None);
        effects.extend(transactions.transport_failed(flow));
        self.carry_out(effects);
    }

    /// After a restart no connection is left.
    pub(super) fn all_connections_lost(&mut self) {
        let state = &self.state;
        let devices = state.registrar.flows();
        let legs = state.legs.values().map(|leg| leg.dialog.flow);
        let all = devices.chain(legs).chain(state.watchers.flows());
        let lost: std::collections::BTreeSet<Flow> =
            all.filter(|flow| flow.transport.is_reliable()).collect();
        for flow in lost {
            self.connection_lost(flow);
        }
    }

    /// A device has registered: what it has here goes the way it came now, and
    /// it is told what it may have missed (product M3).
    pub(super) fn device_is_back(
        &mut self,
        extension: &Extension,
        old: Option<&Binding>,
        new: &Binding,
    ) {
        let Some(flow) = new.route() else { return };
        let mut left: Vec<Flow> = Vec::new();
        if let Some(old) = old.filter(|old| old.flow != new.flow) {
            left.push(old.flow);
            left.extend(old.route());
        }
        for leg in self.state.legs.values_mut().filter(|leg| leg.extension() == Some(extension)) {
            left.extend(moved(&mut leg.dialog, old, new));
        }
        for subscription in self.state.watchers.of_mut(extension) {
            let from = moved(&mut subscription.dialog, old, new);
            if from.is_some() {
                subscription.news = subscription.news.back();
            }
            left.extend(from);
        }
        self.state.watchers.some_news();
        left.retain(|from| *from != flow);
        left.sort_unstable();
        left.dedup();
        for from in left {
            let effects = self.state.transactions.reroute(from, |_| Some(flow), Some(flow));
            self.carry_out(effects);
        }
    }
}

/// Where the dialog's peer was, if he is this device and was somewhere else.
fn moved(dialog: &mut Dialog, old: Option<&Binding>, new: &Binding) -> Option<Flow> {
    let before = dialog.flow;
    let was_there = |old: &Binding| before == old.flow || Some(before) == old.route();
    let is_there = same_place(&dialog.target, &new.contact)
        && before.remote.ip() == new.flow.remote.ip()
        && before.transport == new.flow.transport;
    if is_there || old.is_some_and(was_there) {
        dialog.move_to(new.flow);
    }
    (dialog.flow != before).then_some(before)
}

fn same_place(one: &Uri, other: &Uri) -> bool {
    one.user == other.user && one.host == other.host && one.port == other.port
}
