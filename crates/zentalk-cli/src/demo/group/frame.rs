//! Packets taken apart, and frames opened from outside with keys that programs under glass wrote down.

use core::ops::Range;

use zentalk_group_keys::{FRAME_SUITE, FrameCodec, KeyId, SframeHeader, SframeKey};

use super::glass::Secret;

/// RTP payload types of our calls.
const OPUS: u8 = 111;
const VP8: u8 = 96;
/// RTP's fixed header (RFC 3550 §5.1).
const FIXED_HEADER: usize = 12;
/// The tag of each frame.
pub(super) const TAG: usize = 16;

/// Where the parts of a packet lie that carries a whole sealed frame, once SRTP is taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// RTP header with its extensions.
    pub(super) header: Range<usize>,
    /// VP8 payload descriptor (RFC 7741 §4.2); nothing in sound.
    pub(super) descriptor: Range<usize>,
    /// What of the frame stays readable.
    pub(super) clear: Range<usize>,
    /// SFrame header (RFC 9605 §4.3).
    pub(super) sframe: Range<usize>,
    pub(super) ciphertext: Range<usize>,
    pub(super) tag: Range<usize>,
    pub(super) key: KeyId,
    pub(super) counter: u64,
}

impl Parts {
    /// Nothing, if the packet carries something else, or a piece of a frame only.
    pub(super) fn of(packet: &[u8]) -> Option<Self> {
        let header = header_len(packet)?;
        let payload = packet.get(header..)?;
        let (descriptor, codec) = match packet.get(1)? & 0x7f {
            OPUS => (0, FrameCodec::Opus),
            VP8 if packet.get(1)? & 0x80 != 0 => (descriptor_len(payload)?, FrameCodec::Vp8),
            _ => return None,
        };
        let frame = payload.get(descriptor..)?;
        let clear = codec.clear_len(frame).ok()?;
        let (sframe, sframe_len) = SframeHeader::decode(frame.get(clear..)?).ok()?;
        let ends = [header, header + descriptor, header + descriptor + clear];
        let [header, descriptor, clear] = ends;
        let sframe_end = clear + sframe_len;
        let tag = packet.len().checked_sub(TAG).filter(|tag| *tag > sframe_end)?;
        Some(Self {
            header: 0..header,
            descriptor: header..descriptor,
            clear: descriptor..clear,
            sframe: clear..sframe_end,
            ciphertext: sframe_end..tag,
            tag: tag..packet.len(),
            key: KeyId::from_kid(sframe.kid).ok()?,
            counter: sframe.counter,
        })
    }

    /// The sealed frame.
    pub(super) fn sealed<'a>(&self, packet: &'a [u8]) -> &'a [u8] {
        packet.get(self.clear.start..).unwrap_or_default()
    }

    /// Whether it is of a picture.
    pub(super) fn is_picture(&self) -> bool {
        !self.descriptor.is_empty()
    }
}

/// Fixed header, contributing sources, extension (RFC 3550 §5.1, §5.3.1). None for what is padded, which is none of ours.
fn header_len(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    if first >> 6 != 2 || first & 0x20 != 0 {
        return None;
    }
    let fixed = FIXED_HEADER + 4 * usize::from(first & 0x0f);
    if first & 0x10 == 0 {
        return Some(fixed);
    }
    let words = packet.get(fixed + 2..fixed + 4)?;
    Some(fixed + 4 + 4 * usize::from(u16::from_be_bytes(words.try_into().ok()?)))
}

/// Of a packet that a frame begins with (RFC 7741 §4.2).
fn descriptor_len(payload: &[u8]) -> Option<usize> {
    let first = *payload.first()?;
    if first & 0x17 != 0x10 {
        return None;
    }
    if first & 0x80 == 0 {
        return Some(1);
    }
    let extension = *payload.get(1)?;
    let mut len = 2;
    if extension & 0x80 != 0 {
        len += if *payload.get(2)? & 0x80 != 0 { 2 } else { 1 };
    }
    len += usize::from(extension & 0x40 != 0);
    len += usize::from(extension & 0x30 != 0);
    Some(len)
}

/// The keys that somebody had, for frames of one call.
pub(super) struct Locksmith<'a> {
    call: &'a [u8],
    base_keys: Vec<&'a [u8]>,
}

impl<'a> Locksmith<'a> {
    pub(super) fn new(call: &'a [u8], secrets: &'a [Secret]) -> Self {
        let base_keys = secrets.iter().filter(|secret| secret.is_base_key());
        Self { call, base_keys: base_keys.map(|secret| secret.bytes.as_slice()).collect() }
    }

    /// Tries every key, whichever epoch the frame says that it is of. What was sealed, the clear bytes before it; nothing, if no key
    /// fits.
    pub(super) fn open(&self, clear: &[u8], framed: &[u8]) -> Option<Vec<u8>> {
        let (header, _) = SframeHeader::decode(framed).ok()?;
        let metadata = [self.call, clear].concat();
        let mut plain = Vec::new();
        self.base_keys.iter().find_map(|base_key| {
            let key = SframeKey::derive(FRAME_SUITE, base_key, header.kid).ok()?;
            key.open(&metadata, framed, &mut plain).ok()?;
            Some([clear, &plain].concat())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_key(byte: u8) -> Secret {
        Secret { name: "epoch 0x2: base key".to_owned(), bytes: vec![byte; 32] }
    }

    /// A picture as a member sends it: header with an extension, descriptor with a picture id of 15 bits, one clear byte.
    fn packet(call: &[u8], key: &Secret) -> Vec<u8> {
        let header =
            [0x90, 0x80 | VP8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 1, 0x51, 0, 9, 0];
        let descriptor = [0x90, 0x80, 0x81, 0x23];
        let kid = 0x0002_0110;
        let sframe = SframeKey::derive(FRAME_SUITE, &key.bytes, kid).unwrap();
        let mut framed = Vec::new();
        let metadata = [call, &[0x11]].concat();
        sframe.seal_with_counter(7, &metadata, b"a picture", &mut framed).unwrap();
        [&header[..], &descriptor, &[0x11], &framed].concat()
    }

    #[test]
    fn a_picture_is_taken_apart_and_opened_with_the_right_key_only() {
        let (call, right, wrong) = ([5; 16], base_key(1), base_key(2));
        let packet = packet(&call, &right);
        let parts = Parts::of(&packet).unwrap();
        assert_eq!((parts.header.len(), parts.descriptor.len(), parts.clear.len()), (20, 4, 1));
        assert_eq!((parts.ciphertext.len(), parts.tag.len()), (9, TAG));
        assert_eq!((parts.key.sender(), parts.counter, parts.is_picture()), (1, 7, true));

        let (clear, framed) = parts.sealed(&packet).split_at(1);
        let secrets = [wrong.clone(), right];
        let opened = Locksmith::new(&call, &secrets).open(clear, framed);
        assert_eq!(opened.unwrap(), b"\x11a picture");
        assert_eq!(Locksmith::new(&call, &[wrong]).open(clear, framed), None);
        assert_eq!(Locksmith::new(&[6; 16], &secrets).open(clear, framed), None, "another call");
    }

    #[test]
    fn pieces_of_frames_and_other_packets_have_no_parts() {
        let whole = packet(&[5; 16], &base_key(1));
        let with = |at: usize, byte: u8| {
            let mut packet = whole.clone();
            packet[at] = byte;
            packet
        };
        assert!(Parts::of(&whole).is_some());
        assert!(Parts::of(&with(1, VP8)).is_none(), "more of the frame follows");
        assert!(Parts::of(&with(20, 0x80)).is_none(), "the frame began before");
        assert!(Parts::of(&with(1, 97)).is_none(), "a repeat");
        for len in 0..40 {
            assert!(Parts::of(&whole[..len]).is_none(), "{len}");
        }
    }
}
