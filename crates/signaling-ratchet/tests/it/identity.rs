use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_signaling_ratchet::{Error, Identity, IdentityPublic, StorageKey};

fn identity(seed: u64) -> Identity {
    Identity::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

#[test]
fn same_seed_same_person() {
    assert_eq!(identity(1).public(), identity(1).public());
    assert_ne!(identity(1).public(), identity(2).public());
}

#[test]
fn public_part_survives_the_wire() {
    let public = identity(1).public().clone();
    assert_eq!(IdentityPublic::from_bytes(&public.to_bytes()), Ok(public.clone()));
    assert_eq!(public.keys(), public.to_bytes()[..64]);
    for len in 0..IdentityPublic::LEN {
        let short = &public.to_bytes()[..len];
        assert_eq!(IdentityPublic::from_bytes(short), Err(Error::Malformed("identity")));
    }
}

/// Somebody else's X25519 key under one's own Ed25519 key, or the other way round.
#[test]
fn keys_of_two_people_do_not_make_one() {
    let (alice, mallory) = (identity(1).public().to_bytes(), identity(2).public().to_bytes());
    let mixed = [&alice[..32], &mallory[32..]].concat();
    assert_eq!(IdentityPublic::from_bytes(&mixed), Err(Error::BadSignature("identity")));
    let mixed = [&alice[..32], &mallory[32..64], &alice[64..]].concat();
    assert_eq!(IdentityPublic::from_bytes(&mixed), Err(Error::BadSignature("identity")));
}

#[test]
fn export_opens_under_its_key_only() {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let key = StorageKey::random(&mut rng);
    let blob = identity(1).export(&key, &mut rng);
    let restored = Identity::import(&blob, &StorageKey::new(*key.expose())).unwrap();
    assert_eq!(restored.public(), identity(1).public());
    let other = StorageKey::random(&mut rng);
    assert_eq!(Identity::import(&blob, &other).err(), Some(Error::AuthenticationFailed));
    let mut newer = blob.clone();
    newer[0] = 9;
    let error = Error::UnsupportedVersion { part: "stored identity", version: 9 };
    assert_eq!(Identity::import(&newer, &key).err(), Some(error));
    assert_eq!(Identity::import(&blob[..20], &key).err(), Some(Error::Truncated));
}
