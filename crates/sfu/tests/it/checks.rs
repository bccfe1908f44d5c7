//! Connectivity checks: what is answered, and how.

use std::net::SocketAddr;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_sfu::stun::{
    Answer, Credentials, MAX_ANSWER, MAX_QUESTION, Request, Responder, Response, ReturnCheck,
};
use zentalk_sfu::worker_of;

use crate::stun_kit::{Message, attributes};

const THEIRS: &str = "their";

fn ours(worker: u16) -> Credentials {
    Credentials::random(worker, &mut ChaCha20Rng::seed_from_u64(5))
}

fn address() -> SocketAddr {
    "198.51.100.7:40000".parse().unwrap()
}

/// A check as a controlling agent makes it.
fn check(credentials: &Credentials) -> Message {
    Message::request()
        .attribute(attributes::USERNAME, format!("{}:{THEIRS}", credentials.ufrag()).as_bytes())
        .attribute(attributes::PRIORITY, &[0x6e, 0, 1, 0xff])
        .attribute(attributes::ICE_CONTROLLING, &[7; 8])
}

fn answer_to(bytes: &[u8], remote: SocketAddr) -> Option<(Answer, Vec<u8>)> {
    let responder = Responder::new(&ours(3), THEIRS);
    let request = Request::parse(bytes)?;
    let answer = responder.check(&request)?;
    let mut out = [0; MAX_ANSWER];
    let len = responder.answer(&request, answer, remote, &mut out).unwrap();
    Some((answer, out[..len].to_vec()))
}

/// RFC 8445 §7.3.1, RFC 8489 §14.2: where the request came from, under the magic cookie.
#[test]
fn an_authentic_check_is_answered_with_the_address_it_came_from() {
    let ours = ours(3);
    let bytes = check(&ours).signed(ours.password());
    let (answer, response) = answer_to(&bytes, address()).unwrap();
    assert_eq!(answer, Answer::Success);
    let response = Message::parse(&response, ours.password()).unwrap();
    assert_eq!((response.kind, response.transaction), (0x0101, [9; 12]));
    let mapped = response.find(attributes::XOR_MAPPED_ADDRESS).unwrap();
    let port = 40_000_u16 ^ 0x2112;
    let expected =
        [&[0, 1][..], &port.to_be_bytes(), &[198 ^ 0x21, 51 ^ 0x12, 100 ^ 0xa4, 7 ^ 0x42]];
    assert_eq!(mapped, expected.concat());
}

/// RFC 8489 §14.2: under cookie and transaction.
#[test]
fn an_ipv6_address_is_told_as_well() {
    let ours = ours(3);
    let remote: SocketAddr = "[2001:db8::1]:1".parse().unwrap();
    let (_, response) = answer_to(&check(&ours).signed(ours.password()), remote).unwrap();
    let response = Message::parse(&response, ours.password()).unwrap();
    let mapped = response.find(attributes::XOR_MAPPED_ADDRESS).unwrap();
    assert_eq!(mapped.len(), 20);
    assert_eq!(mapped[4..8], [0x20 ^ 0x21, 0x01 ^ 0x12, 0x0d ^ 0xa4, 0xb8 ^ 0x42]);
    assert_eq!(mapped[8..], [9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 8]);
}

/// RFC 8445 §7.3.1.1: the one who must change is told; a lite agent never does.
#[test]
fn one_who_plays_our_role_is_told_to_change() {
    let ours = ours(3);
    let username = format!("{}:{THEIRS}", ours.ufrag());
    let message = Message::request()
        .attribute(attributes::USERNAME, username.as_bytes())
        .attribute(attributes::ICE_CONTROLLED, &[0; 8]);
    let (answer, response) = answer_to(&message.signed(ours.password()), address()).unwrap();
    assert_eq!(answer, Answer::RoleConflict);
    let response = Message::parse(&response, ours.password()).unwrap();
    assert_eq!(response.kind, 0x0111);
    assert_eq!(response.find(attributes::ERROR_CODE).unwrap()[..4], [0, 0, 4, 87]);
}

/// RFC 8489 §6.3.1.
#[test]
fn attributes_that_must_be_understood_are_named() {
    let ours = ours(3);
    let message = check(&ours).attribute(0x7fff, b"odd").attribute(0x0003, b"four");
    let (answer, response) = answer_to(&message.signed(ours.password()), address()).unwrap();
    assert_eq!(answer, Answer::UnknownAttribute);
    let response = Message::parse(&response, ours.password()).unwrap();
    assert_eq!(response.find(attributes::ERROR_CODE).unwrap()[..4], [0, 0, 4, 20]);
    assert_eq!(response.find(attributes::UNKNOWN_ATTRIBUTES).unwrap(), [0x7f, 0xff, 0, 3]);
    // One that need not be understood is passed over.
    let message = check(&ours).attribute(0x8022, b"some software");
    assert_eq!(answer_to(&message.signed(ours.password()), address()).unwrap().0, Answer::Success);
}

#[test]
fn use_candidate_nominates() {
    let ours = ours(3);
    for nominates in [false, true] {
        let message = check(&ours);
        let message =
            if nominates { message.attribute(attributes::USE_CANDIDATE, &[]) } else { message };
        let bytes = message.signed(ours.password());
        assert_eq!(Request::parse(&bytes).unwrap().nominates(), nominates);
    }
}

/// RFC 8489 §14.5: what stands behind the integrity is not covered by it.
#[test]
fn what_stands_behind_the_integrity_is_not_heeded() {
    let ours = ours(3);
    let bytes = check(&ours).signed_with(ours.password(), &[(attributes::USE_CANDIDATE, &[])]);
    let request = Request::parse(&bytes).unwrap();
    assert!(!request.nominates());
    assert!(Responder::new(&ours, THEIRS).check(&request).is_some());
}

#[test]
fn every_bit_of_a_check_counts() {
    let ours = ours(3);
    let good = check(&ours).signed(ours.password());
    assert!(answer_to(&good, address()).is_some());
    for bit in 0..8 * good.len() {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(answer_to(&bad, address()), None, "bit {bit}");
    }
    for len in 0..good.len() {
        assert_eq!(answer_to(&good[..len], address()), None, "{len} bytes");
    }
}

#[test]
fn a_check_with_another_password_or_name_is_not_answered() {
    let ours = ours(3);
    assert_eq!(answer_to(&check(&ours).signed("another password of length"), address()), None);
    let name = format!("{}:other", ours.ufrag());
    let message = Message::request().attribute(attributes::USERNAME, name.as_bytes());
    assert_eq!(answer_to(&message.signed(ours.password()), address()), None);
    assert_eq!(answer_to(&Message::request().signed(ours.password()), address()), None);
    assert_eq!(answer_to(&check(&ours).unsigned(), address()), None);
}

#[test]
fn the_front_finds_the_worker_by_the_ufrag() {
    for worker in [0, 3, 4_095] {
        let ours = ours(worker);
        assert_eq!(worker_of(&check(&ours).signed(ours.password())), Some(worker));
    }
    assert_eq!(worker_of(b"\x80 RTP"), None);
    assert_eq!(worker_of(&Message::request().signed("x")), None);
}

/// The response to a question may come to the socket of any worker, whose own question it was not.
#[test]
fn the_front_finds_the_worker_by_the_response_to_its_question() {
    for worker in [0, 3, 4_095] {
        let (ours, rng) = (ours(worker), &mut ChaCha20Rng::seed_from_u64(7));
        let check = ReturnCheck::new(&ours, THEIRS, PASSWORD, rng);
        let mut out = [0; MAX_QUESTION];
        let len = check.ask(address(), address(), &mut out).unwrap();
        let question = Message::parse(&out[..len], PASSWORD).unwrap();
        let answer = Message::success(question.transaction).signed(PASSWORD);
        assert_eq!(worker_of(&answer), Some(worker));
    }
    // No worker of ours asks like this.
    assert_eq!(worker_of(&Message::success([9; 12]).signed(PASSWORD)), None);
}

const PASSWORD: &str = "0123456789abcdefghijkl";

/// RFC 8445 §7.1, §7.2.2: what we ask is a check as an agent makes it, which every full agent answers (§7.3); and no longer than one that says
/// no more than it must.
#[test]
fn the_question_to_an_address_is_a_check_of_a_controlled_agent() {
    let (ours, rng) = (ours(3), &mut ChaCha20Rng::seed_from_u64(7));
    let shortest = check(&ours).signed(ours.password()).len();
    let check = ReturnCheck::new(&ours, THEIRS, PASSWORD, rng);
    let mut out = [0; MAX_QUESTION];
    let len = check.ask(address(), address(), &mut out).unwrap();
    assert_eq!(len, shortest);
    let question = Message::parse(&out[..len], PASSWORD).unwrap();
    assert_eq!(question.kind, 0x0001);
    let name = format!("{THEIRS}:{}", ours.ufrag());
    assert_eq!(question.find(attributes::USERNAME), Some(name.as_bytes()));
    assert_eq!(question.find(attributes::PRIORITY).map(<[u8]>::len), Some(4));
    assert_eq!(question.find(attributes::ICE_CONTROLLED).map(<[u8]>::len), Some(8));
    // The longest names that an offer may have.
    let longest = ReturnCheck::new(&ours, &"u".repeat(256), PASSWORD, rng);
    assert!(longest.ask(address(), address(), &mut out).is_some());
    assert!(longest.ask(address(), address(), &mut out[..len]).is_none());
}

#[test]
fn an_answer_counts_for_the_addresses_that_were_asked() {
    let (ours, rng) = (ours(3), &mut ChaCha20Rng::seed_from_u64(7));
    let check = ReturnCheck::new(&ours, THEIRS, PASSWORD, rng);
    let asked = |local: SocketAddr, remote: SocketAddr| {
        let mut out = [0; MAX_QUESTION];
        let len = check.ask(local, remote, &mut out).unwrap();
        Message::parse(&out[..len], PASSWORD).unwrap().transaction
    };
    let (here, there): (SocketAddr, SocketAddr) =
        (address(), "198.51.100.7:40001".parse().unwrap());
    let answer = Message::success(asked(here, there)).signed(PASSWORD);
    let response = Response::parse(&answer).unwrap();
    assert!(check.is_answered_by(here, there, &response));
    assert!(
        !check.is_answered_by(there, here, &response)
            && !check.is_answered_by(here, here, &response)
    );
    // Another participant at the same address is asked for another one.
    let other = ReturnCheck::new(&ours, THEIRS, PASSWORD, rng);
    assert!(!other.is_answered_by(here, there, &response));
    for at in 0..answer.len() {
        let mut bad = answer.clone();
        bad[at] ^= 1;
        let is_taken =
            Response::parse(&bad).is_some_and(|bad| check.is_answered_by(here, there, &bad));
        assert!(!is_taken, "byte {at}");
    }
}
