//! The loop that feeds the office: one task owns the [`Building`], its
//! sockets and the handle of its media thread.

use std::future::Future;
use std::pin::pin;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::domain::effects::Effects;
use crate::edge::clock::Clock;
use crate::edge::rtp::MediaHandle;
use crate::edge::transport::{Received, Transports};
use crate::exchange::building::Building;
use crate::exchange::{Effect, Input, Report};
use crate::media::control::MediaEvent;

/// Events taken in one go before timers are looked at again.
const BATCH: usize = 256;
/// Nothing is due: looked at again all the same.
const IDLE: std::time::Duration = std::time::Duration::from_secs(3600);

/// For the last messages to leave.
const PARTING: std::time::Duration = std::time::Duration::from_millis(100);

pub struct Office {
    pub exchange: Building,
    pub transports: Transports,
    pub media: MediaHandle,
    pub media_events: UnboundedReceiver<MediaEvent>,
    pub clock: Clock,
}

impl Office {
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
                () = sleep(wait) => self.wake_up(),
            }
        }
        let effects = self.exchange.close(self.clock.now());
        self.carry_out(effects);
        // What was sent on streams is written by their own tasks.
        sleep(PARTING).await;
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
                Effect::Report(report) => reports.push(report),
            }
        }
        reports.iter().for_each(log);
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
        Report::DoNotDisturb { extension, on } => {
            tracing::info!("{extension} do-not-disturb={on}");
        }
    }
}

/// Enough of a journey to find it in the log.
fn short(journey: &crate::domain::ids::JourneyId) -> String {
    String::from(*journey)[..8].to_owned()
}
