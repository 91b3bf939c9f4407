//! Where a provider is, as its settings say it, and as it was found.

use core::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sip::flow::{Flow, Transport};
use crate::sip::wire::{Host, Uri};

/// To be looked up by the edge (RFC 3263): a core asks no name server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// A name, or an address without brackets.
    pub host: String,
    /// With a port there is no choice of servers (RFC 3263 §4.2).
    pub port: Option<u16>,
    /// None: whatever the name servers say, else UDP.
    pub transport: Option<Transport>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The ways there, best first.
    pub flows: Vec<Flow>,
    /// How long that is to be believed.
    pub valid_for: Duration,
}

impl Place {
    /// Where a redirection leads.
    pub fn of(uri: &Uri) -> Self {
        let host = uri.host.to_string();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Self { host, port: uri.port, transport: uri.transport() }
    }

    pub fn host(&self) -> Host {
        let ip = self.host.parse::<IpAddr>();
        ip.map_or_else(|_| Host::Name(self.host.clone()), Host::from)
    }

    /// The address of `user` there.
    pub fn uri(&self, user: &str) -> Uri {
        let mut uri = Uri::sip(user, self.host());
        uri.port = self.port;
        if let Some(transport) = self.transport.filter(|transport| transport.is_reliable()) {
            uri.params.set("transport", Some(transport.as_str().to_lowercase()));
        }
        uri
    }
}
