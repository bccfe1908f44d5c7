use arbitrary::{Arbitrary, Unstructured};

use crate::rtcp::{Compound, CompoundWriter, FirEntry, Packet, ReportBlock, SenderInfo};

/// The most packets that one input writes.
const MAX_OPS: usize = 24;

/// One call of the writer.
#[derive(Arbitrary, Debug)]
enum Op {
    SenderReport { ssrc: u32, ntp_time: u64, rtp_time: u32, blocks: Vec<[u32; 6]> },
    ReceiverReport { ssrc: u32, blocks: Vec<[u32; 6]> },
    Cname { ssrc: u32, name: Vec<u8> },
    Bye { sources: Vec<u32>, reason: Vec<u8> },
    Nack { sender: u32, media: u32, first: u16, steps: Vec<u8> },
    Pli { sender: u32, media: u32 },
    Fir { sender: u32, entries: Vec<(u32, u8)> },
}

/// Any sequence of packets written: the compound reads back as what was written, and a call that fails leaves nothing behind.
pub fn ops_rtcp_writer(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let ops = ops.get(..ops.len().min(MAX_OPS)).unwrap_or_default();
    let (mut bytes, mut written) = (Vec::new(), Vec::new());
    for op in ops {
        let len = bytes.len();
        if write(op, &mut CompoundWriter::new(&mut bytes)) {
            assert!(bytes.len() > len && bytes.len().is_multiple_of(4));
            written.push(op);
        } else {
            assert_eq!(bytes.len(), len, "{op:?} failed and left bytes behind");
        }
    }
    if written.is_empty() {
        assert!(bytes.is_empty());
        return;
    }
    let compound = Compound::parse(&bytes).expect("what was written can be read");
    assert_eq!(compound.packets().count(), written.len());
    compound.packets().zip(written).for_each(|(packet, op)| is_what_was_written(packet, op));
}

fn write(op: &Op, writer: &mut CompoundWriter<'_>) -> bool {
    match op {
        Op::SenderReport { ssrc, ntp_time, rtp_time, blocks } => {
            writer.sender_report(*ssrc, &info(*ntp_time, *rtp_time), &report_blocks(blocks))
        }
        Op::ReceiverReport { ssrc, blocks } => {
            writer.receiver_report(*ssrc, &report_blocks(blocks))
        }
        Op::Cname { ssrc, name } => writer.cname(*ssrc, name),
        Op::Bye { sources, reason } => writer.bye(sources, reason),
        Op::Nack { sender, media, first, steps } => {
            writer.nack(*sender, *media, &numbers(*first, steps))
        }
        Op::Pli { sender, media } => writer.pli(*sender, *media),
        Op::Fir { sender, entries } => writer.fir(*sender, &fir_entries(entries)),
    }
    .is_ok()
}

fn is_what_was_written(packet: Packet<'_>, op: &Op) {
    match (packet, op) {
        (Packet::SenderReport(report), Op::SenderReport { ssrc, ntp_time, rtp_time, blocks }) => {
            assert_eq!((report.ssrc(), report.info()), (*ssrc, info(*ntp_time, *rtp_time)));
            assert!(report.blocks().eq(report_blocks(blocks)));
        }
        (Packet::ReceiverReport(report), Op::ReceiverReport { ssrc, blocks }) => {
            assert_eq!(report.ssrc(), *ssrc);
            assert!(report.blocks().eq(report_blocks(blocks)));
        }
        (Packet::SourceDescription(description), Op::Cname { ssrc, name }) => {
            let chunk = description.chunks().next().expect("one chunk");
            assert_eq!((chunk.ssrc(), chunk.cname()), (*ssrc, Some(name.as_slice())));
        }
        (Packet::Goodbye(bye), Op::Bye { sources, reason }) => {
            assert!(bye.sources().eq(sources.iter().copied()));
            assert_eq!(bye.reason().unwrap_or_default(), reason);
        }
        (Packet::Nack(nack), Op::Nack { sender, media, first, steps }) => {
            assert_eq!((nack.sender_ssrc(), nack.media_ssrc()), (*sender, *media));
            let mut wanted = numbers(*first, steps);
            wanted.dedup();
            assert!(nack.sequence_numbers().eq(wanted));
        }
        (Packet::PictureLossIndication(pli), Op::Pli { sender, media }) => {
            assert_eq!((pli.sender_ssrc, pli.media_ssrc), (*sender, *media));
        }
        (Packet::FullIntraRequest(request), Op::Fir { sender, entries }) => {
            assert_eq!((request.sender_ssrc(), request.media_ssrc()), (*sender, 0));
            assert!(request.entries().eq(fir_entries(entries)));
        }
        (packet, op) => panic!("{op:?} reads back as {packet:?}"),
    }
}

fn info(ntp_time: u64, rtp_time: u32) -> SenderInfo {
    SenderInfo { ntp_time, rtp_time, packet_count: !rtp_time, octet_count: rtp_time / 2 }
}

fn report_blocks(words: &[[u32; 6]]) -> Vec<ReportBlock> {
    let block = |&[ssrc, loss, sequence, jitter, last, delay]: &[u32; 6]| ReportBlock {
        ssrc,
        fraction_lost: (loss >> 24) as u8,
        // 24 bits signed, as the wire has them.
        cumulative_lost: ((loss << 8) as i32) >> 8,
        highest_sequence: sequence,
        jitter,
        last_sender_report: last,
        delay_since_last_sender_report: delay,
    };
    words.iter().map(block).collect()
}

/// In sequence order, as the writer asks for.
fn numbers(first: u16, steps: &[u8]) -> Vec<u16> {
    let following = steps.iter().scan(first, |number, step| {
        *number = number.wrapping_add(u16::from(*step));
        Some(*number)
    });
    core::iter::once(first).chain(following).collect()
}

fn fir_entries(entries: &[(u32, u8)]) -> Vec<FirEntry> {
    entries.iter().map(|&(ssrc, command_sequence)| FirEntry { ssrc, command_sequence }).collect()
}
