use crate::Error;

/// The master key identifier that ends each packet (RFC 3711 §3.1), empty where none was negotiated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mki(Box<[u8]>);

impl Mki {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_MKI_LEN { Err(Error::KeyLength) } else { Ok(Self(bytes.into())) }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes it to the end of `buf`, and returns what is before it.
    pub(super) fn write<'a>(&self, buf: &'a mut [u8]) -> Result<&'a mut [u8], Error> {
        if self.0.is_empty() {
            return Ok(buf);
        }
        let (rest, end) = split_end(buf, self.len()).ok_or(Error::BufferTooSmall)?;
        end.copy_from_slice(&self.0);
        Ok(rest)
    }

    /// Takes it from the end of `packet`, and returns what is before it.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] if the packet ends with another one, [`Error::Malformed`] if it is shorter.
    pub(super) fn strip<'a>(&self, packet: &'a mut [u8]) -> Result<&'a mut [u8], Error> {
        if self.0.is_empty() {
            return Ok(packet);
        }
        let (rest, end) = split_end(packet, self.len()).ok_or(Error::Malformed)?;
        if *end == *self.0 { Ok(rest) } else { Err(Error::UnknownKey) }
    }
}

fn split_end(buf: &mut [u8], len: usize) -> Option<(&mut [u8], &mut [u8])> {
    let at = buf.len().checked_sub(len)?;
    buf.split_at_mut_checked(at)
}

/// The longest master key identifier, in bytes (RFC 4568 §6.1).
pub const MAX_MKI_LEN: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_taken() {
        let mki = Mki::new(&[1, 2]).unwrap();
        let mut buf = [9; 5];
        assert_eq!(mki.write(&mut buf), Ok(&mut [9, 9, 9][..]));
        assert_eq!(buf, [9, 9, 9, 1, 2]);
        assert_eq!(mki.strip(&mut buf), Ok(&mut [9, 9, 9][..]));
        assert_eq!(mki.strip(&mut [1, 3]), Err(Error::UnknownKey));
        assert_eq!(mki.strip(&mut [2]), Err(Error::Malformed));
        assert_eq!(mki.write(&mut [2]), Err(Error::BufferTooSmall));
        assert_eq!(Mki::default().strip(&mut []), Ok(&mut [][..]));
    }

    /// RFC 4568 §6.1: 1 to 128 bytes.
    #[test]
    fn longer_identifiers_are_refused() {
        assert!(Mki::new(&[0; MAX_MKI_LEN]).is_ok());
        assert_eq!(Mki::new(&[0; MAX_MKI_LEN + 1]), Err(Error::KeyLength));
    }
}
