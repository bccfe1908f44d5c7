//! Between session descriptions and what the forwarding core takes and gives.

use std::net::SocketAddr;

use zentalk_dtls_fingerprint::RemoteFingerprints;
use zentalk_session_description::{
    Fingerprint, IceParameters, LocalSession, MediaKind, SfuAnswer, SfuExtensions, SfuLayer,
    SfuOffer, SfuSlot, SfuSlotSource, SfuUplink,
};
use zentalk_sfu::{
    Encoding, ExtensionIds, Label, Medium, ParticipantAnswer, ParticipantOffer, PayloadTypes,
    SlotOffer, Uplink,
};
use zeroize::Zeroizing;

/// The offer as the core takes it; none if it has what the core cannot do.
pub(super) fn offer(offer: &SfuOffer) -> Option<ParticipantOffer> {
    let description = offer.description();
    let fingerprints = description.dtls().fingerprints().iter().map(Fingerprint::as_str);
    let payload_types = payload_types(offer)?;
    let slots = offer.slots().iter().filter(|slot| fits(slot, &payload_types)).map(slot);
    Some(ParticipantOffer {
        ufrag: description.ice().ufrag().to_owned(),
        password: Zeroizing::new(description.ice().password().to_owned()),
        fingerprints: RemoteFingerprints::parse(fingerprints).ok()?,
        uplinks: offer.uplinks().iter().map(uplink).collect::<Option<_>>()?,
        slots: slots.collect::<Option<_>>()?,
        extensions: extensions(offer.extensions()),
        payload_types,
    })
}

/// The answer as the participant reads it: `candidates` are our addresses, the preferred one first.
pub(super) fn answer(
    offer: &SfuOffer,
    answer: &ParticipantAnswer,
    session_id: u64,
    candidates: &[SocketAddr],
) -> Option<String> {
    let ice = IceParameters::new(&answer.ufrag, &answer.password).ok()?;
    let fingerprint = Fingerprint::parse(&answer.fingerprint.to_string()).ok()?;
    let slots: Vec<_> = answer
        .slots
        .iter()
        .map(|slot| SfuSlotSource {
            mid: slot.mid.as_str().to_owned(),
            ssrc: slot.ssrc,
            rtx_ssrc: slot.rtx_ssrc,
        })
        .collect();
    let session = LocalSession::new(session_id, ice, fingerprint);
    let mut answer = SfuAnswer::to(offer, session, &slots).ok()?;
    for (foundation, address) in (1_u32..).zip(candidates) {
        let candidate = candidate(foundation, *address);
        answer.description_mut().add_candidate(&candidate).ok()?;
    }
    Some(answer.to_sdp())
}

/// A host candidate (RFC 8839 §5.1) with the priority of RFC 8445 §5.1.2.1: type preference 126, the first
/// address before the others.
fn candidate(foundation: u32, address: SocketAddr) -> String {
    let local_preference = 65_535_u32.saturating_sub(foundation.saturating_sub(1));
    let priority = (126 << 24) | (local_preference << 8) | 255;
    let (ip, port) = (address.ip(), address.port());
    format!("{foundation} 1 udp {priority} {ip} {port} typ host")
}

fn extensions(ids: SfuExtensions) -> ExtensionIds {
    ExtensionIds {
        mid: ids.mid,
        transport_cc: ids.transport_cc,
        rid: ids.rid,
        repaired_rid: ids.repaired_rid,
    }
}

fn uplink(uplink: &SfuUplink) -> Option<Uplink> {
    let encodings = uplink.layers.iter().map(encoding).collect::<Option<_>>()?;
    Some(Uplink { mid: Label::new(&uplink.mid)?, medium: medium(uplink.kind)?, encodings })
}

fn encoding(layer: &SfuLayer) -> Option<Encoding> {
    let rid = match &layer.rid {
        Some(rid) => Some(Label::new(rid)?),
        None => None,
    };
    Some(Encoding { rid, ssrc: layer.ssrc, rtx_ssrc: layer.rtx_ssrc })
}

fn slot(slot: &SfuSlot) -> Option<SlotOffer> {
    Some(SlotOffer { mid: Label::new(&slot.mid)?, medium: medium(slot.kind)? })
}

fn medium(kind: MediaKind) -> Option<Medium> {
    match kind {
        MediaKind::Audio => Some(Medium::Audio),
        MediaKind::Video => Some(Medium::Video),
        _ => None,
    }
}

/// The numbers of the first section of each kind; what comes from one participant goes to others under theirs.
fn payload_types(offer: &SfuOffer) -> Option<PayloadTypes> {
    let uplinks = offer.uplinks().iter().map(|u| (u.kind, u.payload_type, u.rtx_payload_type));
    let slots = offer.slots().iter().map(|s| (s.kind, s.payload_type, s.rtx_payload_type));
    let all: Vec<_> = uplinks.chain(slots).collect();
    let first = |kind| all.iter().find(|(of, ..)| *of == kind).map(|(_, own, rtx)| (*own, *rtx));
    let (audio, video) = (first(MediaKind::Audio), first(MediaKind::Video));
    let used =
        [audio, video].into_iter().flatten().flat_map(|(own, rtx)| [Some(own), rtx]).flatten();
    let used: Vec<u8> = used.collect();
    // A kind that is not offered has no packets, but must have a number.
    let free = (96..=127).find(|number| !used.contains(number))?;
    let (video, video_rtx) = video.unwrap_or((free, None));
    Some(PayloadTypes { audio: audio.map_or(free, |(own, _)| own), video, video_rtx })
}

/// Whether the slot uses the numbers that the participant's other sections use. One that does not is rejected: no
/// browser writes that.
fn fits(slot: &SfuSlot, numbers: &PayloadTypes) -> bool {
    match slot.kind {
        MediaKind::Audio => slot.payload_type == numbers.audio,
        _ => slot.payload_type == numbers.video && (slot.rtx_payload_type == numbers.video_rtx),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8445 §5.1.2.1.
    #[test]
    fn candidates_are_in_the_order_of_the_operator() {
        let [first, second] = ["192.0.2.1:4400", "[2001:db8::1]:4400"].map(|a| a.parse().unwrap());
        assert_eq!(candidate(1, first), "1 1 udp 2130706431 192.0.2.1 4400 typ host");
        assert_eq!(candidate(2, second), "2 1 udp 2130706175 2001:db8::1 4400 typ host");
    }
}
