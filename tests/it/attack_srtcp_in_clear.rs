//! SRTCP's E flag says whether a packet is encrypted. It does not say that it may go unauthenticated.

use core::time::Duration;
use std::collections::BTreeSet;

use zentalk_call::Media;
use zentalk_primitives::Transmit;
use zentalk_tests::{ALICE, BOB};

use crate::scene::{FAST, assert_all_goes_well, is_srtp, talkers};

/// RFC 3711 §3.4: the tag covers packets with E = 0 as well. webrtc-srtp 0.17.2 and rtc-srtp 0.21.1 return them unchecked
/// (docs/comparison.md, `srtcp-e0-forged-bye`).
#[test]
fn forged_goodbyes_in_clear_end_no_stream() {
    let mut world = talkers(26, FAST);
    let (mut sources, mut index) = (BTreeSet::new(), 0_u32);
    world.network.attack(move |_, datagram| {
        let mut all = vec![datagram.clone()];
        // Payload types 64 to 95 would be RTCP (RFC 5761 §4).
        let is_rtp = is_srtp(&datagram) && !matches!(datagram.payload[1] & 0x7f, 64..=95);
        if is_rtp && sources.insert((datagram.local, datagram.payload[8..12].to_vec())) {
            // Newly seen: everybody who was heard says goodbye.
            for (from, source) in &sources {
                index += 1;
                let goodbyes = goodbyes(source, index);
                let to = datagram.remote;
                let forged = |payload| Transmit { local: *from, remote: to, payload };
                all.extend(goodbyes.into_iter().filter(|_| *from != to).map(forged));
            }
        }
        all
    });
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    assert_all_goes_well(&mut world);
    for place in [ALICE, BOB] {
        assert!(world.person(place).seen.stats.unwrap().datagrams_refused >= 4);
    }
}

/// BYE with E = 0, in the form of each profile: index then 10 bytes of tag, and 16 bytes of tag then index.
fn goodbyes(source: &[u8], index: u32) -> [Vec<u8>; 2] {
    let bye = [&[0x80, 203, 0, 1], source].concat();
    let index = index.to_be_bytes();
    [[&bye[..], &index, &[0xaa; 10]].concat(), [&bye[..], &[0xaa; 16], &index].concat()]
}
