//! The stage: simulated people on real sockets, on one thread. Time passes
//! only in [`Stage::wait`].

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::app::Trouble;
use crate::domain::chance::Chance;
use crate::domain::effects::Effects;
use crate::domain::time::Moment;
use crate::edge::clock::Clock;
use crate::edge::peers::{Arrival, Peers};
use crate::media::control::Codec;
use crate::sim::people::crowd::{Crowd, CrowdEffect, News, PersonId};
use crate::sim::people::person::messages::{Deed, Identity, SLOTS};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

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
        let mut peers = Peers::new(clock);
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
        let effects = self.crowd.tell(who, deed, self.now());
        let mut told = Vec::new();
        // Now, not then: to compose a letter takes time that is not the office's.
        self.carry_out(effects, self.now(), &mut told);
        told
    }

    /// Until something is told, but no longer than `until`.
    ///
    /// # Errors
    /// The system cannot wait.
    pub fn wait(&mut self, until: Moment) -> Result<Vec<Told>, Trouble> {
        let mut told = Vec::new();
        loop {
            let effects = self.crowd.handle_wakeup(self.now());
            let now = self.now();
            self.carry_out(effects, now, &mut told);
            if !told.is_empty() || now >= until {
                return Ok(told);
            }
            let next = self.crowd.next_wakeup().map_or(until, |wakeup| wakeup.at.min(until));
            if let Some(arrival) = self.peers.wait(next).map_err(trouble)? {
                let Arrival { at, from, bytes, now } = arrival;
                let effects = self.crowd.handle(at, from, &bytes, now);
                self.carry_out(effects, now, &mut told);
            }
        }
    }

    fn carry_out(&self, effects: Effects<CrowdEffect>, at: Moment, told: &mut Vec<Told>) {
        for effect in effects {
            match effect {
                CrowdEffect::Send { from, to, bytes } => self.peers.send(from, to, &bytes),
                CrowdEffect::Report { who, news } => told.push(Told { at, who, news }),
            }
        }
    }
}

fn trouble(error: std::io::Error) -> Trouble {
    Trouble::new(format!("the demo's people have no network: {error}"))
}
