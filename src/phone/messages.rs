//! What the phone is asked, and what it tells. Plain data: the screen, the
//! command line and tests speak to the phone in nothing else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::administration::{Outcome, Wish};
use crate::domain::caller::Caller;
use crate::domain::ids::{Extension, Number};
use crate::domain::note::Note;
use crate::domain::park_table::ParkTable;
use crate::domain::time::Moment;

/// One call at this desk, from its first ring or key to its end. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineId(pub u32);

/// What the person at the desk wants of the phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Call this. A call that is up is held first.
    Dial {
        to: Target,
    },
    /// Answer, or resume a held call. A call that is up is held first.
    Answer {
        line: LineId,
    },
    /// Refuse a ringing call; hang up any other.
    HangUp {
        line: LineId,
    },
    Hold {
        line: LineId,
    },
    Resume {
        line: LineId,
    },
    /// At `at`, or at my own extension.
    Park {
        line: LineId,
        at: Option<Extension>,
    },
    GroupPark {
        line: LineId,
    },
    Retrieve {
        which: Wanted,
    },
    /// Decline a recall back to its place, with a fresh timer (product Q17).
    ParkAgain {
        line: LineId,
    },
    /// Blind transfer.
    Transfer {
        line: LineId,
        to: Target,
    },
    /// What is to be known of this call: kept here until it is parked or sent.
    Note {
        line: LineId,
        note: Note,
    },
    /// Take the call that rings with this colleague or ring group, or with any
    /// colleague of mine.
    PickUp {
        at: Option<Extension>,
    },
    /// Of a call in the lot, for everybody.
    NoteParked {
        which: Wanted,
        note: Note,
    },
    /// One DTMF digit: `0`-`9`, `*`, `#`, `A`-`D` (RFC 4733 §3.2).
    SendDigit {
        line: LineId,
        digit: char,
    },
    Mute {
        on: bool,
    },
    DoNotDisturb {
        on: bool,
    },
    /// Look at the call park groups, or change one; the answer is
    /// [`Event::Administered`].
    Administer {
        wish: Wish,
    },
    /// Unsubscribe, unregister, end. Lines that are up are hung up.
    Leave,
}

/// Whom to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    Number(Number),
    /// A feature code or anything else as typed: `*68105`, `user@host`.
    Typed(String),
}

/// How a person points at a parked call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// My own oldest, else my group's oldest group-parked one (product Q6).
    Mine,
    /// The oldest at this extension.
    OldestAt(Extension),
    /// This very one, by its key.
    Call { place: Extension, key: u32 },
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    RegistrationChanged(Registration),
    /// The whole truth about one line, whenever any of it changes.
    LineChanged(Line),
    LineEnded {
        line: LineId,
        caller: Caller,
        ended: Ended,
    },
    /// The whole table of parked calls and colleagues, as of `at`; `None`
    /// when the subscription is lost and the phone cannot know.
    ParkTableChanged {
        table: Option<ParkTable>,
        at: Moment,
    },
    /// The caller is parked; the line ends by itself.
    CallParked {
        line: LineId,
        caller: Caller,
        at: Parkplace,
    },
    /// A parked call is on this line now.
    CallRetrieved {
        line: LineId,
        caller: Caller,
    },
    /// What was asked was refused; the call, if there is one, is as it was.
    Refused {
        what: Asked,
        status: u16,
        reason: String,
    },
    MuteChanged {
        on: bool,
    },
    DoNotDisturbChanged {
        on: bool,
    },
    /// What became of the last wish about groups.
    Administered(Outcome),
    /// The far end sent a digit.
    DigitReceived {
        line: LineId,
        digit: char,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    Registering,
    Registered {
        expires: Duration,
    },
    /// Trying again at `retry_at`.
    Failed {
        reason: String,
        retry_at: Moment,
    },
    Unregistered,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: LineId,
    pub direction: Direction,
    pub state: LineState,
    /// The other side's true name and number: for a retrieved call the
    /// caller's, never a code.
    pub caller: Caller,
    /// What is written down about the call.
    pub note: Note,
    /// When it entered this state.
    pub since: Moment,
    /// Answered, or reached by the far end; the talking clock starts here.
    pub connected_at: Option<Moment>,
    /// Set on a call that comes back from the lot.
    pub recall: Option<RecallNotice>,
    /// Talking, but nothing has come from the other side for a while.
    pub silent: bool,
    /// The codec's name, once agreed: `PCMA`, `PCMU`.
    pub codec: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    Incoming,
    Outgoing,
    Retrieved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineState {
    /// Incoming, waiting to be answered.
    Ringing,
    /// Outgoing, nothing heard yet.
    Dialling,
    /// Outgoing, the far end rings.
    Alerting,
    Talking,
    /// On hold by us.
    Held,
    /// A park or transfer was asked and is not yet decided; the call stays.
    HandingOver,
    /// We hung up; the far end has not confirmed.
    Ending,
}

/// What the phone knows of a recall that rings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallNotice {
    /// Where the call is parked, when the table tells.
    pub place: Option<Extension>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parkplace {
    Extension(Extension),
    /// Where the hunt put it is in the next table.
    Group,
    /// A server that is not ours chose the place: in the next table, if its
    /// lamps tell.
    Untold,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// We did it.
    HungUp,
    /// The other side did.
    FarEnd,
    /// It never was answered: busy, declined, no answer, unreachable.
    Failed {
        status: u16,
        reason: String,
    },
    /// An incoming call that was given up, or that this phone could not take.
    Missed,
    /// An incoming call that somebody else took.
    AnsweredElsewhere,
    Parked,
    Transferred,
    /// The office knows nothing of this call any more.
    Lost,
}

/// The command that was refused, for the words on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asked {
    Dial { to: Target },
    Park { line: LineId, at: Option<Extension> },
    GroupPark { line: LineId },
    Retrieve { which: Wanted },
    PickUp { at: Option<Extension> },
    Transfer { line: LineId, to: Target },
    Hold { line: LineId },
    Resume { line: LineId },
    DoNotDisturb { on: bool },
    Note { which: Wanted },
}
