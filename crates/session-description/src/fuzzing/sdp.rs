use crate::{Answer, Document, Fingerprint, IceParameters, Line, MAX_MEDIA_SECTIONS, Offer};

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
    parameters(text);
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
