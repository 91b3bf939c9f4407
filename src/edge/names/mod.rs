//! Asking the name servers where a provider is (RFC 3263): SRV, then
//! addresses. Nobody waits for an answer; it comes when it comes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::net::NetError;
use hickory_resolver::proto::rr::RData;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::edge::chance;
use crate::exchange::Place;
use crate::sip::flow::Transport;

/// What was found, the best first, before our own side of each way is known.
pub struct Named {
    pub place: Place,
    pub found: Result<(Vec<(Transport, SocketAddr)>, Duration), String>,
}

/// Of an address that is no name: it stays what it is.
const FOR_LONG: Duration = Duration::from_secs(3_600);
/// Providers have a handful of servers; more are not tried.
const SERVERS_MAX: usize = 16;
const PORT: u16 = 5060;

pub struct Names {
    /// Read again after a failure: a laptop changes its networks.
    resolver: Option<Arc<TokioResolver>>,
    tell: UnboundedSender<Named>,
    answers: UnboundedReceiver<Named>,
}

impl Default for Names {
    fn default() -> Self {
        let (tell, answers) = unbounded_channel();
        Self { resolver: None, tell, answers }
    }
}

impl Names {
    /// The answer comes from [`Self::answer`].
    pub fn ask(&mut self, place: Place) {
        if let Some(ip) = address(&place.host) {
            let transport = place.transport.unwrap_or(Transport::Udp);
            let at = SocketAddr::new(ip, place.port.unwrap_or(PORT));
            return self.answered(Named { place, found: Ok((vec![(transport, at)], FOR_LONG)) });
        }
        match self.resolver() {
            Ok(resolver) => {
                let tell = self.tell.clone();
                tokio::spawn(async move {
                    let found = look_up(&resolver, &place).await;
                    // The office may have ended.
                    let _ = tell.send(Named { place, found });
                });
            }
            Err(fault) => self.answered(Named { place, found: Err(fault) }),
        }
    }

    fn answered(&self, answer: Named) {
        let _ = self.tell.send(answer);
    }

    /// The next answer. May be cancelled.
    pub async fn answer(&mut self) -> Named {
        let Some(answer) = self.answers.recv().await else {
            return std::future::pending().await; // Never: we hold a sender.
        };
        if answer.found.is_err() {
            self.resolver = None;
        }
        answer
    }

    fn resolver(&mut self) -> Result<Arc<TokioResolver>, String> {
        if let Some(resolver) = &self.resolver {
            return Ok(resolver.clone());
        }
        let builder = TokioResolver::builder_tokio();
        let resolver = builder.and_then(|builder| builder.build());
        let resolver = resolver.map_err(|fault| format!("no name servers: {fault}"))?;
        Ok(self.resolver.insert(Arc::new(resolver)).clone())
    }
}

/// An address, or a name that every machine gives itself.
fn address(host: &str) -> Option<IpAddr> {
    let host = host.trim_end_matches('.');
    if host.eq_ignore_ascii_case("localhost") {
        return Some(IpAddr::from([127, 0, 0, 1]));
    }
    host.parse().ok()
}

/// A server of a provider's, by its name.
struct Server {
    transport: Transport,
    host: String,
    port: u16,
    priority: u16,
    weight: u16,
}

async fn look_up(
    resolver: &TokioResolver,
    place: &Place,
) -> Result<(Vec<(Transport, SocketAddr)>, Duration), String> {
    let mut valid_until = Instant::now() + FOR_LONG;
    let servers = match place.port {
        Some(_) => Vec::new(),
        None => servers_of(resolver, place, &mut valid_until).await?,
    };
    let servers = if servers.is_empty() { vec![itself(place)] } else { in_order(servers) };
    let (mut found, mut fault) = (Vec::new(), None);
    for server in servers.into_iter().take(SERVERS_MAX) {
        match resolver.lookup_ip(server.host.as_str()).await {
            Ok(addresses) => {
                valid_until = valid_until.min(addresses.valid_until().into());
                let at = |ip| (server.transport, SocketAddr::new(ip, server.port));
                found.extend(addresses.iter().map(at));
            }
            Err(error) => fault = Some(in_words(&error)),
        }
    }
    found.truncate(SERVERS_MAX);
    match (found.is_empty(), fault) {
        (true, Some(fault)) => Err(fault),
        _ => Ok((found, valid_until.duration_since(Instant::now()))),
    }
}

/// No records: an empty list. Err: the name servers do not answer.
async fn servers_of(
    resolver: &TokioResolver,
    place: &Place,
    valid_until: &mut Instant,
) -> Result<Vec<Server>, String> {
    let mut servers = Vec::new();
    for transport in [Transport::Udp, Transport::Tcp] {
        if place.transport.is_some_and(|wanted| wanted != transport) {
            continue;
        }
        let service = transport.as_str().to_lowercase();
        let name = format!("_sip._{service}.{}.", place.host.trim_end_matches('.'));
        let records = match resolver.srv_lookup(name).await {
            Ok(records) => records,
            Err(error) if error.is_no_records_found() => continue,
            Err(error) => return Err(in_words(&error)),
        };
        *valid_until = (*valid_until).min(records.valid_until().into());
        let srv = records.answers().iter().filter_map(|record| match &record.data {
            // A lone dot: the service is not there (RFC 2782).
            RData::SRV(srv) if !srv.target.is_root() => Some(srv),
            _ => None,
        });
        servers.extend(srv.map(|srv| Server {
            transport,
            host: srv.target.to_string(),
            port: srv.port,
            priority: srv.priority,
            weight: srv.weight,
        }));
    }
    Ok(servers)
}

fn itself(place: &Place) -> Server {
    Server {
        transport: place.transport.unwrap_or(Transport::Udp),
        host: place.host.clone(),
        port: place.port.unwrap_or(PORT),
        priority: 0,
        weight: 0,
    }
}

/// UDP before TCP, lower priorities first; among equals by lot, heavy ones
/// more often (RFC 2782).
fn in_order(mut servers: Vec<Server>) -> Vec<Server> {
    let mut chance = chance::seeded_by_the_system().ok();
    let mut lot = |weight: u16| {
        let most = u64::from(weight) * 10 + 1;
        chance.as_mut().map_or(most, |chance| chance.below(most))
    };
    let mut keyed: Vec<_> = servers
        .drain(..)
        .map(|server| {
            let rank = (server.transport, server.priority, u64::MAX - lot(server.weight));
            (rank, server)
        })
        .collect();
    keyed.sort_by_key(|(rank, _)| *rank);
    keyed.into_iter().map(|(_, server)| server).collect()
}

fn in_words(error: &NetError) -> String {
    if error.is_nx_domain() {
        return "there is no such name".to_owned();
    }
    if error.is_no_records_found() {
        return "this name has no address".to_owned();
    }
    match error {
        NetError::Timeout => "the name servers do not answer".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
