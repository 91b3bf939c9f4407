//! The commands: each composes cores and edge.

pub mod books;
pub mod check;
pub mod cli;
pub mod console;
pub mod ctl;
pub mod demo;
pub mod embedded;
pub mod first_run;
pub mod log;
pub mod pictures;
pub mod provision;
pub mod serve;
pub mod settings;

/// Why a command could not do what was asked: what happened, to what, and
/// what to do, in words for people. Printed by `main` alone; exit code 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(String);

impl Trouble {
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Does what the command line asks.
///
/// # Errors
/// It cannot be done.
pub fn run(line: &cli::Line) -> Result<(), Trouble> {
    match &line.command {
        None => console::run(&cli::ConsoleArgs::default()),
        Some(cli::Command::Check(args)) => check::run(args),
        Some(cli::Command::Serve(args)) => serve::run(args),
        Some(cli::Command::Console(args)) => console::run(args),
        Some(cli::Command::Ctl(args)) => ctl::run(args),
        Some(cli::Command::Provision(args)) => provision::run(args),
        Some(cli::Command::Pictures(args)) => pictures::run(args),
        Some(cli::Command::Demo(args)) => demo::run(args),
    }
}
