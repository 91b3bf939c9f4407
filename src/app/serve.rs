//! `bellhop serve`: the office, headless.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io::Write;

use crate::app::{Trouble, books, cli, ctl, provision, settings};
use crate::config;
use crate::config::office::Credentials;
use crate::domain::chance::Chance;
use crate::edge::clerk::Clerk;
use crate::edge::clock::Clock;
use crate::edge::ctl::Socket;
use crate::edge::office::{Office, Parts};
use crate::edge::rtp::{Media, MediaConfig};
use crate::edge::signals::HangUps;
use crate::edge::transport::{Transports, local_ip_for};
use crate::edge::{chance, signals, wav};
use crate::exchange::Exchange;
use crate::exchange::building::Building;
use crate::exchange::settings::{
    Account, DeviceSettings, ExtensionSettings, GroupSettings, Limits, Network, Place, Settings,
    TrunkLine, TrunkSettings,
};
use crate::media::sounds::Sounds;
use crate::sip::digest::Secret;
use crate::sip::flow::{Flow, Transport};

/// Streams bound ahead of the calls that will use them.
const PORTS_AHEAD: usize = 512;

/// Runs until it is told to stop.
///
/// # Errors
/// The settings are wrong, an address is taken, or the system gives no
/// socket, thread or randomness.
pub fn run(args: &cli::ServeArgs) -> Result<(), Trouble> {
    crate::app::log::start();
    // The office has an OS thread of its own: nothing else runs on it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|fault| Trouble::new(format!("no event loop: {fault}")))?;
    // Before anything that takes time: until it is listened to, SIGHUP kills.
    let hang_ups = runtime.block_on(async { HangUps::listen() });
    let (office, findings) = settings::office(&args.config)?;
    for warning in findings.as_slice() {
        tracing::warn!("{warning}");
    }
    let input = args.while_stdin.then(signals::end_of_input);
    runtime.block_on(serve(&office, args, hang_ups, input))
}

async fn serve(
    office: &config::Office,
    args: &cli::ServeArgs,
    hang_ups: HangUps,
    input: Option<impl Future<Output = ()>>,
) -> Result<(), Trouble> {
    let clock = Clock::start();
    let listen = listeners(office);
    let transports = Transports::bind(&listen)
        .map_err(|fault| Trouble::new(format!("cannot listen: {fault}")))?;
    let bound = transports.local_addresses();
    let (media, media_events) = Media::start(media_config(office, &bound), clock)
        .map_err(|fault| Trouble::new(format!("no media: {fault}")))?;
    // A new one each time: what was used of the last one's nonces is forgotten
    // with it, and nothing overheard then may act now.
    let key = chance::secret().map_err(|fault| Trouble::new(format!("no randomness: {fault}")))?;
    let exchange = Building::new(offices(office, &bound, key)?);
    let hands_out = provision::start(office, &args.config, &transports);
    let handed_out_at = hands_out.as_ref().map(|it| it.address);
    let clerk = Clerk::start(books::keep(
        args.config.clone(),
        office,
        &bound,
        hands_out.map(|it| it.books),
    ))
    .map_err(|fault| Trouble::new(format!("no thread: {fault}")))?;
    let newcomers = Box::new(newcomers(key)?);
    let control = control(args);
    let parts = Parts { exchange, transports, media, media_events, clock, clerk, newcomers };
    let office = Office::new(parts, control, hang_ups);
    announce(&bound, handed_out_at);
    office.run(signals::stop_or(input)).await;
    tracing::info!("stopped");
    Ok(())
}

/// One line, in the log and for whoever started us.
fn announce(bound: &[(Transport, SocketAddr)], provisioning: Option<SocketAddr>) {
    let sip = bound
        .iter()
        .map(|(transport, address)| format!("{}:{address}", transport.as_str().to_lowercase()));
    let provisioning = provisioning.map(|address| format!("provisioning:{address}"));
    let addresses: Vec<String> = sip.chain(provisioning).collect();
    let addresses = addresses.join(" ");
    tracing::info!("ready {addresses}");
    let mut out = std::io::stdout().lock();
    // Nobody may be reading it.
    let _ = writeln!(out, "ready {addresses}").and_then(|()| out.flush());
}

pub(super) fn listeners(office: &config::Office) -> Vec<(Transport, SocketAddr)> {
    let listen = office.server.listen.iter();
    listen
        .filter_map(|listener| match listener.transport {
            config::Transport::Udp => Some((Transport::Udp, listener.address)),
            config::Transport::Tcp => Some((Transport::Tcp, listener.address)),
            // Understood, warned about, not served yet.
            config::Transport::Tls | config::Transport::Ws | config::Transport::Wss => None,
        })
        .collect()
}

fn media_config(office: &config::Office, bound: &[(Transport, SocketAddr)]) -> MediaConfig {
    let mut hosts: Vec<IpAddr> = bound.iter().map(|(_, address)| address.ip()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let address = match hosts.as_slice() {
        [only] => *only,
        hosts if hosts.iter().any(IpAddr::is_ipv6) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        _ => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    };
    let ports = office.server.rtp_ports;
    MediaConfig {
        address,
        ports: ports.first..=ports.last,
        stock: PORTS_AHEAD,
        sounds: sounds(office),
    }
}

fn sounds(office: &config::Office) -> Sounds {
    let Some(file) = &office.tenant.music else { return Sounds::built_in() };
    match wav::decode(&file.bytes) {
        Ok(samples) => Sounds::with_music(&samples),
        Err(fault) => {
            tracing::warn!("{}: {fault}; the built-in music plays", file.path);
            Sounds::built_in()
        }
    }
}

/// One for each tenant, the file's own first.
fn offices(
    office: &config::Office,
    bound: &[(Transport, SocketAddr)],
    key: [u8; 32],
) -> Result<Vec<Exchange>, Trouble> {
    let exchange = |settings| {
        let seed = chance::seeded_by_the_system()
            .map_err(|fault| Trouble::new(format!("no randomness: {fault}")))?;
        Ok(Exchange::new(settings, seed, key))
    };
    all_settings(office, bound).into_iter().map(exchange).collect()
}

/// Of each tenant, the file's own first.
pub(super) fn all_settings(
    office: &config::Office,
    bound: &[(Transport, SocketAddr)],
) -> Vec<Settings> {
    let tenants = [&office.tenant].into_iter().chain(&office.further_tenants);
    tenants.map(|tenant| exchange_settings(office, tenant, bound)).collect()
}

/// For a tenant that comes while the server runs.
fn newcomers(key: [u8; 32]) -> Result<impl FnMut(Settings) -> Exchange, Trouble> {
    let mut chance = chance::seeded_by_the_system()
        .map_err(|fault| Trouble::new(format!("no randomness: {fault}")))?;
    Ok(move |settings| {
        let seed = u128::from(chance.draw()) << 64 | u128::from(chance.draw());
        Exchange::new(settings, Chance::from_seed(seed), key)
    })
}

/// Where `bellhop ctl` reaches this server; the office runs without it too.
fn control(args: &cli::ServeArgs) -> Option<Socket> {
    let path = ctl::own_socket(args);
    let opened = path.and_then(|path| {
        let socket = Socket::open(&path);
        socket.map_err(|fault| Trouble::new(format!("{}: {fault}", path.display())))
    });
    opened.map_err(|trouble| tracing::warn!("`bellhop ctl` cannot be used: {trouble}")).ok()
}

fn exchange_settings(
    office: &config::Office,
    tenant: &config::office::Tenant,
    bound: &[(Transport, SocketAddr)],
) -> Settings {
    Settings {
        domain: tenant.domain.clone(),
        is_only_tenant: office.further_tenants.is_empty(),
        listen: bound.to_vec(),
        external_address: office.server.external_address,
        local_networks: office.server.local_networks.iter().flatten().map(network).collect(),
        codes: tenant.codes.clone(),
        recall: tenant.park.recall.clone(),
        parked_per_extension_max: tenant.park.max_per_extension as usize,
        extensions: tenant
            .extensions
            .iter()
            .map(|person| {
                let secret = secret(person, &tenant.domain);
                let devices = person.devices.iter().map(device).collect();
                let (name, admin) = (person.name.clone(), person.admin);
                let settings = ExtensionSettings { name, secret, admin, devices };
                (person.extension.clone(), settings)
            })
            .collect(),
        groups: tenant
            .call_park_groups
            .iter()
            .map(|group| GroupSettings {
                name: group.name.clone(),
                members: group.members.clone(),
                recall: group.recall.clone(),
            })
            .collect(),
        ring_groups: tenant.ring_groups.clone(),
        trunks: tenant.trunks.iter().filter_map(|trunk| trunk_settings(trunk, bound)).collect(),
        emergency: office.server.emergency.clone(),
        directory: tenant.directory.clone(),
        limits: Limits::default(),
    }
}

fn device(device: &config::office::Device) -> DeviceSettings {
    let config::office::Device { make, mac, habits } = device.clone();
    DeviceSettings { make, mac, habits }
}

fn secret(person: &config::office::Person, realm: &str) -> Secret {
    match &person.credentials {
        Credentials::Password(password) => {
            Secret::password(person.extension.as_str(), realm, password.reveal())
        }
        Credentials::Hashes { md5, sha256 } => Secret::hashed(md5.reveal(), sha256.reveal()),
    }
}

fn network(network: &config::Network) -> Network {
    Network { address: network.address, prefix_bits: network.prefix }
}

fn trunk_settings(
    trunk: &config::office::Trunk,
    bound: &[(Transport, SocketAddr)],
) -> Option<TrunkSettings> {
    let password = trunk.password.as_ref().map(|password| password.reveal().to_owned());
    let account = trunk.username.clone().map(|user| Account { user, password });
    Some(TrunkSettings {
        name: trunk.name.clone(),
        line: trunk_line(&trunk.line, bound)?,
        account,
        caller_id: trunk.caller_id.as_ref().map(ToString::to_string),
        inbound: trunk.inbound.clone(),
        dids: trunk.dids.iter().map(|did| (did.number.to_string(), did.to.clone())).collect(),
        outbound_prefix: Some(trunk.outbound_prefix.clone()).filter(|prefix| !prefix.is_empty()),
        media_from: trunk.media_from.iter().map(network).collect(),
    })
}

/// None: it is known by what is not spoken yet, or nothing listens for it.
fn trunk_line(
    line: &config::office::TrunkLine,
    bound: &[(Transport, SocketAddr)],
) -> Option<TrunkLine> {
    let peer = match line {
        config::office::TrunkLine::Peer(peer) => peer,
        config::office::TrunkLine::Registrar(registrar) => {
            let transport = match registrar.transport {
                Some(transport) => Some(spoken(transport)?),
                None => None,
            };
            let (host, port) = (registrar.host.clone(), registrar.port);
            return Some(TrunkLine::Registrar(Place { host, port, transport }));
        }
    };
    let (transport, remote) = (spoken(peer.transport)?, peer.address);
    let ours = bound.iter().find(|(t, a)| *t == transport && a.is_ipv4() == remote.is_ipv4());
    let local = ours.map(|(_, address)| *address)?;
    let ip = match local.ip().is_unspecified() {
        true => local_ip_for(remote.ip()).unwrap_or(local.ip()),
        false => local.ip(),
    };
    let local = SocketAddr::new(ip, local.port());
    Some(TrunkLine::Peer(Flow { transport, local, remote }))
}

fn spoken(transport: config::Transport) -> Option<Transport> {
    match transport {
        config::Transport::Udp => Some(Transport::Udp),
        config::Transport::Tcp => Some(Transport::Tcp),
        config::Transport::Tls | config::Transport::Ws | config::Transport::Wss => None,
    }
}
