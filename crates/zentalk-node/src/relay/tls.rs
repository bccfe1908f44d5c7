use tokio_rustls::TlsAcceptor;

use super::config::TlsFiles;
use super::error::RelayError;
use crate::tls::{self, TlsProblem};

/// An acceptor with the operator's certificate.
pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, RelayError> {
    tls::acceptor(&files.certificates, &files.key).map_err(|problem| match problem {
        TlsProblem::File { path, what } => RelayError::TlsFile { path, what },
        TlsProblem::Mismatch => RelayError::TlsMismatch,
    })
}
