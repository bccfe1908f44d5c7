use crate::Error;
use crate::crypto::{KEM_CIPHERTEXT_LEN, KEM_PUBLIC_LEN};
use crate::keys::DhPublic;

use super::kem::KemField;

/// A message's header in clear: which chain, and where in it.
///
/// ```text
/// ratchet key (32) | previous chain length (4) | number (4) | extensions: (type (1) | length (2) | value)*
/// ```
/// Integers are big-endian. Unknown extensions are ignored. Type 1 is an ML-KEM-768 encapsulation key, type 2 a
/// ciphertext; at most one of them stands in a header. Type 0 is padding: it makes a header with a ciphertext as long
/// as one with a key, so that the length does not tell who began the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's ratchet key of this chain.
    pub(crate) ratchet_key: DhPublic,
    /// How many messages the sender's previous chain had.
    pub(crate) previous: u32,
    /// The message's number in this chain, from 0.
    pub(crate) number: u32,
    /// The chain's part in a round of ML-KEM.
    pub(crate) kem: Option<KemField>,
}

impl Header {
    /// Length without extensions.
    pub(crate) const LEN: usize = 32 + 4 + 4;
    /// Length that ML-KEM material adds, key or ciphertext.
    pub(crate) const KEM_LEN: usize = EXTENSION_PREFIX_LEN + KEM_PUBLIC_LEN;

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.ratchet_key.as_bytes());
        out.extend_from_slice(&self.previous.to_be_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        match &self.kem {
            None => {}
            Some(KemField::Key(key)) => extension(out, KEM_KEY, key.as_slice()),
            Some(KemField::Ciphertext(ciphertext)) => {
                extension(out, KEM_CIPHERTEXT, ciphertext.as_slice());
                extension(out, PADDING, &[0; CIPHERTEXT_PADDING_LEN]);
            }
        }
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        const MALFORMED: Error = Error::Malformed("ratchet header");
        let (ratchet_key, rest) = bytes.split_first_chunk().ok_or(MALFORMED)?;
        let (previous, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let (number, mut extensions) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let mut kem = None;
        while let Some((kind, rest)) = extensions.split_first() {
            let (len, rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
            let len = usize::from(u16::from_be_bytes(*len));
            let (value, rest) = rest.split_at_checked(len).ok_or(MALFORMED)?;
            extensions = rest;
            let field = match *kind {
                KEM_KEY => value.try_into().map(|key| KemField::Key(Box::new(key))),
                KEM_CIPHERTEXT => value.try_into().map(|text| KemField::Ciphertext(Box::new(text))),
                _ => continue,
            };
            if kem.replace(field.map_err(|_| MALFORMED)?).is_some() {
                return Err(MALFORMED);
            }
        }
        Ok(Self {
            ratchet_key: DhPublic::from_bytes(*ratchet_key)?,
            previous: u32::from_be_bytes(*previous),
            number: u32::from_be_bytes(*number),
            kem,
        })
    }
}

fn extension(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    // None is longer than a key.
    let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
    out.push(kind);
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(value);
}

const PADDING: u8 = 0;
const KEM_KEY: u8 = 1;
const KEM_CIPHERTEXT: u8 = 2;

/// Type and length.
const EXTENSION_PREFIX_LEN: usize = 1 + 2;
const CIPHERTEXT_PADDING_LEN: usize = KEM_PUBLIC_LEN - KEM_CIPHERTEXT_LEN - EXTENSION_PREFIX_LEN;

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        let ratchet_key = DhPublic::from_bytes([9; 32]).unwrap();
        Header { ratchet_key, previous: 7, number: 0x0102_0304, kem: None }
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
    fn key_and_ciphertext_make_headers_of_one_length() {
        let key = KemField::Key(Box::new([1; KEM_PUBLIC_LEN]));
        let ciphertext = KemField::Ciphertext(Box::new([2; KEM_CIPHERTEXT_LEN]));
        for field in [key, ciphertext] {
            let header = Header { kem: Some(field), ..header() };
            let mut bytes = Vec::new();
            header.write(&mut bytes);
            assert_eq!(bytes.len(), Header::LEN + Header::KEM_LEN);
            assert_eq!(Header::parse(&bytes), Ok(header));
        }
    }

    #[test]
    fn kem_material_of_another_length_or_twice_is_refused() {
        let malformed = Err(Error::Malformed("ratchet header"));
        for kind in [KEM_KEY, KEM_CIPHERTEXT] {
            for len in [0, 1, KEM_CIPHERTEXT_LEN - 1, KEM_CIPHERTEXT_LEN + 1, KEM_PUBLIC_LEN + 1] {
                let mut bytes = Vec::new();
                header().write(&mut bytes);
                extension(&mut bytes, kind, &vec![0; len]);
                assert_eq!(Header::parse(&bytes), malformed, "{kind} {len}");
            }
        }
        let mut bytes = Vec::new();
        header().write(&mut bytes);
        extension(&mut bytes, KEM_KEY, &[0; KEM_PUBLIC_LEN]);
        extension(&mut bytes, KEM_CIPHERTEXT, &[0; KEM_CIPHERTEXT_LEN]);
        assert_eq!(Header::parse(&bytes), malformed);
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
