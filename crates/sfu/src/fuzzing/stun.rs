use core::net::SocketAddr;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::stun::{Credentials, MAX_ANSWER, Request, Responder, Response, ReturnCheck, worker_of};

const THEIRS: &str = "them";

/// Connectivity checks: as they came, and with the same bytes as attributes in front of an integrity that is right.
///
/// The first is never authentic, and the second is answered whatever it holds, within the room there is.
pub fn parse_stun_check(data: &[u8]) {
    let ours = Credentials::random(7, &mut ChaCha20Rng::seed_from_u64(1));
    let responder = Responder::new(&ours, THEIRS);
    let _ = worker_of(data);
    if let Some(request) = Request::parse(data) {
        assert_eq!(responder.check(&request), None, "a forgery");
    }
    let here: SocketAddr = "192.0.2.1:1".parse().expect("an address");
    if let Some(response) = Response::parse(data) {
        let rng = &mut ChaCha20Rng::seed_from_u64(2);
        let check = ReturnCheck::new(&ours, THEIRS, "0123456789abcdefghijkl", rng);
        assert!(!check.is_answered_by(here, here, &response), "a forgery");
    }
    let bytes = responder.sign_for_fuzzing(data);
    let Some(request) = Request::parse(&bytes) else { return };
    // Attributes that end early or hold a second integrity are not what was signed.
    let Some(answer) = responder.check(&request) else { return };
    assert_eq!(worker_of(&bytes), Some(7));
    for remote in ["198.51.100.1:1", "[2001:db8::1]:65535"] {
        let remote: SocketAddr = remote.parse().expect("an address");
        let mut out = [0; MAX_ANSWER];
        let len = responder.answer(&request, answer, remote, &mut out).expect("room");
        assert!(len.is_multiple_of(4) && Request::parse(&out[..len]).is_none(), "no request");
        assert_eq!(responder.answer(&request, answer, remote, &mut out[..len - 1]), None);
    }
}
