//! The certificate authority that everybody in the virtual network trusts, and nobody else.

use std::sync::{Arc, OnceLock};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use zentalk_ice_nat::turn::TlsTrust;

struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// Trust in this authority, for the engines of people.
///
/// # Panics
/// If the authority's certificate cannot be made: there is nothing to test then.
#[allow(clippy::expect_used)]
pub(crate) fn trust() -> TlsTrust {
    let root = authority().certificate.to_vec();
    TlsTrust::roots_der([root]).expect("the root of the virtual network")
}

/// What a server of this name shows its clients. TLS 1.3 and 1.2.
#[allow(clippy::expect_used)]
pub(super) fn server_config(name: &str) -> Arc<ServerConfig> {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![name.to_owned()]).expect("a host name");
    let certificate = params.signed_by(&key, &authority().issuer).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = builder
        .with_safe_default_protocol_versions()
        .expect("TLS 1.3 and 1.2")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into());
    Arc::new(config.expect("a certificate with its key"))
}

/// One for all worlds: its key is random, and nothing that is measured depends on it.
#[allow(clippy::expect_used)]
fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a root").der().clone();
        Authority { certificate, issuer: Issuer::new(params, key) }
    })
}
