use zentalk_srtp_media::rtp::{FIXED_HEADER_LEN, RtpHeader};

use super::outlet_config::InvalidOutlet;

/// The longest header: the fixed part, and an extension block with a transport-wide number and the longest mid.
const MAX_HEADER: usize = FIXED_HEADER_LEN + 4 + 20;

/// Where the value of the first extension element stands: behind the block's profile and length, and its own head.
const FIRST_VALUE: usize = FIXED_HEADER_LEN + 4 + 1;

/// The header of all packets of one source, ready but for the fields that differ.
///
/// It has the same length in each packet, so that packets with equal payloads are equally long.
#[derive(Clone, Debug)]
pub(super) struct Header {
    bytes: [u8; MAX_HEADER],
    /// At most [`MAX_HEADER`].
    len: u8,
    has_transport_sequence: bool,
}

/// What differs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) marker: bool,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    /// The number over all sources of the transport (draft-holmer-rmcat-transport-wide-cc-extensions-01 §2).
    pub(super) transport_sequence: u16,
}

impl Header {
    /// A header with these extension elements, each an id and, for the mid, its value.
    ///
    /// # Errors
    /// [`InvalidOutlet`] where a value lies outside its field or the one-byte form (RFC 8285 §4.2).
    pub(super) fn new(
        payload_type: u8,
        ssrc: u32,
        transport_cc: Option<u8>,
        mid: Option<(u8, &str)>,
    ) -> Result<Self, InvalidOutlet> {
        let transport_cc = transport_cc.map(|id| (id, &[0, 0][..]));
        let mid = mid.map(|(id, value)| (id, value.as_bytes()));
        let elements: Vec<_> = transport_cc.into_iter().chain(mid).collect();
        let one_byte =
            |&(id, value): &(u8, &[u8])| (1..=14).contains(&id) && (1..=16).contains(&value.len());
        if !elements.iter().all(one_byte) {
            return Err(InvalidOutlet);
        }
        let mut written = Vec::with_capacity(MAX_HEADER);
        RtpHeader::new(payload_type, 0, 0, ssrc)
            .write(&[], &elements, &mut written)
            .map_err(|_| InvalidOutlet)?;
        let mut bytes = [0; MAX_HEADER];
        bytes.get_mut(..written.len()).ok_or(InvalidOutlet)?.copy_from_slice(&written);
        let len = u8::try_from(written.len()).map_err(|_| InvalidOutlet)?;
        Ok(Self { bytes, len, has_transport_sequence: transport_cc.is_some() })
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Writes the header to the beginning of `out` and gives what lies behind it; `None` if it does not fit.
    #[inline]
    pub(super) fn write<'a>(&self, fields: &Fields, out: &'a mut [u8]) -> Option<&'a mut [u8]> {
        let (head, rest) = out.split_at_mut_checked(self.len())?;
        head.copy_from_slice(self.bytes.get(..self.len())?);
        if self.has_transport_sequence {
            head.get_mut(FIRST_VALUE..FIRST_VALUE + 2)?
                .copy_from_slice(&fields.transport_sequence.to_be_bytes());
        }
        let fixed: &mut [u8; FIXED_HEADER_LEN] = head.first_chunk_mut()?;
        let [_, kind, s0, s1, t0, t1, t2, t3, ..] = fixed;
        *kind |= u8::from(fields.marker) << 7;
        [*s0, *s1] = fields.sequence.to_be_bytes();
        [*t0, *t1, *t2, *t3] = fields.timestamp.to_be_bytes();
        Some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::MAX_OVERHEAD;
    use super::*;
    use zentalk_srtp_media::rtp::RtpPacket;

    const FIELDS: Fields = Fields {
        marker: true,
        sequence: 0x1234,
        timestamp: 0x5566_7788,
        transport_sequence: 0x9abc,
    };

    /// RFC 8285 §4.2, RFC 3550 §5.1.
    #[test]
    fn what_is_written_is_read_back() {
        for (transport_cc, mid) in
            [(None, None), (Some(2), None), (None, Some((1, "7"))), (Some(2), Some((1, "audio")))]
        {
            let header = Header::new(96, 0xcafe_babe, transport_cc, mid).unwrap();
            let mut out = [0xee; 64];
            let rest = header.write(&FIELDS, &mut out).unwrap().len();
            let packet = RtpPacket::parse(&out).unwrap();
            assert_eq!((packet.payload().len(), 64 - rest), (rest, header.len()));
            assert!(packet.marker() && packet.payload_type() == 96);
            assert_eq!((packet.sequence_number(), packet.timestamp()), (0x1234, 0x5566_7788));
            assert_eq!(packet.ssrc(), 0xcafe_babe);
            assert_eq!(packet.extension(2), transport_cc.map(|_| &[0x9a, 0xbc][..]));
            assert_eq!(packet.extension(1), mid.map(|(_, value)| value.as_bytes()));
        }
    }

    #[test]
    fn values_outside_their_fields_are_refused() {
        let long = "a mid of 17 bytes";
        assert!(Header::new(128, 1, None, None).is_err());
        assert!(Header::new(96, 1, Some(0), None).is_err());
        assert!(Header::new(96, 1, Some(15), None).is_err());
        assert!(Header::new(96, 1, None, Some((1, ""))).is_err());
        assert!(Header::new(96, 1, None, Some((1, long))).is_err());
        let longest = Header::new(96, 1, Some(2), Some((1, &long[1..]))).unwrap();
        assert!(longest.len() + 2 <= MAX_OVERHEAD);
    }

    #[test]
    fn a_buffer_that_is_too_short_stays_as_it_was() {
        let header = Header::new(96, 1, Some(2), None).unwrap();
        let mut out = [7; 19];
        assert!(header.write(&FIELDS, &mut out).is_none());
        assert_eq!(out, [7; 19]);
    }
}
