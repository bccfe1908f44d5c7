//! Somebody who sends before there is a call. The million messages to the registry of calls are in `zentalk-call-fsm`
//! (`a_million_messages_before_an_offer_cost_nothing`); here the whole engine gets them.

use core::time::Duration;

use zentalk_call::Media;
use zentalk_call::engine::{Input, Output};
use zentalk_signaling_ratchet::messages::{self, CallBody, Candidate, Candidates};
use zentalk_tests::{ALICE, BOB, World};

use crate::mallory::{Mallory, call_id};
use crate::scene::{FAST, assert_all_goes_well, talkers};

const MILLION: u32 = 1_000_000;
/// What may be left behind, in bytes: nothing per message.
const LEFT: i64 = 16 * 1024;

/// Hands it over, and drops what the engine wants but a save.
fn give(world: &mut World, input: Input) -> bool {
    let now = world.now;
    let engine = &mut world.bob().engine;
    engine.handle_input(now, input);
    let mut saved = false;
    loop {
        match engine.poll_output() {
            Output::Timeout(_) => return saved,
            Output::Commit(_) => saved = true,
            _ => {}
        }
    }
}

fn assert_still_reachable(world: &mut World) {
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    assert_all_goes_well(world);
}

/// CVE-2022-29189 (pion/dtls): what came before its time was kept without a bound.
#[test]
fn a_million_datagrams_before_an_offer_cost_nothing() {
    let mut world = talkers(28, FAST);
    let (local, remote) = (world.bob().address, world.alice().address);
    let kinds = [0, 22, 64, 128, 200];
    let left = allocation_counter::measure(|| {
        for number in 0..MILLION {
            let mut payload = number.to_be_bytes().repeat(12);
            payload[0] = kinds[number as usize % kinds.len()];
            let saved = give(&mut world, Input::Datagram { local, remote, payload });
            assert!(!saved, "a datagram changed what is stored");
        }
    });
    assert!(left.bytes_current < LEFT, "{left:?}");
    assert_still_reachable(&mut world);
}

/// Mailboxes take from anybody: what no session opens is acknowledged, so that it goes, and leaves nothing.
#[test]
fn a_hundred_thousand_forged_deliveries_before_an_offer_cost_nothing() {
    let mut world = talkers(29, FAST);
    let left = allocation_counter::measure(|| {
        for number in 0..100_000_u32 {
            // Of the sizes of our messages, and of others; of the versions of our messages, and of others.
            let len = [512, 1_024, 7_680, 3][number as usize % 4];
            let mut blob = vec![number as u8; len];
            blob[0] = (number % 3) as u8;
            let sequence = u64::from(number);
            let input = Input::Delivery { sequence, blob, queued: Duration::ZERO };
            assert!(!give(&mut world, input), "a forged message changed what is stored");
        }
    });
    assert!(left.bytes_current < LEFT, "{left:?}");
    assert_eq!(world.bob().engine.dropped_messages(), 100_000);
    assert_still_reachable(&mut world);
}

/// Project Zero 2021 (JioChat, Mocha): candidates that came before anybody had accepted were acted upon.
#[test]
fn authentic_messages_before_an_offer_start_nothing() {
    let mut world = talkers(30, FAST);
    let mut mallory = Mallory::new(&mut world, BOB);
    let line = "candidate:1 1 udp 2130706431 10.0.0.66 6666 typ host";
    for number in 0..200 {
        let candidate = Candidate::new("0".to_owned(), line.to_owned()).unwrap();
        let body = match number % 3 {
            0 => CallBody::Candidates(Candidates::new(vec![candidate; 8], true).unwrap()),
            1 => CallBody::End(messages::EndCode(0)),
            _ => CallBody::Busy,
        };
        mallory.say(&mut world, BOB, call_id(number), body);
    }
    let bob = world.bob();
    assert!(bob.seen.rings.is_empty() && bob.seen.states.is_empty() && bob.sent.is_empty());
    assert_still_reachable(&mut world);
}
