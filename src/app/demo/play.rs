//! Plays a story: tells people what to do, waits for what is expected, and
//! keeps the books.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use serde_json::json;

use crate::app::Trouble;
use crate::app::demo::cast::{self, Caller, Colleague};
use crate::app::demo::diary::Diary;
use crate::app::demo::memory::{Ended, Known, Memory};
use crate::app::demo::office::DOMAIN;
use crate::app::demo::stage::{Part, Stage, Told};
use crate::app::demo::stopwatch::Stopwatch;
use crate::app::demo::story::{Morning, Says, Scene, Sentence, Verb, What};
use crate::media::control::Codec;
use crate::sim::people::crowd::PersonId;
use crate::sim::people::ear::Sound;
use crate::sim::people::letter::Shown;
use crate::sim::people::person::messages::Deed;

/// How often an expectation is looked at.
const GLANCE: Duration = Duration::from_millis(50);
/// Judging a voice takes long; meanwhile nobody looks at the stopwatches.
/// What they measure is over by then.
const BEFORE_LISTENING: Duration = Duration::from_millis(250);
/// Between the end of a scene and the next.
const BREATH: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub struct Play<W> {
    pub stage: Stage,
    players: BTreeMap<String, Player>,
    keys: BTreeMap<PersonId, String>,
    memory: Memory,
    stopwatch: Stopwatch,
    diary: Diary<W>,
    failed: Vec<String>,
}

#[derive(Clone, Debug)]
struct Player {
    id: PersonId,
    name: String,
    number: String,
    is_caller: bool,
}

impl<W: Write> Play<W> {
    pub fn new(stage: Stage, out: W) -> Self {
        Self {
            stage,
            players: BTreeMap::new(),
            keys: BTreeMap::new(),
            memory: Memory::default(),
            stopwatch: Stopwatch::default(),
            diary: Diary::new(out),
            failed: Vec::new(),
        }
    }

    /// Everybody but the desk comes in; colleagues register and watch.
    ///
    /// # Errors
    /// No sockets.
    pub fn everybody_joins(&mut self) -> Result<(), Trouble> {
        for colleague in cast::colleagues().iter().filter(|one| one.number != cast::DESK) {
            self.colleague_joins(colleague)?;
        }
        for caller in cast::callers() {
            self.caller_joins(caller)?;
        }
        Ok(())
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
        self.tell(id, Deed::Register);
        self.tell(id, Deed::WatchParks);
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
        self.stopwatch.knows(&number, id);
        self.keys.insert(id, key.to_owned());
        self.players.insert(key.to_owned(), Player { id, name, number, is_caller });
    }

    fn tell(&mut self, who: PersonId, deed: Deed) {
        let told = self.stage.tell(who, deed);
        self.note(told);
    }

    fn note(&mut self, told: Vec<Told>) {
        for told in told {
            self.memory.note(told.who, &told.news);
            self.stopwatch.note(&told);
            let key = self.keys.get(&told.who).map(String::as_str).unwrap_or_default();
            self.diary.news(told.at, key, &told.news);
        }
    }

    /// # Errors
    /// A sentence that is not understood, or no network.
    pub fn morning(&mut self, morning: &Morning) -> Result<(), Trouble> {
        self.pass(BREATH)?;
        for scene in &morning.scene {
            let sentences = scene.sentences().map_err(|line| {
                Trouble::new(format!("scene {:?}: {line:?} is not understood", scene.title))
            })?;
            for _ in 0..scene.times {
                if !self.scene(scene, &sentences)? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// False when it did not go as written.
    fn scene(&mut self, scene: &Scene, sentences: &[Sentence]) -> Result<bool, Trouble> {
        let failures = self.failed.len();
        self.diary.write(&json!({ "scene": scene.title }));
        for sentence in sentences {
            if let Err(why) = self.act(sentence)? {
                let failure = format!("{}: {why}", scene.title);
                self.diary.write(&json!({ "failed": failure }));
                self.failed.push(failure);
                break;
            }
        }
        self.clear_the_stage()?;
        Ok(self.failed.len() == failures)
    }

    /// Colleagues put down what a broken scene left in their hands; callers
    /// hang up by themselves.
    fn clear_the_stage(&mut self) -> Result<(), Trouble> {
        let ids = self.players.values().map(|player| player.id);
        let busy: Vec<PersonId> = ids.filter(|id| !self.memory.of(*id).is_free()).collect();
        for id in busy {
            self.tell(id, Deed::HangUp);
        }
        self.pass(BREATH)
    }

    fn pass(&mut self, span: Duration) -> Result<(), Trouble> {
        let until = self.stage.now() + span;
        while self.stage.now() < until {
            let told = self.stage.wait(until)?;
            self.note(told);
        }
        Ok(())
    }

    fn act(&mut self, sentence: &Sentence) -> Result<Result<(), String>, Trouble> {
        match &sentence.says {
            Says::Wait(span) => self.pass(*span).map(Ok),
            Says::Do { who, verb } => self.does(who, verb, sentence.within),
            Says::Expect { who, what } => self.expects(who, what, sentence.within),
            Says::OneTalks { of, with } => self.one_talks(of, with, sentence.within),
            Says::Press { .. } | Says::ScreenShows { .. } => {
                Ok(Err("nobody sits at the desk".to_owned()))
            }
        }
    }

    fn does(
        &mut self,
        who: &[String],
        verb: &Verb,
        within: Duration,
    ) -> Result<Result<(), String>, Trouble> {
        let mut ids = Vec::new();
        for key in who {
            match self.players.get(key) {
                Some(player) => ids.push(player.id),
                None => return Ok(Err(format!("{key} is not in the play"))),
            }
        }
        for id in &ids {
            let ready = |known: &Known| is_ready_for(verb, known);
            if !self.wait_for(within, |play| ready(&play.memory.of(*id)))? {
                return Ok(Err(format!("{who:?} cannot do {verb:?}")));
            }
        }
        for id in ids {
            self.tell(id, deed(verb));
        }
        Ok(Ok(()))
    }

    fn wait_for(&mut self, within: Duration, met: impl Fn(&Self) -> bool) -> Result<bool, Trouble> {
        let until = self.stage.now() + within;
        loop {
            if met(self) {
                return Ok(true);
            }
            let now = self.stage.now();
            if now >= until {
                return Ok(false);
            }
            let told = self.stage.wait(until.min(now + GLANCE))?;
            self.note(told);
        }
    }

    fn expects(
        &mut self,
        who: &str,
        what: &What,
        within: Duration,
    ) -> Result<Result<(), String>, Trouble> {
        let Some(id) = self.players.get(who).map(|player| player.id) else {
            return Ok(Err(format!("{who} is not in the play")));
        };
        if matches!(what, What::Hears(_)) {
            self.pass(BEFORE_LISTENING)?;
        }
        if self.wait_for(within, |play| play.is_so(id, what))? {
            return Ok(Ok(()));
        }
        let hears = self.hears(id);
        let known = self.memory.of(id);
        Ok(Err(format!("{who}: not {what:?}, but hears {hears:?}, {known:?}")))
    }

    fn is_so(&self, id: PersonId, what: &What) -> bool {
        let known = self.memory.of(id);
        match what {
            What::HearsMusic => self.is_on_music(id) && self.hears(id) == Some(Sound::Music),
            What::HearsNothing => self.hears(id) == Some(Sound::Silence),
            What::Hears(other) => self.hears(id).is_some_and(|it| Some(it) == self.voice(other)),
            What::Sees(other) => self.is_shown(known.parked.as_ref(), other),
            What::SeesNobody => known.parked.is_none(),
            What::TalksWith(other) => self.is_shown(known.talks_with(), other),
            What::IsCalledBy(other) => self.is_shown(known.ringing.as_ref(), other),
            What::IsTalking => known.is_talking(),
            What::IsFree => known.is_free(),
            What::IsRefused(status) => known.refused == Some(*status),
        }
    }

    fn hears(&self, id: PersonId) -> Option<Sound> {
        let slot = self.memory.of(id).slot()?;
        self.stage.crowd().hears(id, slot, self.stage.now())
    }

    fn is_on_music(&self, id: PersonId) -> bool {
        let slot = self.memory.of(id).slot();
        slot.is_some_and(|slot| self.stage.crowd().is_on_music(id, slot))
    }

    fn voice(&self, key: &str) -> Option<Sound> {
        let player = self.players.get(key)?;
        self.stage.crowd().pitch(player.id).map(Sound::Voice)
    }

    /// The display has this person's number, and his name if he has one,
    /// perhaps after the words that announce a recall.
    fn is_shown(&self, display: Option<&Shown>, key: &str) -> bool {
        let (Some(display), Some(player)) = (display, self.players.get(key)) else {
            return false;
        };
        display.number == player.number && display.name.contains(&player.name)
    }

    fn one_talks(
        &mut self,
        of: &[String],
        with: &str,
        within: Duration,
    ) -> Result<Result<(), String>, Trouble> {
        let ids: Vec<PersonId> =
            of.iter().filter_map(|key| Some(self.players.get(key)?.id)).collect();
        let won = |play: &Self| {
            let winners = ids.iter().filter(|id| {
                let known = play.memory.of(**id);
                play.is_shown(known.talks_with(), with) && play.hears(**id) == play.voice(with)
            });
            let losers = ids.iter().filter(|id| play.memory.of(**id).is_free());
            winners.count() == 1 && losers.count() + 1 == ids.len()
        };
        let is_so = self.wait_for(within, won)?;
        Ok(if is_so { Ok(()) } else { Err(format!("not exactly one of {of:?} has {with}")) })
    }

    /// Waits until nobody has a call any more, then counts.
    ///
    /// # Errors
    /// A caller was lost, or a scene failed.
    pub fn ends(&mut self) -> Result<(), Trouble> {
        let all_free =
            |play: &Self| play.players.values().all(|player| play.memory.of(player.id).is_free());
        let quiet = self.wait_for(Duration::from_secs(5), all_free)?;
        for line in self.stopwatch.results() {
            self.diary.write(&line);
        }
        let fates = self.players.values().filter(|player| player.is_caller);
        let total = fates.fold(Ended::default(), |sum, player| {
            let one = self.memory.ended(player.id);
            Ended {
                by_himself: sum.by_himself + one.by_himself,
                with_a_person: sum.with_a_person + one.with_a_person,
                lost: sum.lost + one.lost,
                refused: sum.refused + one.refused,
            }
        });
        self.diary.write(&json!({
            "calls": total.by_himself + total.with_a_person + total.lost + total.refused,
            "ended_with_a_person": total.with_a_person,
            "hung_up_by_themselves": total.by_himself,
            "refused": total.refused,
            "lost": total.lost,
            "scenes_failed": self.failed.len(),
        }));
        if quiet && total.lost + total.refused == 0 && self.failed.is_empty() {
            return Ok(());
        }
        Err(Trouble::new(format!(
            "{} callers were lost, {} were refused, and these scenes failed: {:#?}",
            total.lost, total.refused, self.failed
        )))
    }
}

fn is_ready_for(verb: &Verb, known: &Known) -> bool {
    match verb {
        Verb::Calls(_) => true,
        Verb::Answers | Verb::Declines => known.ringing.is_some(),
        Verb::HangsUp => !known.is_free(),
        Verb::Holds
        | Verb::Resumes
        | Verb::TransfersTo(_)
        | Verb::TransfersAndLeaves(_)
        | Verb::HoldsAndCalls(_)
        | Verb::Joins => known.is_talking(),
    }
}

fn deed(verb: &Verb) -> Deed {
    match verb {
        Verb::Calls(to) => Deed::Call { to: to.clone() },
        Verb::Answers => Deed::Answer,
        Verb::Declines => Deed::Decline { status: 486 },
        Verb::HangsUp => Deed::HangUp,
        Verb::Holds => Deed::Hold,
        Verb::Resumes => Deed::Resume,
        Verb::TransfersTo(to) => Deed::Transfer { to: to.clone() },
        Verb::TransfersAndLeaves(to) => Deed::TransferAndLeave { to: to.clone() },
        Verb::HoldsAndCalls(to) => Deed::HoldAndCall { to: to.clone() },
        Verb::Joins => Deed::Join,
    }
}
