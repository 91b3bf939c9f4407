//! The settings of an office, as `office.toml` holds them: all checked, all
//! typed, defaults filled in.

mod devices;
mod groups;
mod habits;
mod listeners;
mod people;
mod read;
mod tenant;
mod tenant_files;
mod trunks;

use core::net::{IpAddr, SocketAddr};

use crate::config::complaint::Findings;
use crate::config::secret::Secret;
use crate::config::values::{Listener, Network, PortRange, Transport};
use crate::config::{ReadFile, no_files};
use crate::domain::caller_name::CallerName;
use crate::domain::codes::FeatureCodes;
use crate::domain::device::{Mac, Make};
use crate::domain::directory::Directory;
use crate::domain::habits::Habits;
use crate::domain::ids::{Extension, Number};
use crate::domain::recall::Recall;

pub use crate::domain::ring_group::{NoAnswer, RingGroupSettings, Strategy};

/// One `office.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Office {
    pub server: Server,
    pub http: Option<Http>,
    pub provisioning: Option<Provisioning>,
    /// The office at the top of the file.
    pub tenant: Tenant,
    /// Those of `[[tenant]]` and of `tenants.d`, each with a domain of its own.
    pub further_tenants: Vec<Tenant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub listen: Vec<Listener>,
    /// Told to peers outside `local_networks` only.
    pub external_address: Option<IpAddr>,
    /// `None`: the interfaces' own networks.
    pub local_networks: Option<Vec<Network>>,
    pub rtp_ports: PortRange,
    /// Numbers that go out whatever else is.
    pub emergency: Vec<String>,
    /// `None`: the platform's state folder.
    pub state: Option<String>,
    /// `None`: a self-signed certificate, made once.
    pub tls: Option<Tls>,
}

/// Paths, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    pub certificate: String,
    pub key: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    pub listen: SocketAddr,
    pub tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub name: String,
    pub token: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisioning {
    pub listen: SocketAddr,
    /// Whether phones that ask by multicast are told where their settings are.
    pub pnp: bool,
    /// Where phones may be whose hardware address cannot be seen from here.
    pub networks: Vec<Network>,
    pub phone_page: bool,
}

impl Default for Provisioning {
    fn default() -> Self {
        let listen = SocketAddr::from(([0, 0, 0, 0], 8088));
        Self { listen, pnp: false, networks: Vec::new(), phone_page: true }
    }
}

/// A company: its people, groups and lines. Nothing crosses to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenant {
    /// SIP domain and digest realm.
    pub domain: String,
    /// Its own, in `tenants.d`; none where it stands in the office's.
    pub file: Option<String>,
    pub codes: FeatureCodes,
    pub park: Park,
    /// `None`: the built-in music.
    pub music: Option<Attachment>,
    pub directory: Directory,
    /// In the order of the file.
    pub extensions: Vec<Person>,
    pub call_park_groups: Vec<CallParkGroup>,
    pub ring_groups: Vec<RingGroupSettings>,
    pub trunks: Vec<Trunk>,
}

/// Defaults for users in no group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Park {
    pub recall: Recall,
    pub max_per_extension: u32,
}

/// A file the configuration names, and what was in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    /// As written.
    pub path: String,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub extension: Extension,
    /// The number when no name is set.
    pub name: CallerName,
    pub credentials: Credentials,
    /// May use the admin screen.
    pub admin: bool,
    pub devices: Vec<Device>,
}

/// What a digest is checked against (RFC 7616 section 3.4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    Password(Secret),
    /// H(user:realm:password) in lower-case hexadecimal, with the domain as realm.
    Hashes {
        md5: Secret,
        sha256: Secret,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub make: Make,
    pub mac: Mac,
    pub habits: Habits,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallParkGroup {
    pub name: CallerName,
    /// Hunting order.
    pub members: Vec<Extension>,
    pub recall: Recall,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    pub name: String,
    pub line: TrunkLine,
    /// What the provider challenges for.
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// What calls out go under.
    pub caller_id: Option<Number>,
    /// Where calls go whose number is not among `dids`.
    pub inbound: Option<Extension>,
    pub dids: Vec<Did>,
    /// Digits dialled before an outside number; empty when none are.
    pub outbound_prefix: String,
    /// Where its media may come from, besides the peer itself.
    pub media_from: Vec<Network>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrunkLine {
    /// By address, no registration.
    Peer(Listener),
    /// By registering there.
    Registrar(Registrar),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registrar {
    /// A name, or an address without brackets.
    pub host: String,
    pub port: Option<u16>,
    /// `None`: as the name servers say, else UDP.
    pub transport: Option<Transport>,
}

/// A number the provider sends, and whose it is: an extension or ring group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Did {
    pub number: Number,
    pub to: Extension,
}

impl Office {
    /// Reads a whole office. `file` is the name complaints carry; `files`
    /// reads what the text names (`password_file`, music, directory) and the
    /// tenants' own files.
    ///
    /// # Errors
    /// Everything wrong with the text, in one pass. What the office can live
    /// without is left out and found in the second part of the answer.
    pub fn parse(
        file: &str,
        text: &str,
        files: &mut ReadFile<'_>,
    ) -> Result<(Self, Findings), Findings> {
        read::office(file, text, files)
    }

    /// A text that names no other files.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_alone(file: &str, text: &str) -> Result<(Self, Findings), Findings> {
        Self::parse(file, text, &mut no_files)
    }
}

impl Tenant {
    pub fn person(&self, extension: &Extension) -> Option<&Person> {
        self.extensions.iter().find(|person| person.extension == *extension)
    }

    /// The call park group somebody is in; no more than one (product S19).
    pub fn group_of(&self, extension: &Extension) -> Option<&CallParkGroup> {
        self.call_park_groups.iter().find(|group| group.members.contains(extension))
    }
}

impl core::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} ({} bytes)", self.path, self.bytes.len())
    }
}
