//! Writing and reading again gives the same; reading anything gives no panic.

use proptest::prelude::*;
use zentalk_session_description::{
    Answer, Capabilities, CodecCapability, Direction, Document, Line, LocalMedia, MAX_SFU_SLOTS,
    Offer, SfuAnswer, SfuLocal, SfuOffer, SfuSlotSource, Source,
};

use crate::common::{capabilities, offer, session};

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![
        Just(Direction::SendRecv),
        Just(Direction::SendOnly),
        Just(Direction::RecvOnly),
        Just(Direction::Inactive),
    ]
}

fn source() -> impl Strategy<Value = Source> {
    (any::<u32>(), "[a-zA-Z0-9+.-]{1,16}", any::<Option<u32>>()).prop_map(|(ssrc, cname, rtx)| {
        let source = Source::new(ssrc, cname);
        match rtx {
            Some(rtx) if rtx != ssrc => source.with_rtx(rtx),
            _ => source,
        }
    })
}

fn media() -> impl Strategy<Value = Vec<LocalMedia>> {
    let one = || (direction(), proptest::option::of(source()), any::<bool>());
    (proptest::option::of(one()), one()).prop_map(|(audio, video)| {
        let fill = |local: LocalMedia, (direction, source, msid): (_, Option<Source>, bool)| {
            let local = local.with_direction(direction);
            let local = if msid { local.with_msid("-", "track") } else { local };
            source.into_iter().fold(local, LocalMedia::with_source)
        };
        let audio = audio.map(|parts| fill(LocalMedia::audio(), parts));
        audio.into_iter().chain([fill(LocalMedia::video(), video)]).collect()
    })
}

fn any_capabilities() -> impl Strategy<Value = Capabilities> {
    let video = [CodecCapability::VP8, CodecCapability::VP9, CodecCapability::H264];
    proptest::sample::subsequence(video.to_vec(), 1..=3).prop_map(|mut codecs| {
        codecs.push(CodecCapability::OPUS);
        Capabilities::new(&codecs)
    })
}

fn candidate() -> impl Strategy<Value = String> {
    (any::<[u8; 4]>(), any::<u16>(), any::<u32>()).prop_map(|(ip, port, priority)| {
        let ip = std::net::Ipv4Addr::from(ip);
        format!("1 1 udp {priority} {ip} {port} typ srflx raddr 0.0.0.0 rport 9")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// RFC 9429 §5.1.2 and §5.8.
    #[test]
    fn offers_and_answers_read_as_they_were_written(
        offered in media(),
        wished in media(),
        theirs in any_capabilities(),
        ours in any_capabilities(),
        candidates in proptest::collection::vec(candidate(), 0..4),
        complete: bool,
    ) {
        let mut offer = Offer::new(session("alice"), &offered, &theirs).unwrap();
        for candidate in &candidates {
            offer.description_mut().add_candidate(candidate).unwrap();
        }
        if complete {
            offer.description_mut().set_end_of_candidates();
        }
        prop_assert_eq!(Offer::parse(&offer.to_sdp()), Ok(offer.clone()));

        if let Ok(answer) = Answer::to(&offer, &ours, session("bobby"), &wished) {
            prop_assert_eq!(Answer::parse(&answer.to_sdp()), Ok(answer.clone()));
            prop_assert!(zentalk_session_description::negotiated(&offer, &answer).is_ok());
        }
    }

    #[test]
    fn a_damaged_offer_never_panics_and_what_is_taken_reads_again(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = offer().to_sdp().into_bytes();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte & 0x7f;
        }
        let text = String::from_utf8(bytes).unwrap();
        if let Ok(document) = Document::parse(&text) {
            prop_assert_eq!(Document::parse(&document.to_sdp()), Ok(document));
        }
        if let Ok(offer) = Offer::parse(&text) {
            prop_assert_eq!(Offer::parse(&offer.to_sdp()), Ok(offer.clone()));
            drop(Answer::to(&offer, &capabilities(), session("bobby"), &[LocalMedia::audio()]));
        }
    }

    /// RFC 8853 §5.3.
    #[test]
    fn offers_to_an_sfu_and_its_answers_read_as_they_were_written(
        slots in 0..=MAX_SFU_SLOTS,
        video: bool,
        sources in proptest::collection::vec(source(), 4),
        taken in proptest::collection::vec(any::<Option<(u32, u32)>>(), 2 * MAX_SFU_SLOTS),
    ) {
        let [audio, low, mid, high] = <[Source; 4]>::try_from(sources).unwrap();
        let local = SfuLocal::new(audio, slots);
        let local = if video { local.with_video([low, mid, high]) } else { local };
        let offer = SfuOffer::new(session("alice"), &local).unwrap();
        prop_assert_eq!(SfuOffer::parse(&offer.to_sdp()), Ok(offer.clone()));

        let numbered = offer.slots().iter().zip(taken).filter_map(|(slot, taken)| {
            let (ssrc, rtx) = taken?;
            let rtx_ssrc = slot.rtx_payload_type.map(|_| rtx).filter(|rtx| *rtx != ssrc);
            Some(SfuSlotSource { mid: slot.mid.clone(), ssrc, rtx_ssrc })
        });
        let numbered: Vec<_> = numbered.collect();
        let answer = SfuAnswer::to(&offer, session("forwarder"), &numbered).unwrap();
        prop_assert_eq!(SfuAnswer::parse(&answer.to_sdp()), Ok(answer.clone()));
        let agreed = answer.agreed(&offer).unwrap();
        prop_assert_eq!(agreed.uplinks, offer.uplinks());
        let sent: Vec<_> = agreed
            .slots
            .iter()
            .map(|slot| SfuSlotSource {
                mid: slot.mid.clone(),
                ssrc: slot.ssrc.unwrap(),
                rtx_ssrc: slot.rtx_ssrc,
            })
            .collect();
        prop_assert_eq!(sent, numbered);
    }

    #[test]
    fn any_line_is_taken_or_refused(line in "[a-zA-Z]=[ -~]{0,60}") {
        if let Ok(parsed) = Line::parse(&line) {
            let written = parsed.to_string();
            prop_assert_eq!(Line::parse(&written).map(|again| again.to_string()), Ok(written));
        }
    }
}
