//! What reading an RTP packet with three header extensions costs, and rewriting its header in place.

mod parse;
mod rewrite;

use self::parse::{Ours, Rtc, Webrtc};
use crate::kit::Race;

/// Few enough that their headers stay in the first cache, as those of packets just decrypted do.
const PACKETS: usize = 32;
/// How often a run goes over them: enough that reading the clock hardly counts.
const TIMES: usize = 8;

pub(crate) fn races() -> Vec<Race> {
    let parse = Race::new("parse, 3 extensions", PACKETS * TIMES)
        .with(Ours::new())
        .with(Webrtc::new())
        .with(Rtc::new());
    let rewrite = Race::new("rewrite in place", PACKETS * TIMES)
        .with(rewrite::Ours::new())
        .with(rewrite::Bare::new());
    vec![parse, rewrite]
}

/// Packets as a browser sends them: video with transport-wide sequence number, send time and stream id.
fn packets() -> Vec<Vec<u8>> {
    let mut packets = Vec::with_capacity(PACKETS);
    for number in 0..PACKETS as u16 {
        let extensions: [(u8, &[u8]); 3] =
            [(3, &number.to_be_bytes()), (2, &[0x12, 0x34, 0x56]), (4, b"0")];
        let mut packet = Vec::with_capacity(1_200);
        zentalk_srtp_media::rtp::RtpHeader::new(96, number, 90_000, 0xcafe_babe)
            .marker(number % 8 == 0)
            .write(&[], &extensions, &mut packet)
            .unwrap();
        packet.resize(packet.len() + 1_100, 0xab);
        packets.push(packet);
    }
    packets
}
