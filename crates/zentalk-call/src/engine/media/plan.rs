//! What two descriptions agreed on, as the RTP session wants to hear it.

use zentalk_rtp_session::{MediaKind, ReceiveStreamConfig, SendStreamConfig};

/// What the two descriptions agreed on.
#[derive(Clone, Debug, Default)]
pub(crate) struct MediaPlan {
    pub(crate) audio: Option<StreamPlan>,
    pub(crate) video: Option<StreamPlan>,
}

/// What the two descriptions agreed on for one medium.
#[derive(Clone, Debug)]
pub(crate) struct StreamPlan {
    /// The extension id that carries the name of the media section, and the name, if agreed.
    pub(crate) mid: Option<(u8, String)>,
    pub(crate) payload_type: u8,
    pub(crate) rtx_payload_type: Option<u8>,
    /// Whether lost packets may be asked for.
    pub(crate) nack: bool,
    /// As what this side sends, if it may.
    pub(crate) send: Option<SendPlan>,
    /// As what the peer sends, if it may.
    pub(crate) receive: Option<ReceivePlan>,
}

/// The sources of this side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendPlan {
    pub(crate) ssrc: u32,
    pub(crate) rtx_ssrc: Option<u32>,
}

/// The sources of the peer, as far as it named them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReceivePlan {
    pub(crate) ssrc: Option<u32>,
    pub(crate) rtx_ssrc: Option<u32>,
}

impl StreamPlan {
    pub(super) fn sending(&self, source: SendPlan, clock: u32) -> SendStreamConfig {
        let mut config = SendStreamConfig::new(source.ssrc, self.payload_type, clock);
        if let (Some(ssrc), Some(payload_type)) = (source.rtx_ssrc, self.rtx_payload_type) {
            config = config.rtx(ssrc, payload_type);
        }
        match &self.mid {
            Some((id, mid)) => config.mid(*id, mid),
            None => config,
        }
    }

    pub(super) fn receiving(
        &self,
        source: ReceivePlan,
        kind: MediaKind,
        clock: u32,
    ) -> ReceiveStreamConfig {
        let mut config = ReceiveStreamConfig::new(kind, clock)
            .format(self.payload_type, self.rtx_payload_type)
            .nack(self.nack);
        if let Some(ssrc) = source.ssrc {
            config = config.ssrc(ssrc);
        }
        if let Some(ssrc) = source.rtx_ssrc {
            config = config.rtx_ssrc(ssrc);
        }
        match &self.mid {
            Some((id, mid)) => config.mid(*id, mid),
            None => config,
        }
    }
}
