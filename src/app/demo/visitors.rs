//! The demo for a person at a terminal: callers come, colleagues answer,
//! park, fetch and hang up, for as long as she likes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::app::Trouble;
use crate::app::demo::cast::DESK;
use crate::app::demo::memory::Known;
use crate::app::demo::troupe::Troupe;
use crate::domain::chance::Chance;
use crate::domain::time::Moment;
use crate::sim::people::crowd::PersonId;
use crate::sim::people::person::messages::{Deed, Manners};

const GLANCE: Duration = Duration::from_millis(200);
/// So soon somebody calls the first time.
const FIRST_CALL: Duration = Duration::from_secs(2);
/// More callers than this do not come at once.
const CALLERS_MAX: usize = 6;

/// What somebody is doing, and how long he will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mood {
    kind: Kind,
    until: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Free,
    /// A call is parked for him.
    SeesParked,
    Calling,
    Ringing,
    Talking,
    OnMusic,
}

#[derive(Debug)]
pub struct Visitors {
    troupe: Troupe,
    chance: Chance,
    moods: BTreeMap<PersonId, Mood>,
    next_call: Moment,
    /// The first calls have names and are for whoever looks at the demo.
    welcomes: u32,
}

/// Calls that are for the desk before chance decides.
const WELCOMES: u32 = 2;

impl Visitors {
    pub fn new(mut troupe: Troupe, chance: Chance) -> Self {
        let people: Vec<(PersonId, bool)> =
            troupe.players().map(|player| (player.id, player.is_caller)).collect();
        for (id, is_caller) in people {
            let pause = Duration::from_millis(if is_caller { 4_000 } else { 3_000 });
            drop(troupe.tell(id, Deed::Behave(Manners::AnswersAfter(pause))));
            if !is_caller {
                drop(troupe.tell(id, Deed::Register));
                drop(troupe.tell(id, Deed::WatchParks));
            }
        }
        let next_call = troupe.now() + FIRST_CALL;
        Self { troupe, chance, moods: BTreeMap::new(), next_call, welcomes: WELCOMES }
    }

    /// Until `stop`.
    ///
    /// # Errors
    /// No network.
    pub fn run(mut self, stop: &Arc<AtomicBool>) -> Result<(), Trouble> {
        while !stop.load(Ordering::Relaxed) {
            let until = self.troupe.now() + GLANCE;
            while self.troupe.now() < until {
                drop(self.troupe.wait(until)?);
            }
            self.look_round();
        }
        Ok(())
    }

    fn look_round(&mut self) {
        let now = self.troupe.now();
        if now >= self.next_call {
            self.somebody_calls(now);
        }
        let people: Vec<(PersonId, bool)> =
            self.troupe.players().map(|player| (player.id, player.is_caller)).collect();
        for (id, is_caller) in people {
            if self.has_had_enough(id, is_caller, now) {
                self.act(id, is_caller);
            }
        }
    }

    fn somebody_calls(&mut self, now: Moment) {
        self.next_call = now + self.seconds(10, 25);
        let welcome = self.welcomes > 0;
        let callers = self.troupe.players().filter(|player| player.is_caller);
        let callers = callers.filter(|player| !welcome || !player.name.is_empty());
        let (free, busy): (Vec<PersonId>, Vec<PersonId>) =
            callers.map(|player| player.id).partition(|id| self.troupe.known(*id).is_free());
        let (true, Some(caller)) = (busy.len() < CALLERS_MAX, self.chance.pick(&free)) else {
            return;
        };
        self.welcomes = self.welcomes.saturating_sub(1);
        let for_the_desk = welcome || self.chance.below(4) > 0;
        let number = if for_the_desk { DESK.to_owned() } else { self.colleague() };
        self.tell(caller, Deed::Call { to: format!("0{number}") });
    }

    fn colleague(&mut self) -> String {
        let colleagues = self.troupe.players().filter(|player| !player.is_caller);
        let numbers: Vec<String> = colleagues.map(|player| player.number.clone()).collect();
        self.chance.pick(&numbers).unwrap_or_else(|| DESK.to_owned())
    }

    fn has_had_enough(&mut self, id: PersonId, is_caller: bool, now: Moment) -> bool {
        let kind = kind_of(&self.troupe.known(id), self.troupe.is_on_music(id));
        match self.moods.get(&id) {
            Some(mood) if mood.kind == kind => return now >= mood.until,
            _ => {}
        }
        let until = now + self.patience(kind, is_caller);
        self.moods.insert(id, Mood { kind, until });
        false
    }

    fn patience(&mut self, kind: Kind, is_caller: bool) -> Duration {
        match (kind, is_caller) {
            (Kind::Free | Kind::Ringing, _) => Duration::from_secs(3_600),
            (Kind::SeesParked, _) => self.seconds(6, 20),
            (Kind::Calling, true) => self.seconds(40, 60),
            (Kind::Calling, false) => self.seconds(10, 20),
            (Kind::Talking, true) => self.seconds(30, 90),
            (Kind::Talking, false) => self.seconds(10, 30),
            (Kind::OnMusic, true) => self.seconds(90, 180),
            (Kind::OnMusic, false) => self.seconds(30, 60),
        }
    }

    fn seconds(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_secs(from) + Duration::from_millis(self.chance.below((to - from) * 1_000))
    }

    fn act(&mut self, id: PersonId, is_caller: bool) {
        let Some(mood) = self.moods.remove(&id) else {
            return;
        };
        match mood.kind {
            Kind::Free | Kind::Ringing => {}
            Kind::SeesParked => self.tell(id, Deed::Call { to: "*88".to_owned() }),
            Kind::Talking if !is_caller && self.talks_with_a_caller(id) => self.hands_over(id),
            Kind::Calling | Kind::Talking | Kind::OnMusic => self.tell(id, Deed::HangUp),
        }
    }

    fn talks_with_a_caller(&self, id: PersonId) -> bool {
        let known = self.troupe.known(id);
        let number = known.talks_with().map(|who| who.number.clone()).unwrap_or_default();
        self.troupe.players().any(|player| player.is_caller && player.number == number)
    }

    /// Most say goodbye; some park their caller for somebody.
    fn hands_over(&mut self, id: PersonId) {
        let to = match self.chance.below(8) {
            0 => "*68".to_owned(),
            1 => "*58".to_owned(),
            2 => format!("*68{DESK}"),
            3 => format!("*68{}", self.colleague()),
            _ => return self.tell(id, Deed::HangUp),
        };
        self.tell(id, Deed::Transfer { to });
    }

    fn tell(&mut self, who: PersonId, deed: Deed) {
        drop(self.troupe.tell(who, deed));
    }
}

fn kind_of(known: &Known, is_on_music: bool) -> Kind {
    match () {
        () if known.is_talking() && is_on_music => Kind::OnMusic,
        () if known.is_talking() => Kind::Talking,
        () if known.ringing.is_some() => Kind::Ringing,
        () if known.calling => Kind::Calling,
        () if known.parked.is_some() => Kind::SeesParked,
        () => Kind::Free,
    }
}
