use std::collections::BTreeSet;

use tempfile::tempdir;

use crate::client::RelayError;
use crate::support::{Running, config, key};

fn one_time(count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|n| vec![n; 36]).collect()
}

#[tokio::test]
async fn each_one_time_prekey_is_served_once_under_concurrent_fetches() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let bob = relay.client(key(2)).await;
    assert_eq!(bob.publish_prekeys(b"bundle".to_vec(), one_time(100)).await, Ok(100));

    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let alice = relay.anonymous().await;
        tasks.spawn(async move {
            let mut served = Vec::new();
            for _ in 0..11 {
                let fetched = alice.fetch_prekeys(key(2).mailbox()).await.unwrap();
                assert_eq!(fetched.bundle, b"bundle");
                served.extend(fetched.one_time);
            }
            served
        });
    }
    let served = tasks.join_all().await.concat();
    assert_eq!(served.len(), 100);
    assert_eq!(served.into_iter().collect::<BTreeSet<_>>(), one_time(100).into_iter().collect());
    relay.stop().await;
}

#[tokio::test]
async fn prekeys_survive_a_restart_and_the_owner_learns_how_many_are_left() {
    use crate::client::RelayEvent;

    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let bob = relay.client(key(2)).await;
    bob.publish_prekeys(b"bundle".to_vec(), one_time(3)).await.unwrap();
    let alice = relay.anonymous().await;
    let first = alice.fetch_prekeys(key(2).mailbox()).await.unwrap();
    drop((alice, bob));
    relay.stop().await;

    let relay = Running::start(config(data.path())).await;
    let mut bob = relay.client(key(2)).await;
    assert_eq!(bob.next().await, Some(RelayEvent::Connected { one_time_left: Some(2) }));
    let second = relay.anonymous().await.fetch_prekeys(key(2).mailbox()).await.unwrap();
    assert_ne!(first.one_time, second.one_time);
    assert!(second.one_time.is_some());
    relay.stop().await;
}

#[tokio::test]
async fn bundle_is_replaced_and_one_time_prekeys_are_added() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let bob = relay.client(key(2)).await.handle();
    // The client is gone, and with it the connection.
    assert_eq!(bob.publish_bundle(b"x".to_vec()).await, Err(RelayError::Closed));

    let bob = relay.client(key(2)).await;
    let handle = bob.handle();
    assert_eq!(handle.add_one_time_prekeys(one_time(1)).await, Err(RelayError::NoPrekeys));
    handle.publish_prekeys(b"old".to_vec(), one_time(2)).await.unwrap();
    assert_eq!(handle.publish_bundle(b"new".to_vec()).await, Ok(2));
    assert_eq!(handle.add_one_time_prekeys(one_time(2)).await, Ok(4));
    let fetched = bob.fetch_prekeys(key(2).mailbox()).await.unwrap();
    assert_eq!(fetched.bundle, b"new");
    relay.stop().await;
}

#[tokio::test]
async fn prekeys_that_fill_several_frames_arrive_whole() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let bob = relay.client(key(2)).await;
    let large: Vec<_> = (0..100).map(|n| vec![n; 1_500]).collect();
    assert_eq!(bob.publish_prekeys(vec![1; 4_000], large).await, Ok(100));
    relay.stop().await;
}

#[tokio::test]
async fn nothing_published_is_told_as_such() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let fetched = relay.anonymous().await.fetch_prekeys(key(7).mailbox()).await;
    assert_eq!(fetched, Err(RelayError::NoPrekeys));
    relay.stop().await;
}

#[tokio::test]
async fn publishing_needs_a_mailbox() {
    let data = tempdir().unwrap();
    let relay = Running::start(config(data.path())).await;
    let published = relay.anonymous().await.publish_prekeys(vec![1], Vec::new()).await;
    assert_eq!(published, Err(RelayError::NeedsMailbox));
    relay.stop().await;
}
