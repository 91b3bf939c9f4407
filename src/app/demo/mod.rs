//! `bellhop demo`: a whole office on this machine. The server that would
//! serve a real one, and simulated callers and colleagues who talk to it in
//! real SIP and RTP.

mod cast;
mod diary;
mod memory;
mod office;
mod play;
mod stage;
mod stopwatch;
mod story;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crate::app::Trouble;
use crate::app::cli::DemoArgs;
use crate::edge::chance::seeded_by_the_system;
use crate::edge::clock::Clock;
use office::{Office, Terms};
use play::Play;
use stage::Stage;
use story::Morning;

const MORNING: &str = include_str!("../../../assets/demo/morning.toml");
/// Short, so that a recall can be seen.
const RECALL_TIMER: Duration = Duration::from_secs(5);

/// # Errors
/// The office does not open; headless also when a caller was lost.
pub fn run(args: &DemoArgs) -> Result<(), Trouble> {
    headless(args.script.as_deref(), &mut std::io::stdout().lock())
}

/// Plays a morning without a terminal.
fn headless(script: Option<&Path>, out: &mut impl Write) -> Result<(), Trouble> {
    let morning = morning(script)?;
    let chance = seeded_by_the_system().map_err(|error| Trouble::new(error.to_string()))?;
    let mut stage = Stage::new(Clock::start(), chance)?;
    let office = Office::open(&Terms {
        provider: stage.provider,
        recall_timer: RECALL_TIMER,
        numbers: numbers(),
    })?;
    stage.open_office(office.address);
    let mut play = Play::new(stage, out);
    play.everybody_joins()?;
    play.morning(&morning)?;
    play.ends()
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
