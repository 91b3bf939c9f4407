//! Which devices an extension has, and where they are (RFC 3261 §10).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::ids::Extension;
use crate::domain::time::Moment;
use crate::exchange::{Due, Effect, Exchange, Report};
use crate::sip::dialog::reachable;
use crate::sip::flow::Flow;
use crate::sip::wire::{Contacts, Name, NameAddr, Request, Uri};

const EXPIRES_DEFAULT_S: u32 = 3600;
const EXPIRES_MIN_S: u32 = 60;
const EXPIRES_MAX_S: u32 = 7200;

/// One device of an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    pub contact: Uri,
    /// Where its REGISTER came from.
    pub flow: Flow,
    pub expires_at: Moment,
    call_id: String,
    cseq: u32,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Registrar {
    by_extension: BTreeMap<Extension, Vec<Binding>>,
}

impl Binding {
    /// Where requests to the device go.
    pub fn route(&self) -> Flow {
        reachable(&self.contact, self.flow)
    }
}

impl Registrar {
    pub fn devices(&self, extension: &Extension) -> &[Binding] {
        self.by_extension.get(extension).map_or(&[], Vec::as_slice)
    }

    pub fn is_registered(&self, extension: &Extension) -> bool {
        !self.devices(extension).is_empty()
    }

    fn next_expiry(&self, extension: &Extension) -> Option<Moment> {
        self.devices(extension).iter().map(|binding| binding.expires_at).min()
    }
}

/// One change a REGISTER asks for.
struct Change {
    contact: Uri,
    /// Zero removes it.
    expires_s: u32,
}

impl Exchange {
    pub(super) fn register(&mut self, request: &Request, flow: Flow) {
        let Some(extension) = self.authenticate(request, flow) else { return };
        let changes = match changes_asked(request, self.state.registrar.devices(&extension)) {
            Ok(changes) => changes,
            Err(reason) => {
                return self.answer(request, flow, request.response(400).reason(reason));
            }
        };
        let brief = |change: &Change| (1..EXPIRES_MIN_S).contains(&change.expires_s);
        if changes.iter().any(brief) {
            let response = request.response(423).with(Name::MinExpires, EXPIRES_MIN_S.to_string());
            return self.answer(request, flow, response);
        }
        let was = self.state.registrar.is_registered(&extension);
        if let Err((status, reason)) = self.rebind(&extension, changes, request, flow) {
            return self.answer(request, flow, request.response(status).reason(reason));
        }
        self.answer_register(&extension, request, flow);
        self.registration_changed(&extension, was);
    }

    /// All of the changes or none (RFC 3261 §10.3 step 7).
    fn rebind(
        &mut self,
        extension: &Extension,
        changes: Vec<Change>,
        request: &Request,
        flow: Flow,
    ) -> Result<(), (u16, &'static str)> {
        let call_id = request.headers.call_id().unwrap_or_default();
        let cseq = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let mut devices = self.state.registrar.devices(extension).to_vec();
        devices.retain(|binding| binding.expires_at > self.now);
        for Change { contact, expires_s } in changes {
            let old = devices.iter().position(|binding| binding.contact.equivalent(&contact));
            if let Some(old) = old.map(|index| &devices[index])
                && old.call_id == call_id
                && cseq < old.cseq
            {
                return Err((400, "CSeq is lower than before"));
            }
            if let Some(index) = old {
                devices.remove(index);
            }
            if expires_s > 0 {
                let span = Duration::from_secs(u64::from(expires_s.min(EXPIRES_MAX_S)));
                let expires_at = self.now + span;
                let call_id = call_id.clone();
                devices.push(Binding { contact, flow, expires_at, call_id, cseq });
            }
        }
        if devices.len() > self.settings.limits.bindings_per_extension {
            return Err((403, "Too many devices for this extension"));
        }
        self.state.registrar.by_extension.insert(extension.clone(), devices);
        Ok(())
    }

    fn answer_register(&mut self, extension: &Extension, request: &Request, flow: Flow) {
        let mut response = request.response(200);
        for binding in self.state.registrar.devices(extension) {
            let mut contact = NameAddr::new(None, binding.contact.clone());
            let left = binding.expires_at.since(self.now).as_secs();
            contact.params.set("expires", Some(left.to_string()));
            response.headers.push(Name::Contact, contact.to_string());
        }
        self.answer(request, flow, response);
    }

    fn registration_changed(&mut self, extension: &Extension, was: bool) {
        let due = Due::Bindings(extension.clone());
        match self.state.registrar.next_expiry(extension) {
            Some(at) => self.state.due.set(due, at),
            None => self.state.due.clear(&due),
        }
        let devices = self.state.registrar.devices(extension).len();
        if was == (devices > 0) {
            return;
        }
        let extension = extension.clone();
        self.state.watchers.lamp_changed();
        let report = match devices {
            0 => Report::Unregistered { extension },
            _ => Report::Registered { extension, devices },
        };
        self.out.push(Effect::Report(report));
    }

    pub(super) fn bindings_expired(&mut self, extension: &Extension) {
        let was = self.state.registrar.is_registered(extension);
        if let Some(devices) = self.state.registrar.by_extension.get_mut(extension) {
            devices.retain(|binding| binding.expires_at > self.now);
        }
        self.registration_changed(extension, was);
    }
}

fn changes_asked(request: &Request, devices: &[Binding]) -> Result<Vec<Change>, &'static str> {
    let default_s = request.headers.expires().unwrap_or(EXPIRES_DEFAULT_S);
    match request.headers.contacts() {
        Err(_) => Err("Contact cannot be read"),
        Ok(Contacts::Star) if request.headers.expires() == Some(0) => Ok(devices
            .iter()
            .map(|binding| Change { contact: binding.contact.clone(), expires_s: 0 })
            .collect()),
        Ok(Contacts::Star) => Err("Contact * goes with Expires 0 only"),
        Ok(Contacts::List(contacts)) => Ok(contacts
            .into_iter()
            .map(|contact| {
                let own = contact.params.get("expires").map(|text| text.parse().ok());
                let expires_s = own.map_or(default_s, |s| s.unwrap_or(EXPIRES_DEFAULT_S));
                Change { contact: contact.uri, expires_s }
            })
            .collect()),
    }
}
