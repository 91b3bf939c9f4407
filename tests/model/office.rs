//! An office by chance: who is there, in which groups, with which rules.

use std::net::SocketAddr;
use std::time::Duration;

use bellhop::domain::caller_name::CallerName;
use bellhop::domain::chance::Chance;
use bellhop::domain::ids::{Number, RingGroup};
use bellhop::domain::recall::{Recall, RecallPolicy};
use bellhop::exchange::settings::{GroupSettings, NoAnswer, RingGroupSettings, Settings, Strategy};
use bellhop::sip::digest::Secret;
use bellhop::sip::flow::Transport;

use crate::handset::Handset;
use crate::world::{self, DOMAIN, World, ext, s};

pub const OTHER: &str = "other.example";
pub const PEOPLE: [(&str, &str); 6] = [
    ("101", "Reception"),
    ("102", "Alice"),
    ("103", "Bob"),
    ("104", "Carol"),
    ("105", "Zoë <&> \"Müller\""),
    ("106", "Dave"),
];
pub const CALLERS: [&str; 6] =
    ["Alice Smith", "Bob O'Neil", "", "Zoë", "Eve & Sons <Ltd>", "Somebody with quite a long name"];
pub const NO_UPDATE: &str = "INVITE, ACK, BYE, CANCEL, NOTIFY, REFER, OPTIONS";

/// One of the office's phones.
#[derive(Clone, Debug)]
pub struct Desk {
    pub at: SocketAddr,
    pub tenant: usize,
    pub extension: &'static str,
    pub transport: Transport,
    pub update: bool,
}

pub fn pick<T: Clone>(chance: &mut Chance, these: &[T]) -> T {
    chance.pick(these).unwrap()
}

pub fn percent(chance: &mut Chance, share: u64) -> bool {
    chance.below(100) < share
}

fn number(text: &str) -> Number {
    Number::parse(text).unwrap()
}

fn group(chance: &mut Chance) -> RingGroup {
    RingGroup(ext(pick(chance, &["600", "601"])))
}

fn recall(chance: &mut Chance) -> Recall {
    let policy = match chance.below(4) {
        0 => RecallPolicy::ParkingUser,
        1 => RecallPolicy::ParkingUserThenRingGroup {
            group_after: s(pick(chance, &[5, 20])),
            group: group(chance),
        },
        2 => RecallPolicy::RingGroup { group: group(chance) },
        _ => {
            let to = pick(chance, &["104", "600", "0301234", "199"]);
            RecallPolicy::Number { number: number(to) }
        }
    };
    let after = s(pick(chance, &[5, 12, 20, 45, 90]));
    let rounds = pick(chance, &[0, 0, 1, 2]);
    let fallback = pick(chance, &[None, Some("104"), Some("601"), Some("0301234")]);
    Recall { after, policy, rounds, fallback: fallback.map(number) }
}

fn ring_group(chance: &mut Chance, at: &str, members: &[&str]) -> RingGroupSettings {
    let strategies =
        [Strategy::All, Strategy::InOrder, Strategy::RoundRobin, Strategy::LongestIdle];
    let no_answer = match chance.below(5) {
        0 => NoAnswer::Park,
        1 => NoAnswer::HangUp,
        2 => NoAnswer::Number(number("0301234")),
        3 => NoAnswer::Number(number("101")),
        _ => NoAnswer::Number(number(if at == "600" { "601" } else { "600" })),
    };
    RingGroupSettings {
        number: RingGroup(ext(at)),
        name: CallerName::clean(if at == "600" { "Sales" } else { "" }),
        members: members.iter().map(|member| ext(member)).collect(),
        strategy: pick(chance, &strategies),
        ring_time: s(pick(chance, &[5, 10, 20])),
        no_answer,
    }
}

pub fn settings(chance: &mut Chance, domain: &str, only: bool) -> Settings {
    let mut settings = world::settings();
    settings.domain = domain.to_owned();
    settings.is_only_tenant = only;
    settings.recall = recall(chance);
    settings.parked_per_extension_max = pick(chance, &[1, 2, 3]);
    let template = settings.extensions[&ext("101")].clone();
    settings.extensions = PEOPLE
        .iter()
        .map(|(number, name)| {
            let mut person = template.clone();
            person.name = CallerName::clean(name);
            person.secret = Secret::password(number, domain, "secret");
            (ext(number), person)
        })
        .collect();
    let mut of = |name: &str, members: &[&str]| GroupSettings {
        name: CallerName::clean(name),
        members: members.iter().map(|member| ext(member)).collect(),
        recall: recall(chance),
    };
    settings.groups =
        vec![of("Front desk", &["101", "102", "103"]), of("Back office", &["106", "105"])];
    settings.ring_groups = vec![
        ring_group(chance, "600", &["102", "103", "105"]),
        ring_group(chance, "601", &["104", "101"]),
    ];
    let trunk = &mut settings.trunks[0];
    trunk.inbound = Some(ext(pick(chance, &["101", "600"])));
    let dids = if domain == DOMAIN { ["+4930104", "+4930600"] } else { ["+4940104", "+4940600"] };
    trunk.dids =
        dids.iter().zip(["104", "600"]).map(|(n, to)| ((*n).to_owned(), ext(to))).collect();
    settings
}

/// The phones of one tenant, nobody registered yet.
pub fn desks(chance: &mut Chance, tenant: usize) -> Vec<Desk> {
    let count = if tenant == 0 { PEOPLE.len() } else { 3 };
    let mut desks = Vec::new();
    for (index, (extension, _)) in PEOPLE.iter().take(count).enumerate() {
        let devices = if percent(chance, 25) { 2 } else { 1 };
        for device in 0..devices {
            let host = 10 + tenant * 100 + device * 20 + index;
            desks.push(Desk {
                at: format!("10.0.0.{host}:5060").parse().unwrap(),
                tenant,
                extension,
                transport: pick(chance, &[Transport::Udp, Transport::Udp, Transport::Tcp]),
                update: percent(chance, 70),
            });
        }
    }
    desks
}

pub fn domain_of(tenant: usize) -> &'static str {
    if tenant == 0 { DOMAIN } else { OTHER }
}

/// A phone as it is after it was switched on: it remembers nothing.
pub fn switch_on(world: &mut World, desk: &Desk, chance: &mut Chance, ports_from: u16) {
    let fresh = Chance::from_seed(u128::from(chance.draw()));
    let mut handset = Handset::new(desk.extension, desk.at, world::office(), fresh);
    handset.domain = domain_of(desk.tenant).to_owned();
    handset.from_host = handset.domain.clone();
    handset.transport = desk.transport;
    handset.listens = desk.transport == Transport::Tcp && chance.below(2) == 0;
    handset.ports_from = ports_from;
    if !desk.update {
        handset.allow = NO_UPDATE;
    }
    world.handsets.insert(desk.at, handset);
    world.act(desk.at, |phone, now| phone.register(3600, now));
}

pub fn name_of(extension: &str) -> &'static str {
    PEOPLE.iter().find(|(number, _)| *number == extension).map_or("", |(_, name)| name)
}

pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
