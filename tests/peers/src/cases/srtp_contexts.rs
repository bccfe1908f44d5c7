//! SRTP contexts of three crates behind one face.

use rtc_srtp::context::Context as RtcContext;
use rtc_srtp::option as rtc_option;
use rtc_srtp::protection_profile::ProtectionProfile as RtcProfile;
use webrtc_srtp::context::Context as WebrtcContext;
use webrtc_srtp::option as webrtc_option;
use webrtc_srtp::protection_profile::ProtectionProfile as WebrtcProfile;
use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender};

use crate::subject::Subject;

/// A direction's context: who sends and who receives have one each, under one key.
pub(super) trait Context {
    fn protect_rtp(&mut self, packet: &[u8]) -> Option<Vec<u8>>;
    fn unprotect_rtp(&mut self, packet: &[u8]) -> Option<Vec<u8>>;
    fn protect_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>>;
    fn unprotect_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>>;
}

/// The two profiles that all have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    Cm80,
    Gcm128,
}

impl Profile {
    pub(super) const BOTH: [Self; 2] = [Self::Cm80, Self::Gcm128];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cm80 => "AES-CM with HMAC-SHA1-80",
            Self::Gcm128 => "AES-128-GCM",
        }
    }

    fn salt(self) -> &'static [u8] {
        match self {
            Self::Cm80 => &[0x22; 14],
            Self::Gcm128 => &[0x22; 12],
        }
    }
}

/// How much replay protection is asked for, where it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Window {
    Default,
    Of64,
}

const KEY: [u8; 16] = [0x11; 16];

/// A new context of this crate's.
pub(super) fn context(subject: Subject, profile: Profile, window: Window) -> Box<dyn Context> {
    match subject {
        Subject::WebrtcSrtp => Box::new(webrtc(profile, window)),
        Subject::RtcSrtp => Box::new(rtc(profile, window)),
        _ => Box::new(ours(profile)),
    }
}

struct Ours(SrtpSender, SrtpReceiver);

#[allow(clippy::expect_used)] // Constants of the right lengths.
fn ours(profile: Profile) -> Ours {
    let kind = match profile {
        Profile::Cm80 => SrtpProfile::Aes128CmHmacSha1_80,
        Profile::Gcm128 => SrtpProfile::AeadAes128Gcm,
    };
    let master = || SrtpMasterKey::new(kind, &KEY, profile.salt()).expect("a key");
    let sender = SrtpSender::new(master()).expect("a sender");
    Ours(sender, SrtpReceiver::new(master()).expect("a receiver"))
}

impl Context for Ours {
    fn protect_rtp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let mut packet = packet.to_vec();
        self.0.protect_rtp(&mut packet).ok().map(|()| packet)
    }

    fn unprotect_rtp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let mut packet = packet.to_vec();
        self.1.unprotect_rtp(&mut packet).ok().map(|()| packet)
    }

    fn protect_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let mut packet = packet.to_vec();
        self.0.protect_rtcp(&mut packet).ok().map(|()| packet)
    }

    fn unprotect_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let mut packet = packet.to_vec();
        self.1.unprotect_rtcp(&mut packet).ok().map(|_| packet)
    }
}

#[allow(clippy::expect_used)] // Constants of the right lengths.
fn webrtc(profile: Profile, window: Window) -> WebrtcContext {
    let kind = match profile {
        Profile::Cm80 => WebrtcProfile::Aes128CmHmacSha1_80,
        Profile::Gcm128 => WebrtcProfile::AeadAes128Gcm,
    };
    let (rtp, rtcp) = match window {
        Window::Default => (None, None),
        Window::Of64 => (
            Some(webrtc_option::srtp_replay_protection(64)),
            Some(webrtc_option::srtcp_replay_protection(64)),
        ),
    };
    WebrtcContext::new(&KEY, profile.salt(), kind, rtp, rtcp).expect("a context")
}

impl Context for WebrtcContext {
    fn protect_rtp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.encrypt_rtp(packet).ok().map(|packet| packet.to_vec())
    }

    fn unprotect_rtp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.decrypt_rtp(packet).ok().map(|packet| packet.to_vec())
    }

    fn protect_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.encrypt_rtcp(packet).ok().map(|packet| packet.to_vec())
    }

    fn unprotect_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.decrypt_rtcp(packet).ok().map(|packet| packet.to_vec())
    }
}

#[allow(clippy::expect_used)] // Constants of the right lengths.
fn rtc(profile: Profile, window: Window) -> RtcContext {
    let kind = match profile {
        Profile::Cm80 => RtcProfile::Aes128CmHmacSha1_80,
        Profile::Gcm128 => RtcProfile::AeadAes128Gcm,
    };
    let (rtp, rtcp) = match window {
        Window::Default => (None, None),
        Window::Of64 => (
            Some(rtc_option::srtp_replay_protection(64)),
            Some(rtc_option::srtcp_replay_protection(64)),
        ),
    };
    let provider = rtc_srtp::crypto::default_provider().expect("a provider");
    let context = RtcContext::new(&KEY, profile.salt(), kind, rtp, rtcp, provider.crypto());
    context.expect("a context")
}

impl Context for RtcContext {
    fn protect_rtp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.encrypt_rtp(packet).ok().map(|packet| packet.to_vec())
    }

    fn unprotect_rtp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.decrypt_rtp(packet).ok().map(|packet| packet.to_vec())
    }

    fn protect_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.encrypt_rtcp(packet).ok().map(|packet| packet.to_vec())
    }

    fn unprotect_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.decrypt_rtcp(packet).ok().map(|packet| packet.to_vec())
    }
}
