//! What a park, a retrieve and telling everybody cost an office in which
//! thousands of calls are parked and a hundred phones watch: processor time of
//! each turn, without sockets.
//!
//! `cargo bench --bench crowd -- [calls [watchers]]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench that cannot go on should stop, and prints its figures"
)]

#[path = "../tests/office/handset.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod handset;
#[path = "../tests/office/provider.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod provider;
#[path = "../tests/office/world.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod world;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bellhop::domain::caller_name::CallerName;
use bellhop::exchange::settings::{ExtensionSettings, GroupSettings, Settings};
use bellhop::exchange::{Effect, Input};
use bellhop::sip::digest::Secret;

use world::{DOMAIN, Packet, World, ext, s};

const XML: &str = "application/x-broadworks-callpark-info+xml";
const TABLE: &str = "application/vnd.bellhop.park+json, application/vnd.bellhop.park-changes+json";
const CONSOLES: u8 = 3;
const VISITS: usize = 200;
const CALLS_PER_PLACE: usize = 10;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let calls: Option<usize> = numbers.next();
    let watchers = numbers.next().unwrap_or(100);
    println!("us, p50 / p99 of {VISITS}; {watchers} phones and {CONSOLES} consoles watch");
    println!("parked          REFER     their NOTIFYs   consoles' NOTIFYs        retrieve");
    for calls in calls.map_or_else(|| vec![0, 1_000, 3_000], |calls| vec![calls]) {
        let mut town = Town::open(calls, watchers);
        let mut times = Times::default();
        (0..VISITS).for_each(|_| town.visit(&mut times));
        println!(
            "{calls:>6}  {}  {}  {}  {}",
            figures(times.refer),
            figures(times.phones),
            figures(times.consoles),
            figures(times.retrieve)
        );
    }
}

#[derive(Default)]
struct Times {
    refer: Vec<Duration>,
    phones: Vec<Duration>,
    consoles: Vec<Duration>,
    retrieve: Vec<Duration>,
}

struct Town {
    world: World,
    reception: SocketAddr,
    fetcher: SocketAddr,
    caller: SocketAddr,
}

/// 101 answers; 2000 and on are the group that watches; 3000 and on are
/// where others wait.
fn office(calls: usize, watchers: usize) -> Settings {
    let mut settings = world::settings();
    settings.groups[0].recall.after = s(90_000);
    settings.parked_per_extension_max = CALLS_PER_PLACE;
    let more = (0..watchers).map(|n| 2_000 + n);
    let places = (0..calls.div_ceil(CALLS_PER_PLACE)).map(|n| 3_000 + n);
    for number in more.clone().chain(places).map(|number| number.to_string()) {
        let name = CallerName::clean(&format!("Office {number}"));
        let secret = Secret::password(&number, DOMAIN, "secret");
        let extension = ExtensionSettings { name, secret, admin: false, devices: Vec::new() };
        settings.extensions.insert(ext(&number), extension);
    }
    settings.groups.push(GroupSettings {
        name: CallerName::clean("The watchers"),
        members: more.map(|number| ext(&number.to_string())).collect(),
        recall: settings.groups[0].recall.clone(),
    });
    settings
}

impl Town {
    fn open(calls: usize, watchers: usize) -> Self {
        let mut world = World::with(office(calls, watchers), 1);
        world.more_ports(2 * (calls + VISITS) as u64 + 200);
        let reception = world.phone("101", 11);
        world.get(reception).answer_with = Some(200);
        let fetcher = world.phone("103", 13);
        let caller = world.caller("+3386002678", "Alice Smith");
        let mut town = Self { world, reception, fetcher, caller };
        for call in 0..calls {
            town.call_in();
            let code = format!("*68{}", 3_000 + call / CALLS_PER_PLACE);
            town.refer(&code);
            town.world.settle();
        }
        for number in 0..watchers {
            let host = u8::try_from(20 + number).expect("at most 230 watchers");
            let phone = town.world.phone(&(2_000 + number).to_string(), host);
            town.world.act(phone, |phone, now| phone.subscribe("call-info", XML, now));
            town.world.settle();
        }
        for host in 14..14 + CONSOLES {
            let console = town.world.tcp_phone("104", host);
            town.world.act(console, |phone, now| phone.subscribe("x-bellhop-park", TABLE, now));
            town.world.run_for(s(1));
        }
        town.world.run_for(s(40));
        assert_eq!(town.world.exchange.lot().calls().len(), calls);
        town
    }

    fn call_in(&mut self) {
        self.world.act(self.caller, |phone, now| phone.dial("1", now));
        self.world.settle();
    }

    fn refer(&mut self, code: &str) {
        let line = self.world.get(self.reception).lines.len() - 1;
        self.world.act(self.reception, |phone, now| phone.refer(line, code, now));
    }

    /// One comes, is parked where all watch, and is fetched again.
    fn visit(&mut self, times: &mut Times) {
        self.call_in();
        self.refer("*682000");
        times.refer.push(self.turn());
        times.phones.push(self.next_turn());
        times.consoles.push(self.next_turn());
        self.world.run_for(s(3));
        let fetch = self.world.act(self.fetcher, |phone, now| phone.dial("*882000", now));
        times.retrieve.push(self.turn());
        self.world.run_for(s(1));
        self.world.act(self.fetcher, |phone, now| phone.hang_up(fetch, now));
        self.world.run_for(s(3));
    }

    /// The packet that is on its way arrives.
    fn turn(&mut self) -> Duration {
        let (_, packet) = self.world.underway.pop_first().unwrap();
        let Packet::ToOffice(flow, bytes) = packet else { panic!("nothing for the office") };
        let (exchange, now) = (&mut self.world.exchange, self.world.now);
        let began = Instant::now();
        let effects = exchange.handle(Input::Datagram { bytes, flow }, now);
        let took = began.elapsed();
        self.world.carry_out(effects);
        took
    }

    fn next_turn(&mut self) -> Duration {
        let (exchange, now) = (&mut self.world.exchange, self.world.now);
        let began = Instant::now();
        let effects = exchange.handle_wakeup(now);
        let took = began.elapsed();
        let mut effects = effects.into_iter().peekable();
        let sends = |effect: &Effect| matches!(effect, Effect::Send { .. });
        assert!(effects.peek().is_some_and(sends), "nobody was told");
        self.world.carry_out(effects.collect());
        took
    }
}

fn figures(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    format!("{:>7.0} / {:<6.0}", at(0.5), at(0.99))
}
