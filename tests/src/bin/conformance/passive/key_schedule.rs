//! The key schedule of TLS 1.2 (RFC 5246 §5, §6.3, §7.4.9) and its exporter (RFC 5705).

use aws_lc_rs::{digest, hmac};

/// The hash under the pseudo-random function.
#[derive(Clone, Copy)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha384].into_iter().find(|hash| hash.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
        }
    }

    fn digest(self, data: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
        };
        digest::digest(algorithm, data)
    }

    fn hmac(self, key: &[u8]) -> hmac::Key {
        let algorithm = match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        };
        hmac::Key::new(algorithm, key)
    }
}

/// RFC 5246 §5: `P_hash(secret, label + seed)`, as long as asked for.
pub(crate) fn prf(hash: Hash, secret: &[u8], label: &str, seed: &[u8], len: usize) -> Vec<u8> {
    let key = hash.hmac(secret);
    let seed = [label.as_bytes(), seed].concat();
    let mut a = hmac::sign(&key, &seed);
    let mut out = Vec::new();
    while out.len() < len {
        out.extend_from_slice(hmac::sign(&key, &[a.as_ref(), &seed].concat()).as_ref());
        a = hmac::sign(&key, a.as_ref());
    }
    out.truncate(len);
    out
}

/// The `verify_data` after these handshake messages (RFC 5246 §7.4.9).
pub(crate) fn finished(hash: Hash, master: &[u8], label: &str, messages: &[u8]) -> Vec<u8> {
    prf(hash, master, label, hash.digest(messages).as_ref(), 12)
}

/// Keying material for SRTP, without a context (RFC 5705 §4, RFC 5764 §4.2).
pub(crate) fn export(hash: Hash, master: &[u8], randoms: [&[u8]; 2], len: usize) -> Vec<u8> {
    prf(hash, master, "EXTRACTOR-dtls_srtp", &randoms.concat(), len)
}

/// The write keys and fixed initialization vectors (RFC 5246 §6.3).
pub(crate) struct KeyBlock {
    pub(crate) client_key: Vec<u8>,
    pub(crate) server_key: Vec<u8>,
    pub(crate) client_iv: Vec<u8>,
    pub(crate) server_iv: Vec<u8>,
}

impl KeyBlock {
    /// `randoms` are the client's and the server's; `lens` those of MAC key, key and vector.
    pub(crate) fn derive(hash: Hash, master: &[u8], randoms: [&[u8]; 2], lens: [usize; 3]) -> Self {
        let [client, server] = randoms;
        let [mac, key, iv] = lens;
        let seed = [server, client].concat();
        let block = prf(hash, master, "key expansion", &seed, 2 * (mac + key + iv));
        let (_, keys) = block.split_at(2 * mac);
        let (keys, ivs) = keys.split_at(2 * key);
        Self {
            client_key: keys[..key].to_vec(),
            server_key: keys[key..].to_vec(),
            client_iv: ivs[..iv].to_vec(),
            server_iv: ivs[iv..].to_vec(),
        }
    }
}
