//! One walk: an office by chance, deed after deed, and at the end everybody
//! goes home and nothing may be left.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bellhop::domain::chance::Chance;
use bellhop::domain::time::Moment;
use bellhop::exchange::Stage;
use bellhop::media::control::{MediaEvent, StreamId};
use bellhop::sip::wire::Method;

use crate::audit::{Audit, Shared};
use crate::handset::LineState;
use crate::office::{Desk, desks, ms, percent, pick, settings, switch_on};
use crate::world::{DOMAIN, Weather, World, s};

/// The media threads tell of a far end that has sent nothing for so long.
const SILENCE: Duration = Duration::from_secs(10);

pub struct Walk {
    seed: u64,
    steps: usize,
    pub world: World,
    pub chance: Chance,
    pub audit: Rc<RefCell<Audit>>,
    pub desks: Vec<Desk>,
    pub callers: Vec<SocketAddr>,
    /// Fair weather, one thing after the other: what comes of it is foreseen.
    pub calm: bool,
    /// Phones that are switched off.
    pub off: BTreeSet<SocketAddr>,
    /// Extensions in do-not-disturb, by tenant.
    pub dnd: BTreeSet<(usize, String)>,
    /// Registered, as their phones believe.
    pub registered: BTreeSet<SocketAddr>,
    /// What each phone watches, since when: event, entity.
    pub watching: BTreeMap<SocketAddr, BTreeMap<(String, String), Moment>>,
    silent: BTreeMap<StreamId, (Moment, bool)>,
    ports: u16,
    pub diary: Diary,
}

/// What was done, told when the walk ends badly.
pub struct Diary {
    seed: u64,
    steps: usize,
    pub entries: Vec<String>,
}

impl Drop for Diary {
    #[expect(clippy::print_stderr, reason = "whoever reads the failure is to know what led to it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let last = self.entries.len();
            for (index, entry) in self.entries.iter().enumerate().skip(last.saturating_sub(40)) {
                eprintln!("{index:4} {entry}");
            }
            eprintln!(
                "again: BELLHOP_WALK={} BELLHOP_STEPS={} cargo test --test model one_walk",
                self.seed, self.steps
            );
        }
    }
}

impl Walk {
    pub fn new(seed: u64, steps: usize) -> Self {
        let mut chance = Chance::from_seed(u128::from(seed) + 77_000);
        let two = percent(&mut chance, 30);
        let mut tenants = vec![settings(&mut chance, DOMAIN, !two)];
        if two {
            tenants.push(settings(&mut chance, crate::office::OTHER, false));
        }
        let mut cast = desks(&mut chance, 0);
        if two {
            cast.extend(desks(&mut chance, 1));
        }
        let audit = Rc::new(RefCell::new(Audit::default()));
        let mut world = World::of(tenants, u128::from(seed));
        world.witness = Some(Box::new(Shared(Rc::clone(&audit))));
        let calm = percent(&mut chance, 40);
        let mut walk = Self {
            seed,
            steps,
            world,
            chance,
            audit,
            desks: cast,
            callers: Vec::new(),
            calm,
            off: BTreeSet::new(),
            dnd: BTreeSet::new(),
            registered: BTreeSet::new(),
            watching: BTreeMap::new(),
            silent: BTreeMap::new(),
            ports: 0,
            diary: Diary { seed, steps: 0, entries: Vec::new() },
        };
        walk.open();
        walk
    }

    fn open(&mut self) {
        self.provider();
        for desk in self.desks.clone() {
            self.switch_on(&desk);
        }
        self.pass(ms(300));
    }

    /// Every line has a port of its own, so that a voice is known by it.
    fn next_ports(&mut self) -> u16 {
        self.ports += 1;
        20_000 + self.ports * 80
    }

    pub fn switch_on(&mut self, desk: &Desk) {
        let ports = self.next_ports();
        switch_on(&mut self.world, desk, &mut self.chance, ports);
        self.off.remove(&desk.at);
        self.registered.insert(desk.at);
        self.watching.remove(&desk.at);
        self.audit.borrow_mut().was_cut_off.remove(&desk.at);
    }

    /// Who is reached when our people call out.
    fn provider(&mut self) {
        let at = "198.51.100.7:5060".parse().unwrap();
        let fresh = Chance::from_seed(u128::from(self.seed) + 5);
        let mut phone = crate::handset::Handset::new("301234", at, crate::world::office(), fresh);
        phone.from_host = "provider.example".to_owned();
        phone.ports_from = self.next_ports();
        self.world.handsets.insert(at, phone);
        self.callers.push(at);
    }

    pub fn new_caller(&mut self) -> SocketAddr {
        let index = self.callers.len();
        let number = format!("+33860026{index:02}");
        let name = pick(&mut self.chance, &crate::office::CALLERS);
        let at: SocketAddr = format!("198.51.100.7:{}", 6_100 + index).parse().unwrap();
        let fresh = Chance::from_seed(u128::from(self.seed) * 100 + index as u128);
        let mut phone = crate::handset::Handset::new(&number, at, crate::world::office(), fresh);
        phone.display = name.to_owned();
        phone.from_host = "provider.example".to_owned();
        phone.ports_from = self.next_ports();
        self.world.handsets.insert(at, phone);
        self.callers.push(at);
        at
    }

    /// How many promises were kept on the way.
    pub fn run(mut self) -> u64 {
        for step in 0..self.steps {
            self.diary.steps = step + 1;
            self.deed();
            self.pause();
            if step % 50 == 49 {
                self.quiet();
            }
        }
        self.go_home()
    }

    /// Time passes: none at all where two things happen at once.
    fn pause(&mut self) {
        let longer = [300, 300, 300, 1_000, 2_500, 5_000, 11_000, 21_000, 50_000];
        let at_once = !self.calm && percent(&mut self.chance, 25);
        let span = match at_once {
            true => pick(&mut self.chance, &[0, 0, 1, 2, 3, 5]),
            false => pick(&mut self.chance, &longer),
        };
        self.pass(ms(span));
    }

    pub fn pass(&mut self, span: Duration) {
        self.world.run_for(span);
        self.media_thread();
        // The stock of ports is what it was.
        let closed = std::mem::take(&mut self.world.closed).len();
        self.world.more_ports(closed as u64);
    }

    /// Reports far ends that send nothing, as the media threads do.
    fn media_thread(&mut self) {
        let now = self.world.now;
        let mut silent = BTreeMap::new();
        let mut to_tell = Vec::new();
        for leg in self.world.exchange.0.offices().iter().flat_map(|office| office.legs()) {
            let (Some(agreed), Stage::Up) = (leg.agreed, &leg.stage) else { continue };
            let stream = leg.stream.stream;
            if !agreed.receive || self.is_speaking(agreed.remote) {
                continue;
            }
            let (since, mut told) = self.silent.get(&stream).copied().unwrap_or((now, false));
            if !told && now.since(since) >= SILENCE {
                told = true;
                to_tell.push(stream);
            }
            silent.insert(stream, (since, told));
        }
        self.silent = silent;
        for stream in to_tell {
            self.world.media_reports(MediaEvent::Silent { stream, for_ms: 10_000 });
        }
    }

    pub fn is_speaking(&self, sound: SocketAddr) -> bool {
        self.line_at(sound).is_some_and(|(at, line)| {
            !self.off.contains(&at) && self.world.handsets[&at].lines[line].state == LineState::Up
        })
    }

    /// The phone and line that a sound comes from.
    pub fn line_at(&self, sound: SocketAddr) -> Option<(SocketAddr, usize)> {
        let mut on = self.world.handsets.iter().filter(|(at, _)| at.ip() == sound.ip());
        on.find_map(|(at, phone)| {
            Some((*at, phone.lines.iter().position(|line| line.port == sound.port())?))
        })
    }

    pub fn restart(&mut self, away: Duration) {
        self.world.restart(away);
        self.silent.clear();
        for desk in &self.desks {
            if desk.transport == bellhop::sip::flow::Transport::Tcp {
                self.audit.borrow_mut().cut_off(desk.at);
            }
        }
    }

    pub fn note(&mut self, words: String) {
        let now = self.world.now;
        self.diary.entries.push(format!("{now:?} {words}"));
    }

    /// Fair weather for longer than anything is repeated: all must be right.
    fn quiet(&mut self) {
        let weather = std::mem::take(&mut self.world.weather);
        self.pass(s(36));
        // Nor may anything be said this very moment.
        while !self.world.underway.is_empty() {
            self.pass(ms(1));
        }
        self.look_at_everything();
        self.world.weather = weather;
    }

    fn go_home(mut self) -> u64 {
        self.world.weather = Weather::default();
        self.come_back();
        self.quiet();
        for round in 0..12 {
            let all: Vec<SocketAddr> = self.world.handsets.keys().copied().collect();
            for at in all {
                self.hang_everything_up(at);
            }
            self.pass(s(if round < 10 { 3 } else { 36 }));
        }
        let all: Vec<SocketAddr> = self.world.handsets.keys().copied().collect();
        for at in all {
            let up = self.world.get(at).up();
            assert_eq!(up, 0, "{at} is up after all hung up");
            self.world.get(at).got.clear();
        }
        for office in self.world.exchange.0.offices() {
            let legs: Vec<_> = office.legs().collect();
            assert!(legs.is_empty(), "left over: {legs:?}");
        }
        self.leave_nothing_behind();
        self.audit.borrow().reference.kept
    }

    /// Whoever is off or cut off is back.
    fn come_back(&mut self) {
        for desk in self.desks.clone() {
            if self.off.contains(&desk.at) {
                self.switch_on(&desk);
            } else {
                self.world.act(desk.at, |phone, now| phone.register(3600, now));
                self.registered.insert(desk.at);
            }
        }
        self.pass(s(2));
        self.audit.borrow_mut().unreachable.clear();
    }

    fn hang_everything_up(&mut self, at: SocketAddr) {
        self.world.get(at).answer_with = None;
        for line in 0..self.world.get(at).lines.len() {
            self.world.act(at, |phone, now| match phone.lines[line].state {
                LineState::Ringing => phone.refuse(480, None, now),
                LineState::Calling | LineState::Up => phone.hang_up(line, now),
                LineState::Over => {}
            });
        }
    }

    /// Its state is as small as before anybody came.
    fn leave_nothing_behind(&mut self) {
        for desk in self.desks.clone() {
            let phone = self.world.get(desk.at);
            let subscribed: Vec<_> = phone
                .answers
                .iter()
                .filter(|(method, answer)| *method == Method::Subscribe && answer.status == 200)
                .map(|(_, answer)| answer.clone())
                .collect();
            for answer in subscribed {
                self.world.act(desk.at, |phone, now| phone.watch_on(&answer, 900, 0, now));
            }
            self.world.act(desk.at, |phone, now| phone.register(0, now));
        }
        // Longer than anything that was asked for.
        self.pass(s(7_300));
        self.look_for_leftovers();
    }
}
