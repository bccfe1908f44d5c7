use core::fmt;
use core::time::Duration;

use rand_core::CryptoRng;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    SerialNumber, date_time_ymd,
};
use zentalk_primitives::UnixTime;
use zeroize::{Zeroize, Zeroizing};

use crate::{Error, Fingerprint, LocalFingerprint};

/// A self-signed ECDSA P-256 certificate and its private key, made for one call (RFC 8827 §6.5).
///
/// Nothing in it names a person or an application: the subject is the one that browsers use, the serial number is random. The
/// private key is wiped when this is dropped, is not shown by `Debug` and cannot be read from outside.
pub struct Certificate {
    der: Vec<u8>,
    private_key: Zeroizing<Vec<u8>>,
}

impl Certificate {
    /// How long before and after `now` it is valid: wrong clocks do no harm, since the fingerprint is what counts.
    pub const VALIDITY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

    /// A fresh one, valid around `now`.
    ///
    /// The serial number comes from `rng`. The key pair and the nonce of the signature do not: `aws-lc-rs` draws them from the operating
    /// system itself and takes no other source.
    ///
    /// # Errors
    /// [`Error::CertificateGeneration`] if the operating system has no randomness to give, or `now` is beyond the year 9999.
    pub fn generate(rng: &mut impl CryptoRng, now: UnixTime) -> Result<Self, Error> {
        let key_pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
            .map(Zeroizing::new)
            .map_err(|_| Error::CertificateGeneration)?;
        let certificate =
            params(rng, now)?.self_signed(&*key_pair).map_err(|_| Error::CertificateGeneration)?;
        Ok(Self {
            der: certificate.der().to_vec(),
            private_key: Zeroizing::new(key_pair.serialize_der()),
        })
    }

    /// The fingerprint to announce in one's own session description.
    pub fn fingerprint(&self) -> LocalFingerprint {
        LocalFingerprint::new(Fingerprint::of_certificate(&self.der))
    }

    /// The certificate in DER, as the peer gets to see it. Not secret.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// A second copy of certificate and private key, for one who has several sessions with one certificate: a server, or a member of a group
    /// call that goes to another server. Named, and not `Clone`, because it doubles a secret.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self { der: self.der.clone(), private_key: self.private_key.clone() }
    }

    /// The form that `dimpl` takes. It parses the key and drops this copy, without wiping it.
    pub(crate) fn into_dimpl(mut self) -> dimpl::DtlsCertificate {
        let certificate = core::mem::take(&mut self.der);
        let private_key = self.private_key.to_vec();
        self.private_key.zeroize();
        dimpl::DtlsCertificate { certificate, private_key }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate([redacted])")
    }
}

fn params(rng: &mut impl CryptoRng, now: UnixTime) -> Result<CertificateParams, Error> {
    let mut serial = [0; SERIAL_LEN];
    rng.fill_bytes(&mut serial);
    // A positive number of full length, so that its encoding says nothing about it (RFC 5280 §4.1.2.2).
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    let epoch = date_time_ymd(1970, 1, 1);
    let now = Duration::from_millis(now.as_millis());
    let latest = now
        .checked_add(Certificate::VALIDITY)
        .filter(|end| *end < YEAR_9999)
        .ok_or(Error::CertificateGeneration)?;

    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, SUBJECT);
    params.is_ca = IsCa::NoCa;
    params.serial_number = Some(SerialNumber::from(serial.to_vec()));
    params.not_before = epoch + now.saturating_sub(Certificate::VALIDITY);
    params.not_after = epoch + latest;
    Ok(params)
}

/// The subject that browsers put into theirs.
const SUBJECT: &str = "WebRTC";
const SERIAL_LEN: usize = 16;
/// 9999-01-01, a year before `GeneralizedTime` ends (RFC 5280 §4.1.2.5.2).
const YEAR_9999: Duration = Duration::from_secs(253_370_764_800);

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn generate(seed: u64) -> Certificate {
        Certificate::generate(
            &mut ChaCha20Rng::seed_from_u64(seed),
            UnixTime::from_millis(1_760_000_000_000),
        )
        .unwrap()
    }

    #[test]
    fn a_duplicate_has_the_same_fingerprint_and_key() {
        let certificate = generate(1);
        let copy = certificate.duplicate();
        assert_eq!(copy.fingerprint(), certificate.fingerprint());
        assert_eq!(copy.private_key, certificate.private_key);
    }

    /// RFC 8827 §6.5.
    #[test]
    fn each_one_is_different() {
        assert_ne!(generate(1).fingerprint(), generate(1).fingerprint());
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", generate(1)), "Certificate([redacted])");
    }

    /// RFC 5280 §4.1.2.5.2.
    #[test]
    fn any_clock_gives_a_certificate_or_an_error() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for millis in [0, 1, 4_102_444_800_000] {
            assert!(
                Certificate::generate(&mut rng, UnixTime::from_millis(millis)).is_ok(),
                "{millis}"
            );
        }
        for millis in [253_370_764_800_000, u64::MAX] {
            assert!(
                Certificate::generate(&mut rng, UnixTime::from_millis(millis)).is_err(),
                "{millis}"
            );
        }
    }

    #[test]
    fn nothing_in_it_names_us() {
        let certificate = generate(1);
        let text = String::from_utf8_lossy(certificate.der()).to_lowercase();
        assert!(text.contains("webrtc"));
        assert!(!text.contains("zentalk") && !text.contains("rcgen"));
    }
}
