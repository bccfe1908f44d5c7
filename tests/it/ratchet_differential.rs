//! The Double Ratchet's logic beside another implementation's: `double-ratchet-signal` 0.1.3.
//!
//! Both get the same schedule of sends, deliveries, losses, duplicates and reordering, and must open the same messages. The
//! peer has plain headers and another cipher, so bytes are not compared. The schedules keep inside its limits (1,000
//! skipped in a chain, 2,000 in all, beyond which it wedges) and inside our own (a skipped key lives five ratchet steps,
//! in the peer for ever): a message that is older is lost for both.

use double_ratchet_signal::signal::{KeyPair, PublicKey, SignalDR, SymmetricKey};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use zentalk_primitives::{Secret, UnixTime};
use zentalk_signaling_ratchet::ratchet::{DoubleRatchet, SessionSecrets};
use zentalk_signaling_ratchet::{DhKeyPair, limits};

const ASSOCIATED: &[u8] = b"both identities";
const NOW: UnixTime = UnixTime::from_millis(0);

#[derive(Clone, Copy, Debug)]
enum Op {
    Send(usize),
    Deliver(usize, usize),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        (0..2usize).prop_map(Op::Send),
        (0..2usize, any::<usize>()).prop_map(|(who, which)| Op::Deliver(who, which)),
    ];
    prop::collection::vec(op, 1..250)
}

/// One message, sealed by both implementations.
struct Message<Header> {
    plaintext: Vec<u8>,
    ours: Vec<u8>,
    theirs: (Header, Vec<u8>),
    /// How many chains its sender had begun.
    chain: u64,
}

/// How far one side has got, counted in chains: its own and the peer's.
#[derive(Clone, Copy, Default)]
struct Chains {
    begun: u64,
    seen: u64,
    answered: u64,
}

/// The generator as the peer's old traits want it.
struct OldRng(ChaCha20Rng);

impl rand_core_04::CryptoRng for OldRng {}

impl rand_core_04::RngCore for OldRng {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        self.0.fill_bytes(out);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core_04::Error> {
        self.0.fill_bytes(out);
        Ok(())
    }
}

fn ours(prekey: &[u8; 32], rng: &mut ChaCha20Rng) -> [DoubleRatchet; 2] {
    let secret = |byte| Secret::new([byte; 32]);
    let secrets = || SessionSecrets::new(secret(1), secret(2), secret(3));
    let prekey = DhKeyPair::from_private(Secret::new(*prekey));
    let public = prekey.public();
    [
        DoubleRatchet::initiator(secrets(), ASSOCIATED.to_vec(), public, rng).unwrap(),
        DoubleRatchet::responder(secrets(), ASSOCIATED.to_vec(), prekey),
    ]
}

fn theirs(prekey: &[u8; 32], rng: &mut OldRng) -> [SignalDR; 2] {
    let public = DhKeyPair::from_private(Secret::new(*prekey)).public();
    let shared = SymmetricKey::from([1; 32]);
    [
        SignalDR::new_alice(&shared, PublicKey::from(*public.as_bytes()), None, rng),
        SignalDR::new_bob(shared, KeyPair::from(*prekey), None),
    ]
}

/// Runs a schedule and returns how many deliveries opened.
fn run(seed: u64, ops: &[Op]) -> usize {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut old_rng = OldRng(ChaCha20Rng::seed_from_u64(seed));
    let mut prekey = [0; 32];
    rng.fill_bytes(&mut prekey);
    let mut ours = ours(&prekey, &mut rng);
    let mut theirs = theirs(&prekey, &mut old_rng);
    let mut chains = [Chains { begun: 1, ..Chains::default() }, Chains::default()];
    let mut inboxes = [Vec::new(), Vec::new()];
    let mut opened = 0;
    for (number, op) in ops.iter().enumerate() {
        match *op {
            Op::Send(who) => {
                let plaintext = number.to_string().into_bytes();
                let our_message = ours[who].encrypt(&plaintext, &mut rng);
                let their_message =
                    theirs[who].try_ratchet_encrypt(&plaintext, ASSOCIATED, &mut old_rng);
                assert_eq!(our_message.is_ok(), their_message.is_ok(), "who may send");
                let (Ok(ours), Ok(theirs)) = (our_message, their_message) else { continue };
                let side = &mut chains[who];
                if side.seen > side.answered {
                    side.answered = side.seen;
                    side.begun += 1;
                }
                inboxes[1 - who].push(Message { plaintext, ours, theirs, chain: side.begun });
            }
            Op::Deliver(who, which) => {
                let Some(index) = which.checked_rem(inboxes[who].len()) else { continue };
                let message = &inboxes[who][index];
                if chains[who].seen >= message.chain + limits::SKIPPED_STEPS {
                    continue;
                }
                let (header, ciphertext) = &message.theirs;
                let our_text = ours[who].decrypt(NOW, &message.ours).ok();
                let their_text = theirs[who].ratchet_decrypt(header, ciphertext, ASSOCIATED).ok();
                assert_eq!(our_text, their_text, "what opens");
                if let Some(text) = our_text {
                    assert_eq!(text, message.plaintext);
                    chains[who].seen = chains[who].seen.max(message.chain);
                    opened += 1;
                }
            }
        }
    }
    opened
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_ratchets_open_the_same_messages(seed in any::<u64>(), ops in ops()) {
        run(seed, &ops);
    }
}

/// So that the property above cannot hold for want of messages.
#[test]
fn a_plain_conversation_opens_completely() {
    let turn = |turn| [Op::Send(0), Op::Deliver(1, turn), Op::Send(1), Op::Deliver(0, turn)];
    let ops: Vec<Op> = (0..20).flat_map(turn).collect();
    assert_eq!(run(1, &ops), 40);
}

/// In a burst with one message in hand, 999 are skipped and then open in any order.
#[test]
fn long_gaps_open_on_both() {
    let mut ops = vec![Op::Send(0); 1_000];
    ops.push(Op::Deliver(1, 999));
    ops.extend((0..999).rev().map(|index| Op::Deliver(1, index)));
    ops.extend([Op::Deliver(1, 500), Op::Send(1), Op::Deliver(0, 0)]);
    assert_eq!(run(2, &ops), 1_001);
}
