//! Changes to the call park groups of an `office.toml`: text to text, with
//! everything else in it, comments and layout too, as it was (product Q21).
//!
//! One truth: a change is made to the text as it stands on the disk now, and
//! is refused unless the result passes the checks that any text passes.

mod faults;
mod group;
mod inline;
mod layout;
mod members;

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value};

use crate::config::complaint::Findings;
use crate::config::office::{Office, Tenant};
use crate::config::{Files, ReadFile, TEXT_BYTES_MAX, no_files};
use crate::domain::administration::{GroupForm, Groups, Objection, RingGroupName, Wish};
use crate::domain::caller_name::CallerName;

use faults::{Part, at_fault, fresh, objections};
use layout::{Knife, Layout};

/// Octets of the longest value that is written.
const VALUE_BYTES_MAX: usize = 256;
const MEMBERS_MAX: usize = 2_000;
/// Of a tenant, so that one cannot fill the file of them all.
const GROUPS_MAX: usize = 500;
const KEY: &str = "call_park_group";

/// An office after a change, and before the change has been written.
#[derive(Clone, Debug)]
pub struct Edited {
    /// The tenant's own file, seen from the office's; none: the office's.
    pub file: Option<String>,
    /// What stood there.
    pub was: String,
    /// To be written; as it was, where nothing was to be changed.
    pub text: String,
    pub office: Office,
    pub findings: Findings,
    /// Of the tenant in question.
    pub groups: Groups,
}

/// Does what an administrator of the tenant `domain` wishes.
///
/// # Errors
/// What speaks against it, in words for people; nothing is changed then.
pub fn edited(
    file: &str,
    text: &str,
    domain: &str,
    wish: &Wish,
    files: &mut ReadFile<'_>,
) -> Result<Edited, Vec<Objection>> {
    let (before, old) = Office::parse(file, text, files)
        .map_err(|found| at_fault(&found, &Part::of_broken(domain, file, text, files)))?;
    let holder = Holder::of(&before, domain)?;
    let was = match &holder {
        Holder::File(path) => text_in(path, files)?,
        Holder::Top | Holder::Tenant(_) => text.to_owned(),
    };
    if let Wish::List = wish {
        return finished(was.clone(), was, before, old, &holder);
    }
    let new = rewritten(&was, &holder, wish)?;
    let parsed = match &holder {
        Holder::File(path) => Office::parse(file, text, &mut Overlaid { files, path, text: &new }),
        Holder::Top | Holder::Tenant(_) => Office::parse(file, &new, files),
    };
    let part = Part::of(&holder, file, &new);
    let refused = |findings: Findings| objections(&fresh(&findings, &old), &part);
    let (office, findings) = parsed.map_err(refused)?;
    // What an office can live without an administrator has not meant.
    let left_out = fresh(&findings, &old);
    if !left_out.is_empty() {
        return Err(objections(&left_out, &part));
    }
    finished(was, new, office, findings, &holder)
}

/// The change alone, unchecked.
fn rewritten(text: &str, holder: &Holder, wish: &Wish) -> Result<String, Vec<Objection>> {
    let layout = Layout::of(text);
    let plain = layout.plain();
    let mut knife = knife_for(&plain, wish);
    let mut document = read(&plain)?;
    let groups = holder.groups_in(&mut document)?;
    match wish {
        Wish::List => {}
        Wish::Add { group } => {
            bounded(group)?;
            groups.add(group)?;
        }
        Wish::Edit { name, was, group } => {
            bounded(group)?;
            groups.is_still(name, was.as_ref())?;
            groups.change(name, group, &mut knife)?;
        }
        Wish::Delete { name } => groups.delete(name, &mut knife)?,
    }
    let new = layout.restored(&knife.cut(&document.to_string()));
    // Whoever wrote it could not read it again.
    if new.len() > TEXT_BYTES_MAX.max(text.len()) {
        let words = format!("the settings file would be longer than {} MiB", TEXT_BYTES_MAX >> 20);
        return Err(one("", words));
    }
    Ok(new)
}

/// Its mark is neither in the file nor in what is written into it.
fn knife_for(plain: &str, wish: &Wish) -> Knife {
    let name = match wish {
        Wish::Add { group } | Wish::Edit { group, .. } => CallerName::clean(&group.name),
        Wish::List | Wish::Delete { .. } => CallerName::default(),
    };
    Knife::for_texts(&[plain, &format!("{wish:?}"), name.as_str()])
}

fn text_in(path: &str, files: &mut ReadFile<'_>) -> Result<String, Vec<Objection>> {
    let bytes = files.read(path).map_err(|fault| one("", format!("{path}: {fault}")))?;
    String::from_utf8(bytes).map_err(|_| one("", format!("{path}: it is not UTF-8")))
}

/// The files as they would be with one of them changed.
struct Overlaid<'o, 'f> {
    files: &'o mut ReadFile<'f>,
    path: &'o str,
    text: &'o str,
}

impl Files for Overlaid<'_, '_> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        if path == self.path { Ok(self.text.into()) } else { self.files.read(path) }
    }

    fn list(&mut self, folder: &str) -> Result<Vec<String>, String> {
        self.files.list(folder)
    }
}

fn finished(
    was: String,
    text: String,
    office: Office,
    findings: Findings,
    holder: &Holder,
) -> Result<Edited, Vec<Objection>> {
    let mut document = read(&Layout::of(&text).plain())?;
    let groups = Groups {
        groups: holder.groups_in(&mut document)?.forms(),
        ring_groups: holder.tenant(&office).map(ring_groups).unwrap_or_default(),
    };
    let file = match holder {
        Holder::File(path) => Some(path.clone()),
        Holder::Top | Holder::Tenant(_) => None,
    };
    Ok(Edited { file, was, text, office, findings, groups })
}

fn read(text: &str) -> Result<DocumentMut, Vec<Objection>> {
    text.parse().map_err(|fault: toml_edit::TomlError| one("", fault.message()))
}

fn ring_groups(tenant: &Tenant) -> Vec<RingGroupName> {
    let groups = tenant.ring_groups.iter();
    let named = groups.map(|group| RingGroupName {
        number: group.number.0.clone(),
        name: group.name.to_string(),
    });
    named.collect()
}

/// Whose groups they are.
enum Holder {
    /// The office at the top of the file.
    Top,
    /// That of the `[[tenant]]` at this place among them.
    Tenant(usize),
    /// That of a file of its own.
    File(String),
}

impl Holder {
    fn of(office: &Office, domain: &str) -> Result<Self, Vec<Objection>> {
        if office.tenant.domain == domain {
            return Ok(Self::Top);
        }
        let mut tenants = office.further_tenants.iter();
        if let Some(Tenant { file: Some(file), .. }) = tenants.clone().find(|t| t.domain == domain)
        {
            return Ok(Self::File(file.clone()));
        }
        let place = tenants.position(|tenant| tenant.domain == domain);
        let gone = || one("", format!("the settings file has no tenant {domain} any more"));
        place.map(Self::Tenant).ok_or_else(gone)
    }

    fn tenant<'o>(&self, office: &'o Office) -> Option<&'o Tenant> {
        match self {
            Self::Top => Some(&office.tenant),
            Self::Tenant(place) => office.further_tenants.get(*place),
            Self::File(path) => {
                let mut tenants = office.further_tenants.iter();
                tenants.find(|tenant| tenant.file.as_ref() == Some(path))
            }
        }
    }

    fn groups_in<'d>(&self, document: &'d mut DocumentMut) -> Result<List<'d>, Vec<Objection>> {
        let table = match self {
            Self::Top | Self::File(_) => document.as_table_mut(),
            Self::Tenant(place) => document
                .get_mut("tenant")
                .and_then(Item::as_array_of_tables_mut)
                .and_then(|tenants| tenants.get_mut(*place))
                .ok_or_else(|| {
                    one("", "write each tenant as [[tenant]], then it can be changed")
                })?,
        };
        Ok(List(table))
    }
}

/// The table that holds the groups, in whichever form they are written.
struct List<'d>(&'d mut Table);

impl List<'_> {
    fn forms(&self) -> Vec<GroupForm> {
        match self.0.get(KEY) {
            Some(Item::ArrayOfTables(groups)) => groups.iter().map(|g| group::form(g)).collect(),
            Some(Item::Value(Value::Array(groups))) => {
                let tables = groups.iter().filter_map(Value::as_inline_table);
                tables.map(|g| group::form(g)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn place_of(&self, name: &str) -> Result<usize, Vec<Objection>> {
        let wanted = CallerName::clean(name);
        let mut forms = self.forms().into_iter();
        let place = forms.position(|form| CallerName::clean(&form.name) == wanted);
        place.ok_or_else(|| one("", format!("there is no call park group {wanted} (any more)")))
    }

    /// Nobody has changed it since somebody looked at it.
    fn is_still(&self, name: &str, was: Option<&GroupForm>) -> Result<(), Vec<Objection>> {
        let place = self.place_of(name)?;
        if was.is_none() || self.forms().get(place) == was {
            return Ok(());
        }
        let name = CallerName::clean(name);
        Err(one("", format!("somebody has changed the group {name} meanwhile: look at it again")))
    }

    fn add(self, form: &GroupForm) -> Result<(), Vec<Objection>> {
        if self.forms().len() >= GROUPS_MAX {
            return Err(one("", format!("there are {GROUPS_MAX} call park groups: no more")));
        }
        match self.0.entry(KEY).or_insert(Item::ArrayOfTables(ArrayOfTables::new())) {
            Item::ArrayOfTables(groups) => groups.push(group::new_table(form)),
            Item::Value(Value::Array(groups)) => inline::add(groups, form),
            _ => return Err(one("", "call_park_group is no list")),
        }
        Ok(())
    }

    fn change(self, name: &str, form: &GroupForm, knife: &mut Knife) -> Result<(), Vec<Objection>> {
        let place = self.place_of(name)?;
        match self.0.get_mut(KEY) {
            Some(Item::ArrayOfTables(groups)) => {
                if let Some(table) = groups.get_mut(place) {
                    group::change_table(table, form, knife);
                }
            }
            Some(Item::Value(Value::Array(groups))) => {
                let inline = groups.get_mut(place).and_then(Value::as_inline_table_mut);
                if let Some(table) = inline {
                    group::change_inline(table, form);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn delete(self, name: &str, knife: &mut Knife) -> Result<(), Vec<Objection>> {
        let place = self.place_of(name)?;
        match self.0.get_mut(KEY) {
            Some(Item::ArrayOfTables(groups)) => {
                if let Some(table) = groups.get_mut(place) {
                    group::delete_table(table, knife);
                }
            }
            Some(Item::Value(Value::Array(groups))) => inline::delete(groups, place),
            _ => {}
        }
        Ok(())
    }
}

/// Whoever asks may be hostile; the file is not to grow without end.
fn bounded(form: &GroupForm) -> Result<(), Vec<Objection>> {
    if form.members.len() > MEMBERS_MAX {
        return Err(one("members", format!("more than {MEMBERS_MAX} members")));
    }
    let members = form.members.iter().map(|member| ("members", member));
    let mut texts = group::texts(form).into_iter().chain(members);
    match texts.find(|(_, text)| text.len() > VALUE_BYTES_MAX) {
        Some((field, _)) => Err(one(field, format!("longer than {VALUE_BYTES_MAX} letters"))),
        None => Ok(()),
    }
}

fn one(field: &str, words: impl Into<String>) -> Vec<Objection> {
    vec![Objection::new(field, words)]
}

/// For texts that name no other files.
///
/// # Errors
/// As [`edited`].
pub fn edited_alone(text: &str, domain: &str, wish: &Wish) -> Result<Edited, Vec<Objection>> {
    edited("office.toml", text, domain, wish, &mut no_files)
}
