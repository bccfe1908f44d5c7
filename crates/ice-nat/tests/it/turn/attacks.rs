//! Over UDP anybody can write the server's address on a datagram. Who does not see our requests (off the path) cannot guess their
//! transaction ids; who sees them (on the path) can, but cannot sign.

use core::time::Duration;

use stun_types::message::{
    Message, MessageClass, MessageType, MessageWrite, MessageWriteExt, MessageWriteVec,
};
use turn_types::attribute::{Data, XorPeerAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, DATA, REFRESH};
use zentalk_ice_nat::turn::{TURN_TIMEOUT, TurnEnd, TurnFailure};

use super::messages::{allocated, challenge, error, has_credentials, is, signed_error, success};
use super::server::{REALM, relayed_v4};
use super::world::{World, peer};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const CODES: [u16; 9] = [300, 400, 401, 403, 437, 438, 441, 486, 508];

/// A request of which only the transaction id is unlike ours.
fn guess(method: stun_types::message::Method) -> Vec<u8> {
    let kind = MessageType::from_class_method(MessageClass::Request, method);
    Message::builder(kind, 7.into(), MessageWriteVec::new()).finish()
}

/// What somebody off the path may try: every error, success and challenge to every request.
fn off_path() -> Vec<Vec<u8>> {
    let mut forged = Vec::new();
    for method in [ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND] {
        let request = guess(method);
        for code in CODES {
            forged.push(error(&request, code));
            forged.push(challenge(&request, code, "attacker", "attacker"));
            // Somebody else's password would sign like this; here it is even ours.
            forged.push(signed_error(&request, code));
        }
        forged.push(success(&request));
    }
    forged.push(allocated(&guess(ALLOCATE), relayed_v4(), 0));
    forged
}

/// RFC 8489 §6.3.3: an answer to nothing that was asked.
#[test]
fn off_path_answers_change_nothing_while_allocating() {
    let mut world = World::udp(1);
    for _ in 0..100 {
        off_path().iter().for_each(|forged| world.inject(forged));
        world.run(Duration::from_millis(5));
    }
    assert_eq!(world.relayed(), Some(relayed_v4()));
    assert_eq!(world.sent.len(), 2, "no further request");
}

#[test]
fn off_path_answers_change_nothing_about_an_allocation_that_stands() {
    let mut world = World::udp(1).allocated();
    world.bind_channel(peer(1));
    world.run(SECOND);
    let before = world.sent.len();
    for _ in 0..100 {
        off_path().iter().for_each(|forged| world.inject(forged));
        world.run(Duration::from_millis(5));
    }
    assert_eq!(world.sent.len(), before, "no further request");
    world.run(2 * 60 * MINUTE);
    world.peer_sends(peer(1), b"still here");
    world.run(SECOND);
    assert_eq!((world.data().len(), world.end()), (1, None));
}

/// Whoever sees the request answers it first, with an error that nobody signed. For two hours.
#[test]
fn on_path_errors_do_not_end_an_allocation_that_stands() {
    for code in CODES {
        let mut world = World::udp(1).allocated();
        world.forger = Some(Box::new(move |m| {
            let is_stale = code == 438;
            let realm = if m[19] % 2 == 0 { REALM } else { "attacker" };
            Some(vec![if is_stale { challenge(m, 438, realm, "forged") } else { error(m, code) }])
        }));
        world.bind_channel(peer(1));
        world.run(120 * MINUTE);
        world.forger = None;
        world.peer_sends(peer(1), b"still here");
        world.run(SECOND);
        assert_eq!((world.end(), world.data().len()), (None, 1), "{code}");
    }
}

/// The same with nonces that do go stale: the word of the server comes behind the forged one.
#[test]
fn a_stale_nonce_is_replaced_though_somebody_answers_before_the_server() {
    let mut world = World::udp(1);
    world.server.expire_nonces_after(Duration::from_secs(30));
    let mut world = world.allocated();
    world.forger = Some(Box::new(move |m| Some(vec![challenge(m, 438, REALM, "forged")])));
    world.bind_channel(peer(1));
    world.run(120 * MINUTE);
    world.peer_sends(peer(1), b"still here");
    world.run(SECOND);
    assert_eq!((world.end(), world.data().len()), (None, 1));
}

/// The attacker is as far away as the server, and the server's nonces do go stale.
#[test]
fn forged_and_true_stale_nonces_are_told_apart() {
    let mut world = World::udp(1);
    world.server.expire_nonces_after(Duration::from_secs(30));
    let mut world = world.allocated();
    let mut turn = 0;
    world.forger = Some(Box::new(move |m| {
        turn += 1;
        (turn % 2 == 0).then(|| vec![challenge(m, 438, REALM, "forged")])
    }));
    world.bind_channel(peer(1));
    world.run(120 * MINUTE);
    world.peer_sends(peer(1), b"still here");
    world.run(SECOND);
    assert_eq!((world.end(), world.data().len()), (None, 1));
}

/// RFC 8489 §9.2.5: dropped as if it had not come; the cause is named when nothing better does.
#[test]
fn on_path_errors_do_not_end_an_allocation_in_the_making() {
    for (code, failure) in [(403, TurnFailure::Forbidden), (486, TurnFailure::QuotaReached)] {
        let mut world = World::udp(1);
        let mut count = 0;
        world.forger = Some(Box::new(move |m| {
            count += i32::from(has_credentials(m));
            (has_credentials(m) && count < 4).then(|| vec![error(m, code)])
        }));
        world.run(2 * SECOND);
        assert_eq!(world.relayed(), Some(relayed_v4()), "{code}");

        let mut world = World::udp(1);
        world.script(move |m| has_credentials(m).then(|| vec![error(m, code)]));
        world.run(2 * TURN_TIMEOUT);
        assert_eq!(world.end(), Some(TurnEnd::Failed(failure)));
    }
}

/// Another realm would leave us with a key that fits no more.
#[test]
fn stale_nonce_of_another_realm_is_ignored() {
    let mut world = World::udp(1).allocated();
    world.script(|m| {
        is(m, CREATE_PERMISSION).then(|| vec![challenge(m, 438, "attacker", "attacker")])
    });
    world.permit(peer(1));
    world.run(SECOND);
    world.script = None;
    world.run(SECOND);
    world.peer_sends(peer(1), b"permitted");
    world.run(SECOND);
    assert_eq!(world.data().len(), 1);
}

/// RFC 8489 §9.2.5: it is as if it had not come, and the true answer counts.
#[test]
fn success_with_a_wrong_signature_is_nothing() {
    let forged = |m: &[u8]| {
        let mut forged = allocated(m, relayed_v4(), 600);
        *forged.last_mut().unwrap() ^= 1;
        has_credentials(m).then(|| vec![forged])
    };
    let mut world = World::udp(1);
    world.script(forged);
    world.run(2 * TURN_TIMEOUT);
    assert_eq!(world.relayed(), None);
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::Unreachable)));

    let mut world = World::udp(1);
    world.forger = Some(Box::new(forged));
    let start = world.now;
    world.run(SECOND);
    let taken = world.allocated_at().unwrap().saturating_since(start);
    assert!(taken < Duration::from_millis(100), "the first true answer: {taken:?}");
}

/// RFC 8656 §11.4, §12.6: nothing from a peer that has no permission, or over a channel that is not bound.
#[test]
fn data_of_a_peer_without_permission_is_dropped() {
    let mut world = World::udp(1).allocated();
    let indication = |host| {
        let kind = MessageType::from_class_method(MessageClass::Indication, DATA);
        let mut message = Message::builder(kind, 9.into(), MessageWriteVec::new());
        message.add_attribute(&XorPeerAddress::new(peer(host), 9.into())).unwrap();
        message.add_attribute(&Data::new(b"hello")).unwrap();
        message.finish()
    };
    world.inject(&indication(1));
    world.inject(b"\x40\x00\x00\x05hello");
    assert!(world.data().is_empty());
    world.permit(peer(1));
    world.run(SECOND);
    world.inject(&indication(2));
    // RFC 8489 §5: a datagram is one message, and nothing more.
    world.inject(&[indication(1), vec![0x80, 0x22, 0, 0]].concat());
    world.inject(&indication(1));
    assert_eq!(world.data(), [(peer(1), b"hello".to_vec())]);
}

#[test]
fn noise_is_dropped() {
    let mut world = World::udp(1).allocated();
    world.bind_channel(peer(1));
    world.run(SECOND);
    let before = world.events.len();
    for bytes in [
        &b""[..],
        b"\x40",
        b"\x40\x00\xff\xffshort",
        b"\x40\x00\x00\x01ab\0\0\0too long",
        b"\x7f\xff\x00\x00",
        b"GET / HTTP/1.1\r\n\r\n",
        &[0; 2000],
        &[0xff; 2000],
    ] {
        world.inject(bytes);
    }
    // Requests of a server (RFC 6062) are none that we answer.
    for method in [CREATE_PERMISSION, turn_types::message::CONNECTION_ATTEMPT] {
        world.inject(&guess(method));
    }
    assert_eq!(world.events.len(), before);
    world.peer_sends(peer(1), b"still here");
    world.run(SECOND);
    assert_eq!(world.data().len(), 1);
}
