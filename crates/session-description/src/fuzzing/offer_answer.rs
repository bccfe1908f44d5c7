use arbitrary::{Arbitrary, Unstructured};

use crate::{
    Answer, Capabilities, CodecCapability, Direction, Feedback, Fingerprint, IceParameters,
    LocalMedia, LocalSession, Offer, Side, Source, negotiated, uri,
};

/// The most changes to one text.
const MAX_EDITS: usize = 6;

/// One input.
#[derive(Arbitrary, Debug)]
struct Case {
    offerer: Party,
    answerer: Party,
    offer_edits: Vec<Edit>,
    answer_edits: Vec<Edit>,
}

/// What one side can do and wants.
#[derive(Arbitrary, Debug)]
struct Party {
    codecs: u8,
    extensions: Option<u8>,
    without_feedback: u8,
    audio: Option<Wish>,
    video: Option<Wish>,
    video_first: bool,
}

#[derive(Arbitrary, Debug)]
struct Wish {
    direction: u8,
    sources: u8,
    msid: bool,
}

/// What someone between does to a text, line by line.
#[derive(Arbitrary, Debug)]
enum Edit {
    Remove(u8),
    Double(u8),
    Swap(u8, u8),
    Move { line: u8, to: u8 },
    Replace { line: u8, at: u8, byte: u8 },
    Insert { at: u8, text: String },
}

/// Offer and answer between any two sides: what one writes the other reads, and the two agree on the same. A text that someone changed is
/// refused, or is as good as any.
pub fn ops_offer_answer(data: &[u8]) {
    let Ok(case) = Case::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let (ours, theirs) = (capabilities(&case.offerer), capabilities(&case.answerer));
    let (wanted, welcome) = (media(&case.offerer, 1), media(&case.answerer, 100));
    let Ok(offer) = Offer::new(session(1), &wanted, &ours) else { return };
    let text = offer.to_sdp();
    assert_eq!(Offer::parse(&text).as_ref(), Ok(&offer), "{text}");

    answered(&offer, &theirs, &welcome);
    let Ok(changed) = Offer::parse(&edited(&text, &case.offer_edits)) else { return };
    let Some(answer) = answered(&changed, &theirs, &welcome) else { return };
    if let Ok(forged) = Answer::parse(&edited(&answer.to_sdp(), &case.answer_edits)) {
        agrees(&changed, &forged);
    }
}

/// Our answer to whatever offer always fits it.
fn answered(offer: &Offer, capabilities: &Capabilities, media: &[LocalMedia]) -> Option<Answer> {
    let answer = Answer::to(offer, capabilities, session(2), media).ok()?;
    let text = answer.to_sdp();
    assert_eq!(Answer::parse(&text).as_ref(), Ok(&answer), "{text}");
    assert!(agrees(offer, &answer), "our answer does not fit: {}\n{text}", offer.to_sdp());
    Some(answer)
}

/// Whether the two fit, and that what they agree on was offered.
fn agrees(offer: &Offer, answer: &Answer) -> bool {
    let Ok(agreed) = negotiated(offer, answer) else { return false };
    for section in agreed.media() {
        assert!(!section.codecs().is_empty());
        let offered = offer.description().media();
        let offered = offered.iter().find(|offered| offered.mid() == section.mid());
        let offered = offered.expect("it was offered");
        assert!(offered.direction().sends() || !section.sends(Side::Offerer));
        assert!(offered.direction().receives() || !section.sends(Side::Answerer));
        for codec in section.codecs() {
            let known = offered.codecs().iter().any(|o| o.payload_type() == codec.payload_type());
            assert!(known, "a codec that was not offered");
        }
    }
    true
}

fn session(id: u64) -> LocalSession {
    let ice = IceParameters::new("abcd", "0123456789abcdefghijkl").expect("valid credentials");
    let fingerprint = format!("sha-256 {}", vec!["AB"; 32].join(":"));
    LocalSession::new(id, ice, Fingerprint::parse(&fingerprint).expect("a valid fingerprint"))
}

fn capabilities(party: &Party) -> Capabilities {
    let all =
        [CodecCapability::OPUS, CodecCapability::VP8, CodecCapability::VP9, CodecCapability::H264];
    let codecs: Vec<_> = chosen(&all, party.codecs).collect();
    let mut capabilities = Capabilities::new(&codecs);
    let uris =
        [uri::MID, uri::TRANSPORT_CC, uri::RID, uri::REPAIRED_RID, uri::DEPENDENCY_DESCRIPTOR];
    if let Some(extensions) = party.extensions {
        let uris: Vec<_> = chosen(&uris, extensions).collect();
        capabilities = capabilities.with_extensions(&uris);
    }
    let feedback = [Feedback::Nack, Feedback::NackPli, Feedback::CcmFir, Feedback::TransportCc];
    chosen(&feedback, party.without_feedback).fold(capabilities, Capabilities::without_feedback)
}

/// Those of `all` whose bit is set.
fn chosen<T: Copy>(all: &[T], bits: u8) -> impl Iterator<Item = T> {
    all.iter().enumerate().filter(move |(at, _)| bits >> at & 1 == 1).map(|(_, one)| *one)
}

fn media(party: &Party, ssrc: u32) -> Vec<LocalMedia> {
    let audio = party.audio.as_ref().map(|wish| local(LocalMedia::audio(), wish, ssrc));
    let video = party.video.as_ref().map(|wish| local(LocalMedia::video(), wish, ssrc + 50));
    let mut media: Vec<_> = audio.into_iter().chain(video).collect();
    if party.video_first {
        media.reverse();
    }
    media
}

fn local(media: LocalMedia, wish: &Wish, ssrc: u32) -> LocalMedia {
    let direction = Direction::new(wish.direction & 1 != 0, wish.direction & 2 != 0);
    let sources = (0..u32::from(wish.sources & 3)).map(|n| ssrc + 2 * n);
    let media = sources
        .map(|ssrc| Source::new(ssrc, "someone").with_rtx(ssrc + 1))
        .fold(media.with_direction(direction), LocalMedia::with_source);
    if wish.msid { media.with_msid("stream", "track") } else { media }
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for edit in edits.iter().take(MAX_EDITS) {
        if lines.is_empty() {
            break;
        }
        let place = |at: &u8| usize::from(*at) % lines.len();
        match edit {
            Edit::Remove(at) => drop(lines.remove(place(at))),
            Edit::Double(at) => lines.insert(place(at), lines[place(at)].clone()),
            Edit::Swap(a, b) => {
                let (a, b) = (place(a), place(b));
                lines.swap(a, b);
            }
            Edit::Move { line, to } => {
                let (line, to) = (place(line), place(to));
                let line = lines.remove(line);
                lines.insert(to.min(lines.len()), line);
            }
            Edit::Replace { line, at, byte } => {
                let line = place(line);
                let mut bytes = core::mem::take(&mut lines[line]).into_bytes();
                if let Some(at) = usize::from(*at).checked_rem(bytes.len()) {
                    bytes[at] = *byte & 0x7f;
                }
                lines[line] = String::from_utf8_lossy(&bytes).into_owned();
            }
            Edit::Insert { at, text } => {
                let at = place(at);
                lines.insert(at, text.chars().take(200).collect());
            }
        }
    }
    lines.join("\r\n") + "\r\n"
}
