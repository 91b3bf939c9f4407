//! Which devices an extension has, and where they are (RFC 3261 §10).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::ids::Extension;
use crate::domain::time::Moment;
use crate::exchange::subscribe::agent_of;
use crate::exchange::{Due, Effect, Exchange, Report};
use crate::sip::dialog::{elsewhere, reachable};
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
    /// That connection is gone.
    lost: bool,
    call_id: String,
    cseq: u32,
    /// Make, model and firmware, as it says itself.
    #[serde(default)]
    agent: String,
    /// `+sip.instance` and `reg-id` (RFC 5626 §4.1): the same device, whatever
    /// its Contact is.
    instance: Option<(String, Option<String>)>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Registrar {
    by_extension: BTreeMap<Extension, Vec<Binding>>,
}

impl Binding {
    /// Where its hardware address may stand: in its name, or at the end of the
    /// UUID that many phones make of it.
    pub(super) fn says(&self) -> String {
        let instance = self.instance.as_ref().map_or("", |(instance, _)| instance);
        format!("{} {instance}", self.agent)
    }

    /// Where requests to the device go. None: its connection is gone, and it
    /// does not listen where we could connect to.
    pub fn route(&self) -> Option<Flow> {
        match self.lost {
            false => Some(reachable(&self.contact, self.flow)),
            true => elsewhere(&self.contact, self.flow),
        }
    }
}

impl Registrar {
    pub fn devices(&self, extension: &Extension) -> &[Binding] {
        self.by_extension.get(extension).map_or(&[], Vec::as_slice)
    }

    pub fn is_registered(&self, extension: &Extension) -> bool {
        !self.devices(extension).is_empty()
    }

    pub(super) fn connection_lost(&mut self, flow: Flow) {
        let all = self.by_extension.values_mut().flatten();
        all.filter(|binding| binding.flow == flow).for_each(|binding| binding.lost = true);
    }

    pub(super) fn extensions(&self) -> impl Iterator<Item = &Extension> {
        self.by_extension.keys()
    }

    pub(super) fn flows(&self) -> impl Iterator<Item = Flow> {
        self.by_extension.values().flatten().map(|binding| binding.flow)
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
    instance: Option<(String, Option<String>)>,
}

/// A device that has registered, and what was known of it before.
struct Arrival {
    old: Option<Binding>,
    new: Binding,
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
        let arrivals = match self.rebind(&extension, changes, request, flow) {
            Ok(arrivals) => arrivals,
            Err((status, reason)) => {
                return self.answer(request, flow, request.response(status).reason(reason));
            }
        };
        self.answer_register(&extension, request, flow);
        self.registration_changed(&extension, was);
        for Arrival { old, new } in arrivals {
            let is_new = old.as_ref().is_none_or(|old| old.call_id != new.call_id);
            self.herald_arrives(&extension, &new, is_new);
            self.device_is_back(&extension, old.as_ref(), &new);
        }
    }

    /// All of the changes or none (RFC 3261 §10.3 step 7).
    fn rebind(
        &mut self,
        extension: &Extension,
        changes: Vec<Change>,
        request: &Request,
        flow: Flow,
    ) -> Result<Vec<Arrival>, (u16, &'static str)> {
        let call_id = request.headers.call_id().unwrap_or_default();
        let cseq = request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let listed: Vec<Uri> = changes.iter().map(|change| change.contact.clone()).collect();
        let mut devices = self.state.registrar.devices(extension).to_vec();
        devices.retain(|binding| binding.expires_at > self.now);
        let mut arrivals = Vec::new();
        for change in changes {
            let index = change.place_among(&devices, &call_id, &listed);
            let old = index.map(|index| devices.remove(index));
            if old.as_ref().is_some_and(|old| old.call_id == call_id && cseq < old.cseq) {
                return Err((400, "CSeq is lower than before"));
            }
            if let Some(new) = change.binding(request, flow, self.now) {
                devices.push(new.clone());
                arrivals.push(Arrival { old, new });
            }
        }
        let devices_max = self.settings.limits.bindings_per_extension;
        if arrivals.len() > devices_max {
            return Err((403, "Too many devices for this extension"));
        }
        while devices.len() > devices_max {
            forget_stalest(&mut devices);
        }
        self.state.registrar.by_extension.insert(extension.clone(), devices);
        Ok(arrivals)
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

    pub(super) fn forget_devices_of(&mut self, extension: &Extension) {
        let was = self.state.registrar.is_registered(extension);
        self.state.registrar.by_extension.remove(extension);
        self.registration_changed(extension, was);
    }

    pub(super) fn bindings_expired(&mut self, extension: &Extension) {
        let was = self.state.registrar.is_registered(extension);
        if let Some(devices) = self.state.registrar.by_extension.get_mut(extension) {
            devices.retain(|binding| binding.expires_at > self.now);
        }
        self.registration_changed(extension, was);
    }
}

impl Change {
    /// The binding it changes: of its Contact, or else of the same device under
    /// a Contact that it has left behind with its connection.
    fn place_among(&self, devices: &[Binding], call_id: &str, listed: &[Uri]) -> Option<usize> {
        let same = devices.iter().position(|binding| binding.contact.equivalent(&self.contact));
        if same.is_some() || self.expires_s == 0 {
            return same;
        }
        devices.iter().position(|binding| {
            let instance = binding.instance.is_some() && binding.instance == self.instance;
            let left = instance || (binding.lost && binding.call_id == call_id);
            left && !listed.iter().any(|other| other.equivalent(&binding.contact))
        })
    }

    /// None: it is to be removed.
    fn binding(self, request: &Request, flow: Flow, now: Moment) -> Option<Binding> {
        let span = Duration::from_secs(u64::from(self.expires_s.min(EXPIRES_MAX_S)));
        (self.expires_s > 0).then(|| Binding {
            contact: self.contact,
            flow,
            expires_at: now + span,
            lost: false,
            call_id: request.headers.call_id().unwrap_or_default(),
            cseq: request.headers.cseq().map(|cseq| cseq.number).unwrap_or_default(),
            agent: agent_of(request),
            instance: self.instance,
        })
    }
}

/// A phone whose Contact changes with each start must not lock itself out: the
/// one whose connection is gone goes, else the one longest unheard of. What
/// has registered just now is at the end.
fn forget_stalest(devices: &mut Vec<Binding>) {
    let stalest = devices.iter().position(|binding| binding.lost).unwrap_or(0);
    devices.remove(stalest);
}

fn changes_asked(request: &Request, devices: &[Binding]) -> Result<Vec<Change>, &'static str> {
    let default_s = request.headers.expires().unwrap_or(EXPIRES_DEFAULT_S);
    match request.headers.contacts() {
        Err(_) => Err("Contact cannot be read"),
        Ok(Contacts::Star) if request.headers.expires() == Some(0) => Ok(devices
            .iter()
            .map(|binding| Change {
                contact: binding.contact.clone(),
                expires_s: 0,
                instance: None,
            })
            .collect()),
        Ok(Contacts::Star) => Err("Contact * goes with Expires 0 only"),
        Ok(Contacts::List(contacts)) => Ok(contacts
            .into_iter()
            .map(|contact| {
                let own = contact.params.get("expires").map(|text| text.parse().ok());
                let expires_s = own.map_or(default_s, |s| s.unwrap_or(EXPIRES_DEFAULT_S));
                let instance = instance_of(&contact);
                Change { contact: contact.uri, expires_s, instance }
            })
            .collect()),
    }
}

fn instance_of(contact: &NameAddr) -> Option<(String, Option<String>)> {
    let of = |name: &str| contact.params.get(name).map(str::to_owned);
    of("+sip.instance").map(|instance| (instance, of("reg-id")))
}
