use core::fmt;

use rand_core::CryptoRng;

/// Defines an identifier of fixed length: opaque bytes, printed in hexadecimal.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Its length in bytes.
            pub const LEN: usize = $len;

            /// The identifier with these bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The identifier with these bytes, if there are exactly [`Self::LEN`] of them.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// A fresh one.
            pub fn random(rng: &mut impl CryptoRng) -> Self {
                let mut bytes = [0; $len];
                rng.fill_bytes(&mut bytes);
                Self(bytes)
            }

            /// Its bytes, big-endian where they are compared as a number.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

id! {
    /// Names one call. Random; ordered as a big-endian number, which decides glare.
    CallId, 16
}

id! {
    /// Names one device of a person. Random.
    DeviceId, 4
}

id! {
    /// Names one mailbox at a relay: SHA-256 of the mailbox's public key.
    MailboxId, 32
}

id! {
    /// Names one group call to an SFU. Random, and known to the members only: whoever can name it may ask for a token.
    RoomId, 16
}

id! {
    /// Names one member of a group call to an SFU: the digest of a secret made for one stay in one call. It tells nothing of the person.
    ParticipantId, 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_big_endian_number() {
        let mut small = [0xff; 16];
        small[0] = 0;
        let mut large = [0; 16];
        large[0] = 1;
        assert!(CallId::from_bytes(small) < CallId::from_bytes(large));
    }

    #[test]
    fn prints_as_hexadecimal() {
        let id = DeviceId::from_bytes([0, 1, 0xab, 0xff]);
        assert_eq!(id.to_string(), "0001abff");
        assert_eq!(format!("{id:?}"), "DeviceId(0001abff)");
    }
}
