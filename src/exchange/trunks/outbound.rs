//! The ways out: through which trunk, under which number, and which next.

use crate::domain::caller::Caller;
use crate::domain::ids::{Extension, RingGroup};
use crate::exchange::Exchange;
use crate::exchange::leg::Party;
use crate::exchange::ring::Target;
use crate::exchange::settings::{TrunkLine, TrunkSettings};
use crate::sip::flow::Flow;
use crate::sip::wire::{Host, NameAddr, Uri};

/// Trunks and addresses tried for one call, one after another.
const WAYS_MAX: usize = 8;
/// Digits of the longest number, E.164 and some more.
const DIGITS_MAX: usize = 20;

impl Exchange {
    /// The way out for a number, if it has one: through the first trunk whose
    /// prefix fits, and the others after it.
    pub(in crate::exchange) fn outbound(&self, dialled: &str) -> Option<Target> {
        let digits = dialled.strip_prefix('+').unwrap_or(dialled);
        let is_number = digits.bytes().all(|b| b.is_ascii_digit());
        if digits.is_empty() || !is_number || digits.len() > DIGITS_MAX {
            return None;
        }
        self.way_out(false, |trunk| trunk.number_for(dialled))
    }

    /// The emergency number that is meant, with or without a prefix. An
    /// extension of exactly this number is rung instead.
    pub(in crate::exchange) fn emergency(&self, dialled: &str) -> Option<&str> {
        let prefixes = self.settings.trunks.iter().filter_map(|t| t.outbound_prefix.as_deref());
        let bare = prefixes.filter_map(|prefix| dialled.strip_prefix(prefix));
        let meant: Vec<&str> = bare.chain([dialled]).collect();
        let number = self.settings.emergency.iter().find(|n| meant.contains(&n.as_str()))?;
        let inside = Extension::parse(dialled).ok();
        let is_inside = inside.is_some_and(|inside| {
            self.settings.extensions.contains_key(&inside)
                || self.ring_group(&RingGroup(inside)).is_some()
        });
        (!is_inside).then_some(number)
    }

    /// Through any trunk that answers, all of them in order.
    pub(in crate::exchange) fn emergency_way_out(&self, number: &str) -> Option<Target> {
        self.way_out(true, |_| Some(number.to_owned()))
    }

    fn way_out(
        &self,
        urgent: bool,
        number: impl Fn(&TrunkSettings) -> Option<String>,
    ) -> Option<Target> {
        let trunks = self.settings.trunks.iter();
        let mut trunks: Vec<&TrunkSettings> = trunks.collect();
        // Those known to work first, each lot in the order of the settings.
        trunks.sort_by_key(|trunk| !self.works(trunk));
        let ways = trunks.into_iter().filter_map(|trunk| Some((trunk, number(trunk)?)));
        let targets = ways.flat_map(|(trunk, number)| {
            let flows = self.ways_to(trunk);
            flows.into_iter().map(move |flow| target(trunk, &number, flow, urgent))
        });
        let mut targets: Vec<Target> = targets.take(WAYS_MAX).collect();
        let mut first = (!targets.is_empty()).then(|| targets.remove(0))?;
        first.otherwise = targets;
        Some(first)
    }

    fn works(&self, trunk: &TrunkSettings) -> bool {
        match trunk.line {
            TrunkLine::Peer(_) => true,
            TrunkLine::Registrar(_) => {
                self.state.trunks.get(&trunk.name).is_some_and(|it| it.is_up(self.now))
            }
        }
    }

    fn ways_to(&self, trunk: &TrunkSettings) -> Vec<Flow> {
        match &trunk.line {
            TrunkLine::Peer(flow) => vec![*flow],
            TrunkLine::Registrar(_) => {
                let registration = self.state.trunks.get(&trunk.name);
                registration.map(|it| it.ways().collect()).unwrap_or_default()
            }
        }
    }

    /// Who calls, as this far end is to be told. Providers take calls under
    /// the customer's own number or account only.
    pub(in crate::exchange) fn told_as(&self, party: &Party, caller: &Caller) -> NameAddr {
        let Party::Trunk(name) = party else { return self.name_addr(caller) };
        let Some(trunk) = self.trunk(name) else { return self.name_addr(caller) };
        let account = trunk.account.as_ref().map(|account| account.user.as_str());
        let registered = matches!(trunk.line, TrunkLine::Registrar(_));
        let number = trunk.caller_id.as_deref().or(account.filter(|_| registered));
        let Some(number) = number else { return self.name_addr(caller) };
        let host = match &trunk.line {
            TrunkLine::Registrar(place) => place.host(),
            TrunkLine::Peer(_) => Host::Name(self.settings.domain.clone()),
        };
        let display = (!caller.name.is_empty()).then(|| caller.name.to_string());
        NameAddr::new(display, Uri::sip(number, host))
    }
}

fn target(trunk: &TrunkSettings, number: &str, flow: Flow, urgent: bool) -> Target {
    let uri = match &trunk.line {
        TrunkLine::Registrar(place) => place.uri(number),
        TrunkLine::Peer(_) => {
            let mut uri = Uri::sip(number, Host::from(flow.remote.ip()));
            uri.port = Some(flow.remote.port());
            uri
        }
    };
    Target {
        party: Party::Trunk(trunk.name.clone()),
        identity: Caller::new("", number),
        uri,
        flow,
        urgent,
        otherwise: Vec::new(),
        remote_party_id: false,
        recall_ring: None,
    }
}

impl TrunkSettings {
    /// The number as the trunk is to be told it; none when it is not its own.
    fn number_for(&self, dialled: &str) -> Option<String> {
        match &self.outbound_prefix {
            Some(prefix) => {
                dialled.strip_prefix(prefix.as_str()).filter(|n| !n.is_empty()).map(str::to_owned)
            }
            None => Some(dialled.to_owned()),
        }
    }
}
