use std::time::Duration;

use tempfile::tempdir;
use tokio::time::timeout;
use zentalk_onion_relay::Quota;
use zentalk_onion_relay::limits::RINGING_TIME_TO_LIVE;

use crate::client::{RelayError, RelayEvent};
use crate::support::{PATIENCE, Running, TTL, config, delivery, key};

/// RFC 6455.
#[tokio::test]
async fn blob_is_stored_and_forwarded() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let mut bob = relay.client(key(2)).await;
    let alice = relay.anonymous().await;
    alice.put(key(2).mailbox(), b"offer".to_vec(), TTL).await.unwrap();
    let (_, blob, queued) = delivery(&mut bob).await;
    assert_eq!((blob.as_slice(), queued.as_secs()), (b"offer".as_slice(), 0));
    relay.stop().await;
}

#[tokio::test]
async fn two_who_call_each_other_share_one_relay() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let (mut alice, mut bob) = (relay.client(key(1)).await, relay.client(key(2)).await);
    for n in 0..20 {
        alice.put(key(2).mailbox(), vec![n, 1], TTL).await.unwrap();
        bob.put(key(1).mailbox(), vec![n, 2], TTL).await.unwrap();
    }
    for n in 0..20 {
        let (sequence, blob, _) = delivery(&mut bob).await;
        assert_eq!(blob, [n, 1]);
        bob.ack(sequence);
        let (sequence, blob, _) = delivery(&mut alice).await;
        assert_eq!(blob, [n, 2]);
        alice.ack(sequence);
    }
    relay.stop().await;
}

/// How long they waited is forgotten: they count as older than anything that may ring.
#[tokio::test]
async fn stored_blobs_survive_a_restart_and_are_too_old_to_ring() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let alice = relay.anonymous().await;
    for n in 0..3 {
        alice.put(key(2).mailbox(), vec![n], TTL).await.unwrap();
    }
    drop(alice);
    relay.stop().await;

    let relay = Running::start(config(data.path())).await;
    let mut bob = relay.client(key(2)).await;
    for n in 0..3 {
        let (_, blob, queued) = delivery(&mut bob).await;
        assert_eq!(blob, [n]);
        assert!(queued > RINGING_TIME_TO_LIVE, "{queued:?}");
    }
    relay.stop().await;
}

#[tokio::test]
async fn unacknowledged_blob_comes_again_and_an_acknowledged_one_does_not() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let alice = relay.anonymous().await;
    for blob in [b"kept", b"gone"] {
        alice.put(key(2).mailbox(), blob.to_vec(), TTL).await.unwrap();
    }
    let mut bob = relay.client(key(2)).await;
    let (kept, ..) = delivery(&mut bob).await;
    let (gone, ..) = delivery(&mut bob).await;
    bob.ack(gone);
    // The answer to a later request shows that the acknowledgement has arrived.
    bob.put(key(9).mailbox(), vec![1], TTL).await.unwrap();
    drop(bob);
    relay.stop().await;

    let relay = Running::start(config(data.path())).await;
    let mut bob = relay.client(key(2)).await;
    let (sequence, blob, _) = delivery(&mut bob).await;
    assert_eq!(blob, b"kept");
    // It has a new number: numbers tell times, and are not written down.
    assert!(sequence > kept);
    let alice = relay.anonymous().await;
    alice.put(key(2).mailbox(), b"next".to_vec(), TTL).await.unwrap();
    let (sequence, blob, _) = delivery(&mut bob).await;
    assert_eq!(blob, b"next");
    assert!(sequence > gone);
    relay.stop().await;
}

#[tokio::test]
async fn client_connects_again_when_the_relay_is_back() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let address = relay.address;
    let mut bob = relay.client(key(2)).await;
    relay.stop().await;
    let mut events = Vec::new();
    while !matches!(events.last(), Some(RelayEvent::Disconnected { .. })) {
        events.push(timeout(PATIENCE, bob.next()).await.unwrap().unwrap());
    }
    let reason = RelayError::ShuttingDown;
    assert_eq!(events.last(), Some(&RelayEvent::Disconnected { reason }));

    let again = zentalk_node::relay::RelayConfig::new(address, data.path());
    let relay = Running::start(again).await;
    let next = timeout(PATIENCE, bob.next()).await.unwrap();
    assert_eq!(next, Some(RelayEvent::Connected { one_time_left: Some(0) }));
    relay.anonymous().await.put(key(2).mailbox(), b"hello".to_vec(), TTL).await.unwrap();
    assert_eq!(delivery(&mut bob).await.1, b"hello");
    relay.stop().await;
}

#[tokio::test]
async fn backlog_longer_than_the_window_arrives_whole_and_in_order() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let alice = relay.anonymous().await;
    for n in 0..100 {
        alice.put(key(2).mailbox(), vec![n; 9_000], TTL).await.unwrap();
    }
    let mut bob = relay.client(key(2)).await;
    for n in 0..100 {
        let (sequence, blob, _) = delivery(&mut bob).await;
        assert_eq!(blob, vec![n; 9_000]);
        bob.ack(sequence);
    }
    relay.stop().await;
}

#[tokio::test]
async fn full_mailbox_refuses_and_others_are_not_touched() {
    let data = tempdir().unwrap();
    let quota = Quota::default().per_mailbox(3, 1_000_000);
    let relay = Running::start(config(data.path()).quota(quota)).await;
    let alice = relay.anonymous().await;
    let day = Duration::from_secs(86_400);
    for _ in 0..3 {
        alice.put(key(2).mailbox(), vec![1], day).await.unwrap();
    }
    let refused = alice.put(key(2).mailbox(), vec![1], day).await;
    assert_eq!(refused, Err(RelayError::MailboxFull));
    assert_eq!(alice.put(key(3).mailbox(), vec![1], day).await, Ok(()));
    relay.stop().await;
}

#[tokio::test]
async fn full_relay_refuses() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path()).quota(Quota::default().total(5_000))).await;
    let alice = relay.anonymous().await;
    alice.put(key(2).mailbox(), vec![1; 4_000], TTL).await.unwrap();
    let refused = alice.put(key(3).mailbox(), vec![1; 4_000], TTL).await;
    assert_eq!(refused, Err(RelayError::RelayFull));
    relay.stop().await;
}

#[tokio::test]
async fn newest_connection_of_a_mailbox_gets_the_deliveries() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let mut earlier = relay.client(key(2)).await;
    let mut newer = relay.client(key(2)).await;
    let end = async { while earlier.next().await.is_some() {} };
    timeout(PATIENCE, end).await.unwrap();
    relay.anonymous().await.put(key(2).mailbox(), b"x".to_vec(), TTL).await.unwrap();
    assert_eq!(delivery(&mut newer).await.1, b"x");
    relay.stop().await;
}

#[tokio::test]
async fn many_puts_at_once_are_all_stored() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..8_u8 {
        let alice = relay.anonymous().await;
        tasks.spawn(async move {
            for m in 0..10_u8 {
                alice.put(key(2).mailbox(), vec![n, m], TTL).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let mut bob = relay.client(key(2)).await;
    let mut blobs = Vec::new();
    for _ in 0..80 {
        let (sequence, blob, _) = delivery(&mut bob).await;
        bob.ack(sequence);
        blobs.push(blob);
    }
    // Each sender's own order holds.
    for n in 0..8 {
        assert!(blobs.iter().filter(|blob| blob[0] == n).is_sorted());
    }
    blobs.sort();
    blobs.dedup();
    assert_eq!(blobs.len(), 80);
    relay.stop().await;
}
