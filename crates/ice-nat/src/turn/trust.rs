use core::fmt;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::Error;

/// Which certificates of TURN servers are trusted, over TLS 1.3 and 1.2 (coturn 4.6 refuses a client that offers only 1.3).
///
/// Sessions are never resumed: a ticket would tell a server, and on 1.2 whoever listens, that two calls are of one client.
///
/// A certificate's validity is checked against the operating system's clock, by `rustls`.
#[derive(Clone)]
pub struct TlsTrust(Arc<ClientConfig>);

impl TlsTrust {
    /// The roots that browsers trust (Mozilla's list, as of this build).
    ///
    /// # Errors
    /// [`Error::TlsUnavailable`].
    pub fn web_pki() -> Result<Self, Error> {
        Self::new(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())
    }

    /// These roots, in DER, and no others.
    ///
    /// # Errors
    /// [`Error::MalformedRoots`] if there is none, or one that cannot be read. [`Error::TlsUnavailable`].
    pub fn roots_der(roots: impl IntoIterator<Item = Vec<u8>>) -> Result<Self, Error> {
        Self::own(roots.into_iter().map(CertificateDer::from))
    }

    /// These roots, from the text of a PEM file, and no others.
    ///
    /// # Errors
    /// Those of [`TlsTrust::roots_der`].
    pub fn roots_pem(pem: &[u8]) -> Result<Self, Error> {
        let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        Self::own(roots.map_err(|_| Error::MalformedRoots)?)
    }

    fn own(roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<Self, Error> {
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add(root).map_err(|_| Error::MalformedRoots)?;
        }
        if store.is_empty() { Err(Error::MalformedRoots) } else { Self::new(store) }
    }

    fn new(roots: RootCertStore) -> Result<Self, Error> {
        // Named here, so that nothing process-wide decides.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|_| Error::TlsUnavailable)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for TlsTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTrust")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_that_are_none_are_refused() {
        let refused = |trust: Result<TlsTrust, Error>| trust.err() == Some(Error::MalformedRoots);
        assert!(refused(TlsTrust::roots_der([])));
        assert!(refused(TlsTrust::roots_der([vec![0x30, 0x00]])));
        assert!(refused(TlsTrust::roots_pem(b"")));
        assert!(refused(TlsTrust::roots_pem(b"-----BEGIN CERTIFICATE-----\n!\n")));
        assert!(TlsTrust::web_pki().is_ok());
    }
}
