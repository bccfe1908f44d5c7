//! Transcripts of another implementation, replayed through the same core with a suite of their own.

use core::convert::Infallible;
use std::collections::VecDeque;

use rand_core::{TryCryptoRng, TryRng};
use serde::Deserialize;
use zentalk_primitives::Secret;

use super::TranscriptSide;
use crate::keys::DhKeyPair;

const TRANSCRIPTS: &str = include_str!("../../tests/vectors/double_ratchet.json");

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    #[serde(rename = "in")]
    input: Input,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Input {
    shared_secret: String,
    bob_ratchet_private: String,
    associated_data: String,
}

#[derive(Deserialize)]
struct Step {
    #[serde(rename = "do")]
    action: String,
    who: String,
    label: String,
    #[serde(default)]
    plaintext: String,
    #[serde(default)]
    ciphertext: String,
    #[serde(default)]
    message_key: String,
    #[serde(default)]
    generated_ratchet_private: Vec<String>,
    reject: Option<String>,
}

/// Gives the transcript's ratchet keys, one per party and step.
struct Keys(VecDeque<Vec<u8>>);

impl Keys {
    fn of(case: &Case, who: &str) -> Self {
        let steps = case.steps.iter().filter(|step| step.who == who);
        Self(
            steps
                .flat_map(|step| step.generated_ratchet_private.iter().map(|key| hex(key)))
                .collect(),
        )
    }
}

impl TryRng for Keys {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("only keys are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("only keys are drawn")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0.pop_front().expect("the transcript has a key for every step"));
        Ok(())
    }
}

impl TryCryptoRng for Keys {}

fn hex(text: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn replay(case: &Case) {
    let shared: [u8; 32] = hex(&case.input.shared_secret).try_into().unwrap();
    let associated = hex(&case.input.associated_data);
    let bob_key = Secret::from_slice(&hex(&case.input.bob_ratchet_private)).unwrap();
    let bob_key = DhKeyPair::from_private(bob_key);
    let mut keys = [Keys::of(case, "alice"), Keys::of(case, "bob")];
    let public = bob_key.public();
    let mut sides = [
        TranscriptSide::initiator(shared, associated.clone(), public, &mut keys[0]).unwrap(),
        TranscriptSide::responder(shared, associated, bob_key),
    ];
    let mut sent = Vec::new();
    for step in &case.steps {
        let context = format!("{} {} {}", case.id, step.who, step.label);
        let who = usize::from(step.who == "bob");
        if step.action == "send" {
            let message = sides[who].send(&hex(&step.plaintext), &mut keys[who]).unwrap();
            assert_eq!(message.ciphertext(), hex(&step.ciphertext), "{context}");
            assert_eq!(message.message_key(), hex(&step.message_key), "{context}");
            sent.push((step.label.clone(), message));
            continue;
        }
        let (_, message) = sent.iter().find(|(label, _)| *label == step.label).unwrap();
        let opened = sides[who].receive(message);
        match &step.reject {
            Some(why) => assert!(opened.is_err(), "{context}: {why}"),
            None => assert_eq!(opened, Ok(hex(&step.plaintext)), "{context}"),
        }
    }
}

#[test]
fn transcripts_of_another_implementation() {
    let file: File = serde_json::from_str(TRANSCRIPTS).unwrap();
    assert_eq!(file.cases.len(), 2);
    file.cases.iter().for_each(replay);
}
