//! One call at this desk.

use serde::{Deserialize, Serialize};

use crate::domain::caller::Caller;
use crate::domain::note::Note;
use crate::domain::time::Moment;
use crate::media::control::{Agreed, PortToken, RingKind};
use crate::media::negotiation::SdpVersion;
use crate::phone::messages::{Asked, Direction, Line, LineId, LineState, RecallNotice};
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{ClientId, ServerId};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) direction: Direction,
    pub(super) caller: Caller,
    #[serde(default)]
    pub(super) note: Note,
    /// It was written at this desk: the office does not know it yet.
    #[serde(default)]
    pub(super) noted_here: bool,
    /// Who is there was said within the call.
    #[serde(default)]
    pub(super) introduced: bool,
    pub(super) recall: Option<RecallNotice>,
    pub(super) ring: RingKind,
    /// What we called for, for the words when it is refused.
    pub(super) wanted: Option<Asked>,
    /// Held so that this one could be made.
    pub(super) aside: Option<LineId>,
    /// Not shown: a code for the office, or a call that only has to end.
    pub(super) hidden: bool,
    pub(super) phase: Phase,
    pub(super) shown: LineState,
    /// When it came into what is shown.
    pub(super) since: Moment,
    pub(super) connected_at: Option<Moment>,
    pub(super) dialog: Dialog,
    pub(super) port: Option<PortToken>,
    pub(super) session: SdpVersion,
    /// Ours, not answered yet.
    pub(super) offer: Option<String>,
    pub(super) agreed: Option<Agreed>,
    /// As the person at the desk wants it.
    pub(super) held: bool,
    /// As the office knows it.
    pub(super) held_there: bool,
    /// The office still sends to an address we had.
    pub(super) moved: bool,
    /// No packet comes though one should.
    pub(super) silent: bool,
    pub(super) change: Change,
    /// A 200 of ours whose ACK has not come.
    pub(super) unacknowledged: Option<ServerId>,
    pub(super) handover: Option<Handover>,
}

/// ```text
/// Ringing ──answer──▶ Up ──hang up──▶ Ending ──▶ gone
/// Calling ──200─────▶ Up
///    └────hang up───▶ GivingUp ──▶ gone
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Phase {
    /// `answer` is our description for the 200; none when we are to offer.
    Ringing {
        server: ServerId,
        answer: Option<String>,
    },
    /// `early`: the far end's own ringing, or music, is heard already.
    Calling {
        client: ClientId,
        alerting: bool,
        early: bool,
    },
    GivingUp {
        client: ClientId,
    },
    Up,
    Ending,
}

/// What is being agreed anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Change {
    Nothing,
    Sent {
        client: ClientId,
        held: bool,
    },
    /// Theirs came at the same time; ours waits.
    Waiting,
}

/// A REFER under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Handover {
    pub(super) asked: Asked,
    /// The office took it on; its outcome follows.
    pub(super) accepted: bool,
}

impl Call {
    pub(super) fn new(direction: Direction, caller: Caller, phase: Phase, dialog: Dialog) -> Self {
        Self {
            direction,
            caller,
            note: Note::default(),
            noted_here: false,
            introduced: false,
            recall: None,
            ring: RingKind::Outside,
            wanted: None,
            aside: None,
            hidden: false,
            phase,
            shown: LineState::Ending,
            since: Moment::START,
            connected_at: None,
            dialog,
            port: None,
            session: SdpVersion::new(0),
            offer: None,
            agreed: None,
            held: false,
            held_there: false,
            moved: false,
            silent: false,
            change: Change::Nothing,
            unacknowledged: None,
            handover: None,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.phase, Phase::Up)
    }

    pub(super) fn is_ringing(&self) -> bool {
        matches!(self.phase, Phase::Ringing { .. })
    }

    pub(super) fn is_ending(&self) -> bool {
        matches!(self.phase, Phase::Ending | Phase::GivingUp { .. })
    }

    /// Heard, or about to be: at most one line is.
    pub(super) fn is_in_the_ear(&self) -> bool {
        match self.phase {
            Phase::Up => !self.held && !self.hidden,
            Phase::Calling { .. } => !self.hidden,
            Phase::Ringing { .. } | Phase::GivingUp { .. } | Phase::Ending => false,
        }
    }

    pub(super) fn state(&self) -> LineState {
        match self.phase {
            Phase::Ringing { .. } => LineState::Ringing,
            Phase::Calling { alerting: true, .. } => LineState::Alerting,
            Phase::Calling { .. } => LineState::Dialling,
            Phase::Up if self.handover.is_some() => LineState::HandingOver,
            Phase::Up if self.held => LineState::Held,
            Phase::Up => LineState::Talking,
            Phase::GivingUp { .. } | Phase::Ending => LineState::Ending,
        }
    }

    pub(super) fn line(&self, id: LineId) -> Line {
        Line {
            id,
            direction: self.direction,
            state: self.shown,
            caller: self.caller.clone(),
            note: self.note.clone(),
            since: self.since,
            connected_at: self.connected_at,
            recall: self.recall.clone(),
            silent: self.silent && self.shown == LineState::Talking,
            codec: self.agreed.map(|agreed| agreed.codec.name()),
        }
    }

    /// The INVITE goes on under a new transaction.
    pub(super) fn request_is_now(&mut self, new: ClientId) {
        match (&mut self.phase, &mut self.change) {
            (Phase::Calling { client, .. } | Phase::GivingUp { client }, _)
            | (_, Change::Sent { client, .. }) => *client = new,
            _ => {}
        }
    }
}
