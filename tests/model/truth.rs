//! What must be right whenever it has been quiet for a while: what phones
//! show and what watchers were told, and in the end that nothing is left.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bellhop::domain::ids::JourneyId;
use bellhop::domain::park_table::{EVENT_PACKAGE, LampState, ParkTable};
use bellhop::domain::time::WallTime;
use bellhop::exchange::{Exchange, Leg, Link, Stage};
use bellhop::media::control::Source;

use crate::deeds::WATCHED;
use crate::handset::LineState;
use crate::office::{domain_of, name_of};
use crate::walk::Walk;

/// Name and number.
type Who = (String, String);

impl Walk {
    pub fn look_at_everything(&self) {
        self.phones_and_office_agree();
        self.everybody_is_somewhere();
        self.names_are_true();
        self.watchers_know_the_truth();
    }

    fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.world.exchange.0.offices().iter().flat_map(Exchange::legs)
    }

    /// Every call that a phone believes in is one of the office's, and the
    /// other way round.
    fn phones_and_office_agree(&self) {
        for (at, phone) in &self.world.handsets {
            let cut_off = self.audit.borrow().was_cut_off.contains(at);
            for line in phone.lines.iter().filter(|line| line.state == LineState::Up) {
                let sound = SocketAddr::new(at.ip(), line.port);
                let known = self.legs().any(|leg| leg.agreed.is_some_and(|a| a.remote == sound));
                assert!(known || cut_off, "{at} believes in a call: {}", line.dialog.call_id);
            }
        }
        for leg in self.legs() {
            let Some(agreed) = leg.agreed.filter(|_| leg.is_up()) else { continue };
            let line = self.line_at(agreed.remote);
            let there = line.is_some_and(|(at, line)| {
                self.world.handsets[&at].lines[line].state == LineState::Up
            });
            // It is asked whether it is there, for two minutes where it may come back.
            let asked = leg.silent_since.is_some() || leg.dialog.flow.transport.is_reliable();
            assert!(there || asked, "nobody is there: {leg:?}");
        }
    }

    /// Whoever is in a call hears somebody or music, but for those whose
    /// call goes on elsewhere.
    fn everybody_is_somewhere(&self) {
        for leg in self.legs().filter(|leg| leg.is_up()) {
            let source = self.world.playing.get(&leg.stream.stream);
            let silent = matches!(source, None | Some(Source::Nothing));
            let waits_for_a_transfer = leg.link == Link::Alone && leg.extension().is_some();
            let other_is_silent = match leg.link {
                Link::With(peer) => self.legs().any(|p| p.journey == peer && !p.is_up()),
                _ => false,
            };
            let fine = !silent || waits_for_a_transfer || other_is_silent || leg.is_leaving();
            assert!(fine, "hears nothing: {leg:?}");
        }
    }

    /// Who the phone that sounds like this is.
    fn identity(&self, sound: SocketAddr) -> Option<Who> {
        let (at, _) = self.line_at(sound)?;
        let phone = &self.world.handsets[&at];
        if at.port() == 5060 && at.ip().to_string() == "198.51.100.7" {
            return None; // Known by what was dialled.
        }
        let name = name_of(&phone.extension);
        let name = if name.is_empty() { phone.display.as_str() } else { name };
        Some((name.to_owned(), phone.extension.clone()))
    }

    /// What a phone shows is who is heard, never a code (product M1).
    fn names_are_true(&self) {
        for leg in self.legs().filter(|leg| leg.is_up() && leg.extension().is_some()) {
            let Some(Source::Stream(from)) = self.world.playing.get(&leg.stream.stream) else {
                continue;
            };
            let Some(sound) = leg.agreed.map(|agreed| agreed.remote) else { continue };
            let Some(heard) = self.world.connected.get(from) else { continue };
            let (Some((at, line)), Some(who)) = (self.line_at(sound), self.identity(heard.remote))
            else {
                continue;
            };
            if self.audit.borrow().unreachable.contains(&at) {
                continue;
            }
            let line = &self.world.handsets[&at].lines[line];
            let shown = line.shown.as_ref().map(|named| {
                let number = named.uri.user_decoded().unwrap_or_default();
                (named.display.clone().unwrap_or_default(), number)
            });
            assert_eq!(shown, Some(who), "{at} shows somebody else");
        }
    }

    fn watchers_know_the_truth(&self) {
        for (at, watched) in &self.watching {
            if self.off.contains(at) || self.audit.borrow().unreachable.contains(at) {
                continue;
            }
            let desk = self.desks.iter().find(|desk| desk.at == *at).unwrap();
            let now = self.world.now;
            for ((event, entity), since) in watched {
                if now.since(*since) > WATCHED {
                    continue;
                }
                match event.as_str() {
                    EVENT_PACKAGE => self.table_is_true(*at, desk.tenant),
                    "call-info" => self.call_info_is_true(*at, desk.tenant, desk.extension),
                    _ => self.lamp_is_true(*at, desk.tenant, entity),
                }
            }
        }
    }

    fn table_is_true(&self, at: SocketAddr, tenant: usize) {
        let Some(body) = self.world.handsets[&at].notified(EVENT_PACKAGE) else { return };
        let table: ParkTable = serde_json::from_str(&body).unwrap();
        let audit = self.audit.borrow();
        let real: Vec<(String, Who)> = audit
            .reference
            .of(tenant)
            .map(|stay| (stay.at.to_string(), self.who_is(stay.journey)))
            .collect();
        let told: Vec<(String, Who)> = table
            .calls
            .iter()
            .map(|call| {
                let caller = &call.caller;
                (call.place.to_string(), (caller.name.to_string(), caller.number.to_string()))
            })
            .collect();
        assert_eq!(told, real, "the table of {at}");
        for lamp in &table.lamps {
            let real = self.lamp_of(tenant, lamp.extension.as_str());
            let legs = || self.legs().filter(|leg| leg.extension() == Some(&lamp.extension));
            let legs = || legs().collect::<Vec<_>>();
            assert_eq!(lamp.state, real, "the lamp of {} at {at}: {:?}", lamp.extension, legs());
            let parked = audit.reference.of(tenant).filter(|stay| stay.at == lamp.extension);
            assert_eq!(lamp.parked as usize, parked.count(), "parked at {}", lamp.extension);
        }
    }

    fn who_is(&self, journey: JourneyId) -> Who {
        let leg = self.legs().find(|leg| leg.journey == journey).unwrap();
        let known = leg.agreed.and_then(|agreed| self.identity(agreed.remote));
        known.unwrap_or_else(|| (leg.identity.name.to_string(), leg.identity.number.to_string()))
    }

    /// By its phones alone, but for those whose call goes on without them.
    fn lamp_of(&self, tenant: usize, extension: &str) -> LampState {
        let office = &self.world.exchange.0.offices()[tenant];
        let of = |leg: &&Leg| leg.extension().is_some_and(|e| e.as_str() == extension);
        let legs: Vec<&Leg> = office.legs().filter(of).filter(|leg| !leg.is_leaving()).collect();
        let rings = |leg: &&&Leg| matches!(leg.stage, Stage::Ringing { .. });
        let ringing = legs.iter().filter(rings).count();
        if !office.registrar().is_registered(&crate::world::ext(extension)) {
            LampState::Off
        } else if ringing < legs.len() {
            LampState::Talk
        } else if ringing > 0 {
            LampState::Ring
        } else if self.dnd.contains(&(tenant, extension.to_owned())) {
            LampState::Dnd
        } else {
            LampState::Free
        }
    }

    /// Who `*88` would fetch there, by the rule of product Q6.
    pub fn mine(&self, tenant: usize, me: &str) -> Option<JourneyId> {
        let office = &self.world.exchange.0.offices()[tenant];
        let groups = &office.settings().groups;
        let group = groups.iter().find(|g| g.members.iter().any(|m| m.as_str() == me));
        let members = group.map(|g| g.members.clone()).unwrap_or_default();
        let audit = self.audit.borrow();
        let own = audit.reference.of(tenant).find(|stay| stay.at.as_str() == me);
        let of_group =
            || audit.reference.of(tenant).find(|stay| stay.group && members.contains(&stay.parker));
        own.or_else(of_group).map(|stay| stay.journey)
    }

    fn call_info_is_true(&self, at: SocketAddr, tenant: usize, extension: &str) {
        let Some(body) = self.world.handsets[&at].notified("call-info") else { return };
        let document = roxmltree::Document::parse(&body).unwrap();
        let told = document.descendants().find_map(|node| node.attribute("display"));
        let mine = self.mine(tenant, extension);
        let audit = self.audit.borrow();
        let real = mine.map(|journey| {
            let stay = audit.reference.get(journey).unwrap();
            let (name, number) = self.who_is(journey);
            let elsewhere = stay.at.as_str() != extension;
            let shown = if name.is_empty() && elsewhere { number } else { name };
            let place = if elsewhere { format!(" (at {})", stay.at) } else { String::new() };
            (shown, place)
        });
        match (&real, told) {
            (None, None) => {}
            (Some((name, place)), Some(told)) => {
                let cut = told.strip_suffix(place.as_str()).unwrap_or("\u{0}");
                let cut = cut.trim_end_matches('…');
                assert!(name.starts_with(cut), "{at} is told {told:?} of {real:?}");
            }
            _ => panic!("{at} is told {told:?} of {real:?}"),
        }
    }

    fn lamp_is_true(&self, at: SocketAddr, tenant: usize, user: &str) {
        let entity = format!("sip:{user}@{}", domain_of(tenant));
        let told = self.world.handsets[&at].lamp(&entity);
        let Some(body) = told.last() else { return };
        let document = roxmltree::Document::parse(body).unwrap();
        let states: Vec<&str> = document
            .descendants()
            .filter(|node| node.tag_name().name() == "state")
            .filter_map(|node| node.text())
            .filter(|state| *state != "terminated")
            .collect();
        let audit = self.audit.borrow();
        let place = user.strip_prefix("*68").or(user.strip_prefix("*88"));
        match place {
            Some(place) => {
                let occupied = audit.reference.of(tenant).any(|stay| stay.at.as_str() == place);
                assert_eq!(!states.is_empty(), occupied, "{at}: {user} is {states:?}");
            }
            None => {
                let office = &self.world.exchange.0.offices()[tenant];
                let of = |leg: &&Leg| leg.extension().is_some_and(|e| e.as_str() == user);
                let legs = office.legs().filter(of).filter(|leg| !leg.is_leaving());
                let mut real: BTreeMap<&str, usize> = BTreeMap::new();
                for leg in legs {
                    let early = matches!(leg.stage, Stage::Ringing { .. } | Stage::Incoming { .. });
                    *real.entry(if early { "early" } else { "confirmed" }).or_default() += 1;
                }
                let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
                for state in states {
                    *shown.entry(state).or_default() += 1;
                }
                // A lamp shows eight at most.
                let many = real.values().sum::<usize>() > 8;
                assert!(many || shown == real, "{at}: {user} is {shown:?}, not {real:?}");
            }
        }
    }

    /// Calls, transactions, subscriptions and timers are all gone.
    pub fn look_for_leftovers(&self) {
        let wall = WallTime::from_unix_ms(1_795_000_000_000);
        for office in self.world.exchange.0.offices() {
            let snapshot = serde_json::to_value(office.snapshot(self.world.now, wall)).unwrap();
            let state = &snapshot["state"];
            for part in ["legs", "dialogs", "tombstones", "rings", "clients", "servers", "due"] {
                assert!(is_empty(&state[part]), "left of {part}: {}", state[part]);
            }
            for (part, left) in state["transactions"].as_object().unwrap() {
                assert!(part == "last_id" || is_empty(left), "left of transactions: {part} {left}");
            }
            for part in ["by_dialog", "changed_places", "lines"] {
                assert!(is_empty(&state["watchers"][part]), "left of {part}: {state}");
            }
            let bindings = state["registrar"]["by_extension"].as_object().unwrap();
            assert!(bindings.values().all(is_empty), "left of bindings: {bindings:?}");
            assert!(is_empty(&state["lot"]["calls"]));
            assert_eq!(office.next_wakeup(), None);
        }
        assert!(self.world.playing.is_empty() && self.world.connected.is_empty());
    }
}

/// Nothing in it, however deep.
fn is_empty(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Array(all) => all.is_empty(),
        serde_json::Value::Object(all) => all.values().all(is_empty),
        serde_json::Value::Null => true,
        _ => false,
    }
}
