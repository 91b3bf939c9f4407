//! What must be true after every single turn of the office.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use bellhop::domain::ids::JourneyId;
use bellhop::domain::time::Moment;
use bellhop::exchange::{Ending, Exchange, Leg, Link, Report, Stage};
use bellhop::media::control::Source;
use bellhop::sip::flow::Transport;

use crate::handset::LineState;
use crate::reference::Reference;
use crate::world::{Cause, Witness, World};

/// More wakeups than this at one moment, and it turns in a circle.
const WAKEUPS_MAX: u32 = 200;

/// What a leg was before the turn.
#[derive(Clone)]
struct Before {
    link: Link,
    answered: bool,
    sound: Option<SocketAddr>,
    transport: Transport,
}

#[derive(Default)]
pub struct Audit {
    pub reference: Reference,
    legs: BTreeMap<JourneyId, Before>,
    woken_at: Moment,
    woken: u32,
    pub turns: u64,
    /// Phones that were cut off: the office may believe them dead.
    pub unreachable: BTreeSet<SocketAddr>,
    /// Phones that were, since they were switched on: their calls may have
    /// ended without their knowing.
    pub was_cut_off: BTreeSet<SocketAddr>,
}

/// Lent to the world for each turn.
pub struct Shared(pub std::rc::Rc<std::cell::RefCell<Audit>>);

impl Witness for Shared {
    fn turn(&mut self, world: &World, cause: &Cause, reports: &[Report]) {
        self.0.borrow_mut().turn(world, cause, reports);
    }
}

impl Audit {
    pub fn cut_off(&mut self, at: SocketAddr) {
        self.unreachable.insert(at);
        self.was_cut_off.insert(at);
    }

    fn turn(&mut self, world: &World, cause: &Cause, reports: &[Report]) {
        self.turns += 1;
        let offices = world.exchange.0.offices();
        for office in offices {
            let legs: BTreeMap<JourneyId, &Leg> = office.legs().map(|l| (l.journey, l)).collect();
            the_lot_holds_the_parked(office, &legs);
            for leg in legs.values() {
                links_are_mutual(leg, &legs);
                nobody_hears_a_stranger(world, leg, &legs);
            }
        }
        self.endings(world, reports);
        self.reference.follow(world, cause, reports);
        self.next_wakeup(world, cause);
        let legs = offices.iter().flat_map(Exchange::legs);
        self.legs = legs.map(|leg| (leg.journey, Before::of(leg))).collect();
    }

    fn next_wakeup(&mut self, world: &World, cause: &Cause) {
        if *cause != Cause::Woken {
            return;
        }
        if let Some(next) = world.exchange.next_wakeup() {
            assert!(next.at >= world.now, "overdue after a wakeup: {next:?} at {:?}", world.now);
        }
        self.woken = if self.woken_at == world.now { self.woken + 1 } else { 0 };
        self.woken_at = world.now;
        let next = world.exchange.next_wakeup();
        assert!(self.woken < WAKEUPS_MAX, "it turns in a circle: {next:?} at {:?}", world.now);
    }

    /// Nobody who has not hung up himself is let go, but by the other side.
    fn endings(&self, world: &World, reports: &[Report]) {
        let ended: BTreeMap<JourneyId, Ending> = reports
            .iter()
            .filter_map(|report| match report {
                Report::CallEnded { journey, how, .. } => Some((*journey, *how)),
                _ => None,
            })
            .collect();
        for (journey, how) in &ended {
            let Some(before) = self.legs.get(journey) else { continue };
            let told = || format!("{journey:?} ended {how:?}, was {:?}: {reports:?}", before.link);
            let waits = matches!(before.link, Link::Parked)
                || before.answered && matches!(before.link, Link::Awaits(_));
            match how {
                Ending::ByItself => {}
                Ending::Lost => assert!(self.is_dead(world, before), "it was there: {}", told()),
                _ if waits => panic!("a waiting caller was dropped: {}", told()),
                Ending::NotAnswered => assert!(!before.answered, "{}", told()),
                Ending::ByOtherSide => match before.link {
                    Link::With(peer) => assert!(ended.contains_key(&peer), "{}", told()),
                    _ => assert!(!matches!(before.link, Link::Awaits(_)), "{}", told()),
                },
                Ending::MovedOn => {
                    if let Link::With(peer) = before.link {
                        let on = world.exchange.0.offices().iter().flat_map(Exchange::legs);
                        let on = on.filter(|leg| leg.journey == peer);
                        let on = on.into_iter().any(|leg| !matches!(leg.link, Link::Alone));
                        assert!(on || ended.contains_key(&peer), "left alone: {}", told());
                    }
                }
            }
        }
    }

    fn is_dead(&self, world: &World, before: &Before) -> bool {
        let Some(sound) = before.sound else { return true };
        let here = world.handsets.iter().find_map(|(at, handset)| {
            let mut lines = handset.lines.iter();
            let line = lines.find(|line| at.ip() == sound.ip() && line.port == sound.port())?;
            Some((at, line.state))
        });
        match here {
            Some((at, LineState::Up)) => {
                before.transport == Transport::Tcp && self.unreachable.contains(at)
            }
            _ => true,
        }
    }
}

impl Before {
    fn of(leg: &Leg) -> Self {
        Self {
            link: leg.link.clone(),
            answered: !matches!(leg.stage, Stage::Incoming { .. } | Stage::Ringing { .. }),
            sound: leg.agreed.map(|agreed| agreed.remote),
            transport: leg.dialog.flow.transport,
        }
    }
}

fn the_lot_holds_the_parked(office: &Exchange, legs: &BTreeMap<JourneyId, &Leg>) {
    for parked in office.lot().calls() {
        let leg = legs.get(&parked.journey).unwrap_or_else(|| panic!("a ghost: {parked:?}"));
        assert_eq!(leg.link, Link::Parked, "parked and elsewhere: {parked:?}");
    }
    for leg in legs.values().filter(|leg| leg.link == Link::Parked) {
        assert!(office.lot().get(leg.journey).is_some(), "parked nowhere: {leg:?}");
    }
}

fn links_are_mutual(leg: &Leg, legs: &BTreeMap<JourneyId, &Leg>) {
    if let Link::With(peer) = leg.link {
        let back = legs.get(&peer).map(|peer| &peer.link);
        assert_eq!(back, Some(&Link::With(leg.journey)), "one-sided: {leg:?}");
    }
}

fn nobody_hears_a_stranger(world: &World, leg: &Leg, legs: &BTreeMap<JourneyId, &Leg>) {
    let source = world.playing.get(&leg.stream.stream);
    let heard = match source {
        Some(Source::Stream(from)) => legs.values().find(|leg| leg.stream.stream == *from),
        _ => None,
    };
    if let Some(Source::Stream(from)) = source {
        let heard = heard.unwrap_or_else(|| panic!("{from:?} is gone and heard by {leg:?}"));
        let early = matches!((&leg.link, &heard.stage), (Link::Awaits(_), Stage::Ringing { .. }));
        let together = leg.link == Link::With(heard.journey);
        assert!(together || early, "a stranger is heard: {heard:?} by {leg:?}");
    }
    if !world.connected.contains_key(&leg.stream.stream) {
        return;
    }
    match &leg.link {
        Link::Parked => assert_eq!(source, Some(&Source::Music), "no music: {leg:?}"),
        Link::Awaits(_) if leg.is_up() => {
            assert_eq!(source, Some(&Source::Music), "no music: {leg:?}");
        }
        Link::With(peer) if leg.is_up() => {
            let peer = legs[peer];
            if peer.is_up() && peer.held_at.is_none() && peer.has_media() {
                let wanted = Source::Stream(peer.stream.stream);
                assert_eq!(source, Some(&wanted), "does not hear him: {leg:?}");
            } else if peer.is_up() && peer.has_media() {
                assert_eq!(source, Some(&Source::Music), "held without music: {leg:?}");
            }
        }
        _ => {}
    }
}
