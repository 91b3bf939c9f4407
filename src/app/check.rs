//! `bellhop check`: every fault of the configuration files, in one pass.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::app::cli::CheckArgs;
use crate::app::{Trouble, settings};
use crate::config::{Complaint, Desk, Findings, Kind, Office, Severity, kind_of};
use crate::edge::files;
use crate::edge::folders::Folders;

/// Prints what it finds, a line each.
///
/// # Errors
/// There is a fault, or nothing to check.
pub fn run(args: &CheckArgs) -> Result<(), Trouble> {
    let files = if args.config.is_empty() { usual_files() } else { args.config.clone() };
    if files.is_empty() {
        return Err(Trouble::new(
            "no office.toml here and no desk.toml of this user: name a file with --config",
        ));
    }
    let faulty = files.iter().filter(|file| !is_faultless(file)).count();
    if faulty == 0 { Ok(()) } else { Err(Trouble::new(summary(faulty, files.len()))) }
}

/// Those that are there of the files a user has without naming any.
fn usual_files() -> Vec<PathBuf> {
    let own = Folders::of_this_user();
    let own = own.iter().flat_map(|folders| [folders.desk_file(), folders.keys_file()]);
    let files = [PathBuf::from("office.toml")].into_iter().chain(own);
    files.filter(|file| file.exists()).collect()
}

fn is_faultless(file: &Path) -> bool {
    match findings_in(file) {
        Ok((findings, keys)) => {
            for complaint in findings.as_slice() {
                say(&complaint.to_string());
            }
            if let Some(trouble) = &keys {
                say(&trouble.to_string());
            }
            let faultless = keys.is_none() && !findings.has_faults();
            if faultless {
                say(&format!("{}: no faults", file.display()));
            }
            faultless
        }
        Err(trouble) => {
            say(&trouble.to_string());
            false
        }
    }
}

/// What is wrong with the file, and with the keymap it names.
fn findings_in(file: &Path) -> Result<(Findings, Option<Trouble>), Trouble> {
    let text = settings::text_of(file)?;
    let name = file.to_string_lossy();
    let mut beside = files::reader_beside(file);
    match kind_of(&name, &text) {
        Kind::Office => match Office::parse(&name, &text, &mut beside) {
            Ok((office, findings)) => {
                let warning = emergency_warning(&name, &office);
                let all: Vec<Complaint> = findings.into_iter().chain(warning).collect();
                Ok((Findings::from(all), None))
            }
            Err(findings) => Ok((findings, None)),
        },
        Kind::Desk => match Desk::parse(&name, &text, &[], &mut beside) {
            Ok((desk, findings)) => {
                Ok((findings, settings::keymap_alone(file, &desk.screen.keymap).err()))
            }
            Err(findings) => Ok((findings, None)),
        },
        Kind::Keys => settings::changed_keymap(file).map(|_| (Findings::default(), None)),
    }
}

/// An office without a line to the outside is right, but somebody should know.
fn emergency_warning(file: &str, office: &Office) -> Option<Complaint> {
    let mut tenants = [&office.tenant].into_iter().chain(&office.further_tenants);
    let without = tenants.find(|tenant| tenant.trunks.is_empty())?;
    let numbers = office.server.emergency.join(", ");
    let of = if office.further_tenants.is_empty() { "" } else { &without.domain };
    let of = if of.is_empty() { String::new() } else { format!(" of {of}") };
    (!numbers.is_empty()).then(|| Complaint {
        severity: Severity::Warning,
        file: file.to_owned(),
        line: 1,
        column: 1,
        key: "trunk".to_owned(),
        value: String::new(),
        fault: format!("without a [[trunk]] no phone{of} reaches {numbers}"),
        nearest: None,
    })
}

fn summary(faulty: usize, all: usize) -> String {
    match (faulty, all) {
        (1, 1) => "the file has faults".to_owned(),
        _ => format!("{faulty} of {all} files have faults"),
    }
}

/// A reader who has gone away needs no answer.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
