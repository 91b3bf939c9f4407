//! Who is at the other end, in words for people, never a code.

use crate::domain::caller::Caller;
use crate::domain::ids::Extension;
use crate::domain::park_table::{ParkTable, ParkedView, PhaseView};
use crate::phone::Phone;
use crate::phone::messages::{Target, Wanted};
use crate::sip::wire::{Headers, NameAddr, Uri};

/// Before the name on a recall's display, for phones that show nothing else.
const RECALL_PREFIX: &str = "Park recall: ";

impl Phone {
    /// Of an INVITE to us: the asserted identity, else From (RFC 3325).
    pub(super) fn caller_of(&self, headers: &Headers) -> Caller {
        let from = headers.asserted_identity().or_else(|| headers.from().ok());
        from.map(|from| caller(&from)).unwrap_or_default()
    }

    /// Whom the office says we are connected to. None while it says a code.
    pub(super) fn connected_to(&self, headers: &Headers) -> Option<Caller> {
        let identity = headers.asserted_identity()?;
        let user = identity.uri.user_decoded().unwrap_or_default();
        (!self.account.is_code(&user)).then(|| caller(&identity))
    }

    pub(super) fn callee(&self, to: &Target) -> Caller {
        let number = match to {
            Target::Number(number) => number.as_str(),
            Target::Typed(text) => text,
        };
        let lamps = self.watch.table.iter().flat_map(|table| &table.lamps);
        let mut lamps = lamps.filter(|lamp| lamp.extension.as_str() == number);
        let name = lamps.next().map(|lamp| lamp.name.as_str()).unwrap_or_default();
        Caller::new(name, number)
    }

    /// As far as the table tells whom we will get.
    pub(super) fn wanted_caller(&self, which: &Wanted) -> Caller {
        let table = self.watch.table.as_ref();
        let found = table.and_then(|table| match which {
            Wanted::Mine => self.mine(table),
            Wanted::OldestAt(place) => oldest(table, |view| view.place == *place),
            Wanted::Call { place, key } => {
                oldest(table, |view| view.place == *place && view.key == *key)
            }
        });
        found.map_or_else(|| Caller::new("Parked call", ""), |view| view.caller.clone())
    }

    /// My own oldest, else my group's oldest group-parked one (product Q6).
    fn mine<'t>(&self, table: &'t ParkTable) -> Option<&'t ParkedView> {
        let own = oldest(table, |view| view.place == self.account.extension);
        own.or_else(|| {
            let group = table.group.as_ref()?;
            oldest(table, |view| view.group.as_ref() == Some(&group.name))
        })
    }

    /// Where a call that comes back is parked.
    pub(super) fn place_of(&self, caller: &Caller) -> Option<Extension> {
        let table = self.watch.table.as_ref()?;
        let same = |view: &&ParkedView| view.caller == *caller;
        let recalling = table.calls.iter().filter(same);
        let mut recalling = recalling.filter(|view| view.phase == PhaseView::Recalling);
        let found = recalling.next().or_else(|| table.calls.iter().find(same));
        found.map(|view| view.place.clone())
    }

    pub(super) fn is_colleague(&self, caller: &Caller) -> bool {
        let number = caller.number.as_str();
        match &self.watch.table {
            Some(table) if !table.lamps.is_empty() => {
                table.lamps.iter().any(|lamp| lamp.extension.as_str() == number)
            }
            _ => Extension::parse(number).is_ok(),
        }
    }

    /// `*68105`, a number, `user@host`: as a request's target.
    pub(super) fn uri_for(&self, to: &Target) -> Option<Uri> {
        match to {
            Target::Number(number) => Some(self.account.uri_of(number.as_str())),
            Target::Typed(text) => match text.split_once('@') {
                None if text.is_empty() => None,
                None => Some(self.account.uri_of(text)),
                Some(_) if text.starts_with("sip:") => Uri::parse(text).ok(),
                Some(_) => Uri::parse(&format!("sip:{text}")).ok(),
            },
        }
    }
}

pub(super) fn without_prefix(caller: &Caller) -> Caller {
    let name = caller.name.as_str();
    Caller::new(name.strip_prefix(RECALL_PREFIX).unwrap_or(name), caller.number.as_str())
}

fn caller(address: &NameAddr) -> Caller {
    let number = address.uri.user_decoded().unwrap_or_default();
    let name = address.display.as_deref().unwrap_or_default();
    Caller::new(name, &number)
}

/// The table is in the order of parking.
fn oldest(table: &ParkTable, fits: impl Fn(&ParkedView) -> bool) -> Option<&ParkedView> {
    table.calls.iter().find(|view| fits(view))
}
