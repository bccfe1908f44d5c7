//! Participants on tokio, with a real relay in this process, over loopback.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use zentalk_call::driver::relay::RelayClient;
use zentalk_call::{
    AudioFrame, Call, Calls, Channels, ContactCard, DriverError, EndReason, Event, IncomingCall,
    Media, MemoryStore, Network, PublicState, StorageKey, Store, StoreError,
};
use zentalk_node::relay::{Relay, RelayConfig};
use zentalk_primitives::{CallId, DeviceId, MailboxId, UnixTime};
use zentalk_signaling_ratchet::messages::{self, CallBody, FrameSecret};
use zentalk_signaling_ratchet::{CallMessage, Identity, Postbox, PrekeyBundle};

use crate::mallory::{audio, some_offer};

/// Generous: it only ends tests that would hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// A relay that runs until it is dropped.
pub(crate) struct TestRelay {
    pub(crate) url: String,
    _data: TempDir,
    _stop: oneshot::Sender<()>,
    _task: JoinHandle<()>,
}

impl TestRelay {
    pub(crate) async fn start() -> Self {
        Self::start_with(|config| config).await
    }

    /// One that is configured further.
    pub(crate) async fn start_with(configure: impl FnOnce(RelayConfig) -> RelayConfig) -> Self {
        let data = tempfile::tempdir().unwrap();
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let config = configure(RelayConfig::new(listen, data.path()));
        let relay = Relay::bind(config).await.unwrap();
        let url = relay.url();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async {
            let _ = relay.run(async { drop(stopped.await) }).await;
        });
        Self { url, _data: data, _stop: stop, _task: task }
    }

    async fn participant(&self) -> Calls {
        self.participant_with(MemoryStore::default(), Network::Loopback).await
    }

    async fn participant_with(&self, store: impl Store, network: Network) -> Calls {
        let builder = Calls::builder(store, StorageKey::new([7; 32]));
        builder.relay(&self.url).network(network).build().await.unwrap()
    }
}

pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

pub(crate) async fn incoming(calls: &mut Calls) -> IncomingCall {
    soon(calls.incoming()).await.unwrap()
}

/// Waits for this state.
pub(crate) async fn reach(call: &mut Call, wanted: PublicState) {
    let reached = async {
        while let Some(event) = call.next().await {
            if matches!(event, Event::State { state, .. } if state == wanted) {
                return;
            }
        }
        panic!("the call ended before {wanted}");
    };
    soon(reached).await;
}

/// Waits for the end, and takes all that comes before it.
pub(crate) async fn ended(call: &mut Call) -> Option<EndReason> {
    let end = async {
        while let Some(event) = call.next().await {
            if let Event::Ended { reason, .. } = event {
                return Some(reason);
            }
        }
        None
    };
    soon(end).await
}

/// Alice calls, Bob accepts, both are connected.
async fn connect(alice: &Calls, bob: &mut Calls) -> (Call, Call) {
    let mut outgoing = soon(alice.place(bob.card(), Media::Audio)).await.unwrap();
    let mut accepted = soon(incoming(bob).await.accept()).await.unwrap();
    reach(&mut outgoing, PublicState::Connected).await;
    reach(&mut accepted, PublicState::Connected).await;
    (outgoing, accepted)
}

#[tokio::test]
async fn a_call_over_a_real_relay_and_real_sockets() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (relay.participant().await, relay.participant().await);
    let (mut outgoing, mut accepted) = connect(&alice, &mut bob).await;
    outgoing.hang_up().await;
    assert_eq!(ended(&mut outgoing).await, Some(EndReason::HungUpLocal));
    assert_eq!(ended(&mut accepted).await, Some(EndReason::HungUpRemote));
}

#[tokio::test]
async fn a_fixed_address_serves_one_call_after_the_other() {
    let relay = TestRelay::start().await;
    let free = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let fixed = Network::Fixed { bind: free, mapped: None };
    let alice = relay.participant_with(MemoryStore::default(), fixed).await;
    let mut bob = relay.participant().await;
    for _ in 0..5 {
        let (mut outgoing, mut accepted) = connect(&alice, &mut bob).await;
        outgoing.hang_up().await;
        assert_eq!(ended(&mut outgoing).await, Some(EndReason::HungUpLocal));
        assert_eq!(ended(&mut accepted).await, Some(EndReason::HungUpRemote));
    }
}

#[tokio::test]
async fn shutting_down_tells_the_peer() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (relay.participant().await, relay.participant().await);
    let ringing = soon(alice.place(bob.card(), Media::Audio)).await.unwrap();
    let mut heard = incoming(&mut bob).await;
    soon(alice.shut_down()).await.unwrap();
    assert_eq!(soon(heard.ended()).await, Some(EndReason::HungUpRemote));
    drop(ringing);
}

#[tokio::test]
async fn dropping_a_call_hangs_up() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (relay.participant().await, relay.participant().await);
    let (outgoing, mut accepted) = connect(&alice, &mut bob).await;
    let sender = outgoing.audio_sender();
    drop(outgoing);
    assert_eq!(ended(&mut accepted).await, Some(EndReason::HungUpRemote));
    // What is still sent goes nowhere, and the next call can be placed.
    assert!(sender.send(AudioFrame::silence(Channels::Mono, 0)).await);
    let (_outgoing, _accepted) = connect(&alice, &mut bob).await;
}

#[tokio::test]
async fn nobody_waits_for_an_answer_that_was_given_up() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (relay.participant().await, relay.participant().await);
    {
        let mut placing = Box::pin(alice.place(bob.card(), Media::Audio));
        // Asked for, and not waited for.
        let _ = timeout(Duration::ZERO, &mut placing).await;
    }
    let (_outgoing, _accepted) = connect_next(&alice, &mut bob).await;
}

/// As [`connect`], whatever rang before.
async fn connect_next(alice: &Calls, bob: &mut Calls) -> (Call, Call) {
    let mut outgoing = soon(alice.place(bob.card(), Media::Audio)).await.unwrap();
    loop {
        let ringing = incoming(bob).await;
        if ringing.ring().call == outgoing.id() {
            let accepted = soon(ringing.accept()).await.unwrap();
            reach(&mut outgoing, PublicState::Connected).await;
            return (outgoing, accepted);
        }
    }
}

#[tokio::test]
async fn two_who_call_each_other_at_once_are_connected_by_the_handles_they_have() {
    let relay = TestRelay::start().await;
    for _ in 0..4 {
        let (alice, bob) = (relay.participant().await, relay.participant().await);
        let (first, second) = soon(async {
            tokio::join!(
                alice.place(bob.card(), Media::Audio),
                bob.place(alice.card(), Media::Audio)
            )
        })
        .await;
        let (mut first, mut second) = (first.unwrap(), second.unwrap());
        reach(&mut first, PublicState::Connected).await;
        reach(&mut second, PublicState::Connected).await;
        // Sound passes, and either handle ends it.
        first.audio_sender().send(AudioFrame::silence(Channels::Mono, 0)).await;
        second.audio_sender().send(AudioFrame::silence(Channels::Mono, 0)).await;
        first.hang_up().await;
        assert_eq!(ended(&mut first).await, Some(EndReason::HungUpLocal));
        assert_eq!(ended(&mut second).await, Some(EndReason::HungUpRemote));
        soon(alice.shut_down()).await.unwrap();
        soon(bob.shut_down()).await.unwrap();
    }
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_and_the_caller_is_told() {
    let relay = TestRelay::start().await;
    let taken = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let bind = taken.local_addr().unwrap();
    let fixed = Network::Fixed { bind, mapped: None };
    let (alice, mut bob) =
        (relay.participant().await, relay.participant_with(MemoryStore::default(), fixed).await);
    let refused = soon(bob.place(alice.card(), Media::Audio)).await.err();
    assert!(matches!(refused, Some(DriverError::Bind { address, .. }) if address == bind));
    let mut outgoing = soon(alice.place(bob.card(), Media::Audio)).await.unwrap();
    let refused = soon(incoming(&mut bob).await.accept()).await.err();
    assert!(matches!(refused, Some(DriverError::Bind { .. })), "{refused:?}");
    assert_eq!(ended(&mut outgoing).await, Some(EndReason::Declined));
}

/// A store that fails from some moment on.
#[derive(Clone, Default)]
struct FailingStore(Arc<Mutex<bool>>);

impl Store for FailingStore {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    fn save(&mut self, _: &[u8]) -> Result<(), StoreError> {
        let (path, source) = ("state".into(), std::io::ErrorKind::StorageFull.into());
        if *self.0.lock().unwrap() { Err(StoreError::Io { path, source }) } else { Ok(()) }
    }
}

#[tokio::test]
async fn what_cannot_be_saved_is_not_sent_and_stops_the_driver() {
    let relay = TestRelay::start().await;
    let store = FailingStore::default();
    let mut alice = relay.participant_with(store.clone(), Network::Loopback).await;
    let mut bob = relay.participant().await;
    *store.0.lock().unwrap() = true;
    let mut outgoing = soon(alice.place(bob.card(), Media::Audio)).await.unwrap();
    // The application hears of the end, and of its reason.
    assert_eq!(ended(&mut outgoing).await, Some(EndReason::HungUpLocal));
    let error = soon(alice.incoming()).await.err();
    assert!(matches!(error, Some(DriverError::Store(_))), "{error:?}");
    assert!(timeout(Duration::from_millis(300), bob.incoming()).await.is_err(), "an offer left");
}

#[tokio::test]
async fn a_mailbox_that_another_program_took_over_is_said_to_be() {
    let relay = TestRelay::start().await;
    let shared = SharedStore::default();
    let mut first = relay.participant_with(shared.clone(), Network::Loopback).await;
    let _second = relay.participant_with(shared, Network::Loopback).await;
    let error = soon(first.incoming()).await.err();
    assert!(matches!(error, Some(DriverError::Relay(_))), "{error:?}");
    assert!(error.unwrap().to_string().contains("another program"));
}

/// A store that two programs share, as none should.
#[derive(Clone, Default)]
struct SharedStore(Arc<Mutex<MemoryStore>>);

impl Store for SharedStore {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.lock().unwrap().load()
    }

    fn save(&mut self, snapshot: &[u8]) -> Result<(), StoreError> {
        self.0.lock().unwrap().save(snapshot)
    }
}

/// Puts an offer of somebody whose card names `own_relay` into a mailbox.
async fn put_as_stranger(relay: &TestRelay, to: &ContactCard, own_relay: &str) {
    let mut rng = ChaCha20Rng::from_seed([66; 32]);
    let unix_now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let unix_now = UnixTime::from_millis(u64::try_from(unix_now.as_millis()).unwrap());
    let mut postbox = Postbox::new(Identity::generate(&mut rng), unix_now, &mut rng);
    let mailbox = MailboxId::from_bytes([66; 32]);
    let card = ContactCard::new(postbox.identity().clone(), own_relay, mailbox).unwrap();
    let client = RelayClient::connect_anonymous(&relay.url).await.unwrap();
    let found = client.fetch_prekeys(to.mailbox()).await.unwrap();
    let one_time = found.one_time.as_deref();
    let bundle = PrekeyBundle::parse(&found.bundle, one_time, to.identity(), unix_now).unwrap();
    postbox.begin(unix_now, &bundle, &mut rng).unwrap();
    let media = messages::MediaKinds { audio: true, video: false };
    let secret = FrameSecret::random(&mut rng);
    let offer = messages::Offer::new(some_offer(audio()), secret, card, media).unwrap();
    let device = DeviceId::from_bytes([6; 4]);
    let message = CallMessage::new(CallId::from_bytes([6; 16]), device, CallBody::Offer(offer));
    let sealed = postbox.seal(unix_now, to.identity(), &message, &mut rng).unwrap();
    client.put(to.mailbox(), sealed.into_bytes(), PATIENCE).await.unwrap();
}

#[tokio::test]
async fn a_relay_that_never_answers_holds_up_nobody_else() {
    let relay = TestRelay::start().await;
    let (alice, mut bob) = (relay.participant().await, relay.participant().await);
    // A stranger's card names a relay that takes connections and says nothing.
    let tarpit = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/v1", tarpit.local_addr().unwrap());
    put_as_stranger(&relay, bob.card(), &url).await;
    // Nothing goes there by itself; that Bob declines is to be said there.
    soon(bob.incoming()).await.unwrap().decline().await;
    let (mut stuck, _) = soon(tarpit.accept()).await.unwrap();
    let (_outgoing, _accepted) = connect_next(&alice, &mut bob).await;
    // All this while Bob still waits for the stranger's relay.
    let mut request = vec![0; 4_096];
    let waits = async { while stuck.read(&mut request).await.unwrap() > 0 {} };
    assert!(timeout(Duration::from_millis(10), waits).await.is_err(), "it was given up before");
}
