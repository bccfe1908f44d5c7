use crate::rtp::{PacketKind, RtpHeader, RtpHeaderMut, RtpPacket, header_len};

/// Any bytes as an RTP packet: what is read and written again reads the same (RFC 3550 §5.1, RFC 8285).
pub fn parse_rtp(data: &[u8]) {
    let kind = PacketKind::of(data);
    let Ok(packet) = RtpPacket::parse(data) else { return };
    assert!(matches!(kind, PacketKind::Rtp | PacketKind::Rtcp), "version 2, yet {kind:?}");
    lengths_add_up(data, &packet);
    written_again_reads_the_same(&packet);
    only_the_fixed_header_is_rewritten(data, &packet);
}

fn lengths_add_up(data: &[u8], packet: &RtpPacket<'_>) {
    let header = header_len(data).expect("the packet was parsed");
    let rest = packet.payload().len() + usize::from(packet.padding_len());
    assert_eq!(header + rest, data.len());
    assert!(packet.csrcs().len() <= 15);
}

fn written_again_reads_the_same(packet: &RtpPacket<'_>) {
    let csrcs: Vec<_> = packet.csrcs().collect();
    let elements: Vec<_> = packet.extensions().map(|element| (element.id, element.value)).collect();
    let header = RtpHeader::new(
        packet.payload_type(),
        packet.sequence_number(),
        packet.timestamp(),
        packet.ssrc(),
    );
    let mut bytes = Vec::new();
    header
        .marker(packet.marker())
        .write(&csrcs, &elements, &mut bytes)
        .expect("what was read can be written");
    bytes.extend_from_slice(packet.payload());

    let again = RtpPacket::parse(&bytes).expect("what was written can be read");
    assert_eq!(fixed_fields(&again), fixed_fields(packet));
    assert!(again.csrcs().eq(csrcs));
    assert!(again.extensions().map(|element| (element.id, element.value)).eq(elements));
    assert_eq!(again.payload(), packet.payload());
}

fn fixed_fields(packet: &RtpPacket<'_>) -> (bool, u8, u16, u32, u32) {
    let (marker, payload_type) = (packet.marker(), packet.payload_type());
    (marker, payload_type, packet.sequence_number(), packet.timestamp(), packet.ssrc())
}

fn only_the_fixed_header_is_rewritten(data: &[u8], packet: &RtpPacket<'_>) {
    let mut bytes = data.to_vec();
    let mut header = RtpHeaderMut::new(&mut bytes).expect("the packet was parsed");
    header.set_sequence_number(!packet.sequence_number());
    header.set_timestamp(!packet.timestamp());
    header.set_ssrc(!packet.ssrc());
    header.set_payload_type(packet.payload_type() ^ 0x7f).expect("seven bits");
    let expected = (
        packet.marker(),
        packet.payload_type() ^ 0x7f,
        !packet.sequence_number(),
        !packet.timestamp(),
        !packet.ssrc(),
    );
    let again = RtpPacket::parse(&bytes).expect("the lengths are the same");
    assert_eq!(fixed_fields(&again), expected);
    assert_eq!(bytes[12..], data[12..]);
}
