//! A story: what the people of the demo do, one sentence a line, read from a
//! TOML file of scenes.

use std::time::Duration;

use serde::Deserialize;

/// A whole morning.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Morning {
    pub scene: Vec<Scene>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    pub title: String,
    /// Played so often, one after the other.
    #[serde(default = "once")]
    pub times: u32,
    /// Sentences, one a line.
    pub story: String,
}

fn once() -> u32 {
    1
}

/// One sentence understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// An expectation is waited for this long.
    pub within: Duration,
    pub says: Says,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    Wait(Duration),
    /// At the same moment, when there are several.
    Do {
        who: Vec<String>,
        verb: Verb,
    },
    Expect {
        who: String,
        what: What,
    },
    /// Exactly one of them, and the others have no call.
    OneTalks {
        of: Vec<String>,
        with: String,
    },
    Press {
        keys: String,
    },
    ScreenShows {
        text: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    Calls(String),
    Answers,
    Declines,
    HangsUp,
    Holds,
    Resumes,
    TransfersTo(String),
    TransfersAndLeaves(String),
    HoldsAndCalls(String),
    Joins,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    HearsMusic,
    HearsNothing,
    Hears(String),
    /// His phone shows this person parked.
    Sees(String),
    SeesNobody,
    /// His phone shows that he talks with.
    TalksWith(String),
    IsCalledBy(String),
    IsTalking,
    IsFree,
    IsRefused(u16),
}

/// An expectation is waited for this long unless it says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);

impl Scene {
    /// # Errors
    /// The first sentence that cannot be understood, as it stands.
    pub fn sentences(&self) -> Result<Vec<Sentence>, String> {
        let lines = self.story.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(|line| sentence(line).ok_or_else(|| line.to_owned())).collect()
    }
}

/// `within 12s bob is called by alice`, and all below.
pub fn sentence(line: &str) -> Option<Sentence> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["within", span, rest @ ..] => {
            Some(Sentence { within: duration(span)?, says: says(rest, line)? })
        }
        all => Some(Sentence { within: PATIENCE, says: says(all, line)? }),
    }
}

fn says(words: &[&str], line: &str) -> Option<Says> {
    match words {
        ["wait", span] => Some(Says::Wait(duration(span)?)),
        ["desk", "presses", ..] => Some(Says::Press { keys: after(line, "presses")? }),
        ["screen", "shows", ..] => Some(Says::ScreenShows { text: after(line, "shows")? }),
        ["one", "of", first, "and", second, "talks", "with", caller] => Some(Says::OneTalks {
            of: vec![(*first).to_owned(), (*second).to_owned()],
            with: (*caller).to_owned(),
        }),
        [first, "and", second, rest @ ..] => Some(Says::Do {
            who: vec![(*first).to_owned(), (*second).to_owned()],
            verb: verb(rest)?,
        }),
        [who, rest @ ..] => match verb(rest) {
            Some(verb) => Some(Says::Do { who: vec![(*who).to_owned()], verb }),
            None => Some(Says::Expect { who: (*who).to_owned(), what: what(rest)? }),
        },
        [] => None,
    }
}

fn verb(words: &[&str]) -> Option<Verb> {
    Some(match words {
        ["calls" | "call", to] => Verb::Calls((*to).to_owned()),
        ["answers"] => Verb::Answers,
        ["declines"] => Verb::Declines,
        ["hangs", "up"] => Verb::HangsUp,
        ["holds"] => Verb::Holds,
        ["resumes"] => Verb::Resumes,
        ["transfers", "to", to] => Verb::TransfersTo((*to).to_owned()),
        ["transfers", "to", to, "and", "hangs", "up"] => Verb::TransfersAndLeaves((*to).to_owned()),
        ["holds", "and", "calls", to] => Verb::HoldsAndCalls((*to).to_owned()),
        ["joins"] => Verb::Joins,
        _ => return None,
    })
}

fn what(words: &[&str]) -> Option<What> {
    Some(match words {
        ["hears", "music"] => What::HearsMusic,
        ["hears", "nothing"] => What::HearsNothing,
        ["hears", who] => What::Hears((*who).to_owned()),
        ["sees", "nobody", "parked"] => What::SeesNobody,
        ["sees", who, "parked"] => What::Sees((*who).to_owned()),
        ["talks", "with", who] => What::TalksWith((*who).to_owned()),
        ["is", "called", "by", who] => What::IsCalledBy((*who).to_owned()),
        ["is", "talking"] => What::IsTalking,
        ["is", "free"] => What::IsFree,
        ["is", "refused", status] => What::IsRefused(status.parse().ok()?),
        _ => return None,
    })
}

fn after(line: &str, word: &str) -> Option<String> {
    line.split_once(word).map(|(_, rest)| rest.trim().to_owned())
}

/// `250ms` or `5s`.
fn duration(text: &str) -> Option<Duration> {
    if let Some(ms) = text.strip_suffix("ms") {
        return ms.parse().ok().map(Duration::from_millis);
    }
    text.strip_suffix('s')?.parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_understood_as_people_write_them() {
        let read = |line| sentence(line).map(|sentence| sentence.says);
        let one = |verb| Some(Says::Do { who: vec!["bob".to_owned()], verb });
        let expect = |what| Some(Says::Expect { who: "bob".to_owned(), what });
        assert_eq!(read("bob transfers to *68105"), one(Verb::TransfersTo("*68105".to_owned())));
        assert_eq!(read("bob hangs up"), one(Verb::HangsUp));
        assert_eq!(read("bob hears music"), expect(What::HearsMusic));
        assert_eq!(read("bob is called by alice"), expect(What::IsCalledBy("alice".to_owned())));
        assert_eq!(read("desk presses p 1"), Some(Says::Press { keys: "p 1".to_owned() }));
        let patient = sentence("within 12s bob sees nobody parked").unwrap();
        assert_eq!(patient.within, Duration::from_secs(12));
        for wrong in ["", "bob dances", "within bob hears music", "wait 5", "bob and carol"] {
            assert_eq!(sentence(wrong), None, "{wrong}");
        }
    }
}
