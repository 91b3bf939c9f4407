//! What a simulated person is told to do, and what he tells.

use core::net::SocketAddr;
use std::time::Duration;

use crate::media::control::Codec;
use crate::sim::people::letter::Shown;

/// One call of this person. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallNumber(pub u32);

/// How many calls a person can have at once, each with a socket for its sound.
pub const SLOTS: usize = 3;

#[derive(Clone, Debug)]
pub struct Identity {
    pub name: String,
    /// An extension, or the number a caller calls from.
    pub user: String,
    pub domain: String,
    /// None: not a user of the office but somebody behind its trunk.
    pub password: Option<String>,
    /// Where his letters arrive.
    pub at: SocketAddr,
    /// Where sound arrives, by slot.
    pub sound_at: [SocketAddr; SLOTS],
    /// Where his letters go.
    pub server: SocketAddr,
    /// In order of preference.
    pub codecs: Vec<Codec>,
}

/// What he does when he is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manners {
    /// Lets it ring until [`Deed::Answer`] or [`Deed::Decline`].
    Waits,
    AnswersAfter(Duration),
    Declines {
        status: u16,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Registers, and keeps registered.
    Register,
    Unregister,
    /// Watches calls parked for him: subscribes to `call-info`.
    WatchParks,
    /// Watches whether anybody is at this number: subscribes to `dialog`
    /// (RFC 4235). Instead of parked calls; he has one subscription.
    WatchLamp {
        number: String,
    },
    Behave(Manners),
    Call {
        to: String,
    },
    /// The call that rings.
    Answer,
    Decline {
        status: u16,
    },
    /// The call that is up, else one that he is making, else one on hold.
    HangUp,
    Hold,
    Resume,
    /// Blind: REFER of the call that is up.
    Transfer {
        to: String,
    },
    /// The same, and hangs up before the answer can be there.
    TransferAndLeave {
        to: String,
    },
    /// Attended: REFER of the held call, replacing the one that is up.
    Join,
    /// Holds the call that is up and calls `to` beside it.
    HoldAndCall {
        to: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonEffect {
    Send { to: SocketAddr, bytes: Vec<u8> },
    Sound { slot: usize, order: Order },
    Report(Happened),
}

/// For one slot's sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A new call has this slot: forget what was heard.
    Clear,
    Speak {
        to: SocketAddr,
        codec: Codec,
        payload_type: u8,
    },
    /// Nothing goes out; what comes in is heard.
    BeQuiet,
    Close,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    Registered,
    RegistrationRefused {
        status: u16,
    },
    /// He is being called.
    Rang {
        call: CallNumber,
        who: Shown,
    },
    /// His INVITE left, in the form that is not challenged any more.
    Called {
        call: CallNumber,
        to: String,
    },
    Connected {
        call: CallNumber,
        slot: usize,
        who: Shown,
    },
    /// His display shows somebody else now.
    NameShown {
        call: CallNumber,
        who: Shown,
    },
    /// His call was refused, or not answered in 32 s.
    Refused {
        call: CallNumber,
        status: u16,
        reason: String,
    },
    Ended {
        call: CallNumber,
        by_me: bool,
    },
    TransferAsked {
        call: CallNumber,
        to: String,
    },
    /// 202, or why not.
    TransferAnswered {
        call: CallNumber,
        status: u16,
    },
    /// What the NOTIFYs of the transfer say: 100, then the end.
    TransferProgress {
        call: CallNumber,
        status: u16,
    },
    /// His phone's display of parked calls: the one that `*88` would return.
    ParkShown {
        parked: Option<Shown>,
    },
    /// The lamp that he watches.
    LampShown {
        busy: bool,
    },
    /// He was told to do what he cannot do now.
    CannotDo(Deed),
    /// A message that `rsip` could not read.
    Unreadable {
        bytes: usize,
    },
}
