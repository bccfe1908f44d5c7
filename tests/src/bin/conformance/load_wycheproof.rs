//! Files in the JSON schema of Project Wycheproof.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use crate::case::{Case, Expected, Input, Suite};
use crate::load::text;

/// A suite with a case for every test; the group's parameters stand beside the test's own.
pub(crate) fn suite(json: &Json, file: &Path) -> Result<Suite, String> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let groups = json.get("testGroups").and_then(Json::as_array).ok_or("no groups")?;
    let mut cases = Vec::new();
    for group in groups {
        let tests = group.get("tests").and_then(Json::as_array).ok_or("a group without tests")?;
        for test in tests {
            cases.push(case(&name, group, test)?);
        }
    }
    if json.get("numberOfTests").and_then(Json::as_u64).is_some_and(|n| n != cases.len() as u64) {
        return Err(format!("{} tests, not what the file says", cases.len()));
    }
    let set = json.pointer("/x-conformance/set").and_then(Json::as_str).unwrap_or("upstream");
    Ok(Suite { layer: "wycheproof".to_owned(), name, set: set.to_owned(), cases })
}

fn case(suite: &str, group: &Json, test: &Json) -> Result<Case, String> {
    let mut fields = Map::new();
    for source in [group, test] {
        let all = source.as_object().ok_or("not an object")?;
        let ours = all.iter().filter(|(name, _)| *name != "tests");
        fields.extend(ours.map(|(name, value)| (name.clone(), value.clone())));
    }
    let id = test.get("tcId").map(Json::to_string).unwrap_or_default();
    let out = out(suite, test);
    let expected = match text(test, "result")?.as_str() {
        "valid" => Expected::Out(out),
        "invalid" => Expected::Reject,
        // It may be refused; if it is not, this is what comes out.
        "acceptable" => Expected::Either(Some(out)),
        other => return Err(format!("{id}: result `{other}`")),
    };
    let input = Input { fields: Json::Object(fields), bytes: Vec::new() };
    Ok(Case { id: format!("tc{id}"), op: suite.to_owned(), input, expected })
}

/// The fields of a test that an implementation computes.
fn out(suite: &str, test: &Json) -> Json {
    const COMPUTED: &[(&str, &[&str])] = &[
        ("aes_", &["msg", "ct", "tag"]),
        ("chacha", &["msg", "ct", "tag"]),
        ("xchacha", &["msg", "ct", "tag"]),
        ("hmac", &["tag"]),
        ("hkdf", &["okm"]),
        ("ecdh", &["shared"]),
        ("x25519", &["shared"]),
        ("mlkem_768_encaps", &["c", "K"]),
        ("mlkem_768_keygen", &["ek", "dk"]),
        ("mlkem", &["ek", "K"]),
    ];
    match COMPUTED.iter().find(|(prefix, _)| suite.starts_with(prefix)) {
        Some((_, names)) => {
            let field =
                |name: &&str| test.get(*name).map(|value| ((*name).to_owned(), value.clone()));
            Json::Object(names.iter().filter_map(field).collect())
        }
        // Signatures: they hold.
        None => json!({ "valid": true }),
    }
}
