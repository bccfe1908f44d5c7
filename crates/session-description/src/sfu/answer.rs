use crate::answer::common_extensions;
use crate::offer::add_local;
use crate::{
    Answer, Direction, DtlsParameters, Error, LocalMedia, LocalSession, MediaKind, MediaSection,
    SessionDescription, Setup, Side, Simulcast, Source, negotiated,
};

use super::offer::capabilities;
use super::{SfuAgreed, SfuExtensions, SfuOffer, SfuSlot, SfuUplink};

/// An SFU's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SfuAnswer(Answer);

/// The source that a slot has for the session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // An argument, made by the caller.
pub struct SfuSlotSource {
    /// The slot's section.
    pub mid: String,
    /// The source of the media.
    pub ssrc: u32,
    /// The source of retransmissions; none for audio.
    pub rtx_ssrc: Option<u32>,
}

impl SfuAnswer {
    /// Answers `offer` as an ICE lite agent (RFC 8445 §2.5) and DTLS server: uplinks are received
    /// with all their layers, each slot in `slots` sends from its source, everything else is
    /// rejected. The host candidates are added to [`description_mut`](Self::description_mut).
    ///
    /// # Errors
    ///
    /// [`Error::NothingInCommon`] if everything would be rejected, [`Error::BadSetup`] if the
    /// participant would be DTLS server, too.
    pub fn to(
        offer: &SfuOffer,
        session: LocalSession,
        slots: &[SfuSlotSource],
    ) -> Result<Self, Error> {
        let offered = offer.description();
        if offered.dtls.setup == Setup::Passive {
            return Err(Error::BadSetup);
        }
        let sections = offered
            .media
            .iter()
            .map(|section| answer_section(section, offer, slots))
            .collect::<Result<Vec<_>, _>>()?;
        let taken = |index: &usize| sections.get(*index).is_some_and(|section| !section.rejected);
        let tagged = core::iter::once(offered.tagged).chain(0..sections.len()).find(taken);
        Ok(Self(Answer::of(SessionDescription {
            session_id: session.session_id,
            session_version: session.session_version,
            ice: session.ice,
            ice_lite: true,
            trickle: false,
            dtls: DtlsParameters { fingerprints: vec![session.fingerprint], setup: Setup::Passive },
            tagged: tagged.ok_or(Error::NothingInCommon)?,
            grouped: offered.grouped,
            media: sections,
        })))
    }

    /// Reads an SFU's answer. Whether it fits is asked with [`SfuAnswer::agreed`].
    ///
    /// # Errors
    ///
    /// As [`Answer::parse`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        Answer::parse(text).map(Self)
    }

    /// What the two have agreed on. Layers that the SFU does not take are left out, as are slots
    /// without a source.
    ///
    /// # Errors
    ///
    /// As [`negotiated`]; [`Error::BadSetup`] unless the SFU is the DTLS server.
    pub fn agreed(&self, offer: &SfuOffer) -> Result<SfuAgreed, Error> {
        let both = negotiated(&offer.offer, &self.0)?;
        if both.dtls_client() != Side::Offerer {
            return Err(Error::BadSetup);
        }
        let answered = |mid: &str| self.description().section(mid).filter(|s| !s.rejected);
        let uplinks = offer.uplinks().iter().filter_map(|uplink| {
            let section = answered(&uplink.mid).filter(|section| section.direction.receives())?;
            Some(accepted(uplink, section))
        });
        let slots = offer.slots().iter().filter_map(|slot| {
            let section = answered(&slot.mid).filter(|section| section.direction.sends())?;
            SfuSlot::of(section).ok().filter(|slot| slot.ssrc.is_some())
        });
        let taken: Vec<_> =
            self.description().media.iter().filter(|section| !section.rejected).collect();
        Ok(SfuAgreed {
            uplinks: uplinks.collect(),
            slots: slots.collect(),
            extensions: SfuExtensions::of(&taken),
        })
    }

    /// What it says.
    pub const fn description(&self) -> &SessionDescription {
        self.0.description()
    }

    /// What it says, to add candidates.
    pub const fn description_mut(&mut self) -> &mut SessionDescription {
        self.0.description_mut()
    }

    /// The text.
    pub fn to_sdp(&self) -> String {
        self.0.to_sdp()
    }
}

/// The uplink as the SFU takes it: with its codecs, and the layers that both name.
fn accepted(offered: &SfuUplink, section: &MediaSection) -> SfuUplink {
    let mut uplink = offered.clone();
    if let Some(codec) = section.codecs.first() {
        uplink.payload_type = codec.payload_type();
        uplink.rtx_payload_type = codec.rtx_payload_type();
    }
    let takes = section.simulcast.as_ref().map_or(&[][..], Simulcast::recv);
    if takes.is_empty() {
        // RFC 8853 §5.3.2: whoever does not name the layers takes one stream.
        uplink.layers.truncate(1);
    } else {
        uplink.layers.retain(|layer| layer.rid.as_ref().is_some_and(|rid| takes.contains(rid)));
    }
    uplink
}

fn answer_section(
    offered: &MediaSection,
    offer: &SfuOffer,
    slots: &[SfuSlotSource],
) -> Result<MediaSection, Error> {
    let uplink = offer.uplinks().iter().find(|uplink| uplink.mid == offered.mid);
    let slot = slots.iter().find(|slot| slot.mid == offered.mid);
    let slot = slot.filter(|slot| offer.slots().iter().any(|offered| offered.mid == slot.mid));
    let direction = match (uplink, slot) {
        (Some(_), _) => Direction::RecvOnly,
        (None, Some(_)) => Direction::SendOnly,
        (None, None) => return Ok(offered.rejection()),
    };
    let capabilities = capabilities();
    let mut section = MediaSection::new(offered.kind, offered.mid.clone());
    section.protocol = offered.protocol;
    let codecs = offered.codecs.iter();
    section.codecs = codecs.filter_map(|codec| capabilities.answer(offered.kind, codec)).collect();
    section.extensions = common_extensions(offered, &capabilities);
    section.simulcast = uplink.and_then(receiving);
    let local = slot.map_or_else(|| empty(offered.kind), |slot| sending(offered.kind, slot));
    add_local(&mut section, &local, direction)?;
    section.end_of_candidates = true;
    Ok(section)
}

/// All layers that the participant offers.
fn receiving(uplink: &SfuUplink) -> Option<Simulcast> {
    let recv: Vec<_> = uplink.layers.iter().filter_map(|layer| layer.rid.clone()).collect();
    (!recv.is_empty()).then(|| Simulcast { send: Vec::new(), recv })
}

fn empty(kind: MediaKind) -> LocalMedia {
    if kind == MediaKind::Video { LocalMedia::video() } else { LocalMedia::audio() }
}

/// A slot belongs to no stream: what it carries changes (RFC 8830 §2).
fn sending(kind: MediaKind, slot: &SfuSlotSource) -> LocalMedia {
    let source = Source::new(slot.ssrc, CNAME);
    let source = match slot.rtx_ssrc {
        Some(ssrc) => source.with_rtx(ssrc),
        None => source,
    };
    empty(kind).with_msid("-", &slot.mid).with_source(source)
}

/// It stands in reports to the participant alone, and says nothing of anyone.
const CNAME: &str = "sfu";
