use crate::Error;

/// The number of a picture: 7 or 15 bits, wrapping (RFC 7741 §4.2, `I` and `M`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PictureId {
    /// 7 bits.
    Short(u8),
    /// 15 bits.
    Long(u16),
}

impl PictureId {
    /// The number.
    pub fn value(self) -> u16 {
        match self {
            Self::Short(id) => u16::from(id),
            Self::Long(id) => id,
        }
    }
}

/// The temporal layer of a picture (RFC 7741 §4.2, `T`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TemporalLayer {
    /// Layer number `TID`, 0 to 3.
    pub id: u8,
    /// `Y`: refers to the base layer only, so that one may start to take this layer here.
    pub sync: bool,
}

/// The payload descriptor in front of every VP8 packet (RFC 7741 §4.2).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vp8Descriptor {
    /// `N`: no other frame refers to this one.
    pub non_reference: bool,
    /// `S`: a partition starts with this packet.
    pub start_of_partition: bool,
    /// `PID`: which partition the packet starts or continues, 0 to 7.
    pub partition: u8,
    /// `PictureID`.
    pub picture_id: Option<PictureId>,
    /// `TL0PICIDX`: a running number of base layer frames.
    pub base_layer_index: Option<u8>,
    /// `TID` and `Y`.
    pub temporal_layer: Option<TemporalLayer>,
    /// `KEYIDX`: a running number of keyframes, 5 bits.
    pub key_index: Option<u8>,
}

/// Bits of the first byte.
mod first {
    pub(super) const EXTENDED: u8 = 0x80;
    pub(super) const NON_REFERENCE: u8 = 0x20;
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

impl Vp8Descriptor {
    /// The longest descriptor in bytes.
    pub const MAX_LEN: usize = 6;

    /// Splits an RTP payload into its descriptor and the piece of the frame behind it (perhaps empty).
    /// Reserved bits are ignored.
    ///
    /// # Errors
    /// [`Error::TruncatedDescriptor`].
    pub fn parse(payload: &[u8]) -> Result<(Self, &[u8]), Error> {
        let (byte, mut rest) = take(payload)?;
        let mut descriptor = Self {
            non_reference: byte & first::NON_REFERENCE != 0,
            start_of_partition: byte & first::START != 0,
            partition: byte & first::PARTITION,
            ..Self::default()
        };
        if byte & first::EXTENDED != 0 {
            rest = descriptor.parse_extension(rest)?;
        }
        Ok((descriptor, rest))
    }

    fn parse_extension<'a>(&mut self, rest: &'a [u8]) -> Result<&'a [u8], Error> {
        let (present, mut rest) = take(rest)?;
        if present & extension::PICTURE_ID != 0 {
            let (id, behind) = parse_picture_id(rest)?;
            (self.picture_id, rest) = (Some(id), behind);
        }
        if present & extension::BASE_LAYER_INDEX != 0 {
            let (index, behind) = take(rest)?;
            (self.base_layer_index, rest) = (Some(index), behind);
        }
        // One byte for either or both: TID, Y, KEYIDX. What its flag does not announce is ignored.
        if present & (extension::TEMPORAL_LAYER | extension::KEY_INDEX) != 0 {
            let (byte, behind) = take(rest)?;
            rest = behind;
            let layer = TemporalLayer { id: byte >> 6, sync: byte & 0x20 != 0 };
            self.temporal_layer = (present & extension::TEMPORAL_LAYER != 0).then_some(layer);
            self.key_index = (present & extension::KEY_INDEX != 0).then_some(byte & 0x1f);
        }
        Ok(rest)
    }

    /// Appends the descriptor to `out`; values are cut to the bits of their fields.
    pub fn write(&self, out: &mut Vec<u8>) {
        let bit = |set, mask| if set { mask } else { 0 };
        let (layer, key_index) = (self.temporal_layer, self.key_index);
        let present = bit(self.picture_id.is_some(), extension::PICTURE_ID)
            | bit(self.base_layer_index.is_some(), extension::BASE_LAYER_INDEX)
            | bit(layer.is_some(), extension::TEMPORAL_LAYER)
            | bit(key_index.is_some(), extension::KEY_INDEX);
        let byte = bit(present != 0, first::EXTENDED)
            | bit(self.non_reference, first::NON_REFERENCE)
            | bit(self.start_of_partition, first::START)
            | self.partition & first::PARTITION;
        out.push(byte);
        if present != 0 {
            out.push(present);
        }
        match self.picture_id {
            Some(PictureId::Short(id)) => out.push(id & !LONG),
            Some(PictureId::Long(id)) => out.extend((id | 0x8000).to_be_bytes()),
            None => {}
        }
        out.extend(self.base_layer_index);
        if layer.is_some() || key_index.is_some() {
            let layer = layer.map_or(0, |layer| layer.id << 6 | bit(layer.sync, 0x20));
            out.push(layer | key_index.unwrap_or(0) & 0x1f);
        }
    }

    /// Whether a frame starts with this packet: its first partition does.
    pub fn starts_frame(&self) -> bool {
        self.start_of_partition && self.partition == 0
    }
}

fn parse_picture_id(rest: &[u8]) -> Result<(PictureId, &[u8]), Error> {
    let (high, rest) = take(rest)?;
    if high & LONG == 0 {
        return Ok((PictureId::Short(high), rest));
    }
    let (low, rest) = take(rest)?;
    Ok((PictureId::Long(u16::from_be_bytes([high & !LONG, low])), rest))
}

fn take(bytes: &[u8]) -> Result<(u8, &[u8]), Error> {
    bytes.split_first().map(|(byte, rest)| (*byte, rest)).ok_or(Error::TruncatedDescriptor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7741 §4.2: every combination of optional fields, whole and cut short.
    #[test]
    fn every_field_is_read_and_every_truncation_refused() {
        for present in 0..16_u8 {
            let full = [0xb1, present << 4, 0x92, 0x67, 0x81, 0xe5, 0xaa];
            let id = if present & 8 != 0 { &full[2..4] } else { &[] };
            let index = if present & 4 != 0 { &full[4..5] } else { &[] };
            let layer = if present & 3 != 0 { &full[5..6] } else { &[] };
            let bytes = [&full[..2], id, index, layer].concat();
            let (descriptor, rest) = Vp8Descriptor::parse(&bytes).unwrap();
            assert!(rest.is_empty());
            assert!(descriptor.non_reference && descriptor.start_of_partition);
            assert_eq!(descriptor.partition, 1);
            assert_eq!(descriptor.picture_id, (present & 8 != 0).then_some(PictureId::Long(4_711)));
            assert_eq!(descriptor.base_layer_index, (present & 4 != 0).then_some(0x81));
            let layer = TemporalLayer { id: 3, sync: true };
            assert_eq!(descriptor.temporal_layer, (present & 2 != 0).then_some(layer));
            assert_eq!(descriptor.key_index, (present & 1 != 0).then_some(5));
            for length in 0..bytes.len() {
                let error = Vp8Descriptor::parse(&bytes[..length]).unwrap_err();
                assert_eq!(error, Error::TruncatedDescriptor);
            }
        }
    }

    #[test]
    fn short_picture_id_takes_one_byte() {
        let (descriptor, rest) = Vp8Descriptor::parse(&[0x90, 0x80, 0x7f, 9]).unwrap();
        assert_eq!(descriptor.picture_id, Some(PictureId::Short(127)));
        assert_eq!(rest, [9]);
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_alike(bytes in prop::collection::vec(any::<u8>(), 0..10)) {
            if let Ok((descriptor, _)) = Vp8Descriptor::parse(&bytes) {
                let mut written = Vec::new();
                descriptor.write(&mut written);
                prop_assert!(written.len() <= Vp8Descriptor::MAX_LEN);
                let (again, rest) = Vp8Descriptor::parse(&written).unwrap();
                prop_assert_eq!(again, descriptor);
                prop_assert!(rest.is_empty());
            }
        }
    }
}
