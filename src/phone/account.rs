//! Who this phone is, and where its office is.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::caller_name::CallerName;
use crate::domain::codes::{Dialled, FeatureCodes};
use crate::domain::ids::Extension;
use crate::domain::lot::Lot;
use crate::phone::messages::Wanted;
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
    #[serde(default)]
    pub lot: Lot,
}

impl Account {
    /// As the server's challenges are answered.
    pub fn user(&self) -> String {
        self.extension.as_str().to_owned()
    }

    /// A number as the office understands it. The codes are our own server's:
    /// to another they may mean anything.
    pub(super) fn understand(&self, dialled: &str) -> Dialled {
        match &self.lot {
            Lot::Ours => self.codes.understand(dialled),
            Lot::Elsewhere(_) => Dialled::Other(dialled.to_owned()),
        }
    }

    /// Nobody is called that.
    pub(super) fn is_code(&self, user: &str) -> bool {
        match &self.lot {
            Lot::Ours => !matches!(self.codes.understand(user), Dialled::Other(_)),
            Lot::Elsewhere(lot) => lot.is_code(user),
        }
    }

    /// What is dialled to fetch a parked call.
    pub(super) fn number_to_retrieve(&self, which: &Wanted) -> String {
        let code = &self.codes.retrieve;
        match (which, &self.lot) {
            (Wanted::Mine, Lot::Elsewhere(lot)) => lot.retrieve_mine.clone().unwrap_or_default(),
            (Wanted::OldestAt(place) | Wanted::Call { place, .. }, Lot::Elsewhere(lot)) => {
                lot.retrieve.of(place)
            }
            (Wanted::Mine, Lot::Ours) => code.clone(),
            (Wanted::OldestAt(place), Lot::Ours) => format!("{code}{place}"),
            (Wanted::Call { place, key }, Lot::Ours) => format!("{code}{place}*{key}"),
        }
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
