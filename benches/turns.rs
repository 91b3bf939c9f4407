//! What one turn of the office costs, from the datagram to what is to be
//! sent, and how many allocations it makes. Goal: a park in microseconds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench that cannot go on should stop"
)]

#[path = "../tests/office/handset.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod handset;
#[path = "../tests/office/provider.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod provider;
#[path = "../tests/office/world.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod world;

use std::net::SocketAddr;

use bellhop::exchange::Input;
use divan::{AllocProfiler, Bencher};

use world::{Office, Packet, World, s};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Alice talks with reception; a colleague watches.
fn talking() -> (World, SocketAddr, SocketAddr) {
    let mut world = World::open();
    let reception = world.phone("101", 11);
    let watcher = world.phone("102", 12);
    world.act(watcher, |phone, now| {
        phone.subscribe("x-bellhop-park", "application/x-bellhop-park+json", now);
    });
    world.get(reception).answer_with = Some(200);
    let alice = world.caller("+3386002678", "Alice Smith");
    world.act(alice, |phone, now| phone.dial("1", now));
    world.run_for(s(1));
    (world, reception, alice)
}

/// The office, and the datagram that is about to reach it.
fn about_to_receive(mut world: World) -> (Office, Input, World) {
    let (_, packet) = world.underway.pop_first().unwrap();
    let Packet::ToOffice(flow, bytes) = packet else { panic!("nothing for the office") };
    let fresh = World::open();
    let exchange = std::mem::replace(&mut world.exchange, fresh.exchange);
    (exchange, Input::Datagram { bytes, flow }, world)
}

fn turn(bencher: Bencher, story: impl Fn() -> World) {
    bencher.with_inputs(|| about_to_receive(story())).bench_local_values(
        |(mut exchange, input, world)| {
            let effects = exchange.handle(input, world.now);
            (exchange, effects, world)
        },
    );
}

#[divan::bench]
fn refer_to_park(bencher: Bencher) {
    turn(bencher, || {
        let (mut world, reception, _) = talking();
        world.act(reception, |phone, now| phone.refer(0, "*68", now));
        world
    });
}

/// The wake-up after a park: all bodies, one watcher.
#[divan::bench]
fn notify_of_a_park(bencher: Bencher) {
    let story = || {
        let (mut world, reception, _) = talking();
        world.act(reception, |phone, now| phone.refer(0, "*68", now));
        let (mut exchange, input, world) = about_to_receive(world);
        drop(exchange.handle(input, world.now));
        (exchange, world)
    };
    bencher.with_inputs(story).bench_local_values(|(mut exchange, world)| {
        let effects = exchange.handle_wakeup(world.now);
        (exchange, effects, world)
    });
}

/// With credentials: the phone knows the nonce from its registration.
#[divan::bench]
fn retrieve(bencher: Bencher) {
    turn(bencher, || {
        let (mut world, reception, _) = talking();
        world.act(reception, |phone, now| phone.refer(0, "*68", now));
        world.run_for(s(1));
        let retriever = world.phone("103", 13);
        world.act(retriever, |phone, now| phone.dial("*88101", now));
        world
    });
}

/// A call for an extension, from the trunk.
#[divan::bench]
fn invite_to_invite(bencher: Bencher) {
    turn(bencher, || {
        let mut world = World::open();
        let _ = world.phone("101", 11);
        let alice = world.caller("+3386002678", "Alice Smith");
        world.act(alice, |phone, now| phone.dial("1", now));
        world
    });
}
