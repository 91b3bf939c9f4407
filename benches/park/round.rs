//! One round: Alice calls the reception, is answered, is parked by REFER, and Carol, whose phone shows the
//! parked call, retrieves her. One thing at a time; both times of a span are this machine's own clock.

use std::net::SocketAddr;
use std::time::Duration;

use bellhop::app::Trouble;
use bellhop::app::demo::stage::{Part, Stage, Told};
use bellhop::domain::chance::Chance;
use bellhop::domain::time::Moment;
use bellhop::edge::clock::Clock;
use bellhop::media::control::Codec;
use bellhop::sim::people::crowd::{News, PersonId};
use bellhop::sim::people::ear::{Heard, Sound};
use bellhop::sim::people::person::messages::{Deed, Happened, SLOTS};

use crate::figures::{Run, Span};
use crate::process;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two deeds, and up to two ticks of a phone's clock more, so that they fall on any part of the server's.
const PAUSE: Duration = Duration::from_millis(80);
const TICKS_US: u64 = 40_000;
/// An ear that has judged half a second knows who speaks.
const LISTENING: Duration = Duration::from_millis(600);

/// Between two looks at what an ear has judged.
const GLANCE: Duration = Duration::from_millis(100);

/// A server, and how calls are parked there.
#[derive(Debug)]
pub struct Office {
    pub server: SocketAddr,
    pub park_code: String,
    pub retrieve_code: String,
    pub watch: Deed,
}

pub struct People {
    office: Office,
    stage: Stage,
    chance: Chance,
    reception: PersonId,
    alice: PersonId,
    carol: PersonId,
    /// Since the last deed that is measured.
    told: Vec<Told>,
}

impl People {
    /// They register; Carol watches.
    ///
    /// # Errors
    /// They cannot.
    pub fn gather(office: Office, seed: u128) -> Result<Self, Trouble> {
        let mut stage = Stage::new(Clock::start(), Chance::from_seed(seed))?;
        stage.open_office(office.server);
        let mut join = |name, user, password| {
            stage.join(&Part {
                name,
                user,
                domain: "office.example",
                password: Some(password),
                codecs: &[Codec::Pcma],
            })
        };
        let reception = join("Bob Reception", "101", "s101")?;
        let alice = join("Alice", "102", "s102")?;
        let carol = join("Carol", "103", "s103")?;
        let chance = Chance::from_seed(seed + 1);
        let mut people = Self { office, stage, chance, reception, alice, carol, told: Vec::new() };
        people.come_in()?;
        Ok(people)
    }

    /// # Errors
    /// A round did not go as it must.
    pub fn rounds(&mut self, rounds: usize, run: &mut Run) -> Result<(), Trouble> {
        let stolen_ms = process::stolen_ms();
        for _ in 0..rounds {
            self.round(run)?;
        }
        run.stolen_ms += process::stolen_ms() - stolen_ms;
        Ok(())
    }

    fn come_in(&mut self) -> Result<(), Trouble> {
        for who in [self.reception, self.alice, self.carol] {
            self.tell(who, Deed::Register);
            self.until("is registered", who, |it| matches!(it, Happened::Registered))?;
        }
        self.tell(self.carol, self.office.watch.clone());
        self.until("is told that nobody is parked", self.carol, shows_nobody)?;
        self.pause(PAUSE)
    }

    /// # Errors
    /// They cannot.
    pub fn go_home(&mut self) -> Result<(), Trouble> {
        for who in [self.reception, self.alice, self.carol] {
            self.tell(who, Deed::Unregister);
            self.until("is not registered any more", who, |it| matches!(it, Happened::Registered))?;
        }
        Ok(())
    }

    fn round(&mut self, run: &mut Run) -> Result<(), Trouble> {
        self.calls(run)?;
        self.pause(PAUSE)?;
        self.parks(run)?;
        self.pause(PAUSE)?;
        self.retrieves(run)?;
        self.pause(LISTENING)?;
        self.until_voice(self.alice, self.carol)?;
        self.until_voice(self.carol, self.alice)?;
        self.tell(self.carol, Deed::HangUp);
        self.until("has hung up", self.carol, ended)?;
        self.until("is hung up on", self.alice, ended)?;
        self.pause(PAUSE)
    }

    fn calls(&mut self, run: &mut Run) -> Result<(), Trouble> {
        self.tell(self.alice, Deed::Call { to: "101".into() });
        let rang = self.until("rings", self.reception, |it| matches!(it, Happened::Rang { .. }))?;
        let called = self.until("has called", self.alice, called)?;
        run.add(Span::CallToRing, rang.since(called));
        self.pause(PAUSE)?;
        self.tell(self.reception, Deed::Answer);
        self.until("is answered", self.alice, connected)?;
        self.until_hears(self.alice, Heard::PeopleBegin)?;
        self.until_hears(self.reception, Heard::PeopleBegin)?;
        Ok(())
    }

    fn parks(&mut self, run: &mut Run) -> Result<(), Trouble> {
        self.tell(self.reception, Deed::Transfer { to: self.office.park_code.clone() });
        let accepted = self.until("is told 202", self.reception, accepted)?;
        let asked = self.until("has asked", self.reception, asked)?;
        let music = self.until_hears(self.alice, Heard::MusicBegins)?;
        let told = self.until("is told who is parked", self.carol, shows_somebody)?;
        self.until("is off the call", self.reception, ended)?;
        run.add(Span::ReferToAccepted, accepted.since(asked));
        run.add(Span::ReferToMusic, music.since(asked));
        run.add(Span::ReferToNotify, told.since(asked));
        Ok(())
    }

    fn retrieves(&mut self, run: &mut Run) -> Result<(), Trouble> {
        self.tell(self.carol, Deed::Call { to: self.office.retrieve_code.clone() });
        let answered = self.until("has her 200", self.carol, connected)?;
        let called = self.until("has called", self.carol, called)?;
        let one = self.until_hears(self.carol, Heard::PeopleBegin)?;
        let other = self.until_hears(self.alice, Heard::PeopleBegin)?;
        self.until("is told that nobody is parked", self.carol, shows_nobody)?;
        run.add(Span::RetrieveToAnswer, answered.since(called));
        run.add(Span::RetrieveToTwoWay, one.max(other).since(called));
        Ok(())
    }

    /// The other's voice and nothing else. A gap in what is heard makes the ear
    /// begin anew.
    fn until_voice(&mut self, who: PersonId, of: PersonId) -> Result<(), Trouble> {
        let end = self.stage.now() + PATIENCE;
        let wanted = self.stage.crowd().pitch(of).map(Sound::Voice);
        loop {
            let (crowd, now) = (self.stage.crowd(), self.stage.now());
            let mut slots = (0..SLOTS).filter_map(|slot| crowd.hears(who, slot, now));
            let heard = slots.find(|sound| *sound != Sound::Silence);
            if heard == wanted {
                return Ok(());
            }
            if now >= end {
                let (who, of) = (self.user(who), self.user(of));
                return Err(Trouble::new(format!("{who} hears {heard:?} and not {of}")));
            }
            self.wait(end.min(now + GLANCE))?;
        }
    }

    fn user(&self, who: PersonId) -> String {
        let person = self.stage.crowd().person(who);
        person.map(|it| it.identity().user.clone()).unwrap_or_default()
    }

    fn tell(&mut self, who: PersonId, deed: Deed) {
        self.told = self.stage.tell(who, deed);
    }

    fn pause(&mut self, span: Duration) -> Result<(), Trouble> {
        let more = Duration::from_micros(self.chance.below(TICKS_US));
        let until = self.stage.now() + span + more;
        while self.stage.now() < until {
            self.wait(until)?;
        }
        Ok(())
    }

    fn wait(&mut self, until: Moment) -> Result<(), Trouble> {
        let told = self.stage.wait(until)?;
        self.told.extend(told);
        Ok(())
    }

    fn until(
        &mut self,
        what: &str,
        who: PersonId,
        wanted: impl Fn(&Happened) -> bool,
    ) -> Result<Moment, Trouble> {
        let news = |news: &News| matches!(news, News::Happened(it) if wanted(it));
        self.until_news(what, who, news)
    }

    fn until_hears(&mut self, who: PersonId, what: Heard) -> Result<Moment, Trouble> {
        let words = format!("hears {what:?}");
        self.until_news(&words, who, |it| matches!(it, News::Heard { heard, .. } if *heard == what))
    }

    /// When it was, since the last deed.
    fn until_news(
        &mut self,
        what: &str,
        who: PersonId,
        wanted: impl Fn(&News) -> bool,
    ) -> Result<Moment, Trouble> {
        let end = self.stage.now() + PATIENCE;
        loop {
            let found = self.told.iter().find(|told| told.who == who && wanted(&told.news));
            if let Some(told) = found {
                return Ok(told.at);
            }
            if self.stage.now() >= end {
                let (user, told) = (self.user(who), &self.told);
                return Err(Trouble::new(format!("{user} never {what}; it was {told:#?}")));
            }
            self.wait(end)?;
        }
    }
}

fn called(it: &Happened) -> bool {
    matches!(it, Happened::Called { .. })
}

fn connected(it: &Happened) -> bool {
    matches!(it, Happened::Connected { .. })
}

fn ended(it: &Happened) -> bool {
    matches!(it, Happened::Ended { .. })
}

fn asked(it: &Happened) -> bool {
    matches!(it, Happened::TransferAsked { .. })
}

fn accepted(it: &Happened) -> bool {
    matches!(it, Happened::TransferAnswered { status: 202, .. })
}

fn shows_somebody(it: &Happened) -> bool {
    matches!(it, Happened::ParkShown { parked: Some(_) } | Happened::LampShown { busy: true })
}

fn shows_nobody(it: &Happened) -> bool {
    matches!(it, Happened::ParkShown { parked: None } | Happened::LampShown { busy: false })
}
