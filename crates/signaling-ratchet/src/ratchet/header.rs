use crate::Error;
use crate::keys::DhPublic;

/// A message's header in clear: which chain, and where in it.
///
/// ```text
/// ratchet key (32) | previous chain length (4) | number (4) | extensions: (type (1) | length (2) | value)*
/// ```
/// Integers are big-endian. Unknown extensions are ignored. Types 1 (ML-KEM-768 encapsulation key) and 2
/// (ciphertext) belong to hybrid ratchet steps; a header without them takes a classical step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's ratchet key of this chain.
    pub(crate) ratchet_key: DhPublic,
    /// How many messages the sender's previous chain had.
    pub(crate) previous: u32,
    /// The message's number in this chain, from 0.
    pub(crate) number: u32,
}

impl Header {
    /// Length without extensions.
    pub(crate) const LEN: usize = 32 + 4 + 4;

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.ratchet_key.as_bytes());
        out.extend_from_slice(&self.previous.to_be_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        const MALFORMED: Error = Error::Malformed("ratchet header");
        let (ratchet_key, rest) = bytes.split_first_chunk().ok_or(MALFORMED)?;
        let (previous, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let (number, mut extensions) = rest.split_first_chunk().ok_or(MALFORMED)?;
        while let Some((_, rest)) = extensions.split_first() {
            let (len, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
            let len = usize::from(u16::from_be_bytes(*len));
            (_, extensions) = rest.split_at_checked(len).ok_or(MALFORMED)?;
        }
        Ok(Self {
            ratchet_key: DhPublic::from_bytes(*ratchet_key)?,
            previous: u32::from_be_bytes(*previous),
            number: u32::from_be_bytes(*number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let ratchet_key = DhPublic::from_bytes([9; 32]).unwrap();
        Header { ratchet_key, previous: 7, number: 0x0102_0304 }
    }

    #[test]
    fn unknown_extensions_are_ignored() {
        let mut bytes = Vec::new();
        header().write(&mut bytes);
        assert_eq!(bytes.len(), Header::LEN);
        assert_eq!(Header::parse(&bytes), Ok(header()));
        bytes.extend_from_slice(&[200, 0, 2, 0xaa, 0xbb, 201, 0, 0]);
        assert_eq!(Header::parse(&bytes), Ok(header()));
    }

    #[test]
    fn truncated_headers_and_extensions_are_refused() {
        let mut bytes = Vec::new();
        header().write(&mut bytes);
        bytes.extend_from_slice(&[200, 0, 2, 0xaa, 0xbb]);
        for len in (0..bytes.len()).filter(|len| *len != Header::LEN) {
            assert_eq!(
                Header::parse(&bytes[..len]),
                Err(Error::Malformed("ratchet header")),
                "{len}"
            );
        }
    }
}
