//! The stage: simulated people on real sockets, on one thread. Time passes
//! only in [`Stage::wait`].

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::app::Trouble;
use crate::domain::chance::Chance;
use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::edge::clock::Clock;
use crate::edge::peers::Peers;
use crate::media::control::Codec;
use crate::sim::people::crowd::{Crowd, CrowdEffect, News, PersonId};
use crate::sim::people::person::messages::{Deed, Identity, SLOTS};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Longest sleep when nobody has anything to do.
const DOZE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub struct Stage {
    crowd: Crowd,
    peers: Peers,
    /// Where all callers of the trunk are reached.
    pub provider: SocketAddr,
    server: SocketAddr,
}

/// What somebody did or noticed, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub at: Moment,
    pub who: PersonId,
    pub news: News,
}

/// How somebody joins.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    pub name: &'a str,
    pub user: &'a str,
    pub domain: &'a str,
    /// None: behind the trunk.
    pub password: Option<&'a str>,
    pub codecs: &'a [Codec],
}

impl Stage {
    /// # Errors
    /// The system gives no sockets.
    pub fn new(clock: Clock, chance: Chance) -> Result<Self, Trouble> {
        let mut peers = Peers::new(clock).map_err(trouble)?;
        let provider = peers.bind(HERE).map_err(trouble)?;
        Ok(Self { crowd: Crowd::new(chance), peers, provider, server: provider })
    }

    /// Whom everybody who joins afterwards talks to.
    pub fn open_office(&mut self, server: SocketAddr) {
        self.server = server;
    }

    /// # Errors
    /// The system gives no sockets.
    pub fn join(&mut self, part: &Part<'_>) -> Result<PersonId, Trouble> {
        let at = match part.password {
            Some(_) => self.peers.bind(HERE).map_err(trouble)?,
            None => self.provider,
        };
        let mut sound_at = [at; SLOTS];
        for address in &mut sound_at {
            *address = self.peers.bind(HERE).map_err(trouble)?;
        }
        Ok(self.crowd.join(Identity {
            name: part.name.to_owned(),
            user: part.user.to_owned(),
            domain: part.domain.to_owned(),
            password: part.password.map(str::to_owned),
            at,
            sound_at,
            server: self.server,
            codecs: part.codecs.to_vec(),
        }))
    }

    pub fn now(&self) -> Moment {
        self.peers.clock().now()
    }

    pub fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    pub fn tell(&mut self, who: PersonId, deed: Deed) -> Vec<Told> {
        let now = self.now();
        let effects = self.crowd.tell(who, deed, now);
        let mut told = Vec::new();
        let send = |from, to, bytes: &[u8]| self.peers.send(from, to, bytes);
        carry_out(effects, now, &mut told, send);
        told
    }

    /// Until something is told, but no longer than `until`.
    ///
    /// # Errors
    /// The system cannot wait.
    pub fn wait(&mut self, until: Moment) -> Result<Vec<Told>, Trouble> {
        let mut told = Vec::new();
        loop {
            let now = self.now();
            let effects = self.crowd.handle_wakeup(now);
            let send = |from, to, bytes: &[u8]| self.peers.send(from, to, bytes);
            carry_out(effects, now, &mut told, send);
            if !told.is_empty() || now >= until {
                return Ok(told);
            }
            let next = self.crowd.next_wakeup().map_or(now + DOZE, |wakeup| wakeup.at);
            let (crowd, news) = (&mut self.crowd, &mut told);
            self.peers
                .wait(next.min(until).min(now + DOZE), |sending, arrival| {
                    let effects =
                        crowd.handle(arrival.at, arrival.from, arrival.bytes, arrival.now);
                    let send = |from, to, bytes: &[u8]| sending.send(from, to, bytes);
                    carry_out(effects, arrival.now, news, send);
                })
                .map_err(trouble)?;
        }
    }
}

fn carry_out(
    effects: Effects<CrowdEffect>,
    at: Moment,
    told: &mut Vec<Told>,
    send: impl Fn(SocketAddr, SocketAddr, &[u8]),
) {
    for effect in effects {
        match effect {
            CrowdEffect::Send { from, to, bytes } => send(from, to, &bytes),
            CrowdEffect::Report { who, news } => told.push(Told { at, who, news }),
        }
    }
}

fn trouble(error: std::io::Error) -> Trouble {
    Trouble::new(format!("the demo's people have no network: {error}"))
}
