//! SFU tokens: from the operator's key to a client that knows nobody's name, and to an SFU that knows nobody either.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use tempfile::tempdir;
use zentalk_node::relay::SfuTokenConfig;
use zentalk_node::sfu_key;
use zentalk_onion_relay::Frame;
use zentalk_onion_relay::frames::{Code, SfuRequest, Subscribe};
use zentalk_primitives::{ParticipantId, RoomId, Secret, UnixTime};
use zentalk_sfu_control::{Error, TokenSigner, TokenVerifier};

use crate::binary::Process;
use crate::client::{RelayClient, RelayError};
use crate::support::{Raw, Running, config, key};

const ROOM: RoomId = RoomId::from_bytes([0xa1; 16]);
const PARTICIPANT: ParticipantId = ParticipantId::from_bytes([0xb2; 16]);
const LIFETIME: Duration = Duration::from_secs(120);

fn signer(number: u8) -> TokenSigner {
    TokenSigner::from_seed(Secret::new([number; 32])).unwrap()
}

fn verifier(number: u8) -> TokenVerifier {
    TokenVerifier::new(vec![signer(number).public_key()]).unwrap()
}

async fn relay(data: &Path) -> Running {
    let urls = vec!["wss://a.sfu.example/v1".to_owned(), "wss://b.sfu.example/v1".to_owned()];
    let sfu = SfuTokenConfig::new(signer(1), LIFETIME, urls).unwrap();
    Running::start(config(data).sfu(sfu)).await
}

fn unix_now() -> UnixTime {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    UnixTime::from_millis(elapsed.as_millis().try_into().unwrap())
}

#[tokio::test]
async fn issued_token_is_good_at_an_sfu_with_the_relays_key_until_it_expires() {
    let data = tempdir().unwrap();
    let relay = relay(data.path()).await;
    let before = unix_now();
    let grant = relay.anonymous().await.sfu_token(ROOM, PARTICIPANT).await.unwrap();
    assert_eq!(grant.lifetime, LIFETIME);
    assert_eq!(grant.servers, ["wss://a.sfu.example/v1", "wss://b.sfu.example/v1"]);

    let claims = verifier(1).verify(&grant.token, unix_now()).unwrap();
    assert_eq!((claims.room, claims.participant), (ROOM, PARTICIPANT));
    assert!(claims.expires >= before + LIFETIME && claims.expires <= unix_now() + LIFETIME);
    assert_eq!(verifier(1).verify(&grant.token, claims.expires), Err(Error::TokenExpired));
    assert_eq!(verifier(2).verify(&grant.token, unix_now()), Err(Error::BadToken));
    relay.stop().await;
}

/// Beside the two ids, which the member made for this call, a token is the same for everybody who asks.
#[tokio::test]
async fn issued_token_names_nobody() {
    let data = tempdir().unwrap();
    let relay = relay(data.path()).await;
    let one = relay.anonymous().await.sfu_token(ROOM, PARTICIPANT).await.unwrap().token;
    let two = relay.anonymous().await.sfu_token(ROOM, PARTICIPANT).await.unwrap().token;
    assert_eq!(one.len(), 105);
    // Version, ids, and the expiry but for its last minutes; then comes the signature.
    assert_eq!(one[..36], two[..36]);
    assert_eq!(one[1..33], [[0xa1; 16], [0xb2; 16]].concat());
    relay.stop().await;
}

#[tokio::test]
async fn relay_without_sfus_says_so() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let refused = relay.anonymous().await.sfu_token(ROOM, PARTICIPANT).await;
    assert_eq!(refused.unwrap_err(), RelayError::NoSfus);
    relay.stop().await;
}

#[tokio::test]
async fn mailbox_and_sfu_token_do_not_meet_on_one_connection() {
    let data = tempdir().unwrap();
    let relay = relay(data.path()).await;
    let subscriber = relay.client(key(1)).await;
    let refused = subscriber.sfu_token(ROOM, PARTICIPANT).await.unwrap_err();
    assert_eq!(refused, RelayError::NeedsAnonymity);

    let mut raw = Raw::connect(&relay.url).await;
    let request = SfuRequest { request: 4, room: ROOM, participant: PARTICIPANT };
    raw.send(Frame::SfuRequest(request)).await;
    let Some(Frame::SfuGrant(grant)) = raw.receive().await else { panic!("no grant") };
    assert_eq!(grant.request, 4);
    let proof = key(2).prove(&raw.challenge).unwrap();
    raw.send(Frame::Subscribe(Subscribe { request: 5, proof })).await;
    let refused = raw.refusal().await;
    assert_eq!((refused.request, refused.code), (Some(5), Code::NotAnonymous));
    relay.stop().await;
}

#[tokio::test]
async fn tokens_are_not_given_out_by_the_dozen() {
    let data = tempdir().unwrap();
    let relay = relay(data.path()).await;
    let client = relay.anonymous().await;
    for _ in 0..4 {
        client.sfu_token(ROOM, PARTICIPANT).await.unwrap();
    }
    let refused = client.sfu_token(ROOM, PARTICIPANT).await.unwrap_err();
    assert_eq!(refused, RelayError::RateLimited);
    relay.stop().await;
}

/// Who is let into which room belongs in no log: it would be a list of calls.
#[cfg(unix)]
#[tokio::test]
async fn logs_at_trace_hold_no_room_participant_or_token() {
    let data = tempdir().unwrap();
    let (file, secret) = (data.path().join("sfu.toml"), data.path().join("sfu.key"));
    assert_eq!(node(&["sfu-key"], &secret).0, Some(0));
    fs::write(&file, "key_file = \"sfu.key\"\nurls = [\"wss://sfu.example\"]\n").unwrap();
    let options = ["--sfu-config".as_ref(), file.as_os_str()];
    let (process, url) = Process::start_with(&data.path().join("store"), "trace", &options);
    let client = RelayClient::connect_anonymous(&url).await.unwrap();
    let grant = client.sfu_token(ROOM, PARTICIPANT).await.unwrap();
    let (code, log) = tokio::task::spawn_blocking(|| process.stop("-TERM")).await.unwrap();
    assert_eq!(code, Some(0));
    assert!(log.contains("the relay listens"), "the log is on: {log}");
    let secret = fs::read_to_string(&secret).unwrap();
    let decimal = |bytes: &[u8]| format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
    for hidden in [
        ROOM.to_string(),
        PARTICIPANT.to_string(),
        decimal(&[0xa1; 4]),
        decimal(&[0xb2; 4]),
        decimal(&grant.token[41..45]),
        secret.trim_end().to_owned(),
        "127.0.0.1".to_owned(),
    ] {
        assert!(!log.contains(&hidden), "{hidden} in {log}");
    }
}

fn node(args: &[&str], file: &Path) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_zentalk-node"))
        .args(args)
        .arg(file)
        .env_remove("ZENTALK_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn key_is_made_once_and_its_public_half_printed_again() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("sfu.key");
    let (code, made, told) = node(&["sfu-key"], &file);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    let public = made.strip_prefix("public ").expect("the line that programs read").trim_end();
    assert_eq!(sfu_key::public_from_text(public), Some(sfu_key::read(&file).unwrap().public_key()));
    let secret = fs::read_to_string(&file).unwrap();
    assert!(!made.contains(secret.trim_end()));
    assert_eq!(node(&["sfu-key"], &file).1, made);
    assert_eq!(fs::read_to_string(&file).unwrap(), secret);
}

#[test]
fn file_that_is_no_key_is_left_alone() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    // A key's file, so that its modes are a key's.
    assert_eq!(node(&["sfu-key"], &file).0, Some(0));
    fs::write(&file, "dear diary\n").unwrap();
    let (code, out, told) = node(&["sfu-key"], &file);
    assert_eq!((code, out.as_str()), (Some(4), ""), "{told}");
    assert!(told.contains("notes.txt holds no SFU key") && !told.contains("diary"), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "dear diary\n");
    let nowhere = folder.path().join("missing").join("sfu.key");
    assert_eq!(node(&["sfu-key"], &nowhere).0, Some(4));
}

/// The relay with a configuration, on a data directory that cannot be: it ends by itself.
const WITH: [&str; 6] =
    ["relay", "--listen", "127.0.0.1:0", "--data", "/dev/null/data", "--sfu-config"];

#[test]
fn wrong_sfu_configuration_has_its_line_and_exit_code() {
    let folder = tempdir().unwrap();
    let (file, secret) = (folder.path().join("sfu.toml"), folder.path().join("sfu.key"));
    let urls = "urls = [\"wss://sfu.example:8443/v1\"]\n";
    let text = format!("key_file = \"sfu.key\"\n{urls}");

    fs::write(&file, format!("{text}lifetime_seconds = 7200\n")).unwrap();
    let (code, _, told) = node(&WITH, &file);
    assert_eq!(code, Some(7), "{told}");
    assert!(told.contains("sfu.toml, line 3: `lifetime_seconds` must be 60 to 3600"), "{told}");

    fs::write(&file, text).unwrap();
    let (code, _, told) = node(&WITH, &file);
    assert_eq!(code, Some(7), "{told}");
    assert!(told.contains("sfu.key cannot be read") && told.contains("sfu-key"), "{told}");

    assert_eq!(node(&["sfu-key"], &secret).0, Some(0));
    let (code, _, told) = node(&WITH, &file);
    assert_eq!(code, Some(4), "the data directory, not the configuration: {told}");
}

#[cfg(unix)]
#[test]
fn key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempdir().unwrap();
    let (file, secret) = (folder.path().join("sfu.toml"), folder.path().join("sfu.key"));
    assert_eq!(node(&["sfu-key"], &secret).0, Some(0));
    fs::write(&file, "key_file = \"sfu.key\"\nurls = [\"wss://sfu.example\"]\n").unwrap();
    for (mode, ends) in [(0o644, 7), (0o640, 4), (0o600, 4)] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        let (code, _, told) = node(&WITH, &file);
        assert_eq!(code, Some(ends), "{mode:o}: {told}");
        assert_eq!(told.contains("chmod 600"), ends == 7, "{told}");
    }
}
