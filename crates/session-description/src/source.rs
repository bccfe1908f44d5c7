/// A synchronisation source that a section will send (RFC 5576).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    pub(crate) ssrc: u32,
    pub(crate) cname: Option<String>,
    pub(crate) rtx_ssrc: Option<u32>,
}

impl Source {
    /// A source with its canonical name; give a retransmission stream's SSRC with
    /// [`Source::with_rtx`].
    pub fn new(ssrc: u32, cname: impl Into<String>) -> Self {
        Self { ssrc, cname: Some(cname.into()), rtx_ssrc: None }
    }

    /// With retransmissions sent under `ssrc` (`ssrc-group:FID`).
    #[must_use]
    pub const fn with_rtx(mut self, ssrc: u32) -> Self {
        self.rtx_ssrc = Some(ssrc);
        self
    }

    /// The SSRC of the media.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// The canonical name, if given.
    pub fn cname(&self) -> Option<&str> {
        self.cname.as_deref()
    }

    /// The SSRC of its retransmissions, if there are any.
    pub const fn rtx_ssrc(&self) -> Option<u32> {
        self.rtx_ssrc
    }
}
