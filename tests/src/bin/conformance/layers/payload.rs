//! RTP payload formats: VP8 (RFC 7741) and Opus (RFC 6716, RFC 7587).

use serde_json::json;
use zentalk_codec::{OpusPacket, SAMPLE_RATE, Vp8Descriptor, Vp8FrameHeader};

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "vp8-descriptor" => Ok(|input| vp8(&input.hex("hex")?)),
        "opus-packet" => Ok(|input| opus(&input.hex("hex")?)),
        "raw" => Ok(raw),
        "vp9-descriptor" => Err("there is no VP9"),
        "h264-payload" => Err("there is no H.264 yet"),
        _ => Err(UNKNOWN),
    }
}

fn vp8(payload: &[u8]) -> Answer {
    let (descriptor, rest) = Vp8Descriptor::parse(payload)?;
    let mut again = Vec::new();
    descriptor.write(&mut again);
    if Vp8Descriptor::parse(&[&again, rest].concat()).ok() != Some((descriptor, rest)) {
        return Err(Refusal::fault("another descriptor when written again"));
    }
    let mut out = json!({
        "N": u8::from(descriptor.non_reference),
        "S": u8::from(descriptor.start_of_partition),
        "PID": descriptor.partition,
        "header_size": payload.len() - rest.len(),
        "payload": to_hex(rest),
    });
    if let Some(id) = descriptor.picture_id {
        out["PictureID"] = json!(id.value());
        out["M"] = json!(u8::from(matches!(id, zentalk_codec::PictureId::Long(_))));
    }
    if let Some(index) = descriptor.base_layer_index {
        out["TL0PICIDX"] = json!(index);
    }
    if let Some(layer) = descriptor.temporal_layer {
        out["TID"] = json!(layer.id);
        out["Y"] = json!(u8::from(layer.sync));
    }
    if let Some(index) = descriptor.key_index {
        out["KEYIDX"] = json!(index);
    }
    Ok(out)
}

fn opus(packet: &[u8]) -> Answer {
    let packet = OpusPacket::parse(packet)?;
    let frame_ms = f64::from(packet.samples_per_frame()) * 1_000.0 / f64::from(SAMPLE_RATE);
    // Whole milliseconds are written as such.
    let frame_ms = if frame_ms.fract() == 0.0 { json!(frame_ms as u64) } else { json!(frame_ms) };
    Ok(json!({
        "config": packet.config(),
        "stereo": u8::from(packet.is_stereo()),
        "code": packet.code(),
        "frame_ms": frame_ms,
        "frames": packet.frames().map(<[u8]>::len).collect::<Vec<_>>(),
    }))
}

fn raw(input: &Input) -> Answer {
    if let Err(Refusal::Fault(what)) = opus(&input.bytes) {
        return Err(Refusal::Fault(what));
    }
    let _ = Vp8FrameHeader::parse(&input.bytes);
    vp8(&input.bytes)
}
