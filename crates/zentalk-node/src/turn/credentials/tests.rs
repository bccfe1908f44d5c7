use std::collections::BTreeSet;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;

const NOW: UnixTime = UnixTime::from_millis(1_700_000_000_500);

fn secret(text: &str) -> RestSecret {
    RestSecret::new(Zeroizing::new(text.as_bytes().to_vec())).unwrap()
}

fn secrets() -> RestSecrets {
    RestSecrets::new(secret("the-region-secret-of-2026"), None)
}

fn passwords(secrets: &RestSecrets, username: &str, now: UnixTime) -> Vec<String> {
    secrets.passwords(username, now).unwrap().iter().map(str::to_owned).collect()
}

/// draft-uberti-behave-turn-rest-00 §2.2. Computed with OpenSSL, as coturn does it:
/// `printf %s USERNAME | openssl dgst -sha1 -hmac SECRET -binary | base64`.
#[test]
fn password_is_what_openssl_makes_of_username_and_secret() {
    let name = "1700003600:3q2-7wAAAAAAAAAAAAAAAA";
    assert_eq!(passwords(&secrets(), name, NOW), ["p+8/5TgdqrvdxOU0NrbtuDsHXAE="]);
    let then = UnixTime::from_millis(1_433_065_000_000);
    let alice = passwords(&secrets(), "1433065916:alice", then);
    assert_eq!(alice, ["DkLoZvIMAuDhmn41aMzoqEkJXbQ="]);
}

#[test]
fn issued_credential_is_taken_until_its_last_second() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let issued = secrets().issue(NOW, DEFAULT_LIFETIME, &mut rng);
    assert_eq!(issued.expires, UnixTime::from_millis(1_700_003_600_000));
    assert_eq!(issued.lifetime, Duration::from_secs(3_600));
    let taken = secrets().passwords(&issued.username, NOW).unwrap();
    assert_eq!(taken.expires(), issued.expires);
    assert_eq!(taken.iter().collect::<Vec<_>>(), [issued.password.as_str()]);
    let last = UnixTime::from_millis(1_700_003_600_999);
    assert!(secrets().passwords(&issued.username, last).is_ok());
    let over = secrets().passwords(&issued.username, UnixTime::from_millis(1_700_003_601_000));
    assert_eq!(over.err(), Some(CredentialError::Expired));
}

#[test]
fn lifetime_is_held_between_a_minute_and_a_day() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for (asked, given) in [(0, 60), (59, 60), (61, 61), (86_400, 86_400), (86_401, 86_400)] {
        let issued = secrets().issue(NOW, Duration::from_secs(asked), &mut rng);
        assert_eq!(issued.lifetime.as_secs(), given);
        assert_eq!(issued.expires.as_secs(), NOW.as_secs() + given);
    }
    assert_eq!(secrets().issue(NOW, Duration::MAX, &mut rng).lifetime, MAX_LIFETIME);
}

/// A credential that someone with the secret made for longer than the cap is no credential.
#[test]
fn username_that_outlives_the_cap_is_refused() {
    let ahead = |seconds: u64| format!("{}:id", NOW.as_secs() + seconds);
    assert!(secrets().passwords(&ahead(86_400), NOW).is_ok());
    let refused = secrets().passwords(&ahead(86_400 + 302), NOW).err();
    assert_eq!(refused, Some(CredentialError::TooFarAhead));
}

#[test]
fn credentials_of_the_previous_secret_are_taken_while_both_are_configured() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let old = || secret("the-region-secret-of-2025");
    let issued = RestSecrets::new(old(), None).issue(NOW, DEFAULT_LIFETIME, &mut rng);
    let rotating = RestSecrets::new(secret("the-region-secret-of-2026"), Some(old()));
    let taken = passwords(&rotating, &issued.username, NOW);
    assert_eq!((taken.len(), taken[1].as_str()), (2, issued.password.as_str()));
    assert_ne!(taken[0], taken[1]);
    let fresh = rotating.issue(NOW, DEFAULT_LIFETIME, &mut rng);
    assert_eq!(passwords(&secrets(), &fresh.username, NOW), [fresh.password.as_str()]);
    let after = passwords(&secrets(), &issued.username, NOW);
    assert!(!after.contains(&issued.password));
}

#[test]
fn credentials_name_nobody_and_never_repeat() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let names: BTreeSet<_> =
        (0..1_000).map(|_| secrets().issue(NOW, DEFAULT_LIFETIME, &mut rng).username).collect();
    assert_eq!(names.len(), 1_000);
    for name in names {
        let (expiry, id) = name.split_once(':').unwrap();
        assert_eq!((expiry, id.len()), ("1700003600", 22), "an expiry and 128 random bits");
    }
}

#[test]
fn malformed_usernames_are_refused() {
    let long = format!("1700003600:{}", "x".repeat(MAX_USERNAME_LEN));
    for name in [
        "",
        ":",
        "1700003600",
        "1700003600:",
        ":id",
        "+1700003600:id",
        "-1:id",
        " 1700003600:id",
        "0x10:id",
        "alice:1700003600",
        "99999999999999999999999:id",
        "18446744073709551615:id",
        "１７:id",
        &long,
    ] {
        let refused = secrets().passwords(name, NOW).err();
        assert_eq!(refused, Some(CredentialError::Malformed), "{name}");
    }
}

#[test]
fn guessable_secret_is_refused() {
    for length in [0, 15, MAX_SECRET_LEN + 1] {
        let refused = RestSecret::new(Zeroizing::new(vec![b'x'; length])).err();
        assert_eq!(refused, Some(CredentialError::SecretLength));
    }
    assert!(RestSecret::new(Zeroizing::new(vec![b'x'; 16])).is_ok());
}

#[test]
fn debug_shows_neither_secrets_nor_credentials() {
    let issued = secrets().issue(NOW, DEFAULT_LIFETIME, &mut ChaCha20Rng::seed_from_u64(5));
    let taken = secrets().passwords(&issued.username, NOW).unwrap();
    let debug = format!("{:?} {issued:?} {taken:?}", secrets());
    for hidden in [issued.username.as_str(), issued.password.as_str(), "region", "1700003600"] {
        assert!(!debug.contains(hidden), "{debug}");
    }
}
