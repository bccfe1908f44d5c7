//! Fragmented handshake messages: Chromium's `ClientHello` always comes in two fragments.

use std::time::Duration;

use proptest::prelude::*;
use zentalk_dtls_fingerprint::{DtlsVersions, Output};

use crate::world::{CLIENT, Faults, SERVER, World, assert_mirrored, path};

const LIMIT: Duration = Duration::from_secs(30);
const VERSIONS: [DtlsVersions; 3] =
    [DtlsVersions::Dtls12, DtlsVersions::Dtls13, DtlsVersions::Auto];
const RECORD_HEADER: usize = 13;
const HANDSHAKE_HEADER: usize = 12;

/// Whether a datagram is one plaintext record with one whole handshake message of this type.
fn is_single(payload: &[u8], message_type: u8) -> bool {
    payload.len() > RECORD_HEADER + HANDSHAKE_HEADER
        && payload[0] == 22
        && payload[3..5] == [0, 0]
        && payload[RECORD_HEADER] == message_type
}

/// Splits the one message of a datagram into fragments of at most `size` bytes, each in a record and a datagram of its own.
///
/// The transcript stays the same: it is taken over the reassembled message (RFC 6347 §4.2.6).
pub(crate) fn split(payload: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (record_header, rest) = payload.split_at(RECORD_HEADER);
    let (handshake_header, body) = rest.split_at(HANDSHAKE_HEADER);
    let number = u64::from(record_header[10]) << 8;
    let fragments = body.chunks(size).enumerate().map(|(i, chunk)| {
        let mut fragment = handshake_header.to_vec();
        fragment[6..9].copy_from_slice(&u32::try_from(i * size).unwrap().to_be_bytes()[1..]);
        fragment[9..12].copy_from_slice(&u32::try_from(chunk.len()).unwrap().to_be_bytes()[1..]);
        fragment.extend_from_slice(chunk);

        let mut datagram = record_header[..5].to_vec();
        datagram.extend_from_slice(&(number + i as u64).to_be_bytes()[2..]);
        datagram.extend_from_slice(&u16::try_from(fragment.len()).unwrap().to_be_bytes());
        datagram.extend_from_slice(&fragment);
        datagram
    });
    fragments.collect()
}

fn world_with_split_hellos(
    versions: DtlsVersions,
    faults: Faults,
    seed: u64,
    size: usize,
    reverse: bool,
) -> World {
    World::new([versions; 2], faults, seed).tap(move |from, payload| {
        if from != CLIENT || !is_single(payload, 1) {
            return vec![payload.to_vec()];
        }
        let size = if size == 0 {
            (payload.len() - RECORD_HEADER - HANDSHAKE_HEADER).div_ceil(2)
        } else {
            size
        };
        let mut fragments = split(payload, size);
        if reverse {
            fragments.reverse();
        }
        fragments
    })
}

#[test]
fn a_client_hello_in_two_fragments_completes_the_handshake() {
    for versions in VERSIONS {
        for reverse in [false, true] {
            let mut world = world_with_split_hellos(versions, Faults::default(), 1, 0, reverse);
            let start = world.now;
            world.run(LIMIT);
            assert!(world.established(), "{versions:?}");
            assert!(world.now - start < Duration::from_millis(150), "no retransmission was needed");
            assert_mirrored(&world);
        }
    }
}

#[test]
fn a_client_hello_in_two_fragments_survives_loss() {
    for versions in VERSIONS {
        for seed in 0..20 {
            let mut world = world_with_split_hellos(
                versions,
                Faults { loss: 30, ..Faults::default() },
                seed,
                0,
                false,
            );
            world.run(LIMIT);
            assert!(world.established(), "{versions:?}, seed {seed}");
        }
    }
}

/// More fragments than `dimpl` would queue, in the order that is hardest.
#[test]
fn a_client_hello_in_single_bytes_backwards_completes_the_handshake() {
    for versions in VERSIONS {
        let mut world = world_with_split_hellos(versions, Faults::default(), 1, 1, true);
        world.run(LIMIT);
        assert!(world.established(), "{versions:?}");
        assert_mirrored(&world);
    }
}

/// Every plaintext message of a DTLS 1.2 handshake, both ways.
/// RFC 6347 §4.2.2.
#[test]
fn all_plaintext_messages_may_be_fragmented() {
    let mut world =
        World::new([DtlsVersions::Dtls12; 2], Faults::default(), 1).tap(|_, payload| {
            let mut datagrams = Vec::new();
            let mut left = payload;
            while left.len() > RECORD_HEADER {
                let length = RECORD_HEADER + usize::from(u16::from_be_bytes([left[11], left[12]]));
                let (record, rest) = left.split_at(length);
                let is_long = record[0] == 22
                    && record[3..5] == [0, 0]
                    && record.len() > RECORD_HEADER + HANDSHAKE_HEADER + 40;
                // What is behind CCS has to stay in one datagram with it.
                if record[0] == 20 || (record[0] == 22 && record[3..5] == [0, 1]) {
                    datagrams.push(left.to_vec());
                    break;
                }
                if is_long && record[19..22] == [0, 0, 0] && record[14..17] == record[22..25] {
                    datagrams.extend(split(record, 37));
                } else {
                    datagrams.push(record.to_vec());
                }
                left = rest;
            }
            datagrams
        });
    world.run(LIMIT);
    assert!(world.established());
    assert_mirrored(&world);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_size_of_fragments_will_do(size in 1usize..400, reverse: bool, version in 0usize..3, seed: u64) {
        let mut world = world_with_split_hellos(VERSIONS[version], Faults::default(), seed % 1_000, size, reverse);
        world.run(LIMIT);
        prop_assert!(world.established());
    }
}

#[test]
fn the_test_really_splits() {
    let mut world = World::new([DtlsVersions::Auto; 2], Faults::default(), 1);
    let Output::Transmit(hello) = world.ends[CLIENT].endpoint.poll_output() else {
        panic!("no ClientHello")
    };
    assert!(is_single(&hello.payload, 1));
    let fragments = split(&hello.payload, 600);
    assert_eq!(
        fragments.len(),
        (hello.payload.len() - RECORD_HEADER - HANDSHAKE_HEADER).div_ceil(600)
    );
    let now = world.now;
    for fragment in &fragments[1..] {
        assert!(world.ends[SERVER].receive(now, path(SERVER), fragment).is_empty());
    }
    assert!(!world.ends[SERVER].receive(now, path(SERVER), &fragments[0]).is_empty());
}
