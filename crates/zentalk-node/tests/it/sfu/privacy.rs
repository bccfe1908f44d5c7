//! What an SFU's log tells of calls: nothing.

use tempfile::tempdir;
use zentalk_sfu_control::ClientFrame;

use super::person::{Person, participant, room};
use super::process::Process;

/// The lines without their times and counts.
fn messages(log: &str) -> Vec<String> {
    let lines = log.lines().map(|line| {
        let message = line.split_once("zentalk_node").map_or(line, |(_, message)| message);
        message.split(" counts=").next().unwrap_or_default().to_owned()
    });
    lines.collect()
}

/// One run with a call that begins, goes on and ends, and one without any.
async fn log_of(calls: bool) -> String {
    let folder = tempdir().unwrap();
    let sfu = Process::start(&["--log", "trace", "--drain", "0"], folder.path());
    if calls {
        let mut alice = Person::enter(&sfu.url, room(0xa7), participant(0xb1)).await;
        let mut bob = Person::enter(&sfu.url, room(0xa7), participant(0xb2)).await;
        bob.subscribe(&[participant(0xb1)]).await;
        for _ in 0..100 {
            alice.say(b"words").await;
            if bob.hear(std::time::Duration::from_millis(100)).await.is_some() {
                break;
            }
        }
        alice.control.send(ClientFrame::Leave).await;
        while alice.control.receive().await.is_some() {}
    }
    let (status, log) = tokio::task::spawn_blocking(|| sfu.stop()).await.unwrap();
    assert_eq!(status, Some(0), "{log}");
    log
}

/// At the finest level a run with a call logs the very messages of a run without one: nothing that begins or ends a
/// call, a room or a participant leaves a line, and with it a time.
#[tokio::test(flavor = "multi_thread")]
async fn servers_keep_no_call_duration() {
    let (quiet, busy) = (log_of(false).await, log_of(true).await);
    assert!(busy.contains("the SFU listens"), "the log is on: {busy}");
    assert_eq!(messages(&busy), messages(&quiet));
    let lower = busy.to_lowercase();
    for id in [room(0xa7).to_string(), participant(0xb1).to_string(), participant(0xb2).to_string()]
    {
        assert!(!lower.contains(&id[..8]), "{id}: {busy}");
    }
    for word in
        ["duration", "started", "ended", "joined at", "left at", "127.0.0.1", "ufrag", "ssrc"]
    {
        assert!(!lower.contains(word), "{word}: {busy}");
    }
}
