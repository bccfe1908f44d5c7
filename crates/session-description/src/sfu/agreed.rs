use crate::{Error, MediaKind, MediaSection, uri};

/// What an SFU and a participant have agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SfuAgreed {
    /// What the participant sends: at most one audio and one video section.
    pub uplinks: Vec<SfuUplink>,
    /// What it may receive, in the order of the description.
    pub slots: Vec<SfuSlot>,
    /// The header extensions, the same in all sections.
    pub extensions: SfuExtensions,
}

/// A medium that the participant sends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SfuUplink {
    /// The section's name.
    pub mid: String,
    /// Audio or video.
    pub kind: MediaKind,
    /// The RTP payload type.
    pub payload_type: u8,
    /// That of retransmissions, if there are any.
    pub rtx_payload_type: Option<u8>,
    /// From the smallest to the largest; one without a name where there is no simulcast.
    pub layers: Vec<SfuLayer>,
}

/// One layer of a medium.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SfuLayer {
    /// The layer's name (RFC 8851), if there is simulcast.
    pub rid: Option<String>,
    /// Its synchronisation source. Browsers leave it out and name the layer in each packet.
    pub ssrc: Option<u32>,
    /// The source of its retransmissions.
    pub rtx_ssrc: Option<u32>,
}

/// A section in which the participant receives whatever the SFU puts there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SfuSlot {
    /// The section's name.
    pub mid: String,
    /// Audio or video.
    pub kind: MediaKind,
    /// The RTP payload type.
    pub payload_type: u8,
    /// That of retransmissions, if there are any.
    pub rtx_payload_type: Option<u8>,
    /// The SFU's source, fixed for the session; none in an offer.
    pub ssrc: Option<u32>,
    /// The source of its retransmissions.
    pub rtx_ssrc: Option<u32>,
}

/// The numbers of the header extensions (RFC 8285 §4.2: 1 to 14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SfuExtensions {
    /// The section of a packet (RFC 9143 §15).
    pub mid: Option<u8>,
    /// Transport-wide sequence numbers.
    pub transport_cc: Option<u8>,
    /// The layer of a packet (RFC 8852 §3.1).
    pub rid: Option<u8>,
    /// The layer that a retransmission belongs to (RFC 8852 §3.2).
    pub repaired_rid: Option<u8>,
}

impl SfuExtensions {
    /// The numbers that the sections use; RFC 9143 §9.4 has them mean the same in all of them.
    pub(super) fn of(sections: &[&MediaSection]) -> Self {
        let number = |uri: &str| {
            let mut ids = sections.iter().filter_map(|section| section.extension_id(uri));
            ids.find_map(|id| u8::try_from(id).ok().filter(|id| (1..=14).contains(id)))
        };
        Self {
            mid: number(uri::MID),
            transport_cc: number(uri::TRANSPORT_CC),
            rid: number(uri::RID),
            repaired_rid: number(uri::REPAIRED_RID),
        }
    }
}

impl SfuUplink {
    /// From a section that someone sends in. Layers are as many as were named, at least one.
    pub(super) fn of(section: &MediaSection) -> Result<Self, Error> {
        let codec = section.codecs.first().ok_or(Error::NothingInCommon)?;
        let rids = section.simulcast.as_ref().map_or(&[][..], |simulcast| simulcast.send());
        if rids.len() > super::MAX_SFU_LAYERS {
            return Err(Error::TooMany);
        }
        Ok(Self {
            mid: section.mid.clone(),
            kind: section.kind,
            payload_type: codec.payload_type(),
            rtx_payload_type: codec.rtx_payload_type(),
            layers: layers(rids, section),
        })
    }
}

/// The layers with their sources: those stand in the order of the layers.
fn layers(rids: &[String], section: &MediaSection) -> Vec<SfuLayer> {
    (0..rids.len().max(1))
        .map(|at| {
            let source = section.sources.get(at);
            SfuLayer {
                rid: rids.get(at).cloned(),
                ssrc: source.map(crate::Source::ssrc),
                rtx_ssrc: source.and_then(crate::Source::rtx_ssrc),
            }
        })
        .collect()
}

impl SfuSlot {
    /// From a section that someone receives in, or sends in if it is the SFU.
    pub(super) fn of(section: &MediaSection) -> Result<Self, Error> {
        let codec = section.codecs.first().ok_or(Error::NothingInCommon)?;
        let source = section.sources.first();
        Ok(Self {
            mid: section.mid.clone(),
            kind: section.kind,
            payload_type: codec.payload_type(),
            rtx_payload_type: codec.rtx_payload_type(),
            ssrc: source.map(crate::Source::ssrc),
            rtx_ssrc: source.and_then(crate::Source::rtx_ssrc),
        })
    }
}
