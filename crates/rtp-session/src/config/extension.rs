/// The longest value that the one-byte extension form carries (RFC 8285 §4.2).
const MAX_VALUE_LEN: usize = 16;

/// A mid and the extension id that carries it (RFC 8843 §15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mid {
    pub(crate) extension_id: u8,
    pub(crate) value: Vec<u8>,
}

impl Mid {
    pub(super) fn new(extension_id: u8, value: &str) -> Self {
        Self { extension_id, value: value.as_bytes().to_vec() }
    }

    pub(super) fn is_valid(&self) -> bool {
        is_extension_id(self.extension_id) && (1..=MAX_VALUE_LEN).contains(&self.value.len())
    }
}

/// Which simulcast layer a stream is, and the extension ids that tell it (RFC 8852 §3.1, §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rid {
    pub(crate) extension_id: u8,
    pub(crate) repaired_extension_id: u8,
    pub(crate) value: Vec<u8>,
}

impl Rid {
    pub(super) fn new(extension_id: u8, repaired_extension_id: u8, value: &str) -> Self {
        Self { extension_id, repaired_extension_id, value: value.as_bytes().to_vec() }
    }

    /// RFC 8852 §3: letters and digits.
    pub(super) fn is_valid(&self) -> bool {
        is_extension_id(self.extension_id)
            && is_extension_id(self.repaired_extension_id)
            && self.extension_id != self.repaired_extension_id
            && (1..=MAX_VALUE_LEN).contains(&self.value.len())
            && self.value.iter().all(u8::is_ascii_alphanumeric)
    }
}

/// Ids of the one-byte form (RFC 8285 §4.2).
pub(super) fn is_extension_id(id: u8) -> bool {
    (1..=14).contains(&id)
}
