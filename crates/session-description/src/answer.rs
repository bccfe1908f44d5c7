use crate::offer::add_local;
use crate::read::{self, Role};
use crate::{
    Capabilities, Document, DtlsParameters, Error, Extension, LocalMedia, LocalSession,
    MediaSection, Offer, SessionDescription,
};

/// The highest header extension id of the one-byte form (RFC 8285 §4.2), the only one we write.
const MAX_ONE_BYTE_ID: u16 = 14;

/// An answer: ours to send or the peer's to our offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(SessionDescription);

impl Answer {
    /// Answers `offer` (RFC 9429 §5.3.1): of each section the codecs, feedback and header
    /// extensions that both can do, with the offer's numbers and in the offer's order. `media` says
    /// what this side would like; a section that it does not want, or in which nothing is in
    /// common, is rejected. The answerer is DTLS client unless the offer wants to be.
    ///
    /// # Errors
    ///
    /// [`Error::NothingInCommon`] if every section would be rejected;
    /// [`Error::InvalidLocalParameter`] for a name that cannot be written.
    pub fn to(
        offer: &Offer,
        capabilities: &Capabilities,
        session: LocalSession,
        media: &[LocalMedia],
    ) -> Result<Self, Error> {
        let offer = offer.description();
        let mut wanted: Vec<&LocalMedia> = media.iter().collect();
        let sections = offer
            .media
            .iter()
            .map(|offered| section(offered, capabilities, &mut wanted))
            .collect::<Result<Vec<_>, _>>()?;
        let taken = |index: &usize| sections.get(*index).is_some_and(|section| !section.rejected);
        let tagged = core::iter::once(offer.tagged).chain(0..sections.len()).find(taken);
        Ok(Self(SessionDescription {
            session_id: session.session_id,
            session_version: session.session_version,
            ice: session.ice,
            ice_lite: false,
            trickle: true,
            dtls: DtlsParameters {
                fingerprints: vec![session.fingerprint],
                setup: offer.dtls.setup.answer(),
            },
            tagged: tagged.ok_or(Error::NothingInCommon)?,
            grouped: offer.grouped,
            media: sections,
        }))
    }

    /// Reads the peer's answer. Whether it fits the offer is asked with
    /// [`negotiated`](crate::negotiated).
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it; see [`Error`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        read::description(&Document::parse(text)?, Role::Answer).map(Self)
    }

    /// From a description that was put together elsewhere in this crate.
    pub(crate) const fn of(description: SessionDescription) -> Self {
        Self(description)
    }

    /// What it says.
    pub const fn description(&self) -> &SessionDescription {
        &self.0
    }

    /// What it says, to add candidates.
    pub const fn description_mut(&mut self) -> &mut SessionDescription {
        &mut self.0
    }

    /// The text.
    pub fn to_sdp(&self) -> String {
        self.0.to_sdp()
    }
}

/// Answers one section, taking what it needs out of `wanted`.
fn section(
    offered: &MediaSection,
    capabilities: &Capabilities,
    wanted: &mut Vec<&LocalMedia>,
) -> Result<MediaSection, Error> {
    let codecs: Vec<_> = offered
        .codecs
        .iter()
        .filter_map(|codec| capabilities.answer(offered.kind, codec))
        .collect();
    let local = wanted.iter().position(|local| local.kind == offered.kind);
    let (false, false, Some(local)) = (offered.rejected, codecs.is_empty(), local) else {
        return Ok(offered.rejection());
    };
    let local = wanted.remove(local);
    let mut section = MediaSection::new(offered.kind, offered.mid.clone());
    section.protocol = offered.protocol;
    section.codecs = codecs;
    section.extensions = common_extensions(offered, capabilities);
    add_local(&mut section, local, offered.direction.answered_with(local.direction))?;
    Ok(section)
}

/// The offered extensions that this side knows, with the offer's numbers.
pub(crate) fn common_extensions(
    offered: &MediaSection,
    capabilities: &Capabilities,
) -> Vec<Extension> {
    let known: Vec<_> = capabilities.extensions(offered.kind).collect();
    let ours = |theirs: &&Extension| {
        theirs.id <= MAX_ONE_BYTE_ID && known.iter().any(|known| known.uri == theirs.uri)
    };
    offered.extensions.iter().filter(ours).cloned().collect()
}
