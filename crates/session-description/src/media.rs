use zentalk_primitives::Redacted;

use crate::{Codec, Direction, Extension, Simulcast, Source};

/// What a media section is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaKind {
    /// Audio.
    Audio,
    /// Video.
    Video,
    /// Something that we do not do, such as a data channel; it is answered with a rejection.
    Other,
}

/// One media section (`m=`) of an offer or answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaSection {
    pub(crate) kind: MediaKind,
    /// `media protocol formats` of a section that is neither audio nor video.
    pub(crate) foreign: Option<Foreign>,
    /// The transport protocol of audio or video.
    pub(crate) protocol: &'static str,
    pub(crate) mid: String,
    pub(crate) rejected: bool,
    pub(crate) direction: Direction,
    pub(crate) codecs: Vec<Codec>,
    pub(crate) extensions: Vec<Extension>,
    pub(crate) msid: Option<String>,
    pub(crate) sources: Vec<Source>,
    pub(crate) simulcast: Option<Simulcast>,
    pub(crate) candidates: Vec<Redacted<String>>,
    pub(crate) end_of_candidates: bool,
}

/// The parts of an `m=` line that we only repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub(crate) media: String,
    pub(crate) protocol: String,
    pub(crate) formats: String,
}

/// What we offer.
const DEFAULT_PROTOCOL: &str = "UDP/TLS/RTP/SAVPF";

/// What we take: SRTP with feedback, keyed by DTLS (RFC 9429 §5.1.2).
pub(crate) const PROTOCOLS: [&str; 3] = [DEFAULT_PROTOCOL, "TCP/DTLS/RTP/SAVPF", "RTP/SAVPF"];

impl MediaSection {
    /// A section that holds nothing yet.
    pub(crate) const fn new(kind: MediaKind, mid: String) -> Self {
        Self {
            kind,
            foreign: None,
            protocol: DEFAULT_PROTOCOL,
            mid,
            rejected: false,
            direction: Direction::SendRecv,
            codecs: Vec::new(),
            extensions: Vec::new(),
            msid: None,
            sources: Vec::new(),
            simulcast: None,
            candidates: Vec::new(),
            end_of_candidates: false,
        }
    }

    /// The same section, rejected: only what tells which one it is remains.
    pub(crate) fn rejection(&self) -> Self {
        Self {
            foreign: self.foreign.clone(),
            protocol: self.protocol,
            rejected: true,
            ..Self::new(self.kind, self.mid.clone())
        }
    }

    /// Audio, video or something else.
    pub const fn kind(&self) -> MediaKind {
        self.kind
    }

    /// The name of the section within its description; empty in a rejected one that has none.
    pub fn mid(&self) -> &str {
        &self.mid
    }

    /// Whether the section is rejected (port 0 without `bundle-only`, RFC 9429 §5.3.1). Nothing
    /// else is known of a rejected section.
    pub const fn is_rejected(&self) -> bool {
        self.rejected
    }

    /// Which way media goes, seen by the writer.
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// The codecs, the preferred one first. Retransmission is part of the codec that it repeats.
    pub fn codecs(&self) -> &[Codec] {
        &self.codecs
    }

    /// The RTP header extensions.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The number of one header extension; see [`uri`](crate::uri).
    pub fn extension_id(&self, uri: &str) -> Option<u16> {
        self.extensions.iter().find(|extension| extension.uri == uri).map(Extension::id)
    }

    /// The media stream and track (`msid`), as written.
    pub fn msid(&self) -> Option<&str> {
        self.msid.as_deref()
    }

    /// The sources that the writer will send.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The simulcast layers, if the section has any.
    pub const fn simulcast(&self) -> Option<&Simulcast> {
        self.simulcast.as_ref()
    }

    /// The candidates of this section: what stands behind `a=candidate:`. Those of the description
    /// are [`SessionDescription::candidates`](crate::SessionDescription::candidates).
    pub fn candidates(&self) -> impl Iterator<Item = &str> {
        self.candidates.iter().map(|candidate| candidate.reveal().as_str())
    }

    /// Whether no more candidates will follow.
    pub const fn end_of_candidates(&self) -> bool {
        self.end_of_candidates
    }
}
