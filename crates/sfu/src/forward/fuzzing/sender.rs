use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_srtp_media::rtp::RtpHeader;

use super::super::track::{PacketRef, PayloadFormat, Track, TrackConfig, TrackId};

/// One camera in three layers, each with numbers of its own and three temporal layers.
pub(super) struct Sender {
    id: u8,
    pub(super) track: Track,
    layers: [Encoder; 3],
    lost: Vec<Packet>,
    delayed: Vec<Packet>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    Lost,
    Delayed,
}

/// A packet on its way, as media or as retransmission.
#[derive(Clone)]
pub(super) struct Packet {
    layer: u8,
    sequence: u16,
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
    recovered: bool,
}

struct Encoder {
    sequence: u16,
    /// The number that arrived last.
    heard: u16,
    timestamp: u32,
    picture_id: u16,
    base_layer_index: u8,
    frames: u32,
    /// Packets before it are of a numbering that is over.
    generation: u32,
}

pub(super) const PAYLOAD_TYPE: u8 = 96;
pub(super) const RTX_PAYLOAD_TYPE: u8 = 97;

/// The temporal layer of each frame of four.
const PATTERN: [u8; 4] = [0, 2, 1, 2];

impl Fate {
    pub(super) fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            2 => Self::Lost,
            3 => Self::Delayed,
            _ => Self::Arrives,
        }
    }
}

impl Sender {
    pub(super) fn new(id: u8) -> Self {
        let mut config = TrackConfig::new(PayloadFormat::Vp8, 90_000, PAYLOAD_TYPE);
        config.rtx_payload_type = Some(RTX_PAYLOAD_TYPE);
        let encoder = |layer: u32| Encoder {
            sequence: (65_400 + 20 * layer) as u16,
            heard: (65_400 + 20 * layer) as u16,
            timestamp: 0xffff_8000_u32.wrapping_add(7_777_777 * layer),
            picture_id: 0x7ff0 + layer as u16,
            base_layer_index: 250 + layer as u8,
            frames: 0,
            generation: 0,
        };
        Self {
            id,
            track: Track::new(TrackId(u64::from(id)), &config),
            layers: [encoder(0), encoder(1), encoder(2)],
            lost: Vec::new(),
            delayed: Vec::new(),
        }
    }

    /// The packets of the next frame in all layers.
    pub(super) fn frame(&mut self, keyframes: u8, packets: u8, syncs: bool) -> Vec<Packet> {
        let id = self.id;
        let layers = self.layers.iter_mut().enumerate();
        let frames = layers.map(|(layer, encoder)| {
            let keyframe = keyframes >> layer & 1 == 1;
            encoder.frame(id, layer as u8, keyframe, packets, syncs)
        });
        frames.flatten().collect()
    }

    pub(super) fn deliver(&mut self, now: Instant, packet: &Packet) -> Option<PacketRef> {
        let bytes = packet.bytes();
        if packet.recovered {
            return self.track.handle_rtx(now, packet.layer, &bytes);
        }
        self.layers[usize::from(packet.layer)].heard = packet.sequence;
        self.track.handle_rtp(now, packet.layer, &bytes)
    }

    pub(super) fn lose(&mut self, packet: Packet) {
        self.lost.push(Packet { recovered: true, ..packet });
    }

    pub(super) fn delay(&mut self, packet: Packet) {
        self.delayed.push(packet);
    }

    /// What was lost and is sent again: the track asks for some of it, and gets all.
    pub(super) fn take_lost(&mut self) -> Vec<Packet> {
        let mut numbers = Vec::new();
        for layer in 0..3 {
            self.track.nacks_due(Instant::ZERO, layer, Duration::ZERO, &mut numbers);
        }
        core::mem::take(&mut self.lost)
    }

    pub(super) fn take_delayed(&mut self) -> Vec<Packet> {
        core::mem::take(&mut self.delayed)
    }

    pub(super) fn report(&mut self, now: Instant, layer: u8, ntp_time: u64) {
        let rtp_time = self.layers[usize::from(layer)].timestamp;
        self.track.handle_sender_report(now, layer, ntp_time, rtp_time);
    }

    /// The layer's encoder begins anew, and what is still on its way from before is gone.
    pub(super) fn restart(&mut self, layer: usize, number: u16) {
        let encoder = &mut self.layers[layer];
        // Far enough from what was heard that it is told from a gap (RFC 3550 appendix A.1).
        encoder.sequence = encoder.heard.wrapping_add(10_000 + number % 20_000);
        encoder.timestamp = u32::from(number) << 16;
        encoder.generation += 1;
        self.lost.retain(|packet| usize::from(packet.layer) != layer);
        self.delayed.retain(|packet| usize::from(packet.layer) != layer);
    }
}

impl Encoder {
    fn frame(
        &mut self,
        sender: u8,
        layer: u8,
        keyframe: bool,
        packets: u8,
        syncs: bool,
    ) -> Vec<Packet> {
        let temporal = if keyframe { 0 } else { PATTERN[self.frames as usize % 4] };
        self.frames = if keyframe { 1 } else { self.frames + 1 };
        self.timestamp = self.timestamp.wrapping_add(3_000);
        self.picture_id = (self.picture_id + 1) & 0x7fff;
        self.base_layer_index = self.base_layer_index.wrapping_add(u8::from(temporal == 0));
        (0..packets)
            .map(|at| {
                let payload = self.payload(sender, layer, keyframe, temporal, syncs, at);
                let sequence = self.sequence;
                self.sequence = sequence.wrapping_add(1);
                let (timestamp, marker) = (self.timestamp, at + 1 == packets);
                Packet { layer, sequence, timestamp, marker, payload, recovered: false }
            })
            .collect()
    }

    /// Descriptor, the frame's first byte in the first packet, and what tells this packet from all others.
    fn payload(
        &self,
        sender: u8,
        layer: u8,
        keyframe: bool,
        temporal: u8,
        syncs: bool,
        at: u8,
    ) -> Vec<u8> {
        let start = if at == 0 { 0x10 } else { 0 };
        let [high, low] = (self.picture_id | 0x8000).to_be_bytes();
        let layers = temporal << 6 | if syncs { 0x20 } else { 0 };
        let frame_byte = if at == 0 && keyframe { 0x10 } else { 0x11 };
        let mut payload = vec![0x80 | start, 0xe0, high, low, self.base_layer_index, layers];
        payload.extend([frame_byte, sender, layer, at]);
        payload.extend(self.generation.to_be_bytes());
        payload.extend(self.timestamp.to_be_bytes());
        payload.resize(payload.len() + usize::from(at) * 7, at ^ layer);
        payload
    }
}

impl Packet {
    fn bytes(&self) -> Vec<u8> {
        let payload_type = if self.recovered { RTX_PAYLOAD_TYPE } else { PAYLOAD_TYPE };
        // A retransmission's own number does not matter to a track.
        let number = if self.recovered { 0 } else { self.sequence };
        let mut bytes = Vec::new();
        RtpHeader::new(payload_type, number, self.timestamp, u32::from(self.layer))
            .marker(self.marker)
            .write(&[], &[(1, b"1"), (3, b"h")], &mut bytes)
            .unwrap();
        if self.recovered {
            bytes.extend(self.sequence.to_be_bytes());
        }
        bytes.extend(&self.payload);
        bytes
    }
}
