use super::cryptex;
use super::header::RtpHeader;
use super::header_extension::HeaderExtensionCipher;
use super::options::Coverage;
use super::session_keys::SessionKeys;
use super::span::Span;
use crate::Error;

/// What of an RTP packet is encrypted, with the key for it; chosen once per context.
pub(super) enum RtpCoverage {
    Payload,
    Extensions(Box<HeaderExtensionCipher>),
    Cryptex,
    Nothing,
}

impl RtpCoverage {
    /// # Errors
    /// [`Error::KeyLength`] if header extensions need a key that `keys` do not have.
    pub(super) fn new(coverage: Coverage, keys: &SessionKeys) -> Result<Self, Error> {
        Ok(match coverage {
            Coverage::Payload => Self::Payload,
            Coverage::Extensions(ids) => {
                let (key, salt) = keys.header().ok_or(Error::KeyLength)?;
                Self::Extensions(Box::new(HeaderExtensionCipher::with_ids(key, salt, ids)?))
            }
            Coverage::Cryptex => Self::Cryptex,
            Coverage::Nothing => Self::Nothing,
        })
    }

    /// Whether nothing but the payload is encrypted.
    pub(super) const fn is_payload(&self) -> bool {
        matches!(self, Self::Payload)
    }

    /// By how many bytes [`Self::encrypt_header`] will lengthen the packet.
    pub(super) fn growth(&self, packet: &[u8]) -> usize {
        match self {
            Self::Cryptex if cryptex::needs_block(packet) => cryptex::BLOCK_LEN,
            _ => 0,
        }
    }

    /// Whether [`Self::encrypt_header`], or for a received packet [`Self::decrypt_header`], will
    /// succeed.
    ///
    /// # Errors
    /// [`Error::HeaderExtension`], [`Error::Malformed`].
    pub(super) fn check(&self, packet: &[u8], header: RtpHeader) -> Result<(), Error> {
        match self {
            Self::Payload | Self::Nothing => Ok(()),
            Self::Extensions(cipher) => {
                let Some(block) = header.extension(packet) else { return Ok(()) };
                cipher.check(block.profile, packet.get(block.data()).ok_or(Error::Malformed)?)
            }
            Self::Cryptex => cryptex::check(packet, header),
        }
    }

    /// Encrypts what the payload's cipher will not, in the packet in the first `len` bytes of `buf`, and
    /// says what it will. Comes after [`Self::check`].
    pub(super) fn encrypt_header(
        &self,
        buf: &mut [u8],
        len: usize,
        header: RtpHeader,
        index: u64,
    ) -> Result<Span, Error> {
        match self {
            Self::Payload => Ok(Span::from(header.len)),
            Self::Nothing => Ok(Span::from(len)),
            Self::Extensions(cipher) => {
                apply(cipher, buf, header, index)?;
                Ok(Span::from(header.len))
            }
            Self::Cryptex if cryptex::needs_block(buf) => {
                let header = cryptex::insert_block(buf, len, header).ok_or(Error::Internal)?;
                Ok(cryptex::mark(buf, header))
            }
            Self::Cryptex => Ok(cryptex::mark(buf, header)),
        }
    }

    /// What of a received packet is encrypted by the payload's cipher. `len` is its length without
    /// trailer.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the header ends behind that, [`Error::HeaderExtension`].
    pub(super) fn received(
        &self,
        packet: &[u8],
        len: usize,
        header: RtpHeader,
    ) -> Result<Span, Error> {
        match self {
            Self::Payload => Ok(Span::from(header.len)),
            _ if header.len > len => Err(Error::Malformed),
            Self::Nothing => Ok(Span::from(len)),
            Self::Extensions(_) => self.check(packet, header).map(|()| Span::from(header.len)),
            Self::Cryptex => Ok(cryptex::span(packet, header)),
        }
    }

    /// Undoes [`Self::encrypt_header`], but for a block that it inserted, in a packet found authentic.
    pub(super) fn decrypt_header(
        &self,
        packet: &mut [u8],
        header: RtpHeader,
        index: u64,
    ) -> Result<(), Error> {
        match self {
            Self::Payload | Self::Nothing => Ok(()),
            Self::Extensions(cipher) => apply(cipher, packet, header, index),
            Self::Cryptex => {
                cryptex::unmark(packet, header);
                Ok(())
            }
        }
    }
}

fn apply(
    cipher: &HeaderExtensionCipher,
    packet: &mut [u8],
    header: RtpHeader,
    index: u64,
) -> Result<(), Error> {
    let Some(block) = header.extension(packet) else { return Ok(()) };
    let data = packet.get_mut(block.data()).ok_or(Error::Internal)?;
    cipher.apply(header.ssrc, index, block.profile, data)
}
