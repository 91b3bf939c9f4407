//! Several offices under one roof: one server, any number of tenants.
//!
//! Each tenant is an [`Exchange`] of its own that knows nothing of the
//! others, so nothing can cross. Here is only the doorman, who shows every
//! message to the office it is for, and shares out the ports.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::domain::effects::Effects;
use crate::domain::time::{Moment, Wakeup};
use crate::exchange::settings::Settings;
use crate::exchange::strangers::Strangers;
use crate::exchange::{Effect, Exchange, Input};
use crate::media::control::{MediaCommand, MediaEvent, StreamId};
use crate::sip::flow::Flow;
use crate::sip::wire::{self, Host, Message, Request, Uri};

/// The offices of one server, the first of them the file's own.
pub struct Building {
    offices: Vec<Exchange>,
    /// Whose each open stream is.
    streams: BTreeMap<StreamId, usize>,
    strangers: Strangers,
}

impl Building {
    /// # Panics
    /// Never: without an office it answers nothing.
    pub fn new(offices: Vec<Exchange>) -> Self {
        // Those that were restored have some already.
        let streams = offices.iter().zip(0..).flat_map(|(office, index)| {
            office.streams().map(move |stream| (stream, index)).collect::<Vec<_>>()
        });
        let streams = streams.collect();
        Self { offices, streams, strangers: Strangers::default() }
    }

    /// With those that are gone from the file and have a call yet.
    pub fn offices(&self) -> &[Exchange] {
        &self.offices
    }

    pub fn handle(&mut self, input: Input, now: Moment) -> Effects<Effect> {
        match input {
            Input::Datagram { bytes, flow } => self.datagram(&bytes, flow, now),
            Input::Message { message, flow } => self.message(message, flow, now),
            Input::Broken { fault, flow } => self.tell(0, Input::Broken { fault, flow }, now),
            Input::TransportFailed { flow } => self.tell_all(&Input::TransportFailed { flow }, now),
            Input::Media(event) => self.media(event, now),
            Input::Administered { domain, number, outcome } => {
                let office = self.offices.iter().position(|o| o.settings().domain == domain);
                let input = Input::Administered { domain, number, outcome };
                office.map_or_else(Effects::none, |office| self.tell(office, input, now))
            }
            resolved @ Input::Resolved { .. } => self.tell_all(&resolved, now),
        }
    }

    /// From now on these are the tenants. Those that stay go on with their
    /// calls; `open` opens a new one; one that is no longer named takes no new
    /// calls.
    pub fn reconfigure(
        &mut self,
        tenants: Vec<Settings>,
        now: Moment,
        mut open: impl FnMut(Settings) -> Exchange,
    ) -> Effects<Effect> {
        let stays =
            |office: &Exchange| tenants.iter().any(|t| t.domain == office.settings().domain);
        let gone: Vec<bool> = self.offices.iter().map(|office| !stays(office)).collect();
        let mut effects = Effects::none();
        for (office, _) in self.offices.iter_mut().zip(gone).filter(|(_, gone)| *gone) {
            effects.extend(office.close_down(now));
        }
        for settings in tenants {
            let known = self.offices.iter().position(|o| o.settings().domain == settings.domain);
            let index = known.unwrap_or(self.offices.len());
            match self.offices.get_mut(index) {
                Some(office) => effects.extend(office.reconfigure(settings, now)),
                None => self.offices.push(open(settings)),
            }
            effects.extend(self.begin_with_ports(index, now));
        }
        effects.extend(self.share_what_the_closed_left(now));
        self.seen(effects)
    }

    /// Who has none begins with half of what the richest has.
    fn begin_with_ports(&mut self, index: usize, now: Moment) -> Effects<Effect> {
        if self.offices.get(index).is_none_or(|office| office.spare_ports() > 0) {
            return Effects::none();
        }
        let richest = self.offices.iter_mut().max_by_key(|office| office.spare_ports());
        let tokens = richest.map(Exchange::share_ports).unwrap_or_default();
        let Some(office) = self.offices.get_mut(index) else { return Effects::none() };
        let mut effects = Effects::none();
        for token in tokens {
            self.streams.insert(token.stream, index);
            effects.extend(office.handle(Input::Media(MediaEvent::PortReady(token)), now));
        }
        effects
    }

    fn share_what_the_closed_left(&mut self, now: Moment) -> Effects<Effect> {
        let closed = self.offices.iter_mut().filter(|office| office.is_closed_down());
        let tokens: Vec<_> = closed.flat_map(Exchange::give_up_ports).collect();
        let ready = tokens.into_iter().map(MediaEvent::PortReady);
        ready.flat_map(|event| self.media(event, now)).collect()
    }

    /// The poorest of those that take calls.
    fn whose_port_it_is(&self) -> usize {
        let open = self.offices.iter().enumerate().filter(|(_, office)| !office.is_closed_down());
        let poorest = open.min_by_key(|(_, office)| office.spare_ports());
        poorest.map(|(index, _)| index).unwrap_or_default()
    }

    /// Offices that were closed go when nothing is under way in them any more.
    fn clear_away(&mut self) {
        while let Some(gone) = self.offices.iter().position(Exchange::is_done_with) {
            self.offices.remove(gone);
            self.streams.retain(|_, office| *office != gone);
            self.streams.values_mut().filter(|office| **office > gone).for_each(|o| *o -= 1);
        }
    }

    pub fn next_wakeup(&self) -> Option<Wakeup> {
        self.offices.iter().filter_map(Exchange::next_wakeup).min()
    }

    /// Acts on everything that has fallen due. Calling it early does nothing.
    pub fn handle_wakeup(&mut self, now: Moment) -> Effects<Effect> {
        self.of_all(|office| office.handle_wakeup(now))
    }

    /// The program ends: every call is ended in good order.
    pub fn close(&mut self, now: Moment) -> Effects<Effect> {
        self.of_all(|office| office.close(now))
    }

    fn of_all(&mut self, turn: impl FnMut(&mut Exchange) -> Effects<Effect>) -> Effects<Effect> {
        let effects = self.offices.iter_mut().flat_map(turn).collect();
        self.seen(effects)
    }

    fn tell(&mut self, office: usize, input: Input, now: Moment) -> Effects<Effect> {
        let Some(office) = self.offices.get_mut(office) else { return Effects::none() };
        let effects = office.handle(input, now);
        self.seen(effects)
    }

    fn tell_all(&mut self, input: &Input, now: Moment) -> Effects<Effect> {
        self.of_all(|office| office.handle(input.clone(), now))
    }

    /// A closed stream is nobody's any more, nor is an office without a call
    /// that was closed.
    fn seen(&mut self, effects: Effects<Effect>) -> Effects<Effect> {
        for effect in effects.as_slice() {
            if let Effect::Media(MediaCommand::Close { stream }) = effect {
                self.streams.remove(stream);
            }
        }
        self.clear_away();
        effects
    }

    fn datagram(&mut self, bytes: &Bytes, flow: Flow, now: Moment) -> Effects<Effect> {
        let effects = match wire::parse(bytes) {
            Ok(message) => self.message(message, flow, now),
            Err(fault) => self.tell(0, Input::Broken { fault, flow }, now),
        };
        let ip = flow.remote.ip();
        if flow.transport.is_reliable() || self.offices.iter().any(|o| o.knows_host(ip, now)) {
            return effects;
        }
        self.strangers.in_measure(bytes, flow, effects, now)
    }

    fn message(&mut self, message: Message, flow: Flow, now: Moment) -> Effects<Effect> {
        let office = self.office_for(&message, flow);
        self.tell(office, Input::Message { message, flow }, now)
    }

    /// Who is in the middle of something with the sender, else whose name the
    /// sender says, else whose trunk it comes from. The first one says no to
    /// the rest.
    fn office_for(&self, message: &Message, flow: Flow) -> usize {
        if self.offices.len() < 2 {
            return 0;
        }
        let knows = self.offices.iter().position(|office| office.is_about(message));
        let Message::Request(request) = message else { return knows.unwrap_or_default() };
        knows
            .or_else(|| self.named_by(request))
            .or_else(|| self.connected_by_trunk(request, flow))
            .unwrap_or_default()
    }

    fn named_by(&self, request: &Request) -> Option<usize> {
        let to = request.headers.to().ok().map(|to| to.uri);
        let from = request.headers.from().ok().map(|from| from.uri);
        let said = [Some(&request.uri), to.as_ref(), from.as_ref()];
        said.into_iter().flatten().find_map(|uri| self.of_domain(uri))
    }

    fn of_domain(&self, uri: &Uri) -> Option<usize> {
        let Host::Name(name) = &uri.host else {
            return self.offices.iter().position(|o| o.settings().domain == uri.host.to_string());
        };
        let name = name.trim_end_matches('.');
        self.offices.iter().position(|o| o.settings().domain.eq_ignore_ascii_case(name))
    }

    /// Of several tenants with the same provider, the one whose number it is.
    fn connected_by_trunk(&self, request: &Request, flow: Flow) -> Option<usize> {
        let mut with_trunk = (0..self.offices.len())
            .filter(|office| self.offices[*office].has_trunk_for(request, flow));
        let by_number = with_trunk.clone().find(|office| self.offices[*office].has_number(request));
        by_number.or_else(|| with_trunk.next())
    }

    fn media(&mut self, event: MediaEvent, now: Moment) -> Effects<Effect> {
        let stream = event.stream();
        let office = match &event {
            MediaEvent::PortReady(_) => {
                let office = self.whose_port_it_is();
                self.streams.insert(stream, office);
                office
            }
            _ => match self.streams.get(&stream) {
                Some(office) => *office,
                None => return Effects::none(),
            },
        };
        self.tell(office, Input::Media(event), now)
    }
}
