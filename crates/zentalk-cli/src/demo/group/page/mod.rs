//! The sections of the report that only a group's call has.

mod epochs;
mod leaving;
mod memories;
mod sight;
mod tiles;

use super::evidence::Evidence;
use super::judge::{Failover, Leaving, seconds};
use super::tiles::Tile;

/// All of them.
pub(super) fn sections(evidence: &Evidence, tiles: &[Tile]) -> Vec<String> {
    vec![
        tiles::section(evidence, tiles),
        epochs::section(evidence),
        leaving::section(evidence),
        sight::section(evidence),
        memories::section(evidence),
    ]
}

/// The few numbers that matter most, each with what it is.
pub(super) fn highlights(evidence: &Evidence, tiles: &[Tile]) -> Vec<(String, String)> {
    let cast = evidence.cast;
    let leaver = cast.leaver();
    let pairs = cast.count() * (cast.count() - 1);
    let good = tiles.iter().filter(|tile| tile.voice.alike > 0 && tile.film.identified > 0).count();
    let mut all = vec![(format!("{good} of {pairs}"), "pairs heard and saw each other".to_owned())];
    if let Some((_, after)) = epochs::rekeying(evidence) {
        all.push((seconds(after), format!("until all sealed under new keys after {leaver} left")));
    }
    if let Some((_, count)) = Leaving::of(evidence).and_then(|leaving| leaving.others.after) {
        let what = format!("frames sealed under them opened for {leaver}, who kept every key");
        all.push((format!("{} of {}", count.opened, count.tried), what));
    }
    if let (Some(scan), false) = (&evidence.server.scan, evidence.keys.iter().all(Vec::is_empty)) {
        let found = format!("{} of {}", scan.found.len(), evidence.server.wanted);
        all.push((found, "keys were in the forwarding server's memory".to_owned()));
    }
    if let Some(failover) = Failover::of(evidence) {
        let what = "of silence, at most, when the forwarding server died";
        all.push((seconds(failover.longest()), what.to_owned()));
    }
    all
}
