//! RTP packets through the public interface (RFC 3550 §5.1, RFC 8285).

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::{prop_assert, prop_assert_eq, proptest};
use zentalk_srtp_media::rtp::{PacketKind, RtpHeader, RtpHeaderMut, RtpPacket, header_len};

/// An extension element that one of the two forms can carry.
fn element() -> impl Strategy<Value = (u8, Vec<u8>)> {
    (1..=255u8, vec(any::<u8>(), 0..40))
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(256))]

    #[test]
    fn what_is_written_is_read(
        (payload_type, marker) in (0..128u8, any::<bool>()),
        (sequence, timestamp, ssrc) in (any::<u16>(), any::<u32>(), any::<u32>()),
        csrcs in vec(any::<u32>(), 0..16),
        elements in vec(element(), 0..5),
        payload in vec(any::<u8>(), 0..50),
    ) {
        let borrowed: Vec<_> = elements.iter().map(|(id, value)| (*id, &value[..])).collect();
        let mut bytes = vec![];
        let header = RtpHeader::new(payload_type, sequence, timestamp, ssrc).marker(marker);
        header.write(&csrcs, &borrowed, &mut bytes).unwrap();
        let header_end = bytes.len();
        bytes.extend_from_slice(&payload);

        prop_assert_eq!(header_len(&bytes), Ok(header_end));
        let packet = RtpPacket::parse(&bytes).unwrap();
        prop_assert_eq!((packet.payload_type(), packet.marker()), (payload_type, marker));
        prop_assert_eq!(packet.sequence_number(), sequence);
        prop_assert_eq!((packet.timestamp(), packet.ssrc()), (timestamp, ssrc));
        prop_assert_eq!(packet.csrcs().collect::<Vec<_>>(), csrcs);
        let read: Vec<_> = packet.extensions().map(|e| (e.id, e.value)).collect();
        prop_assert_eq!(read, borrowed);
        prop_assert_eq!(packet.payload(), &payload[..]);
    }

    /// Whatever the bytes: no panic, and the parts lie within them and add up.
    #[test]
    fn any_bytes_are_refused_or_accounted_for(
        first in 0x80..=0xbfu8,
        tail in vec(any::<u8>(), 0..80),
    ) {
        let bytes = [&[first][..], &tail].concat();
        let _ = PacketKind::of(&bytes);
        let Ok(packet) = RtpPacket::parse(&bytes) else { return Ok(()) };
        let header = header_len(&bytes).unwrap();
        let sum = header + packet.payload().len() + usize::from(packet.padding_len());
        prop_assert_eq!(sum, bytes.len());
        prop_assert!(packet.csrcs().count() <= 15);
        let block = packet.extension_block().map_or(0, |(_, data)| data.len());
        let elements: usize = packet.extensions().map(|e| 1 + e.value.len()).sum();
        prop_assert!(elements <= block);
    }

    #[test]
    fn rewriting_keeps_everything_else(
        tail in vec(any::<u8>(), 12..80),
        (sequence, timestamp, ssrc) in (any::<u16>(), any::<u32>(), any::<u32>()),
    ) {
        let mut bytes = [&[0x80][..], &tail].concat();
        let before = bytes.clone();
        let mut header = RtpHeaderMut::new(&mut bytes).unwrap();
        header.set_sequence_number(sequence);
        header.set_timestamp(timestamp);
        header.set_ssrc(ssrc);
        prop_assert_eq!(&bytes[..2], &before[..2]);
        prop_assert_eq!(&bytes[12..], &before[12..]);
        let packet = RtpPacket::parse(&bytes).unwrap();
        prop_assert_eq!(packet.sequence_number(), sequence);
        prop_assert_eq!((packet.timestamp(), packet.ssrc()), (timestamp, ssrc));
    }
}
