//! The admin screen: the office's call park groups, and the one that is being
//! written (product S21). Everything is a text, as the office wants it: whether
//! it is right the office says, with the checks of the settings file.

use crate::console::intent::Context;
use crate::console::state::State;
use crate::domain::administration::{GroupForm, Groups, Objection};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupsScreen {
    /// As the office last said. None: it has not said yet.
    pub known: Option<Groups>,
    /// By name.
    pub selected: Option<String>,
    pub page: GroupsPage,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum GroupsPage {
    #[default]
    List,
    /// "Delete it?"
    Deleting,
    Form(Form),
    /// Who is in it: a part of the form with keys of its own.
    Members(Form, Choice),
}

/// A group as it is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// As it was; none for a new one.
    pub was: Option<GroupForm>,
    pub name: String,
    /// In hunting order.
    pub members: Vec<String>,
    pub timer: String,
    pub policy: Policy,
    pub number: String,
    pub ring_group: String,
    pub wait: String,
    pub rounds: String,
    pub fallback: String,
    pub at: Field,
    /// What spoke against it when it was last to be saved.
    pub objections: Vec<Objection>,
}

/// Whom a recall rings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    #[default]
    ParkingUser,
    ParkingUserThenRingGroup,
    RingGroup,
    Number,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Field {
    #[default]
    Name,
    Members,
    Timer,
    Policy,
    Number,
    RingGroup,
    Wait,
    Rounds,
    Fallback,
    Save,
}

/// Where one is while choosing members; by extension, for rows move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    pub column: Column,
    pub selected: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    #[default]
    Members,
    Available,
}

/// Letters of the longest text typed; the office has its own limits.
const TEXT_MAX: usize = 64;

impl State {
    /// Every extension of the office, in the order of their numbers.
    pub fn everybody(&self) -> Vec<String> {
        let others = self.people.rows().iter().map(|row| row.lamp.extension.as_str());
        let mut all: Vec<&str> = others.chain([self.me.extension.as_str()]).collect();
        all.sort_unstable();
        all.into_iter().map(str::to_owned).collect()
    }
}

impl Choice {
    /// Those who are not in it yet.
    pub fn available(&self, form: &Form, everybody: &[String]) -> Vec<String> {
        everybody.iter().filter(|one| !form.members.contains(one)).cloned().collect()
    }

    /// The selected one of the column, else its first.
    pub fn current<'c>(&self, column: &'c [String]) -> Option<&'c String> {
        let is_it = |one: &&String| Some(*one) == self.selected.as_ref();
        column.iter().find(is_it).or_else(|| column.first())
    }
}

impl GroupsScreen {
    pub fn context(&self) -> Context {
        match self.page {
            GroupsPage::List => Context::Groups,
            GroupsPage::Deleting => Context::Deleting,
            GroupsPage::Form(_) => Context::GroupForm,
            GroupsPage::Members(..) => Context::Members,
        }
    }

    pub fn groups(&self) -> &[GroupForm] {
        self.known.as_ref().map_or(&[], |known| &known.groups)
    }

    /// The selected group, else the first one.
    pub fn current(&self) -> Option<&GroupForm> {
        let groups = self.groups();
        let is_it = |group: &&GroupForm| Some(&group.name) == self.selected.as_ref();
        groups.iter().find(is_it).or_else(|| groups.first())
    }

    pub fn form(&self) -> Option<&Form> {
        match &self.page {
            GroupsPage::Form(form) | GroupsPage::Members(form, _) => Some(form),
            GroupsPage::List | GroupsPage::Deleting => None,
        }
    }

    pub fn form_mut(&mut self) -> Option<&mut Form> {
        match &mut self.page {
            GroupsPage::Form(form) | GroupsPage::Members(form, _) => Some(form),
            GroupsPage::List | GroupsPage::Deleting => None,
        }
    }

    /// The text that letters go into; none where they are keys.
    pub fn typed_into(&mut self) -> Option<&mut String> {
        match &mut self.page {
            GroupsPage::Form(form) => form.text_mut(),
            _ => None,
        }
    }

    pub fn type_character(&mut self, c: char) {
        if let Some(text) = self.typed_into()
            && text.chars().count() < TEXT_MAX
            && !c.is_control()
        {
            text.push(c);
        }
    }

    /// The group that somebody other than the one being written has.
    pub fn group_with(&self, extension: &str) -> Option<&GroupForm> {
        let own = self.form().and_then(|form| form.was.as_ref()).map(|was| &was.name);
        let others = self.groups().iter().filter(|group| Some(&group.name) != own);
        others.into_iter().find(|group| group.members.iter().any(|member| member == extension))
    }

    pub fn ring_groups(&self) -> Vec<&str> {
        let known = self.known.iter().flat_map(|known| &known.ring_groups);
        known.map(|group| group.number.as_str()).collect()
    }
}

impl Form {
    pub fn of(group: &GroupForm) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let to = group.recall_to.as_deref().unwrap_or_default();
        Self {
            was: Some(group.clone()),
            name: group.name.clone(),
            members: group.members.clone(),
            timer: text(&group.recall_timer),
            policy: match to {
                "parking-user-then-ring-group" => Policy::ParkingUserThenRingGroup,
                "ring-group" => Policy::RingGroup,
                _ if to.starts_with("number:") => Policy::Number,
                _ => Policy::ParkingUser,
            },
            number: number_of(to),
            ring_group: text(&group.ring_group),
            wait: text(&group.ring_group_wait),
            rounds: group.recall_rounds.map(|rounds| rounds.to_string()).unwrap_or_default(),
            fallback: number_of(&text(&group.recall_fallback)),
            at: Field::Name,
            objections: Vec::new(),
        }
    }

    /// As the office wants it. What does not apply is left out, and so is what
    /// is empty: its default holds.
    ///
    /// # Errors
    /// What no group can say.
    pub fn group(&self) -> Result<GroupForm, Objection> {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let rounds = text(&self.rounds).map(|rounds| rounds.parse::<u32>()).transpose();
        let rounds = rounds.map_err(|_| Objection::new("recall_rounds", "not a whole number"))?;
        let applies = |field| self.fields().contains(&field);
        let fallback = text(&self.fallback).filter(|_| applies(Field::Fallback));
        Ok(GroupForm {
            name: self.name.trim().to_owned(),
            members: self.members.clone(),
            recall_timer: text(&self.timer),
            recall_to: self.recall_to(),
            ring_group: text(&self.ring_group).filter(|_| applies(Field::RingGroup)),
            ring_group_wait: text(&self.wait).filter(|_| applies(Field::Wait)),
            recall_rounds: rounds,
            recall_fallback: fallback.map(|number| format!("number:{number}")),
        })
    }

    /// What was not written stays unwritten.
    fn recall_to(&self) -> Option<String> {
        let was = self.was.as_ref().and_then(|was| was.recall_to.as_deref());
        match self.policy {
            Policy::ParkingUser if was.is_none() => None,
            Policy::Number => Some(format!("number:{}", self.number.trim())),
            policy => Some(policy.word().to_owned()),
        }
    }

    /// Those that apply, in their order.
    pub fn fields(&self) -> Vec<Field> {
        use Field::{
            Fallback, Members, Name, Number, Policy as To, RingGroup, Rounds, Save, Timer, Wait,
        };
        let all = [Name, Members, Timer, To, Number, RingGroup, Wait, Rounds, Fallback, Save];
        let policy = self.policy;
        let is_counted = !matches!(self.rounds.trim(), "" | "0");
        let applies = |field: &Field| match field {
            Number => policy == Policy::Number,
            RingGroup => policy.rings_group(),
            Wait => policy == Policy::ParkingUserThenRingGroup,
            Fallback => is_counted,
            _ => true,
        };
        all.into_iter().filter(applies).collect()
    }

    /// The field `by` further on; no farther than the ends.
    pub fn go(&mut self, by: isize) {
        let fields = self.fields();
        let here = fields.iter().position(|field| *field == self.at).unwrap_or_default();
        let there = here.saturating_add_signed(by).min(fields.len() - 1);
        self.at = fields[there];
    }

    pub fn text_mut(&mut self) -> Option<&mut String> {
        match self.at {
            Field::Name => Some(&mut self.name),
            Field::Timer => Some(&mut self.timer),
            Field::Number => Some(&mut self.number),
            Field::Wait => Some(&mut self.wait),
            Field::Rounds => Some(&mut self.rounds),
            Field::Fallback => Some(&mut self.fallback),
            Field::Members | Field::Policy | Field::RingGroup | Field::Save => None,
        }
    }

    pub fn objection_to(&self, field: Field) -> Option<&str> {
        let objection = self.objections.iter().find(|it| Field::named(&it.field) == field);
        objection.map(|objection| objection.words.as_str())
    }

    /// What speaks against it, and the first field at fault.
    pub fn object(&mut self, objections: Vec<Objection>) {
        self.objections = objections;
        let fields = self.fields();
        if let Some(first) = fields.into_iter().find(|field| self.objection_to(*field).is_some()) {
            self.at = first;
        }
    }
}

impl Field {
    /// By the name of the setting; what is of none in particular is said where
    /// it is saved.
    fn named(setting: &str) -> Self {
        match setting {
            "name" => Self::Name,
            "members" => Self::Members,
            "recall_timer" => Self::Timer,
            "recall_to" => Self::Policy,
            "ring_group" => Self::RingGroup,
            "ring_group_wait" => Self::Wait,
            "recall_rounds" => Self::Rounds,
            "recall_fallback" => Self::Fallback,
            _ => Self::Save,
        }
    }
}

impl Policy {
    /// Those that ring a group can be chosen only where there is one.
    pub fn all(has_ring_groups: bool) -> Vec<Self> {
        let all =
            [Self::ParkingUser, Self::ParkingUserThenRingGroup, Self::RingGroup, Self::Number];
        all.into_iter().filter(|policy| has_ring_groups || !policy.rings_group()).collect()
    }

    pub fn rings_group(self) -> bool {
        matches!(self, Self::ParkingUserThenRingGroup | Self::RingGroup)
    }

    /// As the settings say it.
    fn word(self) -> &'static str {
        match self {
            Self::ParkingUser => "parking-user",
            Self::ParkingUserThenRingGroup => "parking-user-then-ring-group",
            Self::RingGroup => "ring-group",
            Self::Number => "number:",
        }
    }

    /// As people say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::ParkingUser => "whoever parked the call, again and again",
            Self::ParkingUserThenRingGroup => "whoever parked the call, then a ring group",
            Self::RingGroup => "a ring group",
            Self::Number => "a number, inside or outside",
        }
    }
}

fn number_of(setting: &str) -> String {
    setting.strip_prefix("number:").unwrap_or_default().to_owned()
}

/// The one `by` further on in a list of choices, round and round.
pub fn next_of<T: Clone + PartialEq>(choices: &[T], now: &T, by: isize) -> Option<T> {
    let count = isize::try_from(choices.len()).ok().filter(|count| *count > 0)?;
    let here = choices.iter().position(|choice| choice == now);
    let next = match here {
        Some(here) => isize::try_from(here).ok()?.checked_add(by)?.rem_euclid(count),
        None => 0,
    };
    choices.get(usize::try_from(next).ok()?).cloned()
}
