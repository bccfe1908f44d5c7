use serde::Serialize;

/// Who gets an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Subject {
    Ours,
    WebrtcSrtp,
    RtcSrtp,
    Rtp,
    RtcRtp,
    Rtcp,
    RtcRtcp,
    Dtls,
    RtcDtls,
    Dimpl,
    Stun,
    StunTypes,
    Sdp,
    SdpTypes,
    DoubleRatchet,
    Vodozemac,
}

use Subject as S;

impl Subject {
    pub(crate) const ALL: [Self; 16] = [
        S::Ours,
        S::WebrtcSrtp,
        S::RtcSrtp,
        S::Rtp,
        S::RtcRtp,
        S::Rtcp,
        S::RtcRtcp,
        S::Dtls,
        S::RtcDtls,
        S::Dimpl,
        S::Stun,
        S::StunTypes,
        S::Sdp,
        S::SdpTypes,
        S::DoubleRatchet,
        S::Vodozemac,
    ];

    /// The crate's name; `ours` for the layer of this workspace that the case is about.
    pub(crate) fn name(self) -> &'static str {
        match self {
            S::Ours => "ours",
            S::WebrtcSrtp => "webrtc-srtp",
            S::RtcSrtp => "rtc-srtp",
            S::Rtp => "rtp",
            S::RtcRtp => "rtc-rtp",
            S::Rtcp => "rtcp",
            S::RtcRtcp => "rtc-rtcp",
            S::Dtls => "dtls",
            S::RtcDtls => "rtc-dtls",
            S::Dimpl => "dimpl",
            S::Stun => "stun",
            S::StunTypes => "stun-types",
            S::Sdp => "sdp",
            S::SdpTypes => "sdp-types",
            S::DoubleRatchet => "double-ratchet-signal",
            S::Vodozemac => "vodozemac",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.name() == name)
    }

    /// The version that was built, from the lock file.
    pub(crate) fn version(self) -> &'static str {
        const LOCK: &str = include_str!("../../../Cargo.lock");
        let entry = format!("name = \"{}\"\nversion = \"", self.name());
        let version = LOCK.split_once(entry.as_str()).and_then(|(_, rest)| rest.split_once('"'));
        version.map_or("", |(version, _)| version)
    }

    /// Name and version.
    pub(crate) fn title(self) -> String {
        format!("{} {}", self.name(), self.version()).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_every_crate_is_known() {
        for subject in Subject::ALL {
            assert_eq!(Subject::from_name(subject.name()), Some(subject));
            assert_eq!(subject.version().is_empty(), subject == S::Ours, "{}", subject.name());
        }
    }
}
