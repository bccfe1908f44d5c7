use super::raw::split_u32;
use super::{RawPacket, Remb, TransportCc, feedback_type, packet_type};
use crate::WireError;

/// The length in bytes of one entry of a full intra request.
const FIR_ENTRY_LEN: usize = 8;

/// A feedback packet of either layer, its message not yet read (RFC 4585 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feedback<'a> {
    packet_type: u8,
    feedback_type: u8,
    sender_ssrc: u32,
    media_ssrc: u32,
    fci: &'a [u8],
}

impl<'a> Feedback<'a> {
    pub(super) fn parse(raw: RawPacket<'a>) -> Result<Self, WireError> {
        let (sender_ssrc, rest) = split_u32(raw.body()).ok_or(WireError::Truncated)?;
        let (media_ssrc, fci) = split_u32(rest).ok_or(WireError::Truncated)?;
        let (packet_type, feedback_type) = (raw.packet_type(), raw.count());
        Ok(Self { packet_type, feedback_type, sender_ssrc, media_ssrc, fci })
    }

    /// The feedback message type (FMT), see [`feedback_type`].
    pub fn feedback_type(&self) -> u8 {
        self.feedback_type
    }

    /// The source that gives the feedback.
    pub fn sender_ssrc(&self) -> u32 {
        self.sender_ssrc
    }

    /// The source that it is about; 0 where the message names its sources itself.
    pub fn media_ssrc(&self) -> u32 {
        self.media_ssrc
    }

    /// The feedback control information.
    pub fn fci(&self) -> &'a [u8] {
        self.fci
    }

    /// The message as transport-wide congestion control; `None` if it is another one.
    ///
    /// # Errors
    /// Those of [`TransportCc::parse`].
    pub fn transport_cc(&self) -> Option<Result<TransportCc<'a>, WireError>> {
        let is = self.packet_type == packet_type::TRANSPORT_FEEDBACK
            && self.feedback_type == feedback_type::TRANSPORT_CC;
        is.then(|| TransportCc::parse(self.fci))
    }

    /// The message as a receiver's estimated maximum bit rate; `None` if it is another one.
    ///
    /// # Errors
    /// Those of [`Remb::parse`].
    pub fn remb(&self) -> Option<Result<Remb<'a>, WireError>> {
        let is = self.packet_type == packet_type::PAYLOAD_FEEDBACK
            && self.feedback_type == feedback_type::APPLICATION_LAYER
            && self.fci.starts_with(Remb::IDENTIFIER);
        is.then(|| Remb::parse(self.fci))
    }
}

/// A generic negative acknowledgement: packets that are missed (RFC 4585 §6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nack<'a>(Feedback<'a>);

impl<'a> Nack<'a> {
    pub(super) fn new(feedback: Feedback<'a>) -> Result<Self, WireError> {
        if feedback.fci.is_empty() || !feedback.fci.len().is_multiple_of(4) {
            return Err(WireError::Length);
        }
        Ok(Self(feedback))
    }

    /// The source that misses packets.
    pub fn sender_ssrc(&self) -> u32 {
        self.0.sender_ssrc
    }

    /// The source whose packets are missed.
    pub fn media_ssrc(&self) -> u32 {
        self.0.media_ssrc
    }

    /// The entries as they stand, at least one.
    pub fn pairs(&self) -> impl Iterator<Item = NackPair> + use<'a> {
        let mut rest = self.0.fci;
        core::iter::from_fn(move || {
            let ([p0, p1, b0, b1], next) = rest.split_first_chunk()?;
            rest = next;
            Some(NackPair {
                packet_id: u16::from_be_bytes([*p0, *p1]),
                following: u16::from_be_bytes([*b0, *b1]),
            })
        })
    }

    /// Every missed sequence number, in the order of the entries.
    pub fn sequence_numbers(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.pairs().flat_map(NackPair::sequence_numbers)
    }
}

/// One entry of a NACK. Closed: RFC 4585 fixes its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NackPair {
    /// A missed sequence number (PID).
    pub packet_id: u16,
    /// Bit `i`, counted from the least significant, says that `packet_id + i + 1` is missed too (BLP).
    pub following: u16,
}

impl NackPair {
    /// The one to seventeen sequence numbers that the entry names.
    pub fn sequence_numbers(self) -> impl Iterator<Item = u16> {
        let following = (0..16u16)
            .filter(move |bit| self.following >> bit & 1 == 1)
            .map(move |bit| self.packet_id.wrapping_add(bit + 1));
        core::iter::once(self.packet_id).chain(following)
    }
}

/// A request for a keyframe because pictures were lost (RFC 4585 §6.3.1).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureLossIndication {
    /// The source that asks.
    pub sender_ssrc: u32,
    /// The source that is asked.
    pub media_ssrc: u32,
}

impl PictureLossIndication {
    pub(super) fn new(feedback: &Feedback<'_>) -> Self {
        Self { sender_ssrc: feedback.sender_ssrc, media_ssrc: feedback.media_ssrc }
    }
}

/// A request for a keyframe that the receiver needs to join (RFC 5104 §4.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullIntraRequest<'a>(Feedback<'a>);

impl<'a> FullIntraRequest<'a> {
    pub(super) fn new(feedback: Feedback<'a>) -> Result<Self, WireError> {
        if feedback.fci.is_empty() || !feedback.fci.len().is_multiple_of(FIR_ENTRY_LEN) {
            return Err(WireError::Length);
        }
        Ok(Self(feedback))
    }

    /// The source that asks.
    pub fn sender_ssrc(&self) -> u32 {
        self.0.sender_ssrc
    }

    /// The header's media source, which the RFC sets to 0: the entries name the sources.
    pub fn media_ssrc(&self) -> u32 {
        self.0.media_ssrc
    }

    /// The entries, at least one.
    pub fn entries(&self) -> impl Iterator<Item = FirEntry> + use<'a> {
        let mut rest = self.0.fci;
        core::iter::from_fn(move || {
            let (ssrc, next) = split_u32(rest)?;
            let ([command_sequence, _, _, _], next) = next.split_first_chunk()?;
            rest = next;
            Some(FirEntry { ssrc, command_sequence: *command_sequence })
        })
    }
}

/// One entry of a full intra request. Closed: RFC 5104 fixes its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirEntry {
    /// The source that is asked.
    pub ssrc: u32,
    /// Counts the requests to this source; a repeated number is a repeated request, not a new one.
    pub command_sequence: u8,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{Compound, Packet};

    /// RFC 4585 §6.2.1.
    #[test]
    fn nack_bits_count_from_the_packet_id_and_wrap() {
        let pair = NackPair { packet_id: 65_534, following: 0b1000_0000_0000_0011 };
        assert_eq!(pair.sequence_numbers().collect::<Vec<_>>(), [65_534, 65_535, 0, 14]);
    }

    #[test]
    fn nack_and_fir_need_whole_entries() {
        let nack = [0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
        assert_eq!(Compound::parse(&nack), Err(WireError::Length));
        let fir = [0x84, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2];
        assert_eq!(Compound::parse(&fir), Err(WireError::Length));
    }

    #[test]
    fn other_feedback_is_kept_with_its_contents() {
        let bytes = [0x8f, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, b'L', b'N', b'T', b'F'];
        let compound = Compound::parse(&bytes).unwrap();
        let Some(Packet::PayloadFeedback(feedback)) = compound.packets().next() else { panic!() };
        assert_eq!((feedback.feedback_type(), feedback.fci()), (15, &b"LNTF"[..]));
        assert!(feedback.remb().is_none());
        assert!(feedback.transport_cc().is_none());
    }
}
