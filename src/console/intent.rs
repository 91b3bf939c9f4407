//! What the person at the desk wants, and the names keymaps have for it.

/// A key, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    Do(Action),
    /// A character for the field that has the cursor.
    Type(char),
    /// A colleague by his letter.
    Pick(char),
    /// A key that means nothing here.
    Nothing,
}

/// Everything a key can be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The next caller: ringing, else recalled, else longest held.
    NextCaller,
    /// Call the number in the To: field, or the selected row's own verb.
    Go,
    Up,
    Down,
    Park,
    GroupPark,
    /// A phone's Visual Park key: on a call the place is asked, the key again
    /// parks there, or at the group when none was given; else it fetches mine.
    VisualPark,
    /// Ask where to park the call.
    AskPlace,
    Retrieve,
    RetrieveOldest,
    /// Take the call that rings with a colleague.
    PickUp,
    /// Who waits for me, before he is fetched.
    ShowParked,
    /// The second page of a phone's keys.
    More,
    /// Choose a parked call by its row number.
    List,
    /// My group's parked calls, or the whole office's.
    Scope,
    Send,
    Hold,
    Mute,
    /// Write down what is to be known of a call.
    Note,
    DoNotDisturb,
    HangUp,
    Undo,
    Help,
    Commands,
    Back,
    Erase,
    Redraw,
    Suspend,
    Quit,
    /// The admin screen, and what is done there.
    Groups,
    New,
    Delete,
    Save,
    Left,
    Right,
    /// A member's turn in the hunt.
    Earlier,
    Later,
    /// Answers to "park all and quit?".
    ParkAllAndQuit,
    Stay,
}

/// Where a key is bound: what has the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Context {
    Desk,
    /// The desk while no call is here: bound before the desk's own keys.
    Idle,
    /// "Park at?" has been asked: before the desk's own keys, as the next two.
    Place,
    /// The second page of a phone's keys.
    More,
    /// Who waits for me is shown.
    Parked,
    /// The command line after `:`.
    Prompt,
    Help,
    /// The question asked before leaving with calls up.
    Leaving,
    /// The list of call park groups.
    Groups,
    /// "Delete this group?"
    Deleting,
    /// A group is written: letters go into the field.
    GroupForm,
    /// Its members are chosen.
    Members,
}

use Action::{
    AskPlace, Back, Commands, Delete, DoNotDisturb, Down, Earlier, Erase, Go, GroupPark, Groups,
    HangUp, Help, Hold, Later, Left, List, More, Mute, New, NextCaller, Note, Park, ParkAllAndQuit,
    PickUp, Quit, Redraw, Retrieve, RetrieveOldest, Right, Save, Scope, Send, ShowParked, Stay,
    Suspend, Undo, Up, VisualPark,
};

/// Each action under its name in keymaps, in the order of the help.
pub const ACTIONS: [(Action, &str); 39] = [
    (NextCaller, "call.next"),
    (Go, "go"),
    (Park, "park.here"),
    (GroupPark, "park.group"),
    (VisualPark, "park.visual"),
    (AskPlace, "park.ask"),
    (More, "more"),
    (Retrieve, "retrieve"),
    (RetrieveOldest, "retrieve.oldest"),
    (PickUp, "call.pickup"),
    (ShowParked, "parked.show"),
    (List, "parked.list"),
    (Scope, "parked.scope"),
    (Send, "transfer.blind"),
    (Hold, "hold"),
    (Mute, "mute"),
    (Note, "note"),
    (HangUp, "hangup"),
    (DoNotDisturb, "dnd"),
    (Undo, "undo"),
    (Up, "select.up"),
    (Down, "select.down"),
    (Erase, "erase"),
    (Back, "back"),
    (Help, "help"),
    (Commands, "commands"),
    (Quit, "quit"),
    (Suspend, "suspend"),
    (Redraw, "redraw"),
    (Groups, "groups"),
    (New, "group.new"),
    (Delete, "group.delete"),
    (Left, "select.left"),
    (Right, "select.right"),
    (Earlier, "member.earlier"),
    (Later, "member.later"),
    (Save, "group.save"),
    (ParkAllAndQuit, "leave.park"),
    (Stay, "leave.stay"),
];

/// Actions that must keep a key, and where: without them a caller or the
/// way out is lost.
pub const ESSENTIAL: [(Context, Action); 21] = [
    (Context::Desk, NextCaller),
    (Context::Desk, Go),
    (Context::Desk, Park),
    (Context::Desk, GroupPark),
    (Context::Desk, Retrieve),
    (Context::Desk, List),
    (Context::Desk, Send),
    (Context::Desk, Hold),
    (Context::Desk, Mute),
    (Context::Desk, HangUp),
    (Context::Desk, Up),
    (Context::Desk, Down),
    (Context::Desk, Back),
    (Context::Desk, Erase),
    (Context::Desk, Help),
    (Context::Desk, Commands),
    (Context::Prompt, Go),
    (Context::Prompt, Back),
    (Context::Help, Back),
    (Context::Leaving, ParkAllAndQuit),
    (Context::Leaving, Stay),
];

pub const CONTEXTS: [(Context, &str); 12] = [
    (Context::Desk, "desk"),
    (Context::Idle, "idle"),
    (Context::Place, "place"),
    (Context::More, "more"),
    (Context::Parked, "parked"),
    (Context::Prompt, "prompt"),
    (Context::Help, "help"),
    (Context::Leaving, "leaving"),
    (Context::Groups, "groups"),
    (Context::Deleting, "deleting"),
    (Context::GroupForm, "group"),
    (Context::Members, "members"),
];

impl Action {
    pub fn name(self) -> &'static str {
        ACTIONS.iter().find(|(action, _)| *action == self).map_or("", |(_, name)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|(_, known)| *known == name).map(|(action, _)| *action)
    }

    /// Works from any screen, even while something else has the keyboard
    /// (product M9).
    pub fn is_any_time(self) -> bool {
        self.is_any_time_verb() || matches!(self, Quit | Redraw | Suspend)
    }

    pub fn is_park(self) -> bool {
        matches!(self, Park | GroupPark | VisualPark | AskPlace)
    }

    fn is_any_time_verb(self) -> bool {
        matches!(self, NextCaller | Park | GroupPark | VisualPark | AskPlace | Retrieve)
    }

    /// Changes a call or the desk. A key that repeats by itself, or that was
    /// meant for another window, must not do so.
    pub fn is_verb(self) -> bool {
        !matches!(
            self,
            Up | Down
                | Erase
                | Back
                | Help
                | Commands
                | Note
                | More
                | ShowParked
                | Redraw
                | Suspend
                | Quit
                | Groups
                | Left
                | Right
                | Earlier
                | Later
                | Stay
        )
    }
}

impl Context {
    pub fn name(self) -> &'static str {
        CONTEXTS.iter().find(|(context, _)| *context == self).map_or("", |(_, name)| name)
    }

    pub fn named(name: &str) -> Option<Self> {
        CONTEXTS.iter().find(|(_, known)| *known == name).map(|(context, _)| *context)
    }
}
