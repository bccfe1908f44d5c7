//! RTCP compounds through the public interface (RFC 3550 §6, RFC 4585, RFC 5104).

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{prop_assert_eq, proptest};
use zentalk_srtp_media::rtcp::{
    Compound, CompoundWriter, FirEntry, Packet, ReportBlock, SenderInfo,
};

fn info() -> SenderInfo {
    SenderInfo { ntp_time: 0x0102_0304_0506_0708, rtp_time: 9, packet_count: 10, octet_count: 11 }
}

fn block() -> ReportBlock {
    ReportBlock {
        ssrc: 2,
        fraction_lost: 3,
        cumulative_lost: -4,
        highest_sequence: 5,
        jitter: 6,
        last_sender_report: 7,
        delay_since_last_sender_report: 8,
    }
}

fn everything() -> Vec<u8> {
    let mut out = vec![];
    let mut writer = CompoundWriter::new(&mut out);
    writer.sender_report(1, &info(), &[block(), ReportBlock { ssrc: 9, ..block() }]).unwrap();
    writer.cname(1, b"name").unwrap();
    writer.receiver_report(1, &[block()]).unwrap();
    writer.nack(1, 2, &[65_535, 0, 40]).unwrap();
    writer.pli(1, 2).unwrap();
    writer.fir(1, &[FirEntry { ssrc: 2, command_sequence: 7 }]).unwrap();
    writer.bye(&[1, 3], b"done").unwrap();
    out
}

/// RFC 3550 §6.1.
#[test]
fn every_packet_that_is_written_is_read() {
    let bytes = everything();
    let compound = Compound::parse(&bytes).unwrap();
    let packets: Vec<_> = compound.packets().collect();
    let [
        Packet::SenderReport(sender),
        Packet::SourceDescription(names),
        Packet::ReceiverReport(receiver),
        Packet::Nack(nack),
        Packet::PictureLossIndication(pli),
        Packet::FullIntraRequest(fir),
        Packet::Goodbye(bye),
    ] = packets[..]
    else {
        panic!("{packets:?}")
    };
    assert_eq!((sender.ssrc(), sender.info()), (1, info()));
    assert_eq!(sender.blocks().map(|block| block.ssrc).collect::<Vec<_>>(), [2, 9]);
    assert_eq!(names.chunks().next().unwrap().cname(), Some(&b"name"[..]));
    assert_eq!(receiver.blocks().collect::<Vec<_>>(), [block()]);
    assert_eq!(nack.sequence_numbers().collect::<Vec<_>>(), [65_535, 0, 40]);
    assert_eq!((pli.sender_ssrc, pli.media_ssrc), (1, 2));
    let entries: Vec<_> = fir.entries().map(|entry| (entry.ssrc, entry.command_sequence)).collect();
    assert_eq!((fir.media_ssrc(), entries), (0, vec![(2, 7)]));
    assert_eq!(bye.sources().collect::<Vec<_>>(), [1, 3]);
    assert_eq!(bye.reason(), Some(&b"done"[..]));
    let sum: usize = compound.raw_packets().map(|raw| raw.wire_len()).sum();
    assert_eq!(sum, bytes.len());
}

#[test]
fn every_truncation_is_refused_or_ends_between_packets() {
    let bytes = everything();
    let mut ends = vec![];
    let compound = Compound::parse(&bytes).unwrap();
    compound.raw_packets().fold(0, |start, raw| {
        ends.push(start + raw.wire_len());
        start + raw.wire_len()
    });
    for len in 0..=bytes.len() {
        assert_eq!(Compound::parse(&bytes[..len]).is_ok(), ends.contains(&len), "{len}");
    }
}

/// Bytes that often look like RTCP: version 2, a known type, a plausible length.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let padding = prop_oneof![9 => Just(0u8), 1 => Just(0x20)];
    (padding, 0..32u8, 198..209u8, vec(any::<u8>(), 0..60), 0..8u8).prop_map(
        |(padding, count, packet_type, mut body, lie)| {
            body.truncate(body.len() / 4 * 4);
            // One in eight lies about its length.
            let words = body.len() as u8 / 4 + u8::from(lie == 0);
            [&[0x80 | padding | count, packet_type, 0, words][..], &body].concat()
        },
    )
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(512))]

    /// Whatever the bytes: no panic, in no view; what is accepted is accounted for to the last byte.
    #[test]
    fn any_bytes_are_refused_or_accounted_for(packets in vec(packet(), 1..5)) {
        let bytes = packets.concat();
        let Ok(compound) = Compound::parse(&bytes) else { return Ok(()) };
        let sum: usize = compound.raw_packets().map(|raw| raw.wire_len()).sum();
        prop_assert_eq!(sum, bytes.len());
        prop_assert_eq!(compound.packets().count(), compound.raw_packets().count());
        for (packet, raw) in compound.packets().zip(compound.raw_packets()) {
            let count = usize::from(raw.count());
            match packet {
                Packet::SenderReport(report) => prop_assert_eq!(report.blocks().count(), count),
                Packet::ReceiverReport(report) => prop_assert_eq!(report.blocks().count(), count),
                Packet::Goodbye(bye) => prop_assert_eq!(bye.sources().count(), count),
                Packet::SourceDescription(names) => {
                    prop_assert_eq!(names.chunks().count(), count);
                    names.chunks().for_each(|chunk| assert!(chunk.items().count() < 60));
                }
                Packet::Nack(nack) => {
                    assert!(nack.sequence_numbers().count() >= nack.pairs().count());
                }
                Packet::FullIntraRequest(fir) => assert!(fir.entries().count() > 0),
                Packet::TransportFeedback(feedback) | Packet::PayloadFeedback(feedback) => {
                    if let Some(Ok(cc)) = feedback.transport_cc() {
                        prop_assert_eq!(cc.statuses().count(), usize::from(cc.status_count()));
                    }
                    if let Some(Ok(remb)) = feedback.remb() {
                        prop_assert_eq!(remb.sources().count(), feedback.fci().len() / 4 - 2);
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn transport_cc_of_any_bytes_is_refused_or_complete(fci in vec(any::<u8>(), 0..40)) {
        if let Ok(cc) = zentalk_srtp_media::rtcp::TransportCc::parse(&fci) {
            prop_assert_eq!(cc.statuses().count(), usize::from(cc.status_count()));
        }
    }

    #[test]
    fn nacks_name_the_same_packets_however_they_are_packed(
        first in any::<u16>(),
        gaps in vec(1..40u16, 0..60),
    ) {
        let mut lost = vec![first];
        for gap in gaps {
            lost.push(lost[lost.len() - 1].wrapping_add(gap));
        }
        let mut bytes = vec![];
        CompoundWriter::new(&mut bytes).nack(1, 2, &lost).unwrap();
        let compound = Compound::parse(&bytes).unwrap();
        let Some(Packet::Nack(nack)) = compound.packets().next() else { panic!() };
        prop_assert_eq!(nack.sequence_numbers().collect::<Vec<_>>(), lost);
    }
}
