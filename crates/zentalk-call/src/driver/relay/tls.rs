use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::error::RelayError;

/// TLS 1.3 and 1.2 that trusts the web's authorities and `further` ones. The provider is passed, not
/// installed: nothing in the process changes for others.
pub(super) fn config(further: &[CertificateDer<'static>]) -> Result<Arc<ClientConfig>, RelayError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in further {
        roots.add(certificate.clone()).map_err(|_| RelayError::InvalidCertificate)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| RelayError::Cryptography)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The certificates of a PEM text; at least one.
pub(super) fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, RelayError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| RelayError::InvalidCertificate)?;
    if found.is_empty() { Err(RelayError::InvalidCertificate) } else { Ok(found) }
}
