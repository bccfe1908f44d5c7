//! What a full handshake costs both sides together, from the first byte to the exported keys: mutual authentication with
//! ECDSA P-256 certificates that were made ahead, datagrams handed over in memory, none lost, no cookie.

mod bare;
mod dimpl;
mod drive;
#[cfg(feature = "openssl")]
mod openssl;
mod ours;
mod webrtc;

use zentalk_dtls_fingerprint::DtlsVersions;

use self::drive::Handshake;
use crate::kit::Race;

pub(crate) fn races() -> Vec<Race> {
    // Versions are negotiated here, as in a call, and 1.3 is what comes out. The other two have no 1.3.
    let auto = Race::new("1.3 handshake", 1)
        .with(bare::Bare::new())
        .with(Handshake::new(ours::Ours::new(DtlsVersions::Auto)))
        .with(Handshake::new(dimpl::Dimpl::new(dimpl::Version::Auto)));
    let old = Race::new("1.2 handshake", 1)
        .with(bare::Bare::new())
        .with(Handshake::new(ours::Ours::new(DtlsVersions::Dtls12)))
        .with(Handshake::new(dimpl::Dimpl::new(dimpl::Version::Dtls12)))
        .with(webrtc::Webrtc::new());
    #[cfg(feature = "openssl")]
    let old = old.with(Handshake::new(openssl::Openssl::new()));
    vec![auto, old]
}

/// What every contestant comes to: both sides exported the same keys.
const AGREED: &[u8] = b"both sides have the same keys";

/// The exporter's label for SRTP keys (RFC 5764 §4.2).
const LABEL: &str = "EXTRACTOR-dtls_srtp";
