use core::fmt;

use zentalk_primitives::Secret;

use crate::Error;
use crate::crypto::GcmKey;
use crate::storage::{Persist, Reader, Sink};

/// Defines a key of 32 bytes that says what it is for.
macro_rules! secret_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Secret<32>);

        impl $name {
            pub(crate) const fn new(secret: Secret<32>) -> Self {
                Self(secret)
            }

            pub(crate) const fn expose(&self) -> &[u8; 32] {
                self.0.expose()
            }
        }

        impl Persist for $name {
            fn write(&self, out: &mut impl Sink) {
                self.0.write(out);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
                input.secret().map(Self)
            }
        }
    };
}

secret_key! {
    /// Key of the root chain: takes in every Diffie-Hellman result.
    RootKey
}

secret_key! {
    /// Key of a sending or receiving chain: gives one message key per message.
    ChainKey
}

secret_key! {
    /// Key of one message; used once and consumed.
    MessageKey
}

/// Key of the headers of one chain.
///
/// Scheduled once: a message that arrives is tried with the header keys of many sessions.
pub struct HeaderKey {
    bytes: Secret<32>,
    cipher: GcmKey,
}

impl HeaderKey {
    pub(crate) fn new(bytes: Secret<32>) -> Self {
        let cipher = GcmKey::new(bytes.expose());
        Self { bytes, cipher }
    }

    pub(crate) const fn cipher(&self) -> &GcmKey {
        &self.cipher
    }

    /// A copy that outlives its chain, for the chain's skipped messages.
    pub(super) fn duplicate(&self) -> Self {
        Self::new(self.bytes.duplicate())
    }
}

impl fmt::Debug for HeaderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderKey([redacted])")
    }
}

impl Persist for HeaderKey {
    fn write(&self, out: &mut impl Sink) {
        self.bytes.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        input.secret().map(Self::new)
    }
}

impl MessageKey {
    /// A copy to try with, while the kept one waits for the outcome.
    pub(super) const fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }
}

/// What a set-up gives to both sides.
#[derive(Debug)]
pub struct SessionSecrets {
    pub(super) root: RootKey,
    pub(super) initiator_header: HeaderKey,
    pub(super) responder_header: HeaderKey,
}

impl SessionSecrets {
    /// The root key, the key of the initiator's first headers, and of the responder's.
    pub fn new(root: Secret<32>, initiator: Secret<32>, responder: Secret<32>) -> Self {
        Self {
            root: RootKey(root),
            initiator_header: HeaderKey::new(initiator),
            responder_header: HeaderKey::new(responder),
        }
    }
}
