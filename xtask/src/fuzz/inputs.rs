//! Inputs to begin with that are not committed: taken from vectors of other projects.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::create;
use super::targets::{Target, foreign_inputs};
use crate::shell::{Failure, Outcome};

/// Longer ones slow the fuzzer down more than they teach it.
const MAX_INPUT: usize = 16 * 1_024;

/// The most inputs that one target takes from vectors.
const MAX_INPUTS: usize = 3_000;

/// Writes what each target's `[package.metadata.vectors]` names in `vectors` as files of raw bytes.
pub(super) fn prepare(targets: &[Target], vectors: Option<&Path>) -> Outcome {
    for target in targets {
        let folder = foreign_inputs(&target.name);
        let _ = std::fs::remove_dir_all(&folder);
        let Some(vectors) = vectors else { continue };
        let mut inputs = Vec::new();
        for named in &target.vectors {
            collect(&vectors.join(named), &mut inputs)?;
        }
        inputs.retain(|input| !input.is_empty() && input.len() <= MAX_INPUT);
        inputs.sort_unstable_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        inputs.dedup();
        inputs.truncate(MAX_INPUTS);
        write(&folder, &inputs)?;
    }
    Ok(())
}

fn write(folder: &Path, inputs: &[Vec<u8>]) -> Outcome {
    create(folder)?;
    for (number, input) in inputs.iter().enumerate() {
        std::fs::write(folder.join(format!("{number:04}")), input)
            .map_err(|error| Failure::new(format!("cannot write {}: {error}", folder.display())))?;
    }
    Ok(())
}

/// All inputs below `path`, whatever form they have there.
fn collect(path: &Path, inputs: &mut Vec<Vec<u8>>) -> Outcome {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        return paths.iter().try_for_each(|path| collect(path, inputs));
    }
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => inputs.extend(of_cases(&bytes)),
        Some("pack") => inputs.extend(of_pack(&bytes)),
        Some("md" | "md5") => {}
        _ => inputs.push(bytes),
    }
    Ok(())
}

/// Records of a big-endian length and so many bytes.
fn of_pack(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk() {
        let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
        let Some((record, rest)) = rest.split_at_checked(len) else { break };
        records.push(record.to_vec());
        bytes = rest;
    }
    records
}

/// Every text in the cases' inputs: decoded where it is hex, else as it stands.
fn of_cases(json: &[u8]) -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    if let Ok(vectors) = serde_json::from_slice::<Value>(json) {
        let cases = vectors.get("cases").and_then(Value::as_array).into_iter().flatten();
        cases.filter_map(|case| case.get("in")).for_each(|input| texts_of(input, &mut texts));
    }
    texts
}

fn texts_of(value: &Value, texts: &mut Vec<Vec<u8>>) {
    match value {
        Value::String(text) => texts.push(unhex(text).unwrap_or_else(|| text.clone().into_bytes())),
        Value::Array(values) => values.iter().for_each(|value| texts_of(value, texts)),
        Value::Object(fields) => fields.values().for_each(|value| texts_of(value, texts)),
        _ => {}
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() >= 8 && digits.len().is_multiple_of(2))?;
    let pairs = digits.chunks_exact(2);
    pairs
        .map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte * 16 + digit)).ok())
        .collect()
}
