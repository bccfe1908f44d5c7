//! Who gets in (RFC 8489 §9.2.4), and what a stranger can cost.

use std::time::Duration;

use stun_types::attribute::{
    ErrorCode, Realm as RealmAttribute, UnknownAttributes, XorMappedAddress,
};
use stun_types::message::{BINDING, IntegrityAlgorithm, Message, MessageWriteVec};
use stun_types::prelude::{AttributeStaticType, MessageWrite, MessageWriteExt};
use turn_types::attribute::{DontFragment, RequestedTransport};
use turn_types::message::ALLOCATE;

use super::harness::*;
use crate::turn::core::Limits;

#[test]
fn binding_tells_the_address_and_asks_for_no_credentials() {
    let mut server = Server::new(config());
    let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    server.receive(address("1.1.1.1:1000"), &request);
    let answer = server.answer();
    let message = Message::from_bytes(&answer).unwrap();
    let mapped = message.attribute::<XorMappedAddress>().unwrap();
    assert_eq!(mapped.addr(message.transaction_id()), address("1.1.1.1:1000"));
}

/// RFC 8489 §9.2.4, both keys.
#[test]
fn a_challenge_leads_to_an_allocation() {
    for algorithm in [IntegrityAlgorithm::Sha1, IntegrityAlgorithm::Sha256] {
        let mut server = Server::new(config());
        let mut client = Client::new(&server, "1.1.1.1:1000", 1);
        client.algorithm = algorithm;
        client.challenge(&mut server);
        let reply = client.try_allocate(&mut server);
        assert_eq!(reply.code, None, "{algorithm:?}");
        assert!(reply.signed, "{algorithm:?}");
        assert_eq!(reply.lifetime(), 600);
    }
}

/// The challenge itself costs no memory: nothing is there to be found afterwards, whoever asked.
#[test]
fn a_flood_without_credentials_leaves_nothing_behind() {
    let mut server = Server::new(config());
    for i in 0..20_000_u32 {
        let mut client = Client::new(&server, "1.1.1.1:1000", 1);
        client.address =
            std::net::SocketAddr::from((std::net::Ipv4Addr::from_bits(0x0b00_0000 + i), 1_000));
        let request = client.builder(ALLOCATE);
        server.receive(client.address, &request.finish());
    }
    assert_eq!(server.core.counts().allocations, 0);
    assert_eq!(server.drain(), None, "no deadline");
    assert!(server.open_relays.is_empty());
}

#[test]
fn one_source_is_answered_so_often_and_no_more() {
    let limits = Limits { requests_per_second: 10, ..Limits::default() };
    let mut server = Server::new(config().limits(limits));
    let request = Message::builder_request(BINDING, MessageWriteVec::new()).finish();
    for _ in 0..1_000 {
        server.receive(address("1.1.1.1:1000"), &request);
    }
    assert_eq!(server.to_clients.len(), 40, "four seconds' worth");
    server.pass(Duration::from_secs(1));
    for _ in 0..1_000 {
        server.receive(address("1.1.1.1:1001"), &request);
    }
    assert_eq!(server.to_clients.len(), 50, "from another port, too");
}

#[test]
fn wrong_credentials_are_unauthorized() {
    let mut server = Server::new(config());
    let client = || {
        let mut client = Client::new(&Server::new(config()), "1.1.1.1:1000", 1);
        client.challenge(&mut Server::new(config()));
        client
    };
    let mut wrong = client();
    wrong.password.push('x');
    assert_eq!(wrong.try_allocate(&mut server).code, Some(401));
    let mut wrong = client();
    wrong.username = wrong.username.replace("18", "19");
    assert_eq!(wrong.try_allocate(&mut server).code, Some(401), "a later expiry");
    let mut wrong = client();
    wrong.username = "alice".to_owned();
    assert_eq!(wrong.try_allocate(&mut server).code, Some(401), "not of the scheme");
    assert!(server.open_relays.is_empty());
}

#[test]
fn expired_credentials_are_unauthorized() {
    let mut server = Server::new(config());
    let mut client = Client::with_lifetime(&server, "1.1.1.1:1000", 1, Duration::from_secs(60));
    server.pass(Duration::from_secs(62));
    client.challenge(&mut server);
    assert_eq!(client.try_allocate(&mut server).code, Some(401));
}

#[test]
fn nonce_of_another_client_or_time_is_stale() {
    let mut server = Server::new(config());
    let mut one = Client::new(&server, "1.1.1.1:1000", 1);
    one.challenge(&mut server);
    let mut other = Client::new(&server, "1.1.1.1:1001", 2);
    other.nonce.clone_from(&one.nonce);
    let reply = other.try_allocate(&mut server);
    assert_eq!((reply.code, reply.signed), (Some(438), false));
    other.nonce = reply.nonce;
    assert_eq!(other.try_allocate(&mut server).code, None, "438 brings a nonce that is good");

    server.pass(Duration::from_secs(3_599));
    one = Client { nonce: one.nonce, ..Client::new(&server, "1.1.1.1:1000", 1) };
    server.pass(Duration::from_secs(1));
    assert_eq!(one.try_allocate(&mut server).code, Some(438));
}

#[test]
fn incomplete_requests_are_bad() {
    use stun_types::attribute::{Nonce, PasswordAlgorithm, PasswordAlgorithmValue, Username};

    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.challenge(&mut server);
    let nonce = client.nonce.clone().unwrap();
    for missing in 0..3 {
        let mut message = client.builder(ALLOCATE);
        if missing != 0 {
            message.add_attribute(&Username::new(&client.username).unwrap()).unwrap();
        }
        if missing != 1 {
            message.add_attribute(&RealmAttribute::new(REALM).unwrap()).unwrap();
        }
        if missing != 2 {
            message.add_attribute(&Nonce::new(&nonce).unwrap()).unwrap();
        }
        message.add_message_integrity(&client.key().into(), IntegrityAlgorithm::Sha1).unwrap();
        server.receive(client.address, &message.finish());
        assert_eq!(client.read(&server.answer()).code, Some(400), "{missing}");
    }
    // RFC 8489 §9.2.4: an algorithm without the list that it was chosen from.
    let algorithm = PasswordAlgorithm::new(PasswordAlgorithmValue::MD5);
    let transport = RequestedTransport::new(RequestedTransport::UDP);
    assert_eq!(client.request(&mut server, ALLOCATE, &[&transport, &algorithm]).code, Some(400));
}

/// RFC 8489 §9.2.1: a list of algorithms that was cut on its way to the client comes back cut.
#[test]
fn a_bid_down_of_password_algorithms_is_refused() {
    use stun_types::attribute::{PasswordAlgorithm, PasswordAlgorithmValue, PasswordAlgorithms};

    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.challenge(&mut server);
    let transport = RequestedTransport::new(RequestedTransport::UDP);
    let offered = PasswordAlgorithms::new(&[PasswordAlgorithmValue::MD5]);
    let chosen = PasswordAlgorithm::new(PasswordAlgorithmValue::MD5);
    let reply = client.request(&mut server, ALLOCATE, &[&transport, &offered, &chosen]);
    assert_eq!(reply.code, Some(400));
}

/// RFC 8656 §7.2: DONT-FRAGMENT is not supported here, which is said so.
#[test]
fn attributes_that_must_be_understood_and_are_not_are_listed() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.challenge(&mut server);
    let transport = RequestedTransport::new(RequestedTransport::UDP);
    let reply = client.request(&mut server, ALLOCATE, &[&transport, &DontFragment::new()]);
    assert_eq!((reply.code, reply.signed), (Some(420), true));
    let unknown = reply.message().attribute::<UnknownAttributes>().unwrap();
    assert!(unknown.has_attribute(DontFragment::TYPE));
}

#[test]
fn a_rotation_of_secrets_cuts_no_allocation() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    server.core.config.secrets = crate::turn::credentials::RestSecrets::new(
        crate::turn::credentials::RestSecret::new(zeroize::Zeroizing::new(vec![b'x'; 32])).unwrap(),
        None,
    );
    assert_eq!(client.refresh(&mut server, 600).code, None);
    let mut newcomer = Client::new(&server, "1.1.1.1:1001", 2);
    newcomer.challenge(&mut server);
    assert_eq!(newcomer.try_allocate(&mut server).code, Some(401));
}

/// Someone else's valid credential does not take over an allocation (RFC 8656 §5).
#[test]
fn an_allocation_obeys_its_own_credential_only() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    let mut thief = Client::new(&server, "1.1.1.1:1000", 2);
    thief.nonce.clone_from(&client.nonce);
    assert_eq!(thief.refresh(&mut server, 0).code, Some(441));
    client.password.push('x');
    assert_eq!(client.refresh(&mut server, 0).code, Some(401));
    assert_eq!(server.open_relays.len(), 1);
}

/// Any single flipped bit of a request makes it a request of nobody.
#[test]
fn a_flipped_bit_changes_nothing() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    let mut message = client.builder(turn_types::message::REFRESH);
    message.add_attribute(&turn_types::attribute::Lifetime::new(0)).unwrap();
    let request = client.sign(message);
    // FINGERPRINT is behind the signature.
    for bit in 0..(request.len() - 8) * 8 {
        let mut flipped = request.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        server.pass(Duration::from_millis(100));
        server.receive(client.address, &flipped);
        if let Some(answer) = server.try_answer() {
            let message = Message::from_bytes(&answer).unwrap();
            assert!(message.attribute::<ErrorCode>().is_ok(), "bit {bit} was taken");
        }
    }
    assert_eq!(server.open_relays.len(), 1, "and the allocation stands");
    server.receive(client.address, &request);
    assert!(server.open_relays.is_empty(), "the request itself is good");
}
