use core::net::SocketAddr;
use core::time::Duration;

use zentalk_call_fsm::{LocalAccept, PublicState};
use zentalk_primitives::{CallId, Instant};
use zentalk_session_description::SfuOffer;
use zentalk_sfu_control::ClientFrame;
use zentalk_signaling_ratchet::{CallBody, ContactCard};

use super::peer::{self, Peer, RELAY};
use crate::engine::{
    Engine, EngineConfig, Event, Input, Media, Output, Privacy, SfuGrant, SfuOutput, StreamId,
    StreamOutput,
};

/// Outputs of one step.
const MAX_OUTPUTS: usize = 512;

/// Where a datagram or a TURN server comes from.
pub(super) fn server(number: u8) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, number], 5_000))
}

/// The number of the TURN server; no other is.
pub(super) const TURN: u8 = 250;

fn socket(number: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 40_000 + u16::from(number)))
}

/// Timeouts until the next lies ahead.
const MAX_TIMEOUTS: usize = 8;

/// The engine under attack, and what must hold of it: nobody hears, sees or reaches anything before the user agreed, and nobody who
/// cannot prove the fingerprint ever does.
pub(super) struct Victim {
    pub(super) now: Instant,
    pub(super) engine: Engine,
    address: SocketAddr,
    privacy: Privacy,
    hidden: bool,
    /// The connection that was asked for last.
    stream: StreamId,
    /// The control connection that was asked for last, and what was offered over it.
    link: u64,
    sfu_offer: Option<SfuOffer>,
    /// The forwarding servers that the own relay named.
    named: Vec<String>,
    sequence: u64,
    unacknowledged: Option<u64>,
    /// Whether the user placed or accepted the call that is active.
    agreed: bool,
    /// Whether the user said something that the peer's relay must carry: agreed, declined, or hung up.
    spoken: bool,
    ringing: Option<CallId>,
}

impl Victim {
    pub(super) fn new() -> Self {
        Self::with(EngineConfig::default())
    }

    pub(super) fn with(config: EngineConfig) -> Self {
        let address = socket(0);
        let (privacy, hidden) = (config.privacy, config.hide_host_addresses);
        let mut engine = peer::victim(config);
        engine.add_socket(Instant::ZERO, address, None).expect("a first socket");
        Self {
            now: Instant::ZERO,
            engine,
            address,
            privacy,
            hidden,
            stream: StreamId(0),
            link: 0,
            sfu_offer: None,
            named: Vec::new(),
            sequence: 100,
            unacknowledged: None,
            agreed: false,
            spoken: false,
            ringing: None,
        }
    }

    pub(super) fn has_agreed(&self) -> bool {
        self.agreed
    }

    pub(super) fn link(&self) -> u64 {
        self.link
    }

    pub(super) fn sfu_offer(&self) -> Option<&SfuOffer> {
        self.sfu_offer.as_ref()
    }

    /// The own relay gives out a token.
    pub(super) fn grant(&mut self, grant: SfuGrant) {
        self.named.extend(grant.servers.iter().cloned());
        self.input(Input::SfuGrant { relay: RELAY.to_owned(), grant: Some(grant) });
    }

    pub(super) fn place_group(&mut self, to: &ContactCard, media: Media) {
        let accept = LocalAccept::by_user();
        let placed = self.engine.place_group(self.now, vec![to.clone()], media, accept);
        self.agree(placed.is_ok());
    }

    pub(super) fn invite(&mut self, to: &ContactCard) {
        if let Some(call) = self.engine.active_call() {
            // Refused unless the call is up.
            let _ = self.engine.invite(self.now, call, to.clone());
        }
    }

    pub(super) fn stream(&self) -> StreamId {
        self.stream
    }

    pub(super) fn input(&mut self, input: Input) {
        self.engine.handle_input(self.now, input);
    }

    pub(super) fn add_socket(&mut self, number: u8) {
        // One that is there already, or one too many, is refused.
        let _ = self.engine.add_socket(self.now, socket(number), None);
    }

    pub(super) fn remove_socket(&mut self, number: u8) {
        self.engine.remove_socket(self.now, socket(number));
    }

    pub(super) fn network_changed(&mut self) {
        self.engine.network_changed(self.now);
    }

    pub(super) fn deliver(&mut self, blob: Vec<u8>, queued: Duration) {
        self.sequence += 1;
        self.unacknowledged = Some(self.sequence);
        let sequence = self.sequence;
        self.engine.handle_input(self.now, Input::Delivery { sequence, blob, queued });
    }

    pub(super) fn datagram(&mut self, from: u8, payload: Vec<u8>) {
        let (local, remote) = (self.address, server(from));
        self.engine.handle_input(self.now, Input::Datagram { local, remote, payload });
    }

    pub(super) fn place(&mut self, to: &ContactCard, media: Media) {
        let accept = LocalAccept::by_user();
        let placed = self.engine.place(self.now, to.clone(), media, accept);
        self.agree(placed.is_ok());
    }

    pub(super) fn accept(&mut self) {
        let Some(call) = self.ringing else { return };
        let accepted = self.engine.accept(self.now, call, LocalAccept::by_user());
        self.agree(accepted.is_ok());
    }

    fn agree(&mut self, agreed: bool) {
        self.agreed |= agreed;
        self.spoken |= agreed;
    }

    pub(super) fn decline(&mut self) {
        if let Some(call) = self.ringing {
            self.spoken |= self.engine.decline(self.now, call).is_ok();
        }
    }

    pub(super) fn hang_up(&mut self) {
        self.spoken = true;
        self.engine.hang_up_all(self.now);
    }

    pub(super) fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.engine.handle_timeout(self.now);
    }

    /// Drains the engine, and serves what is due.
    pub(super) fn drain(&mut self, peer: &mut Peer) {
        for _ in 0..MAX_TIMEOUTS {
            let deadline = self.drain_once(peer);
            assert_eq!(self.unacknowledged, None, "a delivery was not acknowledged");
            if deadline.is_none_or(|deadline| deadline > self.now) {
                let active = self.engine.active_call().is_some();
                self.agreed &= active;
                self.spoken &= active;
                return;
            }
            self.engine.handle_timeout(self.now);
        }
        panic!("a deadline stays in the past");
    }

    fn drain_once(&mut self, peer: &mut Peer) -> Option<Instant> {
        for _ in 0..MAX_OUTPUTS {
            match self.engine.poll_output() {
                Output::Timeout(deadline) => return deadline,
                Output::Transmit(datagram) => {
                    let to_peer = datagram.remote != server(TURN);
                    assert!(self.agreed || !to_peer, "a packet left before the user agreed");
                    let hides = self.privacy == Privacy::RelayOnly;
                    assert!(!hides || !to_peer, "a packet left for another than the TURN server");
                }
                Output::Put(put) => {
                    let own = put.relay == RELAY;
                    assert!(own || self.spoken, "a foreign relay was told before the user spoke");
                    peer.open(&put.blob);
                }
                Output::FetchPrekeys { relay, .. } => {
                    let own = relay == RELAY;
                    assert!(own || self.spoken, "a foreign relay was asked before the user spoke");
                }
                Output::Acknowledge(sequence) => {
                    assert_eq!(self.unacknowledged.take(), Some(sequence));
                }
                Output::Event(event) => self.event(&event),
                Output::Commit(_) | Output::PublishPrekeys { .. } => {}
                Output::PrepareNetwork | Output::FetchTurn => {}
                Output::FetchSfu { relay, .. } => {
                    assert!(self.agreed, "a token was asked for before the user agreed");
                    let may = relay == RELAY || self.privacy == Privacy::Direct;
                    assert!(may, "another relay was asked for a token in relay-only mode");
                }
                Output::Sfu(output) => self.sfu(output),
                Output::OpenSocket { .. } => {}
                Output::Stream(output) => {
                    self.stream = output.stream();
                    if let StreamOutput::Connect { remote, .. } = output {
                        assert_eq!(
                            remote,
                            server(TURN),
                            "a connection to another than the TURN server"
                        );
                    }
                }
                Output::ResolveName { .. } => {
                    let may = self.agreed && self.privacy == Privacy::Direct;
                    assert!(
                        may,
                        "a name was looked up before the user agreed, or in relay-only mode"
                    );
                }
                Output::PublishName { .. } => {
                    assert!(self.hidden && self.agreed, "a name was published for nobody");
                }
            }
        }
        panic!("a step never ends");
    }

    fn sfu(&mut self, output: SfuOutput) {
        match output {
            SfuOutput::Connect { link, url } => {
                assert!(self.agreed, "a forwarding server was sought before the user agreed");
                let may = self.named.contains(&url) || self.privacy == Privacy::Direct;
                assert!(may, "a forwarding server of others was sought in relay-only mode");
                self.link = link;
                self.sfu_offer = None;
            }
            SfuOutput::Send { frame, .. } => {
                let frame = ClientFrame::decode(&frame).expect("what is sent can be read");
                if let ClientFrame::Join { offer, .. } = frame {
                    self.sfu_offer = Some(SfuOffer::parse(&offer).expect("a good offer"));
                }
            }
            SfuOutput::Close { .. } => {}
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Incoming(ring) => self.ringing = Some(ring.call),
            Event::State { state, .. } => {
                assert_ne!(*state, PublicState::Connected, "connected with nobody");
            }
            Event::Ended { .. } => self.ringing = None,
            Event::Path { .. }
            | Event::Secured { .. }
            | Event::Audio { .. }
            | Event::Video { .. }
            | Event::Verification { .. } => panic!("{event:?} with nobody there"),
            Event::Member { .. }
            | Event::Track { .. }
            | Event::Unverified { .. }
            | Event::Epoch { .. }
            | Event::Speaker { .. }
            | Event::Sfu { .. } => {}
            Event::Quality { .. } | Event::Warning { .. } | Event::Replaced { .. } => {}
        }
    }

    /// What the peer says, sealed; false if that cannot be.
    pub(super) fn hear(
        &mut self,
        peer: &mut Peer,
        call: CallId,
        body: Option<CallBody>,
        queued: u8,
    ) -> bool {
        let Some(blob) = body.and_then(|body| peer.seal(call, body)) else { return false };
        self.deliver(blob, Duration::from_secs(u64::from(queued)));
        true
    }
}
