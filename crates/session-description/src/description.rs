use zentalk_primitives::Redacted;

use crate::{DtlsParameters, Error, IceParameters, MAX_CANDIDATES, MediaSection, grammar, write};

/// What an offer and an answer have in common: one bundle over one ICE and one DTLS transport.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionDescription {
    pub(crate) session_id: u64,
    pub(crate) session_version: u64,
    pub(crate) ice: IceParameters,
    pub(crate) ice_lite: bool,
    pub(crate) trickle: bool,
    pub(crate) dtls: DtlsParameters,
    pub(crate) media: Vec<MediaSection>,
    /// Which section's transport is the bundle's (RFC 9143 §7.2.1: the "tagged" one). In range, and
    /// that section is not rejected.
    pub(crate) tagged: usize,
    /// Whether there is a group. A description of one section needs none (RFC 9143 §7.2), and an answer
    /// has one only if the offer has (§7.3).
    pub(crate) grouped: bool,
}

impl SessionDescription {
    /// The session's id, the same over the call.
    pub const fn session_id(&self) -> u64 {
        self.session_id
    }

    /// Its version, one higher with every description of the same writer.
    pub const fn session_version(&self) -> u64 {
        self.session_version
    }

    /// The ICE credentials of the bundle.
    pub const fn ice(&self) -> &IceParameters {
        &self.ice
    }

    /// Whether the writer is an ICE lite agent (RFC 8445 §2.5).
    pub const fn is_ice_lite(&self) -> bool {
        self.ice_lite
    }

    /// Whether the writer can take candidates later (RFC 8838 §3).
    pub const fn trickles(&self) -> bool {
        self.trickle
    }

    /// The DTLS parameters of the bundle.
    pub const fn dtls(&self) -> &DtlsParameters {
        &self.dtls
    }

    /// The media sections, in order.
    pub fn media(&self) -> &[MediaSection] {
        &self.media
    }

    /// The section of this name.
    pub fn section(&self, mid: &str) -> Option<&MediaSection> {
        self.media.iter().find(|section| section.mid == mid)
    }

    /// The candidates of the bundle: what stands behind `a=candidate:`.
    pub fn candidates(&self) -> impl Iterator<Item = &str> {
        self.media.get(self.tagged).into_iter().flat_map(MediaSection::candidates)
    }

    /// Whether no more candidates will follow.
    pub fn end_of_candidates(&self) -> bool {
        self.media.get(self.tagged).is_some_and(MediaSection::end_of_candidates)
    }

    /// Adds a candidate of this side: what stands behind `a=candidate:`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidLocalParameter`] if it is no candidate, [`Error::TooMany`] beyond
    /// [`MAX_CANDIDATES`].
    pub fn add_candidate(&mut self, candidate: &str) -> Result<(), Error> {
        if !grammar::candidate(candidate) {
            return Err(Error::InvalidLocalParameter);
        }
        let Some(section) = self.media.get_mut(self.tagged) else { return Ok(()) };
        if section.candidates.len() >= MAX_CANDIDATES {
            return Err(Error::TooMany);
        }
        section.candidates.push(Redacted(candidate.to_owned()));
        Ok(())
    }

    /// Says that no more candidates will follow.
    pub fn set_end_of_candidates(&mut self) {
        if let Some(section) = self.media.get_mut(self.tagged) {
            section.end_of_candidates = true;
        }
    }

    /// The text.
    pub fn to_sdp(&self) -> String {
        write::document(self).to_sdp()
    }
}
