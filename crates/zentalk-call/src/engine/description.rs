//! Offers and answers: what this side says of itself, and what the two agree on.

use rand_core::CryptoRng;
use zentalk_dtls_fingerprint::{DtlsRole, LocalFingerprint, RemoteFingerprints};
use zentalk_ice_nat::Credentials;
use zentalk_session_description::{
    Answer, Capabilities, CodecCapability, Feedback, Fingerprint, IceParameters, LocalMedia,
    LocalSession, MediaKind, Negotiated, NegotiatedMedia, Offer, SessionDescription, Setup, Side,
    Source, negotiated, uri,
};

use super::media::{MediaPlan, ReceivePlan, SendPlan, StreamPlan};
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
        media: &[MediaKind],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let ice = IceParameters::new(credentials.ufrag(), credentials.password())?;
        let fingerprint = Fingerprint::parse(&fingerprint.to_string())?;
        let session = LocalSession::new(rng.next_u64(), ice, fingerprint);
        let cname = format!("{:016x}", rng.next_u64());
        let media = media.iter().filter_map(|kind| section(*kind, &cname, rng)).collect();
        Ok(Self { session, media })
    }

    pub(crate) fn offer(self) -> Result<Offer, Error> {
        Ok(Offer::new(self.session, &self.media, &capabilities())?)
    }

    pub(crate) fn answer(self, offer: &Offer) -> Result<Answer, Error> {
        Ok(Answer::to(offer, &capabilities(), self.session, &self.media)?)
    }
}

/// One medium of this side, named for browsers (RFC 8830 §2): one stream, a track for each medium.
fn section(kind: MediaKind, cname: &str, rng: &mut impl CryptoRng) -> Option<LocalMedia> {
    let source = Source::new(random_ssrc(rng), cname);
    match kind {
        MediaKind::Audio => {
            Some(LocalMedia::audio().with_source(source).with_msid(cname, "microphone"))
        }
        MediaKind::Video => {
            let source = source.with_rtx(random_ssrc(rng));
            Some(LocalMedia::video().with_source(source).with_msid(cname, "camera"))
        }
        _ => None,
    }
}

/// What this version can send and receive. Nothing is agreed on that the RTP session does not do: no
/// simulcast, no transport-wide feedback.
fn capabilities() -> Capabilities {
    Capabilities::new(&[CodecCapability::OPUS, CodecCapability::VP8])
        .with_extensions(&[uri::MID])
        .without_feedback(Feedback::TransportCc)
}

fn random_ssrc(rng: &mut impl CryptoRng) -> u32 {
    rng.next_u32().max(1)
}

/// What the peer's description says of its transport, and what it leaves to this side: the end of the
/// handshake that the peer does not take; the beginning where it leaves the choice (RFC 8842 §5.3).
pub(crate) fn remote_transport(description: &SessionDescription) -> Result<RemoteTransport, Error> {
    let ice = description.ice();
    let fingerprints = description.dtls().fingerprints();
    Ok(RemoteTransport {
        credentials: Credentials::new(ice.ufrag(), ice.password())?,
        fingerprints: RemoteFingerprints::parse(fingerprints.iter().map(Fingerprint::as_str))?,
        own_role: match description.dtls().setup() {
            Setup::Active => DtlsRole::Server,
            Setup::Passive | Setup::ActPass => DtlsRole::Client,
        },
    })
}

/// Puts offer and answer of a call together, as seen by one side. Our offers leave the choice and our
/// answers begin the handshake; a peer that wants it otherwise is none of ours.
pub(crate) fn call_plan(offer: &Offer, answer: &Answer, own: Side) -> Result<MediaPlan, Error> {
    if answer.description().dtls().setup() == Setup::Active {
        media_plan(offer, answer, own)
    } else {
        Err(Error::UnsupportedDescription)
    }
}

/// Puts any peer's offer and answer together, as seen by one side.
pub(crate) fn media_plan(offer: &Offer, answer: &Answer, own: Side) -> Result<MediaPlan, Error> {
    let agreed = negotiated(offer, answer)?;
    let plan = MediaPlan {
        audio: stream_plan(&agreed, MediaKind::Audio, own),
        video: stream_plan(&agreed, MediaKind::Video, own),
    };
    if plan.audio.is_none() && plan.video.is_none() {
        return Err(Error::UnsupportedDescription);
    }
    Ok(plan)
}

fn stream_plan(agreed: &Negotiated, kind: MediaKind, own: Side) -> Option<StreamPlan> {
    let section = agreed.media().iter().find(|section| section.kind() == kind)?;
    let codec = section.codecs().first()?;
    let local = section.sources(own).first().filter(|_| section.sends(own));
    let remote = section.sources(own.other()).first();
    let plan = StreamPlan {
        mid: mid_extension(section).map(|id| (id, section.mid().to_owned())),
        payload_type: codec.payload_type(),
        rtx_payload_type: codec.rtx_payload_type(),
        nack: codec.feedback().contains(&Feedback::Nack),
        send: local.map(|source| SendPlan { ssrc: source.ssrc(), rtx_ssrc: source.rtx_ssrc() }),
        receive: section.sends(own.other()).then(|| ReceivePlan {
            ssrc: remote.map(Source::ssrc),
            rtx_ssrc: remote.and_then(Source::rtx_ssrc),
        }),
    };
    (plan.send.is_some() || plan.receive.is_some()).then_some(plan)
}

/// The id under which packets name their section, if both fit the one-byte form (RFC 8285 §4.2).
fn mid_extension(section: &NegotiatedMedia) -> Option<u8> {
    if section.mid().len() > MAX_MID_LEN {
        return None;
    }
    u8::try_from(section.extension_id(uri::MID)?).ok().filter(|id| *id <= 14)
}

/// What an element of the one-byte form holds.
const MAX_MID_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use zentalk_dtls_fingerprint::Certificate;
    use zentalk_primitives::UnixTime;

    use super::*;

    fn local(media: &[MediaKind]) -> LocalDescription {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let credentials = Credentials::new("ufrag", "password0123456789012345").unwrap();
        let now = UnixTime::from_millis(1_800_000_000_000);
        let certificate = Certificate::generate(&mut rng, now).unwrap();
        LocalDescription::new(&credentials, &certificate.fingerprint(), media, &mut rng).unwrap()
    }

    /// RFC 8842 §5.3 leaves the choice to the answerer; our calls have made it.
    #[test]
    fn in_a_call_the_answerer_begins_the_handshake() {
        let offer = local(&[MediaKind::Audio]).offer().unwrap();
        let answer = local(&[MediaKind::Audio]).answer(&offer).unwrap();
        assert!(call_plan(&offer, &answer, Side::Offerer).is_ok());
        let passive = answer.to_sdp().replace("a=setup:active", "a=setup:passive");
        let passive = Answer::parse(&passive).unwrap();
        assert!(media_plan(&offer, &passive, Side::Offerer).is_ok());
        let refused = call_plan(&offer, &passive, Side::Offerer);
        assert!(matches!(refused, Err(Error::UnsupportedDescription)));
    }

    /// What the RTP session does not do is not offered (RFC 3264 §5.1).
    #[test]
    fn an_offer_promises_nothing_that_is_not_done() {
        let sdp = local(&[MediaKind::Audio, MediaKind::Video]).offer().unwrap().to_sdp();
        for word in ["transport-cc", "transport-wide-cc", "rtp-stream-id", "dependency-descriptor"]
        {
            assert!(!sdp.contains(word), "{word}");
        }
        assert!(sdp.contains(uri::MID) && sdp.contains("nack pli"));
    }

    /// RFC 3264 §6.1: one way stays one way; neither way is nothing.
    #[test]
    fn directions_are_kept() {
        let offer = local(&[MediaKind::Audio]).offer().unwrap().to_sdp();
        let plan = |direction: &str| {
            let offer = Offer::parse(&offer.replace("a=sendrecv", direction)).unwrap();
            let answer = local(&[MediaKind::Audio]).answer(&offer).unwrap();
            media_plan(&offer, &answer, Side::Answerer).map(|plan| {
                let audio = plan.audio.unwrap();
                (audio.send.is_some(), audio.receive.is_some())
            })
        };
        assert_eq!(plan("a=sendonly").unwrap(), (false, true));
        assert_eq!(plan("a=recvonly").unwrap(), (true, false));
        assert!(matches!(plan("a=inactive"), Err(Error::UnsupportedDescription)));
    }
}
