//! TURN credentials: from the operator's file to a client that knows nobody's name.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use tempfile::tempdir;
use zentalk_node::relay::TurnConfig;
use zentalk_node::turn::credentials::{RestSecret, RestSecrets};
use zentalk_onion_relay::Frame;
use zentalk_onion_relay::frames::{Code, Subscribe, TurnRequest};
use zentalk_primitives::UnixTime;

use crate::client::{RelayError, TurnServerEntry};
use crate::support::{Raw, Running, config, key};

const SECRET: &str = "the-region-secret-of-2026";

fn server() -> TurnServerEntry {
    let host = "turn.example".to_owned();
    TurnServerEntry { host, udp_port: 3478, tcp_port: 0, tls_port: 443, location: None }
}

fn secrets() -> RestSecrets {
    RestSecrets::new(RestSecret::new(SECRET.as_bytes().to_vec().into()).unwrap(), None)
}

async fn relay(data: &Path) -> Running {
    let turn = TurnConfig::new(secrets(), Duration::from_secs(600), vec![server()]).unwrap();
    Running::start(config(data).turn(turn)).await
}

fn unix_now() -> UnixTime {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    UnixTime::from_millis(elapsed.as_millis().try_into().unwrap())
}

#[tokio::test]
async fn granted_credentials_are_good_at_a_turn_server_with_the_same_secret() {
    let data = tempdir().unwrap();
    let relay = relay(data.path()).await;
    let one = relay.anonymous().await.turn_credentials().await.unwrap();
    let two = relay.anonymous().await.turn_credentials().await.unwrap();
    assert_eq!((one.servers.as_slice(), one.lifetime.as_secs()), (&[server()][..], 600));
    for grant in [&one, &two] {
        let passwords = secrets();
        let passwords = passwords.passwords(&grant.username, unix_now()).unwrap();
        assert!(passwords.iter().any(|password| password == grant.password.expose()));
        assert!(passwords.expires() <= unix_now() + Duration::from_secs(600));
    }
    assert_ne!(one.username.split(':').nth(1), two.username.split(':').nth(1));
    relay.stop().await;
}

#[tokio::test]
async fn relay_without_turn_servers_says_so() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let refused = relay.anonymous().await.turn_credentials().await;
    assert_eq!(refused.unwrap_err(), RelayError::NoTurnServers);
    relay.stop().await;
}

#[tokio::test]
async fn mailbox_and_turn_credentials_do_not_meet_on_one_connection() {
    let data = tempdir().unwrap();
    let relay = relay(data.path()).await;
    let subscriber = relay.client(key(1)).await;
    assert_eq!(subscriber.turn_credentials().await.unwrap_err(), RelayError::NeedsAnonymity);

    let mut raw = Raw::connect(&relay.url).await;
    raw.send(Frame::TurnRequest(TurnRequest { request: 4 })).await;
    let Some(Frame::TurnGrant(grant)) = raw.receive().await else { panic!("no grant") };
    assert_eq!(grant.request, 4);
    let proof = key(2).prove(&raw.challenge).unwrap();
    raw.send(Frame::Subscribe(Subscribe { request: 5, proof })).await;
    let refused = raw.refusal().await;
    assert_eq!((refused.request, refused.code), (Some(5), Code::NotAnonymous));
    relay.stop().await;
}

#[tokio::test]
async fn credentials_are_not_given_out_by_the_dozen() {
    let data = tempdir().unwrap();
    let relay = relay(data.path()).await;
    let client = relay.anonymous().await;
    for _ in 0..3 {
        client.turn_credentials().await.unwrap();
    }
    assert_eq!(client.turn_credentials().await.unwrap_err(), RelayError::RateLimited);
    relay.stop().await;
}

/// The binary with a configuration, on a data directory that cannot be: it ends by itself.
fn run_with(turn_config: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_zentalk-node"))
        .args(["relay", "--listen", "127.0.0.1:0", "--data", "/dev/null/data", "--turn-config"])
        .arg(turn_config)
        .env_remove("ZENTALK_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn wrong_turn_configuration_has_its_line_and_exit_code() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("turn.toml");
    let servers = "[[server]]\nhost = \"turn.example\"\nudp = 99999\n";
    fs::write(&file, format!("secrets = [\"{SECRET}\"]\n{servers}")).unwrap();
    let (code, told) = run_with(&file);
    assert_eq!(code, Some(6), "{told}");
    assert!(told.contains("turn.toml, line 4: `udp` must be a port from 1 to 65535"), "{told}");
    assert!(!told.contains(SECRET), "{told}");
}

/// A file for the secret alone is refused, as by the TURN server; a configuration is a file that operators share.
#[cfg(unix)]
#[test]
fn secret_that_others_may_read_is_refused_or_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempdir().unwrap();
    let (file, secret) = (folder.path().join("turn.toml"), folder.path().join("turn.secret"));
    let servers = "[[server]]\nhost = \"turn.example\"\nudp = 3478\n";
    fs::write(&secret, SECRET).unwrap();
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));

    fs::write(&file, format!("secret_file = \"turn.secret\"\n{servers}")).unwrap();
    for (mode, ends) in [(0o644, 6), (0o640, 4), (0o600, 4)] {
        set(&secret, mode).unwrap();
        let (code, told) = run_with(&file);
        assert_eq!(code, Some(ends), "{mode:o}: {told}");
        assert_eq!(told.contains("chmod 600"), ends == 6, "{told}");
    }
    fs::write(&file, format!("secrets = [\"{SECRET}\"]\n{servers}")).unwrap();
    for (mode, warned) in [(0o644, true), (0o640, true), (0o600, false)] {
        set(&file, mode).unwrap();
        let (code, told) = run_with(&file);
        assert_eq!(code, Some(4), "the data directory, not the configuration: {told}");
        let cure = format!("chmod 600 {}", file.display());
        assert_eq!(told.contains(&cure), warned, "{told}");
        assert!(!told.contains(SECRET), "{told}");
    }
}
