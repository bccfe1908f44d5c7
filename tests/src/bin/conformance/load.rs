//! Reads vector files: what the file says it is decides how.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::case::{Case, Expected, Input, Suite};
use crate::{load_raw, load_wycheproof};

/// The suites of every vector file below `folder`, in the order of their paths.
pub(crate) fn folder(folder: &Path) -> Result<Vec<Suite>, String> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut suites = Vec::new();
    for file in files {
        suites.extend(read(&file).map_err(|what| format!("{}: {what}", file.display()))?);
    }
    Ok(suites)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.ends_with("raw") {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}

/// The file's suite; nothing if it is not a file of vectors.
fn read(file: &Path) -> Result<Option<Suite>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let json: Json = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    match json.get("format").and_then(Json::as_str) {
        Some("conformance-vectors/1") => suite(&json).map(Some),
        Some("conformance-raw/1") => load_raw::suite(&json, file).map(Some),
        _ if json.get("testGroups").is_some() => load_wycheproof::suite(&json, file).map(Some),
        _ => Ok(None),
    }
}

fn suite(json: &Json) -> Result<Suite, String> {
    let op = json.get("op").and_then(Json::as_str).unwrap_or_default();
    let cases = json.get("cases").and_then(Json::as_array).ok_or("no cases")?;
    Ok(Suite {
        layer: text(json, "layer")?,
        name: text(json, "suite")?,
        set: text(json, "set")?,
        cases: cases.iter().map(|json| case(json, op)).collect::<Result<_, _>>()?,
    })
}

fn case(json: &Json, op: &str) -> Result<Case, String> {
    let id = text(json, "id")?;
    let op = json.get("op").and_then(Json::as_str).unwrap_or(op).to_owned();
    let mut fields = json.get("in").cloned().ok_or_else(|| format!("{id}: no input"))?;
    let expected = expected(json).ok_or_else(|| format!("{id}: no expectation"))?;
    if let (Some(fields), Expected::Out(out)) = (fields.as_object_mut(), &expected) {
        // The blocks that are looked at stand beside what they must be.
        if let Some(blocks) = out.get("blocks").and_then(Json::as_array) {
            let counters =
                blocks.iter().filter_map(|block| block.get("counter").cloned()).collect();
            fields.insert("counters".to_owned(), Json::Array(counters));
        }
        // A function of any length is asked for this one.
        if let Some(output) = out.get("output").and_then(Json::as_str) {
            fields.insert("length".to_owned(), Json::from(output.len() / 2));
        }
    }
    if let (Some(fields), Expected::Steps(steps)) = (fields.as_object_mut(), &expected) {
        fields.insert("steps".to_owned(), script(steps));
    }
    Ok(Case { id, op, input: Input { fields, bytes: Vec::new() }, expected })
}

/// What is done in an exchange, without what must come of it.
fn script(steps: &Json) -> Json {
    let mut steps = steps.clone();
    for fields in steps.as_array_mut().into_iter().flatten().filter_map(Json::as_object_mut) {
        let sends = fields.get("do").and_then(Json::as_str) == Some("send");
        fields.retain(|name, _| match name.as_str() {
            "do" | "who" | "label" | "generated_ratchet_private" => true,
            // What is sent goes in; what is received must come out.
            "plaintext" => sends,
            _ => false,
        });
    }
    steps
}

/// The steps of an exchange. Why one is refused is for people to read: that it is, is compared.
fn exchange(steps: &Json) -> Json {
    let mut steps = steps.clone();
    for fields in steps.as_array_mut().into_iter().flatten().filter_map(Json::as_object_mut) {
        fields.get_mut("reject").into_iter().for_each(|why| *why = Json::Bool(true));
    }
    steps
}

fn expected(json: &Json) -> Option<Expected> {
    let out = || json.get("out").cloned().map(Expected::Out);
    let reject = || json.get("reject").map(|_| Expected::Reject);
    let steps = || json.get("steps").map(exchange).map(Expected::Steps);
    let either =
        || json.get("either").map(|_| Expected::Either(json.get("out_if_accepted").cloned()));
    out().or_else(reject).or_else(steps).or_else(either)
}

pub(crate) fn text(json: &Json, name: &str) -> Result<String, String> {
    json.get(name).and_then(Json::as_str).map(str::to_owned).ok_or_else(|| format!("no `{name}`"))
}
