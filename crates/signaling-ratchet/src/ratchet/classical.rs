use rand_core::CryptoRng;
use zentalk_primitives::Secret;

use crate::Error;
use crate::keys::DhShared;

use super::header::Header;
use super::secrets::{ChainKey, HeaderKey, MessageKey, RootKey};
use super::suite::{ChainStep, RootStep, Sealed, Suite, Zentalk};

/// [`Zentalk`] without ML-KEM in its ratchet steps: for the benchmark, which states the two apart.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Classical;

impl Sealed for Classical {}

impl Suite for Classical {
    const ENCRYPTED_HEADERS: bool = Zentalk::ENCRYPTED_HEADERS;
    const HYBRID: bool = false;
    const OVERHEAD: usize = Zentalk::OVERHEAD;

    fn root_step(root: &RootKey, shared: &DhShared, kem: Option<&Secret<32>>) -> RootStep {
        Zentalk::root_step(root, shared, kem)
    }

    fn chain_step(chain: &ChainKey) -> ChainStep {
        Zentalk::chain_step(chain)
    }

    fn seal_header(key: &HeaderKey, header: &Header, rng: &mut impl CryptoRng, out: &mut Vec<u8>) {
        Zentalk::seal_header(key, header, rng, out);
    }

    fn split(message: &[u8]) -> Result<(&[u8], &[u8]), Error> {
        Zentalk::split(message)
    }

    fn open_header(key: &HeaderKey, sealed: &[u8]) -> Result<Option<Header>, Error> {
        Zentalk::open_header(key, sealed)
    }

    fn seal_body(key: MessageKey, aad: &[u8], plaintext: &[u8], out: &mut Vec<u8>, start: usize) {
        Zentalk::seal_body(key, aad, plaintext, out, start);
    }

    fn open_body(
        key: MessageKey,
        aad: &[u8],
        sealed_header: &[u8],
        body: &[u8],
    ) -> Option<Vec<u8>> {
        Zentalk::open_body(key, aad, sealed_header, body)
    }
}
