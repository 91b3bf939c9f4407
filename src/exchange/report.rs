//! What the office tells the log, the demo and statistics: facts, past tense.

use core::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::domain::caller::Caller;
use crate::domain::caller_name::CallerName;
use crate::domain::ids::{Extension, JourneyId};
use crate::domain::note::Note;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    Registered {
        extension: Extension,
        devices: usize,
    },
    Unregistered {
        extension: Extension,
    },
    /// For fail2ban: one stable line (docs/SECURITY.md).
    AuthenticationFailed {
        ip: IpAddr,
        user: CallerName,
        reason: &'static str,
    },
    CallStarted {
        journey: JourneyId,
        caller: Caller,
    },
    CallAnswered {
        journey: JourneyId,
        by: Caller,
    },
    CallParked {
        journey: JourneyId,
        caller: Caller,
        at: Extension,
        parking_user: Extension,
    },
    CallRecalled {
        journey: JourneyId,
        caller: Caller,
        parking_user: Extension,
    },
    CallRetrieved {
        journey: JourneyId,
        caller: Caller,
        by: Caller,
    },
    CallEnded {
        journey: JourneyId,
        caller: Caller,
        how: Ending,
    },
    /// Somebody has written something down about a caller; an empty note is
    /// taken off again.
    Noted {
        journey: JourneyId,
        caller: Caller,
        note: Note,
        by: Extension,
    },
    TrunkRegistered {
        trunk: String,
        at: SocketAddr,
        granted: Duration,
    },
    /// A trunk does not work: what it is, and what to look at.
    TrunkTrouble {
        trunk: String,
        words: String,
        again_in: Duration,
    },
    DoNotDisturb {
        extension: Extension,
        on: bool,
    },
}

/// Who ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The far end of this leg.
    ByItself,
    /// The other side of the conversation.
    ByOtherSide,
    /// Refused, busy, not answered.
    NotAnswered,
    /// The office ended the leg because its call went on elsewhere.
    MovedOn,
    /// It stopped answering.
    Lost,
}
