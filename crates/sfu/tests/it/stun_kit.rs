//! STUN messages built and read by hand, apart from the code under test.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

pub(crate) mod attributes {
    pub(crate) const USERNAME: u16 = 0x0006;
    pub(crate) const INTEGRITY: u16 = 0x0008;
    pub(crate) const ERROR_CODE: u16 = 0x0009;
    pub(crate) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
    pub(crate) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub(crate) const PRIORITY: u16 = 0x0024;
    pub(crate) const USE_CANDIDATE: u16 = 0x0025;
    pub(crate) const FINGERPRINT: u16 = 0x8028;
    pub(crate) const ICE_CONTROLLED: u16 = 0x8029;
    pub(crate) const ICE_CONTROLLING: u16 = 0x802a;
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) kind: u16,
    pub(crate) transaction: [u8; 12],
    attributes: Vec<(u16, Vec<u8>)>,
}

impl Message {
    /// A Binding request.
    pub(crate) fn request() -> Self {
        Self { kind: 1, transaction: [9; 12], attributes: Vec::new() }
    }

    /// A Binding success response.
    pub(crate) fn success(transaction: [u8; 12]) -> Self {
        Self { kind: 0x0101, transaction, attributes: Vec::new() }
    }

    pub(crate) fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        self.attributes.push((kind, value.to_vec()));
        self
    }

    pub(crate) fn find(&self, kind: u16) -> Option<&[u8]> {
        self.attributes.iter().find(|(found, _)| *found == kind).map(|(_, value)| &value[..])
    }

    pub(crate) fn signed(&self, password: &str) -> Vec<u8> {
        self.signed_with(password, &[])
    }

    /// With attributes behind the integrity.
    pub(crate) fn signed_with(&self, password: &str, behind: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = self.head();
        set_len(&mut bytes, 24);
        let mac = mac(password, &bytes);
        push(&mut bytes, attributes::INTEGRITY, &mac);
        behind.iter().for_each(|(kind, value)| push(&mut bytes, *kind, value));
        fingerprinted(bytes)
    }

    pub(crate) fn unsigned(&self) -> Vec<u8> {
        fingerprinted(self.head())
    }

    /// Reads a message and checks integrity and fingerprint.
    pub(crate) fn parse(bytes: &[u8], password: &str) -> Option<Self> {
        let mut message = Self {
            kind: u16::from_be_bytes([bytes[0], bytes[1]]),
            transaction: bytes[8..20].try_into().unwrap(),
            attributes: Vec::new(),
        };
        assert_eq!(usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), bytes.len() - 20);
        let mut at = 20;
        while at < bytes.len() {
            let kind = u16::from_be_bytes([bytes[at], bytes[at + 1]]);
            let len = usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
            let value = bytes[at + 4..at + 4 + len].to_vec();
            match kind {
                attributes::INTEGRITY => {
                    let mut covered = bytes[..at].to_vec();
                    set_len(&mut covered, 24);
                    assert_eq!(mac(password, &covered), value[..]);
                }
                attributes::FINGERPRINT => {
                    assert_eq!((crc(&bytes[..at]) ^ 0x5354_554e).to_be_bytes(), value[..]);
                    assert_eq!(at + 8, bytes.len());
                    return Some(message);
                }
                _ => message.attributes.push((kind, value)),
            }
            at += 4 + len.next_multiple_of(4);
        }
        None
    }

    fn head(&self) -> Vec<u8> {
        let mut bytes = self.kind.to_be_bytes().to_vec();
        bytes.extend([0, 0, 0x21, 0x12, 0xa4, 0x42]);
        bytes.extend(self.transaction);
        self.attributes.iter().for_each(|(kind, value)| push(&mut bytes, *kind, value));
        bytes
    }
}

fn fingerprinted(mut bytes: Vec<u8>) -> Vec<u8> {
    set_len(&mut bytes, 8);
    let value = crc(&bytes) ^ 0x5354_554e;
    push(&mut bytes, attributes::FINGERPRINT, &value.to_be_bytes());
    bytes
}

/// Makes the length field count `more` bytes than there are.
fn set_len(bytes: &mut [u8], more: usize) {
    let len = (bytes.len() - 20 + more) as u16;
    bytes[2..4].copy_from_slice(&len.to_be_bytes());
}

fn push(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    bytes.extend(kind.to_be_bytes());
    bytes.extend((value.len() as u16).to_be_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn mac(password: &str, bytes: &[u8]) -> [u8; 20] {
    let mut mac = Hmac::<Sha1>::new_from_slice(password.as_bytes()).unwrap();
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// CRC-32 of ITU-T V.42, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    let all = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    });
    !all
}
