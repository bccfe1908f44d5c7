use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::UnixTime;

use super::store::UsedPrekeys;
use super::*;
use crate::identity::Identity;
use crate::keys::DhKeyPair;
use crate::{Error, limits};

const NOW: UnixTime = UnixTime::from_millis(1_000_000);

fn store() -> (Identity, PrekeyStore, ChaCha20Rng) {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let identity = Identity::generate(&mut rng);
    let store = PrekeyStore::generate(&identity, NOW, &mut rng);
    (identity, store, rng)
}

#[test]
fn hundred_one_time_prekeys_are_published() {
    let (identity, store, _) = store();
    let published = store.publishable();
    assert_eq!(published.one_time.len(), 100);
    assert!(published.bundle.len() <= limits::BUNDLE_LEN);
    for blob in &published.one_time {
        assert!(blob.len() <= limits::ONE_TIME_PREKEY_LEN);
        PrekeyBundle::parse(&published.bundle, Some(blob), identity.public(), NOW).unwrap();
    }
    assert_eq!(store.publishable(), published);
}

#[test]
fn bundle_expires_after_seven_days() {
    let (identity, store, _) = store();
    let bundle = store.publishable().bundle;
    let parse = |now| PrekeyBundle::parse(&bundle, None, identity.public(), now).map(|_| ());
    let last_moment = NOW + limits::PREKEY_LIFETIME;
    assert_eq!(parse(last_moment), Ok(()));
    assert_eq!(parse(last_moment + Duration::from_millis(1)), Err(Error::BundleExpired));
}

#[test]
fn every_changed_byte_of_a_bundle_is_refused() {
    let (identity, store, _) = store();
    let published = store.publishable();
    let (bundle, one_time) = (&published.bundle, &published.one_time[0]);
    for index in 0..bundle.len() {
        let mut bad = bundle.clone();
        bad[index] ^= 1;
        assert!(PrekeyBundle::parse(&bad, None, identity.public(), NOW).is_err(), "{index}");
    }
    for index in 0..one_time.len() {
        let mut bad = one_time.clone();
        bad[index] ^= 1;
        let parsed = PrekeyBundle::parse(bundle, Some(&bad), identity.public(), NOW);
        assert!(parsed.is_err(), "{index}");
    }
    let long = vec![0; limits::BUNDLE_LEN + 1];
    let error = Error::TooLong { part: "prekey bundle", limit: limits::BUNDLE_LEN };
    let parsed = PrekeyBundle::parse(&long, None, identity.public(), NOW);
    assert_eq!(parsed.err(), Some(error));
}

#[test]
fn bundle_of_another_person_is_refused() {
    let (_, store, mut rng) = store();
    let published = store.publishable();
    let mallory = Identity::generate(&mut rng);
    let parsed = PrekeyBundle::parse(&published.bundle, None, mallory.public(), NOW);
    assert_eq!(parsed.err(), Some(Error::BadSignature("prekey bundle")));
}

/// A relay that mixes the prekeys of two people is found out.
#[test]
fn one_time_prekey_of_another_person_is_refused() {
    let (identity, store, mut rng) = store();
    let mallory = Identity::generate(&mut rng);
    let other = PrekeyStore::generate(&mallory, NOW, &mut rng).publishable();
    let bundle = store.publishable().bundle;
    let parsed = PrekeyBundle::parse(&bundle, Some(&other.one_time[0]), identity.public(), NOW);
    assert_eq!(parsed.err(), Some(Error::BadSignature("one-time prekey")));
}

#[test]
fn rotation_keeps_the_previous_prekeys_for_late_arrivals() {
    let (identity, mut store, mut rng) = store();
    let before = store.publishable();
    assert!(!store.maintain(&identity, NOW + Duration::from_secs(60), &mut rng));
    assert_eq!(store.publishable(), before);
    let rotated = NOW + limits::PREKEY_ROTATION;
    assert!(store.maintain(&identity, rotated, &mut rng));
    let after = store.publishable();
    assert_ne!(after.bundle, before.bundle);
    assert!(after.one_time.iter().all(|key| !before.one_time.contains(key)));
    // The first signed prekeys and the first one-time prekey.
    assert!(store.signed(1).is_ok());
    assert!(store.one_time(2).is_ok());
    let expired = NOW + limits::PREKEY_GRACE + Duration::from_millis(1);
    store.maintain(&identity, expired, &mut rng);
    assert_eq!(store.signed(1).err(), Some(Error::UnknownPrekey));
    assert_eq!(store.one_time(2).err(), Some(Error::UnknownPrekey));
}

#[test]
fn used_up_one_time_prekeys_are_replaced() {
    let (identity, mut store, mut rng) = store();
    let ephemeral = DhKeyPair::random(&mut rng).public();
    for id in 2..=82 {
        assert!(!store.maintain(&identity, NOW, &mut rng));
        store.commit(&UsedPrekeys { signed: 1, one_time: Some(id), ephemeral });
    }
    assert_eq!(store.one_time_left(), 19);
    assert!(store.maintain(&identity, NOW, &mut rng));
    assert_eq!(store.one_time_left(), 100);
    // Those left of the batch before were perhaps served: they still open.
    assert!(store.one_time(83).is_ok());
    assert!(store.one_time(82).is_err());
}

#[test]
fn full_replay_memory_refuses_rather_than_forgets() {
    let (_, mut store, mut rng) = store();
    let mut ephemeral = || DhKeyPair::random(&mut rng).public();
    let first = ephemeral();
    store.commit(&UsedPrekeys { signed: 1, one_time: None, ephemeral: first });
    for _ in 1..limits::REMEMBERED_SETUPS {
        store.commit(&UsedPrekeys { signed: 1, one_time: None, ephemeral: ephemeral() });
    }
    let signed = store.signed(1).unwrap();
    assert_eq!(signed.check_not_replayed(&first), Err(Error::SetupReplayed));
    assert_eq!(signed.check_not_replayed(&ephemeral()), Err(Error::ReplayMemoryFull));
}

/// A flood of set-ups that use no one-time prekey: the next rotation comes early, with a memory that is empty.
#[test]
fn prekeys_are_replaced_before_the_replay_memory_is_full() {
    let (identity, mut store, mut rng) = store();
    let commit = |store: &mut PrekeyStore, rng: &mut ChaCha20Rng| {
        let ephemeral = DhKeyPair::random(rng).public();
        store.commit(&UsedPrekeys { signed: 1, one_time: None, ephemeral });
        ephemeral
    };
    let first = commit(&mut store, &mut rng);
    for _ in 2..limits::REMEMBERED_SETUPS_HIGH {
        commit(&mut store, &mut rng);
    }
    assert!(!store.maintain(&identity, NOW, &mut rng));
    commit(&mut store, &mut rng);
    let before = store.publishable();
    assert!(store.maintain(&identity, NOW, &mut rng));
    assert_ne!(store.publishable().bundle, before.bundle);
    // Those of before are still refused, and what is on its way is still accepted.
    let signed = store.signed(1).unwrap();
    assert_eq!(signed.check_not_replayed(&first), Err(Error::SetupReplayed));
    assert_eq!(signed.check_not_replayed(&DhKeyPair::random(&mut rng).public()), Ok(()));
    assert!(!store.maintain(&identity, NOW, &mut rng));
}
