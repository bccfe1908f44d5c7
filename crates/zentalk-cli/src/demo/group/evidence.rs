//! What the people and the servers of a group left behind.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::cast::{Cast, Person};
use super::glass::Secret;
use super::memory::Scan;
use super::specimen::Specimen;
use super::trial::Trial;
use super::wire::Seen;
use crate::demo::processes::Ended;
use crate::journal::{Entry, Happening, Security, Who};

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
    pub(super) fn journal(&self, person: Person) -> &[Entry] {
        self.journals.get(person.place()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn ended(&self, person: Person) -> Option<&Ended> {
        self.ended.get(person.place())?.as_ref()
    }

    pub(super) fn security(&self, person: Person) -> Option<&Security> {
        self.journal(person).iter().find_map(|entry| match &entry.what {
            Happening::Secured(security) => Some(security),
            _ => None,
        })
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
                Some(Tally { last: (*last_audio_ms).max(*last_picture_ms) })
            }
            _ => None,
        })
    }

    /// When this person last played something of anybody.
    pub(super) fn last_received(&self, by: Person) -> Option<u64> {
        self.cast.others(by).filter_map(|from| self.received(by, from)?.last).max()
    }

    /// How long nothing was heard of others, of each gap, from `since` to `until`.
    pub(super) fn gaps(&self, by: Person, since: u64, until: u64) -> Vec<u64> {
        let during = |entry: &&Entry| (since..=until).contains(&entry.at_ms);
        let gap = |entry: &Entry| match &entry.what {
            Happening::MediaGap { gap_ms, .. } => Some(*gap_ms),
            _ => None,
        };
        self.journal(by).iter().filter(during).filter_map(gap).collect()
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

/// What somebody received of somebody else altogether.
pub(super) struct Tally {
    /// When the last sound or picture came, in milliseconds since the demo began.
    pub(super) last: Option<u64>,
}

pub(super) fn is(who: &Who, person: Person) -> bool {
    Person::named(&who.name) == Some(person)
}
