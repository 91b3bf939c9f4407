//! Names: in which order servers are tried, and what a name server on this
//! machine is asked and answers.

use std::collections::BTreeMap;

use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;

use super::*;

fn server(transport: Transport, priority: u16, weight: u16) -> Server {
    Server { transport, host: format!("{priority}.{weight}"), port: PORT, priority, weight }
}

#[test]
fn servers_are_tried_by_transport_then_priority_then_weight_and_luck() {
    use Transport::{Tcp, Udp};
    let mut heavy_first = 0;
    for _ in 0..200 {
        let all = [(Tcp, 0, 0), (Udp, 20, 0), (Udp, 10, 90), (Udp, 10, 10)];
        let all = all.map(|(t, p, w)| server(t, p, w)).into();
        let hosts: Vec<String> = in_order(all).into_iter().map(|s| s.host).collect();
        assert_eq!(hosts[2..], ["20.0", "0.0"]);
        heavy_first += usize::from(hosts[0] == "10.90");
    }
    assert!((120..200).contains(&heavy_first), "{heavy_first}");
}

#[tokio::test]
async fn addresses_and_this_machine_need_no_name_server() {
    let mut names = Names::default();
    let place = |host: &str, port, transport| Place { host: host.to_owned(), port, transport };
    let cases = [
        (place("192.0.2.7", None, None), Transport::Udp, "192.0.2.7:5060"),
        (place("LocalHost", Some(5070), None), Transport::Udp, "127.0.0.1:5070"),
        (place("2001:db8::7", None, Some(Transport::Tcp)), Transport::Tcp, "[2001:db8::7]:5060"),
    ];
    for (place, transport, at) in cases {
        names.ask(place.clone());
        let answer = names.answer().await;
        assert_eq!(answer.place, place);
        let wanted = vec![(transport, at.parse().unwrap())];
        assert_eq!(answer.found.unwrap().0, wanted);
    }
}

const A: u16 = 1;
const SRV: u16 = 33;
const NO_SUCH_NAME: u8 = 3;

/// Records by name and type, each its seconds and its data.
type Zone = BTreeMap<(&'static str, u16), Vec<(u32, Vec<u8>)>>;

/// A name server that knows this zone; whose names are asked is told.
async fn name_server(zone: Zone) -> (Names, UnboundedReceiver<(String, u16)>) {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut config = ResolverConfig::default();
    config.name_servers = vec![NameServerConfig::udp([127, 0, 0, 1].into())];
    config.name_servers[0].connections[0].port = socket.local_addr().unwrap().port();
    let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let resolver = Some(Arc::new(builder.build().unwrap()));
    let (tell, asked) = unbounded_channel();
    tokio::spawn(async move {
        let mut query = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut query).await {
            let (name, kind, end) = question(&query[..length]);
            let answer = answer(&zone, &query[..end], &name, kind);
            let _ = tell.send((name, kind));
            let _ = socket.send_to(&answer, from).await;
        }
    });
    (Names { resolver, ..Names::default() }, asked)
}

/// The name, the type, and where the question ends (RFC 1035 §4.1.2).
fn question(query: &[u8]) -> (String, u16, usize) {
    let (mut at, mut name) = (12, String::new());
    while query[at] > 0 {
        let end = at + 1 + usize::from(query[at]);
        name += &format!("{}.", String::from_utf8_lossy(&query[at + 1..end]));
        at = end;
    }
    (name.to_lowercase(), u16::from_be_bytes([query[at + 1], query[at + 2]]), at + 5)
}

fn answer(zone: &Zone, query: &[u8], name: &str, kind: u16) -> Vec<u8> {
    let records = zone.get(&(name, kind)).cloned().unwrap_or_default();
    let known = zone.keys().any(|(known, _)| *known == name);
    let code = if known { 0 } else { NO_SUCH_NAME };
    let mut message = query.to_vec();
    message[2..4].copy_from_slice(&[0x81, 0x80 | code]);
    message[6..12].copy_from_slice(&[0, records.len() as u8, 0, 0, 0, 0]);
    for (seconds, data) in records {
        message.extend([0xC0, 0x0C]);
        message.extend(kind.to_be_bytes());
        message.extend(1_u16.to_be_bytes());
        message.extend(seconds.to_be_bytes());
        message.extend((data.len() as u16).to_be_bytes());
        message.extend(data);
    }
    message
}

fn srv(priority: u16, port: u16, host: &str) -> Vec<u8> {
    let mut data: Vec<u8> = [priority, 0, port].iter().flat_map(|n| n.to_be_bytes()).collect();
    for label in host.split('.').filter(|label| !label.is_empty()) {
        data.push(label.len() as u8);
        data.extend(label.bytes());
    }
    data.push(0);
    data
}

async fn found(
    names: &mut Names,
    host: &str,
    port: Option<u16>,
) -> Result<(Vec<String>, u64), String> {
    names.ask(Place { host: host.to_owned(), port, transport: None });
    let (found, valid_for) = names.answer().await.found?;
    let found = found.iter().map(|(by, at)| format!("{} {at}", by.as_str()));
    Ok((found.collect(), valid_for.as_secs_f64().round() as u64))
}

#[tokio::test]
async fn a_providers_servers_come_by_srv_in_their_order_for_as_long_as_the_briefest_record() {
    let zone = Zone::from([
        (
            ("_sip._udp.p.example.", SRV),
            vec![(300, srv(20, 5060, "second.p.example")), (300, srv(10, 5070, "first.p.example"))],
        ),
        (("_sip._tcp.p.example.", SRV), vec![(900, srv(0, 5080, "first.p.example"))]),
        (("first.p.example.", A), vec![(120, vec![192, 0, 2, 1])]),
        (("second.p.example.", A), vec![(600, vec![192, 0, 2, 2])]),
        (("p.example.", A), vec![(600, vec![192, 0, 2, 99])]),
    ]);
    let (mut names, _asked) = name_server(zone).await;
    let (all, seconds) = found(&mut names, "p.example", None).await.unwrap();
    assert_eq!(all, ["UDP 192.0.2.1:5070", "UDP 192.0.2.2:5060", "TCP 192.0.2.1:5080"]);
    assert!((115..=120).contains(&seconds), "{seconds}");
    // A port leaves no choice of servers.
    let (all, _) = found(&mut names, "p.example", Some(5061)).await.unwrap();
    assert_eq!(all, ["UDP 192.0.2.99:5061"]);
}

#[tokio::test]
async fn without_srv_the_name_itself_is_it_and_a_name_that_is_not_there_is_said_so() {
    let zone = Zone::from([(("p.example.", A), vec![(600, vec![192, 0, 2, 1])])]);
    let (mut names, mut asked) = name_server(zone).await;
    let (all, _) = found(&mut names, "p.example", None).await.unwrap();
    assert_eq!(all, ["UDP 192.0.2.1:5060"]);
    assert_eq!(asked.recv().await.unwrap(), ("_sip._udp.p.example.".to_owned(), SRV));
    let fault = found(&mut names, "none.example", None).await.unwrap_err();
    assert_eq!(fault, "there is no such name");
}
