//! The simple playout buffer, on a virtual clock.

use core::time::Duration;

use proptest::prelude::*;
use zentalk_codec::{
    Error, MAX_PLAYOUT_PACKETS, MAX_PLAYOUT_PAYLOAD, Playout, PlayoutBuffer, PlayoutConfig, Pulled,
    Pushed,
};
use zentalk_primitives::Instant;

const STEP: u32 = 960;

fn buffer() -> PlayoutBuffer {
    PlayoutBuffer::new(PlayoutConfig::default())
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// Packet `index` of a stream whose numbers and timestamps are about to wrap; its payload says which.
fn push(buffer: &mut PlayoutBuffer, millis: u64, index: u64) -> Pushed {
    let timestamp = (index as u32).wrapping_mul(STEP).wrapping_sub(10 * STEP);
    let payload = index.to_be_bytes().to_vec();
    buffer.push(at(millis), 65_530 + index, timestamp, payload).unwrap()
}

/// The index of a packet that was played at this time.
fn pull(buffer: &mut PlayoutBuffer, millis: u64) -> Option<u64> {
    match buffer.pull(at(millis)) {
        Pulled::Packet(packet) => {
            let index = u64::from_be_bytes(packet.payload.try_into().unwrap());
            assert_eq!(packet.sequence, 65_530 + index);
            assert_eq!(packet.timestamp, (index as u32).wrapping_mul(STEP).wrapping_sub(10 * STEP));
            Some(index)
        }
        _ => None,
    }
}

#[test]
fn first_packet_waits_for_the_initial_delay() {
    let mut buffer = buffer();
    assert_eq!(buffer.pull(at(0)), Pulled::Waiting);
    assert_eq!(buffer.next_timestamp(), None);
    push(&mut buffer, 100, 0);
    assert_eq!(pull(&mut buffer, 159), None);
    assert_eq!(pull(&mut buffer, 160), Some(0));
    assert_eq!(buffer.delay(), Duration::from_millis(60));
}

#[test]
fn reordered_packets_across_the_wrap_are_played_in_order() {
    let mut buffer = buffer();
    let mut played = Vec::new();
    for tick in 0..40_u64 {
        // Pairs change places; timestamps wrap at 10, 16 bit numbers at 6.
        push(&mut buffer, tick * 20, tick ^ 1);
        played.extend(pull(&mut buffer, tick * 20 + 5));
    }
    let expected: Vec<u64> = (0..played.len() as u64).collect();
    assert_eq!(played, expected);
    assert!(played.len() >= 36);
    assert_eq!(buffer.stats().lost, 0);
}

#[test]
fn missing_packet_is_lost_when_it_is_due_and_its_successor_is_offered_for_fec() {
    let mut buffer = buffer();
    for index in [0, 1, 3, 4] {
        push(&mut buffer, index * 20, index);
    }
    assert_eq!(pull(&mut buffer, 85), Some(0));
    assert_eq!(pull(&mut buffer, 100), Some(1));
    let Pulled::Lost { sequence, timestamp, next } = buffer.pull(at(120)) else { panic!() };
    assert_eq!(sequence, 65_532);
    assert_eq!(timestamp, 2_u32.wrapping_mul(STEP).wrapping_sub(10 * STEP));
    let next = next.unwrap();
    assert_eq!((next.sequence, next.payload), (65_533, 3_u64.to_be_bytes().to_vec()));
    assert_eq!(pull(&mut buffer, 140), Some(3));
    assert_eq!(pull(&mut buffer, 160), Some(4));
}

#[test]
fn fec_is_offered_from_the_direct_successor_only() {
    let mut buffer = buffer();
    for index in [0, 3] {
        push(&mut buffer, index * 20, index);
    }
    assert_eq!(pull(&mut buffer, 60), Some(0));
    assert!(matches!(buffer.pull(at(80)), Pulled::Lost { next: None, .. }));
    assert!(matches!(buffer.pull(at(100)), Pulled::Lost { next: Some(_), .. }));
}

#[test]
fn latecomer_is_not_played_and_makes_the_delay_longer() {
    let mut buffer = buffer();
    for index in [0, 1, 3, 4, 5, 6] {
        push(&mut buffer, index * 20, index);
    }
    assert_eq!(pull(&mut buffer, 60), Some(0));
    assert_eq!(pull(&mut buffer, 80), Some(1));
    // Packet 2 is due now, is given up, and comes 30 ms later.
    assert!(matches!(buffer.pull(at(100)), Pulled::Lost { .. }));
    assert_eq!(push(&mut buffer, 130, 2), Pushed::Late);
    assert_eq!(buffer.stats().late, 1);
    assert_eq!(buffer.delay(), Duration::from_millis(90));
    // It comes again: no latecomer any more.
    assert_eq!(push(&mut buffer, 131, 2), Pushed::Duplicate);
    assert_eq!(buffer.delay(), Duration::from_millis(90));
    assert_eq!(pull(&mut buffer, 149), None, "now due at 150");
    assert_eq!(pull(&mut buffer, 150), Some(3));
}

#[test]
fn packets_that_were_only_delayed_are_played_with_a_longer_delay() {
    let mut buffer = buffer();
    let mut played = Vec::new();
    for tick in 0..100_u64 {
        // From 10 to 19 the network holds packets back, 200 ms at most.
        let arrivals = match tick {
            10..20 => vec![],
            20 => (10..=20).collect(),
            _ => vec![tick],
        };
        for index in arrivals {
            push(&mut buffer, tick * 20, index);
        }
        played.extend(pull(&mut buffer, tick * 20));
    }
    let expected: Vec<u64> = (0..played.len() as u64).collect();
    assert_eq!(played, expected, "nothing is skipped");
    assert_eq!(buffer.stats().lost, 0);
    assert!(buffer.stats().starved > 0);
    assert_eq!(buffer.delay(), Duration::from_millis(200));
}

#[test]
fn delay_never_grows_beyond_its_bound() {
    let config = PlayoutConfig::new(Duration::from_millis(40), Duration::from_millis(200)).unwrap();
    let mut buffer = PlayoutBuffer::new(config);
    for tick in 0..400_u64 {
        // Every fourth packet takes 900 ms longer.
        if tick % 4 != 3 {
            push(&mut buffer, tick * 20, tick);
        }
        if tick >= 45 && (tick - 45) % 4 == 3 {
            push(&mut buffer, tick * 20, tick - 45);
        }
        pull(&mut buffer, tick * 20);
        assert!(buffer.delay() <= Duration::from_millis(200), "{:?}", buffer.delay());
    }
    assert_eq!(buffer.delay(), Duration::from_millis(200));
    assert!(buffer.len() <= 11);
}

#[test]
fn delay_that_is_not_needed_shrinks_again() {
    let mut buffer = buffer();
    for tick in 0..2_000_u64 {
        let arrivals = match tick {
            10..20 => vec![],
            20 => (10..=20).collect(),
            _ => vec![tick],
        };
        for index in arrivals {
            push(&mut buffer, tick * 20, index);
        }
        pull(&mut buffer, tick * 20);
    }
    let delay = buffer.delay();
    assert!(delay <= Duration::from_millis(80), "{delay:?}");
    let stats = buffer.stats();
    assert_eq!(stats.lost, 0);
    assert!((5..=8).contains(&stats.skipped), "{} skipped", stats.skipped);
}

#[test]
fn fast_and_slow_clocks_do_not_pile_up() {
    for step_micros in [19_900, 20_100] {
        let mut buffer = buffer();
        let (mut sent, mut played) = (0_u64, 0);
        for tick in 0..10_000_u64 {
            let now = Instant::from_micros(tick * 20_000);
            while sent * step_micros <= now.as_micros() {
                let timestamp = (sent as u32).wrapping_mul(STEP);
                buffer.push(now, sent, timestamp, vec![1]).unwrap();
                sent += 1;
            }
            played += u64::from(matches!(buffer.pull(now), Pulled::Packet(_)));
            assert!(buffer.len() <= 12, "{} waiting", buffer.len());
        }
        assert!(played * 100 > sent * 98, "{played} of {sent}");
        assert_eq!(buffer.stats().lost, 0);
        assert_eq!(buffer.stats().restarts, 0);
    }
}

#[test]
fn after_an_outage_the_gap_is_skipped_not_replayed() {
    let mut buffer = buffer();
    let mut last = None;
    for tick in 0..200_u64 {
        if !(20..120).contains(&tick) {
            push(&mut buffer, tick * 20, tick);
        }
        if let Some(index) = pull(&mut buffer, tick * 20) {
            last = Some((tick, index));
        }
    }
    // Still 60 ms behind what was sent.
    assert_eq!(last, Some((199, 196)));
    assert_eq!(buffer.stats().lost, 100);
}

#[test]
fn silence_of_the_sender_is_waited_through() {
    // DTX: numbers go on, timestamps jump by 2 s.
    let mut buffer = buffer();
    let packets = [(0, 0, 0), (20, 1, 960), (2_040, 2, 97_920), (2_060, 3, 98_880)];
    let mut played = Vec::new();
    for millis in (0..2_200).step_by(20) {
        for (time, sequence, timestamp) in packets {
            if time == millis {
                buffer.push(at(time), sequence, timestamp, vec![1]).unwrap();
            }
        }
        match buffer.pull(at(millis)) {
            Pulled::Packet(packet) => played.push((millis, packet.timestamp)),
            Pulled::Waiting => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(played, [(60, 0), (80, 960), (2_100, 97_920), (2_120, 98_880)]);
}

#[test]
fn long_gap_starts_a_new_timeline() {
    let mut buffer = buffer();
    buffer.push(at(0), 0, 0, vec![1]).unwrap();
    assert!(matches!(buffer.pull(at(60)), Pulled::Packet(_)));
    let minute = 60 * 48_000;
    assert_eq!(buffer.push(at(70_000), 1, minute, vec![2]), Ok(Pushed::Restarted));
    assert_eq!(buffer.pull(at(70_059)), Pulled::Waiting);
    let Pulled::Packet(packet) = buffer.pull(at(70_060)) else { panic!() };
    assert_eq!(packet.timestamp, minute);
    assert_eq!(buffer.stats().restarts, 1);
}

/// RFC 3550 A.1: one stray packet changes nothing, two in a row are a new start.
#[test]
fn sender_that_starts_again_is_believed_after_two_packets() {
    let mut buffer = buffer();
    for index in 0..10 {
        push(&mut buffer, index * 20, index);
        pull(&mut buffer, index * 20);
    }
    assert_eq!(buffer.push(at(200), 7, 123_456_789, vec![1]), Ok(Pushed::Suspect));
    assert_eq!(push(&mut buffer, 200, 10), Pushed::Buffered);
    assert_eq!(buffer.push(at(220), 900_000, 5, vec![1]), Ok(Pushed::Suspect));
    assert_eq!(buffer.push(at(240), 900_001, 965, vec![2]), Ok(Pushed::Restarted));
    assert_eq!(buffer.len(), 1);
    let Pulled::Packet(packet) = buffer.pull(at(300)) else { panic!() };
    assert_eq!(packet.sequence, 900_001);
}

#[test]
fn duplicates_are_counted_and_played_once() {
    let mut buffer = buffer();
    push(&mut buffer, 0, 0);
    assert_eq!(push(&mut buffer, 1, 0), Pushed::Duplicate);
    assert_eq!(pull(&mut buffer, 60), Some(0));
    assert_eq!(push(&mut buffer, 61, 0), Pushed::Duplicate);
    assert_eq!(pull(&mut buffer, 80), None);
    assert_eq!(buffer.stats().duplicates, 2);
}

#[test]
fn player_that_stopped_catches_up() {
    let mut buffer = buffer();
    for index in 0..20 {
        push(&mut buffer, index * 20, index);
    }
    assert_eq!(pull(&mut buffer, 60), Some(0));
    // Nobody pulls for 200 ms: what was due then is thrown away but for the last two steps.
    assert_eq!(pull(&mut buffer, 280), Some(10));
    assert_eq!(buffer.stats().skipped, 9);
}

#[test]
fn growth_is_bounded() {
    let mut buffer = buffer();
    let oversized = vec![0; MAX_PLAYOUT_PAYLOAD + 1];
    assert!(matches!(buffer.push(at(0), 0, 0, oversized), Err(Error::PayloadTooLarge { .. })));
    for index in 0..3 * MAX_PLAYOUT_PACKETS as u64 {
        push(&mut buffer, 0, index);
        assert!(buffer.len() <= MAX_PLAYOUT_PACKETS);
    }
    assert_eq!(buffer.stats().skipped, 2 * MAX_PLAYOUT_PACKETS as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes: no panic, what is played was pushed, numbers only grow on one timeline.
    #[test]
    fn arbitrary_packets_keep_order(
        input in prop::collection::vec((any::<u8>(), any::<i16>(), 0_u64..60, any::<bool>()), 0..300),
        wild in any::<bool>(),
    ) {
        let mut buffer = buffer();
        let (mut now, mut last, mut restarts) = (0, None, 0);
        for (index, (jitter, shift, wait, pulls)) in input.into_iter().enumerate() {
            now += wait;
            let sequence = (index as u64 + u64::from(jitter % 8)) << if wild { jitter % 60 } else { 0 };
            let timestamp = (sequence as u32).wrapping_mul(STEP);
            let timestamp = if wild { timestamp.wrapping_add_signed(i32::from(shift) << 12) } else { timestamp };
            buffer.push(at(now), sequence, timestamp, vec![jitter]).unwrap();
            prop_assert!(buffer.len() <= MAX_PLAYOUT_PACKETS);
            if buffer.stats().restarts > restarts {
                (restarts, last) = (buffer.stats().restarts, None);
            }
            let pulled = if pulls { buffer.pull(at(now)) } else { Pulled::Waiting };
            let sequence = match pulled {
                Pulled::Packet(packet) => packet.sequence,
                Pulled::Lost { sequence, .. } => sequence,
                _ => continue,
            };
            prop_assert!(last.is_none_or(|last| last < sequence));
            last = Some(sequence);
        }
    }
}
