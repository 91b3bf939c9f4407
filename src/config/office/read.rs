//! From the text of `office.toml` to an [`Office`].

use crate::config::complaint::Findings;
use crate::config::document::Document;
use crate::config::fields::{firsts, read_secret, required_text};
use crate::config::office::devices::Devices;
use crate::config::office::listeners::{self, Taken};
use crate::config::office::tenant;
use crate::config::office::tenant_files::{self, TenantFile};
use crate::config::office::{Http, Office, Provisioning, Server, Tls, Token};
use crate::config::reader::{Fault, Reader};
use crate::config::section::{Item, Section};
use crate::config::values::{PortRange, http_address, ip, network, port_range};
use crate::config::{Lent, ReadFile};

/// Registering phones and looking at a certificate need a name for the office.
const DOMAIN: &str = "bellhop";
/// Europe and every mobile phone, North America, Britain, the German police.
const EMERGENCY: [&str; 4] = ["112", "911", "999", "110"];
const RTP_PORTS: PortRange = PortRange { first: 16_384, last: 32_767 };

pub fn office(
    file: &str,
    text: &str,
    files: &mut ReadFile<'_>,
) -> Result<(Office, Findings), Findings> {
    let tenant_files = tenant_files::gather(file, files);
    let mut documents = vec![Document::parse(file, text)];
    documents.extend(tenant_files.iter().map(TenantFile::document));
    let mut files = Lent(files);
    let mut reader = Reader::new(&documents, &mut files);
    let own_files = tenant_files::sections(&tenant_files, &documents, &mut reader);
    let mut root = Section::top_of(&documents, 0);
    let office = read_office(&mut root, own_files, &mut reader);
    root.finish(&mut reader);
    let findings = reader.finish();
    if findings.refuse() { Err(findings) } else { Ok((office, findings)) }
}

fn read_office<'d>(
    root: &mut Section<'d>,
    own_files: Vec<(String, Section<'d>)>,
    reader: &mut Reader<'_, '_>,
) -> Office {
    let mut taken = Taken::default();
    let section = root.section("server", reader);
    let domain_is_set = section.as_ref().is_some_and(|section| section.has("domain"));
    let (domain, server) = read_server(section, reader, &mut taken);
    let http = root.section("http", reader).map(|http| read_http(http, reader, &mut taken));
    let provisioning = root
        .section("provisioning", reader)
        .map(|provisioning| read_provisioning(provisioning, reader, &mut taken));
    taken.complain(reader);
    let emergency = &server.emergency;
    let own = tenant::Naming { domain, is_set: domain_is_set, emergency };
    let mut devices = Devices::default();
    let tenant = tenant::read(root, reader, own.clone(), &mut devices);
    let further_tenants = tenant::read_further(root, own_files, reader, &own, &mut devices);
    devices.complain_of_twins(reader);
    Office { server, http, provisioning, tenant, further_tenants }
}

fn read_server<'d>(
    section: Option<Section<'d>>,
    reader: &mut Reader<'_, '_>,
    taken: &mut Taken,
) -> (String, Server) {
    let mut server = Server {
        listen: listeners::standard(),
        external_address: None,
        local_networks: None,
        rtp_ports: RTP_PORTS,
        emergency: EMERGENCY.map(str::to_owned).into(),
        state: None,
        tls: None,
    };
    let Some(mut section) = section else {
        return (DOMAIN.to_owned(), server);
    };
    let domain = tenant::read_domain(&mut section, reader);
    if let Some(item) = section.take("listen") {
        server.listen = listeners::read(&item, reader, taken);
    }
    let external = section.take("external_address");
    server.external_address = external.and_then(|item| item.parsed(reader, ip));
    let local = section.take("local_networks");
    server.local_networks = local.map(|item| firsts(item.each(reader, network)));
    taken.rtp_ports = match section.take("rtp_ports") {
        Some(item) => item.parsed(reader, port_range),
        None => Some(RTP_PORTS),
    };
    server.rtp_ports = taken.rtp_ports.unwrap_or(RTP_PORTS);
    if let Some(item) = section.take("emergency") {
        server.emergency = firsts(item.each(reader, emergency_form));
    }
    server.state = section.take("state").and_then(|item| {
        item.later(reader, "keeping calls across a restart comes");
        item.text(reader).map(str::to_owned)
    });
    server.tls = section.take("tls").and_then(|item| read_tls(&item, reader));
    section.finish(reader);
    (domain.unwrap_or_else(|| DOMAIN.to_owned()), server)
}

fn emergency_form(text: &str) -> Result<String, Fault> {
    let fits = (2..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits {
        Ok(text.to_owned())
    } else {
        Err("not a number of 2 to 6 digits, such as 112".into())
    }
}

fn read_tls(item: &Item<'_>, reader: &mut Reader<'_, '_>) -> Option<Tls> {
    item.later(reader, "TLS comes");
    let mut section = item.section(reader)?;
    let certificate = required_text(&mut section, "certificate", reader);
    let key = required_text(&mut section, "key", reader);
    section.finish(reader);
    Some(Tls { certificate: certificate?, key: key? })
}

fn read_http(mut section: Section<'_>, reader: &mut Reader<'_, '_>, taken: &mut Taken) -> Http {
    reader.later(&section.place, "http", "the API and the metrics come");
    let listen = section.take("listen").and_then(|item| {
        let address = item.parsed(reader, http_address)?;
        taken.http(&item, address);
        Some(address)
    });
    let tokens = section.take("tokens").map(|item| item.list(reader)).unwrap_or_default();
    let tokens = tokens.iter().filter_map(|item| read_token(item, reader)).collect();
    section.finish(reader);
    Http { listen: listen.unwrap_or_else(|| ([127, 0, 0, 1], 8080).into()), tokens }
}

fn read_token(item: &Item<'_>, reader: &mut Reader<'_, '_>) -> Option<Token> {
    let mut section = item.section(reader)?;
    let name = required_text(&mut section, "name", reader);
    let token = read_secret(&mut section, "token", "token_file", reader);
    if token.is_none() && !section.has("token") && !section.has("token_file") {
        let key = section.path_of("token_file");
        reader.miss(&section.place, &key, "a token needs token_file, or token");
    }
    section.finish(reader);
    Some(Token { name: name?, token: token? })
}

fn read_provisioning(
    mut section: Section<'_>,
    reader: &mut Reader<'_, '_>,
    taken: &mut Taken,
) -> Provisioning {
    let listen = section.take("listen").and_then(|item| {
        let address = item.parsed(reader, http_address)?;
        taken.http(&item, address);
        Some(address)
    });
    let pnp = section.take("pnp").and_then(|item| item.flag(reader));
    let networks = section.take("networks");
    let networks = networks.map(|item| firsts(item.each(reader, network))).unwrap_or_default();
    let phone_page = section.take("phone_page").and_then(|item| {
        item.later(reader, "the browser phone comes");
        item.flag(reader)
    });
    section.finish(reader);
    let standard = Provisioning::default();
    Provisioning {
        listen: listen.unwrap_or(standard.listen),
        pnp: pnp.unwrap_or(standard.pnp),
        networks,
        phone_page: phone_page.unwrap_or(standard.phone_page),
    }
}
