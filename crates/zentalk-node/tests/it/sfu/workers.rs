//! Several workers behind one port: whose datagrams come to which socket is the kernel's choice, whose room is where the
//! server's. Each test takes so many rooms that every way in which the two can differ comes up.

use std::time::Duration;

use zentalk_node::sfu::SfuCounts;
use zentalk_sfu::SfuConfig;
use zentalk_sfu_control::ClientFrame;

use super::forwarding::hears;
use super::person::{Person, participant, room};
use super::{config, counted, start};

/// Who has a room of its own, on whichever worker, is let in there, and can write any address into its checks. Here they
/// come from the very sockets of the others.
#[tokio::test(flavor = "multi_thread")]
async fn checks_that_bear_somebody_elses_address_cut_nobody_off() {
    let sfu = start(config()).await;
    let mut mallories = Vec::new();
    for number in 100..108 {
        mallories.push(Person::enter(sfu.url(), room(number), participant(number)).await);
    }
    for number in 0..4 {
        let mut alice = Person::enter(sfu.url(), room(number), participant(1)).await;
        let mut bob = Person::enter(sfu.url(), room(number), participant(2)).await;
        bob.subscribe(&[participant(1)]).await;
        alice.subscribe(&[participant(2)]).await;
        hears(&mut bob, &mut alice, b"before").await;
        for mallory in &mallories {
            for person in [&alice, &bob] {
                person.send_raw(&mallory.binding()).await;
            }
            hears_all(&mut bob, &mut alice).await;
            hears_all(&mut alice, &mut bob).await;
        }
    }
    // Everybody's own, and the attack: it came where it should, and was authentic where it was not refused for the address.
    let checks = |counts: &SfuCounts| counts.forwarding.checks + counts.forwarding.refused_checks;
    let counts = counted(&sfu, |counts| checks(counts) >= 16 + 4 * 8 * 2).await;
    assert!(counts.handed_over > 0 && counts.forwarding.refused_checks < 4 * 8 * 2, "{counts:?}");
    sfu.kill().await;
}

/// Nothing is lost, where words may only be late.
async fn hears_all(listener: &mut Person, speaker: &mut Person) {
    for word in [b"one", b"two"] {
        speaker.say(word).await;
        loop {
            let heard = listener.hear(Duration::from_secs(5)).await.expect("cut off");
            if heard.payload == word {
                break;
            }
        }
    }
}

/// A call of three that becomes one of two and of three again has a new room each time, and may keep its socket.
#[tokio::test(flavor = "multi_thread")]
async fn who_moves_to_another_room_over_the_same_socket_is_heard_there() {
    let sfu = start(config()).await;
    let mut bob = Person::enter(sfu.url(), room(0), participant(1)).await;
    for number in 1..16 {
        bob.control.send(ClientFrame::Leave).await;
        while bob.control.receive().await.is_some() {}
        bob = Box::pin(bob.move_to(sfu.url(), room(number), participant(1))).await;
        is_heard(&mut bob, sfu.url(), number).await;
    }
    sfu.kill().await;
}

/// One that broke off has not left its room, and its address is still that of who it was there: until it has proven that it
/// is somebody else now. For longer than anybody waits here nobody counts as gone.
#[tokio::test(flavor = "multi_thread")]
async fn who_broke_off_and_comes_to_another_room_over_the_same_socket_is_heard_there() {
    let core = SfuConfig { silence: Duration::from_secs(60), ..SfuConfig::default() };
    let sfu = start(config().core(core)).await;
    let mut bob = Person::enter(sfu.url(), room(0), participant(1)).await;
    for number in 1..6 {
        bob.control.socket.close(None).await.unwrap();
        bob = Box::pin(bob.move_to(sfu.url(), room(number), participant(1))).await;
        is_heard(&mut bob, sfu.url(), number).await;
    }
    sfu.kill().await;
}

async fn is_heard(bob: &mut Person, url: &str, number: u8) {
    let mut alice = Person::enter(url, room(number), participant(2)).await;
    alice.subscribe(&[participant(1)]).await;
    let words = [number; 20];
    assert_eq!(hears(&mut alice, bob, &words).await.payload, words);
    alice.control.send(ClientFrame::Leave).await;
    while alice.control.receive().await.is_some() {}
}
