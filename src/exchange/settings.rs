//! What the office is told at its start: everything decided by configuration.

use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeMap;

use crate::domain::caller_name::CallerName;
use crate::domain::codes::FeatureCodes;
use crate::domain::device::{Mac, Make};
use crate::domain::directory::Directory;
use crate::domain::habits::Habits;
use crate::domain::ids::Extension;
use crate::domain::recall::Recall;
use crate::sip::digest::Secret;
use crate::sip::flow::{Flow, Transport};

pub use crate::domain::ring_group::{NoAnswer, RingGroupSettings, Strategy};
pub use crate::exchange::trunks::Place;

#[derive(Clone, Debug)]
pub struct Settings {
    /// SIP domain, tenant and digest realm.
    pub domain: String,
    /// Any of this machine's addresses is as good as the domain.
    pub is_only_tenant: bool,
    /// Where we listen. The first of a transport is used for calls out.
    pub listen: Vec<(Transport, SocketAddr)>,
    /// Told to peers outside `local_networks`.
    pub external_address: Option<IpAddr>,
    pub local_networks: Vec<Network>,
    pub codes: FeatureCodes,
    /// The tenant's default, for users in no group.
    pub recall: Recall,
    /// Calls that one extension holds at most (product Q5).
    pub parked_per_extension_max: usize,
    pub extensions: BTreeMap<Extension, ExtensionSettings>,
    pub groups: Vec<GroupSettings>,
    pub ring_groups: Vec<RingGroupSettings>,
    pub trunks: Vec<TrunkSettings>,
    /// Numbers that go out whatever else is.
    pub emergency: Vec<String>,
    /// Names for callers whose network sends none.
    pub directory: Directory,
    pub limits: Limits,
}

#[derive(Clone, Debug)]
pub struct ExtensionSettings {
    pub name: CallerName,
    pub secret: Secret,
    /// May change the groups.
    pub admin: bool,
    /// Its telephones that are known by their hardware address.
    pub devices: Vec<DeviceSettings>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSettings {
    pub make: Make,
    pub mac: Mac,
    pub habits: Habits,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSettings {
    pub name: CallerName,
    /// In hunting order.
    pub members: Vec<Extension>,
    pub recall: Recall,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkSettings {
    pub name: String,
    pub line: TrunkLine,
    /// What its provider asks for.
    pub account: Option<Account>,
    /// The number that calls go out under; none: a registered trunk's user
    /// name, and by others whoever calls.
    pub caller_id: Option<String>,
    /// Who is rung by calls to numbers not in `dids`.
    pub inbound: Option<Extension>,
    pub dids: Vec<(String, Extension)>,
    /// Dialled before a number to reach it; none: any number that is not ours.
    pub outbound_prefix: Option<String>,
    pub media_from: Vec<Network>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrunkLine {
    /// By address: the peer's requests are known by the host they come from.
    Peer(Flow),
    /// By registering there.
    Registrar(Place),
}

#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    pub user: String,
    /// None: it is known without one.
    pub password: Option<String>,
}

/// Without the password.
impl core::fmt::Debug for Account {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Account").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A range of addresses in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    pub address: IpAddr,
    pub prefix_bits: u8,
}

/// What may grow, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub bindings_per_extension: usize,
    pub subscriptions_per_extension: usize,
    pub subscriptions: usize,
    pub legs: usize,
    /// Requests of one host that wait for an answer.
    pub open_per_host: usize,
    /// Wrong passwords of one host within a minute.
    pub failures_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bindings_per_extension: 10,
            subscriptions_per_extension: 200,
            subscriptions: 20_000,
            legs: 20_000,
            open_per_host: 2_000,
            failures_per_minute: 20,
        }
    }
}

impl Settings {
    /// The group a user is in: at most one (product S19).
    pub fn group_of(&self, extension: &Extension) -> Option<&GroupSettings> {
        self.groups.iter().find(|group| group.members.contains(extension))
    }

    /// Those of his group, else the tenant's (product Q14).
    pub fn recall_of(&self, parking_user: &Extension) -> Recall {
        self.group_of(parking_user).map_or_else(|| self.recall.clone(), |g| g.recall.clone())
    }

    pub fn name_of(&self, extension: &Extension) -> CallerName {
        self.extensions.get(extension).map(|e| e.name.clone()).unwrap_or_default()
    }

    /// The address to be told to a peer, when packets leave by `local`.
    pub fn advertised(&self, local: IpAddr, peer: IpAddr) -> IpAddr {
        match self.external_address {
            Some(external) if !self.is_local(peer) => external,
            Some(_) | None => local,
        }
    }

    pub(super) fn is_local(&self, peer: IpAddr) -> bool {
        peer.is_loopback() || self.local_networks.iter().any(|network| network.holds(peer))
    }
}

impl Network {
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let bits = u32::from(self.prefix_bits.min(32));
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                net.to_bits() & mask == ip.to_bits() & mask
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let bits = u32::from(self.prefix_bits.min(128));
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                net.to_bits() & mask == ip.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_own_addresses_only() {
        let network = Network { address: "192.168.0.0".parse().unwrap(), prefix_bits: 16 };
        assert!(network.holds("192.168.7.9".parse().unwrap()));
        assert!(!network.holds("192.169.0.1".parse().unwrap()));
        let all = Network { address: "0.0.0.0".parse().unwrap(), prefix_bits: 0 };
        assert!(all.holds("8.8.8.8".parse().unwrap()));
        assert!(!all.holds("::1".parse().unwrap()));
    }
}
