use crate::{Direction, Fingerprint, IceParameters, MediaKind, Source};

/// What an offer or answer says of the session as a whole.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LocalSession {
    pub(crate) session_id: u64,
    pub(crate) session_version: u64,
    pub(crate) ice: IceParameters,
    pub(crate) fingerprint: Fingerprint,
}

impl LocalSession {
    /// `session_id` is random; its upper two bits are dropped, since it must fit in 62
    /// (RFC 9429 §5.2.1). It stays the same over the call.
    pub const fn new(session_id: u64, ice: IceParameters, fingerprint: Fingerprint) -> Self {
        Self { session_id: session_id & (u64::MAX >> 2), session_version: 1, ice, fingerprint }
    }

    /// A later description of the same session, such as that of an ICE restart: each has a version
    /// one higher than the one before.
    #[must_use]
    pub const fn with_version(mut self, version: u64) -> Self {
        self.session_version = version;
        self
    }
}

/// What this side would like to do with one kind of media.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LocalMedia {
    pub(crate) kind: MediaKind,
    pub(crate) direction: Direction,
    pub(crate) sources: Vec<Source>,
    pub(crate) msid: Option<String>,
}

impl LocalMedia {
    /// Audio, both ways.
    pub const fn audio() -> Self {
        Self::new(MediaKind::Audio)
    }

    /// Video, both ways.
    pub const fn video() -> Self {
        Self::new(MediaKind::Video)
    }

    const fn new(kind: MediaKind) -> Self {
        Self { kind, direction: Direction::SendRecv, sources: Vec::new(), msid: None }
    }

    /// With another direction.
    #[must_use]
    pub const fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// With a source that will be sent.
    #[must_use]
    pub fn with_source(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// With the names of its stream and track, for browsers (RFC 8830 §2).
    #[must_use]
    pub fn with_msid(mut self, stream: &str, track: &str) -> Self {
        self.msid = Some(format!("{stream} {track}"));
        self
    }
}
