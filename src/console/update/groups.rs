//! The admin screen, key by key, and what the office says to it.

use crate::console::effect::Effect;
use crate::console::intent::Action;
use crate::console::state::groups::{
    Choice, Column, Field, Form, GroupsPage, GroupsScreen, Policy, next_of,
};
use crate::console::state::{Mode, State, Weight};
use crate::domain::administration::{Groups, Objection, Outcome, Wish};
use crate::domain::caller_name::CallerName;
use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::phone::messages::Command;

/// What a key on this screen leads to.
enum Step {
    Stay,
    Leave,
    Ask(Wish),
    /// Nothing is done, for this reason.
    Refuse(&'static str),
}

impl State {
    pub(super) fn open_groups(&mut self) -> Effects<Effect> {
        if self.groups.is_none() {
            self.groups = Some(Box::default());
        }
        self.mode = Mode::Groups;
        // What is being written is not taken out of anybody's hands.
        let is_writing = self.groups.as_ref().is_some_and(|screen| screen.form().is_some());
        if is_writing { Effects::none() } else { self.wish(Wish::List) }
    }

    fn wish(&mut self, wish: Wish) -> Effects<Effect> {
        self.wish = Some(wish.clone());
        Effects::one(Effect::Phone(Command::Administer { wish }))
    }

    /// Keys that a call has at any time are not for this screen.
    pub(super) fn act_on_groups(&mut self, action: Action, now: Moment) -> Option<Effects<Effect>> {
        if action.is_any_time() || self.mode != Mode::Groups {
            return None;
        }
        let (everybody, waits) = (self.everybody(), self.is_being_changed());
        let screen = self.groups.as_mut()?;
        // Until it is known what became of a change, only the way out.
        let step = if waits && action != Action::Back {
            Step::Refuse("The office has not answered yet")
        } else {
            screen.act(action, &everybody)
        };
        Some(match step {
            Step::Stay => Effects::none(),
            Step::Leave => self.leave_groups(),
            Step::Ask(wish) => self.wish(wish),
            Step::Refuse(words) => self.refuse(now, words),
        })
    }

    fn is_being_changed(&self) -> bool {
        self.wish.as_ref().is_some_and(|wish| *wish != Wish::List)
    }

    fn leave_groups(&mut self) -> Effects<Effect> {
        (self.groups, self.mode) = (None, Mode::Desk);
        Effects::none()
    }

    /// Whatever lay over it is gone: it is there again.
    pub(super) fn return_to_groups(&mut self) {
        if self.mode == Mode::Desk && self.groups.is_some() {
            self.mode = Mode::Groups;
        }
    }

    pub(super) fn type_into_groups(&mut self, c: char) -> Effects<Effect> {
        let waits = self.is_being_changed();
        if let Some(screen) = self.groups.as_mut().filter(|_| !waits) {
            screen.type_character(c);
        }
        Effects::none()
    }

    pub(super) fn administered(&mut self, outcome: Outcome, now: Moment) {
        let Some(wish) = self.wish.take() else { return };
        match outcome {
            Outcome::Done(groups) => self.wish_done(&wish, groups, now),
            Outcome::Refused(objections) => self.wish_refused(&wish, objections, now),
        }
    }

    fn wish_done(&mut self, wish: &Wish, groups: Groups, now: Moment) {
        if let Some(words) = done_words(wish) {
            self.say(now, Weight::Done, words);
        }
        let Some(screen) = &mut self.groups else { return };
        screen.known = Some(groups);
        if *wish == Wish::List {
            return;
        }
        if let Wish::Add { group } | Wish::Edit { group, .. } = wish {
            screen.selected = Some(CallerName::clean(&group.name).to_string());
        }
        screen.page = GroupsPage::List;
    }

    /// Whoever may not even look is back at the desk.
    fn wish_refused(&mut self, wish: &Wish, objections: Vec<Objection>, now: Moment) {
        let words: Vec<String> =
            objections.iter().map(|it| CallerName::clean(&it.words).to_string()).collect();
        self.say(now, Weight::Warning, format!("Groups: {}", words.join("; ")));
        let Some(screen) = &mut self.groups else { return };
        if *wish == Wish::List {
            if screen.known.is_none() {
                (self.groups, self.mode) = (None, Mode::Desk);
            }
            return;
        }
        match screen.form_mut() {
            Some(form) => {
                form.object(objections);
                screen.back_to_form();
            }
            None => screen.page = GroupsPage::List,
        }
    }
}

fn done_words(wish: &Wish) -> Option<String> {
    let name = |name: &str| CallerName::clean(name);
    match wish {
        Wish::List => None,
        Wish::Add { group } => Some(format!("The group {} is there now", name(&group.name))),
        Wish::Edit { group, .. } => {
            Some(format!("The group {} is changed: it holds now", name(&group.name)))
        }
        Wish::Delete { name: gone } => {
            Some(format!("The group {} is deleted; its calls stay where they are", name(gone)))
        }
    }
}

impl GroupsScreen {
    fn act(&mut self, action: Action, everybody: &[String]) -> Step {
        match &mut self.page {
            GroupsPage::List => self.act_on_list(action),
            GroupsPage::Deleting => self.act_on_question(action),
            GroupsPage::Form(_) => self.act_on_form(action),
            GroupsPage::Members(form, choice) => {
                let available = choice.available(form, everybody);
                if choice.act(action, form, &available) {
                    return Step::Stay;
                }
                match action {
                    Action::Back => self.back_to_form(),
                    Action::Save => return self.save(),
                    _ => {}
                }
                Step::Stay
            }
        }
    }

    fn act_on_list(&mut self, action: Action) -> Step {
        match action {
            Action::Up => self.select(-1),
            Action::Down => self.select(1),
            Action::Go => match self.current() {
                Some(group) => self.page = GroupsPage::Form(Form::of(group)),
                None => return Step::Refuse("There is no group yet"),
            },
            Action::New => self.page = GroupsPage::Form(Form::default()),
            Action::Delete if self.current().is_some() => self.page = GroupsPage::Deleting,
            Action::Back => return Step::Leave,
            _ => {}
        }
        Step::Stay
    }

    fn select(&mut self, by: isize) {
        let names: Vec<String> = self.groups().iter().map(|group| group.name.clone()).collect();
        let now = self.current().map(|group| group.name.clone()).unwrap_or_default();
        let here = names.iter().position(|name| *name == now).unwrap_or_default();
        let there = here.saturating_add_signed(by).min(names.len().saturating_sub(1));
        self.selected = names.get(there).cloned();
    }

    fn act_on_question(&mut self, action: Action) -> Step {
        match action {
            Action::Go => match self.current() {
                Some(group) => Step::Ask(Wish::Delete { name: group.name.clone() }),
                None => Step::Stay,
            },
            Action::Back => {
                self.page = GroupsPage::List;
                Step::Stay
            }
            _ => Step::Stay,
        }
    }

    fn act_on_form(&mut self, action: Action) -> Step {
        let ring_groups: Vec<String> = self.ring_groups().into_iter().map(str::to_owned).collect();
        let GroupsPage::Form(form) = &mut self.page else { return Step::Stay };
        match action {
            Action::Up => form.go(-1),
            Action::Down => form.go(1),
            Action::Left => form.choose(-1, &ring_groups),
            Action::Right => form.choose(1, &ring_groups),
            Action::Erase => drop(form.text_mut().map(String::pop)),
            Action::Go if form.at == Field::Members => self.choose_members(),
            Action::Go if form.at == Field::Save => return self.save(),
            Action::Go => form.go(1),
            Action::Save => return self.save(),
            // Perhaps somebody else has changed something.
            Action::Back => {
                self.page = GroupsPage::List;
                return Step::Ask(Wish::List);
            }
            _ => {}
        }
        Step::Stay
    }

    fn choose_members(&mut self) {
        let Some(form) = self.form().cloned() else { return };
        let column = if form.members.is_empty() { Column::Available } else { Column::Members };
        self.page = GroupsPage::Members(form, Choice { column, selected: None });
    }

    fn back_to_form(&mut self) {
        if let Some(form) = self.form().cloned() {
            self.page = GroupsPage::Form(form);
        }
    }

    fn save(&mut self) -> Step {
        let Some(form) = self.form_mut() else { return Step::Stay };
        form.objections.clear();
        match (form.group(), &form.was) {
            (Ok(group), None) => Step::Ask(Wish::Add { group }),
            (Ok(group), Some(was)) => {
                let (name, was) = (was.name.clone(), Some(was.clone()));
                Step::Ask(Wish::Edit { name, was, group })
            }
            (Err(objection), _) => {
                form.object(vec![objection]);
                self.back_to_form();
                Step::Stay
            }
        }
    }
}

impl Form {
    /// The next choice of a field that has some.
    fn choose(&mut self, by: isize, ring_groups: &[String]) {
        match self.at {
            Field::Policy => {
                let all = Policy::all(!ring_groups.is_empty());
                self.policy = next_of(&all, &self.policy, by).unwrap_or_default();
                if self.policy.rings_group() && self.ring_group.is_empty() {
                    self.ring_group = ring_groups.first().cloned().unwrap_or_default();
                }
            }
            Field::RingGroup => {
                let next = next_of(ring_groups, &self.ring_group, by);
                self.ring_group = next.unwrap_or_default();
            }
            _ => {}
        }
    }
}

impl Choice {
    /// False: it was no key of the columns.
    fn act(&mut self, action: Action, form: &mut Form, available: &[String]) -> bool {
        let column = match self.column {
            Column::Members => form.members.clone(),
            Column::Available => available.to_vec(),
        };
        let here = self.current(&column).and_then(|one| column.iter().position(|it| it == one));
        match (action, here) {
            (Action::Up, Some(here)) => self.selected = column.get(here.saturating_sub(1)).cloned(),
            (Action::Down, Some(here)) => {
                self.selected = column.get((here + 1).min(column.len() - 1)).cloned();
            }
            (Action::Left, _) => self.turn_to(Column::Members),
            (Action::Right, _) => self.turn_to(Column::Available),
            (Action::Go, Some(here)) => self.move_across(here, &column, form),
            (Action::Earlier, Some(here)) => self.shift(here, here.saturating_sub(1), form),
            (Action::Later, Some(here)) => self.shift(here, here + 1, form),
            (Action::Back | Action::Save, _) => return false,
            _ => {}
        }
        true
    }

    fn turn_to(&mut self, column: Column) {
        if self.column != column {
            (self.column, self.selected) = (column, None);
        }
    }

    /// The next one of the column is selected then: several go one after another.
    fn move_across(&mut self, here: usize, column: &[String], form: &mut Form) {
        let Some(one) = column.get(here) else { return };
        match self.column {
            Column::Members => form.members.retain(|member| member != one),
            Column::Available => form.members.push(one.clone()),
        }
        let next = column.get(here + 1).or_else(|| column.get(here.checked_sub(1)?));
        self.selected = next.cloned();
    }

    fn shift(&mut self, from: usize, to: usize, form: &mut Form) {
        if self.column == Column::Members && from < form.members.len() && to < form.members.len() {
            self.selected = form.members.get(from).cloned();
            form.members.swap(from, to);
        }
    }
}
