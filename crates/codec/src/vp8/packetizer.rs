use core::ops::RangeInclusive;

use super::{PictureId, TemporalLayer, Vp8Descriptor};
use crate::Error;

/// The most packets of one frame.
pub const MAX_FRAME_PACKETS: usize = 2_048;

/// The most bytes of one encoded frame: 2 MiB.
pub const MAX_FRAME_BYTES: usize = 2 << 20;

/// Bytes of the descriptor in front of each piece: flags, extension, a picture id of 15 bits.
const DESCRIPTOR_LEN: usize = 4;

/// The same with the base layer index and the temporal layer.
const LAYERED_DESCRIPTOR_LEN: usize = 6;

/// The RTP payload of one packet with the header field that it decides.
#[derive(Clone, PartialEq, Eq)]
pub struct Vp8Payload {
    /// Payload descriptor and a piece of the frame.
    pub payload: Vec<u8>,
    /// The RTP marker: set on a frame's last packet (RFC 7741 §4.1).
    pub marker: bool,
}

/// Prints the size only.
impl core::fmt::Debug for Vp8Payload {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Vp8Payload({} bytes)", self.payload.len())
    }
}

/// Cuts frames into RTP payloads (RFC 7741 §4).
///
/// A frame is opaque bytes, in clear or sealed: frame encryption comes before. All of it goes as
/// partition 0, in pieces of nearly equal size, the first one marked as start.
#[derive(Clone, Debug)]
pub struct Vp8Packetizer {
    max_payload: usize,
    picture_id: u16,
    base_layer_index: u8,
}

impl Vp8Packetizer {
    /// Payload sizes taken, in bytes.
    pub const MAX_PAYLOADS: RangeInclusive<usize> = 64..=65_000;

    /// A packetizer whose payloads, descriptor included, are at most `max_payload` bytes: what the path
    /// carries less IP, UDP, RTP and SRTP. The first picture gets the number `picture_id` (15 bits,
    /// best drawn at random).
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::MAX_PAYLOADS`].
    pub fn new(max_payload: usize, picture_id: u16) -> Result<Self, Error> {
        let picture_id = picture_id & 0x7fff;
        // As random as the picture id: RFC 7741 §4.2 asks for no particular start.
        let base_layer_index = picture_id as u8;
        let mut packetizer = Self { max_payload: 0, picture_id, base_layer_index };
        packetizer.set_max_payload(max_payload)?;
        Ok(packetizer)
    }

    /// Changes the largest payload, from the next frame on.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::MAX_PAYLOADS`].
    pub fn set_max_payload(&mut self, max_payload: usize) -> Result<(), Error> {
        let range = Self::MAX_PAYLOADS;
        let range = *range.start() as u64..=*range.end() as u64;
        Error::check_range("VP8 payload (bytes)", max_payload as u64, range)?;
        self.max_payload = max_payload;
        Ok(())
    }

    /// The packets of one frame in order, of a stream without temporal layers.
    ///
    /// # Errors
    /// [`Error::EmptyFrame`]; [`Error::FrameTooLarge`] beyond [`MAX_FRAME_BYTES`] or
    /// [`MAX_FRAME_PACKETS`], which a receiver would not take.
    pub fn packetize(&mut self, frame: &[u8]) -> Result<Vec<Vp8Payload>, Error> {
        self.cut(frame, DESCRIPTOR_LEN, Vp8Descriptor::default())
    }

    /// The packets of one frame in order, which say its temporal layer and whether other frames may refer to
    /// it ([`crate::EncodedVideo::temporal`], [`crate::EncodedVideo::is_reference`]), so that whoever
    /// forwards them may leave frames out.
    ///
    /// # Errors
    /// As [`Self::packetize`].
    pub fn packetize_layered(
        &mut self,
        frame: &[u8],
        layer: TemporalLayer,
        reference: bool,
    ) -> Result<Vec<Vp8Payload>, Error> {
        let index = self.base_layer_index.wrapping_add(u8::from(layer.id == 0));
        let head = Vp8Descriptor {
            non_reference: !reference,
            base_layer_index: Some(index),
            temporal_layer: Some(layer),
            ..Vp8Descriptor::default()
        };
        let packets = self.cut(frame, LAYERED_DESCRIPTOR_LEN, head)?;
        self.base_layer_index = index;
        Ok(packets)
    }

    /// Cuts a frame into packets with this descriptor, to which the picture id is added.
    fn cut(
        &mut self,
        frame: &[u8],
        descriptor_len: usize,
        head: Vp8Descriptor,
    ) -> Result<Vec<Vp8Payload>, Error> {
        if frame.is_empty() {
            return Err(Error::EmptyFrame);
        }
        let count = frame.len().div_ceil(self.max_payload - descriptor_len);
        if count > MAX_FRAME_PACKETS || frame.len() > MAX_FRAME_BYTES {
            return Err(Error::FrameTooLarge);
        }
        let picture_id = Some(PictureId::Long(self.picture_id));
        self.picture_id = (self.picture_id + 1) & 0x7fff;
        let mut packets = Vec::with_capacity(count);
        let mut rest = frame;
        for left in (1..=count).rev() {
            // Equal shares rather than full packets and a crumb: the pacer and FEC like it better.
            let (piece, behind) = rest.split_at(rest.len().div_ceil(left));
            let start_of_partition = packets.is_empty();
            let head = Vp8Descriptor { start_of_partition, picture_id, ..head };
            let mut payload = Vec::with_capacity(descriptor_len + piece.len());
            head.write(&mut payload);
            payload.extend_from_slice(piece);
            packets.push(Vp8Payload { payload, marker: left == 1 });
            rest = behind;
        }
        Ok(packets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7741 §4.1.
    #[test]
    fn pieces_fit_and_make_up_the_frame() {
        let mut packetizer = Vp8Packetizer::new(1_200, 0x7ffe).unwrap();
        for (round, length) in [1, 2, 1_195, 1_196, 1_197, 11_960, 11_961].into_iter().enumerate() {
            let frame: Vec<u8> = (0..length).map(|at: usize| at as u8).collect();
            let packets = packetizer.packetize(&frame).unwrap();
            assert_eq!(packets.len(), length.div_ceil(1_196));
            let mut joined = Vec::new();
            for (at, packet) in packets.iter().enumerate() {
                assert!(packet.payload.len() <= 1_200);
                assert_eq!(packet.marker, at + 1 == packets.len());
                let (head, piece) = Vp8Descriptor::parse(&packet.payload).unwrap();
                assert_eq!(head.starts_frame(), at == 0);
                let id = (0x7ffe + round as u16) & 0x7fff;
                assert_eq!(head.picture_id, Some(PictureId::Long(id)));
                assert!(!piece.is_empty());
                joined.extend_from_slice(piece);
            }
            assert_eq!(joined, frame);
        }
    }

    /// RFC 7741 §4.2: `TL0PICIDX` counts the frames of the base layer, and every other says the last one's.
    #[test]
    fn layers_are_said_on_every_packet() {
        let mut packetizer = Vp8Packetizer::new(100, 0xff).unwrap();
        let layer = |id| TemporalLayer { id, sync: id > 0 };
        for (id, index) in [(0, 0), (2, 0), (1, 0), (2, 0), (0, 1), (2, 1)] {
            let packets = packetizer.packetize_layered(&[5; 200], layer(id), id < 2).unwrap();
            assert_eq!(packets.len(), 3);
            for packet in packets {
                assert!(packet.payload.len() <= 100);
                let (head, _) = Vp8Descriptor::parse(&packet.payload).unwrap();
                assert_eq!(
                    (head.base_layer_index, head.temporal_layer),
                    (Some(index), Some(layer(id)))
                );
                assert_eq!(head.non_reference, id == 2);
                assert!(head.picture_id.is_some());
            }
        }
        let before = packetizer.clone();
        assert!(packetizer.packetize_layered(&[], layer(0), true).is_err());
        assert_eq!(packetizer.base_layer_index, before.base_layer_index);
    }

    #[test]
    fn frames_that_nobody_takes_are_refused() {
        let mut packetizer = Vp8Packetizer::new(1_200, 0).unwrap();
        assert_eq!(packetizer.packetize(&[]), Err(Error::EmptyFrame));
        assert_eq!(packetizer.packetize(&vec![0; MAX_FRAME_BYTES + 1]), Err(Error::FrameTooLarge));
        let mut small = Vp8Packetizer::new(64, 0).unwrap();
        assert_eq!(small.packetize(&vec![0; 60 * 2_048 + 1]), Err(Error::FrameTooLarge));
        assert!(Vp8Packetizer::new(63, 0).is_err());
        assert!(Vp8Packetizer::new(65_001, 0).is_err());
    }
}
