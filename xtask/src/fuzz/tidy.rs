//! What must hold of the fuzz targets without running them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::targets::{self, Target};
use crate::shell::{self, Failure};

/// Longer ones do what belongs behind the door.
const MAX_TARGET_LINES: usize = 20;

/// Larger seeds are slow to mutate and to keep.
const MAX_SEED_BYTES: u64 = 4_096;

/// Every target has a door, a name of its own and seeds, and every door a target.
pub(crate) fn complaints() -> Result<Vec<String>, Failure> {
    let targets = targets::all()?;
    let mut complaints = Vec::new();
    let mut packages: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for target in &targets {
        let named = format!("{} of {}", target.name, target.package);
        complaints.extend(of_target(target).into_iter().map(|what| format!("{named}: {what}")));
        if !names.insert(&target.name) {
            complaints.push(format!("{named}: another layer has a fuzz target of this name"));
        }
        packages.entry(&target.package).or_default().insert(&target.name);
    }
    for (package, known) in packages {
        let folder = targets.iter().find(|target| target.package == package);
        let Some(layer) = folder.and_then(|target| target.folder.parent()) else { continue };
        let doors = doors(&layer.join("src"));
        let missing = doors.iter().filter(|door| !known.contains(door.as_str()));
        complaints.extend(missing.map(|door| format!("{package}: no fuzz target for `{door}`")));
        let closed = known.iter().filter(|name| !doors.contains(**name));
        complaints.extend(closed.map(|name| format!("{package}: no door for `{name}`")));
    }
    Ok(complaints)
}

fn of_target(target: &Target) -> Vec<String> {
    let mut complaints = Vec::new();
    let file = target.folder.join("fuzz_targets").join(&target.name).with_extension("rs");
    match std::fs::read_to_string(&file) {
        Ok(text) if text.lines().count() > MAX_TARGET_LINES => {
            complaints.push(format!("more than {MAX_TARGET_LINES} lines"));
        }
        Ok(_) => {}
        Err(_) => complaints.push(format!("no {}", relative(&file))),
    }
    let seeds = target.folder.join("seeds").join(&target.name);
    let sizes: Vec<_> = std::fs::read_dir(&seeds)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .collect();
    if sizes.is_empty() {
        complaints.push(format!("no seeds in {}", relative(&seeds)));
    }
    if sizes.iter().any(|size| *size > MAX_SEED_BYTES) {
        complaints.push(format!("a seed of more than {MAX_SEED_BYTES} bytes"));
    }
    complaints
}

/// The doors of a layer: public functions of its module `fuzzing` that take any bytes.
fn doors(source: &Path) -> BTreeSet<String> {
    let mut text = std::fs::read_to_string(source.join("fuzzing.rs")).unwrap_or_default();
    let mut folders = vec![source.join("fuzzing")];
    while let Some(folder) = folders.pop() {
        for path in
            std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
        {
            if path.is_dir() {
                folders.push(path);
            } else {
                text.push_str(&std::fs::read_to_string(path).unwrap_or_default());
            }
        }
    }
    text.lines()
        .filter_map(|line| line.strip_prefix("pub fn ")?.split_once("(data: &[u8])"))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(shell::root()).unwrap_or(path).display().to_string()
}
