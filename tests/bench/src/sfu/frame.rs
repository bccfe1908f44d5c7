use zentalk_srtp_media::rtp::RtpHeader;

/// A frame that goes out in packets of one length.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) source: Source,
    pub(crate) packets: usize,
    /// Of each packet, the descriptor included, in bytes.
    pub(crate) payload: usize,
}

/// What a participant sends: sound, or a layer of its picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source(pub(crate) usize);

/// What differs from packet to packet.
pub(crate) struct Head {
    pub(crate) ssrc: u32,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) packet: usize,
    pub(crate) keyframe: bool,
}

pub(crate) const AUDIO_TYPE: u8 = 111;
pub(crate) const VIDEO_TYPE: u8 = 96;
pub(crate) const HEADER_LEN: usize = 12;
pub(crate) const TAG_LEN: usize = 16;

/// Flags, picture id, `TL0PICIDX` and temporal layer, as our encoders write them.
pub(crate) const DESCRIPTOR_LEN: usize = 6;

impl Source {
    pub(crate) const AUDIO: Self = Self(0);

    pub(crate) const fn video(layer: usize) -> Self {
        Self(1 + layer)
    }

    /// Units of RTP time between two frames.
    pub(crate) fn clock(self) -> u32 {
        if self == Self::AUDIO { 960 } else { 3_000 }
    }
}

impl Frame {
    /// Appends a packet without protection.
    pub(crate) fn write_packet(&self, head: &Head, out: &mut Vec<u8>) {
        let audio = self.source == Source::AUDIO;
        let start = out.len();
        let payload_type = if audio { AUDIO_TYPE } else { VIDEO_TYPE };
        RtpHeader::new(payload_type, head.sequence, head.timestamp, head.ssrc)
            .marker(head.packet + 1 == self.packets)
            .write(&[], &[], out)
            .unwrap();
        if !audio {
            let picture = (head.timestamp / 3_000) as u16 | 0x8000;
            let [high, low] = picture.to_be_bytes();
            let first = if head.packet == 0 { 0x90 } else { 0x80 };
            let frame_byte = u8::from(!(head.keyframe && head.packet == 0));
            out.extend([first, 0xe0, high, low, low, 0, frame_byte]);
        }
        out.resize(start + HEADER_LEN + self.payload, 0xab);
    }
}
