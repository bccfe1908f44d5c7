//! The media path of one call: ICE finds it, TURN relays it where it must, DTLS secures it, SRTP protects what crosses it.
//!
//! 1. Sockets are added, TURN servers are named: allocations are made. Nothing leaves for the peer's own addresses before
//!    [`Transport::open_direct`].
//! 2. The peer's description brings its credentials and fingerprints: the DTLS endpoint is made.
//! 3. ICE validates addresses; only from these does DTLS take bytes.
//! 4. DTLS establishes: the proof of verification unlocks the SRTP keys.
//! 5. From then on RTP and RTCP are protected, sent over the nominated pair, and opened.
//! 6. [`Transport::restart`] lets ICE begin anew; DTLS, SRTP and the allocations stay.
//!
//! Whatever leaves from a relayed address goes through its TURN server, whoever wants it sent: checks, DTLS and media alike.

mod drain;
mod io;
mod packets;
mod relaying;

use core::net::{IpAddr, SocketAddr};
use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_dtls_fingerprint::{Certificate, DtlsConfig, DtlsEndpoint, LocalFingerprint};
use zentalk_ice_nat as ice;
use zentalk_ice_nat::relays::{Relays, StreamInput};
use zentalk_ice_nat::{Credentials, IceAgent, LocalSocket, Role};
use zentalk_primitives::Instant;

pub(crate) use self::io::{Counters, Event, Output, RemoteTransport};
pub(crate) use self::relaying::Inheritance;

use self::relaying::Relaying;
use super::config::{EngineConfig, Privacy};
use super::srtp::Srtp;
use crate::Error;

/// The media path of one call.
pub(crate) struct Transport {
    ice: IceAgent,
    /// From which packets may go to others than TURN servers: none, under [`Privacy::RelayOnly`].
    sockets: Vec<SocketAddr>,
    privacy: Privacy,
    relays: Relays,
    relaying: Relaying,
    /// Kept until the peer's fingerprints are known; then the endpoint owns it.
    certificate: Option<Certificate>,
    fingerprint: LocalFingerprint,
    dtls: Option<DtlsEndpoint>,
    dtls_seed: Option<u64>,
    srtp: Option<Srtp>,
    /// The time of the last call.
    now: Instant,
    gathering: Gathering,
    outputs: VecDeque<Output>,
    counters: Counters,
}

/// How far the candidates of this generation are.
#[derive(Default)]
struct Gathering {
    done: bool,
    told: bool,
}

impl Transport {
    /// A path whose ICE role follows the call's: who offers controls (RFC 8445 §6.1.1).
    pub(crate) fn new(
        controls: bool,
        certificate: Certificate,
        config: &EngineConfig,
        now: Instant,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        let ice_role = if controls { Role::Controlling } else { Role::Controlled };
        Ok(Self {
            ice: IceAgent::new(now, ice_role, config.ice()?, rng),
            sockets: Vec::new(),
            privacy: config.privacy,
            relays: Relays::new(config.trust()?, rng),
            relaying: Relaying::default(),
            fingerprint: certificate.fingerprint(),
            certificate: Some(certificate),
            dtls: None,
            dtls_seed: config.dtls_seed,
            srtp: None,
            now,
            gathering: Gathering::default(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
        })
    }

    // Getters.

    pub(crate) fn credentials(&self) -> &Credentials {
        self.ice.local_credentials()
    }

    pub(crate) fn fingerprint(&self) -> &LocalFingerprint {
        &self.fingerprint
    }

    pub(crate) fn ice_stats(&self) -> ice::IceStats {
        self.ice.stats()
    }

    pub(crate) fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether the pair that was nominated still stands: its consent has not expired, and the address of ours is there.
    pub(crate) fn has_pair(&self) -> bool {
        self.ice.selected_pair().is_some()
    }

    // Addresses of ours.

    pub(crate) fn add_socket(
        &mut self,
        now: Instant,
        socket: LocalSocket,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        self.add_direct_socket(now, socket, rng)?;
        self.add_relay_socket(now, socket.address());
        Ok(())
    }

    /// A socket for everything but TURN: another path has allocations there, and a server's port takes one of each port of ours
    /// (RFC 8656 §3.2).
    pub(crate) fn add_direct_socket(
        &mut self,
        now: Instant,
        socket: LocalSocket,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        self.now = now;
        self.ice.add_local_socket(now, socket, rng)?;
        if self.privacy == Privacy::Direct {
            self.sockets.push(socket.address());
        }
        self.drain();
        Ok(())
    }

    /// A socket for TURN alone: another one at its address has been made known to the agent already.
    pub(crate) fn add_relay_socket(&mut self, now: Instant, socket: SocketAddr) {
        self.now = now;
        self.relays.add_local(now, socket);
        self.drain();
    }

    pub(crate) fn remove_socket(&mut self, now: Instant, address: SocketAddr) {
        self.now = now;
        self.ice.remove_local(now, address);
        self.sockets.retain(|socket| *socket != address);
        self.relays.remove_local(now, address);
        self.drain();
    }

    /// Both users agreed: direct candidates may be gathered, told and checked.
    pub(crate) fn open_direct(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        self.now = now;
        self.ice.open_direct(now, rng);
        self.drain();
    }

    // The peer.

    /// Takes what the peer's `ringing` or answer says. A second description of the same call must
    /// name the same credentials; its fingerprints are not looked at again.
    pub(crate) fn set_remote(
        &mut self,
        now: Instant,
        remote: RemoteTransport,
    ) -> Result<(), Error> {
        self.now = now;
        self.ice.handle_input(now, ice::Input::RemoteCredentials(remote.credentials))?;
        if let Some(certificate) = self.certificate.take() {
            let config = DtlsConfig::new(certificate, remote.own_role, remote.fingerprints);
            let config = match self.dtls_seed {
                Some(seed) => config.dangerous().with_seed(seed),
                None => config,
            };
            self.dtls = Some(DtlsEndpoint::new(config, now)?);
        }
        self.drain();
        Ok(())
    }

    /// Takes a candidate attribute of the peer. One that is malformed or unusable is dropped by ICE.
    pub(crate) fn add_remote_candidate(&mut self, now: Instant, candidate: &str) {
        self.now = now;
        if self.ice.handle_input(now, ice::Input::RemoteCandidateText(candidate)).is_err() {
            self.counters.refused += 1;
        }
        self.drain();
    }

    pub(crate) fn remote_end_of_candidates(&mut self, now: Instant) {
        self.now = now;
        // The agent has no error for this input.
        let _ = self.ice.handle_input(now, ice::Input::RemoteEndOfCandidates);
        self.drain();
    }

    /// What the local network says that a name of the peer's stands for.
    pub(crate) fn name_resolved(&mut self, now: Instant, name: &str, address: IpAddr) {
        self.now = now;
        if self.ice.handle_input(now, ice::Input::NameResolved { name, address }).is_err() {
            self.counters.refused += 1;
        }
        self.drain();
    }

    // Restarts.

    /// Begins a new generation of ICE (RFC 8445 §9): [`Transport::credentials`] are fresh ones, candidates come anew. The path
    /// there is serves until there is another one.
    pub(crate) fn restart(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        self.now = now;
        self.gathering = Gathering::default();
        // Of the generation before, and nobody asks for them any more.
        self.outputs.retain(|output| {
            !matches!(output, Output::Event(Event::LocalCandidate(_) | Event::EndOfCandidates))
        });
        self.ice.restart(now, rng);
        self.drain();
    }

    /// The peer's credentials of the new generation.
    pub(crate) fn set_remote_credentials(
        &mut self,
        now: Instant,
        credentials: Credentials,
    ) -> Result<(), Error> {
        self.now = now;
        let taken = self.ice.handle_input(now, ice::Input::RemoteCredentials(credentials));
        self.drain();
        Ok(taken?)
    }

    // Time, and the end.

    pub(crate) fn handle_stream(&mut self, now: Instant, input: StreamInput) {
        self.now = now;
        self.relays.handle_stream(now, input);
        self.drain();
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.ice.handle_timeout(now);
        self.relays.handle_timeout(now);
        if let Some(dtls) = &mut self.dtls {
            dtls.handle_timeout(now);
        }
        self.drain();
    }

    /// Tells the peer that the session is over, and forgets the keys.
    pub(crate) fn close(&mut self, now: Instant) {
        self.now = now;
        self.srtp = None;
        if let Some(dtls) = &mut self.dtls {
            dtls.close(now);
        }
        self.drain();
    }

    /// The next thing to send, to know or to wait for.
    pub(crate) fn poll_output(&mut self) -> Output {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        // All have been drained by the call that changed them; this only reads their timers.
        let timeout = self.drain();
        self.outputs.pop_front().unwrap_or(Output::Timeout(timeout))
    }
}
