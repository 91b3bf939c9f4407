//! Addresses that nobody has shown to be his. Over UDP anybody can write
//! anybody's address on a request, so no more goes back there than came from
//! there: the office is no lever against third parties (RFC 3261 §26.1.5).

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::exchange::Effect;
use crate::sip::flow::Flow;

/// What goes out before anything has come in, in each window: for the
/// challenge of a phone whose first request is a brief one.
const ADVANCE_BYTES: usize = 600;
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered; beyond it the table is forgotten as a whole.
const ADDRESSES_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Strangers {
    accounts: BTreeMap<IpAddr, Account>,
}

#[derive(Clone, Copy, Debug)]
struct Account {
    since: Moment,
    /// That may go there yet.
    left_bytes: usize,
}

impl Strangers {
    /// Of what a stranger's datagram has led to, all but the responses to his
    /// address that would be too much. A phone that is there asks again, and
    /// with that there is more for it.
    pub fn in_measure(
        &mut self,
        datagram: &Bytes,
        flow: Flow,
        effects: Effects<Effect>,
        now: Moment,
    ) -> Effects<Effect> {
        let account = self.account(flow.remote.ip(), now);
        account.left_bytes += worth_bytes(datagram);
        let is_due = |effect: &Effect| match effect {
            Effect::Send { flow: to, bytes } if to.remote.ip() == flow.remote.ip() => {
                !bytes.starts_with(b"SIP/2.0 ") || account.spend(bytes.len())
            }
            _ => true,
        };
        effects.into_iter().filter(is_due).collect()
    }

    fn account(&mut self, ip: IpAddr, now: Moment) -> &mut Account {
        if self.accounts.len() >= ADDRESSES_MAX && !self.accounts.contains_key(&ip) {
            self.accounts.clear();
        }
        let fresh = Account { since: now, left_bytes: ADVANCE_BYTES };
        let account = self.accounts.entry(ip).or_insert(fresh);
        if now.since(account.since) >= WINDOW {
            *account = fresh;
        }
        account
    }
}

impl Account {
    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.left_bytes.checked_sub(bytes);
        self.left_bytes = left.unwrap_or(self.left_bytes);
        left.is_some()
    }
}

/// A phone's REGISTER is a little smaller than its challenge.
fn worth_bytes(datagram: &Bytes) -> usize {
    match datagram.starts_with(b"REGISTER ") {
        true => datagram.len() * 3 / 2,
        false => datagram.len(),
    }
}
