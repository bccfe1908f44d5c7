//! Damaged and invented datagrams at every moment of a handshake: no panic, no false proof, and always an end.

use std::time::Duration;

use proptest::prelude::*;
use zentalk_dtls_fingerprint::{DtlsVersions, FailureReason};

use crate::world::{CLIENT, Faults, SERVER, World, assert_mirrored, path};

const VERSIONS: [DtlsVersions; 3] =
    [DtlsVersions::Dtls12, DtlsVersions::Dtls13, DtlsVersions::Auto];

/// What becomes of one datagram.
#[derive(Clone, Debug)]
enum Damage {
    Flip { at: usize, bit: u8 },
    Truncate { to: usize },
    Insert { at: usize, byte: u8 },
    Replace { bytes: Vec<u8> },
}

impl Damage {
    fn apply(&self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = payload.to_vec();
        match self {
            Self::Flip { at, bit } => bytes[at % payload.len()] ^= 1 << (bit % 8),
            Self::Truncate { to } => bytes.truncate(to % payload.len()),
            Self::Insert { at, byte } => bytes.insert(at % payload.len(), *byte),
            Self::Replace { bytes: new } => bytes.clone_from(new),
        }
        bytes
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, bit)| Damage::Flip { at, bit }),
        any::<usize>().prop_map(|to| Damage::Truncate { to }),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert { at, byte }),
        (20u8..64, proptest::collection::vec(any::<u8>(), 0..200)).prop_map(
            |(first, mut bytes)| {
                bytes.insert(0, first);
                Damage::Replace { bytes }
            }
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_datagrams_end_in_true_keys_or_a_failure(
        version in 0usize..3,
        seed in 0u64..1_000,
        damages in proptest::collection::vec((0usize..12, damage()), 1..6),
        also_the_true_one: bool,
    ) {
        let mut count = 0;
        let mut world = World::new([VERSIONS[version]; 2], Faults::default(), seed).tap(move |_, payload| {
            let mut datagrams: Vec<_> = damages.iter().filter(|(at, _)| *at == count).map(|(_, damage)| damage.apply(payload)).collect();
            if datagrams.is_empty() || also_the_true_one {
                datagrams.push(payload.to_vec());
            }
            count += 1;
            datagrams
        });
        world.run(Duration::from_secs(60));
        for end in &world.ends {
            prop_assert_ne!(end.failed, Some(FailureReason::Internal));
        }
        if world.established() {
            assert_mirrored(&world);
        } else {
            prop_assert!(world.ends.iter().any(|end| end.failed.is_some() || end.mismatch.is_some()));
        }
    }

    #[test]
    fn invented_datagrams_never_panic(
        version in 0usize..3,
        datagrams in proptest::collection::vec((20u8..64, proptest::collection::vec(any::<u8>(), 0..80)), 0..60),
        stop_after in 0usize..8,
    ) {
        let mut world = World::new([VERSIONS[version]; 2], Faults::default(), 1);
        world.run_until(Duration::from_secs(5), |world| world.sent.iter().sum::<usize>() >= stop_after);
        let now = world.now;
        for (first, mut bytes) in datagrams {
            bytes.insert(0, first);
            for end in [CLIENT, SERVER] {
                world.ends[end].receive(now, path(end), &bytes);
            }
        }
        for end in &world.ends {
            prop_assert_ne!(end.failed, Some(FailureReason::Internal));
        }
    }
}
