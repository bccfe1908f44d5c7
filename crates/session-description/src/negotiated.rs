use crate::{
    Answer, Codec, Error, Extension, MediaKind, MediaSection, Offer, SessionDescription, Setup,
    Source,
};

/// What an offer and its answer have agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Negotiated {
    media: Vec<NegotiatedMedia>,
    dtls_client: Side,
}

/// One section that was not rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NegotiatedMedia {
    mid: String,
    kind: MediaKind,
    codecs: Vec<Codec>,
    extensions: Vec<Extension>,
    offerer: Sent,
    answerer: Sent,
}

/// What one side sends in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sent {
    sends: bool,
    sources: Vec<Source>,
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who wrote the offer.
    Offerer,
    /// Who wrote the answer.
    Answerer,
}

impl Side {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Offerer => Self::Answerer,
            Self::Answerer => Self::Offerer,
        }
    }
}

impl Negotiated {
    /// The sections that both take, in order.
    pub fn media(&self) -> &[NegotiatedMedia] {
        &self.media
    }

    /// The section of this name, if both take it.
    pub fn section(&self, mid: &str) -> Option<&NegotiatedMedia> {
        self.media.iter().find(|section| section.mid == mid)
    }

    /// Who begins the DTLS handshake.
    pub const fn dtls_client(&self) -> Side {
        self.dtls_client
    }
}

impl NegotiatedMedia {
    /// The section's name.
    pub fn mid(&self) -> &str {
        &self.mid
    }

    /// Audio or video.
    pub const fn kind(&self) -> MediaKind {
        self.kind
    }

    /// The codecs that may be used, the preferred one first; never empty.
    pub fn codecs(&self) -> &[Codec] {
        &self.codecs
    }

    /// The header extensions.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The number of one header extension; see [`uri`](crate::uri).
    pub fn extension_id(&self, uri: &str) -> Option<u16> {
        self.extensions.iter().find(|extension| extension.uri() == uri).map(Extension::id)
    }

    /// Whether this side sends.
    pub const fn sends(&self, side: Side) -> bool {
        self.sent(side).sends
    }

    /// The sources that this side announced.
    pub fn sources(&self, side: Side) -> &[Source] {
        &self.sent(side).sources
    }

    const fn sent(&self, side: Side) -> &Sent {
        match side {
            Side::Offerer => &self.offerer,
            Side::Answerer => &self.answerer,
        }
    }
}

/// Checks that `answer` answers `offer` and puts the two together. Codec parameters are the
/// answer's; feedback is what both named.
///
/// # Errors
///
/// [`Error::AnswerDoesNotFit`], [`Error::NotOffered`] or [`Error::BadSetup`].
pub fn negotiated(offer: &Offer, answer: &Answer) -> Result<Negotiated, Error> {
    let (offer, answer) = (offer.description(), answer.description());
    if offer.media.len() != answer.media.len() {
        return Err(Error::AnswerDoesNotFit);
    }
    let mut media = Vec::new();
    for (offered, answered) in offer.media.iter().zip(&answer.media) {
        media.extend(section(offered, answered)?);
    }
    Ok(Negotiated { media, dtls_client: dtls_client(offer, answer)? })
}

fn dtls_client(offer: &SessionDescription, answer: &SessionDescription) -> Result<Side, Error> {
    match (offer.dtls.setup, answer.dtls.setup) {
        (Setup::ActPass | Setup::Passive, Setup::Active) => Ok(Side::Answerer),
        (Setup::ActPass | Setup::Active, Setup::Passive) => Ok(Side::Offerer),
        (_, Setup::ActPass) | (Setup::Active, Setup::Active) | (Setup::Passive, Setup::Passive) => {
            Err(Error::BadSetup)
        }
    }
}

fn section(
    offered: &MediaSection,
    answered: &MediaSection,
) -> Result<Option<NegotiatedMedia>, Error> {
    // A rejected section need not repeat its name.
    let same_mid = offered.mid == answered.mid || (answered.rejected && answered.mid.is_empty());
    if !same_mid || offered.kind != answered.kind {
        return Err(Error::AnswerDoesNotFit);
    }
    match (offered.rejected, answered.rejected) {
        (_, true) => return Ok(None),
        (true, false) => return Err(Error::NotOffered),
        (false, false) if offered.kind == MediaKind::Other => return Ok(None),
        (false, false) => {}
    }
    let directions = (offered.direction, answered.direction);
    let too_much = (directions.1.sends() && !directions.0.receives())
        || (directions.1.receives() && !directions.0.sends());
    if too_much || answered.codecs.is_empty() {
        return Err(Error::NotOffered);
    }
    let codecs: Result<Vec<_>, _> =
        answered.codecs.iter().map(|codec| common(codec, offered)).collect();
    if answered.extensions.iter().any(|extension| !offered.extensions.contains(extension)) {
        return Err(Error::NotOffered);
    }
    let sent = |section: &MediaSection, sends| Sent { sends, sources: section.sources.clone() };
    Ok(Some(NegotiatedMedia {
        mid: offered.mid.clone(),
        kind: offered.kind,
        codecs: codecs?,
        extensions: answered.extensions.clone(),
        offerer: sent(offered, directions.1.receives()),
        answerer: sent(answered, directions.1.sends()),
    }))
}

/// The codec that both mean by this number.
fn common(answered: &Codec, offered: &MediaSection) -> Result<Codec, Error> {
    let same = |codec: &&Codec| {
        codec.payload_type() == answered.payload_type()
            && codec.is(answered.name())
            && codec.clock_rate() == answered.clock_rate()
    };
    let offered = offered.codecs.iter().find(same).ok_or(Error::NotOffered)?;
    let rtx = answered.rtx_payload_type();
    if rtx.is_some() && rtx != offered.rtx_payload_type() {
        return Err(Error::NotOffered);
    }
    let mut codec = answered.clone();
    codec.feedback.retain(|feedback| offered.feedback.contains(feedback));
    Ok(codec)
}
