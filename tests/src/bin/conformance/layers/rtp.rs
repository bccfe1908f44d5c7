//! RTP packets and their header extensions: RFC 3550, RFC 8285.

use serde_json::{Value as Json, json};
use zentalk_srtp_media::rtp::{PacketKind, RtpHeader, RtpHeaderMut, RtpPacket};

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "rtp-parse" => Ok(|input| parse(&input.hex("hex")?)),
        "raw" => Ok(raw),
        _ => Err(UNKNOWN),
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let packet = RtpPacket::parse(bytes)?;
    let mut out = json!({
        "marker": u8::from(packet.marker()),
        "payload_type": packet.payload_type(),
        "sequence": packet.sequence_number(),
        "timestamp": packet.timestamp(),
        "ssrc": packet.ssrc(),
        "csrc": packet.csrcs().collect::<Vec<_>>(),
        "payload": to_hex(packet.payload()),
    });
    if let Some((profile, data)) = packet.extension_block() {
        let element = |id: u8, value: &[u8]| json!([id, to_hex(value)]);
        let elements: Vec<_> = packet.extensions().map(|e| element(e.id, e.value)).collect();
        out["extension"] =
            json!({ "profile": profile, "data": to_hex(data), "elements": elements });
    }
    if packet.padding_len() > 0 {
        out["padding"] = Json::from(packet.padding_len());
    }
    Ok(out)
}

/// What is accepted says the same once it is written again; rewriting keeps the rest.
fn raw(input: &Input) -> Answer {
    let _ = PacketKind::of(&input.bytes);
    let mut rewritten = input.bytes.clone();
    if let Ok(mut header) = RtpHeaderMut::new(&mut rewritten) {
        header.set_ssrc(7);
    }
    let answer = parse(&input.bytes)?;
    let packet = RtpPacket::parse(&input.bytes)?;
    let csrcs: Vec<_> = packet.csrcs().collect();
    let elements: Vec<_> = packet.extensions().map(|e| (e.id, e.value)).collect();
    let mut again = Vec::new();
    let header = RtpHeader::new(
        packet.payload_type(),
        packet.sequence_number(),
        packet.timestamp(),
        packet.ssrc(),
    );
    header.marker(packet.marker()).write(&csrcs, &elements, &mut again)?;
    again.extend_from_slice(packet.payload());
    let again =
        RtpPacket::parse(&again).map_err(|_| Refusal::fault("refused when written again"))?;
    let same = again.extensions().map(|e| (e.id, e.value)).eq(elements)
        && again.csrcs().eq(csrcs)
        && again.payload() == packet.payload();
    if same { Ok(answer) } else { Err(Refusal::fault("another packet when written again")) }
}
