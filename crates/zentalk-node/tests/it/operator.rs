use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use redb::{Database, TableDefinition};
use tempfile::tempdir;
use zentalk_node::relay::{Relay, RelayConfig, RelayError};

use crate::support::{Running, config};

async fn bind_error(config: RelayConfig) -> RelayError {
    Relay::bind(config).await.unwrap_err()
}

#[tokio::test]
async fn taken_port_is_named_with_what_to_do() {
    let (data, other) = (tempdir().unwrap(), tempdir().unwrap());
    let relay = Running::start(config(data.path())).await;
    let error = bind_error(RelayConfig::new(relay.address, other.path())).await;
    let expected =
        format!("{} is in use by another program: stop it or pass another --listen", relay.address);
    assert_eq!((error.to_string(), error.exit_code()), (expected, 3));
    relay.stop().await;
}

#[tokio::test]
async fn foreign_address_is_told_as_such() {
    let data = tempdir().unwrap();
    // RFC 5737: an address for documentation is no machine's own.
    let address = SocketAddr::from(([192, 0, 2, 1], 0));
    let error = bind_error(RelayConfig::new(address, data.path())).await;
    assert!(matches!(error, RelayError::AddressUnavailable { .. }), "{error}");
    assert_eq!(error.exit_code(), 3);
}

#[tokio::test]
async fn data_directory_that_is_a_file_is_told_as_such() {
    let data = tempdir().unwrap();
    let file = data.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    let error = bind_error(config(&file)).await;
    assert!(matches!(error, RelayError::DataDirectory { .. }), "{error}");
    assert!(error.to_string().contains("--data"));
    assert_eq!(error.exit_code(), 4);
}

#[tokio::test]
async fn store_of_a_running_relay_is_locked() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let error = bind_error(config(data.path())).await;
    assert!(matches!(error, RelayError::StoreLocked(_)), "{error}");
    assert_eq!(error.exit_code(), 4);
    relay.stop().await;
    Running::start(config(data.path())).await.stop().await;
}

#[tokio::test]
async fn store_of_a_newer_version_is_left_alone() {
    let data = tempdir().unwrap();
    Running::start(config(data.path())).await.stop().await;
    set_format(data.path(), 3);
    let error = bind_error(config(data.path())).await;
    assert!(matches!(error, RelayError::StoreNewer { found: 3, known: 2, .. }), "{error}");
    set_format(data.path(), 2);
    Running::start(config(data.path())).await.stop().await;
}

/// The file of format 1 has exact times on its pages, used and unused.
#[tokio::test]
async fn store_of_an_older_version_is_refused_with_what_to_do() {
    let data = tempdir().unwrap();
    Running::start(config(data.path())).await.stop().await;
    set_format(data.path(), 1);
    let error = bind_error(config(data.path())).await;
    assert!(matches!(error, RelayError::StoreOlder { found: 1, known: 2, .. }), "{error}");
    assert!(error.to_string().contains("delete relay.redb"), "{error}");
    assert_eq!(error.exit_code(), 4);
    fs::remove_file(data.path().join("relay.redb")).unwrap();
    Running::start(config(data.path())).await.stop().await;
}

#[tokio::test]
async fn file_that_is_no_store_is_left_alone() {
    let data = tempdir().unwrap();
    let text = "this is no database ".repeat(1_000);
    fs::write(data.path().join("relay.redb"), &text).unwrap();
    let error = bind_error(config(data.path())).await;
    assert!(matches!(error, RelayError::StoreUnreadable(_)), "{error}");
    assert_eq!(fs::read_to_string(data.path().join("relay.redb")).unwrap(), text);
}

#[cfg(unix)]
#[tokio::test]
async fn data_directory_is_made_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let parent = tempdir().unwrap();
    let data = parent.path().join("relay").join("data");
    Running::start(config(&data)).await.stop().await;
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
}

fn set_format(data: &Path, format: u64) {
    let numbers: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
    let database = Database::open(data.join("relay.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(numbers).unwrap().insert("format", format).unwrap();
    transaction.commit().unwrap();
}
