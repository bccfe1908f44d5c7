//! Transcripts of another Double Ratchet: every header, ciphertext, message key and plaintext must come out again.

use std::collections::{BTreeMap, VecDeque};

use rand_core::{TryCryptoRng, TryRng};
use serde_json::{Value as Json, json};
use zentalk_signaling_ratchet::conformance::{Sent, TranscriptSide};

use super::ratchet::{fixed, pair};
use crate::case::{Answer, Input, Refusal, from_hex, to_hex};

pub(super) fn replay(input: &Input) -> Answer {
    let steps = input.field("steps")?.as_array().ok_or_else(|| Refusal::fault("no steps"))?;
    let mut exchange = Exchange::new(input, steps)?;
    steps.iter().map(|step| exchange.step(step)).collect::<Result<_, _>>().map(Json::Array)
}

/// Alice begins.
const PARTIES: [&str; 2] = ["alice", "bob"];

struct Exchange {
    sides: [TranscriptSide; 2],
    keys: [RatchetKeys; 2],
    /// By label.
    sent: BTreeMap<String, Sent>,
}

impl Exchange {
    fn new(input: &Input, steps: &[Json]) -> Result<Self, Refusal> {
        let [alice, bob] = PARTIES.map(|who| RatchetKeys::of(who, steps));
        let mut keys = [alice?, bob?];
        let shared = fixed(input, "shared_secret")?;
        let associated = input.hex("associated_data")?;
        let prekey = pair(input, "bob_ratchet_private")?;
        let public = prekey.public();
        let alice = TranscriptSide::initiator(shared, associated.clone(), public, &mut keys[0])?;
        let bob = TranscriptSide::responder(shared, associated, prekey);
        Ok(Self { sides: [alice, bob], keys, sent: BTreeMap::new() })
    }

    /// Takes a step, and returns it with what came of it.
    fn step(&mut self, step: &Json) -> Result<Json, Refusal> {
        let who = PARTIES.iter().position(|who| *who == step["who"]);
        let who = who.ok_or_else(|| Refusal::fault("an unknown party"))?;
        let label = step["label"].as_str().unwrap_or_default();
        let mut done = step.clone();
        match step["do"].as_str() {
            Some("send") => {
                let plaintext = from_hex(step["plaintext"].as_str().unwrap_or_default())?;
                let sent = self.sides[who].send(&plaintext, &mut self.keys[who])?;
                let [previous, number] = sent.counters();
                done["header"] = json!({ "ratchet_pub": to_hex(sent.ratchet_key()), "pn": previous, "n": number });
                done["ciphertext"] = json!(to_hex(sent.ciphertext()));
                done["message_key"] = json!(to_hex(sent.message_key()));
                self.sent.insert(label.to_owned(), sent);
            }
            Some("receive") => {
                let sent = self.sent.get(label);
                let sent = sent.ok_or_else(|| Refusal::fault("received before it was sent"))?;
                match self.sides[who].receive(sent) {
                    Ok(plaintext) => done["plaintext"] = json!(to_hex(&plaintext)),
                    Err(_) => done["reject"] = json!(true),
                }
            }
            _ => return Err(Refusal::fault("an unknown step")),
        }
        Ok(done)
    }
}

/// The ratchet keys that one party drew, in order. The other implementation draws when it receives, ours when it sends: the
/// order is the same.
struct RatchetKeys(VecDeque<Vec<u8>>);

impl RatchetKeys {
    fn of(who: &str, steps: &[Json]) -> Result<Self, Refusal> {
        let steps = steps.iter().filter(|step| step["who"] == who);
        let keys = steps.filter_map(|step| step["generated_ratchet_private"].as_array()).flatten();
        keys.map(|key| from_hex(key.as_str().unwrap_or_default()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl TryRng for RatchetKeys {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        unreachable!("keys are drawn whole")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        unreachable!("keys are drawn whole")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
        // A key too few is an all-zero one: what comes of it differs from the transcript.
        let key = self.0.pop_front().unwrap_or_default();
        out.fill(0);
        for (to, from) in out.iter_mut().zip(key) {
            *to = from;
        }
        Ok(())
    }
}

impl TryCryptoRng for RatchetKeys {}
