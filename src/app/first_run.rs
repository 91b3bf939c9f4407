//! The questions of a first start, asked plainly on the terminal.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use crossterm::event::{Event, KeyCode, KeyModifiers, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::app::{Trouble, settings};
use crate::domain::chance::Chance;
use crate::domain::ids::Extension;
use crate::edge::{chance, files};

pub enum Choice {
    Demo,
    /// `desk.toml` is there now.
    Written,
}

const WELCOME: &str = "\
Bellhop has no settings yet. What is to be done?

  1  Try it: a whole office with simulated callers, nothing is kept
  2  Set up: this machine is our phone system, and this is a desk of it
  3  Connect: our phone system is elsewhere, and this is a desk of it
";
const DESKS_MAX: u32 = 200;
const PASSWORD_LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Asks, and writes what was answered.
///
/// # Errors
/// There is nobody to ask, or the settings cannot be written.
pub fn ask(desk_file: &Path) -> Result<Choice, Trouble> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let file = desk_file.display();
        let advice = "start `bellhop` at a terminal once, or write it by hand";
        return Err(Trouble::new(format!("{file}: there is no such file; {advice}")));
    }
    say(WELCOME)?;
    loop {
        match answer("1, 2 or 3: ")?.as_str() {
            "1" => return Ok(Choice::Demo),
            "2" => return set_up(desk_file),
            "3" => return connect(desk_file),
            _ => {}
        }
    }
}

fn connect(desk_file: &Path) -> Result<Choice, Trouble> {
    loop {
        let server = answer("Server, such as udp:192.168.1.10:5060: ")?;
        let extension = extension("Your extension, such as 101: ")?;
        let password = secret("Password of this extension (not shown): ")?;
        let text = desk_text(&server, extension.as_str(), &password, None);
        write(desk_file, &text)?;
        match settings::desk(desk_file, &[]) {
            Ok(_) => return Ok(Choice::Written),
            Err(trouble) => {
                remove(desk_file);
                say(&format!("\n{trouble}\n"))?;
            }
        }
    }
}

fn set_up(desk_file: &Path) -> Result<Choice, Trouble> {
    let office_file = desk_file.with_file_name("office.toml");
    if office_file.exists() {
        let file = office_file.display();
        return Err(Trouble::new(format!(
            "{file}: this office is there already; name it in desk.toml"
        )));
    }
    let desks = number("How many phones will there be, this desk among them? ", DESKS_MAX)?;
    let mut chance = chance::seeded_by_the_system()
        .map_err(|fault| Trouble::new(format!("no randomness: {fault}")))?;
    let passwords: Vec<String> = (0..desks).map(|_| password(&mut chance)).collect();
    write(&office_file, &office_text(&passwords))?;
    let own = passwords.first().map(String::as_str).unwrap_or_default();
    write(desk_file, &desk_text("tcp:127.0.0.1:5060", "101", own, Some("office.toml")))?;
    let file = office_file.display();
    say(&format!(
        "\nThe office is written down in {file}: names, passwords, groups, lines to the outside.\n\
         This desk is 101; the other phones are 102 and up, with the passwords in that file.\n"
    ))?;
    answer("Enter starts it: ")?;
    Ok(Choice::Written)
}

fn desk_text(server: &str, extension: &str, password: &str, office: Option<&str>) -> String {
    let (server, password) = (quoted(server), quoted(password));
    let office = office.map(|config| format!("\n[office]\nconfig = {}\n", quoted(config)));
    format!(
        "# The console. Everything else has a default; docs/CONFIGURATION.md says which.\n\
         [account]\nserver = {server}\nextension = \"{extension}\"\npassword = {password}\n{}",
        office.unwrap_or_default()
    )
}

/// One group, so that group park and its recall work from the first day.
fn office_text(passwords: &[String]) -> String {
    let mut text =
        "# The office. Everything else has a default; docs/CONFIGURATION.md says which.\n\
         [server]\nlisten = [\"udp:0.0.0.0:5060\", \"tcp:0.0.0.0:5060\"]\n"
            .to_owned();
    let numbers: Vec<String> = (101..).take(passwords.len()).map(|n: u32| n.to_string()).collect();
    for (number, password) in numbers.iter().zip(passwords) {
        let name = if number == "101" { "Reception".to_owned() } else { format!("Desk {number}") };
        text.push_str(&format!(
            "\n[[extension]]\nnumber = \"{number}\"\nname = \"{name}\"\npassword = \"{password}\"\n"
        ));
    }
    let members: Vec<String> = numbers.iter().map(|number| format!("\"{number}\"")).collect();
    let members = members.join(", ");
    text.push_str(&format!("\n[[call_park_group]]\nname = \"Everybody\"\nmembers = [{members}]\n"));
    text
}

fn password(chance: &mut Chance) -> String {
    let letters = (0..16).filter_map(|_| chance.pick(PASSWORD_LETTERS));
    letters.map(char::from).collect()
}

/// A TOML basic string (TOML 1.0, String).
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn write(file: &Path, text: &str) -> Result<(), Trouble> {
    let folder = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    let written = folder.and_then(|()| files::replace_private(file, text.as_bytes()));
    written.map_err(|fault| Trouble::new(format!("{}: {fault}", file.display())))
}

fn remove(file: &Path) {
    // What is wrong with it has just been said.
    let _ = std::fs::remove_file(file);
}

fn extension(question: &str) -> Result<Extension, Trouble> {
    loop {
        match Extension::parse(&answer(question)?) {
            Ok(extension) => return Ok(extension),
            Err(fault) => say(&format!("{fault}"))?,
        }
    }
}

fn number(question: &str, max: u32) -> Result<u32, Trouble> {
    loop {
        match answer(question)?.parse() {
            Ok(number) if (1..=max).contains(&number) => return Ok(number),
            _ => say(&format!("a number from 1 to {max}"))?,
        }
    }
}

/// # Errors
/// Nobody reads.
pub fn say(text: &str) -> Result<(), Trouble> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").map_err(|fault| Trouble::new(fault.to_string()))
}

/// One line, without the spaces around it.
///
/// # Errors
/// Nobody answers any more.
pub fn answer(question: &str) -> Result<String, Trouble> {
    let fault = |fault: io::Error| Trouble::new(fault.to_string());
    let mut out = io::stdout().lock();
    write!(out, "{question}").and_then(|()| out.flush()).map_err(fault)?;
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line).map_err(fault)? {
        0 => Err(Trouble::new("nobody answers")),
        _ => Ok(line.trim().to_owned()),
    }
}

/// One line that does not show.
fn secret(question: &str) -> Result<String, Trouble> {
    let mut out = io::stdout().lock();
    let fault = |fault: io::Error| Trouble::new(fault.to_string());
    write!(out, "{question}").and_then(|()| out.flush()).map_err(fault)?;
    enable_raw_mode().map_err(fault)?;
    let typed = typed_in_secret();
    disable_raw_mode().map_err(fault)?;
    writeln!(out).map_err(fault)?;
    typed.ok_or_else(|| Trouble::new("nothing was written"))
}

fn typed_in_secret() -> Option<String> {
    let mut text = String::new();
    loop {
        match read().ok()? {
            Event::Key(key) if key.is_release() => {}
            Event::Key(key) => match key.code {
                KeyCode::Enter => return Some(text),
                KeyCode::Esc => return None,
                KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    return None;
                }
                KeyCode::Char(c) => text.push(c),
                KeyCode::Backspace => drop(text.pop()),
                _ => {}
            },
            Event::Paste(pasted) => text.push_str(&pasted),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_the_program_reads() {
        let folder = tempfile::tempdir().unwrap();
        let office = folder.path().join("office.toml");
        let passwords = ["one", "two", "three"].map(str::to_owned);
        write(&office, &office_text(&passwords)).unwrap();
        let (read, _) = settings::office(&office).unwrap();
        assert_eq!(read.tenant.extensions.len(), 3);
        assert_eq!(read.tenant.call_park_groups[0].members.len(), 3);

        let desk = folder.path().join("desk.toml");
        let text = desk_text("tcp:127.0.0.1:5060", "101", "o\"n\\e\t", Some("office.toml"));
        write(&desk, &text).unwrap();
        let (read, _) = settings::desk(&desk, &[]).unwrap();
        let crate::config::desk::Password::Given(password) = &read.account.password else {
            panic!("no password")
        };
        assert_eq!(password.reveal(), "o\"n\\e\t");
        assert_eq!(read.office.as_deref(), Some("office.toml"));
    }

    #[test]
    fn passwords_are_long_and_no_two_alike() {
        let mut chance = Chance::from_seed(1);
        let (one, other) = (password(&mut chance), password(&mut chance));
        assert_eq!(one.len(), 16);
        assert_ne!(one, other);
    }
}
