use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::limits::MAX_WORKERS;

/// Our ufrag and password towards one participant (RFC 8445 §5.3).
///
/// The ufrag is two characters for the worker and 60 random bits, the password 144 random bits. Neither is printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    ufrag: String,
    password: Zeroizing<String>,
}

/// Length of every ufrag of ours, in bytes.
pub const UFRAG_LEN: usize = WORKER_CHARS + RANDOM_CHARS;

impl Credentials {
    /// Fresh ones, made by `worker`.
    pub fn random(worker: u16, rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; RANDOM_CHARS + PASSWORD_LEN]);
        rng.fill_bytes(bytes.as_mut_slice());
        let mut random = bytes.iter().map(|byte| ice_char(*byte));
        let mut ufrag = String::with_capacity(UFRAG_LEN);
        ufrag.extend([ice_char((worker >> 6) as u8), ice_char(worker as u8)]);
        ufrag.extend(random.by_ref().take(RANDOM_CHARS));
        let mut password = Zeroizing::new(String::with_capacity(PASSWORD_LEN));
        password.extend(random);
        Self { ufrag, password }
    }

    /// The username fragment.
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// What stands for the worker at the beginning of its ufrags, and of what participants repeat to it.
    pub(super) fn worker_mark(&self) -> [u8; WORKER_CHARS] {
        self.ufrag.as_bytes().first_chunk().copied().unwrap_or_default()
    }

    /// The password. For signalling only.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// A copy of the password, for signalling only.
    pub(crate) fn password_copy(&self) -> Zeroizing<String> {
        self.password.clone()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([redacted])")
    }
}

/// The worker that made `ufrag`, if it has the form of ours.
pub(super) fn worker_in(ufrag: &[u8]) -> Option<u16> {
    marked_worker(ufrag).filter(|_| ufrag.len() == UFRAG_LEN)
}

/// The worker whose mark stands at the beginning of `bytes`.
pub(super) fn marked_worker(bytes: &[u8]) -> Option<u16> {
    let [high, low, ..] = bytes else { return None };
    let worker = u16::from(value_of(*high)?) << 6 | u16::from(value_of(*low)?);
    Some(worker).filter(|worker| *worker < MAX_WORKERS)
}

/// The character for the low six bits of `byte` (RFC 8839 §5.4: letters, digits, plus and slash).
fn ice_char(byte: u8) -> char {
    char::from(ICE_CHARS.get(usize::from(byte & 63)).copied().unwrap_or(b'/'))
}

fn value_of(character: u8) -> Option<u8> {
    ICE_CHARS.iter().position(|c| *c == character).map(|at| at as u8)
}

const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(super) const WORKER_CHARS: usize = 2;
const RANDOM_CHARS: usize = 10;
const PASSWORD_LEN: usize = 24;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn the_worker_and_nothing_else_can_be_read_from_a_ufrag() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for worker in [0, 1, 63, 64, 4_095] {
            let [one, other] = [(); 2].map(|()| Credentials::random(worker, &mut rng));
            assert_eq!(worker_in(one.ufrag().as_bytes()), Some(worker));
            assert_eq!(one.ufrag()[..2], other.ufrag()[..2]);
            assert_ne!(one.ufrag()[2..], other.ufrag()[2..]);
            assert_ne!(one.password(), other.password());
            assert_eq!((one.ufrag().len(), one.password().len()), (UFRAG_LEN, 24));
        }
    }

    #[test]
    fn other_ufrags_have_no_worker() {
        for other in [&b""[..], b"AA", b"AAAAAAAAAAAAA", b"A-AAAAAAAAAA", b"AAAAAAAAAAA"] {
            assert_eq!(worker_in(other), None);
        }
    }

    #[test]
    fn debug_shows_neither() {
        let credentials = Credentials::random(3, &mut ChaCha20Rng::seed_from_u64(1));
        assert_eq!(format!("{credentials:?}"), "Credentials([redacted])");
    }
}
