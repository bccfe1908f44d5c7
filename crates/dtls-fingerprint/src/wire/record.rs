/// The header of a plaintext record (`DTLSPlaintext`, RFC 6347 §4.1): type, version, epoch, sequence number and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    /// Everything before the length, byte for byte.
    prefix: [u8; PREFIX_LEN],
}

impl RecordHeader {
    fn parse(bytes: &[u8]) -> Option<(Self, &[u8], &[u8])> {
        let (prefix, rest) = bytes.split_first_chunk::<PREFIX_LEN>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (body, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some((Self { prefix: *prefix }, body, rest))
    }

    fn is_plaintext_handshake(&self) -> bool {
        let [content_type, _, _, epoch_high, epoch_low, ..] = self.prefix;
        content_type == HANDSHAKE && (epoch_high, epoch_low) == (0, 0)
    }

    /// Appends a record with this header's type, version, epoch and number around `body`, if its length can be expressed.
    pub(crate) fn write(&self, body: &[u8], out: &mut Vec<u8>) {
        if let Ok(length) = u16::try_from(body.len()) {
            out.extend_from_slice(&self.prefix);
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(body);
        }
    }
}

/// A part of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A record of handshake messages in epoch 0, that is: not protected.
    Handshake(RecordHeader, &'a [u8]),
    /// Any other record with a plaintext header, whole.
    Other(&'a [u8]),
    /// What is left and has no such header: a DTLS 1.3 record with the unified header (RFC 9147 §4), or damage.
    Rest(&'a [u8]),
}

/// Takes a datagram apart.
pub(crate) fn pieces(datagram: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let mut left = datagram;
    core::iter::from_fn(move || {
        let here = left;
        if here.is_empty() {
            return None;
        }
        let is_unified = here.first().is_some_and(|first| first & UNIFIED_MASK == UNIFIED);
        let Some((header, body, rest)) = RecordHeader::parse(here).filter(|_| !is_unified) else {
            left = &[];
            return Some(Piece::Rest(here));
        };
        left = rest;
        Some(if header.is_plaintext_handshake() {
            Piece::Handshake(header, body)
        } else {
            Piece::Other(here.get(..here.len() - rest.len()).unwrap_or_default())
        })
    })
}

const PREFIX_LEN: usize = 11;
const HANDSHAKE: u8 = 22;
/// `001` in the three top bits: the unified header of DTLS 1.3 (RFC 9147 §4).
const UNIFIED: u8 = 0b0010_0000;
const UNIFIED_MASK: u8 = 0b1110_0000;

#[cfg(test)]
mod tests {
    use super::*;

    const HANDSHAKE_RECORD: [u8; 15] = [22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7, 0, 2, 0xaa, 0xbb];
    const PROTECTED_RECORD: [u8; 14] = [22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 7, 0, 1, 0xcc];

    /// RFC 6347 §4.1, RFC 9147 §4.
    #[test]
    fn a_datagram_of_several_records_is_taken_apart() {
        let datagram = [&HANDSHAKE_RECORD[..], &PROTECTED_RECORD, &[0x2c, 1, 2, 3]].concat();
        let found: Vec<_> = pieces(&datagram).collect();
        assert!(matches!(found[0], Piece::Handshake(_, [0xaa, 0xbb])));
        assert_eq!(found[1..], [Piece::Other(&PROTECTED_RECORD), Piece::Rest(&[0x2c, 1, 2, 3])]);
    }

    #[test]
    fn a_truncated_record_is_the_rest() {
        for length in 1..HANDSHAKE_RECORD.len() {
            let cut = &HANDSHAKE_RECORD[..length];
            assert_eq!(pieces(cut).collect::<Vec<_>>(), [Piece::Rest(cut)]);
        }
    }

    #[test]
    fn what_is_read_is_written_back() {
        for piece in pieces(&HANDSHAKE_RECORD) {
            let Piece::Handshake(header, body) = piece else { panic!("not a handshake") };
            let mut out = Vec::new();
            header.write(body, &mut out);
            assert_eq!(out, HANDSHAKE_RECORD);
        }
    }
}
