use crate::codec::parameter;
use crate::{Codec, Extension, Feedback, MediaKind, uri};

/// A codec that this side can do, with the numbers that its offers use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodecCapability {
    kind: MediaKind,
    name: &'static str,
    clock_rate: u32,
    channels: Option<u8>,
    parameters: Option<&'static str>,
    feedback: &'static [Feedback],
    payload_type: u8,
    rtx_payload_type: Option<u8>,
}

/// Every feedback that this stack's senders understand in video.
const VIDEO_FEEDBACK: &[Feedback] =
    &[Feedback::Nack, Feedback::NackPli, Feedback::CcmFir, Feedback::TransportCc];

impl CodecCapability {
    /// Opus: 111 (RFC 7587).
    pub const OPUS: Self = Self {
        kind: MediaKind::Audio,
        name: "opus",
        clock_rate: 48_000,
        channels: Some(2),
        parameters: Some("minptime=10;useinbandfec=1"),
        feedback: &[Feedback::TransportCc],
        payload_type: 111,
        rtx_payload_type: None,
    };

    /// VP8: 96, retransmissions 97 (RFC 7741).
    pub const VP8: Self = Self::video("VP8", None, 96, 97);

    /// VP9, profile 0: 98, retransmissions 99 (RFC 9628).
    pub const VP9: Self = Self::video("VP9", Some("profile-id=0"), 98, 99);

    /// H.264, constrained baseline, non-interleaved: 102, retransmissions 103 (RFC 6184).
    pub const H264: Self = Self::video(
        "H264",
        Some("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
        102,
        103,
    );

    const fn video(
        name: &'static str,
        parameters: Option<&'static str>,
        payload_type: u8,
        rtx: u8,
    ) -> Self {
        Self {
            kind: MediaKind::Video,
            name,
            clock_rate: 90_000,
            channels: None,
            parameters,
            feedback: VIDEO_FEEDBACK,
            payload_type,
            rtx_payload_type: Some(rtx),
        }
    }

    /// Audio or video.
    pub const fn kind(&self) -> MediaKind {
        self.kind
    }

    /// The encoding name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The codec as an offer writes it.
    pub(crate) fn offer(&self) -> Codec {
        Codec {
            payload_type: self.payload_type,
            name: self.name.to_owned(),
            clock_rate: self.clock_rate,
            channels: self.channels,
            parameters: self.parameters.map(ToOwned::to_owned),
            feedback: self.feedback.to_vec(),
            rtx_payload_type: self.rtx_payload_type,
        }
    }

    /// The codec as an answer writes it if `offered` is it: with the offer's numbers (RFC 9429
    /// §5.3.1) and the feedback that both know.
    pub(crate) fn answer(&self, offered: &Codec) -> Option<Codec> {
        let same = offered.is(self.name)
            && offered.clock_rate == self.clock_rate
            && offered.channels.unwrap_or(1) == self.channels.unwrap_or(1)
            && self.same_format(offered);
        let both = |feedback: &&Feedback| self.feedback.contains(feedback);
        same.then(|| Codec {
            payload_type: offered.payload_type,
            name: offered.name.clone(),
            feedback: offered.feedback.iter().filter(both).copied().collect(),
            rtx_payload_type: self.rtx_payload_type.and(offered.rtx_payload_type),
            ..self.offer()
        })
    }

    /// Whether the parameters that tell one format from another are the same: VP9's profile
    /// (RFC 9628 §6.1), H.264's packetisation and profile (RFC 6184 §8.2.2).
    fn same_format(&self, offered: &Codec) -> bool {
        let ours = |name| self.parameters.and_then(|all| parameter(all, name));
        let theirs = |name| offered.parameter(name);
        let or_zero = |value: Option<&str>| value.unwrap_or("0").to_owned();
        match self.name {
            "VP9" => or_zero(ours("profile-id")) == or_zero(theirs("profile-id")),
            "H264" => {
                let profile = |value: Option<&str>| {
                    value.unwrap_or("420010").get(..4).map(str::to_ascii_lowercase)
                };
                or_zero(ours("packetization-mode")) == or_zero(theirs("packetization-mode"))
                    && profile(ours("profile-level-id")) == profile(theirs("profile-level-id"))
            }
            _ => true,
        }
    }
}

/// What one side can do: its codecs, the preferred one first, and the header extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    codecs: Vec<CodecCapability>,
    /// Those of the known extensions that may be used; all of them if not said.
    extensions: Option<Vec<&'static str>>,
    without_feedback: Vec<Feedback>,
}

impl Capabilities {
    /// With these codecs.
    pub fn new(codecs: &[CodecCapability]) -> Self {
        Self { codecs: codecs.to_vec(), extensions: None, without_feedback: Vec::new() }
    }

    /// Offers and takes only these of the header extensions of [`uri`](crate::uri); all of them if
    /// not called. What the RTP session does not send or read must not be agreed on.
    #[must_use]
    pub fn with_extensions(mut self, uris: &[&'static str]) -> Self {
        self.extensions = Some(uris.to_vec());
        self
    }

    /// Neither offers nor takes this feedback, for an RTP session that does not send it.
    #[must_use]
    pub fn without_feedback(mut self, feedback: Feedback) -> Self {
        self.without_feedback.push(feedback);
        self
    }

    /// The codecs of one kind as an offer writes them, in order of preference.
    pub(crate) fn offer(&self, kind: MediaKind) -> Vec<Codec> {
        self.codecs(kind).map(|codec| self.limited(codec.offer())).collect()
    }

    /// The codec as an answer writes it, if this side can do it.
    pub(crate) fn answer(&self, kind: MediaKind, offered: &Codec) -> Option<Codec> {
        self.codecs(kind).find_map(|ours| ours.answer(offered)).map(|codec| self.limited(codec))
    }

    fn limited(&self, mut codec: Codec) -> Codec {
        codec.feedback.retain(|feedback| !self.without_feedback.contains(feedback));
        codec
    }

    /// The codecs of one kind, in order of preference.
    fn codecs(&self, kind: MediaKind) -> impl Iterator<Item = &CodecCapability> {
        self.codecs.iter().filter(move |codec| codec.kind == kind)
    }

    /// The header extensions of one kind, with the numbers of an offer. Audio level is not among
    /// them: it would tell everyone on the way when someone speaks.
    pub(crate) fn extensions(&self, kind: MediaKind) -> impl Iterator<Item = Extension> {
        let known: &[&str] = match kind {
            MediaKind::Audio => &[uri::MID, uri::TRANSPORT_CC],
            MediaKind::Video => &[
                uri::MID,
                uri::TRANSPORT_CC,
                uri::RID,
                uri::REPAIRED_RID,
                uri::DEPENDENCY_DESCRIPTOR,
            ],
            MediaKind::Other => &[],
        };
        let used = |uri: &str| self.extensions.as_ref().is_none_or(|used| used.contains(&uri));
        (1..)
            .zip(known)
            .filter(move |(_, uri)| used(uri))
            .map(|(id, uri)| Extension { id, uri: (*uri).to_owned() })
    }
}
