//! The command line's grammar. Wrong usage is answered by `clap`, exit code 2.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::domain::device::Make;
use crate::domain::ids::Extension;

/// A receptionist's desk phone in a terminal, and the small-office phone
/// system behind it.
#[derive(Debug, Parser)]
#[command(name = "bellhop", version, max_term_width = 100)]
pub struct Line {
    /// Without a command: the console
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find every fault in office, desk and key files
    Check(CheckArgs),
    /// Run the phone system, without a screen
    Serve(ServeArgs),
    /// Sit down at a desk
    Console(ConsoleArgs),
    /// Ask a running server something, or have it do something
    Ctl(CtlArgs),
    /// Print the settings file of somebody's desk phone
    Provision(ProvisionArgs),
    /// Draw the screens of the manual
    #[command(hide = true)]
    Pictures(PicturesArgs),
    /// A whole office on this machine, with people who call and answer
    Demo(DemoArgs),
}

/// The server, without a screen
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The office's settings
    #[arg(long, value_name = "FILE", default_value = "office.toml")]
    pub config: PathBuf,
    /// Where `bellhop ctl` reaches this server; by default in this user's runtime folder
    #[arg(long, value_name = "FILE")]
    pub socket: Option<PathBuf>,
    /// End when standard input does, and so with the program that started us
    #[arg(long, hide = true)]
    pub while_stdin: bool,
}

/// A running server, asked over its local socket
#[derive(Debug, Args)]
pub struct CtlArgs {
    #[command(subcommand)]
    pub verb: CtlVerb,
    /// The settings of the office that is meant
    #[arg(long, global = true, value_name = "FILE", default_value = "office.toml")]
    pub config: PathBuf,
    /// The server's socket, where it is not the usual one
    #[arg(long, global = true, value_name = "FILE")]
    pub socket: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum CtlVerb {
    /// Who is registered, and how many calls there are
    Status,
    /// Who is parked where, and what happens to him next
    Parked,
    /// Read the settings anew; a file with a fault changes nothing
    Reload,
    /// Look at the call park groups, or change one while the office runs
    Group(GroupArgs),
}

#[derive(Debug, Args)]
pub struct GroupArgs {
    #[command(subcommand)]
    pub verb: GroupVerb,
    /// Of several offices in one server, the one of this domain
    #[arg(long, global = true, value_name = "DOMAIN")]
    pub domain: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum GroupVerb {
    /// All groups, in the words of the settings
    List,
    /// A new group
    Add {
        name: String,
        #[command(flatten)]
        settings: GroupSettings,
    },
    /// Other settings for a group; those not named stay
    Edit {
        name: String,
        /// Call it this from now on
        #[arg(long = "name", value_name = "NAME")]
        new_name: Option<String>,
        #[command(flatten)]
        settings: GroupSettings,
    },
    /// No such group any more; its calls stay where they are
    Delete { name: String },
}

/// `default` takes a setting away
#[derive(Debug, Args)]
pub struct GroupSettings {
    /// Extensions in hunting order, such as 101,102; "" for none
    #[arg(long, value_name = "LIST")]
    pub members: Option<String>,
    /// Such as 45s
    #[arg(long, value_name = "TIME")]
    pub recall_timer: Option<String>,
    /// parking-user, parking-user-then-ring-group, ring-group or number:0301234567
    #[arg(long, value_name = "WHERE")]
    pub recall_to: Option<String>,
    /// The ring group's number
    #[arg(long, value_name = "NUMBER")]
    pub ring_group: Option<String>,
    /// How long the parking user rings before the ring group
    #[arg(long, value_name = "TIME")]
    pub ring_group_wait: Option<String>,
    /// Recalls in vain before the alarm; 0 for never
    #[arg(long, value_name = "N", value_parser = rounds)]
    pub recall_rounds: Option<Rounds>,
    /// Who is rung as well after those, such as number:102
    #[arg(long, value_name = "NUMBER")]
    pub recall_fallback: Option<String>,
}

/// `101, 102` or `101,102`.
pub fn members_of(list: &str) -> Vec<String> {
    list.split([',', ' ']).filter(|member| !member.is_empty()).map(str::to_owned).collect()
}

/// The settings of a desk phone, with its password
#[derive(Debug, Args)]
pub struct ProvisionArgs {
    /// cisco, dinstar, fanvil, grandstream, htek, poly, snom or yealink
    #[arg(value_parser = Make::parse)]
    pub make: Make,
    /// Whose phone it is
    #[arg(value_parser = extension)]
    pub extension: Extension,
    /// The office's settings
    #[arg(long, value_name = "FILE", default_value = "office.toml")]
    pub config: PathBuf,
    /// Of several offices in one server, the one of this domain
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// The server's address as the phone reaches it; by default this machine's
    #[arg(long, value_name = "IP")]
    pub address: Option<IpAddr>,
    /// For whoever types the settings in; always so where the make's format is not public
    #[arg(long)]
    pub sheet: bool,
    /// The address, with a secret in it, at which only this phone fetches its file
    #[arg(long, conflicts_with = "sheet")]
    pub url: bool,
}

/// The console alone
#[derive(Debug, Default, Args)]
pub struct ConsoleArgs {
    /// The console's settings; by default desk.toml in the user's settings folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A setting that wins over the file's, such as screen.blink=false
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub set: Vec<String>,
    /// Draw with ASCII alone
    #[arg(long)]
    pub ascii: bool,
}

/// A whole office with simulated callers and colleagues, and the console
#[derive(Debug, Default, Args)]
pub struct DemoArgs {
    /// Columns and rows, such as 80x24; by default the terminal's own
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub size: Option<Size>,
    /// The morning that --headless plays, in scenes
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Play a morning without a terminal and print what happened as JSON lines
    #[arg(long)]
    pub headless: bool,
    /// End after this many seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: Option<u32>,
}

/// Draw the screens of the manual
#[derive(Debug, Args)]
pub struct PicturesArgs {
    /// The folder they are written to
    #[arg(long, value_name = "FOLDER", default_value = "screenshots")]
    pub out: PathBuf,
    /// Write nothing; fail if the files there are not what would be drawn
    #[arg(long)]
    pub check: bool,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A file to check, of any kind; may be given several times. By default
    /// office.toml here, and desk.toml and keys.toml in the user's settings folder
    #[arg(long, value_name = "FILE")]
    pub config: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounds {
    Default,
    Number(u32),
}

/// A terminal's size in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
}

fn extension(text: &str) -> Result<Extension, String> {
    Extension::parse(text).map_err(|fault| format!("not {}", fault.wanted))
}

fn rounds(text: &str) -> Result<Rounds, String> {
    match text {
        "default" => Ok(Rounds::Default),
        number => number.parse().map(Rounds::Number).map_err(|_| "a number, or default".to_owned()),
    }
}

fn size(text: &str) -> Result<Size, String> {
    let wanted = || "a size is columns x rows, from 20x6 to 500x200, such as 80x24".to_owned();
    let (columns, rows) = text.split_once(['x', 'X']).ok_or_else(wanted)?;
    let size = columns.parse().ok().zip(rows.parse().ok());
    let (columns, rows) = size.ok_or_else(wanted)?;
    let fits = (20..=500).contains(&columns) && (6..=200).contains(&rows);
    if fits { Ok(Size { columns, rows }) } else { Err(wanted()) }
}

fn key_and_value(text: &str) -> Result<String, String> {
    let key = text.split_once('=').map(|(key, _)| key.trim()).unwrap_or_default();
    let is_path = !key.is_empty()
        && key.split('.').all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        });
    if is_path { Ok(text.to_owned()) } else { Err("such as screen.blink=false".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_holds_together() {
        use clap::CommandFactory;
        Line::command().debug_assert();
    }

    #[test]
    fn sizes_and_settings_are_held_to_their_form() {
        assert_eq!(size("80x24"), Ok(Size { columns: 80, rows: 24 }));
        for wrong in ["80", "x24", "80x", "10x24", "80x24x1", "9999x24"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert!(key_and_value("screen.blink=false").is_ok());
        for wrong in ["blink", "=1", "a..b=1", "a b=1", "a]\n[x=1"] {
            assert!(key_and_value(wrong).is_err(), "{wrong}");
        }
    }
}
