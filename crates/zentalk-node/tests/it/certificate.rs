//! Certificates for servers on loopback.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A certificate for loopback that vouches for itself, and its key, as PEM files: `NAME.crt` and `NAME.key` in `folder`.
pub(crate) fn write(folder: &Path, name: &str) -> Result<(PathBuf, PathBuf), Box<dyn Error>> {
    let names = ["127.0.0.1", "::1", "localhost"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names)?;
    let [certificate, key] = ["crt", "key"].map(|kind| folder.join(format!("{name}.{kind}")));
    fs::write(&certificate, pem("CERTIFICATE", made.cert.der()))?;
    fs::write(&key, pem("PRIVATE KEY", made.signing_key.serialized_der()))?;
    Ok((certificate, key))
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let lines = encoded.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
