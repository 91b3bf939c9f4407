//! Sockets on loopback: what arrives, what is refused, what is bounded.

use std::future::Future;
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use super::*;

const OPTIONS: &str = "OPTIONS sip:a@127.0.0.1 SIP/2.0\r\n\
    Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:b@c>;tag=1\r\nTo: <sip:a@c>\r\n\
    Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), test).await.unwrap() })
}

fn bound(transport: Transport, address: &str) -> (Transports, SocketAddr) {
    let transports = Transports::bind(&[(transport, address.parse().unwrap())]).unwrap();
    let (_, address) = transports.local_addresses()[0];
    (transports, address)
}

#[test]
fn a_datagram_says_where_it_came_from_and_which_of_our_addresses_was_meant() {
    run(async {
        for wildcard in ["0.0.0.0:0", "[::]:0"] {
            let (mut ours, address) = bound(Transport::Udp, wildcard);
            let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
            peer.send_to(b"\r\n\r\n", ("127.0.0.1", address.port())).unwrap();
            peer.send_to(b"hello there", ("127.0.0.1", address.port())).unwrap();
            let Received::Datagram { bytes, flow } = ours.recv().await else { panic!() };
            assert_eq!(bytes, "hello there");
            assert_eq!(flow.remote, peer.local_addr().unwrap());
            assert_eq!(flow.local, format!("127.0.0.1:{}", address.port()).parse().unwrap());
            ours.send(flow, Bytes::from_static(b"good day"));
            let mut answer = [0; 64];
            let (length, from) = peer.recv_from(&mut answer).unwrap();
            assert_eq!((&answer[..length], from), (b"good day".as_slice(), flow.local));
            assert!(ours.try_recv().is_none());
        }
    });
}

#[test]
fn streams_are_framed_answered_and_their_end_is_told() {
    run(async {
        let (mut ours, address) = bound(Transport::Tcp, "127.0.0.1:0");
        let mut peer = TcpStream::connect(address).unwrap();
        let (head, tail) = OPTIONS.as_bytes().split_at(50);
        peer.write_all(b"\r\n\r\n").unwrap();
        peer.write_all(head).unwrap();
        peer.write_all(tail).unwrap();
        peer.write_all(OPTIONS.as_bytes()).unwrap();
        let Received::Message { flow, .. } = ours.recv().await else { panic!() };
        let Received::Message { .. } = ours.recv().await else { panic!() };
        assert_eq!(flow.remote, peer.local_addr().unwrap());
        ours.send(flow, Bytes::from_static(b"SIP/2.0 200 OK\r\n"));
        let mut answer = [0; 18];
        let reading = tokio::task::spawn_blocking(move || {
            peer.read_exact(&mut answer).unwrap();
            answer
        });
        let answer = reading.await.unwrap();
        assert_eq!(&answer, b"\r\nSIP/2.0 200 OK\r\n");
        let Received::Failed { flow: gone } = ours.recv().await else { panic!() };
        assert_eq!(gone, flow);
    });
}

#[test]
fn a_stream_is_opened_to_send_and_one_that_cannot_be_is_told() {
    run(async {
        let (mut server, address) = bound(Transport::Tcp, "127.0.0.1:0");
        let (mut desk, _) = bound(Transport::Udp, "127.0.0.1:0");
        let flow = desk.flow_to(Transport::Tcp, address).unwrap();
        desk.send(flow, Bytes::from(OPTIONS));
        let Received::Message { flow: seen, .. } = server.recv().await else { panic!() };
        server.send(seen, Bytes::from(OPTIONS));
        let Received::Message { flow: answered, .. } = desk.recv().await else { panic!() };
        assert_eq!(answered, flow);
        drop(server);
        let Received::Failed { flow: gone } = desk.recv().await else { panic!() };
        assert_eq!(gone, flow);
        desk.send(flow, Bytes::from(OPTIONS));
        let Received::Failed { flow: refused } = desk.recv().await else { panic!() };
        assert_eq!(refused, flow);
    });
}

#[test]
fn what_cannot_be_framed_is_told_then_closed() {
    run(async {
        let (mut ours, address) = bound(Transport::Tcp, "127.0.0.1:0");
        let mut peer = TcpStream::connect(address).unwrap();
        peer.write_all(OPTIONS.replace("Content-Length: 0", "X: 0").as_bytes()).unwrap();
        let Received::Fault { fault, flow } = ours.recv().await else { panic!() };
        ours.send(flow, fault.response().unwrap().to_bytes());
        let mut answer = String::new();
        let reading = tokio::task::spawn_blocking(move || {
            peer.read_to_string(&mut answer).unwrap();
            answer
        });
        let Received::Failed { .. } = ours.recv().await else { panic!() };
        assert!(reading.await.unwrap().starts_with("SIP/2.0 400 "));
    });
}

#[test]
fn one_address_gets_so_many_connections_and_no_more() {
    run(async {
        let (mut ours, address) = bound(Transport::Tcp, "127.0.0.1:0");
        let mut peers: Vec<TcpStream> =
            (0..33).map(|_| TcpStream::connect(address).unwrap()).collect();
        for peer in &mut peers {
            let _ = peer.write_all(OPTIONS.as_bytes());
        }
        for _ in 0..32 {
            let Received::Message { .. } = ours.recv().await else { panic!() };
        }
        let last = peers.pop().unwrap();
        let closed = tokio::task::spawn_blocking(move || {
            let mut last = last;
            matches!(last.read(&mut [0; 8]), Ok(0) | Err(_))
        });
        assert!(closed.await.unwrap());
        assert!(ours.try_recv().is_none());
    });
}

#[test]
fn a_port_is_shared_only_with_whom_we_let_beside_us() {
    run(async {
        let (ours, address) = bound(Transport::Udp, "0.0.0.0:0");
        let group = std::net::SocketAddrV4::new([224, 0, 1, 75].into(), address.port());
        let beside = || {
            let (family, kind) = (socket2::Domain::IPV4, socket2::Type::DGRAM);
            let socket = socket2::Socket::new(family, kind, None)?;
            socket.set_reuse_address(true)?;
            socket.bind(&group.into()).map(|()| socket)
        };
        assert!(beside().is_err());
        let shared = ours.beside(beside).unwrap();
        drop(shared);
        assert!(beside().is_err());
        assert!(Transports::bind(&[(Transport::Udp, address)]).is_err());
    });
}
