//! A certification authority of this run, and the TURN server's certificate.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::addresses::TURN_NAME;
use crate::error::Error;

/// Where the files of the TURN server's certificate lie.
pub(crate) struct Certificate {
    /// What clients trust.
    pub(crate) authority: PathBuf,
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificate {
    /// Makes a certificate for the TURN server's name, signed by an authority that nobody else trusts.
    pub(crate) fn make(folder: &Path) -> Result<Self, Error> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "NAT lab");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(vec![TURN_NAME.to_owned()])?;
        let certificate = params.signed_by(&key, &authority)?;
        let keep = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(Error::io(&path)).map(|()| path)
        };
        Ok(Self {
            authority: keep("authority.pem", authority.pem())?,
            chain: keep("turn.pem", certificate.pem())?,
            key: keep("turn-key.pem", key.serialize_pem())?,
        })
    }
}
