//! What can be typed to a program under glass, for demonstrations: frames sealed and opened beside the call, and a goodbye that is
//! none.

use std::collections::BTreeMap;

use zentalk_call::Call;

use crate::journal::{Shown, from_hex, to_hex};

/// A command of a demonstration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Seal as many frames, and send none.
    Seal(usize),
    /// Open these, in the slot of the member with this index.
    Open { from: u8, frames: Vec<Vec<u8>> },
    /// Show the last packets, without the SRTP around them.
    Packets,
    /// Say goodbye, and stay.
    Stay,
}

/// What is sealed in a frame that is sent to nobody: as long as 20 ms of speech.
const TEXT: &[u8] = b"Twenty milliseconds of what nobody but the members may ever hear: as long as a frame of sound is.";

/// More are not sealed at a time.
const MAX_FRAMES: usize = 100;

impl Deed {
    /// The command that a line is; none for anything else.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        Some(match words[..] {
            ["seal", count] => Self::Seal(count.parse().ok().filter(|count| *count <= MAX_FRAMES)?),
            ["open", from, ref frames @ ..] => Self::Open {
                from: from.parse().ok()?,
                frames: frames.iter().map(|digits| from_hex(digits)).collect::<Option<_>>()?,
            },
            ["packets"] => Self::Packets,
            ["stay"] => Self::Stay,
            _ => return None,
        })
    }

    /// Does it; what there is to tell.
    pub(super) async fn perform(self, call: &Call) -> Shown {
        match self {
            Self::Seal(count) => {
                let frames = call.seal_aside(vec![TEXT.to_vec(); count]).await;
                let frames = frames.iter().map(|frame| to_hex(frame)).collect();
                Shown::Sealed { call: to_hex(call.id().as_bytes()), frames }
            }
            Self::Open { from, frames } => {
                let mut refused = BTreeMap::new();
                let mut opened = 0;
                for refusal in call.open_aside(from, frames).await {
                    match refusal {
                        Some(reason) => *refused.entry(reason).or_default() += 1,
                        None => opened += 1,
                    }
                }
                Shown::Tried { from, opened, refused }
            }
            Self::Packets => {
                let packets = call.recent_packets().await;
                Shown::Packets { packets: packets.iter().map(|packet| to_hex(packet)).collect() }
            }
            Self::Stay => {
                call.pretend_to_leave().await;
                Shown::Stays
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_told_from_everything_else() {
        assert_eq!(Deed::parse("seal 5"), Some(Deed::Seal(5)));
        let open = Deed::Open { from: 2, frames: vec![vec![1, 0xff], vec![2]] };
        assert_eq!(Deed::parse("open 2 01ff 02\n"), Some(open));
        assert_eq!(Deed::parse("packets"), Some(Deed::Packets));
        assert_eq!(Deed::parse("stay"), Some(Deed::Stay));
        for other in
            ["", "seal", "seal 101", "open", "open 300 00", "open 1 0", "invite bob", "end"]
        {
            assert_eq!(Deed::parse(other), None, "{other}");
        }
    }
}
