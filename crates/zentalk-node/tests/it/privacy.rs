use std::fs;

use tempfile::tempdir;

use crate::support::{Running, TTL, config, key};

#[tokio::test]
async fn store_holds_no_address_and_nothing_of_the_sender() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let alice = relay.client(key(0xa1)).await;
    let sealed = b"sealed, and opaque to the relay";
    alice.put(key(2).mailbox(), sealed.to_vec(), TTL).await.unwrap();
    drop(alice);
    relay.stop().await;

    let store = fs::read(data.path().join("relay.redb")).unwrap();
    let holds = |needle: &[u8]| store.windows(needle.len()).any(|window| window == needle);
    // The scan finds what must be there …
    assert!(holds(sealed));
    assert!(holds(key(2).mailbox().as_bytes()));
    // … and nothing of who put it, or from where.
    assert!(!holds(key(0xa1).mailbox().as_bytes()));
    assert!(!holds(b"127.0.0.1"));
    assert!(!holds(&[127, 0, 0, 1]));
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn acknowledged_blob_leaves_the_store() {
    use crate::support::delivery;

    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let mut bob = relay.client(key(2)).await;
    bob.put(key(2).mailbox(), b"x".to_vec(), TTL).await.unwrap();
    let (sequence, ..) = delivery(&mut bob).await;
    bob.ack(sequence);
    bob.put(key(3).mailbox(), b"y".to_vec(), TTL).await.unwrap();
    drop(bob);
    relay.stop().await;

    let relay = Running::start(config(data.path())).await;
    let mut bob = relay.client(key(2)).await;
    bob.put(key(2).mailbox(), b"z".to_vec(), TTL).await.unwrap();
    assert_eq!(delivery(&mut bob).await.1, b"z");
    relay.stop().await;
}
