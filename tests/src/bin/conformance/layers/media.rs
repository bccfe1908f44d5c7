//! Whole streams: decoded pictures, and frames that survive the way through RTP payloads.

use md5::{Digest, Md5};
use serde_json::json;
use zentalk_codec::{
    AssemblerConfig, AssemblerOutput, FrameEvent, Vp8Assembler, Vp8Decoder, Vp8Packet,
    Vp8Packetizer,
};
use zentalk_primitives::Instant;

use super::{Adapter, UNKNOWN};
use crate::case::{Answer, Input, Refusal, to_hex};

pub(super) fn adapter(op: &str) -> Result<Adapter, &'static str> {
    match op {
        "vp8-decode" => Ok(decode),
        "vp8-transport" => Ok(transport),
        "h264-stream" => Err("there is no H.264 yet"),
        _ => Err(UNKNOWN),
    }
}

/// The checksum of every picture.
fn decode(input: &Input) -> Answer {
    let mut decoder = Vp8Decoder::new();
    let mut sums = Vec::new();
    for (timestamp, frame) in (0..).zip(frames(&input.bytes)?) {
        if let Some(picture) = decoder.decode(frame, timestamp)? {
            sums.push(to_hex(&Md5::digest(picture.to_i420())));
        }
    }
    Ok(json!({ "md5": sums }))
}

/// Cut into payloads of several sizes and put together again.
fn transport(input: &Input) -> Answer {
    let mut frames = frames(&input.bytes)?;
    // A picture that the encoder dropped is an empty frame, which nobody sends.
    frames.retain(|frame| !frame.is_empty());
    let mut intact = true;
    for max_payload in [1_200, 500, 120] {
        intact &= through_payloads(&frames, max_payload)?;
    }
    Ok(json!({ "intact": intact }))
}

fn through_payloads(frames: &[&[u8]], max_payload: usize) -> Result<bool, Refusal> {
    let mut packetizer = Vp8Packetizer::new(max_payload, 0)?;
    let mut assembler = Vp8Assembler::new(AssemblerConfig::default());
    let (mut sequence, now) = (0, Instant::from_millis(0));
    for (timestamp, frame) in (0..).zip(frames) {
        for piece in packetizer.packetize(frame)? {
            let (payload, marker) = (piece.payload, piece.marker);
            assembler.handle_input(now, Vp8Packet { sequence, timestamp, marker, payload })?;
            sequence += 1;
        }
        let mut assembled = None;
        loop {
            match assembler.poll_output() {
                AssemblerOutput::Event(FrameEvent::Frame(frame)) => assembled = Some(frame.data),
                AssemblerOutput::Event(_) => return Ok(false),
                _ => break,
            }
        }
        if assembled.as_deref() != Some(*frame) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The frames of an IVF file.
fn frames(ivf: &[u8]) -> Result<Vec<&[u8]>, Refusal> {
    let cut = || Refusal::fault("not an IVF file");
    let mut rest = ivf.get(32..).filter(|_| ivf.starts_with(b"DKIF")).ok_or_else(cut)?;
    let mut frames = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk::<12>() {
        let len = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let (frame, after) = after.split_at_checked(len).ok_or_else(cut)?;
        frames.push(frame);
        rest = after;
    }
    if rest.is_empty() { Ok(frames) } else { Err(cut()) }
}
