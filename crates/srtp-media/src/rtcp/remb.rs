use super::raw::split_u32;
use crate::WireError;

/// A receiver's estimate of the bit rate that reaches it (draft-alvestrand-rmcat-remb-03 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remb<'a> {
    bit_rate: u64,
    sources: &'a [u8],
}

impl<'a> Remb<'a> {
    pub(super) const IDENTIFIER: &'static [u8] = b"REMB";

    /// Reads the feedback control information of an application layer feedback message.
    ///
    /// # Errors
    /// [`WireError::Value`] without the identifier or with a bit rate of more than 64 bits,
    /// [`WireError::Truncated`], [`WireError::Length`] where the count of sources is wrong.
    pub fn parse(fci: &'a [u8]) -> Result<Self, WireError> {
        let rest = fci.strip_prefix(Self::IDENTIFIER).ok_or(WireError::Value)?;
        let ([count, m0, m1, m2], sources) =
            rest.split_first_chunk().ok_or(WireError::Truncated)?;
        if sources.len() != usize::from(*count) * 4 {
            return Err(WireError::Length);
        }
        let exponent = u32::from(m0 >> 2);
        let mantissa = u64::from(u32::from_be_bytes([0, m0 & 0x03, *m1, *m2]));
        let bit_rate = mantissa << exponent;
        if bit_rate >> exponent != mantissa {
            return Err(WireError::Value);
        }
        Ok(Self { bit_rate, sources })
    }

    /// The estimate in bits per second, for all sources together.
    pub fn bit_rate(&self) -> u64 {
        self.bit_rate
    }

    /// The sources that it covers, at most 255.
    pub fn sources(&self) -> impl Iterator<Item = u32> + use<'a> {
        let mut rest = self.sources;
        core::iter::from_fn(move || {
            let (ssrc, next) = split_u32(rest)?;
            rest = next;
            Some(ssrc)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// draft-alvestrand-rmcat-remb-03 §2.2.
    #[test]
    fn bit_rate_is_mantissa_shifted_by_exponent() {
        let fci = [b'R', b'E', b'M', b'B', 1, 3 << 2 | 1, 0, 2, 0, 0, 0, 7];
        let remb = Remb::parse(&fci).unwrap();
        assert_eq!(remb.bit_rate(), 0x1_0002 << 3);
        assert_eq!(remb.sources().collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn overflow_and_wrong_counts_are_refused() {
        assert_eq!(Remb::parse(b"REMB\x00\xff\xff\xff"), Err(WireError::Value));
        assert_eq!(Remb::parse(b"REMB\x01\x04\x00\x01"), Err(WireError::Length));
        assert_eq!(Remb::parse(b"REMB\x00"), Err(WireError::Truncated));
        assert_eq!(Remb::parse(b"RAMB\x00\x04\x00\x01"), Err(WireError::Value));
        assert!(Remb::parse(b"REMB\x00\xfc\x00\x01").is_ok());
    }
}
