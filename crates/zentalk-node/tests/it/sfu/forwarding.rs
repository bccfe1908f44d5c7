//! Media, over real sockets.

use std::num::NonZero;
use std::time::Duration;

use zentalk_sfu_control::{ClientFrame, GoneReason, ServerFrame};

use super::person::{Heard, PATIENCE, Person, SILENCE, participant, room};
use super::{config, counted, start};

/// Says it again and again until `listener` hears it: the first words may come before the slot is filled.
pub(crate) async fn hears(listener: &mut Person, speaker: &mut Person, words: &[u8]) -> Heard {
    for _ in 0..100 {
        speaker.say(words).await;
        if let Some(heard) = listener.hear(Duration::from_millis(100)).await {
            return heard;
        }
    }
    panic!("nothing is heard");
}

async fn gone(person: &mut Person) -> (zentalk_primitives::ParticipantId, GoneReason) {
    let gone = person.control.until(|frame| match frame {
        ServerFrame::Gone { participant, reason } => Some((*participant, *reason)),
        _ => None,
    });
    gone.await
}

async fn pair(url: &str, number: u8) -> (Person, Person) {
    let mut alice = Person::enter(url, room(number), participant(1)).await;
    let mut bob = Person::enter(url, room(number), participant(2)).await;
    assert_eq!((alice.present.len(), bob.present.as_slice()), (0, &[participant(1)][..]));
    alice.subscribe(&[participant(2)]).await;
    bob.subscribe(&[participant(1)]).await;
    (alice, bob)
}

/// RFC 7667 §3.7. Rooms fall to either of two workers, and the kernel gives each sender's datagrams to either: with eight rooms some
/// datagrams are handed over.
#[tokio::test(flavor = "multi_thread")]
async fn people_hear_each_other_whichever_worker_has_their_room() {
    let sfu = start(config().workers(NonZero::new(2).unwrap())).await;
    let mut pairs = Vec::new();
    for number in 0..8 {
        pairs.push(pair(sfu.url(), number).await);
    }
    for (number, (alice, bob)) in pairs.iter_mut().enumerate() {
        let words = [number as u8; 60];
        assert_eq!(hears(bob, alice, &words).await.payload, words);
        let heard = hears(alice, bob, &words).await;
        assert_eq!((heard.mid.as_str(), heard.payload.as_slice()), ("2", &words[..]));
    }
    let counts = counted(&sfu, |counts| counts.forwarding.participants == 16).await;
    assert_eq!(counts.forwarding.rooms, 8);
    assert!(counts.handed_over > 0, "{counts:?}");
    assert_eq!(counts.lost, 0);
    sfu.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_worker_alone_serves_as_well() {
    let sfu = start(config().workers(NonZero::<usize>::MIN)).await;
    let (mut alice, mut bob) = pair(sfu.url(), 1).await;
    assert_eq!(hears(&mut bob, &mut alice, b"alone").await.payload, b"alone");
    assert_eq!(sfu.counts().handed_over, 0);
    sfu.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_control_connection_ends_nothing_and_a_new_one_takes_its_place() {
    let sfu = start(config()).await;
    let (mut alice, mut bob) = pair(sfu.url(), 3).await;
    hears(&mut bob, &mut alice, b"before").await;
    alice.control.socket.close(None).await.unwrap();
    let heard = hears(&mut bob, &mut alice, b"meanwhile").await;
    assert_eq!(heard.payload, b"meanwhile");

    let mut again = Person::enter(sfu.url(), room(3), participant(1)).await;
    assert_eq!(again.present, [participant(2)]);
    while bob.hear(SILENCE).await.is_some() {}
    let after = hears(&mut bob, &mut again, b"after").await;
    assert_eq!(after.payload, b"after");
    sfu.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_is_gone_for_the_others_and_heard_no_more() {
    let sfu = start(config()).await;
    let (mut alice, mut bob) = pair(sfu.url(), 4).await;
    hears(&mut bob, &mut alice, b"here").await;
    alice.control.send(ClientFrame::Leave).await;
    assert_eq!(gone(&mut bob).await, (participant(1), GoneReason::Left));
    // Its connection is closed, after what was said before.
    while alice.control.receive().await.is_some() {}
    while bob.hear(SILENCE).await.is_some() {}
    alice.say(b"ghost").await;
    assert_eq!(bob.hear(SILENCE).await, None);
    sfu.kill().await;
}

/// A crash is seen by silence.
#[tokio::test(flavor = "multi_thread")]
async fn who_falls_silent_is_gone() {
    let silence = Duration::from_secs(2);
    let core = zentalk_sfu::SfuConfig { silence, ..zentalk_sfu::SfuConfig::default() };
    let sfu = start(config().core(core)).await;
    let (mut alice, mut bob) = pair(sfu.url(), 5).await;
    hears(&mut bob, &mut alice, b"here").await;
    drop(alice);
    let listening = async {
        loop {
            bob.check().await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let _ = tokio::time::timeout(silence + Duration::from_secs(1), listening).await;
    let told = tokio::time::timeout(PATIENCE, gone(&mut bob)).await.unwrap();
    assert_eq!(told, (participant(1), GoneReason::Silent));
    sfu.kill().await;
}

/// RFC 3711 §3.3: what is not authentic, or was seen before, reaches nobody.
#[tokio::test(flavor = "multi_thread")]
async fn forged_and_replayed_packets_reach_nobody() {
    let sfu = start(config()).await;
    let (mut alice, mut bob) = pair(sfu.url(), 6).await;
    hears(&mut bob, &mut alice, b"first").await;
    while bob.hear(SILENCE).await.is_some() {}
    let packet = alice.voice(b"once");
    alice.send_raw(&packet).await;
    assert_eq!(bob.hear(PATIENCE).await.unwrap().payload, b"once");
    alice.send_raw(&packet).await;
    let mut forged = alice.voice(b"forged");
    *forged.last_mut().unwrap() ^= 1;
    alice.send_raw(&forged).await;
    // From another address not even a good packet counts.
    let stranger = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    stranger.send_to(&alice.voice(b"elsewhere"), sfu.media()).await.unwrap();
    assert_eq!(bob.hear(SILENCE).await, None);
    hears(&mut bob, &mut alice, b"goes on").await;
    sfu.kill().await;
}
