//! Those whose sound and pictures arrive: who they are, what came of each, and where it is kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use zentalk_call::{EpochCause, Event, Member, MemberState, Picture, SfuState, Track, TrackState};
use zentalk_codec::AudioFrame;

use crate::commands::name_of;
use crate::data::Contacts;
use crate::files::FileError;
use crate::journal::{Happening, Who};
use crate::record::Recorder;

/// Everybody who sends to us. In a call of two that is one person, of whom nothing need be said.
#[derive(Default)]
pub(super) struct Members {
    contacts: Contacts,
    record: Option<PathBuf>,
    /// Why nothing is recorded any more.
    unrecorded: Option<FileError>,
    /// Whether the call is a group; it may become one.
    is_group: bool,
    senders: BTreeMap<u8, Sender>,
}

/// What came of one person.
#[derive(Default)]
struct Sender {
    name: Option<String>,
    recorder: Option<Recorder>,
    audio_frames: u64,
    pictures: u64,
    last_audio_ms: Option<u64>,
    last_picture_ms: Option<u64>,
}

impl Members {
    /// Names are looked up in `contacts`; what arrives is kept under `record`, if that is given.
    pub(super) fn new(contacts: Contacts, record: Option<PathBuf>) -> Self {
        Self { contacts, record, ..Self::default() }
    }

    /// What the journal says of an event about members, keys and servers; nothing of others.
    pub(super) fn tell(&mut self, event: &Event) -> Option<Happening> {
        Some(match event {
            Event::Member { member, state, .. } => self.describe(member, *state),
            Event::Track { member, track, state, .. } => Happening::Track {
                who: self.who(member.index),
                kind: track_word(*track).to_owned(),
                state: track_state_word(*state).to_owned(),
            },
            Event::Epoch { epoch, cause, .. } => {
                Happening::Epoch { epoch: *epoch, cause: cause_word(*cause).to_owned() }
            }
            Event::Speaker { member, .. } => {
                Happening::Speaker { who: member.map(|index| self.who(index)) }
            }
            Event::Verification { sas, .. } => Happening::Verification {
                emoji: sas.to_string(),
                names: sas.emoji().map(|emoji| emoji.name).join(", "),
                words: sas.words().join(" "),
            },
            Event::Unverified { member, cause, .. } => Happening::Unverified {
                who: member.map(|index| self.who(index)),
                cause: cause.to_string(),
            },
            Event::Sfu { url, state, .. } => {
                Happening::Sfu { url: url.clone(), state: sfu_word(*state).to_owned() }
            }
            _ => return None,
        })
    }

    /// Takes sound that was decoded; what there is to tell.
    pub(super) fn sound(
        &mut self,
        from: u8,
        at_ms: u64,
        frame: &AudioFrame,
        was_heard: bool,
    ) -> Option<Happening> {
        let first = was_heard && self.sender(from).audio_frames == 0;
        let sender = self.sender(from);
        if was_heard {
            sender.audio_frames += 1;
            sender.last_audio_ms = Some(at_ms);
        }
        let recorded = self.recorder(from).map_or(Ok(()), |recorder| recorder.sound(frame));
        match recorded {
            Ok(()) => first.then(|| self.first("audio", from)),
            Err(error) => Some(self.stop_recording(error)),
        }
    }

    /// Takes a picture; what there is to tell.
    pub(super) fn picture(&mut self, from: u8, at_ms: u64, picture: &Picture) -> Option<Happening> {
        let sender = self.sender(from);
        let first = sender.pictures == 0;
        sender.pictures += 1;
        sender.last_picture_ms = Some(at_ms);
        let recorded = self.recorder(from).map_or(Ok(()), |recorder| recorder.picture(picture));
        match recorded {
            Ok(()) => first.then(|| self.first("video", from)),
            Err(error) => Some(self.stop_recording(error)),
        }
    }

    /// A disk that is full ends recordings, not calls.
    fn stop_recording(&mut self, error: FileError) -> Happening {
        let text = format!("nothing is recorded any more, and the call goes on: {error}");
        self.record = None;
        for sender in self.senders.values_mut() {
            // What there is may be completed still; that it is not all is told at the end.
            drop(sender.recorder.take().map(Recorder::finish));
        }
        self.unrecorded.get_or_insert(error);
        Happening::Warning { text }
    }

    /// Who it is, in a group.
    pub(super) fn in_group(&self, index: u8) -> Option<Who> {
        self.is_group.then(|| self.who(index))
    }

    /// Says what came of each member of a group, and completes the recordings.
    pub(super) fn finish(&mut self) -> (Vec<Happening>, Result<(), FileError>) {
        let senders = core::mem::take(&mut self.senders);
        let mut told = Vec::new();
        let mut outcome = self.unrecorded.take().map_or(Ok(()), Err);
        for (index, sender) in senders {
            // One file that cannot be completed must not cost the others.
            outcome = outcome.and(sender.recorder.map_or(Ok(()), Recorder::finish));
            told.push(Happening::Received {
                who: Who { index, name: sender.name.unwrap_or_else(|| unnamed(index)) },
                audio_frames: sender.audio_frames,
                pictures: sender.pictures,
                last_audio_ms: sender.last_audio_ms,
                last_picture_ms: sender.last_picture_ms,
            });
        }
        (if self.is_group { told } else { Vec::new() }, outcome)
    }

    /// How it stands with a member.
    pub(super) fn describe(&mut self, member: &Member, state: MemberState) -> Happening {
        self.is_group = true;
        let name = name_of(&self.contacts, &member.identity);
        self.sender(member.index).name = Some(name.clone());
        let (state, reason) = match state {
            MemberState::Invited => ("invited", None),
            MemberState::Ringing => ("ringing", None),
            MemberState::Joining => ("joining", None),
            MemberState::Connected => ("connected", None),
            MemberState::Stale => ("stale", None),
            MemberState::Quiet => ("quiet", None),
            MemberState::Left(reason) => ("left", Some(reason.to_string())),
            _ => ("unknown", None),
        };
        Happening::Member {
            who: Who { index: member.index, name },
            state: state.to_owned(),
            reason,
        }
    }

    fn first(&self, kind: &str, from: u8) -> Happening {
        Happening::FirstMedia { kind: kind.to_owned(), from: self.in_group(from) }
    }

    fn who(&self, index: u8) -> Who {
        let name = self.senders.get(&index).and_then(|sender| sender.name.clone());
        Who { index, name: name.unwrap_or_else(|| unnamed(index)) }
    }

    fn sender(&mut self, index: u8) -> &mut Sender {
        self.senders.entry(index).or_default()
    }

    /// Where this person is recorded: begun with the first sound or picture, and kept when the call becomes a group.
    fn recorder(&mut self, from: u8) -> Option<&mut Recorder> {
        let path = self.record.as_deref()?;
        let is_group = self.is_group;
        let sender = self.senders.entry(from).or_default();
        let make = || match is_group {
            true => Recorder::new(&of_member(path, from, sender.name.as_deref())),
            false => Recorder::new(path),
        };
        Some(sender.recorder.get_or_insert_with(make))
    }
}

fn unnamed(index: u8) -> String {
    format!("member {index}")
}

/// `call` becomes `call-from-2-carol`. Of the name only what every file system takes.
fn of_member(path: &Path, index: u8, name: Option<&str>) -> PathBuf {
    let mut file = path.as_os_str().to_owned();
    file.push(format!("-from-{index}"));
    let plain: String = name
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
        .take(MAX_NAME)
        .collect();
    if !plain.is_empty() {
        file.push(format!("-{}", plain.to_lowercase()));
    }
    PathBuf::from(file)
}

/// Letters of a name in a file's name.
const MAX_NAME: usize = 32;

const fn cause_word(cause: EpochCause) -> &'static str {
    match cause {
        EpochCause::Began => "began",
        EpochCause::Joined => "joined",
        EpochCause::Left => "left",
        _ => "renewed",
    }
}

const fn track_word(track: Track) -> &'static str {
    match track {
        Track::Camera => "video",
        _ => "audio",
    }
}

const fn track_state_word(state: TrackState) -> &'static str {
    match state {
        TrackState::Off => "off",
        TrackState::Stopped => "stopped",
        _ => "arriving",
    }
}

const fn sfu_word(state: SfuState) -> &'static str {
    match state {
        SfuState::Connecting => "connecting",
        SfuState::Connected => "connected",
        SfuState::Left => "left",
        _ => "lost",
    }
}

#[cfg(test)]
mod tests {
    use zentalk_call::Unverified;
    use zentalk_codec::Channels;
    use zentalk_primitives::CallId;

    use super::*;
    use crate::files::Wav;

    #[test]
    fn a_member_that_cannot_be_verified_is_shown_by_name_with_the_cause() {
        let mut members = Members::new(Contacts::new(), None);
        members.sender(2).name = Some("carol".to_owned());
        let (call, cause) = (CallId::from_bytes([1; 16]), Unverified::Mismatch);
        let mut told = |member| members.tell(&Event::Unverified { call, member, cause }).unwrap();
        let text = told(Some(2)).describe();
        assert!(text.contains("carol could not be verified: what they revealed"), "{text}");
        assert!(told(None).describe().contains("the members could not be verified"));
    }

    #[test]
    fn the_name_of_a_recording_holds_no_path() {
        let path = Path::new("out/call.x");
        assert_eq!(of_member(path, 2, Some("Carol")), Path::new("out/call.x-from-2-carol"));
        assert_eq!(of_member(path, 2, Some("../etc/ä b")), Path::new("out/call.x-from-2-etcäb"));
        assert_eq!(of_member(path, 3, None), Path::new("out/call.x-from-3"));
    }

    #[test]
    fn a_call_of_two_is_kept_under_its_own_name_and_nothing_is_said_of_members() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("call");
        let mut members = Members::new(Contacts::new(), Some(path));
        let silence = AudioFrame::silence(Channels::Mono, 0);
        let told = members.sound(1, 20, &silence, true);
        assert!(matches!(told, Some(Happening::FirstMedia { from: None, .. })));
        assert!(members.sound(1, 40, &silence, true).is_none());
        let (told, recorded) = members.finish();
        assert!(told.is_empty() && recorded.is_ok());
        assert!(folder.path().join("call.wav").is_file());
    }

    #[test]
    fn each_member_of_a_group_has_a_file_and_a_tally() {
        let folder = tempfile::tempdir().unwrap();
        let mut members = Members::new(Contacts::new(), Some(folder.path().join("call")));
        members.is_group = true;
        let silence = AudioFrame::silence(Channels::Mono, 0);
        for (from, at_ms, was_heard) in [(0, 20, true), (2, 20, true), (2, 40, false)] {
            members.sound(from, at_ms, &silence, was_heard);
        }
        let (told, recorded) = members.finish();
        recorded.unwrap();
        assert_eq!(told.len(), 2);
        assert!(matches!(
            &told[1],
            Happening::Received { who, audio_frames: 1, last_audio_ms: Some(20), .. }
                if who.index == 2
        ));
        for file in ["call-from-0.wav", "call-from-2.wav"] {
            assert!(folder.path().join(file).is_file(), "{file}");
        }
    }

    #[test]
    fn a_recording_that_fails_is_told_once_and_ends_neither_the_call_nor_what_is_kept_already() {
        let folder = tempfile::tempdir().unwrap();
        let mut members = Members::new(Contacts::new(), Some(folder.path().join("call")));
        members.is_group = true;
        let silence = AudioFrame::silence(Channels::Mono, 0);
        members.sound(0, 20, &silence, true);
        std::fs::create_dir(folder.path().join("call-from-2.wav")).unwrap();
        let told = members.sound(2, 20, &silence, true);
        let Some(Happening::Warning { text }) = told else { panic!("{told:?}") };
        assert!(text.contains("call-from-2.wav") && text.contains("the call goes on"), "{text}");

        assert!(members.sound(2, 40, &silence, true).is_none());
        let kept = Wav::read(&folder.path().join("call-from-0.wav")).unwrap();
        assert_eq!(kept.samples.len(), silence.samples().len());
        let (told, recorded) = members.finish();
        assert_eq!(told.len(), 2);
        assert!(recorded.unwrap_err().to_string().contains("call-from-2.wav"));
    }
}
