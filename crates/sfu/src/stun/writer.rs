use super::{FINGERPRINT_XOR, HEADER_LEN, MAC_ATTRIBUTE_LEN, MAGIC_COOKIE, attribute};

/// Writes a STUN message into a buffer of the caller's. What does not fit is not written; `finish` tells.
pub(super) struct MessageWriter<'a> {
    out: &'a mut [u8],
    len: usize,
    fits: bool,
}

impl<'a> MessageWriter<'a> {
    pub(super) fn new(out: &'a mut [u8], message_type: u16, transaction: &[u8; 12]) -> Self {
        let mut writer = Self { out, len: 0, fits: true };
        writer.push(&message_type.to_be_bytes());
        writer.push(&[0, 0]);
        writer.push(&MAGIC_COOKIE);
        writer.push(transaction);
        writer
    }

    pub(super) fn attribute(&mut self, kind: u16, value: &[u8]) {
        self.push(&kind.to_be_bytes());
        self.push(&(value.len() as u16).to_be_bytes());
        self.push(value);
        let padding = value.len().next_multiple_of(4) - value.len();
        self.push([0; 3].get(..padding).unwrap_or_default());
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.push(bytes);
    }

    /// Signs what is written (RFC 8489 §14.5), adds the fingerprint (§14.7) and returns the length of the message; `None` if it did not fit.
    pub(super) fn finish(mut self, sign: impl FnOnce(&[u8]) -> [u8; 20]) -> Option<usize> {
        self.set_len(self.len + MAC_ATTRIBUTE_LEN);
        let mac = sign(self.out.get(..self.len).unwrap_or_default());
        self.attribute(attribute::MESSAGE_INTEGRITY, &mac);
        self.set_len(self.len + FINGERPRINT_LEN);
        let crc = crc32fast::hash(self.out.get(..self.len).unwrap_or_default());
        self.attribute(attribute::FINGERPRINT, &(crc ^ FINGERPRINT_XOR).to_be_bytes());
        self.fits.then_some(self.len)
    }

    /// The length field counts what follows the header; both checks cover it as it is when they have been added.
    fn set_len(&mut self, len: usize) {
        let field = (len - HEADER_LEN) as u16;
        match self.out.get_mut(2..4) {
            Some(place) => place.copy_from_slice(&field.to_be_bytes()),
            None => self.fits = false,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        match self.out.get_mut(self.len..self.len + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.len += bytes.len();
            }
            None => self.fits = false,
        }
    }
}

const FINGERPRINT_LEN: usize = 8;
