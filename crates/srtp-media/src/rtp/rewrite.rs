use super::{FIXED_HEADER_LEN, header_len};
use crate::WireError;

/// The fixed header of an RTP packet, to be rewritten in place before it is forwarded.
#[derive(Debug)]
pub struct RtpHeaderMut<'a> {
    fixed: &'a mut [u8; FIXED_HEADER_LEN],
}

impl<'a> RtpHeaderMut<'a> {
    /// Takes the header that `packet` starts with. The payload may be encrypted.
    ///
    /// # Errors
    /// Those of [`header_len`].
    pub fn new(packet: &'a mut [u8]) -> Result<Self, WireError> {
        header_len(packet)?;
        let fixed = packet.first_chunk_mut().ok_or(WireError::Truncated)?;
        Ok(Self { fixed })
    }

    /// Replaces the payload type; the marker stays.
    ///
    /// # Errors
    /// [`WireError::PayloadTypeOutOfRange`] above 127.
    pub fn set_payload_type(&mut self, payload_type: u8) -> Result<(), WireError> {
        if payload_type > 127 {
            return Err(WireError::PayloadTypeOutOfRange);
        }
        let [_, second, ..] = self.fixed;
        *second = (*second & 0x80) | payload_type;
        Ok(())
    }

    /// Replaces the sequence number.
    pub fn set_sequence_number(&mut self, sequence_number: u16) {
        let [_, _, s0, s1, ..] = self.fixed;
        [*s0, *s1] = sequence_number.to_be_bytes();
    }

    /// Replaces the timestamp.
    pub fn set_timestamp(&mut self, timestamp: u32) {
        let [_, _, _, _, t0, t1, t2, t3, ..] = self.fixed;
        [*t0, *t1, *t2, *t3] = timestamp.to_be_bytes();
    }

    /// Replaces the synchronisation source.
    pub fn set_ssrc(&mut self, ssrc: u32) {
        let [.., c0, c1, c2, c3] = self.fixed;
        [*c0, *c1, *c2, *c3] = ssrc.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::RtpPacket;

    #[test]
    fn only_the_named_fields_change() {
        let mut bytes = [0x80, 0xe0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x55];
        let mut header = RtpHeaderMut::new(&mut bytes).unwrap();
        header.set_payload_type(100).unwrap();
        header.set_sequence_number(0x1122);
        header.set_timestamp(0x3344_5566);
        header.set_ssrc(0x7788_99aa);
        assert_eq!(header.set_payload_type(128), Err(WireError::PayloadTypeOutOfRange));
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert!(packet.marker());
        assert_eq!(packet.payload_type(), 100);
        assert_eq!(packet.sequence_number(), 0x1122);
        assert_eq!(packet.timestamp(), 0x3344_5566);
        assert_eq!(packet.ssrc(), 0x7788_99aa);
        assert_eq!(packet.payload(), &[0x55]);
    }

    #[test]
    fn a_truncated_header_is_not_touched() {
        let mut bytes = [0x81; 12];
        assert_eq!(RtpHeaderMut::new(&mut bytes).err(), Some(WireError::Truncated));
    }
}
