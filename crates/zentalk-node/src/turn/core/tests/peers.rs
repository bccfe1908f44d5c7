//! To whom: CreatePermission, ChannelBind and Send of denied peers.

use super::harness::*;
use crate::turn::core::AddressFamily;
use crate::turn::peers::PeerPolicy;

/// RFC 8656 §10.2, §11.2, §12.2: a server may choose to whom it relays.
#[test]
fn denied_peers_are_forbidden_in_every_way() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    for peer in
        ["127.0.0.1:80", "10.1.2.3:80", "169.254.169.254:80", "[::ffff:127.0.0.1]:80", "[::1]:80"]
    {
        let peer = address(peer);
        assert_eq!(client.permit(&mut server, &[peer]).code, Some(403), "{peer}");
        assert_eq!(client.bind(&mut server, 0x4000, peer).code, Some(403), "{peer}");
        client.send(&mut server, peer, b"GET /");
        assert!(server.to_peers.is_empty(), "{peer}");
    }
}

/// Each of several XOR-PEER-ADDRESS attributes is looked at, wherever it stands.
#[test]
fn one_denied_peer_among_many_forbids_all() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    let relay = client.allocate(&mut server);
    for place in 0..4 {
        let mut peers: Vec<_> = (1..=3).map(|n| address(&format!("9.9.9.{n}:1"))).collect();
        peers.insert(place, address("192.168.0.1:1"));
        assert_eq!(client.permit(&mut server, &peers).code, Some(403), "{place}");
        server.peer_sends(relay, address("9.9.9.1:1"), b"x");
        assert!(server.to_clients.is_empty());
    }
}

/// The listening address is the server's own; relayed addresses on it are not.
#[test]
fn of_the_server_itself_only_relayed_addresses_are_peers() {
    let own = [address(LISTEN).ip(), address("8.8.8.8:1").ip()];
    let mut server = Server::new(config().own_addresses(own));
    let mut one = Client::new(&server, "1.1.1.1:1000", 1);
    let first = one.allocate(&mut server);
    assert_eq!(one.permit(&mut server, &[address(LISTEN)]).code, Some(403));

    let second = Client::new(&server, "1.1.1.2:1000", 2).allocate(&mut server);
    assert_eq!(first.ip(), second.ip());
    assert_eq!(one.permit(&mut server, &[second]).code, None, "the way of a call with one server");
    let ssh = std::net::SocketAddr::new(second.ip(), 22);
    assert_eq!(one.bind(&mut server, 0x4000, ssh).code, Some(403));
    one.send(&mut server, ssh, b"x");
    assert!(server.to_peers.is_empty());
    assert_eq!(one.bind(&mut server, 0x4000, second).code, None);
}

#[test]
fn a_peer_of_another_family_is_a_mismatch() {
    let mut server = Server::new(config().families([AddressFamily::V4]));
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    let peer = address("[2606:4700::9]:1");
    assert_eq!(client.permit(&mut server, &[peer]).code, Some(443));
    assert_eq!(client.bind(&mut server, 0x4000, peer).code, Some(443));
    assert_eq!(client.permit(&mut server, &[]).code, Some(400));
}

#[test]
fn the_operator_may_allow_and_deny() {
    let policy = PeerPolicy::default()
        .allow("10.0.0.0/8".parse().unwrap())
        .deny("10.9.0.0/16".parse().unwrap())
        .deny("9.9.9.0/24".parse().unwrap());
    let mut server = Server::new(config().peers(policy));
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    for (peer, code) in [
        ("10.1.1.1:1", None),
        ("10.9.1.1:1", Some(403)),
        (PEER, Some(403)),
        ("127.0.0.1:1", Some(403)),
    ] {
        assert_eq!(client.permit(&mut server, &[address(peer)]).code, code, "{peer}");
    }
}

/// An SFU on the very machine is reached, and nothing beside it, even where all else is denied.
#[test]
fn a_named_socket_is_a_peer_and_its_neighbours_are_none() {
    let own = address(LISTEN).ip();
    let sfu = std::net::SocketAddr::new(own, 4_400);
    let ssh = std::net::SocketAddr::new(own, 22);
    let policy = PeerPolicy::default().deny("0.0.0.0/0".parse().unwrap()).allow_socket(sfu);
    let mut server = Server::new(config().own_addresses([own]).peers(policy));
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    let relay = client.allocate(&mut server);
    assert_eq!(client.permit(&mut server, &[address(PEER)]).code, Some(403));
    assert_eq!(client.permit(&mut server, &[sfu]).code, None);
    assert_eq!(client.bind(&mut server, 0x4000, ssh).code, Some(403));
    client.send(&mut server, ssh, b"x");
    assert!(server.to_peers.is_empty());
    server.peer_sends(relay, ssh, b"x");
    assert!(server.to_clients.is_empty());

    assert_eq!(client.bind(&mut server, 0x4000, sfu).code, None);
    client.send(&mut server, sfu, b"media");
    assert_eq!(server.to_peers.len(), 1);
    server.peer_sends(relay, sfu, b"media");
    assert_eq!(server.to_clients.len(), 1);
}
