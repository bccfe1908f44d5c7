//! Streams that exist only in what somebody claims.

use core::time::Duration;

use zentalk_call::Media;
use zentalk_call::engine::{Input, Output};
use zentalk_tests::{ALICE, BOB, World};

use crate::scene::{FAST, assert_all_goes_well, talkers};

const FLOOD: u32 = 200_000;
/// What may be left behind, in bytes: nothing per packet.
const LEFT: i64 = 16 * 1024;

/// webrtc-srtp 0.17.2 and rtc-srtp 0.21.1 keep about 200 bytes for every source that a packet names, authentic or not
/// (docs/comparison.md, `srtp-random-ssrc`).
#[test]
fn unauthenticated_sources_leave_no_state_in_a_call() {
    for rtcp in [false, true] {
        let mut world = talkers(27, FAST);
        world.place(ALICE, BOB, Media::AudioVideo);
        world.run_for(Duration::from_secs(2));
        let left = allocation_counter::measure(|| flood(&mut world, rtcp)).bytes_current;
        assert!(left < LEFT, "{left} bytes are left, rtcp: {rtcp}");
        world.run_for(Duration::from_secs(3));
        assert_all_goes_well(&mut world);
    }
}

/// To Bob, from Alice's address: ICE has validated that one.
fn flood(world: &mut World, rtcp: bool) {
    let (now, local, remote) = (world.now, world.bob().address, world.alice().address);
    let engine = &mut world.bob().engine;
    for number in 0..FLOOD {
        let source = number.wrapping_mul(2_654_435_761).to_be_bytes();
        let mut payload = vec![0x80, if rtcp { 201 } else { 111 }, 0, 1, 0, 0, 0, 1];
        let at = if rtcp { 4 } else { 8 };
        payload.resize(60, 0x5a);
        payload[at..at + 4].copy_from_slice(&source);
        engine.handle_input(now, Input::Datagram { local, remote, payload });
        while !matches!(engine.poll_output(), Output::Timeout(_)) {}
    }
}
