use crate::{
    Answer, Document, Error, Fingerprint, IceParameters, Line, LocalSession, MAX_MEDIA_SECTIONS,
    Offer, SfuAnswer, SfuOffer, SfuSlotSource,
};

/// Any text as a line, a document, an offer and an answer: what is read and written again reads the same.
pub fn parse_sdp(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    text.lines().for_each(line);
    if let Ok(document) = Document::parse(text) {
        let written = document.to_sdp();
        let again = Document::parse(&written).expect("what was written can be read");
        assert_eq!(again.to_sdp(), written);
        assert_eq!(again.media_count(), document.media_count());
    }
    if let Ok(offer) = Offer::parse(text) {
        assert!(offer.description().media().len() <= MAX_MEDIA_SECTIONS);
        let again = Offer::parse(&offer.to_sdp()).expect("what was written can be read");
        assert_eq!(again, offer);
    }
    if let Ok(answer) = Answer::parse(text) {
        let again = Answer::parse(&answer.to_sdp()).expect("what was written can be read");
        assert_eq!(again, answer);
    }
    if let Ok(offer) = SfuOffer::parse(text) {
        at_an_sfu(&offer);
    }
    parameters(text);
}

/// Whatever an SFU takes it can answer, and both sides come to the same.
fn at_an_sfu(offer: &SfuOffer) {
    let again = SfuOffer::parse(&offer.to_sdp()).expect("what was written can be read");
    assert_eq!(&again, offer);
    let ice = IceParameters::new("abcd", "0123456789abcdefghijkl").expect("valid credentials");
    let fingerprint = format!("sha-256 {}", vec!["AB"; 32].join(":"));
    let fingerprint = Fingerprint::parse(&fingerprint).expect("a valid fingerprint");
    let slots: Vec<_> = offer
        .slots()
        .iter()
        .zip((1_u32..).step_by(2))
        .map(|(slot, ssrc)| SfuSlotSource {
            mid: slot.mid.clone(),
            ssrc,
            rtx_ssrc: slot.rtx_payload_type.map(|_| ssrc + 1),
        })
        .collect();
    match SfuAnswer::to(offer, LocalSession::new(1, ice, fingerprint), &slots) {
        Ok(answer) => {
            let read = SfuAnswer::parse(&answer.to_sdp()).expect("what was written can be read");
            assert_eq!(read, answer);
            let agreed = read.agreed(offer).expect("our answer fits");
            assert_eq!(agreed.uplinks, offer.uplinks());
            assert_eq!(agreed.slots.len(), slots.len());
        }
        Err(error) => assert_eq!(error, Error::BadSetup),
    }
}

fn line(text: &str) {
    let Ok(line) = Line::parse(text) else { return };
    let written = line.to_string();
    let again = Line::parse(&written).expect("what was written can be read");
    assert_eq!((again.letter(), again.value()), (line.letter(), line.value()));
}

fn parameters(text: &str) {
    if let Ok(fingerprint) = Fingerprint::parse(text) {
        let again = Fingerprint::parse(fingerprint.as_str()).expect("it was normalised");
        assert_eq!(again.as_str(), fingerprint.as_str());
    }
    if let Some((ufrag, password)) = text.split_once(':')
        && let Ok(ice) = IceParameters::new(ufrag, password)
    {
        assert_eq!((ice.ufrag(), ice.password()), (ufrag, password));
    }
}
