//! What each layer has to reach, in one table.
//!
//! The sources are the project's performance goals: a section, and the row in it. Goals in nanoseconds were
//! set on one machine, where a peer took so long: here they are judged as the ratio to that peer, in this run.

use crate::kit::{Facts, Row};

/// One goal, for the cases whose names begin with `case`.
struct Goal {
    layer: &'static str,
    case: &'static str,
    measure: Measure,
    source: &'static str,
}

enum Measure {
    /// So many times the bare primitives' time.
    TimesBare(f64),
    /// So many times a peer's time.
    TimesPeer(&'static str, f64),
    /// So many nanoseconds where a peer takes so many: the goal, the peer and its time.
    OfPeer(f64, &'static str, f64),
    /// So many nanoseconds, where there is nobody to compare with.
    Nanoseconds(f64),
    /// Less time than every peer.
    AheadOfPeers,
    NoAllocations,
    /// Round trips until a client is ready.
    RoundTrips(u32),
    /// Calls that one core carries.
    Calls(usize),
}

const SRTP: &str = "SRTP, goals";
const FRAMES: &str = "The others, SFrame";
const RTP: &str = "The others, RTP parse";
const RATCHET: &str = "The others, ratchet";
const FORWARD: &str = "The others, Forward";
const STUN: &str = "The others, STUN";
const CAPACITY: &str = "Calls of six on one core";
const DTLS: &str = "The others, DTLS handshake";

const fn goal(
    layer: &'static str,
    case: &'static str,
    measure: Measure,
    source: &'static str,
) -> Goal {
    Goal { layer, case, measure, source }
}

const GOALS: &[Goal] = &[
    goal("srtp", "GCM-128 160 B", Measure::TimesBare(1.25), SRTP),
    goal("srtp", "GCM-128 1100 B", Measure::TimesBare(1.15), SRTP),
    goal("srtp", "CM-SHA1-80 160 B", Measure::TimesBare(1.15), SRTP),
    goal("srtp", "CM-SHA1-80 1100 B", Measure::TimesBare(1.05), SRTP),
    goal("srtp", "", Measure::AheadOfPeers, SRTP),
    goal("srtp", "", Measure::NoAllocations, SRTP),
    goal("frames", "AES-128-GCM 100 B", Measure::TimesBare(1.3), FRAMES),
    goal("frames", "AES-128-GCM 5 kB", Measure::TimesBare(1.1), FRAMES),
    goal("frames", "AES-128-GCM", Measure::NoAllocations, FRAMES),
    goal("rtp", "parse", Measure::OfPeer(20.0, "rtp", 104.0), RTP),
    goal("rtp", "rewrite", Measure::Nanoseconds(6.0), RTP),
    goal("rtp", "", Measure::NoAllocations, RTP),
    goal(
        "ratchet",
        "classical 2 KB in a chain",
        Measure::OfPeer(3_000.0, "vodozemac", 18_600.0),
        RATCHET,
    ),
    goal(
        "ratchet",
        "classical 2 KB with a step",
        Measure::OfPeer(60_000.0, "vodozemac", 94_000.0),
        RATCHET,
    ),
    goal("stun", "check answered by an SFU", Measure::OfPeer(450.0, "stun-types", 785.0), STUN),
    goal("stun", "check answered by an SFU", Measure::AheadOfPeers, STUN),
    goal("stun", "check answered by an SFU", Measure::NoAllocations, STUN),
    goal("sfu", "1 to 10", Measure::TimesBare(1.2), FORWARD),
    goal("sfu", "call of six", Measure::TimesBare(1.2), FORWARD),
    goal("sfu", "1 to 10", Measure::TimesPeer("coturn", 0.25), FORWARD),
    goal("sfu", "1 to 10", Measure::NoAllocations, FORWARD),
    goal("sfu", "call of six", Measure::NoAllocations, FORWARD),
    goal("sfu", "calls", Measure::Calls(25), CAPACITY),
    goal("dtls", "1.3", Measure::TimesPeer("dimpl", 1.1), DTLS),
    goal("dtls", "1.2", Measure::TimesPeer("dimpl", 1.1), DTLS),
    goal("dtls", "1.3", Measure::RoundTrips(1), DTLS),
    goal("dtls", "1.2", Measure::RoundTrips(2), DTLS),
];

/// A goal, and how near a row has come to it.
pub(crate) struct Verdict {
    pub(crate) goal: String,
    pub(crate) reached: String,
    pub(crate) met: bool,
    pub(crate) source: &'static str,
}

/// The verdicts on one row, for the goals that it has.
pub(crate) fn judge(row: &Row) -> Vec<Verdict> {
    let of_row = |goal: &&Goal| goal.layer == row.layer && row.case.starts_with(goal.case);
    GOALS.iter().filter(of_row).filter_map(|goal| goal.judge(row)).collect()
}

impl Goal {
    /// `None` where the contestant that it needs does not run.
    fn judge(&self, row: &Row) -> Option<Verdict> {
        let ours = row.ours();
        let (goal, reached, met) = match self.measure {
            Measure::TimesBare(limit) => {
                ratio("bare", ours.nanoseconds / row.bare()?.nanoseconds, limit)
            }
            Measure::TimesPeer(peer, limit) => {
                ratio(peer, ours.nanoseconds / row.peer(peer)?.nanoseconds, limit)
            }
            Measure::OfPeer(allowed, peer, theirs) => {
                let reached = ours.nanoseconds / row.peer(peer)?.nanoseconds;
                let goal = format!("≤ {:.2} × {peer} ({allowed} of {theirs} ns)", allowed / theirs);
                (goal, format!("{reached:.2}"), reached <= allowed / theirs)
            }
            Measure::Nanoseconds(limit) => {
                let reached = format!("{:.1} ns", ours.nanoseconds);
                (format!("≤ {limit} ns"), reached, ours.nanoseconds <= limit)
            }
            Measure::AheadOfPeers => ahead(row)?,
            Measure::NoAllocations => {
                let reached = format!("{}", ours.allocations);
                ("0 allocations".to_owned(), reached, ours.allocations == 0.0)
            }
            Measure::RoundTrips(limit) => {
                let Some(Facts::Handshake { round_trips, .. }) = ours.facts else { return None };
                (format!("≤ {limit} round trips"), round_trips.to_string(), round_trips <= limit)
            }
            Measure::Calls(least) => {
                let Some(Facts::Capacity { calls, .. }) = ours.facts else { return None };
                (format!("≥ {least} calls"), calls.to_string(), calls >= least)
            }
        };
        Some(Verdict { goal, reached, met, source: self.source })
    }
}

fn ratio(beside: &str, ratio: f64, limit: f64) -> (String, String, bool) {
    (format!("≤ {limit:.2} × {beside}"), format!("{ratio:.2}"), ratio <= limit)
}

fn ahead(row: &Row) -> Option<(String, String, bool)> {
    let fastest = row.peers().min_by(|one, other| one.nanoseconds.total_cmp(&other.nanoseconds))?;
    let ratio = row.ours().nanoseconds / fastest.nanoseconds;
    let reached = format!("{ratio:.2} × {}", fastest.name);
    Some(("ahead of every peer".to_owned(), reached, ratio < 1.0))
}
