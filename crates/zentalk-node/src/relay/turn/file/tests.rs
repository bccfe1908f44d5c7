use std::fs;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tempfile::tempdir;
use zentalk_primitives::UnixTime;

use super::*;

const SECRETS: &str = "secrets = [\"the-region-secret-of-2026\"]\n";
const SERVER: &str = "[[server]]\nhost = \"turn.example\"\nudp = 3478\n";

fn read_text(text: &str) -> Result<TurnConfig, TurnConfigError> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("turn.toml");
    fs::write(&path, text).unwrap();
    write_secret(&folder.path().join("turn.secret"));
    read(&path)
}

fn write_secret(path: &Path) {
    fs::write(path, "the-region-secret-of-2026\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

fn wrong(text: &str) -> (usize, Problem) {
    match read_text(text) {
        Err(TurnConfigError::Line { line, problem, .. }) => (line, problem),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn whole_file_is_understood() {
    let text = "# Frankfurt and São Paulo\nlifetime_seconds = 7200\nsecret_file = \"turn.secret\"\n\n\
        [[server]]\nhost = \"fra.turn.example\"\nudp = 3478\ntcp = 3478\ntls = 443\nlatitude = 50.11\nlongitude = 8.68\n\n\
        [[server]]\nhost = \"2001:db8::1\"\ntls = 5349\nlatitude = -23\nlongitude = -46\n";
    let config = read_text(text).unwrap();
    let now = UnixTime::from_millis(1_700_000_000_000);
    let grant = config.grant(3, now, &mut ChaCha20Rng::seed_from_u64(1));
    assert_eq!((grant.request, grant.lifetime.as_secs()), (3, 7_200));
    assert!(grant.username.starts_with("1700007200:"));
    let [frankfurt, sao_paulo] = &grant.servers[..] else { panic!("two servers") };
    assert_eq!(frankfurt.host, "fra.turn.example");
    assert_eq!((frankfurt.udp_port, frankfurt.tcp_port, frankfurt.tls_port), (3478, 3478, 443));
    assert_eq!(frankfurt.location, TurnLocation::new(50.11, 8.68));
    assert_eq!((sao_paulo.udp_port, sao_paulo.tcp_port, sao_paulo.tls_port), (0, 0, 5_349));
    assert_eq!(sao_paulo.location, TurnLocation::new(-23.0, -46.0));
}

#[test]
fn shortest_file_is_understood() {
    let config = read_text(&format!("{SECRETS}{SERVER}")).unwrap();
    assert_eq!(format!("{config:?}"), "TurnConfig(1 servers, 3600 s)");
}

#[test]
fn mistake_is_told_with_its_line_and_its_cure() {
    let value = |key, expected| Problem::File(FileProblem::Value { key, expected });
    let missing = |key| Problem::File(FileProblem::Missing(key));
    let unknown = |key: &str| Problem::File(FileProblem::UnknownKey(key.into()));
    let port = "a port from 1 to 65535";
    for (text, line, problem) in [
        (format!("lifetime = 1\n{SECRETS}{SERVER}"), 1, unknown("lifetime")),
        (
            format!("{SECRETS}lifetime_seconds = 59\n{SERVER}"),
            2,
            value("lifetime_seconds", "60 to 86400 seconds"),
        ),
        (
            format!("{SECRETS}lifetime_seconds = \"1h\"\n{SERVER}"),
            2,
            value("lifetime_seconds", "60 to 86400 seconds"),
        ),
        (SERVER.into(), 1, Problem::SecretsOrFile),
        (format!("{SECRETS}secret_file = \"turn.secret\"\n{SERVER}"), 1, Problem::SecretsOrFile),
        (SECRETS.into(), 1, missing("[[server]]")),
        (format!("{SECRETS}[[server]]\nudp = 1\n"), 2, missing("host")),
        (format!("{SECRETS}[[server]]\nhost = \"turn.example\"\n"), 2, Problem::Servers),
        (
            format!("{SECRETS}{SERVER}\n[[server]]\nhost = \"turn:x:3478\"\nudp = 1\n"),
            6,
            Problem::Servers,
        ),
        (format!("{SECRETS}{SERVER}tls = 65536\n"), 5, value("tls", port)),
        (format!("{SECRETS}{SERVER}tcp = 0\n"), 5, value("tcp", port)),
        (format!("{SECRETS}{SERVER}latitude = 1.0\n"), 2, missing("longitude")),
        (format!("{SECRETS}{SERVER}port = 1\n"), 5, unknown("port")),
        (format!("{SECRETS}server = 3\n"), 2, Problem::Servers),
        (format!("{SECRETS}{}", SERVER.repeat(17)), 1, Problem::Servers),
    ] {
        assert_eq!(wrong(&text), (line, problem), "{text}");
    }
    let (line, Problem::File(FileProblem::Value { key: "latitude", .. })) =
        wrong(&format!("{SECRETS}{SERVER}latitude = 91\n"))
    else {
        panic!("taken");
    };
    assert_eq!(line, 5);
    let text = format!("{SECRETS}host =\n");
    let (line, Problem::File(FileProblem::Syntax(_))) = wrong(&text) else { panic!("taken") };
    assert_eq!(line, 2);
}

/// A secret that stands in the wrong place must not end up on a terminal or in a log.
#[test]
fn no_mistake_shows_a_secret() {
    let secret = "sesame-open-now-1";
    for text in [
        format!("secrets = \"{secret}\"\n{SERVER}"),
        format!("secrets = [\"{secret}\", 3]\n{SERVER}"),
        format!("secrets = [\"{secret}\", \"{secret}\", \"{secret}\"]\n{SERVER}"),
        format!("secrets = [\"{secret}\n{SERVER}"),
        format!("secrets = {secret}\n{SERVER}"),
        format!("secrets = [\"short\"]\n{SERVER}"),
        format!("lifetime_seconds = \"{secret}\"\n{SECRETS}{SERVER}"),
        format!("secret_file = [\"{secret}\"]\n{SERVER}"),
    ] {
        let error = read_text(&text).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("sesame") && !told.contains("short\""), "{told}");
    }
}

#[test]
fn missing_files_are_told_by_their_names() {
    let folder = tempdir().unwrap();
    let error = read(&folder.path().join("turn.toml")).unwrap_err();
    assert!(error.to_string().contains("turn.toml cannot be read"), "{error}");
    let error = read_text(&format!("secret_file = \"other\"\n{SERVER}")).unwrap_err();
    assert!(error.to_string().contains("other cannot be read"), "{error}");
    assert!(error.to_string().contains("`secret_file`"), "{error}");
}
