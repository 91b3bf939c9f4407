//! What becomes of devices, calls and subscriptions when a connection goes,
//! and when its phone is back on another.

use crate::domain::ids::Extension;
use crate::exchange::Exchange;
use crate::exchange::registrar::Binding;
use crate::exchange::trunks::Registration;
use crate::exchange::watch::News;
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
        self.trunk_connection_lost(flow);
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
        let trunks = state.trunks.values().filter_map(Registration::flow);
        let all = devices.chain(legs).chain(state.watchers.flows()).chain(trunks);
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
        let mut journeys = Vec::new();
        let legs = self.state.legs.values_mut();
        for leg in legs.filter(|leg| leg.extension() == Some(extension)) {
            if is_with(&leg.dialog, old, new) {
                left.push(leg.dialog.flow);
                leg.dialog.move_to(new.flow);
                journeys.push(leg.journey);
            }
        }
        let subscriptions = self.state.watchers.of_mut(extension);
        for subscription in subscriptions.filter(|s| is_with(&s.dialog, old, new)) {
            let before = subscription.dialog.flow;
            left.push(before);
            subscription.dialog.move_to(new.flow);
            if before != subscription.dialog.flow || subscription.news == News::Adrift {
                subscription.news = subscription.news.back();
                subscription.knows = None;
            }
        }
        self.state.watchers.some_news();
        left.retain(|from| *from != flow);
        left.sort_unstable();
        left.dedup();
        for from in left {
            let effects = self.state.transactions.reroute(from, |_| Some(flow), Some(flow));
            self.carry_out(effects);
        }
        for journey in journeys {
            self.tell_identity(journey);
        }
    }
}

/// The dialog's peer is this device, where it was before or is now.
fn is_with(dialog: &Dialog, old: Option<&Binding>, new: &Binding) -> bool {
    let flow = dialog.flow;
    let was_there = |old: &Binding| flow == old.flow || Some(flow) == old.route();
    let is_there = same_place(&dialog.target, &new.contact)
        && flow.remote.ip() == new.flow.remote.ip()
        && flow.transport == new.flow.transport;
    is_there || old.is_some_and(was_there)
}

fn same_place(one: &Uri, other: &Uri) -> bool {
    one.user == other.user && one.host == other.host && one.port == other.port
}
