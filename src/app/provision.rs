//! Settings for desk phones: `bellhop provision` prints them, and the server
//! hands them out.

use core::net::{IpAddr, SocketAddr};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use tokio::sync::watch;

use crate::app::{Trouble, cli, serve, settings};
use crate::config;
use crate::config::office::{Credentials, Device, Person, Tenant};
use crate::domain::device::{Mac, fits_settings};
use crate::edge::clock::Clock;
use crate::edge::folders::Folders;
use crate::edge::provisioning::{self, PnpSocket, Provisioning};
use crate::edge::transport::{Transports, local_ip_for};
use crate::edge::{chance, files};
use crate::provision::{Book, Password, Phone, Way, own_file, secret_of, sheet};

/// An address for documents (RFC 5737): nothing is sent to it. It asks which
/// way the machine would take to the world.
const FAR_AWAY: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 1));

/// Prints a phone's file, its sheet, or the address of its file.
///
/// # Errors
/// There is no such extension, or its phone cannot be handed settings.
pub fn run(args: &cli::ProvisionArgs) -> Result<(), Trouble> {
    let (office, _) = settings::office(&args.config)?;
    let (tenant, person) = person(&office, args)?;
    let listed = person.devices.iter().find(|device| device.make == args.make);
    let text = if args.url {
        url(&office, args, listed)?
    } else {
        let device = (args.make, listed.map(|device| device.mac.clone()));
        let phone = phone(&office, tenant, person, device).map_err(Trouble::new)?;
        let address = own_address(&office, args.address)?;
        let mut way = Way::at(address, &serve::listeners(&office))
            .ok_or_else(|| Trouble::new("phones cannot register: no udp: or tcp: in listen"))?;
        // Behind NAT it is none of this machine's own.
        way.address = args.address.unwrap_or(way.address);
        let own = if args.sheet { None } else { own_file(&phone, way) };
        own.unwrap_or_else(|| sheet(&phone, way)).text
    };
    let mut out = std::io::stdout().lock();
    let printed = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    printed.map_err(|fault| Trouble::new(format!("nobody reads: {fault}")))
}

fn person<'o>(
    office: &'o config::Office,
    args: &cli::ProvisionArgs,
) -> Result<(&'o Tenant, &'o Person), Trouble> {
    let meant = |tenant: &&Tenant| args.domain.as_ref().is_none_or(|name| *name == tenant.domain);
    let having = |tenant: &'o Tenant| Some((tenant, tenant.person(&args.extension)?));
    let mut found = tenants(office).filter(meant).filter_map(having);
    let (file, extension) = (args.config.display(), &args.extension);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Trouble::new(format!("{file}: there is no extension {extension}"))),
        (Some(_), Some(_)) => Err(Trouble::new(format!(
            "{file}: several offices have an extension {extension}: say which with --domain"
        ))),
    }
}

fn tenants(office: &config::Office) -> impl Iterator<Item = &Tenant> {
    [&office.tenant].into_iter().chain(&office.further_tenants)
}

/// The file's own, where one is listened on; else the machine's.
fn own_address(office: &config::Office, named: Option<IpAddr>) -> Result<IpAddr, Trouble> {
    let listen = office.server.listen.iter().map(|listener| listener.address.ip());
    let own = listen.into_iter().find(|ip| !ip.is_unspecified());
    named.or(own).or_else(|| local_ip_for(FAR_AWAY)).ok_or_else(|| {
        Trouble::new("this machine has no address yet: name the server's with --address")
    })
}

fn url(
    office: &config::Office,
    args: &cli::ProvisionArgs,
    listed: Option<&Device>,
) -> Result<String, Trouble> {
    let mac = &listed
        .ok_or_else(|| {
            let (make, extension) = (args.make, &args.extension);
            let device = format!("devices = [{{ make = \"{make}\", mac = \"...\" }}]");
            Trouble::new(format!("no {make} is listed for {extension}: {device}"))
        })?
        .mac;
    let key = key_file(office, &args.config)
        .ok_or_else(|| Trouble::new("this user has no home folder: set [server] state"))?;
    let secret = std::fs::read(&key).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let secret = secret.ok_or_else(|| {
        let key = key.display();
        Trouble::new(format!(
            "{key} cannot be read: the server makes it when it first starts, for its own user alone"
        ))
    })?;
    let port = provisioning_settings(office).listen.port();
    let server = SocketAddr::new(own_address(office, args.address)?, port);
    Ok(format!("http://{server}/prov/{}/\n", secret_of(mac, &secret)))
}

fn provisioning_settings(office: &config::Office) -> config::office::Provisioning {
    office.provisioning.clone().unwrap_or_default()
}

/// What a phone of this person is told.
fn phone(
    office: &config::Office,
    tenant: &Tenant,
    person: &Person,
    (make, mac): (crate::domain::device::Make, Option<Mac>),
) -> Result<Phone, String> {
    let extension = &person.extension;
    let Credentials::Password(password) = &person.credentials else {
        return Err(format!(
            "{extension} has only ha1 and ha1_sha256, and a phone must be told the password \
             itself: set password or password_file"
        ));
    };
    if !fits_settings(password.reveal()) {
        return Err(format!(
            "the password of {extension} cannot be written into a phone's settings: it begins or \
             ends with a blank, or has a control character in it"
        ));
    }
    let several = !office.further_tenants.is_empty();
    Ok(Phone {
        make,
        mac,
        extension: extension.clone(),
        name: person.name.clone(),
        password: Password::new(password.reveal()),
        codes: tenant.codes.clone(),
        colleagues: colleagues(tenant, person),
        domain: several.then(|| tenant.domain.clone()),
        revision: seconds_of_now(),
    })
}

/// The others of his group in their order, else everybody.
fn colleagues(
    tenant: &Tenant,
    person: &Person,
) -> Vec<(crate::domain::ids::Extension, crate::domain::caller_name::CallerName)> {
    let group = tenant.group_of(&person.extension).map(|group| &group.members);
    let all = || tenant.extensions.iter().map(|other| &other.extension).collect::<Vec<_>>();
    let others = group.map_or_else(all, |members| members.iter().collect());
    let others = others.into_iter().filter(|other| **other != person.extension);
    others.filter_map(|other| Some((other.clone(), tenant.person(other)?.name.clone()))).collect()
}

/// Rises from each start of the server to the next, until 2106.
fn seconds_of_now() -> u32 {
    let unix_ms = Clock::start().wall_now().unix_ms();
    u32::try_from(unix_ms / 1_000).unwrap_or(u32::MAX)
}

/// Opens the listener if any phone is listed; says where. Without it the
/// office still answers calls.
pub fn start(office: &config::Office, file: &Path, transports: &Transports) -> Option<HandsOut> {
    if listed_phones(office).is_empty() {
        return None;
    }
    match opened(office, file, transports) {
        Ok(hands_out) => Some(hands_out),
        Err(trouble) => {
            tracing::warn!("no phone is handed its settings: {trouble}");
            None
        }
    }
}

/// The listener that hands phones their settings.
pub struct HandsOut {
    pub address: SocketAddr,
    /// The phones it knows, from now on these.
    pub books: watch::Sender<Book>,
}

/// The phones that an office lists, with their settings.
///
/// # Errors
/// The system gives no randomness.
pub fn book(office: &config::Office, file: &Path) -> Result<Book, Trouble> {
    Ok(Book::new(listed_phones(office), &key(office, file)?))
}

/// Whether it lists any.
pub fn lists_phones(office: &config::Office) -> bool {
    !listed_phones(office).is_empty()
}

fn listed_phones(office: &config::Office) -> Vec<Phone> {
    let people = tenants(office).flat_map(|t| t.extensions.iter().map(move |p| (t, p)));
    let devices = people.flat_map(|(t, p)| p.devices.iter().map(move |device| (t, p, device)));
    let phones = devices.filter_map(|(tenant, person, device)| {
        // The start has complained of those that cannot be.
        phone(office, tenant, person, (device.make, Some(device.mac.clone()))).ok()
    });
    phones.collect()
}

fn opened(
    office: &config::Office,
    file: &Path,
    transports: &Transports,
) -> Result<HandsOut, Trouble> {
    let settings = provisioning_settings(office);
    let book = book(office, file)?;
    let taken = |fault| Trouble::new(format!("http://{}: {fault}", settings.listen));
    let listener = TcpListener::bind(settings.listen).map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    let pnp = if settings.pnp { pnp_socket(transports) } else { None };
    tracing::info!("provisioning: {} phones are listed, http://{address}/prov/", book.len());
    let (books, book) = watch::channel(book);
    let provisioning = Provisioning {
        book,
        listening: transports.local_addresses(),
        external_address: office.server.external_address,
        local_networks: office.server.local_networks.clone().unwrap_or_default(),
        vouched: settings.networks,
    };
    provisioning::start(provisioning, listener, pnp).map_err(taken)?;
    Ok(HandsOut { address, books })
}

fn pnp_socket(transports: &Transports) -> Option<PnpSocket> {
    let socket = transports.beside(|| PnpSocket::bind(PnpSocket::PORT));
    let told = |fault| tracing::warn!("phones that ask by multicast get no answer: {fault}");
    socket.map_err(told).ok()
}

/// Kept in the state folder, readable by nobody else: the addresses that
/// phones were given are good after a restart.
fn key(office: &config::Office, config: &Path) -> Result<[u8; 32], Trouble> {
    let file = key_file(office, config);
    let kept = file.as_deref().and_then(|file| std::fs::read(file).ok());
    if let Some(key) = kept.and_then(|bytes| bytes.try_into().ok()) {
        return Ok(key);
    }
    let key = chance::secret().map_err(|fault| Trouble::new(format!("no randomness: {fault}")))?;
    if let Some(file) = file {
        if let Some(folder) = file.parent() {
            let _ = files::private_folder(folder); // Its failure is the next line's.
        }
        if let Err(fault) = files::replace_private(&file, &key) {
            let file = file.display();
            tracing::warn!("{file}: {fault}; addresses with a secret end with this start");
        }
    }
    Ok(key)
}

fn key_file(office: &config::Office, config: &Path) -> Option<PathBuf> {
    let folder = match &office.server.state {
        Some(state) => files::beside(config, state).parent().map(Path::to_path_buf),
        None => Folders::of_this_user().map(|folders| folders.state),
    };
    folder.map(|folder| folder.join("provisioning.key"))
}
