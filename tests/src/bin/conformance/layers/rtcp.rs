//! RTCP packets: RFC 3550, RFC 4585, RFC 5104.

use serde_json::{Value as Json, json};
use zentalk_srtp_media::rtcp::{Compound, Feedback, Packet, RawPacket, ReportBlocks};

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "rtcp-parse" => Ok(|input| parse(&input.hex("hex")?)),
        "rtcp-header" => Ok(header),
        "raw" => Ok(|input: &Input| parse(&input.bytes)),
        _ => Err(UNKNOWN),
    }
}

fn header(input: &Input) -> Answer {
    let bytes = input.hex("hex")?;
    let (packet, _) = RawPacket::split(&bytes)?;
    Ok(common(packet))
}

fn parse(bytes: &[u8]) -> Answer {
    let compound = Compound::parse(bytes)?;
    let described = compound.raw_packets().zip(compound.packets());
    Ok(described.map(|(raw, packet)| described_packet(raw, packet)).collect())
}

fn common(raw: RawPacket<'_>) -> Json {
    json!({ "pt": raw.packet_type(), "count": raw.count(), "length": raw.wire_len() })
}

fn described_packet(raw: RawPacket<'_>, packet: Packet<'_>) -> Json {
    let mut out = common(raw);
    match packet {
        Packet::SenderReport(report) => {
            let info = report.info();
            out["ssrc"] = json!(report.ssrc());
            out["ntp"] = json!(info.ntp_time);
            out["rtp"] = json!(info.rtp_time);
            out["packets"] = json!(info.packet_count);
            out["octets"] = json!(info.octet_count);
            out["blocks"] = blocks(report.blocks());
        }
        Packet::ReceiverReport(report) => {
            out["ssrc"] = json!(report.ssrc());
            out["blocks"] = blocks(report.blocks());
        }
        Packet::SourceDescription(sdes) => {
            let chunks = sdes.chunks().map(|chunk| {
                let items = chunk.items().map(|item| json!([item.item_type, to_hex(item.text)]));
                json!({ "ssrc": chunk.ssrc(), "items": items.collect::<Vec<_>>() })
            });
            out["chunks"] = chunks.collect();
        }
        Packet::Goodbye(bye) => out["sources"] = json!(bye.sources().collect::<Vec<_>>()),
        Packet::Nack(nack) => {
            feedback(&mut out, raw, nack.sender_ssrc(), nack.media_ssrc());
            out["nack"] =
                nack.pairs().map(|pair| json!([pair.packet_id, pair.following])).collect();
        }
        Packet::PictureLossIndication(pli) => {
            feedback(&mut out, raw, pli.sender_ssrc, pli.media_ssrc);
        }
        Packet::FullIntraRequest(fir) => {
            feedback(&mut out, raw, fir.sender_ssrc(), fir.media_ssrc());
            out["fir"] =
                fir.entries().map(|entry| json!([entry.ssrc, entry.command_sequence])).collect();
        }
        Packet::TransportFeedback(message) | Packet::PayloadFeedback(message) => {
            feedback(&mut out, raw, message.sender_ssrc(), message.media_ssrc());
            exhaust(&message);
        }
        _ => {}
    }
    out
}

fn feedback(out: &mut Json, raw: RawPacket<'_>, sender_ssrc: u32, media_ssrc: u32) {
    out["fmt"] = json!(raw.count());
    out["sender_ssrc"] = json!(sender_ssrc);
    out["media_ssrc"] = json!(media_ssrc);
}

/// Walks through messages that no case describes further.
fn exhaust(message: &Feedback<'_>) {
    if let Some(Ok(transport_cc)) = message.transport_cc() {
        transport_cc.statuses().for_each(drop);
    }
    if let Some(Ok(remb)) = message.remb() {
        remb.sources().for_each(drop);
    }
}

fn blocks(blocks: ReportBlocks<'_>) -> Json {
    let block = |block: zentalk_srtp_media::rtcp::ReportBlock| {
        json!({
            "ssrc": block.ssrc,
            "fraction_lost": block.fraction_lost,
            "cumulative_lost": block.cumulative_lost,
            "highest_seq": block.highest_sequence,
            "jitter": block.jitter,
            "lsr": block.last_sender_report,
            "dlsr": block.delay_since_last_sender_report,
        })
    };
    blocks.map(block).collect()
}
