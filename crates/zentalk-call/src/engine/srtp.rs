use zentalk_dtls_fingerprint::{SrtpKeyingMaterial, SrtpMasterSecret, SrtpProfile as DtlsProfile};
use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender};

use crate::Error;

/// The SRTP contexts of both directions.
pub(super) struct Srtp {
    sender: SrtpSender,
    receiver: SrtpReceiver,
}

impl Srtp {
    /// Contexts under the keys that DTLS exported. The two layers do not know each other: here the
    /// values move from one to the other.
    pub(super) fn new(keys: &SrtpKeyingMaterial) -> Result<Self, Error> {
        let profile = match keys.profile() {
            DtlsProfile::Aes128CmHmacSha1_80 => SrtpProfile::Aes128CmHmacSha1_80,
            DtlsProfile::AeadAes128Gcm => SrtpProfile::AeadAes128Gcm,
            DtlsProfile::AeadAes256Gcm => SrtpProfile::AeadAes256Gcm,
            _ => return Err(Error::UnsupportedProfile),
        };
        let key =
            |secret: &SrtpMasterSecret| SrtpMasterKey::new(profile, secret.key(), secret.salt());
        Ok(Self {
            sender: SrtpSender::new(key(keys.local())?)?,
            receiver: SrtpReceiver::new(key(keys.remote())?)?,
        })
    }

    /// Whether the packet was protected. An exhausted key, the one failure, ends the stream.
    pub(super) fn protect_rtp(&mut self, packet: &mut Vec<u8>) -> bool {
        self.sender.protect_rtp(packet).is_ok()
    }

    pub(super) fn protect_rtcp(&mut self, packet: &mut Vec<u8>) -> bool {
        self.sender.protect_rtcp(packet).is_ok()
    }

    /// Whether the packet was authentic and new; then it is in clear.
    pub(super) fn open_rtp(&mut self, packet: &mut Vec<u8>) -> bool {
        self.receiver.unprotect_rtp(packet).is_ok()
    }

    pub(super) fn open_rtcp(&mut self, packet: &mut Vec<u8>) -> bool {
        self.receiver.unprotect_rtcp(packet).is_ok()
    }
}
