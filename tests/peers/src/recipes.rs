//! The cases of `regressions/inputs.json`: a list that others keep. Each must be run here, with the bytes it names.

use std::path::Path;

use serde_json::Value;

use crate::cases;

/// Bytes of cases that consist of them, in hexadecimal, as the cases build them.
const BYTES: [(&str, &[u8]); 5] = [
    ("srtp-short-extension", &cases::SHORT_EXTENSION),
    ("srtcp-e0-forged-bye", &cases::BYE),
    ("rtcp-unmarshal", &cases::FIR_WITHOUT_SOURCE),
    ("h264-stap-a-1", &cases::STAP_A_1),
    ("h264-stap-a-2", &cases::STAP_A_2),
];

/// Fails where a case of the list has no counterpart here, or other bytes.
pub(crate) fn check(vectors: &Path) -> Result<(), String> {
    let path = vectors.join("regressions/inputs.json");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let list: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let listed = list.get("cases").and_then(Value::as_array).ok_or("no cases in the list")?;
    let known = cases::all();
    for case in listed {
        let id = case.get("id").and_then(Value::as_str).unwrap_or_default();
        if !known.iter().any(|known| known.id == id) {
            return Err(format!("`{id}` of {} is not run here", path.display()));
        }
        if let Some(wanted) = case.get("bytes").and_then(Value::as_str) {
            let ours = BYTES.iter().find(|(known, _)| *known == id).map(|(_, bytes)| hex(bytes));
            if ours.as_deref() != Some(wanted) {
                return Err(format!("`{id}` has other bytes here"));
            }
        }
    }
    println!("{} cases of {} are run here", listed.len(), path.display());
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
