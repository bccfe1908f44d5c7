use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::client::text;

/// Writes `cert.pem`, which vouches for itself on loopback, and `key.pem` into `folder`; the certificate.
pub(crate) fn write(folder: &Path) -> Result<String, String> {
    let names = ["127.0.0.1", "::1", "localhost"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names).map_err(text)?;
    let certificate = pem("CERTIFICATE", made.cert.der());
    fs::write(folder.join("cert.pem"), &certificate).map_err(text)?;
    let key = pem("PRIVATE KEY", made.signing_key.serialized_der());
    fs::write(folder.join("key.pem"), key).map_err(text)?;
    Ok(certificate)
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let lines = encoded.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
