//! `bellhop console`, and `bellhop` alone: a person's desk.

use std::io::IsTerminal;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::app::embedded::{self, Embedded};
use crate::app::{Trouble, cli, demo, first_run, settings};
use crate::config::{self, Desk, Host};
use crate::console::state::HangUpKey;
use crate::console::{Event, Me, Options, State, Ticks, Transport};
use crate::domain::caller_name::CallerName;
use crate::edge::audio::{Sound, SoundConfig};
use crate::edge::clock::Clock;
use crate::edge::desk::window::Window;
use crate::edge::desk::{DeskAccount, Parts};
use crate::edge::terminal::Terminal;
use crate::edge::{chance, desk, files};

/// Lines bound ahead of the calls that will use them.
const PORTS_AHEAD: usize = 6;
const RTP_PORTS: std::ops::RangeInclusive<u16> = 40_000..=49_999;
/// For whoever has switched marks off: as good as never.
const NEVER: std::time::Duration = std::time::Duration::from_secs(365 * 86_400);

/// Runs until its person quits.
///
/// # Errors
/// The settings are wrong, there is no terminal, or the system gives no
/// socket, thread or randomness.
pub fn run(args: &cli::ConsoleArgs) -> Result<(), Trouble> {
    let file = settings::desk_file(args.config.as_deref())?;
    if !file.exists() && args.config.is_none() {
        match first_run::ask(&file)? {
            first_run::Choice::Written => {}
            first_run::Choice::Demo => return demo::run(&cli::DemoArgs::default()),
        }
    }
    let (settings, findings) = settings::desk(&file, &args.set)?;
    if !std::io::stdout().is_terminal() {
        return Err(Trouble::new("the console needs a terminal; `bellhop serve` does not"));
    }
    let embedded = settings.office.as_deref().map(|config| embedded::start(&file, config));
    let embedded = embedded.transpose()?;
    let (tell, news) = unbounded_channel();
    if let Some(embedded) = &embedded {
        embedded.watch(tell)?;
    }
    let terminal = || Terminal::enter().map(Window::Terminal);
    sit_down(args, &file, &settings, &findings, news, terminal)?;
    match embedded {
        Some(embedded) => ask_about(&embedded),
        None => Ok(()),
    }
}

/// Runs the desk in the window that `open` opens, until its person quits.
/// `news` is what else its screen is told meanwhile.
///
/// # Errors
/// As [`run`].
pub fn sit_down(
    args: &cli::ConsoleArgs,
    file: &Path,
    settings: &Desk,
    findings: &config::Findings,
    news: UnboundedReceiver<Event>,
    open: impl FnOnce() -> std::io::Result<Window>,
) -> Result<(), Trouble> {
    let keymap = settings::keymap(file, &settings.screen.keymap)?;
    let password = password(settings)?;
    let clock = Clock::start();
    let chance = chance::seeded_by_the_system()
        .map_err(|fault| Trouble::new(format!("no randomness: {fault}")))?;
    let (sound, sound_events) = Sound::start(sound_config(settings), clock)
        .map_err(|fault| Trouble::new(format!("no sound: {fault}")))?;
    let mut screen = State::new(me(settings), options(args, settings), keymap);
    for warning in findings.as_slice() {
        let text = warning.to_string();
        screen.say(clock.now(), crate::console::Weight::Warning, text);
    }
    let account = DeskAccount {
        server: settings.account.server.clone(),
        domain: settings.account.domain.clone(),
        extension: settings.account.extension.clone(),
        password,
        lot: settings.lot.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|fault| Trouble::new(format!("no event loop: {fault}")))?;
    runtime.block_on(async {
        let window = open().map_err(|fault| Trouble::new(fault.to_string()))?;
        let parts = Parts { screen, window, account, chance, sound, sound_events, news, clock };
        desk::run(parts).await;
        Ok(())
    })
}

fn password(settings: &Desk) -> Result<String, Trouble> {
    match &settings.account.password {
        config::desk::Password::Given(secret) => Ok(secret.reveal().to_owned()),
        config::desk::Password::Command(line) => files::answer_of(line)
            .map_err(|fault| Trouble::new(format!("account.password_command: {fault}"))),
    }
}

fn sound_config(settings: &Desk) -> SoundConfig {
    let v6 = settings.account.server.name.parse::<std::net::Ipv6Addr>().is_ok();
    let address: IpAddr = match v6 {
        true => std::net::Ipv6Addr::UNSPECIFIED.into(),
        false => Ipv4Addr::UNSPECIFIED.into(),
    };
    SoundConfig { devices: settings.sound.clone(), address, ports: RTP_PORTS, stock: PORTS_AHEAD }
}

fn me(settings: &Desk) -> Me {
    let Host { transport, name, port } = &settings.account.server;
    Me {
        extension: settings.account.extension.clone(),
        name: CallerName::default(),
        transport: match transport {
            config::Transport::Udp => Transport::Udp,
            _ => Transport::Tcp,
        },
        secure_sound: false,
        server: format!("{name}:{port}"),
    }
}

fn options(args: &cli::ConsoleArgs, settings: &Desk) -> Options {
    let (screen, manners) = (&settings.screen, &settings.manners);
    Options {
        blink: screen.blink,
        ticks: match screen.ticks {
            None => Ticks::Off,
            Some(every) if every.as_secs() >= 10 => Ticks::EveryTenSeconds,
            Some(_) => Ticks::EverySecond,
        },
        // https://no-color.org: set and not empty.
        colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        ascii: args.ascii,
        cursor_at_focus: screen.cursor == config::desk::Cursor::Focus,
        hangup: match manners.hangup {
            config::desk::Hangup::Double => HangUpKey::Double,
            config::desk::Hangup::Single => HangUpKey::Single,
            config::desk::Hangup::SingleInternal => HangUpKey::SingleInternal,
        },
        hold_recall: manners.hold_recall.unwrap_or(NEVER),
        ..Options::default()
    }
}

/// The office must not end with the screen of one of its people by chance.
fn ask_about(embedded: &Embedded) -> Result<(), Trouble> {
    if !std::io::stdin().is_terminal() {
        return Ok(());
    }
    let question = "The office's phone system runs on this machine. Stop it too? [y/N] ";
    if first_run::answer(question)?.to_lowercase().starts_with('y') {
        return embedded.stop();
    }
    first_run::say(&format!("It goes on. Its log is {}", embedded.log.display()))
}
