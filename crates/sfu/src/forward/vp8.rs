/// What a forwarder needs of a VP8 payload descriptor (RFC 7741 §4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Vp8Head {
    pub(super) picture_id: Option<PictureId>,
    /// `TL0PICIDX`.
    pub(super) base_layer_index: Option<u8>,
    /// `TID`, 0 without temporal layers.
    pub(super) temporal: u8,
    /// `Y`: the frame refers to the base layer only.
    pub(super) sync: bool,
    /// A frame starts with this packet.
    pub(super) starts_frame: bool,
    /// A keyframe starts with this packet.
    pub(super) starts_keyframe: bool,
}

/// The number of a picture with the width of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PictureId {
    /// 7 bits.
    Short(u8),
    /// 15 bits.
    Long(u16),
}

/// Picture ids are counted in 15 bits and cut to 7 where the field is short.
pub(super) const PICTURE_ID_MASK: u16 = 0x7fff;

/// Bits of the first byte.
mod first {
    pub(super) const EXTENDED: u8 = 0x80;
    pub(super) const START: u8 = 0x10;
    pub(super) const PARTITION: u8 = 0x07;
}

/// Bits of the extension byte.
mod extension {
    pub(super) const PICTURE_ID: u8 = 0x80;
    pub(super) const BASE_LAYER_INDEX: u8 = 0x40;
    pub(super) const TEMPORAL_LAYER: u8 = 0x20;
    pub(super) const KEY_INDEX: u8 = 0x10;
}

/// `M`: the picture id has 15 bits.
const LONG: u8 = 0x80;

/// The lowest bit of a frame's first byte is 0 in a keyframe (RFC 6386 §9.1, `key_frame`).
const INTER_FRAME: u8 = 0x01;

impl Vp8Head {
    /// Reads the descriptor that `payload` starts with. `None` if it is cut short or nothing follows it.
    #[inline]
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let (&byte, rest) = payload.split_first()?;
        let mut head = Self {
            starts_frame: byte & first::START != 0 && byte & first::PARTITION == 0,
            ..Self::default()
        };
        let rest = if byte & first::EXTENDED != 0 { head.parse_extension(rest)? } else { rest };
        let frame_byte = rest.first()?;
        head.starts_keyframe = head.starts_frame && frame_byte & INTER_FRAME == 0;
        Some(head)
    }

    fn parse_extension<'a>(&mut self, rest: &'a [u8]) -> Option<&'a [u8]> {
        let (&present, mut rest) = rest.split_first()?;
        if present & extension::PICTURE_ID != 0 {
            let (id, behind) = PictureId::split(rest)?;
            (self.picture_id, rest) = (Some(id), behind);
        }
        if present & extension::BASE_LAYER_INDEX != 0 {
            let (&index, behind) = rest.split_first()?;
            (self.base_layer_index, rest) = (Some(index), behind);
        }
        if present & (extension::TEMPORAL_LAYER | extension::KEY_INDEX) != 0 {
            let (&byte, behind) = rest.split_first()?;
            rest = behind;
            if present & extension::TEMPORAL_LAYER != 0 {
                (self.temporal, self.sync) = (byte >> 6, byte & 0x20 != 0);
            }
        }
        Some(rest)
    }

    /// Writes other numbers into the descriptor that `payload` starts with, from which `self` was read. Its length, and
    /// everything behind the numbers, stay.
    #[inline]
    pub(super) fn renumber(&self, payload: &mut [u8], picture_id: u16, base_layer_index: u8) {
        // Behind the flags and the extension byte.
        let Some((_, mut rest)) = payload.split_at_mut_checked(2) else { return };
        match self.picture_id {
            Some(PictureId::Short(_)) => {
                let Some((field, behind)) = rest.split_first_mut() else { return };
                *field = picture_id as u8 & !LONG;
                rest = behind;
            }
            Some(PictureId::Long(_)) => {
                let Some((field, behind)) = rest.split_first_chunk_mut() else { return };
                *field = (picture_id | 0x8000).to_be_bytes();
                rest = behind;
            }
            None => {}
        }
        if self.base_layer_index.is_some()
            && let Some(field) = rest.first_mut()
        {
            *field = base_layer_index;
        }
    }
}

impl PictureId {
    pub(super) fn value(self) -> u16 {
        match self {
            Self::Short(id) => u16::from(id),
            Self::Long(id) => id,
        }
    }

    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&high, rest) = bytes.split_first()?;
        if high & LONG == 0 {
            return Some((Self::Short(high), rest));
        }
        let (&low, rest) = rest.split_first()?;
        Some((Self::Long(u16::from_be_bytes([high & !LONG, low])), rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7741 §4.2: every combination of optional fields, whole and cut short.
    #[test]
    fn every_form_of_descriptor_is_read_and_renumbered_in_its_place() {
        for present in 0..16_u8 {
            let full = [0x90, present << 4, 0x92, 0x67, 0x81, 0xe5];
            let id = if present & 8 != 0 { &full[2..4] } else { &[] };
            let index = if present & 4 != 0 { &full[4..5] } else { &[] };
            let layer = if present & 3 != 0 { &full[5..6] } else { &[] };
            let mut bytes = [&full[..2], id, index, layer, &[0x10, 0xaa, 0xbb]].concat();
            for length in 0..bytes.len() - 2 {
                assert_eq!(Vp8Head::parse(&bytes[..length]), None);
            }
            let head = Vp8Head::parse(&bytes).unwrap();
            assert!(head.starts_frame && head.starts_keyframe);
            assert_eq!(head.picture_id, (present & 8 != 0).then_some(PictureId::Long(4_711)));
            assert_eq!(head.base_layer_index, (present & 4 != 0).then_some(0x81));
            let temporal = if present & 2 != 0 { (3, true) } else { (0, false) };
            assert_eq!((head.temporal, head.sync), temporal);

            let before = bytes.clone();
            head.renumber(&mut bytes, 0x1234, 0x77);
            let again = Vp8Head::parse(&bytes).unwrap();
            assert_eq!(again.picture_id, head.picture_id.map(|_| PictureId::Long(0x1234)));
            assert_eq!(again.base_layer_index, head.base_layer_index.map(|_| 0x77));
            let numbers = 2..2 + id.len() + index.len();
            for (at, (was, is)) in before.iter().zip(&bytes).enumerate() {
                assert!(was == is || numbers.contains(&at), "byte {at} of form {present}");
            }
        }
    }

    #[test]
    fn a_short_picture_id_stays_short() {
        let mut bytes = [0x90, 0x80, 0x7f, 0];
        let head = Vp8Head::parse(&bytes).unwrap();
        assert_eq!(head.picture_id, Some(PictureId::Short(127)));
        head.renumber(&mut bytes, 0x7ff1, 9);
        assert_eq!(bytes, [0x90, 0x80, 0x71, 0]);
    }

    /// RFC 6386 §9.1 and RFC 7741 §4.2: only the start of partition 0 carries the frame's first byte.
    #[test]
    fn a_keyframe_shows_in_the_first_byte_of_its_first_packet_only() {
        let starts = |bytes: [u8; 2]| Vp8Head::parse(&bytes).unwrap().starts_keyframe;
        assert!(starts([0x10, 0x10]));
        assert!(!starts([0x10, 0x11]));
        assert!(!starts([0x11, 0x10]), "another partition");
        assert!(!starts([0x00, 0x10]), "a continuation");
    }
}
