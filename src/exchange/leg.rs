//! One call leg: the office's end of a dialog with one phone or trunk, and
//! the anchored stream that goes with it.

use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::domain::caller::Caller;
use crate::domain::ids::{Extension, JourneyId};
use crate::domain::note::Note;
use crate::domain::time::Moment;
use crate::media::control::{Agreed, PortToken, Source, Tone};
use crate::media::negotiation::SdpVersion;
use crate::park::Attempt;
use crate::sip::dialog::Dialog;
use crate::sip::transaction::{ClientId, ServerId};
use crate::sip::wire::{Headers, Method, Name};

/// Who is at the far end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Party {
    /// An authenticated device of this extension.
    Extension(Extension),
    /// Whoever this trunk brings, by the trunk's name.
    Trunk(String),
}

/// One try to reach somebody: several devices may ring in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RingId(pub u64);

/// Where a leg is in its own life.
///
/// ```text
/// Incoming ──200──▶ Answered ──ACK──▶ Up ──BYE──▶ gone
/// Ringing ──200 from the far end, ACK──▶ Up
/// Up ──BYE with a gap before it──▶ HungUp ──▶ gone
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The far end called; it has no final answer yet.
    Incoming {
        server: ServerId,
        offer: Option<String>,
    },
    /// We answered it; its ACK is missing. Without an offer of its own the
    /// ACK brings the answer to ours.
    Answered {
        server: ServerId,
        our_offer: Option<String>,
    },
    /// We call the far end.
    Ringing {
        client: ClientId,
        our_offer: String,
        ring: RingId,
        alerting: bool,
    },
    Up,
    /// Its BYE has overtaken a request numbered above `after`, if that is
    /// known, and below `before`: a transfer may be under way (product S8).
    HungUp {
        after: Option<u32>,
        before: u32,
    },
}

/// What the far end hears, and so what becomes of it when the other side goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// Nobody yet, or nobody any more.
    Alone,
    /// In conversation.
    With(JourneyId),
    /// Waits for somebody who is being rung.
    Awaits(RingId),
    /// In the lot.
    Parked,
    /// Takes this call out of the lot, if its own ACK comes.
    Retrieves { journey: JourneyId, attempt: Attempt },
    /// Takes what rings there, if its own ACK comes first.
    PicksUp(RingId),
    /// Takes the place of this leg of the same extension, if its own ACK comes.
    Replaces(JourneyId),
    /// Hears a tone, then the leg ends.
    Hears(Tone),
    /// Its call was transferred away, or nothing came of it; its end is awaited.
    Leaves,
    /// Its call was parked; its BYE is awaited. A transfer that follows has
    /// been carried out already (docs/PROTOCOL.md, P4).
    HasParked,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Leg {
    /// Of whoever is at the far end; it stays the same through park,
    /// retrieve and transfer.
    pub journey: JourneyId,
    pub party: Party,
    /// We called it; else it called us.
    pub was_called: bool,
    /// The far end's true name and number (product M1).
    pub identity: Caller,
    /// What people here have written down about this far end (product M4).
    #[serde(default)]
    pub note: Note,
    /// Its phone reads Remote-Party-ID, as phones did before RFC 3325.
    #[serde(default)]
    pub remote_party_id: bool,
    /// Whom its display shows, as far as its phone has confirmed it.
    pub shown: Caller,
    /// And which note about him it was told last.
    #[serde(default)]
    pub shown_note: Note,
    /// How often it was too busy to be told of somebody else.
    pub put_off: u8,
    pub dialog: Dialog,
    pub stage: Stage,
    pub link: Link,
    pub stream: PortToken,
    /// Ours, as told in session descriptions.
    pub address: IpAddr,
    pub session: SdpVersion,
    pub agreed: Option<Agreed>,
    /// What goes out on the stream, as last told to it.
    pub source: Source,
    /// Since when the far end has us on hold.
    pub held_at: Option<Moment>,
    /// Since when it has sent nothing, or has last answered that it is there.
    pub silent_since: Option<Moment>,
    pub takes: Takes,
    /// A re-INVITE or UPDATE of ours that has no answer yet.
    pub refreshing: Option<Refresh>,
    pub started_at: Moment,
}

/// How a phone is told of a new name within a call, as its Allow says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Takes {
    Update,
    /// It lists what it takes, and UPDATE is not among it.
    ReInvite,
    /// It lists nothing: what the answer to its INVITE said must do.
    Nothing,
}

impl Takes {
    pub fn of(headers: &Headers) -> Self {
        if headers.allows(&Method::Update) {
            Self::Update
        } else if headers.count(&Name::Allow) > 0 {
            Self::ReInvite
        } else {
            Self::Nothing
        }
    }
}

/// A request of ours within the dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refresh {
    pub client: ClientId,
    /// Set for a re-INVITE: the offer it made.
    pub our_offer: Option<String>,
    /// Whom it names. None: it is our answer to the far end's own re-INVITE
    /// that made the offer.
    pub names: Option<Caller>,
}

impl Leg {
    pub fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up)
    }

    /// Whatever comes from there may come out of order.
    pub fn rings_by_datagrams(&self) -> bool {
        let rings = matches!(self.stage, Stage::Ringing { .. });
        rings && !self.dialog.flow.transport.is_reliable()
    }

    /// Somebody has answered, if his phone may not know it yet.
    pub fn is_answered(&self) -> bool {
        matches!(self.stage, Stage::Answered { .. } | Stage::Up)
    }

    /// Why an offer of the far end's cannot be taken now: ours has no answer
    /// yet, 491, or an earlier one of its own, 500 (RFC 3311 §5.2).
    pub fn offer_collides(&self) -> Option<u16> {
        let refreshing = self.refreshing.as_ref();
        match &self.stage {
            Stage::Incoming { .. } => Some(500),
            Stage::Answered { our_offer: Some(_), .. } => Some(491),
            _ => refreshing.and_then(|refresh| refresh.our_offer.as_ref()).map(|_| 491),
        }
    }

    /// Both sides have agreed on media: answered, or early.
    pub fn has_media(&self) -> bool {
        self.agreed.is_some()
    }

    /// The far end has put us on hold, or has hung up in the middle of a transfer.
    pub fn holds_us(&self) -> bool {
        self.held_at.is_some() || matches!(self.stage, Stage::HungUp { after: Some(_), .. })
    }

    /// What its phone's BYE, numbered `number` after `last`, has overtaken.
    pub fn overtaken(&self, last: Option<u32>, number: u32) -> Option<Stage> {
        let transfers = self.is_up() && self.extension().is_some() && self.peer().is_some();
        let before_first = last.unwrap_or_default();
        let gap = transfers && number > before_first.saturating_add(1);
        gap.then_some(Stage::HungUp { after: last, before: number })
    }

    pub fn extension(&self) -> Option<&Extension> {
        match &self.party {
            Party::Extension(extension) => Some(extension),
            Party::Trunk(_) => None,
        }
    }

    /// It keeps nobody busy: its call goes on without it.
    pub fn is_leaving(&self) -> bool {
        matches!(self.link, Link::Leaves | Link::HasParked | Link::Hears(_))
            || matches!(self.stage, Stage::HungUp { .. })
    }

    pub fn peer(&self) -> Option<JourneyId> {
        match self.link {
            Link::With(peer) => Some(peer),
            _ => None,
        }
    }
}
