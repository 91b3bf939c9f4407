//! What people, phones and machines do, by chance.

use std::net::SocketAddr;
use std::time::Duration;

use bellhop::domain::ids::JourneyId;
use bellhop::domain::park_table::{EVENT_PACKAGE, MIME_TYPE};
use bellhop::exchange::Exchange;
use bellhop::sip::flow::Transport;
use bellhop::sip::wire::Method;

use crate::handset::{Handset, LineState};
use crate::office::{Desk, domain_of, ms, percent, pick};
use crate::walk::Walk;
use crate::world::{Weather, s};

const XML: &str = "application/x-broadworks-callpark-info+xml";
/// Less than any subscription lasts.
pub const WATCHED: Duration = Duration::from_secs(1_700);
const CALLERS_MAX: usize = 40;

impl Walk {
    pub fn deed(&mut self) {
        match self.chance.below(100) {
            0..16 => self.call_in(),
            16..24 => self.call_inside(),
            24..42 => self.take_or_refuse(),
            42..47 => self.hang_up(),
            47..53 => self.hold(),
            53..67 => self.park(),
            67..71 => self.park_by_dialling(),
            71..79 => self.retrieve(),
            79..83 => self.transfer(),
            83..86 => self.transfer_attended(),
            86..88 => self.do_not_disturb(),
            88..92 => self.watch(),
            92..94 => self.habits(),
            94..95 => self.take_over(),
            95..96 => self.outsider_transfers(),
            _ => self.accident(),
        }
    }

    /// A desk of chance that is on.
    fn desk(&mut self) -> Desk {
        let on: Vec<Desk> =
            self.desks.iter().filter(|desk| !self.off.contains(&desk.at)).cloned().collect();
        if on.is_empty() {
            let desk = self.desks[0].clone();
            self.switch_on(&desk);
            return desk;
        }
        pick(&mut self.chance, &on)
    }

    fn is_desk(&self, at: SocketAddr) -> bool {
        self.desks.iter().any(|desk| desk.at == at)
    }

    /// A line in this state that is not in the middle of something.
    fn line(
        &mut self,
        state: LineState,
        fits: impl Fn(&Self, SocketAddr) -> bool,
    ) -> Option<(SocketAddr, usize)> {
        let mut found = Vec::new();
        for (at, phone) in &self.world.handsets {
            if self.off.contains(at) || !fits(self, *at) {
                continue;
            }
            for (index, line) in phone.lines.iter().enumerate() {
                if line.state == state && (state != LineState::Up || !phone.is_negotiating(index)) {
                    found.push((*at, index));
                }
            }
        }
        self.chance.pick(&found)
    }

    fn do_it(
        &mut self,
        at: SocketAddr,
        words: String,
        act: impl FnOnce(&mut Handset, bellhop::domain::time::Moment),
    ) {
        let who = self.world.handsets[&at].extension.clone();
        self.note(format!("{who} {at}: {words}"));
        self.world.act(at, act);
    }

    fn call_in(&mut self) {
        let idle = |walk: &Self, at: &SocketAddr| {
            let phone = &walk.world.handsets[at];
            at.port() != 5060
                && phone.lines.len() < 30
                && phone.lines.iter().all(|line| line.state == LineState::Over)
        };
        let all: Vec<SocketAddr> =
            self.callers.iter().copied().filter(|at| idle(self, at)).collect();
        let busy = self.callers.len() - all.len();
        if busy > 8 {
            return self.take_or_refuse();
        }
        let at = match self.chance.pick(&all) {
            Some(at) => at,
            None if self.callers.len() < CALLERS_MAX => self.new_caller(),
            None => return,
        };
        let two = self.world.exchange.0.offices().len() > 1;
        let other = two && percent(&mut self.chance, 40);
        let number = match other {
            true => pick(&mut self.chance, &["+4940104", "+4940600"]),
            false => pick(&mut self.chance, &["1", "1", "1", "+4930104", "+4930600"]),
        };
        self.world.get(at).domain =
            if other { "10.0.0.1".to_owned() } else { domain_of(0).to_owned() };
        self.do_it(at, format!("calls {number}"), |phone, now| {
            phone.dial(number, now);
        });
    }

    fn call_inside(&mut self) {
        let desk = self.desk();
        if self.world.get(desk.at).lines.len() > 35 {
            return self.reboot(&desk);
        }
        let numbers =
            ["101", "102", "103", "104", "105", "106", "600", "601", "0301234", "199", "*581"];
        let number = pick(&mut self.chance, &numbers);
        self.do_it(desk.at, format!("dials {number}"), |phone, now| {
            phone.dial(number, now);
        });
    }

    fn take_or_refuse(&mut self) {
        let Some((at, _)) = self.line(LineState::Ringing, |_, _| true) else {
            return self.hang_up_sometimes();
        };
        let code = pick(&mut self.chance, &["*68", "*68102", "*68104", "*68199", "*58", "103"]);
        match self.chance.below(12) {
            0..8 => self.do_it(at, "answers".to_owned(), |phone, now| {
                phone.answer(now);
            }),
            8 => self.do_it(at, "busy".to_owned(), |phone, now| phone.refuse(486, None, now)),
            9 => self.do_it(at, "declines".to_owned(), |phone, now| phone.refuse(603, None, now)),
            _ if self.is_desk(at) => self.do_it(at, format!("points to {code}"), |phone, now| {
                phone.refuse(302, Some(code), now);
            }),
            _ => {
                self.do_it(at, "is not there".to_owned(), |phone, now| phone.refuse(480, None, now))
            }
        }
    }

    fn hang_up_sometimes(&mut self) {
        if percent(&mut self.chance, 20) {
            self.hang_up();
        }
    }

    fn hang_up(&mut self) {
        let state = pick(&mut self.chance, &[LineState::Up, LineState::Up, LineState::Calling]);
        let Some((at, line)) = self.line(state, |_, _| true) else { return };
        self.do_it(at, format!("hangs up {line}"), |phone, now| phone.hang_up(line, now));
    }

    fn hold(&mut self) {
        let Some((at, line)) = self.line(LineState::Up, Self::is_desk) else { return };
        let on = percent(&mut self.chance, 60);
        self.do_it(at, format!("hold {line} {on}"), |phone, now| phone.hold(line, on, now));
    }

    fn park_code(&mut self) -> String {
        let codes = [
            "*68",
            "*68",
            "*58",
            "*58",
            "*68101",
            "*68102",
            "*68104",
            "*68105#",
            "*68199",
            "%2A68103%23",
        ];
        pick(&mut self.chance, &codes).to_owned()
    }

    /// By REFER, once or twice, and perhaps hanging up at once.
    fn park(&mut self) {
        let Some((at, line)) = self.line(LineState::Up, Self::is_desk) else { return };
        let code = self.park_code();
        let again = percent(&mut self.chance, 10);
        let hangs_up = percent(&mut self.chance, 15);
        let overtaking = hangs_up && percent(&mut self.chance, 50);
        let foreseen = (self.calm && !hangs_up).then(|| self.foresee_park(at, line, &code));
        self.do_it(
            at,
            format!("parks {line} {code} {again} {hangs_up} {overtaking}"),
            |phone, now| {
                phone.refer(line, &code, now);
                if again {
                    phone.refer(line, &code, now);
                }
                if hangs_up {
                    phone.hang_up(line, now);
                }
                if overtaking {
                    phone.sent.reverse();
                }
            },
        );
        if let Some(foreseen) = foreseen.flatten() {
            self.pass(ms(100));
            self.check_park(at, line, &foreseen);
        }
    }

    /// The call is held, and the code dialled; a transfer of both may follow.
    fn park_by_dialling(&mut self) {
        let Some((at, line)) = self.line(LineState::Up, Self::is_desk) else { return };
        if self.world.get(at).lines.len() > 35 {
            return;
        }
        self.do_it(at, format!("holds {line} to park"), |phone, now| phone.hold(line, true, now));
        self.pass(ms(100));
        let code = self.park_code().replace("%2A", "*").replace("%23", "#");
        let transfers = percent(&mut self.chance, 50);
        self.do_it(at, format!("dials {code} with {line} held"), |phone, now| {
            phone.dial(&code, now);
        });
        if transfers {
            self.pass(ms(30));
            let (up, other) = (LineState::Up, self.world.get(at).lines.len() - 1);
            let phone = self.world.get(at);
            if phone.lines[line].state == up && phone.lines[other].state == up {
                self.do_it(at, "and transfers both".to_owned(), |phone, now| {
                    phone.refer_attended(line, other, now);
                });
            }
        }
    }

    fn retrieve(&mut self) {
        let desk = self.desk();
        if self.world.get(desk.at).lines.len() > 35 {
            return self.reboot(&desk);
        }
        let calls = self.world.exchange.0.offices()[desk.tenant].lot().calls().to_vec();
        let code = match (self.chance.pick(&calls), self.chance.below(6)) {
            (Some(call), 0..3) => format!("*88{}", call.at),
            (Some(call), 3) => format!("*88{}*{}", call.at, call.key),
            (Some(call), 4) => format!("*68{}", call.at),
            (None, 4) => "*88199".to_owned(),
            _ => "*88".to_owned(),
        };
        let foreseen = if self.calm { self.foresee_retrieve(&desk, &code) } else { None };
        let line = self.world.get(desk.at).lines.len();
        self.do_it(desk.at, format!("fetches {code}"), |phone, now| {
            phone.dial(&code, now);
        });
        if let Some(foreseen) = foreseen {
            self.pass(ms(100));
            self.check_retrieve(&desk, line, &foreseen);
        }
    }

    fn transfer(&mut self) {
        let Some((at, line)) = self.line(LineState::Up, Self::is_desk) else { return };
        let numbers = ["101", "102", "103", "104", "600", "601", "0301234", "199", "*88", "*78"];
        let to = pick(&mut self.chance, &numbers);
        let hangs_up = percent(&mut self.chance, 40);
        self.do_it(at, format!("transfers {line} to {to} {hangs_up}"), |phone, now| {
            phone.refer(line, to, now);
            if hangs_up {
                phone.hang_up(line, now);
            }
        });
    }

    fn transfer_attended(&mut self) {
        let Some((at, line)) = self.line(LineState::Up, Self::is_desk) else { return };
        let live = |line: &crate::handset::Line| {
            line.state == LineState::Up || line.state == LineState::Calling
        };
        let phone = self.world.get(at);
        let others: Vec<usize> = (0..phone.lines.len())
            .filter(|other| *other != line && live(&phone.lines[*other]))
            .collect();
        let Some(other) = self.chance.pick(&others) else {
            let number = pick(&mut self.chance, &["101", "102", "103", "104", "600"]);
            return self.do_it(at, format!("consults {number}"), |phone, now| {
                if !phone.is_negotiating(line) {
                    phone.hold(line, true, now);
                }
                phone.dial(number, now);
            });
        };
        self.do_it(at, format!("joins {line} and {other}"), |phone, now| {
            phone.refer_attended(line, other, now);
        });
    }

    fn do_not_disturb(&mut self) {
        let desk = self.desk();
        let on = percent(&mut self.chance, 50);
        if self.world.get(desk.at).lines.len() > 35 {
            return;
        }
        let code = if on { "*78" } else { "*79" };
        let line = self.world.get(desk.at).lines.len();
        self.do_it(desk.at, format!("dials {code}"), |phone, now| {
            phone.dial(code, now);
        });
        // Whether it arrives must be known: so it is waited for.
        let weather = std::mem::take(&mut self.world.weather);
        self.pass(s(4));
        self.world.weather = weather;
        let phone = &self.world.handsets[&desk.at];
        let answered = phone.lines[line].shown.is_some();
        if answered {
            let key = (desk.tenant, desk.extension.to_owned());
            let _ = if on { self.dnd.insert(key) } else { self.dnd.remove(&key) };
        }
    }

    fn watch(&mut self) {
        let desk = self.desk();
        let now = self.world.now;
        let watched = self.watching.entry(desk.at).or_default();
        watched.retain(|_, since| now.since(*since) < WATCHED);
        if watched.len() > 5 {
            return;
        }
        let own = desk.extension.to_owned();
        let (event, user) = match self.chance.below(5) {
            0 | 1 => (EVENT_PACKAGE, own),
            2 => ("call-info", own),
            3 => ("dialog", pick(&mut self.chance, &["101", "102", "103", "104"]).to_owned()),
            _ => {
                let codes = ["*68101", "*68102", "*88101", "*88103", "*68104"];
                ("dialog", pick(&mut self.chance, &codes).to_owned())
            }
        };
        let key = (event.to_owned(), user.clone());
        if watched.contains_key(&key) {
            return;
        }
        watched.insert(key, now);
        self.do_it(desk.at, format!("watches {event} of {user}"), |phone, now| match event {
            "dialog" => phone.watch(&user, "dialog", now),
            "call-info" => phone.subscribe(event, XML, now),
            _ => phone.subscribe(event, MIME_TYPE, now),
        });
    }

    fn habits(&mut self) {
        let desk = self.desk();
        let with = pick(&mut self.chance, &[None, None, Some(200), Some(486), Some(480)]);
        self.note(format!("{} answers with {with:?}", desk.at));
        self.world.get(desk.at).answer_with = with;
    }

    /// The call moves to another device of the same extension.
    fn take_over(&mut self) {
        let Some((at, line)) = self.line(LineState::Up, Self::is_desk) else { return };
        let extension = self.world.get(at).extension.clone();
        let same = |desk: &&Desk| desk.extension == extension && desk.at != at;
        let others: Vec<Desk> = self.desks.iter().filter(same).cloned().collect();
        let others: Vec<Desk> = others
            .into_iter()
            .filter(|d| !self.off.contains(&d.at) && self.world.handsets[&d.at].lines.len() < 35)
            .collect();
        let Some(other) = self.chance.pick(&others) else { return };
        let replaces = self.world.get(at).replaces(line);
        self.do_it(other.at, format!("takes over {line} of {at}"), |phone, now| {
            phone.take_over(replaces, now);
        });
    }

    fn outsider_transfers(&mut self) {
        let outside = |walk: &Self, at| !walk.is_desk(at);
        let Some((at, line)) = self.line(LineState::Up, outside) else { return };
        self.do_it(at, "would transfer".to_owned(), |phone, now| phone.refer(line, "*68", now));
    }

    fn accident(&mut self) {
        let desk = self.desk();
        match self.chance.below(8) {
            0 => self.reboot(&desk),
            1 if !self.calm => self.switch_off(&desk),
            2 => self.switch_on_again(),
            3 => self.register(&desk),
            4 if desk.transport == Transport::Tcp && !self.calm => self.break_connection(&desk),
            5 => {
                let away = pick(&mut self.chance, &[0, 1, 5, 30, 70]);
                self.note(format!("the office restarts after {away} s"));
                self.restart(s(away));
            }
            _ if !self.calm => self.change_of_weather(),
            _ => {}
        }
    }

    fn reboot(&mut self, desk: &Desk) {
        self.note(format!("{} {} reboots", desk.extension, desk.at));
        self.switch_on(desk);
    }

    fn switch_off(&mut self, desk: &Desk) {
        self.note(format!("{} {} is switched off", desk.extension, desk.at));
        self.off.insert(desk.at);
        self.registered.remove(&desk.at);
        self.watching.remove(&desk.at);
        self.world.handsets.remove(&desk.at);
        self.audit.borrow_mut().cut_off(desk.at);
    }

    fn switch_on_again(&mut self) {
        let off: Vec<SocketAddr> = self.off.iter().copied().collect();
        let Some(at) = self.chance.pick(&off) else { return };
        let desk = self.desks.iter().find(|desk| desk.at == at).unwrap().clone();
        self.note(format!("{} {} is switched on", desk.extension, desk.at));
        self.switch_on(&desk);
    }

    fn register(&mut self, desk: &Desk) {
        let away = percent(&mut self.chance, 30);
        self.note(format!("{} {} registers {}", desk.extension, desk.at, !away));
        self.world.act(desk.at, |phone, now| phone.register(if away { 0 } else { 3600 }, now));
        let _ =
            if away { self.registered.remove(&desk.at) } else { self.registered.insert(desk.at) };
    }

    fn break_connection(&mut self, desk: &Desk) {
        if self.world.get(desk.at).connection.is_none() {
            return;
        }
        let noticed = percent(&mut self.chance, 50);
        self.note(format!(
            "{} {} loses its connection, noticed {noticed}",
            desk.extension, desk.at
        ));
        self.audit.borrow_mut().cut_off(desk.at);
        match noticed {
            true => self.world.disconnect(desk.at),
            false => self.world.cut(desk.at),
        }
    }

    fn change_of_weather(&mut self) {
        let weather = match self.chance.below(5) {
            0 | 1 => Weather::default(),
            2 => Weather { loss: 15, ..Weather::default() },
            3 => Weather { doubled: 40, jitter: ms(90), ..Weather::default() },
            _ => Weather { loss: 10, doubled: 10, jitter: ms(40) },
        };
        let Weather { loss, doubled, jitter } = weather;
        self.note(format!("weather: loss {loss}, doubled {doubled}, jitter {jitter:?}"));
        self.world.weather = weather;
    }

    // What is foreseen in calm weather.

    /// Nothing falls due in the next moments.
    fn is_quiet(&self, tenant: usize) -> bool {
        let office: &Exchange = &self.world.exchange.0.offices()[tenant];
        let soon = self.world.now + ms(150);
        let lot = office.lot().next_wakeup().is_none_or(|wakeup| wakeup.at > soon);
        let nobody_fetches = office.lot().calls().iter().all(|call| call.retriever().is_none());
        let answers = self.world.handsets.values().all(|phone| phone.answer_with.is_none());
        lot && nobody_fetches && answers && self.world.underway.is_empty()
    }

    /// Who is fetched by this code; the inner none: nobody.
    fn foresee_retrieve(&self, desk: &Desk, code: &str) -> Option<Foreseen> {
        let in_use = self.world.handsets[&desk.at].lines.iter().any(|l| l.state == LineState::Up);
        if !self.is_quiet(desk.tenant) || in_use || !self.registered.contains(&desk.at) {
            return None;
        }
        let office = &self.world.exchange.0.offices()[desk.tenant];
        let found = self.fetched_by(desk, code);
        let alive = found.is_none_or(|journey| {
            let leg = office.legs().find(|leg| leg.journey == journey);
            leg.and_then(|leg| leg.agreed).is_some_and(|agreed| self.is_speaking(agreed.remote))
        });
        alive.then_some(Foreseen { journey: found, places: Vec::new() })
    }

    fn fetched_by(&self, desk: &Desk, code: &str) -> Option<JourneyId> {
        if code == "*88" {
            return self.mine(desk.tenant, desk.extension);
        }
        if let Some((place, key)) = code[3..].split_once('*') {
            let calls = self.world.exchange.0.offices()[desk.tenant].lot().calls().iter();
            let key: u32 = key.parse().unwrap();
            let mut calls = calls.filter(|call| call.key == key);
            return calls.find(|call| call.at.as_str() == place).map(|call| call.journey);
        }
        let (audit, place) = (self.audit.borrow(), &code[3..]);
        let found = audit.reference.of(desk.tenant).find(|stay| stay.at.as_str() == place);
        found.map(|stay| stay.journey)
    }

    fn check_retrieve(&self, desk: &Desk, line: usize, foreseen: &Foreseen) {
        let phone = &self.world.handsets[&desk.at];
        let state = phone.lines[line].state;
        let Some(journey) = foreseen.journey else {
            let (status, _) = phone.last_answer(&Method::Invite);
            assert_eq!((status, state), (404, LineState::Over), "nothing is there");
            return;
        };
        let legs = self.world.exchange.0.offices()[desk.tenant].legs();
        let mut legs = legs;
        let leg = legs.find(|leg| leg.journey == journey).expect("he is there still");
        let sound = SocketAddr::new(desk.at.ip(), phone.lines[line].port);
        let playing = self.world.playing.get(&leg.stream.stream);
        let heard = match playing {
            Some(bellhop::media::control::Source::Stream(from)) => {
                self.world.connected.get(from).map(|agreed| agreed.remote)
            }
            _ => None,
        };
        assert_eq!((state, heard), (LineState::Up, Some(sound)), "the one foreseen: {leg:?}");
    }

    /// Where this would be parked; the inner none: refused.
    fn foresee_park(&self, at: SocketAddr, line: usize, code: &str) -> Option<Foreseen> {
        let desk = self.desks.iter().find(|desk| desk.at == at)?;
        let office = &self.world.exchange.0.offices()[desk.tenant];
        if !self.is_quiet(desk.tenant) {
            return None;
        }
        let sound = SocketAddr::new(at.ip(), self.world.handsets[&at].lines[line].port);
        let own = office.legs().find(|leg| leg.agreed.is_some_and(|a| a.remote == sound))?;
        let peer = own.peer()?;
        let leg = office.legs().find(|leg| leg.journey == peer)?;
        if !leg.is_up() || !own.is_up() {
            return None;
        }
        let code = code.replace("%2A", "*").replace("%23", "").replace('#', "");
        let me = desk.extension;
        let room = |at: &str| {
            let audit = self.audit.borrow();
            let there = audit.reference.of(desk.tenant).filter(|stay| stay.at.as_str() == at);
            there.count() < office.settings().parked_per_extension_max
        };
        let place = match code.as_str() {
            "*58" => self.hunted(desk.tenant, me),
            "*68" => Some(me.to_owned()),
            other => Some(other[3..].to_owned()),
        };
        let known =
            |place: &String| office.settings().extensions.contains_key(&crate::world::ext(place));
        let place = place.filter(known).filter(|place| room(place));
        Some(Foreseen { journey: Some(peer), places: place.into_iter().collect() })
    }

    fn check_park(&self, at: SocketAddr, line: usize, foreseen: &Foreseen) {
        let journey = foreseen.journey.unwrap();
        let audit = self.audit.borrow();
        let stay = audit.reference.get(journey);
        let parked: Vec<String> = stay.into_iter().map(|stay| stay.at.to_string()).collect();
        assert_eq!(parked, foreseen.places, "parked where it was foreseen");
        if parked.is_empty() {
            let phone = &self.world.handsets[&at];
            let (status, _) = phone.last_answer(&Method::Refer);
            assert!(status >= 400, "{status}");
            assert_eq!(phone.lines[line].state, LineState::Up, "he has his call still");
            let mut talks = self.world.exchange.0.offices().iter().flat_map(Exchange::legs);
            let leg = talks.find(|leg| leg.journey == journey);
            assert!(leg.is_some_and(|leg| leg.peer().is_some()), "and is with him");
        }
    }

    /// Product Q2-Q4, in so many words.
    fn hunted(&self, tenant: usize, me: &str) -> Option<String> {
        let office = &self.world.exchange.0.offices()[tenant];
        let settings = office.settings();
        let groups = settings.groups.iter();
        let Some(group) = groups.clone().find(|g| g.members.iter().any(|m| m.as_str() == me))
        else {
            return Some(me.to_owned());
        };
        let audit = self.audit.borrow();
        let members: Vec<&str> = group.members.iter().map(|member| member.as_str()).collect();
        let registered = |who: &str| office.registrar().is_registered(&crate::world::ext(who));
        let parked =
            |who: &str| audit.reference.of(tenant).filter(|stay| stay.at.as_str() == who).count();
        let busy = |who: &str| {
            office
                .legs()
                .any(|leg| leg.extension().is_some_and(|e| e.as_str() == who) && !leg.is_leaving())
        };
        let dnd = |who: &str| self.dnd.contains(&(tenant, who.to_owned()));
        let mut others: Vec<&str> = members.iter().copied().filter(|m| *m != me).collect();
        if !others.iter().any(|other| registered(other)) {
            others = members;
        }
        others.retain(|other| parked(other) < settings.parked_per_extension_max);
        let available =
            |who: &&&str| registered(who) && !dnd(who) && !busy(who) && parked(who) == 0;
        let empty = |who: &&&str| registered(who) && parked(who) == 0;
        let least = || others.iter().min_by_key(|who| parked(who));
        let found = others.iter().find(available).or_else(|| others.iter().find(empty));
        found.or_else(least).map(|who| (*who).to_owned())
    }
}

/// What is to come of a deed.
pub struct Foreseen {
    journey: Option<JourneyId>,
    /// None: it is refused.
    places: Vec<String>,
}
