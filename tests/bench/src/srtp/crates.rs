//! Other crates, through their public interface for whole packets, with a replay window of 64.

use bytes::{Bytes, BytesMut};
use zentalk_srtp_media::SrtpProfile;

use super::batch::Batch;
use super::engine::{Engine, KEY, SALT};
use crate::kit::Standing;

/// A crate whose contexts take slices and return new buffers: the two have the same shape.
macro_rules! peer {
    ($type:ident, $name:literal, $krate:ident, $buffer:ident $(, $crypto:expr)?) => {
        pub(crate) struct $type {
            sender: $krate::context::Context,
            receiver: $krate::context::Context,
            trailer: usize,
            last: Option<$buffer>,
        }

        impl $type {
            pub(crate) fn new(profile: SrtpProfile) -> Self {
                use $krate::protection_profile::ProtectionProfile;
                let theirs = || match profile {
                    SrtpProfile::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
                    _ => ProtectionProfile::Aes128CmHmacSha1_80,
                };
                let context = |window| {
                    let salt = &SALT[..profile.salt_len()];
                    $krate::context::Context::new(&KEY, salt, theirs(), window, None $(, $crypto)?)
                        .unwrap()
                };
                Self {
                    sender: context(None),
                    receiver: context(Some($krate::option::srtp_replay_protection(64))),
                    trailer: profile.rtp_trailer_len(),
                    last: None,
                }
            }
        }

        impl Engine for $type {
            fn name(&self) -> &'static str {
                $name
            }

            fn standing(&self) -> Standing {
                Standing::Peer
            }

            fn protect(&mut self, batch: &mut Batch, _: u64) {
                for packet in batch.heads(batch.len()) {
                    self.last = Some(self.sender.encrypt_rtp(packet).unwrap());
                }
            }

            fn unprotect(&mut self, batch: &mut Batch, _: u64) {
                for packet in batch.heads(batch.len() + self.trailer) {
                    self.last = Some(self.receiver.decrypt_rtp(packet).unwrap());
                }
            }

            fn last(&self) -> Option<&[u8]> {
                self.last.as_deref()
            }
        }
    };
}

peer!(WebrtcSrtp, "webrtc-srtp", webrtc_srtp, Bytes);
peer!(
    RtcSrtp,
    "rtc-srtp",
    rtc_srtp,
    BytesMut,
    rtc_srtp::crypto::default_provider().unwrap().crypto()
);
