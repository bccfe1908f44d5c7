use prost::Message;
use rand_core::CryptoRng;

use crate::Error;
use crate::crypto::SIGNATURE_LEN;
use crate::identity::{Identity, IdentityPublic};
use crate::keys::{DhKeyPair, DhPublic};
use crate::limits;
use crate::storage::{Persist, Reader, Sink};

const LABEL: &[u8] = b"zentalk/prekeys/one-time v1";

/// An X25519 prekey that serves one set-up.
pub(super) struct OneTimePrekey {
    pub(super) id: u32,
    pub(super) pair: DhKeyPair,
    signature: [u8; SIGNATURE_LEN],
}

impl OneTimePrekey {
    pub(super) fn generate(id: u32, identity: &Identity, rng: &mut impl CryptoRng) -> Self {
        let pair = DhKeyPair::random(rng);
        let signature = identity.sign(LABEL, &signed_part(id, &pair.public()));
        Self { id, pair, signature }
    }

    /// The blob for the relay.
    pub(super) fn publishable(&self) -> Vec<u8> {
        OneTimeWire {
            id: self.id,
            key: self.pair.public().as_bytes().to_vec(),
            signature: self.signature.to_vec(),
        }
        .encode_to_vec()
    }
}

/// Reads and verifies a blob.
pub(super) fn parse(blob: &[u8], peer: &IdentityPublic) -> Result<(u32, DhPublic), Error> {
    const MALFORMED: Error = Error::Malformed("one-time prekey");
    if blob.len() > limits::ONE_TIME_PREKEY_LEN {
        let limit = limits::ONE_TIME_PREKEY_LEN;
        return Err(Error::TooLong { part: "one-time prekey", limit });
    }
    let wire = OneTimeWire::decode(blob).map_err(|_| MALFORMED)?;
    let signature = wire.signature.try_into().map_err(|_| MALFORMED)?;
    let key = DhPublic::from_slice(&wire.key)?;
    if wire.id == 0 {
        return Err(MALFORMED);
    }
    peer.verify(LABEL, &signed_part(wire.id, &key), &signature, "one-time prekey")?;
    Ok((wire.id, key))
}

fn signed_part(id: u32, key: &DhPublic) -> Vec<u8> {
    [id.to_be_bytes().as_slice(), key.as_bytes()].concat()
}

impl Persist for OneTimePrekey {
    fn write(&self, out: &mut impl Sink) {
        self.id.write(out);
        self.pair.write(out);
        self.signature.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        let id = u32::read(input)?;
        Ok(Self { id, pair: DhKeyPair::read(input)?, signature: input.array()? })
    }
}

#[derive(Clone, PartialEq, Message)]
struct OneTimeWire {
    #[prost(uint32, tag = "1")]
    id: u32,
    #[prost(bytes = "vec", tag = "2")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    signature: Vec<u8>,
}
