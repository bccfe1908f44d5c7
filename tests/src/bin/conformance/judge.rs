//! Compares answers with expectations, and expectations that were spoilt with the same answers.

use core::net::IpAddr;

use serde_json::Value as Json;

use crate::case::{Answer, Case, Expected, Refusal};

/// What came of a case.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    Passed,
    Failed(String),
    /// With the reason.
    Skipped(&'static str),
}

/// Fields of an expected value that inform, or that no interface of ours shows; by operation.
const INFORMATIVE: &[(&str, &[&str])] = &[
    // How another implementation reads the document.
    ("sdp-parse", &["media_sdp_transform"]),
    // What the upstream test asserts, as text.
    ("stun-decode", &["attr_expect"]),
    // The ciphertext depends on every bit of these, and the interface does not hand out keys.
    ("sframe-protect", &["sframe_secret", "sframe_key", "sframe_salt", "nonce", "aad"]),
];

pub(crate) fn judge(case: &Case, answer: &Answer) -> Verdict {
    match (&case.expected, answer) {
        (_, Err(Refusal::Unsupported(reason))) => Verdict::Skipped(reason),
        (_, Err(Refusal::Fault(what))) => Verdict::Failed(what.clone()),
        (Expected::Out(expected) | Expected::Steps(expected), answer) => {
            compared(&compared_part(case, expected), answer)
        }
        (Expected::Reject, Err(Refusal::Rejected)) => Verdict::Passed,
        (Expected::Reject, Ok(value)) => failed("accepted", value),
        (Expected::Either(Some(expected)), Ok(_)) => {
            compared(&compared_part(case, expected), answer)
        }
        (Expected::Either(_), _) => Verdict::Passed,
    }
}

/// The case with every expected value spoilt, one at a time. Empty where nothing is expected.
pub(crate) fn spoilt(case: &Case) -> Vec<Case> {
    let with = |expected| Case { expected, ..case.clone() };
    match &case.expected {
        Expected::Out(value) => variants(&compared_part(case, value))
            .into_iter()
            .map(|v| with(Expected::Out(v)))
            .collect(),
        Expected::Steps(value) => {
            variants(value).into_iter().map(|v| with(Expected::Steps(v))).collect()
        }
        // What must be refused, must now be accepted.
        Expected::Reject => vec![with(Expected::Out(Json::Bool(true)))],
        Expected::Either(_) => Vec::new(),
    }
}

fn compared(expected: &Json, answer: &Answer) -> Verdict {
    match answer {
        Ok(value) if value == expected => Verdict::Passed,
        Ok(value) => failed(&format!("expected {}, got", shown(expected)), value),
        Err(_) => Verdict::Failed("rejected".to_owned()),
    }
}

fn failed(what: &str, value: &Json) -> Verdict {
    Verdict::Failed(format!("{what} {}", shown(value)))
}

fn shown(value: &Json) -> String {
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(300) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn compared_part(case: &Case, expected: &Json) -> Json {
    let mut expected = expected.clone();
    if let Some(fields) = expected.as_object_mut() {
        let informative = INFORMATIVE.iter().filter(|(op, _)| *op == case.op);
        for name in informative.flat_map(|(_, names)| *names) {
            fields.remove(*name);
        }
        if case.op == "ice-candidate-parse" {
            for name in ["address", "raddr"] {
                fields.get_mut(name).into_iter().for_each(respell);
            }
        }
    }
    expected
}

/// IPv6 addresses have many spellings; ours is that of RFC 5952.
fn respell(address: &mut Json) {
    if let Some(ip) = address.as_str().and_then(|text| text.parse::<IpAddr>().ok()) {
        *address = Json::String(ip.to_string());
    }
}

/// `value` with one leaf changed, for every leaf.
fn variants(value: &Json) -> Vec<Json> {
    match value {
        Json::Null => vec![Json::Bool(true)],
        Json::Bool(value) => vec![Json::Bool(!value)],
        Json::Number(number) => vec![Json::from(number.as_i64().map_or(0, |n| n ^ 1))],
        Json::String(text) => vec![Json::String(changed(text))],
        Json::Array(items) if items.is_empty() => vec![Json::Array(vec![Json::Null])],
        Json::Array(items) => {
            let with = |at: usize, item: Json| {
                let mut items = items.clone();
                items[at] = item;
                Json::Array(items)
            };
            let each = |(at, item)| variants(item).into_iter().map(move |v| (at, v));
            items.iter().enumerate().flat_map(each).map(|(at, item)| with(at, item)).collect()
        }
        Json::Object(fields) if fields.is_empty() => vec![Json::Null],
        Json::Object(fields) => {
            let with = |name: &str, item: Json| {
                let mut fields = fields.clone();
                fields.insert(name.to_owned(), item);
                Json::Object(fields)
            };
            let each = |(name, item)| variants(item).into_iter().map(move |v| (name, v));
            fields
                .iter()
                .flat_map(each)
                .map(|(name, item): (&String, _)| with(name, item))
                .collect()
        }
    }
}

/// `text` with another last character.
fn changed(text: &str) -> String {
    let mut text = text.to_owned();
    let last = text.pop();
    text.push(if last == Some('0') { '1' } else { '0' });
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::case::Input;

    fn case(expected: Expected) -> Case {
        Case { id: "id".into(), op: "op".into(), input: Input::default(), expected }
    }

    #[test]
    fn every_spoilt_leaf_fails() {
        let value =
            json!({"a": [1, [], {"b": "0"}], "c": true, "d": "", "e": 18446744073709551615u64});
        let case = case(Expected::Out(value.clone()));
        assert!(matches!(judge(&case, &Ok(value.clone())), Verdict::Passed));
        let spoilt = spoilt(&case);
        assert_eq!(spoilt.len(), 6);
        for case in spoilt {
            assert!(matches!(judge(&case, &Ok(value.clone())), Verdict::Failed(_)), "{case:?}");
        }
    }

    #[test]
    fn a_spoilt_rejection_fails_and_so_does_an_acceptance() {
        let case = case(Expected::Reject);
        assert!(matches!(judge(&case, &Ok(json!(true))), Verdict::Failed(_)));
        for spoilt in spoilt(&case) {
            assert!(matches!(judge(&spoilt, &Err(Refusal::Rejected)), Verdict::Failed(_)));
        }
    }

    #[test]
    fn unsupported_is_no_pass_and_a_fault_is_a_failure_whatever_is_expected() {
        for expected in [Expected::Reject, Expected::Either(None), Expected::Out(json!(1))] {
            let case = case(expected);
            let unsupported = Err(Refusal::Unsupported("reason"));
            assert!(matches!(judge(&case, &unsupported), Verdict::Skipped("reason")));
            let fault = Err(Refusal::fault("what"));
            assert!(matches!(judge(&case, &fault), Verdict::Failed(_)));
        }
    }

    #[test]
    fn informative_fields_are_not_compared() {
        let expected = json!({"media_sections": 1, "media_sdp_transform": []});
        let case = Case { op: "sdp-parse".into(), ..case(Expected::Out(expected)) };
        assert!(matches!(judge(&case, &Ok(json!({"media_sections": 1}))), Verdict::Passed));
        assert_eq!(spoilt(&case).len(), 1);
    }
}
