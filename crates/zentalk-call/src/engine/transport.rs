//! The media path of one call: ICE finds it, DTLS secures it, SRTP protects what crosses it.
//!
//! 1. Sockets are added; nothing leaves before [`Transport::open_direct`].
//! 2. The peer's description brings its credentials and fingerprints: the DTLS endpoint is made.
//! 3. ICE validates addresses; only from these does DTLS take bytes.
//! 4. DTLS establishes: the proof of verification unlocks the SRTP keys.
//! 5. From then on RTP and RTCP are protected, sent over the nominated pair, and opened.

use core::net::SocketAddr;
use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_dtls_fingerprint as dtls;
use zentalk_dtls_fingerprint::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, HandshakeSummary, LocalFingerprint,
    RemoteFingerprints,
};
use zentalk_ice_nat as ice;
use zentalk_ice_nat::{CandidatePair, Credentials, IceAgent, LocalSocket, Role};
use zentalk_primitives::{Instant, Transmit};
use zentalk_srtp_media::rtp::PacketKind;

use super::config::EngineConfig;
use super::srtp::Srtp;
use crate::Error;

/// The media path of one call.
pub(crate) struct Transport {
    ice: IceAgent,
    /// Kept until the peer's fingerprints are known; then the endpoint owns it.
    certificate: Option<Certificate>,
    fingerprint: LocalFingerprint,
    dtls: Option<DtlsEndpoint>,
    dtls_seed: Option<u64>,
    srtp: Option<Srtp>,
    outputs: VecDeque<Output>,
    counters: Counters,
}

/// What the transport has to say or to send.
pub(crate) enum Output {
    Transmit(Transmit),
    Event(Event),
    /// Nothing more for now.
    Timeout(Option<Instant>),
}

/// What happened on the path.
pub(crate) enum Event {
    /// Signal this candidate, an SDP attribute value, to the peer.
    LocalCandidate(String),
    /// No more candidates.
    EndOfCandidates,
    /// Checks run.
    Checking,
    /// Packets go over this pair from now on.
    Path(CandidatePair),
    /// DTLS is done, the fingerprint verified, SRTP runs.
    Secured(HandshakeSummary),
    /// The peer's certificate is not the announced one.
    FingerprintMismatch,
    /// DTLS failed for another reason.
    HandshakeFailed,
    /// Consent to send expired (RFC 7675).
    ConsentExpired,
    /// Ten seconds of checks without a pair.
    TimedOut,
    /// An authentic RTP packet, in clear.
    Rtp(Vec<u8>),
    /// An authentic RTCP packet, in clear.
    Rtcp(Vec<u8>),
}

/// Datagrams that were not taken, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    /// Not authentic, replayed, malformed, or before there were keys.
    pub(crate) refused: u64,
    /// Of a kind that no layer takes.
    pub(crate) unknown: u64,
}

/// What the peer's description says about its transport.
pub(crate) struct RemoteTransport {
    pub(crate) credentials: Credentials,
    pub(crate) fingerprints: RemoteFingerprints,
    /// The end of the DTLS handshake that is left to this side.
    pub(crate) own_role: DtlsRole,
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
            fingerprint: certificate.fingerprint(),
            certificate: Some(certificate),
            dtls: None,
            dtls_seed: config.dtls_seed,
            srtp: None,
            outputs: VecDeque::new(),
            counters: Counters::default(),
        })
    }

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

    pub(crate) fn add_socket(
        &mut self,
        now: Instant,
        socket: LocalSocket,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        self.ice.add_local_socket(now, socket, rng)?;
        self.drain_ice();
        Ok(())
    }

    /// Both users agreed: direct candidates may be gathered, told and checked.
    pub(crate) fn open_direct(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        self.ice.open_direct(now, rng);
        self.drain_ice();
    }

    /// Takes what the peer's `ringing` or answer says. A second description of the same call must
    /// name the same credentials; its fingerprints are not looked at again.
    pub(crate) fn set_remote(
        &mut self,
        now: Instant,
        remote: RemoteTransport,
    ) -> Result<(), Error> {
        self.ice.handle_input(now, ice::Input::RemoteCredentials(remote.credentials))?;
        if let Some(certificate) = self.certificate.take() {
            let config = DtlsConfig::new(certificate, remote.own_role, remote.fingerprints);
            let config = match self.dtls_seed {
                Some(seed) => config.dangerous().with_seed(seed),
                None => config,
            };
            self.dtls = Some(DtlsEndpoint::new(config, now)?);
        }
        self.drain_ice();
        self.drain_dtls();
        Ok(())
    }

    /// Takes a candidate attribute of the peer. One that is malformed or unusable is dropped by ICE.
    pub(crate) fn add_remote_candidate(&mut self, now: Instant, candidate: &str) {
        if self.ice.handle_input(now, ice::Input::RemoteCandidateText(candidate)).is_err() {
            self.counters.refused += 1;
        }
        self.drain_ice();
    }

    pub(crate) fn remote_end_of_candidates(&mut self, now: Instant) {
        // The agent has no error for this input.
        let _ = self.ice.handle_input(now, ice::Input::RemoteEndOfCandidates);
        self.drain_ice();
    }

    /// Takes a datagram to the layer that its first byte names (RFC 7983 §7).
    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
        payload: Vec<u8>,
    ) {
        match PacketKind::of(&payload) {
            PacketKind::Stun => {
                // Never an error: what cannot be used is dropped and counted by ICE.
                let input = ice::Input::Datagram { local, remote, payload: &payload };
                let _ = self.ice.handle_input(now, input);
                self.drain_ice();
            }
            PacketKind::Dtls => self.handle_dtls(now, local, remote, &payload),
            // Media from an address that ICE has not validated are none of the peer's (RFC 8445 §12.2).
            PacketKind::Rtp | PacketKind::Rtcp if !self.ice.is_validated(local, remote) => {
                self.counters.refused += 1;
            }
            PacketKind::Rtp => self.open(payload, Srtp::open_rtp, Event::Rtp),
            PacketKind::Rtcp => self.open(payload, Srtp::open_rtcp, Event::Rtcp),
            _ => self.counters.unknown += 1,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.ice.handle_timeout(now);
        self.drain_ice();
        if let Some(dtls) = &mut self.dtls {
            dtls.handle_timeout(now);
        }
        self.drain_dtls();
    }

    /// Protects an RTP packet and sends it, if there are keys and consent.
    pub(crate) fn send_rtp(&mut self, now: Instant, packet: Vec<u8>) {
        self.send(now, packet, Srtp::protect_rtp);
    }

    /// Protects an RTCP packet and sends it, if there are keys and consent.
    pub(crate) fn send_rtcp(&mut self, now: Instant, packet: Vec<u8>) {
        self.send(now, packet, Srtp::protect_rtcp);
    }

    /// Tells the peer that the session is over, and forgets the keys.
    pub(crate) fn close(&mut self, now: Instant) {
        self.srtp = None;
        if let Some(dtls) = &mut self.dtls {
            dtls.close(now);
        }
        self.drain_dtls();
    }

    /// The next thing to send, to know or to wait for.
    pub(crate) fn poll_output(&mut self) -> Output {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        // Both have been drained by the call that changed them; this only reads their timers.
        let ice = self.drain_ice();
        let dtls = self.drain_dtls();
        match self.outputs.pop_front() {
            Some(output) => output,
            None => Output::Timeout(ice.into_iter().chain(dtls).min()),
        }
    }

    fn handle_dtls(&mut self, now: Instant, local: SocketAddr, remote: SocketAddr, payload: &[u8]) {
        match &mut self.dtls {
            Some(endpoint) => {
                // Never an error: what cannot be used is dropped and counted by DTLS.
                let _ =
                    endpoint.handle_input(now, dtls::Input::Datagram { local, remote, payload });
                self.drain_dtls();
            }
            None => self.counters.refused += 1,
        }
    }

    fn open(
        &mut self,
        mut packet: Vec<u8>,
        open: impl FnOnce(&mut Srtp, &mut Vec<u8>) -> bool,
        event: impl FnOnce(Vec<u8>) -> Event,
    ) {
        let opened = self.srtp.as_mut().is_some_and(|srtp| open(srtp, &mut packet));
        if opened {
            self.outputs.push_back(Output::Event(event(packet)));
        } else {
            self.counters.refused += 1;
        }
    }

    fn send(
        &mut self,
        now: Instant,
        mut packet: Vec<u8>,
        protect: impl FnOnce(&mut Srtp, &mut Vec<u8>) -> bool,
    ) {
        let (Some(srtp), Some((local, remote))) = (&mut self.srtp, self.ice.media_path(now)) else {
            return;
        };
        if protect(srtp, &mut packet) {
            self.outputs.push_back(Output::Transmit(Transmit { local, remote, payload: packet }));
        }
    }

    /// Empties ICE's outputs; returns its next timeout.
    fn drain_ice(&mut self) -> Option<Instant> {
        loop {
            match self.ice.poll_output() {
                ice::Output::Transmit(transmit) => {
                    self.outputs.push_back(Output::Transmit(transmit));
                }
                ice::Output::Event(event) => self.handle_ice_event(event),
                ice::Output::Timeout(at) => return at,
            }
        }
    }

    fn handle_ice_event(&mut self, event: ice::Event) {
        let event = match event {
            ice::Event::LocalCandidate(candidate) => {
                Event::LocalCandidate(candidate.to_attribute())
            }
            ice::Event::GatheringComplete => Event::EndOfCandidates,
            ice::Event::StateChanged(ice::IceState::Checking) => Event::Checking,
            ice::Event::AddressValidated { local, remote } => {
                return self.validate(dtls::Path::new(local, remote));
            }
            ice::Event::NominatedPair(pair) => {
                self.activate(dtls::Path::new(pair.local(), pair.remote()));
                Event::Path(pair)
            }
            ice::Event::ConsentExpired => Event::ConsentExpired,
            ice::Event::TimedOut => Event::TimedOut,
            _ => return,
        };
        self.outputs.push_back(Output::Event(event));
    }

    /// DTLS takes bytes from this address from now on; the first one also carries its answers.
    fn validate(&mut self, path: dtls::Path) {
        let Some(endpoint) = &mut self.dtls else { return };
        if endpoint.validate_path(path).is_ok() && endpoint.active_path().is_none() {
            self.activate(path);
        }
    }

    fn activate(&mut self, path: dtls::Path) {
        if let Some(endpoint) = &mut self.dtls {
            // A full table of paths refuses new ones; those that are known go on working.
            let _ = endpoint.validate_path(path).and_then(|()| endpoint.set_active_path(path));
        }
        self.drain_dtls();
    }

    /// Empties DTLS's outputs; returns its next timeout.
    fn drain_dtls(&mut self) -> Option<Instant> {
        loop {
            match self.dtls.as_mut()?.poll_output() {
                dtls::Output::Transmit(transmit) => {
                    self.outputs.push_back(Output::Transmit(transmit));
                }
                dtls::Output::Event(event) => self.handle_dtls_event(event),
                dtls::Output::Timeout(at) => return at,
            }
        }
    }

    fn handle_dtls_event(&mut self, event: dtls::Event) {
        let event = match event {
            dtls::Event::Established { summary, proof } => match self.start_srtp(&proof) {
                Ok(()) => Event::Secured(summary),
                Err(_) => Event::HandshakeFailed,
            },
            dtls::Event::FingerprintMismatch { .. } => {
                self.srtp = None;
                Event::FingerprintMismatch
            }
            dtls::Event::Failed(_) => Event::HandshakeFailed,
            // The peer says goodbye below the signalling; its end message says why, or silence does.
            _ => return,
        };
        self.outputs.push_back(Output::Event(event));
    }

    fn start_srtp(&mut self, proof: &dtls::FingerprintVerified) -> Result<(), Error> {
        if let Some(endpoint) = &self.dtls {
            self.srtp = Some(Srtp::new(&endpoint.export_srtp_keys(proof)?)?);
        }
        Ok(())
    }
}
