//! Offers to an SFU and its answers.

use zentalk_session_description::{
    Error, LocalSession, MAX_SFU_SLOTS, MediaKind, Offer, SFU_RIDS, Setup, SfuAgreed, SfuAnswer,
    SfuLocal, SfuOffer, SfuSlotSource, Source,
};

use crate::common::session;

const HOST: &str = "1 1 udp 2130706431 192.0.2.1 4400 typ host";

fn layers() -> [Source; 3] {
    [10, 20, 30].map(|ssrc| Source::new(ssrc, "me").with_rtx(ssrc + 1))
}

fn video_call() -> SfuOffer {
    let local = SfuLocal::new(Source::new(1, "me"), 5).with_video(layers());
    SfuOffer::new(session("alice"), &local).unwrap()
}

fn audio_call() -> SfuOffer {
    SfuOffer::new(session("alice"), &SfuLocal::new(Source::new(1, "me"), 5)).unwrap()
}

/// A source of its own for every slot.
fn slots(offer: &SfuOffer) -> Vec<SfuSlotSource> {
    let numbered = offer.slots().iter().zip((1_000..).step_by(2));
    numbered
        .map(|(slot, ssrc)| SfuSlotSource {
            mid: slot.mid.clone(),
            ssrc,
            rtx_ssrc: slot.rtx_payload_type.map(|_| ssrc + 1),
        })
        .collect()
}

fn sfu() -> LocalSession {
    session("forwarder")
}

fn answer(offer: &SfuOffer) -> SfuAnswer {
    let mut answer = SfuAnswer::to(offer, sfu(), &slots(offer)).unwrap();
    answer.description_mut().add_candidate(HOST).unwrap();
    SfuAnswer::parse(&answer.to_sdp()).unwrap()
}

fn mids(agreed: &SfuAgreed) -> Vec<&str> {
    agreed.slots.iter().map(|slot| slot.mid.as_str()).collect()
}

/// RFC 8853 §5.1, RFC 5576 §4.2.
#[test]
fn a_video_offer_has_an_uplink_of_each_kind_and_two_sections_for_each_slot() {
    let offer = SfuOffer::parse(&video_call().to_sdp()).unwrap();
    assert_eq!(offer, video_call());
    let sdp = offer.to_sdp();
    for line in [
        "a=group:BUNDLE 0 1 2 3 4 5 6 7 8 9 10 11",
        "a=rid:l send",
        "a=simulcast:send l;m;h",
        "a=ssrc-group:FID 30 31",
        "a=setup:actpass",
    ] {
        assert!(sdp.lines().any(|written| written == line), "{line}");
    }
    let [audio, video] = offer.uplinks() else { panic!("two uplinks") };
    assert_eq!((audio.mid.as_str(), audio.kind, audio.payload_type), ("0", MediaKind::Audio, 111));
    assert_eq!(
        (video.mid.as_str(), video.payload_type, video.rtx_payload_type),
        ("1", 96, Some(97))
    );
    let named: Vec<_> = video.layers.iter().filter_map(|layer| layer.rid.as_deref()).collect();
    assert_eq!(named, SFU_RIDS);
    let sources: Vec<_> = video.layers.iter().map(|layer| (layer.ssrc, layer.rtx_ssrc)).collect();
    assert_eq!(sources, [10, 20, 30].map(|ssrc| (Some(ssrc), Some(ssrc + 1))));
    assert_eq!(offer.slots().len(), 10);
    let extensions = offer.extensions();
    assert_eq!(
        [extensions.mid, extensions.transport_cc, extensions.rid, extensions.repaired_rid],
        [Some(1), Some(2), Some(3), Some(4)]
    );
}

#[test]
fn an_audio_call_has_no_video_sections_and_keeps_the_names() {
    let offer = SfuOffer::parse(&audio_call().to_sdp()).unwrap();
    assert!(!offer.to_sdp().contains("m=video"));
    assert_eq!(offer.uplinks().len(), 1);
    let names: Vec<_> = offer.slots().iter().map(|slot| slot.mid.as_str()).collect();
    assert_eq!(names, ["2", "4", "6", "8", "10"]);
    assert_eq!(mids(&answer(&offer).agreed(&offer).unwrap()), names);
}

/// RFC 8839 §5.3 (ice-lite), RFC 8842 §5.3, RFC 8853 §5.3.
#[test]
fn the_answer_is_of_a_lite_agent_that_takes_all_layers_and_numbers_every_slot() {
    let offer = video_call();
    let answer = answer(&offer);
    let description = answer.description();
    assert!(description.is_ice_lite() && !description.trickles());
    assert!(description.end_of_candidates());
    assert_eq!(description.dtls().setup(), Setup::Passive);
    assert_eq!(description.candidates().collect::<Vec<_>>(), [HOST]);
    assert!(answer.to_sdp().contains("a=simulcast:recv l;m;h\r\n"));

    let agreed = answer.agreed(&offer).unwrap();
    assert_eq!(agreed.uplinks, offer.uplinks());
    assert_eq!(agreed.slots.len(), 10);
    for (at, slot) in agreed.slots.iter().enumerate() {
        let ssrc = 1_000 + 2 * at as u32;
        let rtx = (slot.kind == MediaKind::Video).then_some(ssrc + 1);
        assert_eq!((slot.ssrc, slot.rtx_ssrc), (Some(ssrc), rtx), "{}", slot.mid);
    }
    assert_eq!(agreed.extensions, offer.extensions());
}

/// RFC 8853 §5.3.2.
#[test]
fn a_server_without_simulcast_gets_one_layer() {
    let offer = video_call();
    let mut sdp = answer(&offer).to_sdp();
    for line in ["a=simulcast:recv l;m;h", "a=rid:l recv", "a=rid:m recv", "a=rid:h recv"] {
        sdp = sdp.replace(&format!("{line}\r\n"), "");
    }
    let agreed = SfuAnswer::parse(&sdp).unwrap().agreed(&offer).unwrap();
    assert_eq!(agreed.uplinks[1].layers, offer.uplinks()[1].layers[..1]);
    let fewer = answer(&offer).to_sdp().replace("recv l;m;h", "recv m;h");
    let agreed = SfuAnswer::parse(&fewer).unwrap().agreed(&offer).unwrap();
    assert_eq!(agreed.uplinks[1].layers, offer.uplinks()[1].layers[1..]);
}

#[test]
fn slots_without_a_source_are_rejected() {
    let offer = video_call();
    let some: Vec<_> = slots(&offer).into_iter().take(2).collect();
    let answer = SfuAnswer::to(&offer, sfu(), &some).unwrap();
    let agreed = SfuAnswer::parse(&answer.to_sdp()).unwrap().agreed(&offer).unwrap();
    assert_eq!(mids(&agreed), ["2", "3"]);
    assert!(answer.description().section("11").unwrap().is_rejected());
    // A slot that was not offered is none.
    let foreign = SfuSlotSource { mid: "0".into(), ssrc: 5, rtx_ssrc: None };
    let answer = SfuAnswer::to(&offer, sfu(), &[foreign]).unwrap();
    assert!(answer.description().section("0").unwrap().sources().is_empty());
}

#[test]
fn an_answer_must_fit_and_come_from_the_server_side() {
    let offer = video_call();
    let sdp = answer(&offer).to_sdp();
    let wrong = |sdp: &str| SfuAnswer::parse(sdp).unwrap().agreed(&offer);
    assert_eq!(wrong(&sdp.replace("setup:passive", "setup:active")), Err(Error::BadSetup));
    assert_eq!(wrong(&sdp.replace("a=recvonly", "a=sendrecv")), Err(Error::NotOffered));
    assert_eq!(
        wrong(&sdp.replace("a=mid:11", "a=mid:12").replace(" 10 11\r\n", " 10 12\r\n")),
        Err(Error::AnswerDoesNotFit)
    );
    let passive = SfuOffer::parse(&offer.to_sdp().replace("setup:actpass", "setup:passive"));
    let refused = SfuAnswer::to(&passive.unwrap(), sfu(), &[]);
    assert_eq!(refused, Err(Error::BadSetup));
}

#[test]
fn slots_and_layers_are_bounded() {
    let local = |slots| SfuLocal::new(Source::new(1, "me"), slots).with_video(layers());
    let most = SfuOffer::new(session("alice"), &local(MAX_SFU_SLOTS)).unwrap();
    assert_eq!(SfuOffer::parse(&most.to_sdp()), Ok(most));
    let more = SfuOffer::new(session("alice"), &local(MAX_SFU_SLOTS + 1));
    assert_eq!(more, Err(Error::InvalidLocalParameter));

    let with_rids = |count: usize| {
        let names: Vec<_> = (0..count).map(|n| format!("x{n}")).collect();
        let lines: String = names.iter().map(|name| format!("a=rid:{name} send\r\n")).collect();
        let list = format!("{lines}a=simulcast:send {}\r\n", names.join(";"));
        let sdp = video_call().to_sdp();
        let own = "a=rid:l send\r\na=rid:m send\r\na=rid:h send\r\na=simulcast:send l;m;h\r\n";
        assert!(sdp.contains(own));
        sdp.replace(own, &list)
    };
    assert!(SfuOffer::parse(&with_rids(3)).is_ok());
    assert_eq!(SfuOffer::parse(&with_rids(4)), Err(Error::TooMany));
    assert!(Offer::parse(&with_rids(8)).is_ok());
    assert_eq!(Offer::parse(&with_rids(9)), Err(Error::TooMany));
    assert_eq!(Offer::parse(&with_rids(17)), Err(Error::TooMany));
    let long = video_call().to_sdp().replace("a=rid:l send", "a=rid:lllllllllllllllll send");
    assert_eq!(Offer::parse(&long), Err(Error::MalformedAttribute));
    let mid = video_call().to_sdp().replace("a=mid:11", "a=mid:elevenelevenelev");
    let mid = mid.replace(" 9 10 11\r\n", " 9 10 elevenelevenelev\r\n");
    assert_eq!(SfuOffer::parse(&mid).err(), None);
    let mid = mid.replace("elevenelevenelev", "elevenelevenelevx");
    assert_eq!(SfuOffer::parse(&mid), Err(Error::MalformedMid));
}

/// RFC 8853 §5.2: an identifier without its own line counts for nothing; of alternatives the first.
#[test]
fn only_layers_with_a_line_of_their_own_count() {
    let simulcast = |line: &str| {
        let sdp = video_call().to_sdp().replace("a=simulcast:send l;m;h", line);
        let offer = Offer::parse(&sdp).unwrap();
        assert_eq!(Offer::parse(&offer.to_sdp()).as_ref(), Ok(&offer));
        offer.description().section("1").unwrap().simulcast().map(|s| s.send().to_vec())
    };
    let some = |rids: &[&str]| Some(rids.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(simulcast("a=simulcast:send h;x;l"), some(&["h", "l"]));
    assert_eq!(simulcast("a=simulcast:send x,m;~h,l;h"), some(&["m", "h"]));
    assert_eq!(simulcast("a=simulcast:send x;y"), None);
    assert_eq!(simulcast("a=simulcast:recv l"), None);
    assert_eq!(simulcast("a=x-none"), None);
}

#[test]
fn what_nobody_can_use_is_refused() {
    let sdp = video_call().to_sdp();
    let inactive = sdp.replace("a=sendonly", "a=inactive").replace("a=recvonly", "a=inactive");
    assert_eq!(SfuOffer::parse(&inactive), Err(Error::NothingInCommon));
    let foreign = sdp.replace("opus/", "speex/").replace("VP8/", "AV1/");
    assert_eq!(SfuOffer::parse(&foreign), Err(Error::NothingInCommon));
}
