//! Conformance vectors of others, read where `ZENTALK_VECTORS` says; skipped, and said so, elsewhere.

use std::path::{Path, PathBuf};

use md5::{Digest, Md5};
use serde_json::Value;
use zentalk_codec::{
    AssemblerConfig, AssemblerOutput, FrameEvent, OpusPacket, Vp8Assembler, Vp8Decoder,
    Vp8Descriptor, Vp8Packet, Vp8Packetizer,
};
use zentalk_primitives::Instant;

use crate::media::ivf_frames;

fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ZENTALK_VECTORS");
    if root.is_none() {
        println!("SKIPPED {name}: ZENTALK_VECTORS is not set");
    }
    // A relative folder is meant as seen from the workspace.
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.map(|root| workspace.join(root).join(name))
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

/// Compares every case of a suite: `read` gives what an `out` case must say, or `None` for a rejection.
fn run(file: &str, read: impl Fn(&[u8], &Value) -> Option<Value>) {
    let Some(folder) = folder("payload") else { return };
    let suite: Value = serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap();
    let cases = suite["cases"].as_array().unwrap();
    for case in cases {
        let read = read(&hex(case["in"]["hex"].as_str().unwrap()), &case["out"]);
        assert_eq!(read.as_ref(), case.get("out"), "{}", case["id"]);
    }
    println!("{file}: {} cases", cases.len());
}

#[test]
fn vp8_descriptors() {
    run("vp8.json", |bytes, _| {
        let (descriptor, payload) = Vp8Descriptor::parse(bytes).ok()?;
        let mut out = serde_json::json!({
            "N": u8::from(descriptor.non_reference),
            "S": u8::from(descriptor.start_of_partition),
            "PID": descriptor.partition,
            "header_size": bytes.len() - payload.len(),
            "payload": payload.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        });
        if let Some(id) = descriptor.picture_id {
            let long = matches!(id, zentalk_codec::PictureId::Long(_));
            out["PictureID"] = id.value().into();
            out["M"] = u8::from(long).into();
        }
        if let Some(index) = descriptor.base_layer_index {
            out["TL0PICIDX"] = index.into();
        }
        if let Some(layer) = descriptor.temporal_layer {
            out["TID"] = layer.id.into();
            out["Y"] = u8::from(layer.sync).into();
        }
        if let Some(index) = descriptor.key_index {
            out["KEYIDX"] = index.into();
        }
        Some(out)
    });
}

#[test]
fn opus_packets() {
    run("opus-packet-structure.json", |bytes, _| {
        let packet = OpusPacket::parse(bytes).ok()?;
        let tenths = u32::from(packet.samples_per_frame()) * 10 / 48;
        let millis: Value =
            if tenths % 10 == 0 { (tenths / 10).into() } else { (f64::from(tenths) / 10.0).into() };
        Some(serde_json::json!({
            "config": packet.config(),
            "stereo": u8::from(packet.is_stereo()),
            "code": packet.code(),
            "frame_ms": millis,
            "frames": packet.frames().map(<[u8]>::len).collect::<Vec<_>>(),
        }))
    });
}

#[test]
fn vp8_streams_decode_to_their_md5_and_survive_packets() {
    let Some(folder) = folder("media/vp8") else { return };
    let mut streams = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "ivf") {
            continue;
        }
        let frames = ivf_frames(&std::fs::read(&path).unwrap());
        let sums = std::fs::read_to_string(path.with_extension("ivf.md5")).unwrap();
        let expected: Vec<&str> = sums.lines().map(|line| &line[..32]).collect();
        let mut decoder = Vp8Decoder::new();
        let pictures = frames.iter().filter_map(|frame| decoder.decode(frame, 0).unwrap());
        let decoded: Vec<String> = pictures
            .map(|picture| Md5::digest(picture.to_i420()))
            .map(|sum| sum.iter().map(|byte| format!("{byte:02x}")).collect())
            .collect();
        assert_eq!(decoded, expected, "{}", path.display());
        assert_eq!(reassemble(&frames), frames, "{}", path.display());
        streams += 1;
    }
    println!("{streams} VP8 streams");
    assert!(streams > 0);
}

fn reassemble(frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut packetizer = Vp8Packetizer::new(1_200, 0).unwrap();
    let mut assembler = Vp8Assembler::new(AssemblerConfig::default());
    let (mut sequence, mut out) = (0, Vec::new());
    for (at, frame) in frames.iter().enumerate() {
        for packet in packetizer.packetize(frame).unwrap() {
            let (timestamp, marker, payload) = (at as u32 * 3_000, packet.marker, packet.payload);
            let packet = Vp8Packet { sequence, timestamp, marker, payload };
            assembler.handle_input(Instant::ZERO, packet).unwrap();
            sequence += 1;
        }
        while let AssemblerOutput::Event(event) = assembler.poll_output() {
            let FrameEvent::Frame(frame) = event else { panic!("{event:?}") };
            out.push(frame.data);
        }
    }
    out
}

/// The RTP packets of an rtpdump file: a line of text, 16 bytes, then records of length (2 bytes),
/// RTP length (2), time (4) and packet.
fn rtpdump(file: &[u8]) -> Vec<Vec<u8>> {
    let line = file.iter().position(|byte| *byte == b'\n').map_or(file.len(), |at| at + 1);
    let mut rest = file.get(line + 16..).unwrap_or_default();
    let mut packets = Vec::new();
    while rest.len() > 8 {
        let length = usize::from(u16::from_be_bytes([rest[0], rest[1]])).clamp(8, rest.len());
        packets.push(rest[8..length].to_vec());
        rest = &rest[length..];
    }
    packets
}

/// Sequence number, timestamp, marker and payload, or nothing for what is no RTP.
fn rtp(packet: &[u8]) -> Option<(u16, u32, bool, &[u8])> {
    let word = |at: usize| Some(u16::from_be_bytes(packet.get(at..at + 2)?.try_into().ok()?));
    let mut head = 12 + 4 * usize::from(packet.first()? & 15);
    if packet.first()? & 0x10 != 0 {
        head += 4 + 4 * usize::from(word(head + 2)?);
    }
    let timestamp = u32::from_be_bytes(packet.get(4..8)?.try_into().ok()?);
    Some((word(2)?, timestamp, packet.get(1)? & 0x80 != 0, packet.get(head..)?))
}

/// Streams that others recorded or fuzzed: whatever is in them, no panic and no undecodable order.
#[test]
fn recorded_streams_are_assembled_and_decoded_without_harm() {
    let Some(folder) = folder("payload/raw/libwebrtc-rtpdump") else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut assembler = Vp8Assembler::new(AssemblerConfig::default());
        let mut decoder = Vp8Decoder::new();
        let (mut frames, mut decoded, mut extended) = (0, 0, 1_u64 << 20);
        for (at, packet) in rtpdump(&std::fs::read(&path).unwrap()).iter().enumerate() {
            let Some((number, timestamp, marker, payload)) = rtp(packet) else { continue };
            let distance = number.wrapping_sub(extended as u16).cast_signed();
            extended = extended.saturating_add_signed(distance.into());
            let (sequence, payload) = (extended, payload.to_vec());
            let now = Instant::from_millis(at as u64);
            let packet = Vp8Packet { sequence, timestamp, marker, payload };
            let _ = assembler.handle_input(now, packet);
            while let AssemblerOutput::Event(event) = assembler.poll_output() {
                let FrameEvent::Frame(frame) = event else { continue };
                frames += 1;
                decoded += usize::from(decoder.decode(&frame.data, frame.timestamp).is_ok());
            }
        }
        println!("{}: {frames} frames, {decoded} decoded", path.display());
    }
}
