use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why the operator's certificate and key cannot be used.
pub(crate) enum TlsProblem {
    /// A file cannot be read, or does not hold what it should.
    File { path: PathBuf, what: &'static str },
    /// They do not belong together, or are of a kind that is not supported.
    Mismatch,
}

/// An acceptor for TLS 1.3 (RFC 8446) and 1.2 (RFC 5246) with the operator's certificate. The provider is passed, not
/// installed: nothing in the process changes for others.
pub(crate) fn acceptor(certificates: &Path, key: &Path) -> Result<TlsAcceptor, TlsProblem> {
    let chain = read_chain(certificates)?;
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|_| TlsProblem::File { path: key.to_owned(), what: "private key" })?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsProblem::Mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| TlsProblem::Mismatch)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsProblem> {
    let unusable = || TlsProblem::File { path: path.to_owned(), what: "certificate" };
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|_| unusable())?;
    if chain.is_empty() { Err(unusable()) } else { Ok(chain) }
}
