//! How many parked callers the media thread alone plays music to, each of
//! them sending 50 packets a second as well. The whole office: `load.rs`.
//!
//! `cargo bench --bench media -- [streams [seconds]]`; without a number it
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

use support::process;
use support::rtp_callers::RtpCallers;
use support::streams::{self, Streams};

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const STREAMS: [usize; 4] = [500, 1_000, 2_000, 3_000];
const MUST_REACH: usize = 1_000;
const WARM_UP: Duration = Duration::from_secs(2);
const SOCKETS: usize = 16;

struct Figures {
    streams: Streams,
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
    println!("{}  late  media CPU       callers  stolen", streams::HEADING);
    let mut passed = true;
    for streams in steps {
        let figures = measure(streams, Duration::from_secs(seconds as u64))?;
        print(&figures);
        passed &= streams > must_reach || figures.streams.will_do();
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
    let own = std::process::id();
    let (late, cpu) = (media.counters().late(), process::thread_ms(own, "media"));
    let whole = process::process_ms(own);
    let stolen = process::stolen_ms();
    callers.run_for(span);
    let per_s = |ms: u64| ms as f64 / span.as_secs_f64();
    let stolen_ms_per_s = per_s(process::stolen_ms() - stolen);
    let cpu = per_s(process::thread_ms(own, "media") - cpu);
    let whole = per_s(process::process_ms(own) - whole);
    Ok(Figures {
        streams: Streams::of(&callers.heard(), span),
        late: media.counters().late() - late,
        media_ms_per_s: cpu,
        callers_ms_per_s: whole - cpu,
        stolen_ms_per_s,
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
        remote: callers.address_of(callers.next())?,
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

fn print(figures: &Figures) {
    let (streams, late) = (&figures.streams, figures.late);
    let (media, callers) = (figures.media_ms_per_s, figures.callers_ms_per_s);
    let each = media / streams.count as f64;
    println!(
        "{streams} {late:>5}  {:>4.1} % {each:.3} ms/s  {:>4.1} %  {:>4.1} %",
        media / 10.0,
        callers / 10.0,
        figures.stolen_ms_per_s / 10.0
    );
}
