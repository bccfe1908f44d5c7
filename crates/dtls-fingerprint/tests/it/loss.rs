//! Loss, reordering, duplication, and the flight whose loss is hardest to see.

use std::time::Duration;

use zentalk_dtls_fingerprint::DtlsVersions;

use crate::world::{CLIENT, Faults, SERVER, World, assert_mirrored};

const LIMIT: Duration = Duration::from_secs(30);
const VERSIONS: [DtlsVersions; 3] =
    [DtlsVersions::Dtls12, DtlsVersions::Dtls13, DtlsVersions::Auto];

/// RFC 6347 §4.2.4, RFC 9147 §5.8.2, and without the cookies of RFC 9147 §5.1.
#[test]
fn thirty_percent_loss_both_ways_ends_within_30_seconds() {
    for versions in VERSIONS {
        for seed in 0..100 {
            let mut world =
                World::new([versions; 2], Faults { loss: 30, ..Faults::default() }, seed);
            world.run(LIMIT);
            assert!(
                world.established(),
                "{versions:?}, seed {seed}: {:?} {:?}",
                world.ends[0].failed,
                world.ends[1].failed
            );
            assert_mirrored(&world);
        }
    }
}

/// RFC 9147 §5.8.2 lets the wait double up to 60 s; a call cannot wait that long.
#[test]
fn a_dozen_losses_in_a_row_cost_two_seconds_each_at_most() {
    for versions in VERSIONS {
        for lost_of in [CLIENT, SERVER] {
            let mut lost = 0;
            let mut world =
                World::new([versions; 2], Faults::default(), 1).tap(move |from, bytes| {
                    lost += usize::from(from == lost_of);
                    if from == lost_of && lost <= 12 { Vec::new() } else { vec![bytes.to_vec()] }
                });
            world.run(Duration::from_secs(26));
            let failed = [CLIENT, SERVER].map(|end| world.ends[end].failed);
            assert!(
                world.established(),
                "{versions:?}, {lost_of}: {failed:?} {:?} {:?}",
                world.now,
                world.sent
            );
            assert_mirrored(&world);
        }
    }
}

#[test]
fn reordering_and_duplication_change_nothing() {
    for versions in VERSIONS {
        for seed in 0..30 {
            let faults = Faults { loss: 5, duplication: 50, jitter: Duration::from_millis(150) };
            let mut world = World::new([versions; 2], faults, seed);
            world.run(LIMIT);
            assert!(world.established(), "{versions:?}, seed {seed}");
            assert_mirrored(&world);
        }
    }
}

/// Flights of many datagrams: some part is nearly always missing.
#[test]
fn loss_on_a_narrow_path_is_overcome_without_a_storm() {
    for versions in VERSIONS {
        for seed in 0..10 {
            let mut world =
                World::narrow([versions; 2], Faults { loss: 20, ..Faults::default() }, seed);
            world.run(LIMIT);
            assert!(world.established(), "{versions:?}, seed {seed}");
            assert!(
                world.sent.iter().all(|sent| *sent < 300),
                "{versions:?}, seed {seed}: {:?}",
                world.sent
            );
        }
    }
}

/// `dimpl` 0.9.0 would acknowledge a gap as often as it is woken, and asks to be woken at once.
/// RFC 9147 §7.1.
#[test]
fn a_gap_in_a_flight_starts_no_storm_of_acknowledgements() {
    let mut from_server = 0;
    let mut world =
        World::narrow([DtlsVersions::Dtls13; 2], Faults::default(), 1).tap(move |from, payload| {
            from_server += usize::from(from == SERVER);
            // Of the first datagram only the ServerHello's record arrives: EncryptedExtensions is missing, what comes after it is there.
            let server_hello = 13 + usize::from(u16::from_be_bytes([payload[11], payload[12]]));
            if from == SERVER && from_server == 1 {
                vec![payload[..server_hello].to_vec()]
            } else {
                vec![payload.to_vec()]
            }
        });
    // The gap is there after a round trip. From then on the client is woken far too often.
    world.run_until(Duration::from_millis(40), |_| false);
    let before = world.ends[CLIENT].endpoint.stats().sent;
    for _ in 0..100 {
        world.now += Duration::from_millis(1);
        let now = world.now;
        world.ends[CLIENT].endpoint.handle_timeout(now);
        world.flush();
    }
    let sent = world.ends[CLIENT].endpoint.stats().sent - before;
    assert!((1..=3).contains(&sent), "{sent} acknowledgements in 100 ms");
    world.run(LIMIT);
    assert!(world.established());
}

/// The server considers itself done once it has sent its last flight; only the client's retransmission tells it that it is lost.
///
/// Regression: with dtls 0.17.2 the client never completed.
/// RFC 6347 §4.2.4.
#[test]
fn the_last_flight_is_repeated_when_it_is_lost() {
    for versions in VERSIONS {
        for lost in 1..4 {
            let mut dropped = 0;
            let mut from_server = 0;
            // Its first flight is its first datagram; what follows is its last one (1.2: CCS and Finished, 1.3: the ACK).
            let mut world =
                World::new([versions; 2], Faults::default(), 1).tap(move |from, payload| {
                    from_server += usize::from(from == SERVER);
                    if from == SERVER && from_server > 1 && dropped < lost {
                        dropped += 1;
                        return Vec::new();
                    }
                    vec![payload.to_vec()]
                });
            world.run(LIMIT);
            assert!(world.established(), "{versions:?}: {lost} lost");
            assert_mirrored(&world);
            assert!(
                world.sent[CLIENT] > 2 || versions != DtlsVersions::Dtls12,
                "the client had to repeat its flight"
            );
        }
    }
}
