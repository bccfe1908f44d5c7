//! What happened in all schedules together.

use std::collections::BTreeMap;

use core::fmt;
use core::time::Duration;

use super::checks::Verdict;
use super::plan::{Action, Plan};

/// Counts of one schedule, or of many.
#[derive(Default)]
pub(super) struct Tally {
    /// By kind of network: how many schedules, and how they ended.
    kinds: BTreeMap<&'static str, Ends>,
    largest: usize,
    joins: u64,
    leaves: u64,
    crashes: u64,
    partitions: u64,
    messages: u64,
    pub(super) lost: u64,
    doubled: u64,
    pub(super) delivered: u64,
    pub(super) sealed: u64,
    pub(super) opened: u64,
    pub(super) refused: u64,
    /// The longest time in which frames came, did not open, and nothing said so.
    silence: Duration,
    /// Until when after its goodbye each leaver that played foul could still open what the others sealed: without a partition.
    read_on: BTreeMap<usize, Duration>,
    all_read_on: Vec<Duration>,
}

#[derive(Clone, Copy, Default)]
struct Ends {
    together: u64,
    told: u64,
    apart: u64,
    strangers: u64,
    broken: u64,
}

impl Tally {
    pub(super) fn plan(&mut self, plan: &Plan, verdict: &Verdict) {
        let kind = match (plan.partitions.is_empty(), plan.loss) {
            (true, 0) => "no partition, no loss",
            (true, _) => "no partition, 5 to 30 % loss",
            _ => match (plan.has_long_partition(), plan.has_expired_leases()) {
                (true, true) => "partitions of more than 30 s together, leases expired",
                (true, false) => "partitions of more than 30 s together, leases held",
                (false, true) => "shorter partitions, leases expired",
                (false, false) => "shorter partitions, leases held",
            },
        };
        let ends = self.kinds.entry(kind).or_default();
        match verdict {
            Verdict::Together => ends.together += 1,
            Verdict::Told => ends.told += 1,
            Verdict::Apart(_) => ends.apart += 1,
            Verdict::Strangers(_) => ends.strangers += 1,
            Verdict::Broken(_) => ends.broken += 1,
        }
        self.largest = plan.members;
        let count = |wanted: fn(&Action) -> bool| {
            plan.actions.iter().filter(|(_, action)| wanted(action)).count() as u64
        };
        self.joins = plan.members as u64 - 1 + count(|action| matches!(action, Action::Join));
        self.leaves = count(|action| matches!(action, Action::Leave(_)));
        self.crashes = count(|action| matches!(action, Action::Crash(_)));
        self.partitions = plan.partitions.len() as u64;
        self.all_read_on = core::mem::take(&mut self.read_on).into_values().collect();
    }

    pub(super) fn sent(&mut self, media: bool, copies: usize) {
        if !media {
            self.messages += 1;
            self.doubled += copies as u64 - 1;
        }
    }

    pub(super) fn silence(&mut self, silence: Duration) {
        self.silence = self.silence.max(silence);
    }

    pub(super) fn read_on(&mut self, plan: &Plan, (leaver, after): (usize, Duration)) {
        if plan.partitions.is_empty() {
            let longest = self.read_on.entry(leaver).or_default();
            *longest = after.max(*longest);
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        for (kind, ends) in other.kinds {
            let sum = self.kinds.entry(kind).or_default();
            sum.together += ends.together;
            sum.told += ends.told;
            sum.apart += ends.apart;
            sum.strangers += ends.strangers;
            sum.broken += ends.broken;
        }
        self.largest = self.largest.max(other.largest);
        self.joins += other.joins;
        self.leaves += other.leaves;
        self.crashes += other.crashes;
        self.partitions += other.partitions;
        self.messages += other.messages;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.delivered += other.delivered;
        self.sealed += other.sealed;
        self.opened += other.opened;
        self.refused += other.refused;
        self.silence = self.silence.max(other.silence);
        self.all_read_on.extend(other.all_read_on);
    }

    pub(super) fn apart(&self) -> u64 {
        self.kinds.values().map(|ends| ends.apart).sum()
    }

    /// How long the longest of them could.
    pub(super) fn longest_read_on(&self) -> Duration {
        self.all_read_on.iter().max().copied().unwrap_or_default()
    }

    /// The share of leavers in per cent, and after which time they could open nothing any more.
    fn read_on_percentiles(&self) -> String {
        let mut all = self.all_read_on.clone();
        all.sort();
        let at = |percent: usize| all.get((all.len() * percent / 100).min(all.len().max(1) - 1));
        let shown = |percent| at(percent).map_or(0.0, Duration::as_secs_f64);
        format!(
            "{:.1} s of half, {:.1} s of 99 %, {:.1} s of all",
            shown(50),
            shown(99),
            shown(100)
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| Network | together | after an error by name | {ENDS} |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for (kind, ends) in &self.kinds {
            let Ends { together, told, apart, strangers, broken } = ends;
            writeln!(f, "| {kind} | {together} | {told} | {apart} | {strangers} | {broken} |")?;
        }
        writeln!(
            f,
            "Up to {} members at first; {} joins, {} leaves, {} crashes, {} partitions.",
            self.largest, self.joins, self.leaves, self.crashes, self.partitions
        )?;
        writeln!(
            f,
            "Key messages: {} sent, {} doubled, {} lost, {} delivered, in any order. Frames: {} sealed, {} opened, {} refused.",
            self.messages,
            self.doubled,
            self.lost,
            self.delivered,
            self.sealed,
            self.opened,
            self.refused
        )?;
        writeln!(
            f,
            "Frames that came and did not open went unannounced for {:.1} s at most.",
            self.silence.as_secs_f64()
        )?;
        write!(
            f,
            "Leavers that listened on ({}, no partition) heard what was said for: {}.",
            self.all_read_on.len(),
            self.read_on_percentiles()
        )
    }
}

/// How a schedule can end that does not end together.
const ENDS: &str = "apart by name | strangers to each other | a rule broken";
