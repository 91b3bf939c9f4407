//! Who this phone is, and where its office is.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::caller_name::CallerName;
use crate::domain::codes::FeatureCodes;
use crate::domain::ids::Extension;
use crate::sip::flow::{Flow, Transport};
use crate::sip::wire::{Host, NameAddr, Uri};

#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    /// The way to the server; its local side is what others reach us at.
    pub flow: Flow,
    /// As in addresses: `sip:101@domain`.
    pub domain: Host,
    pub extension: Extension,
    /// Shown to whom we call, unless the office knows better. May be empty.
    pub name: CallerName,
    pub password: String,
    pub codes: FeatureCodes,
}

impl Account {
    /// As the server's challenges are answered.
    pub fn user(&self) -> String {
        self.extension.as_str().to_owned()
    }

    /// `sip:{user}@{domain}`
    pub(super) fn uri_of(&self, user: &str) -> Uri {
        Uri::sip(user, self.domain.clone())
    }

    pub(super) fn own_uri(&self) -> Uri {
        self.uri_of(self.extension.as_str())
    }

    pub(super) fn registrar(&self) -> Uri {
        self.uri_of("")
    }

    pub(super) fn own_address(&self) -> NameAddr {
        let name = (!self.name.is_empty()).then(|| self.name.to_string());
        NameAddr::new(name, self.own_uri())
    }

    /// Where this very phone is reached.
    pub(super) fn contact(&self) -> Uri {
        let mut uri = Uri::sip(self.extension.as_str(), self.flow.local.ip().into());
        uri.port = Some(self.flow.local.port());
        if self.flow.transport != Transport::Udp {
            let transport = self.flow.transport.as_str().to_ascii_lowercase();
            uri.params.set("transport", Some(transport));
        }
        uri
    }
}

/// Without the password: accounts are logged.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Account");
        text.field("extension", &self.extension).field("flow", &self.flow).finish_non_exhaustive()
    }
}
