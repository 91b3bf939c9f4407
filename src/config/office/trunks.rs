//! `[[trunk]]`: the lines to the outside.

use std::collections::BTreeMap;

use crate::config::fields::{firsts, read_secret, required_text};
use crate::config::office::groups::Known;
use crate::config::office::{Did, Registrar, Trunk, TrunkLine};
use crate::config::reader::{Fault, Place, Reader, malformed};
use crate::config::section::{Item, Section};
use crate::config::values::{Transport, domain, name_and_port, network, peer};
use crate::domain::ids::{Extension, Number};

pub fn read(sections: Vec<Section<'_>>, reader: &mut Reader<'_, '_>, known: &Known) -> Vec<Trunk> {
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    let mut numbers: BTreeMap<Number, Place> = BTreeMap::new();
    let trunks = sections.into_iter().filter_map(|mut section| {
        let name = read_name(&mut section, reader, &mut names);
        let line = read_line(&mut section, reader);
        let username = read_username(&mut section, reader);
        let password = read_secret(&mut section, "password", "password_file", reader);
        let caller_id = section.take("caller_id");
        let caller_id = caller_id.and_then(|item| item.parsed(reader, number_form));
        let inbound = read_inside(&mut section, "inbound", reader, known);
        let dids = read_dids(&mut section, reader, known, &mut numbers);
        let prefix = section.take("outbound_prefix");
        let prefix = prefix.and_then(|item| item.parsed(reader, prefix_form));
        let media_from = section.take("media_from").map(|item| item.each(reader, network));
        section.finish(reader);
        Some(Trunk {
            name: name?,
            line: line?,
            username,
            password,
            caller_id,
            inbound,
            dids,
            outbound_prefix: prefix.unwrap_or_default(),
            media_from: firsts(media_from.unwrap_or_default()),
        })
    });
    trunks.collect()
}

fn read_name(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    names: &mut BTreeMap<String, Place>,
) -> Option<String> {
    let name = required_text(section, "name", reader)?;
    let place = section.take("name").map(|item| item.place)?;
    if let Some(other) = names.get(&name) {
        let fault = format!("there is a trunk of this name already ({})", reader.line_of(other));
        reader.clash(&place, &section.path_of("name"), fault);
        return None;
    }
    names.insert(name.clone(), place);
    Some(name)
}

/// Either the address of a peer, or a registrar to register with.
fn read_line(section: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Option<TrunkLine> {
    let registrar = section.take("registrar");
    let address = section.take("peer");
    match (registrar, address) {
        (Some(_), Some(address)) => {
            let fault = "registrar is set too: one of the two must go";
            reader.clash(&address.place, &address.path, fault);
            None
        }
        (None, None) => {
            let key = section.path_of("peer");
            reader.miss(&section.place, &key, "a trunk needs a registrar or a peer");
            None
        }
        (Some(item), None) => {
            let registrar = item.parsed(reader, registrar_form)?;
            later_by_tls(&item, registrar.transport, reader);
            Some(TrunkLine::Registrar(registrar))
        }
        (None, Some(item)) => {
            let peer = item.parsed(reader, peer)?;
            later_by_tls(&item, Some(peer.transport), reader);
            Some(TrunkLine::Peer(peer))
        }
    }
}

fn later_by_tls(item: &Item<'_>, transport: Option<Transport>, reader: &mut Reader<'_, '_>) {
    if !matches!(transport, None | Some(Transport::Udp | Transport::Tcp)) {
        item.later(reader, "TLS and WebSocket to a provider come");
    }
}

/// Whoever registers must say as whom.
fn read_username(section: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Option<String> {
    let registers = section.has("registrar") && !section.has("peer");
    let asked = ["password", "password_file"].into_iter().find(|key| section.has(key));
    let needed = registers.then_some("registrar").or(asked);
    if !section.has("username") {
        if let Some(key) = needed {
            let path = section.path_of("username");
            let fault = format!("with {key} goes the username that the provider gave");
            reader.miss(&section.place, &path, fault);
        }
        section.take("username");
        return None;
    }
    required_text(section, "username", reader)
}

fn registrar_form(text: &str) -> Result<Registrar, Fault> {
    let fault = || Fault::from("not a SIP address such as sip:sip.provider.example");
    let (rest, secure) = match (text.strip_prefix("sip:"), text.strip_prefix("sips:")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => {
            let near = domain(text).ok().map(|host| format!("\"sip:{host}\""));
            return Err(fault().with_nearest(near));
        }
    };
    let (place, parameter) = rest.split_once(';').map_or((rest, None), |(p, q)| (p, Some(q)));
    let (host, port) = name_and_port(place).map_err(|_| fault())?;
    let transport = match parameter.map(|parameter| parameter.strip_prefix("transport=")) {
        None => secure.then_some(Transport::Tls),
        Some(Some("udp")) => Some(Transport::Udp),
        Some(Some("tcp")) => Some(Transport::Tcp),
        Some(Some("tls")) => Some(Transport::Tls),
        Some(_) => {
            return Err("after the address nothing but ;transport=udp, tcp or tls".into());
        }
    };
    Ok(Registrar { host, port, transport })
}

fn number_form(text: &str) -> Result<Number, Fault> {
    Number::parse(text).map_err(|error| {
        let digits = text.replace([' ', '-', '/', '(', ')', '.'], "");
        let near = Number::parse(&digits).ok().map(|near| format!("\"{near}\""));
        malformed(error).with_nearest(near)
    })
}

fn read_inside(
    section: &mut Section<'_>,
    key: &'static str,
    reader: &mut Reader<'_, '_>,
    known: &Known,
) -> Option<Extension> {
    let item = section.take(key)?;
    let number = item.parsed(reader, |text| known.reference_form(text))?;
    known.check_inside(&item, &number, reader);
    Some(number)
}

fn read_dids(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    known: &Known,
    numbers: &mut BTreeMap<Number, Place>,
) -> Vec<Did> {
    let sections = section.sections("did", reader);
    let dids = sections.into_iter().filter_map(|mut section| {
        let number = read_did_number(&mut section, reader, numbers);
        if !section.has("to") {
            let key = section.path_of("to");
            reader.miss(&section.place, &key, "to is missing: an extension or ring group");
        }
        let to = read_inside(&mut section, "to", reader, known);
        section.finish(reader);
        Some(Did { number: number?, to: to? })
    });
    dids.collect()
}

fn read_did_number(
    section: &mut Section<'_>,
    reader: &mut Reader<'_, '_>,
    numbers: &mut BTreeMap<Number, Place>,
) -> Option<Number> {
    let Some(item) = section.take("number") else {
        let key = section.path_of("number");
        reader.miss(&section.place, &key, "number is missing");
        return None;
    };
    let number = item.parsed(reader, number_form)?;
    if let Some(other) = numbers.get(&number) {
        let fault = format!("{number} is listed already ({})", reader.line_of(other));
        reader.clash(&item.place, &item.path, fault);
        return None;
    }
    numbers.insert(number.clone(), item.place);
    Some(number)
}

fn prefix_form(text: &str) -> Result<String, Fault> {
    let fits = text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(text.to_owned()) } else { Err("not up to six digits, such as 0".into()) }
}
