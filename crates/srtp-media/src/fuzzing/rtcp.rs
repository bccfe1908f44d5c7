use crate::rtcp::{
    Compound, CompoundWriter, Feedback, FullIntraRequest, Goodbye, Nack, Packet, ReceiverReport,
    SenderReport, SourceDescription,
};

/// Any bytes as an RTCP datagram: what is read and written again reads the same (RFC 3550 §6, RFC 4585).
pub fn parse_rtcp(data: &[u8]) {
    let Ok(compound) = Compound::parse(data) else { return };
    let wire_len: usize = compound.raw_packets().map(|packet| packet.wire_len()).sum();
    assert_eq!(wire_len, data.len());
    assert_eq!(compound.packets().count(), compound.raw_packets().count());
    for packet in compound.packets() {
        match packet {
            Packet::SenderReport(report) => sender_report(&report),
            Packet::ReceiverReport(report) => receiver_report(&report),
            Packet::SourceDescription(description) => description_chunks(&description),
            Packet::Goodbye(bye) => goodbye(&bye),
            Packet::Nack(request) => nack(&request),
            Packet::FullIntraRequest(request) => fir(&request),
            Packet::TransportFeedback(message) | Packet::PayloadFeedback(message) => {
                feedback(&message);
            }
            Packet::PictureLossIndication(_) | Packet::Other(_) => {}
        }
    }
}

/// What `write` writes, read as the one packet that it is.
pub(super) fn written<T>(
    write: impl FnOnce(&mut CompoundWriter<'_>),
    check: impl FnOnce(Packet<'_>) -> T,
) -> T {
    let mut bytes = Vec::new();
    write(&mut CompoundWriter::new(&mut bytes));
    let compound = Compound::parse(&bytes).expect("what was written can be read");
    let mut packets = compound.packets();
    let checked = check(packets.next().expect("one packet"));
    assert!(packets.next().is_none());
    checked
}

fn sender_report(report: &SenderReport<'_>) {
    let blocks: Vec<_> = report.blocks().collect();
    written(
        |writer| writer.sender_report(report.ssrc(), &report.info(), &blocks).unwrap(),
        |packet| {
            let Packet::SenderReport(again) = packet else { panic!("{packet:?}") };
            assert_eq!((again.ssrc(), again.info()), (report.ssrc(), report.info()));
            assert!(again.blocks().eq(report.blocks()));
        },
    );
}

fn receiver_report(report: &ReceiverReport<'_>) {
    let blocks: Vec<_> = report.blocks().collect();
    written(
        |writer| writer.receiver_report(report.ssrc(), &blocks).unwrap(),
        |packet| {
            let Packet::ReceiverReport(again) = packet else { panic!("{packet:?}") };
            assert_eq!(again.ssrc(), report.ssrc());
            assert!(again.blocks().eq(report.blocks()));
        },
    );
}

fn description_chunks(description: &SourceDescription<'_>) {
    assert!(description.chunks().count() <= 31);
    for chunk in description.chunks() {
        assert!(chunk.items().all(|item| item.item_type != 0 && item.text.len() <= 255));
        let Some(name) = chunk.cname() else { continue };
        written(
            |writer| writer.cname(chunk.ssrc(), name).unwrap(),
            |packet| {
                let Packet::SourceDescription(again) = packet else { panic!("{packet:?}") };
                let again = again.chunks().next().expect("one chunk");
                assert_eq!((again.ssrc(), again.cname()), (chunk.ssrc(), Some(name)));
            },
        );
    }
}

fn goodbye(bye: &Goodbye<'_>) {
    let sources: Vec<_> = bye.sources().collect();
    let reason = bye.reason().filter(|reason| !reason.is_empty());
    written(
        |writer| writer.bye(&sources, reason.unwrap_or_default()).unwrap(),
        |packet| {
            let Packet::Goodbye(again) = packet else { panic!("{packet:?}") };
            assert!(again.sources().eq(sources.iter().copied()));
            assert_eq!(again.reason(), reason);
        },
    );
}

fn nack(request: &Nack<'_>) {
    let numbers: Vec<_> = request.sequence_numbers().collect();
    let wanted =
        |numbers: &[u16]| numbers.iter().copied().collect::<std::collections::BTreeSet<_>>();
    assert!((1..=17 * request.pairs().count()).contains(&numbers.len()));
    written(
        |writer| writer.nack(request.sender_ssrc(), request.media_ssrc(), &numbers).unwrap(),
        |packet| {
            let Packet::Nack(again) = packet else { panic!("{packet:?}") };
            assert_eq!(again.sender_ssrc(), request.sender_ssrc());
            assert_eq!(again.media_ssrc(), request.media_ssrc());
            let again: Vec<_> = again.sequence_numbers().collect();
            assert_eq!(wanted(&again), wanted(&numbers));
        },
    );
}

fn fir(request: &FullIntraRequest<'_>) {
    let entries: Vec<_> = request.entries().collect();
    written(
        |writer| writer.fir(request.sender_ssrc(), &entries).unwrap(),
        |packet| {
            let Packet::FullIntraRequest(again) = packet else { panic!("{packet:?}") };
            assert_eq!((again.sender_ssrc(), again.media_ssrc()), (request.sender_ssrc(), 0));
            assert!(again.entries().eq(request.entries()));
        },
    );
}

/// The two drafts, which are read but not written here.
fn feedback(message: &Feedback<'_>) {
    if let Some(Ok(feedback)) = message.transport_cc() {
        let statuses = feedback.statuses();
        let mut expected = feedback.base_sequence();
        let mut count = 0_usize;
        for status in statuses {
            assert_eq!(status.sequence_number, expected);
            expected = expected.wrapping_add(1);
            count += 1;
        }
        assert_eq!(count, usize::from(feedback.status_count()));
    }
    if let Some(Ok(estimate)) = message.remb() {
        assert!(estimate.sources().count() <= 255);
    }
}
