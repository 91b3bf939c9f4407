//! `bellhop demo`: a whole office on this machine. The server that would
//! serve a real one, and simulated callers and colleagues who talk to it in
//! real SIP and RTP.

mod cast;
mod desk;
mod diary;
mod memory;
mod office;
mod play;
pub mod stage;
mod stopwatch;
mod story;
mod troupe;
mod visitors;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossterm::terminal::SetSize;
use rustix::process::{Signal, getpid, kill_process};

use crate::app::cli::{ConsoleArgs, DemoArgs, Size};
use crate::app::{Trouble, console};
use crate::domain::chance::Chance;
use crate::edge::chance::seeded_by_the_system;
use crate::edge::clock::Clock;
use desk::Desk;
use office::{Office, Terms};
use play::Play;
use stage::Stage;
use story::Morning;
use troupe::Troupe;
use visitors::Visitors;

const MORNING: &str = include_str!("../../../assets/demo/morning.toml");
/// As offices have it.
const RECALL_TIMER: Duration = Duration::from_secs(45);
/// Short, so that a recall can be seen.
const RECALL_TIMER_PLAYED: Duration = Duration::from_secs(5);

/// # Errors
/// The office does not open; headless also when a caller was lost.
pub fn run(args: &DemoArgs) -> Result<(), Trouble> {
    if args.headless {
        return headless(args.script.as_deref(), &mut std::io::stdout().lock());
    }
    if !std::io::stdout().is_terminal() {
        return Err(Trouble::new("the demo needs a terminal; `bellhop demo --headless` does not"));
    }
    interactive(args)
}

/// Plays a morning without a terminal.
fn headless(script: Option<&Path>, out: &mut impl Write) -> Result<(), Trouble> {
    let morning = morning(script)?;
    let (mut office, troupe) = open(RECALL_TIMER_PLAYED)?;
    let desk = Desk::open(&office)?;
    let mut play = Play::new(troupe, Some(desk), out);
    play.morning(&morning)?;
    let end = play.ends();
    match office.last_words() {
        Some(words) => Err(Trouble::new(format!("the demo's server has ended: {words}"))),
        None => end,
    }
}

/// The person at the terminal is the receptionist.
fn interactive(args: &DemoArgs) -> Result<(), Trouble> {
    let (office, troupe) = open(RECALL_TIMER)?;
    let file = desk::settings_file(&office, "")?;
    let stop = Arc::new(AtomicBool::new(false));
    let visitors = Visitors::new(troupe, chance()?);
    let told = Arc::clone(&stop);
    let people = thread::Builder::new()
        .name("people".into())
        .spawn(move || visitors.run(&told))
        .map_err(|error| Trouble::new(format!("no thread for the people: {error}")))?;
    if let Some(Size { columns, rows }) = args.size {
        // A terminal that does not know how keeps its size.
        let _ = crossterm::execute!(std::io::stdout(), SetSize(columns, rows));
    }
    if let Some(seconds) = args.seconds {
        end_after(Duration::from_secs(seconds.into()));
    }
    let done = console::run(&ConsoleArgs { config: Some(file), ..ConsoleArgs::default() });
    stop.store(true, Ordering::Relaxed);
    let people = people.join().unwrap_or_else(|_| Err(Trouble::new("the demo's people broke off")));
    done.and(people)
}

/// As if somebody had sent the signal.
fn end_after(span: Duration) {
    thread::spawn(move || {
        thread::park_timeout(span);
        let _ = kill_process(getpid(), Signal::TERM);
    });
}

/// The office, and the people, who know each other.
fn open(recall_timer: Duration) -> Result<(Office, Troupe), Trouble> {
    let mut stage = Stage::new(Clock::start(), chance()?)?;
    let office =
        Office::open(&Terms { provider: stage.provider, recall_timer, numbers: numbers() })?;
    stage.open_office(office.address);
    Ok((office, Troupe::gather(stage)?))
}

fn chance() -> Result<Chance, Trouble> {
    seeded_by_the_system().map_err(|error| Trouble::new(format!("no randomness: {error}")))
}

/// Every colleague can be dialled from outside: 0102 is 102.
fn numbers() -> Vec<(String, String)> {
    let of = |one: &cast::Colleague| (format!("0{}", one.number), one.number.to_owned());
    cast::colleagues().iter().map(of).collect()
}

fn morning(script: Option<&Path>) -> Result<Morning, Trouble> {
    let text = match script {
        None => MORNING.to_owned(),
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Trouble::new(format!("{}: {error}", path.display())))?,
    };
    let name = script.map_or("the built-in morning".to_owned(), |path| path.display().to_string());
    let morning: Morning =
        toml::from_str(&text).map_err(|error| Trouble::new(format!("{name}: {error}")))?;
    for scene in &morning.scene {
        scene.sentences().map_err(|line| {
            Trouble::new(format!("{name}, scene {:?}: {line:?} is not understood", scene.title))
        })?;
    }
    Ok(morning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_morning_is_understood() {
        let morning = morning(None).unwrap();
        assert!(morning.scene.len() >= 12);
    }
}
