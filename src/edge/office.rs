//! The loop that feeds the office: one task owns the [`Building`], its
//! sockets and the handles of its media thread and of its clerk.

use std::future::Future;
use std::pin::pin;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::domain::administration::Wish;
use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::edge::clerk::{Asker, Clerk, Done, Task};
use crate::edge::clock::Clock;
use crate::edge::ctl::{Answer, Asked, ParkedCall, Question, Socket, Status, TenantStatus};
use crate::edge::names::{Named, Names};
use crate::edge::rtp::MediaHandle;
use crate::edge::signals::HangUps;
use crate::edge::transport::{Received, Transports};
use crate::exchange::building::Building;
use crate::exchange::settings::Settings;
use crate::exchange::{Effect, Exchange, Found, Input, Order, Report};
use crate::media::control::MediaEvent;

/// Events taken in one go before timers are looked at again.
const BATCH: usize = 256;
/// Nothing is due: looked at again all the same.
const IDLE: std::time::Duration = std::time::Duration::from_secs(3600);

/// For the last messages to leave.
const PARTING: std::time::Duration = std::time::Duration::from_millis(100);

/// What an office cannot do without.
pub struct Parts {
    pub exchange: Building,
    pub transports: Transports,
    pub media: MediaHandle,
    pub media_events: UnboundedReceiver<MediaEvent>,
    pub clock: Clock,
    pub clerk: Clerk,
    /// Opens an office for a tenant that comes while the server runs.
    pub newcomers: Box<dyn FnMut(Settings) -> Exchange>,
}

pub struct Office {
    exchange: Building,
    transports: Transports,
    media: MediaHandle,
    media_events: UnboundedReceiver<MediaEvent>,
    clock: Clock,
    clerk: Clerk,
    newcomers: Box<dyn FnMut(Settings) -> Exchange>,
    control: Option<Socket>,
    hang_ups: HangUps,
    started: Moment,
    names: Names,
}

impl Office {
    /// `control` is where it is asked by people without a phone.
    pub fn new(parts: Parts, control: Option<Socket>, hang_ups: HangUps) -> Self {
        let Parts { exchange, transports, media, media_events, clock, clerk, newcomers } = parts;
        let started = clock.now();
        Self {
            exchange,
            transports,
            media,
            media_events,
            clock,
            clerk,
            newcomers,
            control,
            hang_ups,
            started,
            names: Names::default(),
        }
    }

    /// Runs until `stop` is done; then every call is ended in good order.
    pub async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        loop {
            let due = self.exchange.next_wakeup();
            let wait = due.map_or(IDLE, |wakeup| self.clock.until(wakeup.at));
            tokio::select! {
                biased;
                () = &mut stop => break,
                received = self.transports.recv() => self.received(received),
                Some(event) = self.media_events.recv() => self.media_event(event),
                done = self.clerk.done() => self.done(done),
                () = self.hang_ups.next() => self.clerk.give(Task::Reload, Asker::Log),
                asked = asked(&mut self.control) => self.asked(asked),
                answer = self.names.answer() => self.named(answer),
                () = sleep(wait) => self.wake_up(),
            }
        }
        let effects = self.exchange.close(self.clock.now());
        self.carry_out(effects);
        // What was sent on streams is written by their own tasks; a provider
        // may want to know once more who takes his leave.
        let _ = tokio::time::timeout(PARTING, self.hear_out()).await;
    }

    async fn hear_out(&mut self) {
        loop {
            let received = self.transports.recv().await;
            self.received(received);
        }
    }

    /// Where a provider is; which of our sockets lead there is known here.
    fn named(&mut self, answer: Named) {
        let Named { place, found } = answer;
        let transports = &mut self.transports;
        let found = found.and_then(|(all, valid_for)| {
            let ways = all.into_iter().filter_map(|(by, remote)| transports.flow_to(by, remote));
            let flows: Vec<_> = ways.collect();
            match flows.is_empty() {
                true => Err("no listener or no way leads there".to_owned()),
                false => Ok(Found { flows, valid_for }),
            }
        });
        self.handle(Input::Resolved { place, found });
    }

    /// What is there already is taken in one go, and so is what the media
    /// thread says meanwhile: each call of a burst wants a port.
    fn received(&mut self, received: Received) {
        self.one_received(received);
        for _ in 0..BATCH {
            let Some(received) = self.transports.try_recv() else { return };
            self.one_received(received);
        }
    }

    fn one_received(&mut self, received: Received) {
        self.media_events_so_far();
        let input = match received {
            Received::Datagram { bytes, flow } => Input::Datagram { bytes, flow },
            Received::Message { message, flow } => Input::Message { message, flow },
            Received::Failed { flow } => Input::TransportFailed { flow },
            Received::Fault { fault, flow } => Input::Broken { fault, flow },
        };
        self.handle(input);
    }

    /// The new settings hold before anybody hears of them.
    fn done(&mut self, mut done: Done) {
        log_done(&done);
        if let Ok(change) = &mut done.result
            && let Some(settings) = change.settings.take()
        {
            let now = self.clock.now();
            let effects = self.exchange.reconfigure(settings, now, &mut self.newcomers);
            self.carry_out(effects);
            self.wake_up();
        }
        let (outcome, answer) = (done.outcome(), done.answer());
        match done.asker {
            Asker::Log => {}
            Asker::Console { domain, number } => {
                self.handle(Input::Administered { domain, number, outcome });
            }
            Asker::Socket(asked) => asked.answer(answer),
        }
    }

    fn asked(&mut self, asked: Asked) {
        match asked.question.clone() {
            Question::Status => asked.answer(Answer::Status(self.status())),
            Question::Parked => asked.answer(Answer::Parked(self.parked())),
            Question::Reload => self.clerk.give(Task::Reload, Asker::Socket(asked)),
            Question::Group { domain, wish } => {
                self.clerk.give(Task::Groups { domain, wish }, Asker::Socket(asked));
            }
        }
    }

    fn status(&self) -> Status {
        let offices = self.exchange.offices().iter().filter(|office| !office.is_over());
        let tenants = offices.map(|office| {
            let extensions = &office.settings().extensions;
            let registered = |extension: &&_| office.registrar().is_registered(extension);
            TenantStatus {
                domain: office.settings().domain.clone(),
                extensions: extensions.len(),
                registered: extensions.keys().filter(registered).count(),
                legs: office.legs().count(),
                parked: office.lot().calls().len(),
            }
        });
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            running_s: self.clock.now().since(self.started).as_secs(),
            tenants: tenants.collect(),
        }
    }

    /// As of this very moment: clocks of calls run on between two events.
    fn parked(&mut self) -> Vec<ParkedCall> {
        self.wake_up();
        let offices = self.exchange.offices().iter();
        let calls = offices.flat_map(|office| {
            let domain = office.settings().domain.clone();
            let of = move |call| ParkedCall { domain: domain.clone(), call };
            office.parked().into_iter().map(of)
        });
        calls.collect()
    }

    fn media_event(&mut self, event: MediaEvent) {
        self.handle(Input::Media(event));
        self.media_events_so_far();
    }

    fn media_events_so_far(&mut self) {
        for _ in 0..BATCH {
            let Ok(event) = self.media_events.try_recv() else { return };
            self.handle(Input::Media(event));
        }
    }

    fn handle(&mut self, input: Input) {
        let effects = self.exchange.handle(input, self.clock.now());
        self.carry_out(effects);
        let now = self.clock.now();
        if self.exchange.next_wakeup().is_some_and(|wakeup| wakeup.at <= now) {
            self.wake_up();
        }
    }

    fn administer(&mut self, order: Order) {
        let Order { number, domain, by, wish } = order;
        if wish != Wish::List {
            tracing::info!("{by} of {domain} changes the call park groups");
        }
        let task = Task::Groups { domain: Some(domain.clone()), wish };
        self.clerk.give(task, Asker::Console { domain, number });
    }

    fn wake_up(&mut self) {
        let effects = self.exchange.handle_wakeup(self.clock.now());
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Effects<Effect>) {
        // Nobody waits for the log.
        let mut reports = Vec::new();
        for effect in effects {
            match effect {
                Effect::Send { flow, bytes } => self.transports.send(flow, bytes),
                Effect::Media(command) => self.media.send(command),
                Effect::Administer(order) => self.administer(order),
                Effect::Resolve(place) => self.names.ask(place),
                Effect::Report(report) => reports.push(report),
            }
        }
        reports.iter().for_each(log);
    }
}

/// None comes where there is no socket.
async fn asked(control: &mut Option<Socket>) -> Asked {
    match control {
        Some(socket) => socket.asked().await,
        None => std::future::pending().await,
    }
}

fn log_done(done: &Done) {
    let (what, looks) = match &done.task {
        Task::Reload => ("settings read anew", false),
        Task::Groups { wish: Wish::List, .. } => ("groups looked at", true),
        Task::Groups { .. } => ("groups changed", false),
    };
    match &done.result {
        Ok(_) if looks => {}
        Ok(change) => {
            tracing::info!("{what}");
            change.remarks.iter().for_each(|remark| tracing::warn!("{remark}"));
        }
        Err(objections) => {
            let words: Vec<&str> = objections.iter().map(|o| o.words.as_str()).collect();
            tracing::warn!("{what}: refused, the old ones hold: {}", words.join("; "));
        }
    }
}

/// Names are cleaned at the door: what is logged holds no control characters.
fn log(report: &Report) {
    match report {
        Report::AuthenticationFailed { ip, user, reason } => {
            // The form is fail2ban's: docs/SECURITY.md.
            tracing::warn!("auth-fail ip={ip} user={user} reason={reason}");
        }
        Report::Registered { extension, devices } => {
            tracing::info!("{extension} registered, devices={devices}");
        }
        Report::Unregistered { extension } => tracing::info!("{extension} unregistered"),
        Report::CallStarted { journey, caller } => {
            tracing::info!("call {} from {caller} ({})", short(journey), caller.number);
        }
        Report::CallAnswered { journey, by } => {
            tracing::info!("call {} answered by {by}", short(journey));
        }
        Report::CallParked { journey, caller, at, parking_user } => {
            tracing::info!("call {} {caller} parked at {at} by {parking_user}", short(journey));
        }
        Report::CallRecalled { journey, caller, parking_user } => {
            tracing::info!("call {} {caller} recalls {parking_user}", short(journey));
        }
        Report::CallRetrieved { journey, caller, by } => {
            tracing::info!("call {} {caller} retrieved by {by}", short(journey));
        }
        Report::CallEnded { journey, caller, how } => {
            tracing::info!("call {} {caller} ended: {how:?}", short(journey));
        }
        // What it says is between colleagues.
        Report::Noted { journey, caller, note, by } => {
            let what = if note.is_empty() { "note removed" } else { "note set" };
            tracing::info!("call {} {caller} {what} by {by}", short(journey));
        }
        Report::TrunkRegistered { trunk, at, granted } => {
            let granted_s = granted.as_secs();
            tracing::info!("trunk {trunk} registered at {at} for {granted_s} s");
        }
        Report::TrunkTrouble { words, again_in, .. } => {
            tracing::warn!("{words}; tried again in {} s", again_in.as_secs());
        }
        Report::DoNotDisturb { extension, on } => {
            tracing::info!("{extension} do-not-disturb={on}");
        }
    }
}

/// Enough of a journey to find it in the log.
fn short(journey: &crate::domain::ids::JourneyId) -> String {
    String::from(*journey)[..8].to_owned()
}
