//! The real server over loopback: `bellhop serve` as a process of its own,
//! callers who come in over a trunk, are answered by a registered phone,
//! parked by REFER and listen to music, each sending 50 packets a second.
//!
//! `cargo bench --bench load -- [calls [seconds [watchers]]]`; without a number
//! it climbs to 400, 1,000, 2,000 and 3,000, with ten phones watching the place of those who come and go. It fails if 1,000 parked calls (or the number
//! given) are not each served 50 packets a second of music with a p99 gap
//! under 25 ms, or if anything is left of them when they are over.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod support;

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::Duration;

use bellhop::domain::park_table::LampState;
use bellhop::edge::chance::seeded_by_the_system;
use bellhop::edge::clock::Clock;
use bellhop::edge::precedence::prefer_this_thread;

use support::Trouble;
use support::console::Console;
use support::office::{CALLS_PER_PLACE, DEFAULT_WATCHERS, DESK, Office, places};
use support::phones::{Caller, Phones};
use support::process;
use support::streams::{self, Streams};
use support::times::Times;
use support::voices::Voices;
use support::wires::Wires;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LEVELS: [usize; 4] = [400, 1_000, 2_000, 3_000];
const MUST_REACH: usize = 1_000;
const TRIALS: usize = 3;
/// Of all processors together.
const STOLEN_MS_PER_S_MAX: f64 = 10.0;
const WARM_UP: Duration = Duration::from_secs(2);
/// Nobody parks a call in the instant he has answered it: until then the
/// office is done with telling the console that he talks.
const TALK: Duration = Duration::from_millis(20);
/// Calls that come, are parked and fetched again, one by one, at each level.
const VISITS: usize = 100;
const CONSOLE_WITHIN: Duration = Duration::from_secs(10);
/// A used port rests for two seconds.
const OVER_WITHIN: Duration = Duration::from_secs(20);

/// Everything that runs: the server, and whoever it serves.
struct Town {
    office: Office,
    phones: Phones,
    console: Console,
    clock: Clock,
    places: Vec<String>,
    /// Phones with a lamp for the place where visitors are parked.
    watchers: usize,
    parked: Vec<Caller>,
    /// Before the first call.
    idle: Idle,
}

struct Idle {
    resident_kb: u64,
    files: usize,
}

struct Steady {
    streams: Streams,
    server_ms_per_s: f64,
    media_ms_per_s: f64,
    callers_ms_per_s: f64,
    /// Taken by the host from this virtual machine.
    stolen_ms_per_s: f64,
    resident_kb: u64,
    threads: u64,
}

/// How long the office took with that many parked.
#[derive(Default)]
struct Visits {
    parked: usize,
    accepted: Times,
    music: Times,
    first_told: Times,
    last_told: Times,
    console: Times,
    retrieved: Times,
    /// What the parked callers heard meanwhile.
    meanwhile: Streams,
}

fn main() -> Result<ExitCode, Trouble> {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let only: Option<usize> = numbers.next();
    let span = Duration::from_secs(numbers.next().unwrap_or(10) as u64);
    let watchers = numbers.next().unwrap_or(DEFAULT_WATCHERS).max(1);
    let (levels, must_reach) = match only {
        Some(calls) => (vec![calls], calls),
        None => (LEVELS.to_vec(), MUST_REACH),
    };
    let mut town = Town::open(levels.iter().copied().max().unwrap_or(0), watchers)?;
    // Callers and phones stand for other machines: they must not wait for
    // this one's other work. Not before: the server would inherit it.
    prefer_this_thread();
    let mut visits = vec![town.visits()?];
    let mut passed = true;
    println!("\n{}", heading());
    for level in levels {
        let park_ms = town.park_until(level)?;
        let served = town.serves(span, park_ms)?;
        passed &= level > must_reach || served;
        visits.push(town.visits()?);
    }
    println!("\n{VISITS_HEADING}");
    visits.iter().for_each(print_visits);
    let (told, whole, octets) = town.console.tables();
    println!(
        "\nthe console was told {told} times, {whole} times everything; the last difference had {octets} octets"
    );
    town.everybody_leaves()?;
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Town {
    fn open(calls: usize, watchers: usize) -> Result<Self, Trouble> {
        let clock = Clock::start();
        let mut chance = seeded_by_the_system()?;
        let wires = Wires::bind(LOCAL, chance.clone(), clock)?;
        let voices = Voices::start(LOCAL, clock)?;
        let places = places(calls, watchers);
        let mut phones = Phones::new(wires, voices)?;
        let office = Office::open(&places, watchers, phones.provider())?;
        phones.plug_into(&office);
        phones.register(DESK)?;
        let visited = places.last().cloned().unwrap_or_default();
        for (index, place) in places.iter().enumerate() {
            phones.register(place)?;
            if index + watchers >= places.len() {
                phones.watch(place, &visited)?;
            }
        }
        chance.draw();
        let console = Console::watch(DESK, office.tcp, chance, clock)?;
        let pid = office.pid();
        let idle = Idle { resident_kb: process::resident_kb(pid), files: process::open_files(pid) };
        println!(
            "{} phones registered, {watchers} of them watching a place; 1 console; {:.1} MB resident, {} threads",
            places.len() + 1,
            idle.resident_kb as f64 / 1_000.0,
            process::threads(pid)
        );
        Ok(Self { office, phones, console, clock, places, watchers, parked: Vec::new(), idle })
    }

    /// How long one took, in milliseconds, all in all.
    fn park_until(&mut self, level: usize) -> Result<f64, Trouble> {
        let (began, already) = (self.clock.now(), self.parked.len());
        while self.parked.len() < level {
            let place = self.places[self.parked.len() / CALLS_PER_PLACE].clone();
            let (caller, phone) = self.phones.call_in()?;
            self.phones.park(&caller, phone, &place, 0)?;
            self.parked.push(caller);
        }
        let took = self.clock.now().since(began);
        Ok(took.as_secs_f64() * 1_000.0 / (level - already).max(1) as f64)
    }

    /// Everybody parked is served as he should be. Where the host has taken
    /// the machine away meanwhile, that says nothing, and is tried again.
    fn serves(&mut self, span: Duration, park_ms: f64) -> Result<bool, Trouble> {
        for _ in 0..TRIALS {
            let steady = self.listen(span)?;
            print_steady(&steady, park_ms, &self.idle);
            if steady.streams.will_do() {
                return Ok(true);
            }
            if steady.stolen_ms_per_s < STOLEN_MS_PER_S_MAX {
                break;
            }
        }
        Ok(false)
    }

    /// Nobody does anything but listen, and speak.
    fn listen(&mut self, span: Duration) -> Result<Steady, Trouble> {
        let (own, pid) = (std::process::id(), self.office.pid());
        let used = || {
            let (server, media) = (process::process_ms(pid), process::thread_ms(pid, "media"));
            [server, media, process::process_ms(own), process::stolen_ms()]
        };
        pause(WARM_UP);
        self.phones.voices().ask(|callers| callers.begin_to_measure())?;
        let before = used();
        pause(span);
        let heard = self.phones.voices().ask(|callers| callers.heard())?;
        let after = used();
        let per_s = |n: usize| (after[n] - before[n]) as f64 / span.as_secs_f64();
        Ok(Steady {
            streams: Streams::of(&heard, span),
            server_ms_per_s: per_s(0),
            media_ms_per_s: per_s(1),
            callers_ms_per_s: per_s(2),
            stolen_ms_per_s: per_s(3),
            resident_kb: process::resident_kb(pid),
            threads: process::threads(pid),
        })
    }

    /// People come to a place of their own, and are fetched by a colleague.
    fn visits(&mut self) -> Result<Visits, Trouble> {
        let place = self.places.last().cloned().unwrap_or_default();
        let colleague = self.places.first().cloned().unwrap_or_default();
        let mut visits = Visits { parked: self.parked.len(), ..Visits::default() };
        self.phones.voices().ask(|callers| callers.begin_to_measure())?;
        let began = self.clock.now();
        for _ in 0..VISITS {
            self.visit(&place, &colleague, &mut visits)?;
        }
        let took = self.clock.now().since(began);
        let heard = self.phones.voices().ask(|callers| callers.heard())?;
        visits.meanwhile = Streams::of(&heard, took);
        Ok(visits)
    }

    fn visit(&mut self, place: &str, colleague: &str, visits: &mut Visits) -> Result<(), Trouble> {
        let (caller, phone) = self.phones.call_in()?;
        pause(TALK);
        self.console.look_for(&format!("\"number\":\"{}\"", caller.number));
        let parking = self.phones.park(&caller, phone, place, self.watchers)?;
        let shown_at = self.console.found_at(CONSOLE_WITHIN)?;
        visits.accepted.add(parking.accepted);
        visits.music.add(parking.music);
        visits.first_told.add(parking.first_told);
        visits.last_told.add(parking.last_told);
        visits.console.add(shown_at.since(parking.referred_at));
        pause(TALK);
        let retrieved = self.phones.retrieve(colleague, place, &caller, self.watchers)?;
        visits.retrieved.add(retrieved);
        Ok(())
    }

    /// All callers hang up; then nothing may be left of them.
    fn everybody_leaves(&mut self) -> Result<(), Trouble> {
        let began = self.clock.now();
        let count = self.parked.len();
        for caller in std::mem::take(&mut self.parked) {
            self.phones.hang_up(caller, 0)?;
        }
        let took = self.clock.now().since(began).as_secs_f64();
        println!("{count} callers have hung up in {took:.1} s");
        let until = self.clock.now() + OVER_WITHIN;
        while let Err(left) = self.nothing_is_left() {
            if self.clock.now() >= until {
                return Err(left);
            }
            pause(Duration::from_millis(100));
        }
        let (begun, _) = self.office.calls();
        let resident_mb = process::resident_kb(self.office.pid()) as f64 / 1_000.0;
        println!("nothing is left of {begun} calls; {resident_mb:.1} MB resident");
        Ok(())
    }

    fn nothing_is_left(&self) -> Result<(), Trouble> {
        let table = self.console.last_table();
        let busy = table.lamps.iter().filter(|lamp| lamp.state != LampState::Free).count();
        let (_, open) = self.office.calls();
        let files = process::open_files(self.office.pid());
        let (parked, idle) = (table.calls.len(), self.idle.files);
        if parked == 0 && busy == 0 && open == 0 && files <= idle {
            return Ok(());
        }
        let left = format!(
            "left over: {parked} parked calls, {busy} busy lamps, {open} calls that have not \
             ended, {files} open files where there were {idle}"
        );
        Err(left.into())
    }
}

fn heading() -> String {
    format!(
        "{}  server CPU       media  callers  stolen  resident, for each  threads  to park one",
        streams::HEADING
    )
}

fn print_steady(steady: &Steady, park_ms: f64, idle: &Idle) {
    let Steady { streams, resident_kb, threads, .. } = steady;
    let calls = streams.count.max(1) as f64;
    let each = steady.server_ms_per_s / calls;
    let more_kb = resident_kb.saturating_sub(idle.resident_kb) as f64 / calls;
    println!(
        "{streams}  {:>4.1} % {each:.3} ms/s  {:>4.1} %  {:>5.1} %  {:>4.1} %  {:>5.1} MB {more_kb:>5.1} kB  {threads:>7}  {park_ms:>8.1} ms",
        steady.server_ms_per_s / 10.0,
        steady.media_ms_per_s / 10.0,
        steady.callers_ms_per_s / 10.0,
        steady.stolen_ms_per_s / 10.0,
        *resident_kb as f64 / 1_000.0,
    );
}

const VISITS_HEADING: &str = "ms, p50 / p99 of 100\n\
    parked  REFER -> 202    -> music        -> NOTIFY 1     -> last NOTIFY  -> console      \
    retrieve -> 200  packets/s, gap p99 meanwhile";

fn print_visits(visits: &Visits) {
    let Visits { parked, accepted, music, first_told, last_told, console, retrieved, .. } = visits;
    print!("{parked:>6}  {accepted}  {music}  {first_told}  {last_told}  {console}  {retrieved}");
    match &visits.meanwhile {
        Streams { count: 0, .. } => println!(),
        heard => {
            println!("  {:>9.2}  {:>5.1}", heard.packets_per_s, heard.gaps.percentile_ms(0.99))
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the callers live on threads of their own")]
fn pause(span: Duration) {
    std::thread::sleep(span);
}
