use crate::read::{self, Role};
use crate::{
    Capabilities, Direction, Document, DtlsParameters, Error, LocalMedia, LocalSession, MediaKind,
    MediaSection, SessionDescription, Setup, grammar,
};

/// An offer: ours to send or the peer's to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer(SessionDescription);

impl Offer {
    /// Offers `media`, at most one section of each kind: audio is named `0`, video `1`. The DTLS
    /// role is left to the answerer.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidLocalParameter`] if there is no media, two of a kind, a kind without a codec,
    /// or a name that cannot be written.
    pub fn new(
        session: LocalSession,
        media: &[LocalMedia],
        capabilities: &Capabilities,
    ) -> Result<Self, Error> {
        let mut sections: Vec<MediaSection> = Vec::new();
        for local in media {
            if sections.iter().any(|section| section.kind == local.kind) {
                return Err(Error::InvalidLocalParameter);
            }
            let mid = if local.kind == MediaKind::Video { "1" } else { "0" };
            sections.push(section(mid, local, capabilities)?);
        }
        if sections.is_empty() {
            return Err(Error::InvalidLocalParameter);
        }
        Ok(offering(session, sections))
    }

    /// Reads the peer's offer.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it; see [`Error`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        read::description(&Document::parse(text)?, Role::Offer).map(Self)
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

/// An offer of these sections, at least one.
pub(crate) fn offering(session: LocalSession, sections: Vec<MediaSection>) -> Offer {
    Offer(SessionDescription {
        session_id: session.session_id,
        session_version: session.session_version,
        ice: session.ice,
        ice_lite: false,
        trickle: true,
        dtls: DtlsParameters { fingerprints: vec![session.fingerprint], setup: Setup::ActPass },
        media: sections,
        tagged: 0,
        grouped: true,
    })
}

/// A section of this name with all that this side can do.
pub(crate) fn section(
    mid: &str,
    local: &LocalMedia,
    capabilities: &Capabilities,
) -> Result<MediaSection, Error> {
    let mut section = MediaSection::new(local.kind, mid.to_owned());
    section.codecs = capabilities.offer(local.kind);
    if section.codecs.is_empty() {
        return Err(Error::InvalidLocalParameter);
    }
    section.extensions = capabilities.extensions(local.kind).collect();
    add_local(&mut section, local, local.direction)?;
    Ok(section)
}

/// What offers and answers alike say of what this side sends.
pub(crate) fn add_local(
    section: &mut MediaSection,
    local: &LocalMedia,
    direction: Direction,
) -> Result<(), Error> {
    section.direction = direction;
    if !direction.sends() {
        return Ok(());
    }
    let names = local.sources.iter().filter_map(|source| source.cname.as_deref());
    for text in names.chain(local.msid.as_deref()) {
        if text.is_empty() || !text.split(' ').all(grammar::is_token) {
            return Err(Error::InvalidLocalParameter);
        }
    }
    section.sources.clone_from(&local.sources);
    section.msid.clone_from(&local.msid);
    Ok(())
}
