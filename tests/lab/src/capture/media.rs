//! When sound and pictures came, seen on the wire.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use turn_types::channel::ChannelData;

use super::packet::is_rtp;
use super::stun::Reading;
use super::{Capture, Heading, Transport};

/// The times at which media came to the host, over UDP, in TURN or without. What was sent to an address that
/// the host did not have at that time came to nobody; `has` knows.
pub(crate) fn arrivals(capture: &Capture, has: impl Fn(Instant, IpAddr) -> bool) -> Vec<Instant> {
    capture
        .packets()
        .filter(|(frame, packet)| {
            frame.heading == Heading::In
                && packet.transport == Transport::Udp
                && has(frame.at, packet.destination.ip())
                && is_media(packet.payload)
        })
        .map(|(frame, _)| frame.at)
        .collect()
}

/// The longest time without media, for which `end` counts as an arrival: media that never came again are missing
/// until then. Nothing if none came at all.
pub(crate) fn longest_gap(arrivals: &[Instant], end: Instant) -> Option<Duration> {
    let next = arrivals.iter().skip(1).copied().chain([end]);
    arrivals.iter().zip(next).map(|(from, to)| to.saturating_duration_since(*from)).max()
}

/// RTP itself, in a channel, or in a Data indication.
fn is_media(payload: &[u8]) -> bool {
    match payload.first() {
        Some(0x40..0x50) => ChannelData::parse(payload).is_ok_and(|channel| is_rtp(channel.data())),
        Some(0..4) => Reading::of(payload).carries_media,
        _ => is_rtp(payload),
    }
}

#[cfg(test)]
mod tests {
    use etherparse::PacketBuilder;
    use stun_types::message::{Message, MessageWrite, MessageWriteExt, MessageWriteVec};
    use turn_types::attribute::Data;
    use turn_types::message::DATA;

    use super::*;

    const RTP: &[u8] = &[0x80, 111, 0, 1];
    const RTCP: &[u8] = &[0x80, 200, 0, 1];
    const MS: Duration = Duration::from_millis(1);

    fn in_channel(data: &[u8]) -> Vec<u8> {
        let mut channel = vec![0; data.len() + 4];
        ChannelData::new(0x4000, data).write_into_unchecked(&mut channel);
        channel
    }

    fn in_indication(data: &[u8]) -> Vec<u8> {
        let mut message = Message::builder_indication(DATA, MessageWriteVec::new());
        message.add_attribute(&Data::new(data)).unwrap();
        message.finish()
    }

    #[test]
    fn media_are_known_however_they_are_carried() {
        for payload in [RTP.to_vec(), in_channel(RTP), in_indication(RTP)] {
            assert!(is_media(&payload));
        }
        for payload in [RTCP.to_vec(), in_channel(RTCP), in_indication(RTCP), Vec::new()] {
            assert!(!is_media(&payload));
        }
    }

    #[test]
    fn what_goes_to_an_address_that_is_gone_has_not_come() {
        let start = Instant::now();
        let mut capture = Capture::default();
        for tick in 0..10 {
            let mut frame = Vec::new();
            PacketBuilder::ethernet2([2; 6], [3; 6])
                .ipv4([203, 0, 113, 22], [10, 81, 1, 2], 64)
                .udp(1, 2)
                .write(&mut frame, RTP)
                .unwrap();
            capture.add(start + tick * 20 * MS, Heading::In, &frame);
        }
        let came = arrivals(&capture, |at, _| at < start + 100 * MS);
        assert_eq!(came.len(), 5);
        assert_eq!(longest_gap(&came, start + 1_000 * MS), Some(920 * MS));
        assert_eq!(longest_gap(&came, start + 81 * MS), Some(20 * MS));
        assert_eq!(longest_gap(&[], start), None);
    }
}
