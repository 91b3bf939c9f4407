//! `bellhop ctl`: asks a running server, and prints what it answers.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::app::cli::{CtlArgs, CtlVerb, GroupArgs, GroupSettings, GroupVerb};
use crate::app::{Trouble, cli};
use crate::domain::administration::{GroupForm, Groups, Objection, Wish};
use crate::domain::caller_name::CallerName;
use crate::domain::ids::Extension;
use crate::edge::ctl::{self, Answer, ParkedCall, Question, Status};
use crate::edge::folders::Folders;

/// # Errors
/// No server runs, or it refuses; the message says why.
pub fn run(args: &CtlArgs) -> Result<(), Trouble> {
    let answer = match &args.verb {
        CtlVerb::Status => ask(args, &Question::Status)?,
        CtlVerb::Parked => ask(args, &Question::Parked)?,
        CtlVerb::Reload => ask(args, &Question::Reload)?,
        CtlVerb::Group(group) => group_verb(args, group)?,
    };
    if let Answer::Refused(objections) = &answer {
        return Err(Trouble::new(in_words(objections)));
    }
    let text = if args.json { json(&answer)? } else { shown(&answer) };
    let mut out = std::io::stdout().lock();
    let printed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    printed.map_err(|fault| Trouble::new(format!("nobody reads: {fault}")))
}

/// The socket of a server that is about to listen.
///
/// # Errors
/// None is named, and the user has no home folder.
pub fn own_socket(args: &cli::ServeArgs) -> Result<PathBuf, Trouble> {
    match &args.socket {
        Some(named) => Ok(named.clone()),
        None => Ok(ctl::socket_of(&folders()?, &args.config)),
    }
}

fn folders() -> Result<Folders, Trouble> {
    let none = || Trouble::new("this user has no home folder: name a socket with --socket");
    Folders::of_this_user().ok_or_else(none)
}

fn ask(args: &CtlArgs, question: &Question) -> Result<Answer, Trouble> {
    let sockets = match &args.socket {
        Some(named) => vec![named.clone()],
        None => ctl::sockets_of(&folders()?, &args.config),
    };
    let mut others = None;
    for socket in sockets {
        match ctl::ask(&socket, question) {
            Ok(answer) => return Ok(answer),
            Err(fault) if args.socket.is_none() && is_nobody(&fault) => {}
            Err(fault) if args.socket.is_none() && is_anothers(&fault) => others = Some(socket),
            Err(fault) => return Err(Trouble::new(format!("{}: {fault}", socket.display()))),
        }
    }
    Err(Trouble::new(nobody_answers(args, others.as_deref())))
}

fn is_nobody(fault: &io::Error) -> bool {
    matches!(fault.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn is_anothers(fault: &io::Error) -> bool {
    fault.kind() == io::ErrorKind::PermissionDenied
}

fn nobody_answers(args: &CtlArgs, others: Option<&Path>) -> String {
    let config = args.config.display();
    let words =
        format!("no server of this user runs with {config} (`bellhop serve --config {config}`)");
    match others.and_then(Path::parent) {
        // The service's: what is in it is not seen.
        Some(folder) => format!(
            "{words}; {} is another user's, who may be asked: `sudo -u bellhop bellhop ctl`",
            folder.display()
        ),
        None => words,
    }
}

fn group_verb(args: &CtlArgs, group: &GroupArgs) -> Result<Answer, Trouble> {
    let wish = match &group.verb {
        GroupVerb::List => Wish::List,
        GroupVerb::Add { name, settings } => Wish::Add {
            group: settings.over(GroupForm { name: name.clone(), ..GroupForm::default() }),
        },
        GroupVerb::Edit { name, new_name, settings } => {
            let was = existing(args, group, name)?;
            let mut group = settings.over(was.clone());
            group.name = new_name.clone().unwrap_or(group.name);
            Wish::Edit { name: was.name.clone(), was: Some(was), group }
        }
        GroupVerb::Delete { name } => Wish::Delete { name: name.clone() },
    };
    ask(args, &Question::Group { domain: group.domain.clone(), wish })
}

fn existing(args: &CtlArgs, group: &GroupArgs, name: &str) -> Result<GroupForm, Trouble> {
    let question = Question::Group { domain: group.domain.clone(), wish: Wish::List };
    let wanted = CallerName::clean(name);
    match ask(args, &question)? {
        Answer::Groups(Groups { groups, .. }) => {
            let mut groups = groups.into_iter();
            let found = groups.find(|group| CallerName::clean(&group.name) == wanted);
            found.ok_or_else(|| Trouble::new(format!("there is no call park group {wanted}")))
        }
        Answer::Refused(objections) => Err(Trouble::new(in_words(&objections))),
        _ => Err(Trouble::new("the server answers something else: another version?")),
    }
}

impl GroupSettings {
    /// What is given replaces what is there; `default` takes a setting away.
    fn over(&self, group: GroupForm) -> GroupForm {
        let text = |given: &Option<String>, old: Option<String>| match given.as_deref() {
            None => old,
            Some("default") => None,
            Some(given) => Some(given.to_owned()),
        };
        let members = self.members.as_ref().map(|list| cli::members_of(list));
        GroupForm {
            name: group.name,
            members: members.unwrap_or(group.members),
            recall_timer: text(&self.recall_timer, group.recall_timer),
            recall_to: text(&self.recall_to, group.recall_to),
            ring_group: text(&self.ring_group, group.ring_group),
            ring_group_wait: text(&self.ring_group_wait, group.ring_group_wait),
            recall_rounds: match self.recall_rounds {
                None => group.recall_rounds,
                Some(cli::Rounds::Default) => None,
                Some(cli::Rounds::Number(rounds)) => Some(rounds),
            },
            recall_fallback: text(&self.recall_fallback, group.recall_fallback),
        }
    }
}

fn in_words(objections: &[Objection]) -> String {
    let lines = objections.iter().map(|Objection { field, words }| match field.as_str() {
        "" => words.clone(),
        field => format!("{field}: {words}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn json(answer: &Answer) -> Result<String, Trouble> {
    let text = match answer {
        Answer::Status(status) => serde_json::to_string(status),
        Answer::Parked(calls) => serde_json::to_string(calls),
        Answer::Groups(groups) => serde_json::to_string(groups),
        answer => serde_json::to_string(answer),
    };
    text.map(|text| format!("{text}\n")).map_err(|fault| Trouble::new(fault.to_string()))
}

fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Status(status) => status_shown(status),
        Answer::Parked(calls) => calls.iter().map(call_shown).collect(),
        Answer::Reloaded { remarks } => {
            let remarks = remarks.iter().map(|remark| format!("{remark}\n"));
            remarks.chain(["reloaded\n".to_owned()]).collect()
        }
        Answer::Groups(groups) => groups.groups.iter().map(group_shown).collect(),
        Answer::Refused(objections) => in_words(objections),
    }
}

fn status_shown(status: &Status) -> String {
    let mut text = format!("Bellhop {}, running for {}\n", status.version, span(status.running_s));
    for tenant in &status.tenants {
        text.push_str(&format!(
            "{}: {} of {} extensions registered, {} phones in calls, {} parked\n",
            tenant.domain, tenant.registered, tenant.extensions, tenant.legs, tenant.parked
        ));
    }
    text
}

fn call_shown(parked: &ParkedCall) -> String {
    let call = &parked.call;
    let next = call.next.as_ref();
    let next = next.map(|next| format!(", in {} {}", span(next.in_ms / 1000), next.what));
    format!(
        "*{} at {}: {} {}, parked by {} for {}{}\n",
        call.key,
        call.place,
        call.caller,
        call.caller.number,
        call.parker.extension.as_ref().map_or("", Extension::as_str),
        span(call.waited_ms / 1000),
        next.unwrap_or_default(),
    )
}

/// The file's own words, so that they can be given back.
fn group_shown(group: &GroupForm) -> String {
    let rounds = group.recall_rounds.map(|rounds| rounds.to_string());
    let settings = [
        ("members", Some(group.members.join(","))),
        ("recall-timer", group.recall_timer.clone()),
        ("recall-to", group.recall_to.clone()),
        ("ring-group", group.ring_group.clone()),
        ("ring-group-wait", group.ring_group_wait.clone()),
        ("recall-rounds", rounds),
        ("recall-fallback", group.recall_fallback.clone()),
    ];
    let mut text = format!("{}\n", CallerName::clean(&group.name));
    for (name, value) in settings {
        if let Some(value) = value {
            text.push_str(&format!("  {name} {value}\n"));
        }
    }
    text
}

fn span(seconds: u64) -> String {
    let span = Duration::from_secs(seconds).as_secs();
    match (span / 3600, span / 60 % 60, span % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}
