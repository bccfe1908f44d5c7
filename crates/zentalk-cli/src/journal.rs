//! What a call tells while it runs: one JSON object a line, for programs that watch it (`--json`).

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

pub use glass::Shown;
pub(crate) use glass::from_hex;
#[cfg(feature = "glass")]
pub(crate) use glass::to_hex;

mod glass;

/// One line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Milliseconds since the program started its call (or began to listen).
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Happening {
    /// The program is ready: its UDP socket is open and its mailbox is subscribed.
    Ready {
        /// The contact card that others call.
        card: String,
    },
    /// A call comes in.
    Incoming {
        /// Who calls: a contact's name, or the short form of an unknown identity.
        from: String,
        /// Who is in the call already, the caller first; nobody in a call of two.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        group: Vec<String>,
    },
    /// The public state changed (IDLE, OFFERING, ANSWERING, CONNECTING, CONNECTED, DISCONNECTED).
    State {
        /// The new state.
        state: String,
        /// Why, where there is something to say.
        reason: Option<String>,
    },
    /// Packets take this path from now on: ICE nominated the pair. Comes again when that changes.
    Path {
        /// The address of ours.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
        /// `direct`, `server-reflexive`, `relay/udp`, `relay/tcp` or `relay/tls`.
        kind: String,
        /// Why it is this one, in a sentence.
        #[serde(default)]
        why: String,
    },
    /// The connection is lost and is being restored, for at most 30 s. The state is CONNECTING meanwhile.
    Reconnecting {
        /// How the loss was noticed, in a few words.
        cause: String,
    },
    /// The connection is back. The state is CONNECTED again.
    Restored {
        /// Milliseconds since the loss was noticed.
        after_ms: u64,
    },
    /// Sound came again after it had stayed away for longer than 200 ms. What was made up meanwhile does not count as sound.
    MediaGap {
        /// `audio`.
        kind: String,
        /// Milliseconds from the last frame before the gap to the first one after it.
        gap_ms: u64,
        /// Whose, in a group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Who>,
    },
    /// DTLS is done, and the certificate was the announced one: with another there is a warning, and never this.
    Secured(Security),
    /// The picture or sound of the other side arrived for the first time.
    FirstMedia {
        /// `audio` or `video`.
        kind: String,
        /// Whose, in a group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Who>,
    },
    /// Something is new of a member of a group call.
    Member {
        /// Who.
        #[serde(flatten)]
        who: Who,
        /// `invited`, `ringing`, `joining`, `connected`, `stale` (a member, but frames are missing), `quiet` (sends nothing, as it says
        /// itself) or `left`.
        state: String,
        /// Why they left.
        reason: Option<String>,
    },
    /// One's own relay was lost, so that nobody can call, or is there again; told while a call is waited for.
    Relay {
        /// `connected` or `lost`.
        state: String,
        /// Why it was lost, in a sentence.
        reason: Option<String>,
    },
    /// Something is new of the microphone or the camera of a member of a group call.
    Track {
        /// Whose.
        #[serde(flatten)]
        who: Who,
        /// `audio` or `video`.
        kind: String,
        /// `arriving` (again), `off` (by their own word) or `stopped` (they send, and nothing arrives).
        state: String,
    },
    /// Frames of a group call are sealed under new keys from now on.
    Epoch {
        /// Its number; the first is 1.
        epoch: u32,
        /// `began`, `joined`, `left` or `renewed`.
        cause: String,
    },
    /// Another member speaks, or nobody does.
    Speaker {
        /// Who.
        who: Option<Who>,
    },
    /// What all members see alike, unless somebody stands between them.
    Verification {
        /// Seven pictures.
        emoji: String,
        /// The pictures' names.
        names: String,
        /// The same number as four words.
        words: String,
    },
    /// There is no such string for the present members of a group call.
    Unverified {
        /// Whose doing it is, if one member's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        who: Option<Who>,
        /// Why, in a sentence.
        cause: String,
    },
    /// What carries the media of a group call.
    Sfu {
        /// The server.
        url: String,
        /// `connecting`, `connected`, `lost`, or `left` (for a path between the last two).
        state: String,
    },
    /// What came of a member of a group call altogether; told when the call is over.
    Received {
        /// Whose.
        #[serde(flatten)]
        who: Who,
        /// Frames of sound of 20 ms that were decoded.
        audio_frames: u64,
        /// Pictures that were decoded.
        pictures: u64,
        /// When the last sound came, in milliseconds as `at_ms` counts.
        last_audio_ms: Option<u64>,
        /// When the last picture came.
        last_picture_ms: Option<u64>,
    },
    /// How the call does, once a second.
    Quality(Quality),
    /// What a program under glass was told to do for a demonstration; others never tell this.
    Shown(Shown),
    /// Something the user must know.
    Warning {
        /// What, in a sentence.
        text: String,
    },
    /// The call is over.
    Ended {
        /// Why, in a sentence.
        reason: String,
        /// Whether the call was up before it ended.
        completed: bool,
    },
}

/// A member of a group call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The index in the call.
    pub index: u8,
    /// A contact's name, or the short form of an unknown identity.
    pub name: String,
}

/// How the media path is protected.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Security {
    /// `DTLS 1.2` or `DTLS 1.3`.
    pub dtls_version: String,
    /// The cipher suite.
    pub cipher: String,
    /// The SRTP profile.
    pub srtp_profile: String,
    /// The suite that frames are sealed with under keys from the ratchet; empty if they are not.
    pub frame_encryption: String,
}

/// Counters since the call began, and rates over the last second.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Quality {
    /// Round trip in milliseconds, once known.
    pub round_trip_ms: Option<f64>,
    /// Interarrival jitter of the received audio in milliseconds (RFC 3550 §6.4.1).
    pub audio_jitter_ms: f64,
    /// The same of the received video.
    pub video_jitter_ms: f64,
    /// RTP packets sent.
    pub packets_sent: u64,
    /// RTP packets received.
    pub packets_received: u64,
    /// RTP packets that never came, not even again.
    pub packets_lost: u64,
    /// Packets that were dropped because they were not authentic, replayed or malformed.
    pub packets_refused: u64,
    /// Bits a second sent in the last second, audio and video.
    pub send_bitrate: u64,
    /// Bits a second received in the last second, audio and video.
    pub receive_bitrate: u64,
    /// Audio frames handed to the player, without concealed ones.
    pub audio_frames: u64,
    /// Audio frames that had to be concealed.
    pub audio_concealed: u64,
    /// Pictures decoded.
    pub video_frames: u64,
}

impl Happening {
    /// The happening in a few words, for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Ready { card } => format!("ready; your card:\n\n{card}\n"),
            Self::Incoming { from, group } if group.is_empty() => format!("{from} calls"),
            Self::Incoming { from, group } => {
                format!("{from} calls into a group: {}", group.join(", "))
            }
            Self::State { state, reason: Some(reason) } => format!("{state}: {reason}"),
            Self::State { state, reason: None } => state.clone(),
            Self::Path { local, remote, kind, why } if why.is_empty() => {
                format!("path: {kind}, {local} to {remote}")
            }
            Self::Path { local, remote, kind, why } => {
                format!("path: {kind}, {local} to {remote} ({why})")
            }
            Self::Reconnecting { cause } => format!("RECONNECTING, for at most 30 s: {cause}"),
            Self::Restored { after_ms } => {
                format!("CONNECTED again after {}", seconds(*after_ms))
            }
            Self::MediaGap { kind, gap_ms, from } => {
                format!("no {kind}{} for {}", of(from.as_ref()), seconds(*gap_ms))
            }
            Self::Secured(security) => security.describe(),
            Self::FirstMedia { kind, from } => {
                format!("first {kind}{} received", of(from.as_ref()))
            }
            Self::Relay { reason: Some(reason), .. } => {
                format!("nobody can call until the relay is back: {reason}")
            }
            Self::Relay { reason: None, .. } => "the relay is there again".to_owned(),
            Self::Member { who, state, reason: None } => format!("{}: {state}", who.name),
            Self::Member { who, state, reason: Some(reason) } => {
                format!("{}: {state} ({reason})", who.name)
            }
            Self::Track { who, kind, state } => {
                let what = if kind == "video" { "pictures" } else { "sound" };
                match state.as_str() {
                    "off" => format!("{what} of {}: switched off there", who.name),
                    "stopped" => format!("{what} of {} stopped", who.name),
                    _ => format!("{what} of {} again", who.name),
                }
            }
            Self::Epoch { epoch, cause } => format!("new keys: epoch {epoch} ({cause})"),
            Self::Speaker { who: Some(who) } => format!("{} speaks", who.name),
            Self::Speaker { who: None } => "nobody speaks".to_owned(),
            Self::Verification { emoji, names, words } => {
                format!("compare with the others, aloud: {words}\n            {emoji}  ({names})")
            }
            Self::Unverified { who: Some(who), cause } => {
                format!("WARNING: {} could not be verified: {cause}", who.name)
            }
            Self::Unverified { who: None, cause } => {
                format!("WARNING: the members could not be verified: {cause}")
            }
            Self::Sfu { url, state } => format!("forwarding server {url}: {state}"),
            Self::Received { who, audio_frames, pictures, .. } => {
                format!("of {}: {audio_frames} frames of sound, {pictures} pictures", who.name)
            }
            Self::Quality(quality) => quality.describe(),
            Self::Shown(shown) => shown.describe(),
            Self::Warning { text } => format!("WARNING: {text}"),
            // Why has been said with DISCONNECTED, or is about to be said.
            Self::Ended { .. } => "the call is over".to_owned(),
        }
    }
}

fn of(from: Option<&Who>) -> String {
    from.map_or_else(String::new, |who| format!(" of {}", who.name))
}

fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)
}

impl Security {
    fn describe(&self) -> String {
        let frames = match self.frame_encryption.as_str() {
            "" => "NOT SEALED",
            suite => suite,
        };
        format!(
            "secured: {}, {}, {}, fingerprint verified, frames {frames}",
            self.dtls_version, self.cipher, self.srtp_profile
        )
    }
}

impl Quality {
    fn describe(&self) -> String {
        let round_trip = match self.round_trip_ms {
            Some(millis) => format!("{millis:.1} ms"),
            None => "not known yet".to_owned(),
        };
        format!(
            "quality: sends {} kbit/s, receives {} kbit/s, lost {} of {}, round trip {round_trip}, \
             jitter {:.1} ms",
            self.send_bitrate / 1_000,
            self.receive_bitrate / 1_000,
            self.packets_lost,
            self.packets_received + self.packets_lost,
            self.audio_jitter_ms
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_one_flat_object_and_is_read_back() {
        let what = Happening::State { state: "CONNECTED".to_owned(), reason: None };
        let line = serde_json::to_string(&Entry { at_ms: 7, what }).unwrap();
        assert_eq!(line, r#"{"at_ms":7,"event":"state","state":"CONNECTED","reason":null}"#);
        let read: Entry = serde_json::from_str(&line).unwrap();
        assert!(matches!(read.what, Happening::State { state, .. } if state == "CONNECTED"));
    }

    #[test]
    fn names_that_programs_read_stay_as_they_are() {
        let json = |what| serde_json::to_string(&Entry { at_ms: 1, what }).unwrap();
        let path = Happening::Path {
            local: ([192, 0, 2, 1], 1).into(),
            remote: ([192, 0, 2, 2], 2).into(),
            kind: "relay/tls".into(),
            why: "UDP is blocked here: connected over TLS".into(),
        };
        assert_eq!(
            path.describe(),
            "path: relay/tls, 192.0.2.1:1 to 192.0.2.2:2 (UDP is blocked here: connected over TLS)"
        );
        assert_eq!(
            json(path),
            r#"{"at_ms":1,"event":"path","local":"192.0.2.1:1","remote":"192.0.2.2:2","kind":"relay/tls","why":"UDP is blocked here: connected over TLS"}"#
        );
        let lost = Happening::Reconnecting { cause: "the network changed".into() };
        assert_eq!(
            json(lost),
            r#"{"at_ms":1,"event":"reconnecting","cause":"the network changed"}"#
        );
        let back = Happening::Restored { after_ms: 1_234 };
        assert_eq!(back.describe(), "CONNECTED again after 1.2 s");
        assert_eq!(json(back), r#"{"at_ms":1,"event":"restored","after_ms":1234}"#);
        let gap = Happening::MediaGap { kind: "audio".into(), gap_ms: 950, from: None };
        assert_eq!(json(gap), r#"{"at_ms":1,"event":"media_gap","kind":"audio","gap_ms":950}"#);
    }

    #[test]
    fn a_member_is_told_flat_and_a_call_of_two_tells_none() {
        let json = |what| serde_json::to_string(&Entry { at_ms: 1, what }).unwrap();
        let who = Who { index: 2, name: "carol".into() };
        let joined = Happening::Member { who: who.clone(), state: "joining".into(), reason: None };
        assert_eq!(joined.describe(), "carol: joining");
        let line = json(joined);
        assert_eq!(
            line,
            r#"{"at_ms":1,"event":"member","index":2,"name":"carol","state":"joining","reason":null}"#
        );
        let read: Entry = serde_json::from_str(&line).unwrap();
        assert!(matches!(read.what, Happening::Member { who, .. } if who.index == 2));
        let first = |from| Happening::FirstMedia { kind: "audio".into(), from };
        assert_eq!(json(first(None)), r#"{"at_ms":1,"event":"first_media","kind":"audio"}"#);
        assert_eq!(first(Some(who)).describe(), "first audio of carol received");
    }

    #[test]
    fn what_is_missing_of_a_member_is_told_and_so_is_what_they_switched_off() {
        let who = Who { index: 1, name: "bob".into() };
        let track = |kind: &str, state: &str| {
            let (who, kind, state) = (who.clone(), kind.into(), state.into());
            Happening::Track { who, kind, state }
        };
        assert_eq!(track("video", "stopped").describe(), "pictures of bob stopped");
        assert_eq!(track("video", "arriving").describe(), "pictures of bob again");
        assert_eq!(track("audio", "off").describe(), "sound of bob: switched off there");
        let line = serde_json::to_string(&Entry { at_ms: 1, what: track("video", "off") }).unwrap();
        assert_eq!(
            line,
            r#"{"at_ms":1,"event":"track","index":1,"name":"bob","kind":"video","state":"off"}"#
        );
        let unverified = |who| Happening::Unverified { who, cause: "they did not answer".into() };
        assert_eq!(
            unverified(Some(who)).describe(),
            "WARNING: bob could not be verified: they did not answer"
        );
        let text = unverified(None).describe();
        assert_eq!(text, "WARNING: the members could not be verified: they did not answer");
    }

    /// What an older program wrote is read, too.
    #[test]
    fn a_path_without_a_reason_is_read() {
        let line = r#"{"at_ms":1,"event":"path","local":"192.0.2.1:1","remote":"192.0.2.2:2","kind":"direct"}"#;
        let read: Entry = serde_json::from_str(line).unwrap();
        assert!(matches!(read.what, Happening::Path { why, .. } if why.is_empty()));
    }

    #[test]
    fn what_is_not_protected_is_said_loudly() {
        let text = Security::default().describe();
        assert!(text.ends_with("frames NOT SEALED"), "{text}");
    }
}
