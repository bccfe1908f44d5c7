use std::fs;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tempfile::tempdir;
use zentalk_primitives::{ParticipantId, RoomId, UnixTime};
use zentalk_sfu_control::TokenVerifier;

use super::*;
use crate::toml_file::FileProblem;

const KEY: &str = "key_file = \"sfu.key\"\n";
const URLS: &str = "urls = [\"wss://sfu.example:8443/v1\"]\n";

fn read_text(text: &str) -> Result<SfuTokenConfig, SfuTokenConfigError> {
    let folder = tempdir().unwrap();
    sfu_key::create(&folder.path().join("sfu.key"), &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
    let path = folder.path().join("sfu.toml");
    fs::write(&path, text).unwrap();
    read(&path)
}

fn wrong(text: &str) -> (usize, Problem) {
    match read_text(text) {
        Err(SfuTokenConfigError::Line { line, problem, .. }) => (line, problem),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn whole_file_is_understood() {
    let text = "# Two in Frankfurt\nlifetime_seconds = 120\nkey_file = \"sfu.key\"\n\
        urls = [\"wss://a.sfu.example\", \"wss://b.sfu.example:8443/v1\"]\n";
    let config = read_text(text).unwrap();
    let now = UnixTime::from_millis(1_700_000_000_000);
    let (room, participant) = (RoomId::from_bytes([1; 16]), ParticipantId::from_bytes([2; 16]));
    let grant = config.grant(3, room, participant, now).unwrap();
    assert_eq!((grant.request, grant.lifetime.as_secs()), (3, 120));
    assert_eq!(grant.servers, ["wss://a.sfu.example", "wss://b.sfu.example:8443/v1"]);
    let verifier = TokenVerifier::new(vec![config.public_key()]).unwrap();
    let claims = verifier.verify(&grant.token, now).unwrap();
    assert_eq!((claims.room, claims.participant), (room, participant));
    assert_eq!(claims.expires, now + Duration::from_secs(120));
}

#[test]
fn shortest_file_is_understood() {
    let config = read_text(&format!("{KEY}{URLS}")).unwrap();
    assert_eq!(format!("{config:?}"), "SfuTokenConfig(1 SFUs, 600 s)");
}

#[test]
fn mistake_is_told_with_its_line_and_its_cure() {
    let value = |key, expected| Problem::File(FileProblem::Value { key, expected });
    let missing = |key| Problem::File(FileProblem::Missing(key));
    let seconds = "60 to 3600 seconds";
    let texts = "a list of 1 to 4 texts such as \"wss://sfu.example:8443/v1\"";
    for (text, line, problem) in [
        (
            format!("{KEY}{URLS}lifetime = 60\n"),
            3,
            Problem::File(FileProblem::UnknownKey("lifetime".into())),
        ),
        (format!("{KEY}lifetime_seconds = 59\n{URLS}"), 2, value("lifetime_seconds", seconds)),
        (format!("{KEY}lifetime_seconds = 3601\n{URLS}"), 2, value("lifetime_seconds", seconds)),
        (KEY.into(), 1, missing("urls")),
        (URLS.into(), 1, missing("key_file")),
        (format!("{KEY}urls = \"wss://sfu.example\"\n"), 2, value("urls", texts)),
        (format!("{KEY}urls = [1]\n"), 2, value("urls", texts)),
        (format!("{KEY}\nurls = []\n"), 3, Problem::Urls),
        (format!("{KEY}urls = [\"https://sfu.example\"]\n"), 2, Problem::Urls),
        (format!("{KEY}urls = [\"wss://\"]\n"), 2, Problem::Urls),
        (format!("{KEY}urls = [{}]\n", "\"wss://a\",".repeat(5)), 2, Problem::Urls),
        (format!("{URLS}key_file = 3\n"), 2, value("key_file", "a text in quotes")),
    ] {
        assert_eq!(wrong(&text), (line, problem), "{text}");
    }
    let (line, Problem::File(FileProblem::Syntax(_))) = wrong(&format!("{KEY}urls = [\n")) else {
        panic!("taken");
    };
    assert!(line >= 2);
}

#[test]
fn missing_files_are_told_by_their_names() {
    let folder = tempdir().unwrap();
    let error = read(&folder.path().join("sfu.toml")).unwrap_err();
    assert!(error.to_string().contains("sfu.toml cannot be read"), "{error}");
    assert!(error.to_string().contains("--sfu-config"), "{error}");
    let error = read_text(&format!("key_file = \"other.key\"\n{URLS}")).unwrap_err();
    assert!(error.to_string().contains("other.key cannot be read"), "{error}");
    assert!(error.to_string().contains("`key_file`"), "{error}");
}

/// A key in the place of its file's name must not end up on a terminal.
#[test]
fn no_mistake_shows_a_value() {
    let secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    for text in [
        format!("key_file = [\"{secret}\"]\n{URLS}"),
        format!("key_file = \"{secret}\n{URLS}"),
        format!("lifetime_seconds = \"{secret}\"\n{KEY}{URLS}"),
        format!("{KEY}urls = [\"{secret}\"]\n"),
    ] {
        let error = read_text(&text).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("9d61"), "{told}");
    }
}
