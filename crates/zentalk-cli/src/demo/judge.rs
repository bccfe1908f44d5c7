//! Whether the call was what it should be, by what was recorded and by what the tap saw.

use super::findings::Findings;
use super::people::Person;
use super::play::Play;
use super::workplace::Files;
use super::{DemoError, Still, Verdict};
use crate::exit::Exit;
use crate::files::{FileError, IvfReader, SAMPLE_RATE, Wav};
use crate::pictures::to_png;
use crate::sources::VideoSpec;
use crate::verify::{PictureVerdict, Sample, align, judge_pictures};

/// The least correlation of a recording with the speech that was sent.
const MIN_CORRELATION: f64 = 0.9;
/// The least median PSNR of received pictures, in decibels.
const MIN_PSNR: f64 = 30.0;
/// The least share of pictures that must arrive.
const MIN_PICTURES: f64 = 0.5;
/// Received pictures that were encoded anew have another bit rate than the clip, by at least this share.
const MIN_DIFFERENCE: f64 = 0.05;
/// Where in a recording the speech may begin.
const MAX_OFFSET: usize = SAMPLE_RATE as usize;
/// Both sources show as many pictures a second.
const FRAME_RATE: f64 = 25.0;

/// Judges a call that nobody tampered with.
pub(super) fn call(play: &Play, files: &Files, seconds: u64) -> Result<Verdict, DemoError> {
    let mut findings = Findings::default();
    let mut stills = Vec::new();
    for person in Person::BOTH {
        judge_process(&mut findings, play, person);
        judge_security(&mut findings, play, person);
    }
    let srtp = play.census().srtp;
    findings.add("SRTP packets passed the tap", srtp.to_string(), srtp > 0);
    for from in Person::BOTH {
        judge_sound(&mut findings, files, from)?;
        stills.extend(judge_film(&mut findings, files, from, seconds)?);
    }
    Ok(Verdict { findings, stills })
}

/// Judges a call with an attacker in between: it must fail, and in the right way.
pub(super) fn attack(play: &Play, files: &Files) -> Findings {
    let mut findings = Findings::default();
    let census = play.census();
    findings.add(
        "the attacker spoke DTLS with them",
        format!("{} records", census.dtls),
        census.dtls > 0,
    );
    let warned: Vec<_> = Person::BOTH
        .into_iter()
        .filter(|person| play.saw_mismatch(*person))
        .map(|person| person.to_string())
        .collect();
    findings.add("a fingerprint mismatch warning was given", names(&warned), !warned.is_empty());
    let mismatch = Exit::FingerprintMismatch as i32;
    let ended: Vec<_> = Person::BOTH
        .into_iter()
        .filter(|person| play.ended(*person).is_some_and(|ended| ended.code == Some(mismatch)))
        .map(|person| person.to_string())
        .collect();
    findings.add("the call was ended for that reason", names(&ended), !ended.is_empty());
    let srtp = census.srtp;
    findings.add("no SRTP packet passed the tap", format!("{srtp} seen"), srtp == 0);
    let recordings = Person::BOTH
        .into_iter()
        .flat_map(|person| files.outputs(person))
        .filter(|path| path.exists());
    let recordings = recordings.count();
    findings.add("nothing was received", format!("{recordings} recordings"), recordings == 0);
    findings
}

fn names(people: &[String]) -> String {
    if people.is_empty() { "nobody".to_owned() } else { people.join(" and ") }
}

fn judge_process(findings: &mut Findings, play: &Play, person: Person) {
    let (measured, good) = match play.ended(person) {
        Some(ended) if ended.code == Some(0) => ("exit code 0".to_owned(), true),
        Some(ended) => match ended.code {
            Some(code) => (format!("exit code {code}: {}", ended.said), false),
            None => (format!("had to be stopped: {}", ended.said), false),
        },
        None => ("did not end".to_owned(), false),
    };
    findings.add(format!("{person}'s program ended well"), measured, good);
}

/// That a path is told as secured proves that its certificate was the announced one: there is no such event without. What a wrong
/// one does is shown by [`attack`].
fn judge_security(findings: &mut Findings, play: &Play, person: Person) {
    let (secured, media) = (play.secured_at(person), play.first_media_at(person));
    let at = |millis: Option<u64>| millis.map_or("never".to_owned(), |at| format!("{at} ms"));
    let warned = if play.saw_mismatch(person) { ", WARNED of a fingerprint" } else { "" };
    let measured = format!("at {}, first media at {}{warned}", at(secured), at(media));
    let before = secured.is_some_and(|secured| media.is_some_and(|media| secured <= media));
    let what = format!("{person}'s path was secured before any media came");
    findings.add(what, measured, before && warned.is_empty());
}

fn judge_sound(findings: &mut Findings, files: &Files, from: Person) -> Result<(), DemoError> {
    let by = from.other();
    let what = format!("{by} heard {from}'s speech");
    let [recording, _] = files.outputs(by);
    if !recording.exists() {
        findings.add(what, "nothing was recorded", false);
        return Ok(());
    }
    let sent = Wav::read(files.speech(from))?.to_mono();
    let heard = Wav::read(&recording)?.to_mono();
    let correlation = align(&sent, &heard, MAX_OFFSET).map_or(0.0, |found| found.correlation);
    let measured = format!("correlation {correlation:.3}, wanted {MIN_CORRELATION}");
    findings.add(what, measured, correlation >= MIN_CORRELATION);
    Ok(())
}

fn judge_film(
    findings: &mut Findings,
    files: &Files,
    from: Person,
    seconds: u64,
) -> Result<Vec<Still>, DemoError> {
    let by = from.other();
    let what = format!("{by} saw {from}'s pictures");
    let [_, recording] = files.outputs(by);
    if !recording.exists() {
        findings.add(what, "nothing was recorded", false);
        return Ok(Vec::new());
    }
    let verdict = judge_pictures(&recording, files.film(from).clone())?;
    // A demo's seconds are few: the cast is exact.
    let wanted = seconds as f64 * FRAME_RATE * MIN_PICTURES;
    let identified = verdict.identified;
    let measured = format!("{identified} known by their numbers, wanted {wanted:.0} of them");
    findings.add(what, measured, identified as f64 >= wanted && !verdict.out_of_order);
    let psnr = verdict.median_psnr;
    let measured = format!("median PSNR {psnr:.1} dB, wanted {MIN_PSNR:.0} dB");
    findings.add(format!("{from}'s pictures arrived well"), measured, psnr >= MIN_PSNR);
    if let VideoSpec::File(clip) = files.film(from) {
        let (clip, received) = (bit_rate(clip)?, bit_rate(&recording)?);
        let measured = format!("{:.0} kbit/s, the clip has {:.0}", received / 1e3, clip / 1e3);
        let differs = (received / clip - 1.0).abs() >= MIN_DIFFERENCE;
        findings.add(format!("{from}'s clip was encoded anew"), measured, differs);
    }
    Ok(stills(verdict, from))
}

/// Bits a second of a film.
fn bit_rate(path: &std::path::Path) -> Result<f64, FileError> {
    let mut file = IvfReader::open(path)?;
    let (mut bits, mut frames, mut last) = (0.0, 0.0, 0);
    while let Some((timestamp, frame)) = file.next_frame()? {
        bits += 8.0 * frame.len() as f64;
        frames += 1.0;
        last = timestamp;
    }
    // The last picture is shown as long as the others on average.
    let units = last as f64 * frames / f64::max(frames - 1.0, 1.0);
    Ok(bits * file.frame_rate() / f64::max(units, 1.0))
}

fn stills(verdict: PictureVerdict, from: Person) -> Vec<Still> {
    let direction = format!("{from} to {}", from.other());
    let still = |sample: Sample| {
        Some(Still {
            direction: direction.clone(),
            index: sample.index,
            psnr: sample.psnr,
            // Pictures are for people to look at: one that cannot be written is left out.
            sent: to_png(&sample.sent).ok()?,
            received: to_png(&sample.received).ok()?,
        })
    };
    verdict.samples.into_iter().filter_map(still).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use zentalk_codec::{Vp8Config, Vp8Encoder};

    use super::*;
    use crate::demo::people::Both;
    use crate::demo::tap::Census;
    use crate::files::IvfWriter;
    use crate::journal::{Entry, Happening, Security};
    use crate::sources::VideoSource;

    fn files(out: &Path) -> Files {
        let media = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/media");
        Files::new(&media, out)
    }

    fn failures(judge: impl FnOnce(&mut Findings)) -> Vec<String> {
        let mut findings = Findings::default();
        judge(&mut findings);
        findings.failures()
    }

    #[test]
    fn a_recording_of_ones_own_speech_is_not_the_others() {
        let out = tempfile::tempdir().unwrap();
        let files = files(out.path());
        let [by_bob, _] = files.outputs(Person::Bob);
        let judge = || failures(|findings| judge_sound(findings, &files, Person::Alice).unwrap());
        assert_eq!(judge(), ["Bob heard Alice's speech (nothing was recorded)"]);
        std::fs::copy(files.speech(Person::Bob), &by_bob).unwrap();
        assert_eq!(judge().len(), 1);
        std::fs::copy(files.speech(Person::Alice), &by_bob).unwrap();
        assert!(judge().is_empty());
    }

    #[test]
    fn the_clip_itself_is_not_what_a_call_would_bring() {
        let out = tempfile::tempdir().unwrap();
        let files = files(out.path());
        let VideoSpec::File(clip) = files.film(Person::Alice) else { panic!("a file") };
        std::fs::copy(clip, &files.outputs(Person::Bob)[1]).unwrap();
        let failed = failures(|findings| {
            judge_film(findings, &files, Person::Alice, 5).unwrap();
        });
        // No numbers in its pictures, so none to compare, and not encoded anew.
        assert_eq!(failed.len(), 3, "{failed:?}");
        assert!(failed[2].starts_with("Alice's clip was encoded anew"), "{failed:?}");
    }

    #[test]
    fn half_of_the_pictures_must_come_and_look_like_the_source() {
        let out = tempfile::tempdir().unwrap();
        let files = files(out.path());
        let mut source = VideoSource::open(VideoSpec::Pattern, true).unwrap();
        let mut encoder = Vp8Encoder::new(&Vp8Config::new(640, 360).unwrap()).unwrap();
        let mut film = IvfWriter::create(&files.outputs(Person::Alice)[1], (640, 360)).unwrap();
        for millis in (0..520).step_by(40) {
            let (_, picture) = source.next_picture().unwrap();
            let picture = picture.at(u32::try_from(millis).unwrap() * 90);
            if let Some(encoded) = encoder.encode(&picture).unwrap() {
                film.write(millis, encoded.data()).unwrap();
            }
        }
        film.finish().unwrap();
        let judge = |seconds| {
            failures(|findings| {
                judge_film(findings, &files, Person::Bob, seconds).unwrap();
            })
        };
        assert!(judge(1).is_empty(), "{:?}", judge(1));
        assert_eq!(judge(2).len(), 1);
    }

    fn secured(at_ms: u64) -> Entry {
        Entry { at_ms, what: Happening::Secured(Security::default()) }
    }

    fn first_sound(at_ms: u64) -> Entry {
        Entry { at_ms, what: Happening::FirstMedia { kind: "audio".to_owned(), from: None } }
    }

    fn security_failures(journal: Vec<Entry>) -> Vec<String> {
        let play = Play::told(Both { alice: journal, bob: Vec::new() });
        failures(|findings| judge_security(findings, &play, Person::Alice))
    }

    #[test]
    fn media_on_a_path_that_was_not_secured_are_a_failure() {
        assert!(security_failures(vec![secured(262), first_sound(301)]).is_empty());
        for journal in [vec![], vec![first_sound(301)], vec![first_sound(301), secured(302)]] {
            assert_eq!(security_failures(journal.clone()).len(), 1, "{journal:?}");
        }
    }

    #[test]
    fn a_warning_of_a_wrong_fingerprint_is_a_failure() {
        let text = "FINGERPRINT MISMATCH. The other side saw a certificate that is not yours.";
        let warning = Entry { at_ms: 400, what: Happening::Warning { text: text.to_owned() } };
        let failed = security_failures(vec![secured(262), first_sound(301), warning]);
        assert!(
            failed[0].ends_with("first media at 301 ms, WARNED of a fingerprint)"),
            "{failed:?}"
        );
    }

    #[test]
    fn an_attack_that_nobody_noticed_is_a_failure() {
        let out = tempfile::tempdir().unwrap();
        let census = Census { dtls: 4, srtp: 1, ..Census::default() };
        let findings = attack(&Play::seen_by_tap(census), &files(out.path()));
        let failed = findings.failures();
        assert_eq!(failed.len(), 3, "{failed:?}");
        assert!(failed.iter().any(|what| what.contains("no SRTP packet")), "{failed:?}");
    }
}
