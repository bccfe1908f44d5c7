use super::*;

fn datagram(byte: u8) -> Transmit {
    let address = SocketAddr::from(([10, 0, 0, 1], 1000));
    Transmit { local: address, remote: address, payload: vec![byte] }
}

fn between(from: SocketAddr, to: SocketAddr) -> Transmit {
    Transmit { local: from, remote: to, payload: vec![1] }
}

const DELAY: Duration = Duration::from_millis(5);
const LANDED: Instant = Instant::from_millis(5);
const LOSSY: Link = Link {
    delay: Duration::from_millis(80),
    jitter: Duration::from_millis(30),
    loss: 0.3,
    duplication: 0.1,
};

fn public(last: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, last], port))
}

#[test]
fn a_perfect_link_keeps_order_and_delays() {
    let mut network = Network::new(1, Link::perfect(DELAY));
    for byte in 0..3 {
        network.send(Instant::ZERO, datagram(byte).to(public(1, 1)));
    }
    assert!(network.receive(Instant::from_millis(4)).is_none());
    for byte in 0..3 {
        assert_eq!(network.receive(LANDED).unwrap().payload, [byte]);
    }
}

trait To {
    fn to(self, remote: SocketAddr) -> Self;
}

impl To for Transmit {
    fn to(mut self, remote: SocketAddr) -> Self {
        self.remote = remote;
        self
    }
}

#[test]
fn one_seed_gives_one_history() {
    let history = |seed| {
        let mut network = Network::new(seed, LOSSY);
        (0..200).for_each(|byte| network.send(Instant::ZERO, datagram(byte).to(public(1, 1))));
        std::iter::from_fn(|| network.receive(Instant::from_millis(1_000)))
            .map(|datagram| datagram.payload)
            .collect::<Vec<_>>()
    };
    assert_eq!(history(7), history(7));
    assert_ne!(history(7), history(8));
}

/// Two hosts behind boxes of these kinds, each of which has asked a server for its public address.
fn two_behind(kinds: [NatKind; 2]) -> (Network, [SocketAddr; 2], [SocketAddr; 2]) {
    let mut network = Network::new(1, Link::perfect(DELAY));
    let server = public(200, 3478);
    let inside =
        kinds.map(|kind| SocketAddr::new(network.add_nat(kind, Link::perfect(DELAY / 2)), 40_000));
    let seen = inside.map(|host| {
        network.send(Instant::ZERO, between(host, server));
        network.receive(LANDED).unwrap().local
    });
    (network, inside, seen)
}

#[test]
fn two_who_write_to_each_others_public_address_meet_as_their_filters_allow() {
    use NatKind::{AddressRestricted, FullCone, PortRestricted, Symmetric};
    // Whether what the first one writes arrives, before and after the second one has written, too.
    let table = [
        ([PortRestricted, FullCone], [true, true]),
        ([PortRestricted, AddressRestricted], [false, true]),
        ([PortRestricted, PortRestricted], [false, true]),
        ([Symmetric, FullCone], [true, true]),
        ([Symmetric, AddressRestricted], [false, true]),
        // The port that the second one wrote to is not the one that the first one writes from.
        ([Symmetric, PortRestricted], [false, false]),
        ([Symmetric, Symmetric], [false, false]),
    ];
    for (kinds, [before, after]) in table {
        let (mut network, [first, second], [first_seen, second_seen]) = two_behind(kinds);
        let mut knock = |from, to, owner| {
            network.send(LANDED, between(from, to));
            network.receive(LANDED + DELAY).map(|datagram| datagram.remote) == Some(owner)
        };
        assert_eq!(knock(first, second_seen, second), before, "{kinds:?}, before");
        knock(second, first_seen, first);
        assert_eq!(knock(first, second_seen, second), after, "{kinds:?}, after");
    }
}

#[test]
fn private_addresses_lead_nowhere_outside() {
    let (mut network, [first, second], _) = two_behind([NatKind::FullCone; 2]);
    network.send(Instant::ZERO, between(first, second));
    network.send(Instant::ZERO, between(public(200, 1), second));
    assert!(network.receive(Instant::from_millis(1_000)).is_none());
    let neighbour = SocketAddr::new(IpAddr::from([10, 81, 0, 3]), 7);
    network.send(Instant::ZERO, between(first, neighbour));
    let landed = network.receive(Instant::from_millis(1)).unwrap();
    assert_eq!((landed.local, landed.remote), (first, neighbour), "a LAN needs no NAT");
}

#[test]
fn a_sniffer_sees_addresses_inside() {
    let (mut network, [first, _], [seen, _]) = two_behind([NatKind::FullCone; 2]);
    network.watch(first.ip());
    let server = public(200, 3478);
    network.send(LANDED, between(first, server));
    network.receive(LANDED + DELAY);
    network.send(LANDED, between(server, seen));
    network.receive(LANDED + DELAY).unwrap();
    let crossed = network.captured().iter().map(|packet| (packet.direction, packet.host));
    assert!(crossed.eq([(Direction::Out, first), (Direction::In, first)]));
}

// Streams.

/// A client behind a box of this kind, and its connection.
fn connection(kind: NatKind, port: u16, link: Link) -> (Network, PipeId, IpAddr) {
    let mut network = Network::new(5, link);
    let inside = network.add_nat(kind, link);
    let server = public(200, port);
    network.listen(server);
    let pipe = network.connect(Instant::ZERO, inside, server);
    (network, pipe, inside)
}

/// What happens until `end`, with its times in milliseconds.
fn happenings(network: &mut Network, end: Instant) -> Vec<(u64, StreamEvent)> {
    let mut events = Vec::new();
    while let Some(at) = network.next_arrival().filter(|at| *at <= end) {
        events.extend(network.stream_event(at).map(|event| (at.as_millis(), event)));
    }
    events
}

#[test]
fn a_connection_takes_a_round_trip_and_shows_the_public_address() {
    let (mut network, pipe, inside) = connection(NatKind::Symmetric, 443, Link::perfect(DELAY));
    let events = happenings(&mut network, Instant::from_millis(100));
    let [(10, StreamEvent::Accepted { client, .. }), (10, StreamEvent::Connected { local, .. })] =
        events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((client.ip(), local.ip()), (public(10, 0).ip(), inside));
    network.write(Instant::from_millis(100), pipe, End::Client, vec![1, 2, 3]);
    network.close(Instant::from_millis(100), pipe, End::Client);
    let events = happenings(&mut network, Instant::from_millis(200));
    let [(105, StreamEvent::Received { payload, .. }), (105, StreamEvent::Closed { at, .. })] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((&payload[..], *at), (&[1, 2, 3][..], End::Server));
}

#[test]
fn a_firewall_swallows_what_it_does_not_pass_and_a_server_refuses_what_nobody_hears() {
    let end = Instant::from_millis(60_000);
    let (mut blocked, ..) = connection(NatKind::UdpBlocked, 3478, Link::perfect(DELAY));
    assert!(happenings(&mut blocked, end).is_empty());
    let (mut open, ..) = connection(NatKind::UdpBlocked, 443, Link::perfect(DELAY));
    assert_eq!(happenings(&mut open, end).len(), 2);
    let (mut network, _, inside) = connection(NatKind::UdpBlocked, 443, Link::perfect(DELAY));
    network.connect(Instant::ZERO, inside, public(200, 5349));
    let refused = |(_, event): &(_, _)| matches!(event, StreamEvent::Closed { .. });
    assert!(happenings(&mut network, end).iter().any(refused));
}

/// RFC 6298 §5.5, RFC 8985 §3.
#[test]
fn loss_delays_a_stream_and_never_reorders_it() {
    let (mut network, pipe, _) = connection(NatKind::FullCone, 443, LOSSY);
    let opened = happenings(&mut network, Instant::from_millis(60_000));
    assert_eq!(opened.len(), 2);
    let begin = Instant::from_millis(60_000);
    for byte in 0..100 {
        network.write(begin, pipe, End::Server, vec![byte]);
    }
    let events = happenings(&mut network, Instant::from_millis(200_000));
    let bytes = events.iter().map(|(_, event)| match event {
        StreamEvent::Received { payload, at: End::Client, .. } => payload[0],
        other => panic!("{other:?}"),
    });
    assert!(bytes.eq(0..100));
    let last = events.last().map(|(at, _)| *at).unwrap_or_default();
    assert!(last > 60_400, "with 30 % loss something is sent again: {last}");
    assert!(last < 63_000, "what arrives behind a lost segment shows that it was lost: {last}");
}

#[test]
fn a_stream_stalls_while_its_host_is_cut_off_and_goes_on_after() {
    let (mut network, pipe, inside) = connection(NatKind::FullCone, 443, Link::perfect(DELAY));
    happenings(&mut network, Instant::from_millis(100));
    network.cut(inside);
    network.write(Instant::from_millis(1_000), pipe, End::Server, vec![7]);
    assert!(happenings(&mut network, Instant::from_millis(3_000)).is_empty());
    network.heal(inside);
    assert_eq!(happenings(&mut network, Instant::from_millis(10_000)).len(), 1);
}

#[test]
fn a_removed_address_ends_its_connections_at_once() {
    let (mut network, pipe, inside) = connection(NatKind::FullCone, 443, Link::perfect(DELAY));
    happenings(&mut network, Instant::from_millis(100));
    network.write(Instant::from_millis(100), pipe, End::Server, vec![7]);
    assert!(happenings(&mut network, Instant::from_millis(100)).is_empty());
    network.remove(Instant::from_millis(101), inside);
    let events = happenings(&mut network, Instant::from_millis(10_000));
    assert!(
        matches!(events[..], [(101, StreamEvent::Closed { at: End::Client, .. })]),
        "{events:?}"
    );
}
