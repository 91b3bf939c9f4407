//! The troupe: the cast on the stage, and what is known of each of them.

use std::collections::BTreeMap;

use crate::app::Trouble;
use crate::app::demo::cast::{self, Caller, Colleague};
use crate::app::demo::memory::{Known, Memory};
use crate::app::demo::office::DOMAIN;
use crate::app::demo::stage::{Part, Stage, Told};
use crate::domain::time::Moment;
use crate::media::control::Codec;
use crate::sim::people::crowd::PersonId;
use crate::sim::people::ear::Sound;
use crate::sim::people::letter::Shown;
use crate::sim::people::person::messages::Deed;

#[derive(Debug)]
pub struct Troupe {
    stage: Stage,
    players: BTreeMap<String, Player>,
    keys: BTreeMap<PersonId, String>,
    memory: Memory,
}

#[derive(Clone, Debug)]
pub struct Player {
    pub id: PersonId,
    pub name: String,
    pub number: String,
    pub is_caller: bool,
}

impl Troupe {
    /// Everybody but the desk comes in. Colleagues do not register yet.
    ///
    /// # Errors
    /// No sockets.
    pub fn gather(stage: Stage) -> Result<Self, Trouble> {
        let (players, keys, memory) = Default::default();
        let mut troupe = Self { stage, players, keys, memory };
        for colleague in cast::colleagues().iter().filter(|one| one.number != cast::DESK) {
            troupe.colleague_joins(colleague)?;
        }
        for caller in cast::callers() {
            troupe.caller_joins(caller)?;
        }
        Ok(troupe)
    }

    fn colleague_joins(&mut self, one: &Colleague) -> Result<(), Trouble> {
        let id = self.stage.join(&Part {
            name: one.name,
            user: one.number,
            domain: DOMAIN,
            password: Some(one.password),
            codecs: &[Codec::Pcma, Codec::Pcmu],
        })?;
        self.enter(one.key, id, one.name, one.number, false);
        Ok(())
    }

    fn caller_joins(&mut self, one: &Caller) -> Result<(), Trouble> {
        let id = self.stage.join(&Part {
            name: one.name,
            user: one.number,
            domain: DOMAIN,
            password: None,
            codecs: &[Codec::Pcma],
        })?;
        self.enter(one.key, id, one.name, one.number, true);
        Ok(())
    }

    fn enter(&mut self, key: &str, id: PersonId, name: &str, number: &str, is_caller: bool) {
        let (name, number) = (name.to_owned(), number.to_owned());
        self.keys.insert(id, key.to_owned());
        self.players.insert(key.to_owned(), Player { id, name, number, is_caller });
    }

    pub fn players(&self) -> impl Iterator<Item = &Player> {
        self.players.values()
    }

    pub fn player(&self, key: &str) -> Option<&Player> {
        self.players.get(key)
    }

    pub fn key_of(&self, who: PersonId) -> &str {
        self.keys.get(&who).map(String::as_str).unwrap_or_default()
    }

    pub fn now(&self) -> Moment {
        self.stage.now()
    }

    pub fn tell(&mut self, who: PersonId, deed: Deed) -> Vec<Told> {
        let told = self.stage.tell(who, deed);
        self.remember(&told);
        told
    }

    /// Until something is told, but no longer than `until`.
    ///
    /// # Errors
    /// The system cannot wait.
    pub fn wait(&mut self, until: Moment) -> Result<Vec<Told>, Trouble> {
        let told = self.stage.wait(until)?;
        self.remember(&told);
        Ok(told)
    }

    fn remember(&mut self, told: &[Told]) {
        for Told { who, news, .. } in told {
            self.memory.note(*who, news);
        }
    }

    pub fn known(&self, who: PersonId) -> Known {
        self.memory.of(who)
    }

    pub fn hears(&self, who: PersonId) -> Option<Sound> {
        let slot = self.known(who).slot()?;
        self.stage.crowd().hears(who, slot, self.now())
    }

    /// Cheaper than [`Troupe::hears`].
    pub fn is_on_music(&self, who: PersonId) -> bool {
        let slot = self.known(who).slot();
        slot.is_some_and(|slot| self.stage.crowd().is_on_music(who, slot))
    }

    /// How somebody sounds.
    pub fn voice(&self, key: &str) -> Option<Sound> {
        if key == "desk" {
            return Some(Sound::Voice(cast::DESK_PITCH));
        }
        self.stage.crowd().pitch(self.player(key)?.id).map(Sound::Voice)
    }

    /// The display has this person's number, and his name if he has one,
    /// perhaps after the words that announce a recall.
    pub fn is_shown(&self, display: Option<&Shown>, key: &str) -> bool {
        let (Some(display), Some(player)) = (display, self.player(key)) else {
            return false;
        };
        display.number == player.number && display.name.contains(&player.name)
    }
}
