//! Relay-only: nobody but the TURN server hears of this machine, shown by looking at every packet of a call.

use core::time::Duration;

use zentalk_call::{EndReason, Media, Privacy};
use zentalk_primitives::Transmit;
use zentalk_signaling_ratchet::messages::CallBody;
use zentalk_tests::{
    ALICE, BOB, Direction, Grants, Hidden, Home, Leak, Link, NatKind, Packet, Talk, TurnHost,
    TurnSite, World,
};

use crate::mallory::{Mallory, Transport, answer_from};

const LINK: Link = Link {
    delay: Duration::from_millis(40),
    jitter: Duration::from_millis(5),
    loss: 0.02,
    duplication: 0.0,
};

/// Alice with this setting and behind this box, Bob without a wish; both are watched, and so are the servers.
fn watched(seed: u64, kind: NatKind, privacy: Privacy) -> World {
    let alice = Home::behind(kind).configured(|config| config.privacy = privacy);
    let mut world = World::builder(seed, LINK)
        .turn(TurnSite::default())
        .person(alice)
        .person(Home::behind(NatKind::FullCone))
        .build();
    let host = world.alice().address.ip();
    world.network.watch(host);
    world.turn.hosts.iter_mut().for_each(TurnHost::watch);
    world.alice().talk = Some(Talk::new("speech-a-48k-mono.wav"));
    world.bob().talk = Some(Talk::new("speech-b-48k-mono.wav"));
    world
}

/// A whole call, with everything that happens in one: it rings, is talked, the network breaks, somebody hangs up.
fn whole_call(world: &mut World, caller: usize) {
    world.place(caller, 1 - caller, Media::Audio);
    world.run_for(Duration::from_secs(8));
    for place in [ALICE, BOB] {
        assert!(world.person(place).is_connected(), "{:?}", world.person(place).states());
        assert!(world.person(place).seen.sounds > 100, "{:?}", world.person(place).states());
    }
    world.cut_off(BOB);
    world.run_for(Duration::from_secs(8));
    world.restore(BOB);
    world.run_for(Duration::from_secs(8));
    assert!(world.alice().is_connected(), "{:?}", world.alice().states());
    world.hang_up(BOB);
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.alice().end(), Some(EndReason::HungUpRemote));
}

/// Everything that Alice's packets give away.
fn leaks(world: &mut World) -> Vec<Leak> {
    let own = world.alice().address.ip();
    let seen = world.network.public_address(own);
    let servers: Vec<_> = world.turn.hosts.iter().flat_map(TurnHost::listens).collect();
    let hidden = Hidden { addresses: &[own, seen], servers: &servers };
    let packets: &[Packet] = world.network.captured();
    assert!(packets.len() > 1_000, "a call was captured: {} packets", packets.len());
    let mut leaks = hidden.leaks_of(packets);
    for host in &world.turn.hosts {
        let of_alice = host.heard().filter(|(client, ..)| client.ip() == seen);
        leaks.extend(of_alice.flat_map(|(_, way, bytes)| hidden.leaks_of_stream(way, bytes)));
    }
    leaks
}

#[test]
fn every_packet_of_a_relay_only_client_goes_to_its_turn_server_and_names_no_address() {
    for kind in [NatKind::FullCone, NatKind::Symmetric, NatKind::UdpBlocked] {
        for caller in [ALICE, BOB] {
            let mut world = watched(1, kind, Privacy::RelayOnly);
            whole_call(&mut world, caller);
            let leaks = leaks(&mut world);
            assert!(
                leaks.is_empty(),
                "{kind}, caller {caller}: {} leaks: {:?}",
                leaks.len(),
                leaks[0]
            );
            assert!(world.alice().looked_up.is_empty(), "no name is looked up");
            assert!(world.alice().seen.path.unwrap().kind.is_relayed());
        }
    }
}

/// The same look at a call in direct mode finds a lot: it does look.
#[test]
fn the_same_check_fails_in_direct_mode() {
    let mut world = watched(1, NatKind::FullCone, Privacy::Direct);
    whole_call(&mut world, ALICE);
    let leaks = leaks(&mut world);
    let endpoint = leaks.iter().any(|leak| matches!(leak, Leak::Endpoint(_)));
    let in_stun = |leak: &&Leak| matches!(leak, Leak::Address { .. });
    assert!(endpoint, "packets go to the peer itself");
    let address = leaks.iter().find(in_stun);
    assert!(address.is_some(), "the peer's answers to checks say where they came from");
    println!("{} leaks in direct mode, such as {address:?}", leaks.len());
}

/// What streams carry is looked at without the TLS around it.
#[test]
fn the_check_looks_into_tls() {
    let mut world = watched(1, NatKind::UdpBlocked, Privacy::RelayOnly);
    whole_call(&mut world, ALICE);
    let seen = world.network.public_address(world.people[ALICE].address.ip());
    let bytes = |way: Direction| -> usize {
        let heard = world.turn.hosts.iter().flat_map(TurnHost::heard);
        let of_alice = heard.filter(|(client, w, _)| client.ip() == seen && *w == way);
        of_alice.map(|(_, _, bytes)| bytes.len()).sum()
    };
    assert!(bytes(Direction::Out) > 10_000 && bytes(Direction::In) > 10_000);
}

/// Every candidate that Alice tells a hostile peer, who rings and answers.
fn told_candidates(privacy: Privacy) -> Vec<String> {
    let mut world = watched(4, NatKind::FullCone, privacy);
    let mut mallory = Mallory::new(&mut world, ALICE);
    let (call, offer) = mallory.called_by(&mut world, ALICE);
    let answer = answer_from(&Transport::invented(0xab), &offer);
    mallory.ring(&mut world, ALICE, call, answer.clone());
    mallory.answer(&mut world, ALICE, call, answer);
    world.run_for(Duration::from_secs(3));
    let told = mallory.heard(&mut world).into_iter().filter_map(|body| match body {
        CallBody::Candidates(candidates) => Some(candidates),
        _ => None,
    });
    told.flat_map(|told| {
        told.candidates().iter().map(|one| one.line().to_owned()).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn a_relay_only_client_tells_candidates_of_relays_only() {
    let told = told_candidates(Privacy::RelayOnly);
    assert!(!told.is_empty(), "a peer must be told where to send");
    for candidate in &told {
        assert!(candidate.contains(" typ relay"), "{candidate}");
        // RFC 8839 §5.1: where the related address is nobody's business, it is this one.
        let hidden = ["raddr 0.0.0.0 rport 9", "raddr :: rport 9"];
        assert!(hidden.iter().any(|hidden| candidate.contains(hidden)), "{candidate}");
    }
    let direct = told_candidates(Privacy::Direct);
    for kind in ["typ host", "typ srflx", "typ relay"] {
        assert!(direct.iter().any(|candidate| candidate.contains(kind)), "no {kind} in {direct:?}");
    }
}

#[test]
fn two_relay_only_clients_meet_at_their_relays() {
    let home =
        || Home::behind(NatKind::FullCone).configured(|config| config.privacy = Privacy::RelayOnly);
    let mut world =
        World::builder(5, LINK).turn(TurnSite::default()).person(home()).person(home()).build();
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(10));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert!(person.is_connected(), "{:?}", person.states());
        let path = person.seen.path.unwrap();
        assert!(path.kind.is_relayed());
        let [local, remote] = [*path.local.reveal(), *path.remote.reveal()];
        assert!(world.turn.owns(local.ip()) && world.turn.owns(remote.ip()));
    }
}

#[test]
fn a_relay_only_call_without_a_relay_ends_and_sends_nothing() {
    for grants in [Grants::None, Grants::Forged, Grants::Expired] {
        let mut world = watched(3, NatKind::FullCone, Privacy::RelayOnly);
        world.turn.grants = grants;
        world.place(ALICE, BOB, Media::Audio);
        world.run_for(Duration::from_secs(70));
        assert_eq!(world.alice().end(), Some(EndReason::NoRelay), "{grants:?}");
        let servers: Vec<_> = world.turn.hosts.iter().flat_map(TurnHost::listens).collect();
        let to_server = |(_, datagram): &(_, Transmit)| servers.contains(&datagram.remote);
        assert!(world.alice().sent.iter().all(to_server), "{grants:?}");
    }
}
