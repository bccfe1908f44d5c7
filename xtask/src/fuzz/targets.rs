//! Which targets there are: read from the fuzz packages, never from a list kept by hand.

use std::path::{Path, PathBuf};

use cargo_metadata::{MetadataCommand, Package};

use crate::shell::{self, Failure};

/// One fuzz target.
pub(crate) struct Target {
    /// Its name, unique over all layers, and the door's.
    pub(crate) name: String,
    /// The fuzz package that holds it.
    pub(crate) package: String,
    /// The package's folder.
    pub(crate) folder: PathBuf,
    /// Where it lies when built.
    pub(crate) binary: PathBuf,
    /// Folders with inputs to begin with, some of which may not exist.
    pub(crate) inputs: Vec<PathBuf>,
    /// Which folders or files of a vector collection are inputs as well.
    pub(crate) vectors: Vec<String>,
}

/// Every target of every crate.
pub(crate) fn all() -> Result<Vec<Target>, Failure> {
    let metadata = MetadataCommand::new()
        .manifest_path(shell::root().join("fuzz/Cargo.toml"))
        .no_deps()
        .exec()
        .map_err(|error| Failure::new(format!("cannot read the fuzz packages: {error}")))?;
    let mut targets: Vec<_> = metadata.packages.iter().flat_map(of_package).collect();
    targets.sort_by(|a, b| (&a.package, &a.name).cmp(&(&b.package, &b.name)));
    Ok(targets)
}

fn of_package(package: &Package) -> Vec<Target> {
    let folder = package.manifest_path.parent().map(PathBuf::from).unwrap_or_default();
    let bins = package.targets.iter().filter(|target| target.is_bin());
    bins.map(|bin| Target {
        name: bin.name.clone(),
        package: package.name.to_string(),
        binary: built_at(&bin.name),
        inputs: vec![
            folder.join("seeds").join(&bin.name),
            folder.join("regressions").join(&bin.name),
            foreign_inputs(&bin.name),
        ],
        vectors: vectors_of(package, &bin.name),
        folder: folder.clone(),
    })
    .collect()
}

/// `[package.metadata.vectors]`: target = ["folder or file", …].
fn vectors_of(package: &Package, target: &str) -> Vec<String> {
    let named = package.metadata.get("vectors").and_then(|vectors| vectors.get(target));
    let words = named.and_then(serde_json::Value::as_array).into_iter().flatten();
    words.filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

fn built_at(name: &str) -> PathBuf {
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    shell::root().join("target/fuzz").join(triple).join("release").join(name)
}

/// Where the inputs taken from vectors lie.
pub(crate) fn foreign_inputs(name: &str) -> PathBuf {
    shell::root().join("target/fuzz-vectors").join(name)
}

/// The targets that `--out` has put into `folder`.
pub(crate) fn exported(folder: &Path) -> Result<Vec<Target>, Failure> {
    let bin = folder.join("bin");
    let entries = std::fs::read_dir(&bin)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", bin.display())))?;
    let mut targets: Vec<_> = entries
        .flatten()
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let inputs = vec![folder.join("inputs").join(&name)];
            let (package, vectors) = (String::new(), Vec::new());
            Target { name, package, folder: bin.clone(), binary: entry.path(), inputs, vectors }
        })
        .collect();
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(targets)
}
