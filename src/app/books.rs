//! The office's settings file while the office runs: read anew, and changed
//! by administrators (product Q21). The clerk's work, on the clerk's thread.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::sync::watch;

use crate::app::{provision, serve, settings};
use crate::config::edit::{self, Edited};
use crate::config::office::{Attachment, Http, Provisioning, Server};
use crate::config::{Findings, Office};
use crate::domain::administration::{Groups, Objection, Wish};
use crate::edge::clerk::{Change, Task, Work};
use crate::edge::files;
use crate::provision::Book;
use crate::sip::flow::Transport;

/// A file that is being typed in meanwhile is looked at again, so often.
const TRIES: usize = 4;

struct Books {
    file: PathBuf,
    bound: Vec<(Transport, SocketAddr)>,
    at_start: AtStart,
    /// None: no phone was listed at the start, and none is handed its settings.
    phones: Option<watch::Sender<Book>>,
}

/// What is looked at only when the server starts.
struct AtStart {
    domain: String,
    server: Server,
    http: Option<Http>,
    provisioning: Option<Provisioning>,
    music: Option<Attachment>,
}

/// Keeps the books of an office that listens at `bound`.
pub fn keep(
    file: PathBuf,
    office: &Office,
    bound: &[(Transport, SocketAddr)],
    phones: Option<watch::Sender<Book>>,
) -> Work {
    let at_start = AtStart::of(office);
    let mut books = Books { file, bound: bound.to_vec(), at_start, phones };
    Box::new(move |task| books.work(task))
}

impl Books {
    fn work(&mut self, task: &Task) -> Result<Change, Vec<Objection>> {
        let mut change = match task {
            Task::Reload => self.reload()?,
            Task::Groups { domain, wish } => self.groups(domain.as_deref(), wish)?,
        };
        if change.settings.is_some() {
            change.remarks.extend(self.phones_too());
        }
        Ok(change)
    }

    /// Phones are handed the settings that hold now. Something to remark where
    /// they are not.
    fn phones_too(&self) -> Option<String> {
        let (office, _) = settings::office(&self.file).ok()?;
        let Some(phones) = &self.phones else {
            let words = "phones are listed now: they are handed their settings after a restart";
            return provision::lists_phones(&office).then(|| words.to_owned());
        };
        match provision::book(&office, &self.file) {
            Ok(book) => {
                phones.send_replace(book);
                None
            }
            Err(trouble) => Some(trouble.to_string()),
        }
    }

    /// In two steps: nothing holds before everything is known to be right.
    fn reload(&self) -> Result<Change, Vec<Objection>> {
        let (office, findings) =
            settings::office(&self.file).map_err(|trouble| objection(trouble.to_string()))?;
        self.change(&office, &findings, Groups::default())
    }

    fn groups(&self, domain: Option<&str>, wish: &Wish) -> Result<Change, Vec<Objection>> {
        for _ in 0..TRIES {
            let text = self.text()?;
            let edited = self.edited(&text, domain, wish)?;
            if *wish == Wish::List {
                let groups = edited.groups;
                return Ok(Change { settings: None, groups, remarks: Vec::new() });
            }
            // What the file says holds, also where it said so before.
            let change = self.change(&edited.office, &edited.findings, edited.groups)?;
            if edited.text == edited.was {
                return Ok(change);
            }
            let own = edited.file.as_ref().map(|path| files::beside(&self.file, path));
            let file = own.as_ref().unwrap_or(&self.file);
            let (was, new) = (edited.was.as_bytes(), edited.text.as_bytes());
            // What somebody has saved meanwhile is not written over.
            if self.text()? == text
                && files::replace_kept(file, was, new).map_err(|fault| not_written(file, &fault))?
            {
                return Ok(change);
            }
        }
        Err(objection("the settings file is changed again and again by somebody else"))
    }

    fn edited(
        &self,
        text: &str,
        domain: Option<&str>,
        wish: &Wish,
    ) -> Result<Edited, Vec<Objection>> {
        let name = self.file.to_string_lossy();
        let mut beside = files::reader_beside(&self.file);
        let domain = domain.unwrap_or(&self.at_start.domain);
        edit::edited(&name, text, domain, wish, &mut beside)
    }

    fn text(&self) -> Result<String, Vec<Objection>> {
        text_of(&self.file)
    }

    fn change(
        &self,
        office: &Office,
        findings: &Findings,
        groups: Groups,
    ) -> Result<Change, Vec<Objection>> {
        let started = &self.at_start;
        if office.tenant.domain != started.domain {
            let (now, new) = (&started.domain, &office.tenant.domain);
            let words = format!("the office is {now} and not {new} until the server is restarted");
            return Err(objection(words));
        }
        let mut remarks: Vec<String> =
            findings.as_slice().iter().map(ToString::to_string).collect();
        if let Some(parts) = started.differs_from(office) {
            remarks.push(format!("{parts}: what has changed there holds after a restart"));
        }
        let settings = Some(serve::all_settings(office, &self.bound));
        Ok(Change { settings, groups, remarks })
    }
}

fn text_of(file: &Path) -> Result<String, Vec<Objection>> {
    let text = files::read_text(file);
    text.map_err(|fault| objection(format!("{}: {fault}", file.display())))
}

fn not_written(file: &Path, fault: &str) -> Vec<Objection> {
    objection(format!("{} cannot be written: {fault}", file.display()))
}

impl AtStart {
    fn of(office: &Office) -> Self {
        Self {
            domain: office.tenant.domain.clone(),
            server: office.server.clone(),
            http: office.http.clone(),
            provisioning: office.provisioning.clone(),
            music: office.tenant.music.clone(),
        }
    }

    /// Sections of the file that only a start looks at, and that are not what
    /// they were.
    fn differs_from(&self, office: &Office) -> Option<String> {
        // Addresses are told to each peer anew.
        let server = Server {
            external_address: self.server.external_address,
            local_networks: self.server.local_networks.clone(),
            emergency: self.server.emergency.clone(),
            ..office.server.clone()
        };
        let parts = [
            ("[server]", self.server != server),
            ("[http]", self.http != office.http),
            ("[provisioning]", self.provisioning != office.provisioning),
            ("[music]", self.music != office.tenant.music),
        ];
        let parts: Vec<&str> =
            parts.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

fn objection(words: impl Into<String>) -> Vec<Objection> {
    vec![Objection::new("", words)]
}
