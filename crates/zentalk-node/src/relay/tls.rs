use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::config::TlsFiles;
use super::error::RelayError;

/// An acceptor for TLS 1.3 (RFC 8446) and 1.2 (RFC 5246) with the operator's certificate. The provider is passed, not
/// installed: nothing in the process changes for others.
pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, RelayError> {
    let certificates = certificates(&files.certificates)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|_| RelayError::TlsFile { path: files.key.clone(), what: "private key" })?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| RelayError::TlsMismatch)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|_| RelayError::TlsMismatch)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, RelayError> {
    let unusable = || RelayError::TlsFile { path: path.to_owned(), what: "certificate" };
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|_| unusable())?;
    if chain.is_empty() { Err(unusable()) } else { Ok(chain) }
}
