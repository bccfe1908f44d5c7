//! House rules that neither the compiler nor clippy knows.

use std::path::{Path, PathBuf};

use crate::fuzz;
use crate::shell::{self, Failure, Outcome};

/// Check the house rules: file sizes, stubs, a README for every crate, a door, a name and seeds for every fuzz target.
#[derive(clap::Args)]
pub(crate) struct Tidy {}

/// A file of code longer than this holds more than one concept.
const MAX_LINES: usize = 500;

/// Marks of unfinished work. Spelled in halves, so that this file does not find itself.
const STUBS: &[&str] = &[
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("FIX", "ME"),
    concat!("#[", "ignore"),
];

impl Tidy {
    pub(crate) fn run(self) -> Outcome {
        let root = shell::root();
        let mut files = Vec::new();
        for folder in ["crates", "tests", "xtask"] {
            collect(&root.join(folder), &mut files)?;
        }
        let mut complaints: Vec<_> =
            files.iter().flat_map(|file| complaints(&root, file)).collect();
        complaints.extend(crates_without_readme(&root));
        complaints.extend(fuzz::tidy::complaints()?);
        if complaints.is_empty() {
            println!("tidy: {} files", files.len());
            Ok(())
        } else {
            Err(Failure::new(format!("tidy:\n  {}", complaints.join("\n  "))))
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Outcome {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", folder.display())))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn complaints(root: &Path, file: &Path) -> Vec<String> {
    let name = file.strip_prefix(root).unwrap_or(file).display();
    let Ok(text) = std::fs::read_to_string(file) else {
        return vec![format!("{name}: not readable as UTF-8")];
    };
    let lines = text.lines().count();
    let long = (lines > MAX_LINES).then(|| format!("{name}: {lines} lines (at most {MAX_LINES})"));
    let stubs = STUBS
        .iter()
        .filter(|stub| text.contains(*stub))
        .map(|stub| format!("{name}: unfinished work, `{stub}`"));
    long.into_iter().chain(stubs).collect()
}

fn crates_without_readme(root: &Path) -> Vec<String> {
    std::fs::read_dir(root.join("crates"))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| !entry.path().join("README.md").is_file())
        .map(|entry| format!("crates/{}: no README.md", entry.file_name().to_string_lossy()))
        .collect()
}
