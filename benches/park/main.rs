//! How long an office takes to park and retrieve a call, as three phones on loopback see it: our own
//! server, and any other one beside it, by the same phones in the same sitting.
//!
//! `cargo bench --bench park` measures ours. How to measure another one stands in docs/PERFORMANCE.md.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    dead_code,
    reason = "the tests' server, which stops where it cannot go on, is started here too"
)]

mod figures;
#[path = "../support/process.rs"]
mod process;
mod round;
#[path = "../../tests/peers/server.rs"]
mod server;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../support/times.rs"]
mod times;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use bellhop::edge::chance::seeded_by_the_system;
use bellhop::media::control::Codec;
use bellhop::media::sounds::Sounds;
use bellhop::sim::people::person::messages::Deed;
use clap::Parser;

use figures::{Figures, Run};
use round::{Office, People};
use server::Server;

/// Before it is the other server's turn: what else this machine has to do meanwhile hits both.
const ROUNDS_IN_A_ROW: usize = 10;

#[derive(Debug, Parser)]
#[command(args_override_self = true)]
struct Arguments {
    /// Rounds of each run: called, answered, parked, retrieved, hung up.
    #[arg(long, default_value_t = 100)]
    rounds: usize,
    /// Runs of each server.
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// Another server to measure beside ours: it must know the extensions 101, 102 and 103, their passwords
    /// s101, s102 and s103, and play the music of --write-music.
    #[arg(long)]
    server: Option<SocketAddr>,
    /// There: where a call is transferred to, to be parked.
    #[arg(long, default_value = "700")]
    park_code: String,
    /// There: what is dialled to retrieve it.
    #[arg(long, default_value = "701")]
    retrieve_code: String,
    /// There: the number whose `dialog` event tells of the parked call.
    #[arg(long, default_value = "701")]
    lamp: String,
    /// Measure the other server alone.
    #[arg(long, requires = "server")]
    alone: bool,
    /// Writes our hold music, G.711 A-law without a header, for the other server to play, and ends: the phones
    /// know music by its very bytes.
    #[arg(long)]
    write_music: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    if let Some(file) = &arguments.write_music {
        return Ok(std::fs::write(file, Sounds::built_in().music().bytes(Codec::Pcma))?);
    }
    let mut figures = Figures::default();
    for _ in 0..arguments.runs {
        for (server, run) in measured(arguments)? {
            figures.add(server, run);
        }
    }
    figures.print_medians();
    Ok(())
}

/// One run of each server, alternately, by people with the same clocks and the same pauses.
fn measured(arguments: &Arguments) -> Result<Vec<(&'static str, Run)>, Box<dyn Error>> {
    let seed = u128::from(seeded_by_the_system()?.draw());
    let mut servers = Vec::new();
    // Of this run, and started as for a real office.
    let our_server = (!arguments.alone).then(Server::start);
    if let Some(server) = &our_server {
        servers.push(("Bellhop", People::gather(ours(server), seed)?, Run::default()));
    }
    if let Some(server) = arguments.server {
        let office = other(server, arguments);
        servers.push(("the other", People::gather(office, seed)?, Run::default()));
    }
    let mut left = arguments.rounds;
    while left > 0 {
        let rounds = left.min(ROUNDS_IN_A_ROW);
        for (server, people, run) in &mut servers {
            people.rounds(rounds, run).map_err(|error| format!("{server}: {error}"))?;
        }
        left -= rounds;
    }
    for (_, people, _) in &mut servers {
        people.go_home()?;
    }
    Ok(servers.into_iter().map(|(server, _, run)| (server, run)).collect())
}

fn ours(server: &Server) -> Office {
    Office {
        server: server.udp,
        park_code: "*68103".into(),
        retrieve_code: "*88".into(),
        watch: Deed::WatchParks,
    }
}

fn other(server: SocketAddr, arguments: &Arguments) -> Office {
    Office {
        server,
        park_code: arguments.park_code.clone(),
        retrieve_code: arguments.retrieve_code.clone(),
        watch: Deed::WatchLamp { number: arguments.lamp.clone() },
    }
}
