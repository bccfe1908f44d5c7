//! Offers and answers: what this side says of itself, and what the two agree on.

use rand_core::CryptoRng;
use zentalk_dtls_fingerprint::{LocalFingerprint, RemoteFingerprints};
use zentalk_ice_nat::Credentials;
use zentalk_session_description::MediaKind;
use zentalk_session_description::{
    Answer, Capabilities, CodecCapability, Fingerprint, IceParameters, LocalMedia, LocalSession,
    Negotiated, NegotiatedMedia, Offer, SessionDescription, Side, Source, negotiated, uri,
};

use super::io::Media;
use super::media::{MediaPlan, StreamPlan};
use super::transport::RemoteTransport;
use crate::Error;

/// What this side says of itself in its one description of a call.
pub(crate) struct LocalDescription {
    session: LocalSession,
    media: Vec<LocalMedia>,
}

impl LocalDescription {
    /// With sources that nobody else has: SSRCs and their name are random (RFC 3550 §5.1, RFC 7022).
    pub(crate) fn new(
        credentials: &Credentials,
        fingerprint: &LocalFingerprint,
        media: Media,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let ice = IceParameters::new(credentials.ufrag(), credentials.password())?;
        let fingerprint = Fingerprint::parse(&fingerprint.to_string())?;
        let session = LocalSession::new(rng.next_u64(), ice, fingerprint);
        let cname = format!("{:016x}", rng.next_u64());
        let source = |rng: &mut _| Source::new(random_ssrc(rng), cname.as_str());
        let mut media_sections = vec![LocalMedia::audio().with_source(source(rng))];
        if media.has_video() {
            let video = source(rng).with_rtx(random_ssrc(rng));
            media_sections.push(LocalMedia::video().with_source(video));
        }
        Ok(Self { session, media: media_sections })
    }

    pub(crate) fn offer(self) -> Result<Offer, Error> {
        Ok(Offer::new(self.session, &self.media, &capabilities())?)
    }

    pub(crate) fn answer(self, offer: &Offer) -> Result<Answer, Error> {
        Ok(Answer::to(offer, &capabilities(), self.session, &self.media)?)
    }
}

/// What this version can send and receive.
fn capabilities() -> Capabilities {
    Capabilities::new(&[CodecCapability::OPUS, CodecCapability::VP8])
}

fn random_ssrc(rng: &mut impl CryptoRng) -> u32 {
    rng.next_u32().max(1)
}

/// What the peer's description says of its transport.
pub(crate) fn remote_transport(description: &SessionDescription) -> Result<RemoteTransport, Error> {
    let ice = description.ice();
    let fingerprints = description.dtls().fingerprints();
    Ok(RemoteTransport {
        credentials: Credentials::new(ice.ufrag(), ice.password())?,
        fingerprints: RemoteFingerprints::parse(fingerprints.iter().map(Fingerprint::as_str))?,
    })
}

/// Puts offer and answer together, as seen by one side.
pub(crate) fn media_plan(offer: &Offer, answer: &Answer, own: Side) -> Result<MediaPlan, Error> {
    let agreed = negotiated(offer, answer)?;
    if agreed.dtls_client() != Side::Answerer {
        // Our offers leave the choice and our answers begin; a peer that wants it otherwise is none of ours.
        return Err(Error::UnsupportedDescription);
    }
    Ok(MediaPlan {
        audio: stream_plan(&agreed, MediaKind::Audio, own),
        video: stream_plan(&agreed, MediaKind::Video, own),
    })
}

fn stream_plan(agreed: &Negotiated, kind: MediaKind, own: Side) -> Option<StreamPlan> {
    let section = agreed.media().iter().find(|section| section.kind() == kind)?;
    let codec = section.codecs().first()?;
    let local = section.sources(own).first()?;
    let remote = section.sources(own.other()).first();
    Some(StreamPlan {
        mid: mid_extension(section).map(|id| (id, section.mid().to_owned())),
        payload_type: codec.payload_type(),
        rtx_payload_type: codec.rtx_payload_type(),
        local_ssrc: local.ssrc(),
        local_rtx_ssrc: local.rtx_ssrc(),
        remote_ssrc: remote.map(Source::ssrc),
        remote_rtx_ssrc: remote.and_then(Source::rtx_ssrc),
    })
}

/// The id under which packets name their section, if it fits the one-byte form (RFC 8285 §4.2).
fn mid_extension(section: &NegotiatedMedia) -> Option<u8> {
    u8::try_from(section.extension_id(uri::MID)?).ok().filter(|id| *id <= 14)
}
