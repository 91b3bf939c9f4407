//! How many parked callers the media thread plays music to, each of them
//! sending 50 packets a second as well, on one machine with its callers.
//!
//! `cargo bench --bench load -- [streams [seconds]]`; without a number it
//! climbs from 500 to 3,000. It fails if 1,000 streams (or the number given)
//! are not each served 50 packets a second with a p99 gap under 25 ms.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

mod support;

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use bellhop::edge::clock::Clock;
use bellhop::edge::rtp::{Media, MediaConfig, MediaHandle};
use bellhop::media::control::{Agreed, Codec, Learn, MediaCommand, MediaEvent, PortToken, Source};
use bellhop::media::sounds::Sounds;
use tokio::sync::mpsc::UnboundedReceiver;

use support::cpu;
use support::gaps::Gaps;
use support::rtp_callers::RtpCallers;

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const STREAMS: [usize; 4] = [500, 1_000, 2_000, 3_000];
const MUST_REACH: usize = 1_000;
const GAP_P99_MS_MAX: f64 = 25.0;
const PACKETS_PER_S_MIN: f64 = 49.5;
const WARM_UP: Duration = Duration::from_secs(2);
const SOCKETS: usize = 16;

#[derive(Default)]
struct Figures {
    packets_per_s: f64,
    all: Gaps,
    worst_p99_ms: f64,
    jumps: u64,
    late: u64,
    media_ms_per_s: f64,
    callers_ms_per_s: f64,
    /// Taken by the host from this virtual machine.
    stolen_ms_per_s: f64,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // The callers stand for other machines: they must not wait for this one's other work.
    bellhop::edge::precedence::prefer_this_thread();
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let only: Option<usize> = numbers.next();
    let seconds = numbers.next().unwrap_or(10);
    let (steps, must_reach) = match only {
        Some(streams) => (vec![streams], streams),
        None => (STREAMS.to_vec(), MUST_REACH),
    };
    println!(
        "parked   packets/s  gap ms: p50   p99    max  worst p99  jumps  late  media CPU       callers  stolen"
    );
    let mut passed = true;
    for streams in steps {
        let figures = measure(streams, Duration::from_secs(seconds as u64))?;
        print(streams, &figures);
        passed &= streams > must_reach || figures.pass();
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn measure(streams: usize, span: Duration) -> Result<Figures, Box<dyn Error>> {
    let clock = Clock::start();
    let config = MediaConfig {
        address: LOCAL,
        ports: 10_000..=10_000 + streams as u16 * 2 + 200,
        stock: 64,
        sounds: Sounds::built_in(),
    };
    let (media, mut events) = Media::start(config, clock)?;
    let mut callers = RtpCallers::new(LOCAL, SOCKETS, clock)?;
    for _ in 0..streams {
        park(&media, &mut events, &mut callers)?;
    }
    callers.run_for(WARM_UP);
    callers.begin_to_measure();
    let (late, cpu) = (media.counters().late(), cpu::thread_ms("media"));
    let whole = cpu::process_ms(std::process::id());
    let stolen = cpu::stolen_ms();
    callers.run_for(span);
    let stolen_ms_per_s = (cpu::stolen_ms() - stolen) as f64 / span.as_secs_f64();
    let cpu = (cpu::thread_ms("media") - cpu) as f64 / span.as_secs_f64();
    let whole = (cpu::process_ms(std::process::id()) - whole) as f64 / span.as_secs_f64();
    Ok(Figures {
        late: media.counters().late() - late,
        media_ms_per_s: cpu,
        callers_ms_per_s: whole - cpu,
        stolen_ms_per_s,
        ..heard(&callers, span)
    })
}

fn park(
    media: &MediaHandle,
    events: &mut UnboundedReceiver<MediaEvent>,
    callers: &mut RtpCallers,
) -> Result<(), Box<dyn Error>> {
    let PortToken { stream, port } = ready_port(events).ok_or("the media thread has ended")?;
    let agreed = Agreed {
        codec: Codec::Pcma,
        payload_type: 8,
        receive_payload_type: 8,
        dtmf_payload_type: Some(101),
        receive_dtmf_payload_type: Some(101),
        ptime_ms: 20,
        remote: callers.address_of(callers.count())?,
        send: true,
        receive: true,
    };
    media.send(MediaCommand::Connect { stream, agreed, learn: Learn::Never });
    media.send(MediaCommand::Play { stream, source: Source::Music });
    callers.add(SocketAddr::new(LOCAL, port), 8);
    Ok(())
}

fn ready_port(events: &mut UnboundedReceiver<MediaEvent>) -> Option<PortToken> {
    loop {
        if let MediaEvent::PortReady(token) = events.blocking_recv()? {
            return Some(token);
        }
    }
}

fn heard(callers: &RtpCallers, span: Duration) -> Figures {
    let mut all = Gaps::default();
    let (mut packets, mut jumps, mut worst_p99_ms) = (0, 0, 0.0_f64);
    for heard in callers.heard() {
        all.merge(&heard.gaps);
        packets += heard.packets;
        jumps += heard.jumps;
        worst_p99_ms = worst_p99_ms.max(heard.gaps.percentile_ms(0.99));
    }
    let packets_per_s = packets as f64 / callers.count() as f64 / span.as_secs_f64();
    Figures { packets_per_s, all, worst_p99_ms, jumps, ..Figures::default() }
}

fn print(streams: usize, figures: &Figures) {
    let Figures { packets_per_s, all, worst_p99_ms, jumps, late, .. } = figures;
    let (p50, p99, longest) = (all.percentile_ms(0.5), all.percentile_ms(0.99), all.longest_ms());
    let (media, callers) = (figures.media_ms_per_s, figures.callers_ms_per_s);
    let each = media / streams as f64;
    println!(
        "{streams:>6}   {packets_per_s:>9.2}         {p50:>5.1} {p99:>5.1} {longest:>6.1}  \
         {worst_p99_ms:>9.1}  {jumps:>5} {late:>5}  {:>4.1} % {each:.3} ms/s  {:>4.1} %  {:>4.1} %",
        media / 10.0,
        callers / 10.0,
        figures.stolen_ms_per_s / 10.0
    );
}

impl Figures {
    fn pass(&self) -> bool {
        self.packets_per_s >= PACKETS_PER_S_MIN && self.all.percentile_ms(0.99) < GAP_P99_MS_MAX
    }
}
