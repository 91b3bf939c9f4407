//! `[[trunk]]`: the lines to the outside.

use std::collections::BTreeMap;

use crate::config::fields::{firsts, read_secret, required_text};
use crate::config::office::groups::Known;
use crate::config::office::{Did, Trunk, TrunkLine};
use crate::config::reader::{Fault, Place, Reader, malformed};
use crate::config::section::Section;
use crate::config::values::{Transport, domain, network, peer};
use crate::domain::ids::{Extension, Number};

pub fn read(sections: Vec<Section<'_>>, reader: &mut Reader<'_, '_>, known: &Known) -> Vec<Trunk> {
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    let mut numbers: BTreeMap<Number, Place> = BTreeMap::new();
    let trunks = sections.into_iter().filter_map(|mut section| {
        let name = read_name(&mut section, reader, &mut names);
        let line = read_line(&mut section, reader);
        let username = section.take("username").and_then(|item| item.text(reader));
        let password = read_secret(&mut section, "password", "password_file", reader);
        let inbound = read_inside(&mut section, "inbound", reader, known);
        let dids = read_dids(&mut section, reader, known, &mut numbers);
        let prefix = section.take("outbound_prefix");
        let prefix = prefix.and_then(|item| item.parsed(reader, prefix_form));
        let media_from = section.take("media_from").map(|item| item.each(reader, network));
        section.finish(reader);
        Some(Trunk {
            name: name?,
            line: line?,
            username: username.map(str::to_owned),
            password,
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
            item.later(reader, "registering with a provider comes");
            item.parsed(reader, registrar_form).map(TrunkLine::Registrar)
        }
        (None, Some(item)) => {
            let peer = item.parsed(reader, peer)?;
            if !matches!(peer.transport, Transport::Udp | Transport::Tcp) {
                let what = "TLS and WebSocket to a provider come";
                item.later(reader, what);
            }
            Some(TrunkLine::Peer(peer))
        }
    }
}

fn registrar_form(text: &str) -> Result<String, Fault> {
    let fault = || Fault::from("not a SIP address such as sip:sip.provider.example");
    let Some(rest) = text.strip_prefix("sip:").or_else(|| text.strip_prefix("sips:")) else {
        let near = domain(text).ok().map(|host| format!("\"sip:{host}\""));
        return Err(fault().with_nearest(near));
    };
    let host_and_port = rest.split(';').next().unwrap_or_default();
    let (host, port) = match host_and_port.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') => (host, Some(port)),
        _ => (host_and_port, None),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0));
    if domain(bare).is_ok() && port_fits { Ok(text.to_owned()) } else { Err(fault()) }
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
    let number = item.parsed(reader, |text| {
        Number::parse(text).map_err(|error| {
            let digits = text.replace([' ', '-', '/', '(', ')', '.'], "");
            let near = Number::parse(&digits).ok().map(|near| format!("\"{near}\""));
            malformed(error).with_nearest(near)
        })
    })?;
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
