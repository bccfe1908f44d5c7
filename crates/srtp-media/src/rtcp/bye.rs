use super::RawPacket;
use super::raw::split_u32;
use crate::WireError;

/// Sources that leave (RFC 3550 §6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goodbye<'a> {
    sources: &'a [u8],
    reason: Option<&'a [u8]>,
}

impl<'a> Goodbye<'a> {
    pub(super) fn parse(raw: RawPacket<'a>) -> Result<Self, WireError> {
        let (sources, rest) = raw
            .body()
            .split_at_checked(usize::from(raw.count()) * 4)
            .ok_or(WireError::Truncated)?;
        let reason = match rest.split_first() {
            None => None,
            Some((&len, text)) => Some(text.get(..usize::from(len)).ok_or(WireError::Length)?),
        };
        Ok(Self { sources, reason })
    }

    /// The sources that leave, at most 31.
    pub fn sources(&self) -> impl Iterator<Item = u32> + use<'a> {
        let mut rest = self.sources;
        core::iter::from_fn(move || {
            let (ssrc, next) = split_u32(rest)?;
            rest = next;
            Some(ssrc)
        })
    }

    /// Why, in the sender's words; at most 255 bytes.
    pub fn reason(&self) -> Option<&'a [u8]> {
        self.reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<(Vec<u32>, Option<&[u8]>), WireError> {
        let (raw, _) = RawPacket::split(bytes)?;
        let bye = Goodbye::parse(raw)?;
        Ok((bye.sources().collect(), bye.reason()))
    }

    /// RFC 3550 §6.6.
    #[test]
    fn sources_and_reason_lie_within_the_packet() {
        assert_eq!(parse(&[0x81, 203, 0, 1, 0, 0, 0, 9]), Ok((vec![9], None)));
        let with_reason = [0x81, 203, 0, 2, 0, 0, 0, 9, 2, b'o', b'k', 0];
        assert_eq!(parse(&with_reason), Ok((vec![9], Some(&b"ok"[..]))));
        let overlong = [0x81, 203, 0, 2, 0, 0, 0, 9, 4, b'o', b'k', 0];
        assert_eq!(parse(&overlong), Err(WireError::Length));
        assert_eq!(parse(&[0x82, 203, 0, 1, 0, 0, 0, 9]), Err(WireError::Truncated));
    }
}
