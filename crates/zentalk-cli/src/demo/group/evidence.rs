//! What the people and the servers of a group left behind.

use core::ops::Range;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::cast::{Cast, Person};
use super::glass::Secret;
use super::memory::Scan;
use super::specimen::Specimen;
use super::trial::Trial;
use super::wire::Seen;
use crate::demo::findings::is_mismatch;
use crate::demo::processes::Ended;
use crate::journal::{Entry, Happening, Who};

/// When something was done to the call, in milliseconds since the demo began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// Everybody who was called hears everybody.
    pub(super) up: u64,
    /// The latecomer was invited.
    pub(super) invited: u64,
    /// Everybody hears the latecomer, and the other way round.
    pub(super) joined: Option<u64>,
    /// The first forwarding server was killed.
    pub(super) killed: Option<u64>,
    /// One left.
    pub(super) left: u64,
    /// The others hung up.
    pub(super) ended: u64,
}

/// What was found in the memory of a process.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    /// Of which process, in a few words.
    pub(super) whose: String,
    /// Keys that were looked for.
    pub(super) wanted: usize,
    /// What was found; nothing if the system does not let one look.
    pub(super) scan: Option<Scan>,
}

/// A call of a group that has taken place.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub(super) cast: Cast,
    pub(super) marks: Marks,
    /// What each told, with milliseconds since the demo began.
    pub(super) journals: Vec<Vec<Entry>>,
    pub(super) ended: Vec<Option<Ended>>,
    /// What passed in front of each forwarding server.
    pub(super) wires: Vec<Seen>,
    /// The keys that each of them had, if they were under glass.
    pub(super) keys: Vec<Vec<Secret>>,
    /// The look at the server that carried the call, with all keys that there were then.
    pub(super) server: Look,
    /// The look at a member, with its own keys, for comparison.
    pub(super) member: Look,
    /// The look at the one who left, with the keys that came after.
    pub(super) leaver: Look,
    /// Who could open whose frames around the leave; empty, if they were not under glass.
    pub(super) trial: Trial,
    /// A frame on its way through the server that carried the call.
    pub(super) specimen: Option<Specimen>,
    /// Where the recordings are.
    pub(super) out: PathBuf,
}

impl Evidence {
    /// Of a call of which only these journals are left, one of each person.
    #[cfg(test)]
    pub(super) fn told(marks: Marks, journals: Vec<Vec<Entry>>) -> Self {
        Self {
            cast: Cast::of(u8::try_from(journals.len()).unwrap()),
            marks,
            journals,
            ended: Vec::new(),
            wires: Vec::new(),
            keys: Vec::new(),
            server: Look::default(),
            member: Look::default(),
            leaver: Look::default(),
            trial: Trial::default(),
            specimen: None,
            out: PathBuf::new(),
        }
    }

    pub(super) fn journal(&self, person: Person) -> &[Entry] {
        self.journals.get(person.place()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn ended(&self, person: Person) -> Option<&Ended> {
        self.ended.get(person.place())?.as_ref()
    }

    /// This person's connections to forwarding servers.
    pub(super) fn connections(&self, person: Person) -> Connections {
        let mut connections = Connections::default();
        let mut is_open = false;
        for entry in self.journal(person) {
            match &entry.what {
                Happening::Sfu { state, .. } => {
                    is_open = state == CONNECTED;
                    connections.made += usize::from(is_open);
                }
                Happening::Secured(_) => {
                    connections.secured += usize::from(core::mem::take(&mut is_open));
                }
                _ => {}
            }
        }
        connections
    }

    /// When this person was connected to a forwarding server again after a time.
    pub(super) fn connected_after(&self, person: Person, since: u64) -> Option<u64> {
        let connected = |entry: &&Entry| {
            entry.at_ms > since
                && matches!(&entry.what, Happening::Sfu { state, .. } if state == CONNECTED)
        };
        self.journal(person).iter().find(connected).map(|entry| entry.at_ms)
    }

    /// Whether this person was warned of a wrong fingerprint.
    pub(super) fn saw_mismatch(&self, person: Person) -> bool {
        self.journal(person).iter().any(|entry| is_mismatch(&entry.what))
    }

    /// The last verification words that this person was shown until a time.
    pub(super) fn words(&self, person: Person, until: u64) -> Option<&str> {
        let shown = self.journal(person).iter().filter(|entry| entry.at_ms <= until).rev();
        shown.into_iter().find_map(|entry| match &entry.what {
            Happening::Verification { words, .. } => Some(words.as_str()),
            _ => None,
        })
    }

    /// When this person began to seal under each epoch.
    pub(super) fn epochs(&self, person: Person) -> BTreeMap<u32, u64> {
        let epochs = self.journal(person).iter().filter_map(|entry| match &entry.what {
            Happening::Epoch { epoch, .. } => Some((*epoch, entry.at_ms)),
            _ => None,
        });
        epochs.collect()
    }

    /// The first epoch after the leave, at this person's.
    pub(super) fn epoch_after_leave(&self, person: Person) -> Option<(u32, u64)> {
        self.epochs(person).into_iter().find(|(_, at)| *at >= self.marks.left)
    }

    /// The number of the epoch after the leave, once all have it.
    pub(super) fn epoch_of_leave(&self) -> Option<u32> {
        let leaver = self.cast.leaver();
        self.cast
            .others(leaver)
            .filter_map(|person| self.epoch_after_leave(person))
            .map(|it| it.0)
            .max()
    }

    /// Packets that a server sent to this person after the leave, and those of its frames that were refused.
    pub(super) fn received_after_leave(&self, person: Person) -> Option<(u64, u64)> {
        let told = |entry: &Entry| match &entry.what {
            Happening::Quality(quality) => {
                Some((entry.at_ms, quality.packets_received, quality.packets_refused))
            }
            _ => None,
        };
        let told: Vec<_> = self.journal(person).iter().filter_map(told).collect();
        let (_, received, refused) = told.iter().rev().find(|(at, ..)| *at <= self.marks.left)?;
        let (_, last, last_refused) = told.last()?;
        Some((last.saturating_sub(*received), last_refused.saturating_sub(*refused)))
    }

    /// What this person received of another, by what it tallied at the end.
    pub(super) fn received(&self, by: Person, from: Person) -> Option<Tally> {
        self.journal(by).iter().find_map(|entry| match &entry.what {
            Happening::Received { who, last_audio_ms, last_picture_ms, .. } if is(who, from) => {
                let last = (*last_audio_ms).max(*last_picture_ms);
                Some(Tally { last, last_sound: *last_audio_ms })
            }
            _ => None,
        })
    }

    /// When this person last played something of anybody.
    pub(super) fn last_received(&self, by: Person) -> Option<u64> {
        self.cast.others(by).filter_map(|from| self.received(by, from)?.last).max()
    }

    /// Times in which nothing was heard of somebody, longer than 200 ms each, that touch a span of time. One that outlasts the span
    /// counts until its end.
    pub(super) fn silences(&self, by: Person, from: Person, span: &Range<u64>) -> Vec<Range<u64>> {
        let last = self.last_heard(by, from, span.end).unwrap_or(span.start);
        let over = self.gaps(by, from).filter(|gap| gap.end >= span.start && gap.end <= span.end);
        let silences = over.chain(core::iter::once(last..span.end));
        silences.filter(|silence| silence.end.saturating_sub(silence.start) > GAP).collect()
    }

    /// When one was last heard by another before a time.
    pub(super) fn last_heard(&self, by: Person, from: Person, until: u64) -> Option<u64> {
        let last = self.received(by, from)?.last_sound?;
        // A gap is told when it is over, and this one may not have been over then.
        let open = self.gaps(by, from).find(|gap| gap.contains(&until));
        Some(open.map_or(last, |gap| gap.start).min(until))
    }

    fn gaps(&self, by: Person, from: Person) -> impl Iterator<Item = Range<u64>> {
        self.journal(by).iter().filter_map(move |entry| match &entry.what {
            Happening::MediaGap { gap_ms, from: Some(who), .. } if is(who, from) => {
                Some(entry.at_ms.saturating_sub(*gap_ms)..entry.at_ms)
            }
            _ => None,
        })
    }

    /// A recording of one person by another: as a member of a group, or of the call of two that it began as.
    pub(super) fn recording(&self, by: Person, from: Person, extension: &str) -> Option<PathBuf> {
        let start = format!("received-by-{}", by.slug());
        let end = format!("-{}.{extension}", from.slug());
        let is_it = |name: &str| {
            name.strip_prefix(&start)
                .is_some_and(|rest| rest.starts_with("-from-") && rest.ends_with(&end))
        };
        let entries = std::fs::read_dir(&self.out).ok()?.flatten();
        let mut paths = entries.map(|entry| entry.path());
        let in_group =
            paths.find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_it));
        // The two who began are each other's only partners at first.
        let pair = [self.cast.caller(), self.cast.leaver()];
        let began_as_two =
            self.cast.called().count() == 1 && pair.contains(&by) && pair.contains(&from);
        let of_two = self.out.join(format!("{start}.{extension}"));
        in_group.or_else(|| (began_as_two && of_two.is_file()).then_some(of_two))
    }

    /// Seconds in which both were in the call.
    pub(super) fn together(&self, a: Person, b: Person) -> f64 {
        let [a, b] = [a, b].map(|person| self.presence(person));
        let millis = a.1.min(b.1).saturating_sub(a.0.max(b.0));
        millis as f64 / 1_000.0
    }

    /// Whether one received something of the other until the end of their time together, or nearly.
    pub(super) fn lasted(&self, by: Person, from: Person) -> bool {
        let end = self.presence(by).1.min(self.presence(from).1);
        let last = self.received(by, from).and_then(|tally| tally.last);
        last.is_some_and(|last| last + NEARLY >= end)
    }

    fn presence(&self, person: Person) -> (u64, u64) {
        let marks = &self.marks;
        let from = if person == self.cast.latecomer() {
            marks.joined.unwrap_or(marks.ended)
        } else {
            marks.up
        };
        let to = if person == self.cast.leaver() { marks.left } else { marks.ended };
        (from, to)
    }
}

/// Pictures and sound come many times a second; this is for machines that are busy with the end. Milliseconds.
const NEARLY: u64 = 2_000;
/// Shorter silences are not told in the middle of a call either. Milliseconds.
const GAP: u64 = 200;
/// What a journal says of a forwarding server that is used from then on.
const CONNECTED: &str = "connected";

/// Connections to forwarding servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Connections {
    pub(super) made: usize,
    /// Those after which, and before anything else was heard of the server, the DTLS handshake was done.
    pub(super) secured: usize,
}

/// What somebody received of somebody else altogether.
pub(super) struct Tally {
    /// When the last sound or picture came, in milliseconds since the demo began.
    pub(super) last: Option<u64>,
    /// When the last sound came.
    last_sound: Option<u64>,
}

pub(super) fn is(who: &Who, person: Person) -> bool {
    Person::named(&who.name) == Some(person)
}
