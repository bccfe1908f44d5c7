use rand_core::{Infallible, TryCryptoRng, TryRng};
use zentalk_primitives::CallId;

use crate::{Epoch, KeyCommitment, MAX_SAS_MESSAGE_LEN, Roster, Sas, SasEvent, SasMessage};

/// A verification among three under any messages of the two others: every step ends, nothing is shown after a refusal, and a string only
/// once.
pub fn engine_sas(data: &[u8]) {
    let mut roster = Roster::new();
    for index in 0..3 {
        roster.insert(index, vec![index + 1]).unwrap();
    }
    let epoch = Epoch::new(1, 0).unwrap();
    let verified = (roster, KeyCommitment::from_bytes([5; 32]));
    let mut sas = Sas::new(CallId::from_bytes([9; 16]), epoch, 0, verified, &mut Fixed).unwrap();
    let (mut verified, mut refused) = (0, 0);
    for step in data.chunks(1 + MAX_SAS_MESSAGE_LEN) {
        let Some((from, bytes)) = step.split_first() else { return };
        match SasMessage::decode(bytes) {
            Ok(message) => sas.handle(from & 3, message),
            Err(_) => sas.repeat(),
        }
        for _ in 0..16 {
            match sas.poll() {
                Some(SasEvent::Verified(_)) => verified += 1,
                Some(SasEvent::Refused { .. }) => refused += 1,
                Some(SasEvent::Send { to, .. }) => assert!(to == 1 || to == 2),
                None => break,
            }
        }
        assert!(sas.poll().is_none(), "a step never ends");
        assert!(verified + refused <= 1);
    }
}

/// No randomness: what others send must not depend on it.
struct Fixed;

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(7);
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}
