//! Corpora: files and packs of records that must not break anything, and the streams to decode.

use std::path::Path;

use serde_json::{Value as Json, json};

use crate::case::{Case, Expected, Input, Suite, to_hex};
use crate::load::text;

/// A suite with a case for every record of every file of the manifest.
pub(crate) fn suite(manifest: &Json, path: &Path) -> Result<Suite, String> {
    let folder = path.parent().unwrap_or(path);
    let files = manifest.get("files").and_then(Json::as_array).ok_or("no files")?;
    let mut cases = Vec::new();
    for entry in files {
        let name = text(entry, "file")?;
        let bytes =
            std::fs::read(folder.join(&name)).map_err(|error| format!("{name}: {error}"))?;
        check_digest(entry, &bytes).map_err(|what| format!("{name}: {what}"))?;
        if name.ends_with(".pack") {
            let records = records(&bytes).ok_or_else(|| format!("{name}: not a pack"))?;
            if entry.get("records").and_then(Json::as_u64) != Some(records.len() as u64) {
                return Err(format!("{name}: {} records", records.len()));
            }
            let each = records.into_iter().enumerate();
            cases.extend(each.map(|(at, record)| corpus(format!("{name}#{at}"), record.to_vec())));
        } else {
            cases.push(file(folder, name, bytes)?);
        }
    }
    let layer = text(manifest, "layer")?;
    Ok(Suite { layer, name: "raw".to_owned(), set: text(manifest, "set")?, cases })
}

/// A file whose kind is known is decoded; any other must only do no harm.
fn file(folder: &Path, name: String, bytes: Vec<u8>) -> Result<Case, String> {
    let (op, stream, expected) = match name.split_once('/') {
        Some(("vp8", file)) if file.ends_with(".md5") => {
            let stream = folder.join(&name).with_extension("");
            let stream = std::fs::read(&stream).map_err(|error| format!("{name}: {error}"))?;
            let sums = String::from_utf8_lossy(&bytes);
            let sums: Vec<_> =
                sums.lines().filter_map(|line| line.split_whitespace().next()).collect();
            ("vp8-decode", stream, Expected::Out(json!({ "md5": sums })))
        }
        Some(("vp8", _)) => ("vp8-transport", bytes, Expected::Out(json!({ "intact": true }))),
        Some(("h264", _)) => ("h264-stream", bytes, Expected::Out(json!({ "intact": true }))),
        _ => return Ok(corpus(name, bytes)),
    };
    let input = Input { fields: Json::Null, bytes: stream };
    Ok(Case { id: name, op: op.to_owned(), input, expected })
}

fn corpus(id: String, bytes: Vec<u8>) -> Case {
    let input = Input { fields: json!({ "file": id }), bytes };
    Case { id, op: "raw".to_owned(), input, expected: Expected::Either(None) }
}

/// A pack's records: length in four bytes, then the bytes.
fn records(mut pack: &[u8]) -> Option<Vec<&[u8]>> {
    let mut records = Vec::new();
    while !pack.is_empty() {
        let (len, rest) = pack.split_first_chunk()?;
        let (record, rest) =
            rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
        records.push(record);
        pack = rest;
    }
    Some(records)
}

fn check_digest(entry: &Json, bytes: &[u8]) -> Result<(), &'static str> {
    let Some(expected) = entry.get("sha256").and_then(Json::as_str) else { return Ok(()) };
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    if to_hex(digest.as_ref()) == expected {
        Ok(())
    } else {
        Err("other bytes than the manifest says")
    }
}

#[cfg(test)]
mod tests {
    use super::records;

    #[test]
    fn packs_are_split_and_cut_ones_refused() {
        assert_eq!(records(&[0, 0, 0, 1, 7, 0, 0, 0, 0]).unwrap(), [&[7][..], &[]]);
        assert_eq!(records(&[0, 0, 0, 2, 7]), None);
    }
}
