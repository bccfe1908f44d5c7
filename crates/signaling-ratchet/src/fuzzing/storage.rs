use zentalk_primitives::UnixTime;

use super::rng;
use crate::identity::Identity;
use crate::postbox::Postbox;
use crate::ratchet::DoubleRatchet;
use crate::storage::{Persist, StorageKey, from_plain, to_plain};

const NOW: UnixTime = UnixTime::from_millis(1_000_000);

/// A snapshot that is damaged, and one whose plaintext is: an error or a state that works, and that is the same after another
/// round. The first byte says of what.
pub fn parse_storage(data: &[u8]) {
    let key = StorageKey::new([1; 32]);
    assert!(Postbox::import(data, &key).is_err(), "sealed by nobody");
    match data.split_first() {
        Some((0, plain)) => drop(stored::<Identity>(plain)),
        Some((1, plain)) => drop(stored::<DoubleRatchet>(plain).map(use_ratchet)),
        Some((2, plain)) => drop(stored::<Postbox>(plain).map(use_postbox)),
        _ => {}
    }
}

fn stored<T: Persist>(plain: &[u8]) -> Option<T> {
    let value: T = from_plain(plain).ok()?;
    let written = to_plain(&value);
    let again: T = from_plain(&written).expect("what was written reads");
    assert!(to_plain(&again) == written);
    Some(value)
}

/// What comes next must not depend on the state being one that the code itself reached.
fn use_ratchet(mut ratchet: DoubleRatchet) {
    let overhead = ratchet.overhead();
    if let Ok(sealed) = ratchet.encrypt(b"text", &mut rng(1)) {
        assert_eq!(sealed.len(), 4 + overhead);
        assert!(ratchet.decrypt(NOW, &sealed).is_err(), "opened by its own sender");
    }
}

fn use_postbox(mut postbox: Postbox) {
    let _ = postbox.maintain(NOW, &mut rng(1));
    let published = postbox.publishable();
    assert!(published.one_time.len() <= crate::limits::ONE_TIME_PREKEYS);
    assert!(postbox.open(NOW, &[1; 512]).is_err());
    assert!(postbox.open(NOW, &[0x81; 2_048]).is_err());
}
