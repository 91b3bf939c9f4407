//! Plays a story: tells people what to do, waits for what is expected, and
//! keeps the books.

use std::io::Write;
use std::time::Duration;

use serde_json::json;

use crate::app::Trouble;
use crate::app::demo::desk::Desk;
use crate::app::demo::diary::Diary;
use crate::app::demo::memory::{Ended, Known};
use crate::app::demo::stage::Told;
use crate::app::demo::stopwatch::Stopwatch;
use crate::app::demo::story::{Morning, Says, Scene, Sentence, Verb, What};
use crate::app::demo::troupe::{Player, Troupe};
use crate::domain::time::Moment;
use crate::sim::people::crowd::PersonId;
use crate::sim::people::ear::Sound;
use crate::sim::people::person::messages::Deed;

/// How often an expectation is looked at.
const GLANCE: Duration = Duration::from_millis(50);
/// Judging a voice takes long; meanwhile nobody looks at the stopwatches.
/// What they measure is over by then.
const BEFORE_LISTENING: Duration = Duration::from_millis(250);
/// By then everybody has registered.
const ARRIVAL: Duration = Duration::from_secs(10);
/// Between the end of a scene and the next.
const BREATH: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub struct Play<W> {
    troupe: Troupe,
    desk: Option<Desk>,
    stopwatch: Stopwatch,
    diary: Diary<W>,
    failed: Vec<String>,
}

impl<W: Write> Play<W> {
    /// Colleagues register and watch.
    pub fn new(troupe: Troupe, desk: Option<Desk>, out: W) -> Self {
        let (stopwatch, failed) = Default::default();
        let mut play = Self { troupe, desk, stopwatch, diary: Diary::new(out), failed };
        let players: Vec<Player> = play.troupe.players().cloned().collect();
        for Player { id, number, is_caller, .. } in players {
            play.stopwatch.knows(&number, id);
            if !is_caller {
                play.tell(id, Deed::Register);
                play.tell(id, Deed::WatchParks);
            }
        }
        play
    }

    fn tell(&mut self, who: PersonId, deed: Deed) {
        let told = self.troupe.tell(who, deed);
        self.note(&told);
    }

    fn note(&mut self, told: &[Told]) {
        for told in told {
            self.stopwatch.note(told);
            self.diary.news(told.at, self.troupe.key_of(told.who), &told.news);
        }
    }

    fn wait(&mut self, until: Moment) -> Result<(), Trouble> {
        let told = self.troupe.wait(until)?;
        self.note(&told);
        Ok(())
    }

    /// # Errors
    /// A sentence that is not understood, or no network.
    pub fn morning(&mut self, morning: &Morning) -> Result<(), Trouble> {
        self.everybody_is_there()?;
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

    fn everybody_is_there(&mut self) -> Result<(), Trouble> {
        let is_there = |play: &Self| {
            let mut colleagues = play.troupe.players().filter(|player| !player.is_caller);
            let screen = play.desk.as_ref().map(Desk::screen);
            colleagues.all(|player| play.troupe.known(player.id).registered)
                && screen.is_none_or(|screen| screen.contains("reg:ok"))
        };
        if !self.wait_for(ARRIVAL, is_there)? {
            return Err(Trouble::new("not everybody could register with the demo's server"));
        }
        self.pass(BREATH)
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
        let ids = self.troupe.players().map(|player| player.id);
        let busy: Vec<PersonId> = ids.filter(|id| !self.troupe.known(*id).is_free()).collect();
        for id in busy {
            self.tell(id, Deed::HangUp);
        }
        self.pass(BREATH)
    }

    fn pass(&mut self, span: Duration) -> Result<(), Trouble> {
        let until = self.troupe.now() + span;
        while self.troupe.now() < until {
            self.wait(until)?;
        }
        Ok(())
    }

    fn act(&mut self, sentence: &Sentence) -> Result<Result<(), String>, Trouble> {
        match &sentence.says {
            Says::Wait(span) => self.pass(*span).map(Ok),
            Says::Do { who, verb } => self.does(who, verb, sentence.within),
            Says::Expect { who, what } => self.expects(who, what, sentence.within),
            Says::OneTalks { of, with } => self.one_talks(of, with, sentence.within),
            Says::Press { keys } => Ok(self.press(keys)),
            Says::ScreenShows { text } => self.screen_shows(text, sentence.within),
        }
    }

    fn press(&mut self, keys: &str) -> Result<(), String> {
        self.diary.write(&json!({ "who": "desk", "presses": keys }));
        match &self.desk {
            Some(desk) => desk.press(keys),
            None => Err("nobody sits at the desk".to_owned()),
        }
    }

    fn screen_shows(
        &mut self,
        text: &str,
        within: Duration,
    ) -> Result<Result<(), String>, Trouble> {
        let screen = |play: &Self| play.desk.as_ref().map(Desk::screen).unwrap_or_default();
        if self.wait_for(within, |play| screen(play).contains(text))? {
            return Ok(Ok(()));
        }
        Ok(Err(format!("the screen does not show {text:?}:\n{}", screen(self))))
    }

    /// Her ear is a file; it is read when a sound has lasted long enough.
    fn desk_hears(&mut self, what: &What, within: Duration) -> Result<Result<(), String>, Trouble> {
        let wanted = match what {
            What::Hears(other) => self.troupe.voice(other),
            What::HearsNothing => Some(Sound::Silence),
            _ => return Ok(Err(format!("nobody can tell whether the desk {what:?}"))),
        };
        self.pass(self.desk.as_ref().map(Desk::ear_lags).unwrap_or_default())?;
        let hears = |play: &Self| play.desk.as_ref().and_then(Desk::hears);
        if self.wait_for(within, |play| hears(play) == wanted)? {
            return Ok(Ok(()));
        }
        Ok(Err(format!("the desk: not {what:?}, but hears {:?}", hears(self))))
    }

    fn does(
        &mut self,
        who: &[String],
        verb: &Verb,
        within: Duration,
    ) -> Result<Result<(), String>, Trouble> {
        let mut ids = Vec::new();
        for key in who {
            match self.troupe.player(key) {
                Some(player) => ids.push(player.id),
                None => return Ok(Err(format!("{key} is not in the play"))),
            }
        }
        for id in &ids {
            let ready = |known: &Known| is_ready_for(verb, known);
            if !self.wait_for(within, |play| ready(&play.troupe.known(*id)))? {
                return Ok(Err(format!("{who:?} cannot do {verb:?}")));
            }
        }
        for id in ids {
            self.tell(id, deed(verb));
        }
        Ok(Ok(()))
    }

    fn wait_for(&mut self, within: Duration, met: impl Fn(&Self) -> bool) -> Result<bool, Trouble> {
        let until = self.troupe.now() + within;
        loop {
            if met(self) {
                return Ok(true);
            }
            let now = self.troupe.now();
            if now >= until {
                return Ok(false);
            }
            self.wait(until.min(now + GLANCE))?;
        }
    }

    fn expects(
        &mut self,
        who: &str,
        what: &What,
        within: Duration,
    ) -> Result<Result<(), String>, Trouble> {
        if who == "desk" {
            return self.desk_hears(what, within);
        }
        let Some(id) = self.troupe.player(who).map(|player| player.id) else {
            return Ok(Err(format!("{who} is not in the play")));
        };
        if matches!(what, What::Hears(_)) {
            self.pass(BEFORE_LISTENING)?;
        }
        if self.wait_for(within, |play| play.is_so(id, what))? {
            return Ok(Ok(()));
        }
        let hears = self.troupe.hears(id);
        let known = self.troupe.known(id);
        Ok(Err(format!("{who}: not {what:?}, but hears {hears:?}, {known:?}")))
    }

    fn is_so(&self, id: PersonId, what: &What) -> bool {
        let known = self.troupe.known(id);
        match what {
            What::HearsMusic => {
                self.troupe.is_on_music(id) && self.troupe.hears(id) == Some(Sound::Music)
            }
            What::HearsNothing => self.troupe.hears(id) == Some(Sound::Silence),
            What::Hears(other) => {
                self.troupe.hears(id).is_some_and(|it| Some(it) == self.troupe.voice(other))
            }
            What::Sees(other) => self.troupe.is_shown(known.parked.as_ref(), other),
            What::SeesNobody => known.parked.is_none(),
            What::TalksWith(other) => self.troupe.is_shown(known.talks_with(), other),
            What::IsCalledBy(other) => self.troupe.is_shown(known.ringing.as_ref(), other),
            What::IsTalking => known.is_talking(),
            What::IsFree => known.is_free(),
            What::IsRefused(status) => known.refused == Some(*status),
        }
    }

    fn one_talks(
        &mut self,
        of: &[String],
        with: &str,
        within: Duration,
    ) -> Result<Result<(), String>, Trouble> {
        let ids: Vec<PersonId> =
            of.iter().filter_map(|key| Some(self.troupe.player(key)?.id)).collect();
        let won = |play: &Self| {
            let winners = ids.iter().filter(|id| {
                let known = play.troupe.known(**id);
                play.troupe.is_shown(known.talks_with(), with)
                    && play.troupe.hears(**id) == play.troupe.voice(with)
            });
            let losers = ids.iter().filter(|id| play.troupe.known(**id).is_free());
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
        let all_free = |play: &Self| {
            play.troupe.players().all(|player| play.troupe.known(player.id).is_free())
        };
        let quiet = self.wait_for(Duration::from_secs(5), all_free)?;
        for line in self.stopwatch.results() {
            self.diary.write(&line);
        }
        let fates = self.troupe.players().filter(|player| player.is_caller);
        let total = fates.fold(Ended::default(), |sum, player| {
            let one = self.troupe.known(player.id).ended;
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
