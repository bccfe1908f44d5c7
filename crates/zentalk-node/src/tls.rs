use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why the operator's certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file is not there, or may not be read.
    #[error("{} cannot be read: {source}. Pass another --tls-cert or --tls-key", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} holds no usable {what} in PEM format: pass a file that does", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What was looked for in it.
        what: &'static str,
    },
    /// Certificate and key do not belong together, or are of a kind that is not supported.
    #[error(
        "the TLS certificate and key cannot be used together: pass the --tls-key that belongs to the first certificate \
         in --tls-cert"
    )]
    Mismatch,
}

impl TlsError {
    /// Why there is no `what` to be had from a file.
    fn of_file(path: &Path, what: &'static str, error: pem::Error) -> Self {
        let path = path.to_owned();
        match error {
            pem::Error::Io(source) => Self::Unreadable { path, source },
            _ => Self::Content { path, what },
        }
    }
}

/// An acceptor for TLS 1.3 (RFC 8446) and 1.2 (RFC 5246) with the operator's certificate. The provider is passed, not
/// installed: nothing in the process changes for others.
pub(crate) fn acceptor(certificates: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let chain = read_chain(certificates)?;
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| TlsError::of_file(key, "private key", error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError::Mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| TlsError::Mismatch)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unusable = |error| TlsError::of_file(path, "certificate", error);
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(unusable)?;
    if chain.is_empty() { Err(unusable(pem::Error::NoItemsFound)) } else { Ok(chain) }
}
