//! The loop that feeds a desk: one task owns the [`Phone`], the screen's
//! [`State`], the terminal and the sockets. A key is on the wire in the turn
//! it was pressed in.

mod find;
mod sound;
pub mod window;

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::config::Host;
use crate::console::{self, Effect as ScreenEffect, Event as ScreenEvent, State};
use crate::domain::caller_name::CallerName;
use crate::domain::chance::Chance;
use crate::domain::codes::FeatureCodes;
use crate::domain::effects::Effects;
use crate::domain::ids::Extension;
use crate::domain::lot::Lot;
use crate::domain::time::Moment;
use crate::edge::audio::SoundHandle;
use crate::edge::clock::Clock;
use crate::edge::local_time::local_unix_ms;
use crate::edge::transport::{Received, Transports};
use crate::media::control::{DeskSound, SoundEvent};
use crate::phone::account::Account;
use crate::phone::messages::{Command, Event as PhoneEvent, Registration};
use crate::phone::{Effect, Input, Phone};
use crate::sip::flow::{Flow, Transport};
use crate::sip::wire;

use sound::Devices;
use window::Window;

/// Messages taken in one go before the screen is drawn.
const BATCH: usize = 64;
/// Somebody may set the machine's clock, or travel with it.
const LOOK_AROUND: Duration = Duration::from_secs(15);
/// A name that is not found may be tomorrow's, or a network still asleep.
const FIND_AGAIN: Duration = Duration::from_secs(5);

/// Everything a desk is made of.
pub struct Parts {
    pub screen: State,
    pub window: Window,
    pub account: DeskAccount,
    pub chance: Chance,
    pub sound: SoundHandle,
    pub sound_events: UnboundedReceiver<SoundEvent>,
    /// What else happens and the screen is to show.
    pub news: UnboundedReceiver<ScreenEvent>,
    pub clock: Clock,
}

/// Whose desk it is, as configured.
pub struct DeskAccount {
    pub server: Host,
    /// `None`: the server's host.
    pub domain: Option<String>,
    pub extension: Extension,
    pub password: String,
    pub lot: Lot,
}

struct Desk {
    screen: State,
    window: Window,
    account: DeskAccount,
    chance: Option<Chance>,
    sound: SoundHandle,
    sound_events: UnboundedReceiver<SoundEvent>,
    news: UnboundedReceiver<ScreenEvent>,
    devices: Devices,
    clock: Clock,
    /// None until the server's address is known.
    line: Option<Line>,
    finding: Option<Finding>,
    /// Told by the sound before there was a phone.
    early: Vec<SoundEvent>,
    looked_around: Option<Moment>,
    quits: bool,
    terminal_is_gone: bool,
}

struct Line {
    phone: Phone,
    transports: Transports,
    flow: Flow,
}

type Finding = Pin<Box<dyn Future<Output = Result<SocketAddr, String>>>>;

enum Happened {
    Screen(ScreenEvent),
    Found(Result<SocketAddr, String>),
    Received(Received),
    Sound(SoundEvent),
    Due,
}

/// Runs a desk until its person, or the system, ends it.
pub async fn run(parts: Parts) {
    let server = parts.account.server.clone();
    let mut desk = Desk {
        screen: parts.screen,
        window: parts.window,
        account: parts.account,
        chance: Some(parts.chance),
        sound: parts.sound,
        sound_events: parts.sound_events,
        news: parts.news,
        devices: Devices::default(),
        clock: parts.clock,
        line: None,
        finding: Some(Box::pin(find::address_of(server))),
        early: Vec::new(),
        looked_around: None,
        quits: false,
        terminal_is_gone: false,
    };
    while !desk.is_done() {
        desk.look_around();
        desk.draw();
        let happened = desk.next().await;
        desk.turn(happened);
    }
}

impl Desk {
    fn is_done(&self) -> bool {
        self.quits && self.line.as_ref().is_none_or(|line| line.phone.finished())
    }

    async fn next(&mut self) -> Happened {
        let wait = self.clock.until(self.next_wakeup());
        let (line, finding) = (&mut self.line, &mut self.finding);
        let received = async {
            match line {
                Some(line) => line.transports.recv().await,
                None => pending().await,
            }
        };
        let found = async {
            match finding {
                Some(finding) => finding.await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            event = self.window.next_event() => Happened::Screen(event),
            received = received => Happened::Received(received),
            Some(event) = self.sound_events.recv() => Happened::Sound(event),
            Some(event) = self.news.recv() => Happened::Screen(event),
            found = found => Happened::Found(found),
            () = sleep(wait) => Happened::Due,
        }
    }

    fn next_wakeup(&self) -> Moment {
        let now = self.clock.now();
        let screen = console::next_wakeup(&self.screen, now).at;
        let phone = self.line.as_ref().and_then(|line| line.phone.next_wakeup());
        let wall = self.looked_around.map_or(now, |at| at + LOOK_AROUND);
        phone.map_or(screen, |wakeup| wakeup.at.min(screen)).min(wall)
    }

    fn turn(&mut self, happened: Happened) {
        match happened {
            Happened::Screen(event) => self.show(event),
            Happened::Received(received) => self.received(received),
            Happened::Sound(event) => self.heard(event),
            Happened::Found(found) => self.found(found),
            Happened::Due => {}
        }
        self.wake_up();
    }

    fn wake_up(&mut self) {
        let now = self.clock.now();
        if console::next_wakeup(&self.screen, now).at <= now {
            self.show(ScreenEvent::Tick);
        }
        if let Some(line) = &mut self.line
            && line.phone.next_wakeup().is_some_and(|wakeup| wakeup.at <= now)
        {
            let effects = line.phone.handle_wakeup(now);
            self.carry_out(effects);
        }
    }

    fn show(&mut self, event: ScreenEvent) {
        let effects = console::update(&mut self.screen, event, self.clock.now());
        for effect in effects {
            self.do_for_screen(effect);
        }
    }

    fn do_for_screen(&mut self, effect: ScreenEffect) {
        let done = match effect {
            ScreenEffect::Phone(command) => {
                self.command(command);
                Ok(())
            }
            ScreenEffect::Bell => self.window.bell(),
            ScreenEffect::SetTitle(title) => self.window.set_title(&title),
            ScreenEffect::Redraw => {
                self.window.redraw();
                Ok(())
            }
            ScreenEffect::Suspend => self.window.suspend(),
            ScreenEffect::Quit => {
                self.quits = true;
                Ok(())
            }
        };
        if done.is_err() {
            self.terminal_lost();
        }
    }

    fn draw(&mut self) {
        if !self.terminal_is_gone && self.window.draw(&self.screen, self.clock.now()).is_err() {
            self.terminal_lost();
        }
    }

    /// Calls that are up are looked after as on any other end.
    fn terminal_lost(&mut self) {
        if !std::mem::replace(&mut self.terminal_is_gone, true) {
            self.show(ScreenEvent::Terminate);
        }
    }

    fn look_around(&mut self) {
        let now = self.clock.now();
        if self.looked_around.is_none_or(|at| at + LOOK_AROUND <= now) {
            self.looked_around = Some(now);
            let local_unix_ms = local_unix_ms(self.clock.wall_now());
            self.show(ScreenEvent::WallClock { local_unix_ms });
            self.look_at_network();
        }
    }

    /// Another network, another address.
    fn look_at_network(&mut self) {
        let Some(line) = &mut self.line else { return };
        let flow = line.transports.flow_to(line.flow.transport, line.flow.remote);
        if let Some(flow) = flow.filter(|flow| *flow != line.flow) {
            line.flow = flow;
            self.input(Input::Moved { flow });
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Mute { on } if self.line.is_none() => {
                self.tell(PhoneEvent::MuteChanged { on });
            }
            command => self.input(Input::Command(command)),
        }
    }

    fn input(&mut self, input: Input) {
        let now = self.clock.now();
        if let Some(line) = &mut self.line {
            let effects = line.phone.handle(input, now);
            self.carry_out(effects);
        }
    }

    fn carry_out(&mut self, effects: Effects<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { flow, bytes } => {
                    if let Some(line) = &mut self.line {
                        line.transports.send(flow, bytes);
                    }
                }
                Effect::Sound(sound) => self.sound(sound),
                Effect::Tell(event) => self.tell(event),
            }
        }
    }

    fn sound(&mut self, command: DeskSound) {
        self.sound.send(command);
        if let Some(sound) = self.devices.follow(&command) {
            self.show(ScreenEvent::Sound(sound));
        }
    }

    fn tell(&mut self, event: PhoneEvent) {
        if let PhoneEvent::ParkTableChanged { table: Some(table), .. } = &event {
            let me = &mut self.screen.me;
            let own = table.lamps.iter().find(|lamp| lamp.extension == me.extension);
            me.name = own.map_or_else(|| me.name.clone(), |lamp| lamp.name.clone());
        }
        self.show(ScreenEvent::Phone(event));
    }

    /// What is there already is taken in one go.
    fn received(&mut self, received: Received) {
        self.one_received(received);
        for _ in 0..BATCH {
            let more = self.line.as_mut().and_then(|line| line.transports.try_recv());
            let Some(more) = more else { return };
            self.one_received(more);
        }
    }

    fn one_received(&mut self, received: Received) {
        match received {
            Received::Datagram { bytes, flow } => self.input(Input::Datagram { bytes, flow }),
            Received::Message { message, flow } => self.input(Input::Message { message, flow }),
            Received::Failed { flow } => self.input(Input::TransportFailed { flow }),
            // It will be closed, and the end of it told.
            Received::Fault { .. } => {}
        }
    }

    fn heard(&mut self, event: SoundEvent) {
        if let Some(sound) = self.devices.learn(&event) {
            self.show(ScreenEvent::Sound(sound));
        }
        match self.line {
            Some(_) => self.input(Input::Sound(event)),
            None => self.early.push(event),
        }
    }

    fn found(&mut self, found: Result<SocketAddr, String>) {
        self.finding = None;
        if let Err(reason) = found.and_then(|server| self.connect(server)) {
            let retry_at = self.clock.now() + FIND_AGAIN;
            let failed = Registration::Failed { reason, retry_at };
            self.tell(PhoneEvent::RegistrationChanged(failed));
            let server = self.account.server.clone();
            self.finding = Some(Box::pin(async {
                sleep(FIND_AGAIN).await;
                find::address_of(server).await
            }));
        }
    }

    fn connect(&mut self, server: SocketAddr) -> Result<(), String> {
        let transport = match self.account.server.transport {
            crate::config::Transport::Udp => Transport::Udp,
            _ => Transport::Tcp,
        };
        let mut transports = Transports::bind(&[(transport, find::any_for(server))])
            .map_err(|fault| format!("no socket: {fault}"))?;
        let flow = transports.flow_to(transport, server).ok_or("there is no way to the server")?;
        let chance = self.chance.take().ok_or("the phone was there already")?;
        let account = Account {
            flow,
            domain: self.domain(),
            extension: self.account.extension.clone(),
            name: CallerName::default(),
            password: self.account.password.clone(),
            codes: FeatureCodes::default(),
            lot: self.account.lot.clone(),
        };
        let mut phone = Phone::new(account, chance);
        let effects = phone.start(self.clock.now());
        self.line = Some(Line { phone, transports, flow });
        self.carry_out(effects);
        for event in std::mem::take(&mut self.early) {
            self.input(Input::Sound(event));
        }
        Ok(())
    }

    fn domain(&self) -> wire::Host {
        let name = self.account.domain.as_ref().unwrap_or(&self.account.server.name);
        match name.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
            Ok(ip) => ip.into(),
            Err(_) => wire::Host::Name(name.clone()),
        }
    }
}
