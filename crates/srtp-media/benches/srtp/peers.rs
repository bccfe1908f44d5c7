//! Other crates, through their public interface for whole packets, with a replay window of 64.

use std::hint::black_box;

use zentalk_srtp_media::SrtpProfile;

use crate::batch::Batch;
use crate::contestant::{Contestant, KEY, SALT};

/// A crate whose contexts take slices and return new buffers: the two have the same shape.
macro_rules! peer {
    ($type:ident, $name:literal, $krate:ident $(, $crypto:expr)?) => {
        pub(crate) struct $type {
            sender: $krate::context::Context,
            receiver: $krate::context::Context,
            trailer: usize,
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
                }
            }
        }

        impl Contestant for $type {
            fn name(&self) -> &'static str {
                $name
            }

            fn protect(&mut self, batch: &mut Batch, _: u64) {
                for packet in batch.heads(batch.len()) {
                    black_box(self.sender.encrypt_rtp(packet)).unwrap();
                }
            }

            fn unprotect(&mut self, batch: &mut Batch, _: u64) {
                for packet in batch.heads(batch.len() + self.trailer) {
                    black_box(self.receiver.decrypt_rtp(packet)).unwrap();
                }
            }

            fn protected(&mut self, batch: &mut Batch, _: u64, _: usize) -> Vec<u8> {
                let packets = batch.heads(batch.len());
                let mut all = packets.iter().map(|packet| self.sender.encrypt_rtp(packet).unwrap());
                let first = all.next().unwrap().to_vec();
                all.for_each(drop);
                first
            }
        }
    };
}

peer!(WebrtcSrtp, "webrtc-srtp", webrtc_srtp);
peer!(RtcSrtp, "rtc-srtp", rtc_srtp, rtc_srtp::crypto::default_provider().unwrap().crypto());
