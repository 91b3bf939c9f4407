//! What a phone knows: its calls, what it watches, and what is under way.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bellhop::media::control::Codec;

use crate::bodies::Lit;
use crate::persona::Watch;
use crate::proof::Challenge;
use crate::support::ear::Ear;
use crate::text::{Message, Shown};

pub struct Call {
    pub id: String,
    /// This side's and the other's From or To, with their tags.
    pub local: String,
    pub remote: String,
    /// Where requests within it go.
    pub target: String,
    /// Of the other side's latest request.
    pub heard_cseq: u32,
    pub stage: Stage,
    /// Who is there, on the display.
    pub shown: Shown,
    /// How the display was told last.
    pub told_by: String,
    /// The INVITE that rings.
    pub invite: Option<Message>,
    pub ack: Option<Message>,
    /// None once it is over: nobody listens or speaks.
    pub ear: Option<Ear>,
    pub descriptions: u32,
    /// How its transfers went, in status lines.
    pub reports: Vec<String>,
    pub last_report_is_final: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It calls.
    Calling,
    /// It is called.
    Ringing,
    Up,
    /// The other side has hung up.
    HungUpOn,
    /// It has hung up itself.
    HungUp,
    /// It was never answered; the status that said so.
    Refused(u16),
}

impl Call {
    pub fn ends(&mut self, how: Stage) {
        self.stage = how;
        self.ear = None;
    }

    pub fn speaks_to(&self, to: SocketAddr, codec: Codec) {
        if let Some(ear) = &self.ear {
            ear.speaks_to(to, codec);
        }
    }
}

impl Stage {
    pub fn is_over(self) -> bool {
        matches!(self, Self::HungUpOn | Self::HungUp | Self::Refused(_))
    }
}

/// A subscription and what it has told.
pub struct Watching {
    pub watch: Watch,
    pub id: String,
    /// With the code's own digits in place of their names.
    pub at: String,
    pub local: String,
    pub remote: String,
    pub target: String,
    pub heard_cseq: u32,
    pub told: Vec<Message>,
    pub pop_up: Option<Shown>,
    pub lit: Option<Lit>,
    pub is_over: bool,
}

/// A request of this phone's.
pub struct Asked {
    pub request: Message,
    pub sent_at: Instant,
    pub again_after: Duration,
    pub is_heard: bool,
    pub answer: Option<Message>,
    pub proofs: u32,
}

#[derive(Default)]
pub struct State {
    pub calls: Vec<Call>,
    pub watching: Vec<Watching>,
    pub asked: Vec<Asked>,
    /// By branch and method: the same question gets the same answer.
    pub answered: BTreeMap<(String, String), Message>,
    /// NOTIFYs that belong to nothing it has asked for, and what the last of
    /// them has opened.
    pub unasked: Vec<Message>,
    pub pop_up: Option<Shown>,
    /// Text messages, the oldest first.
    pub texts: Vec<String>,
    pub challenge: Option<Challenge>,
    /// Whatever a phone should not have been sent.
    pub faults: Vec<String>,
    pub wire: Vec<String>,
    /// By Call-ID: the number of its latest request.
    pub cseqs: BTreeMap<String, u32>,
    pub count: u32,
}

impl State {
    pub fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(what.into());
    }

    pub fn number(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    pub fn next_cseq(&mut self, id: &str) -> u32 {
        let latest = self.cseqs.entry(id.to_owned()).or_default();
        *latest += 1;
        *latest
    }

    pub fn call_of(&self, message: &Message) -> Option<usize> {
        let id = message.get("Call-ID");
        self.calls.iter().rposition(|call| call.id == id)
    }

    pub fn watch_of(&self, message: &Message) -> Option<usize> {
        let id = message.get("Call-ID");
        self.watching.iter().rposition(|watching| watching.id == id)
    }

    /// The latest call that is not over.
    pub fn live(&self) -> Option<usize> {
        self.calls.iter().rposition(|call| !call.stage.is_over())
    }
}
