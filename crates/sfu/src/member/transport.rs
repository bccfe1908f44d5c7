//! DTLS-SRTP towards one participant: we are the passive side, with the worker's certificate.

use core::net::SocketAddr;

use zentalk_dtls_fingerprint::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, Event, FingerprintVerified, Input, Output,
    Path, RemoteFingerprints, SrtpMasterSecret,
};
use zentalk_primitives::Instant;
use zentalk_srtp_media::{SrtpMasterKey, SrtpOptions, SrtpProfile, SrtpReceiver, SrtpSender};

use crate::Refusal;
use crate::limits::{MAX_ENCODINGS, MAX_SLOTS, MAX_UPLINKS};
use crate::outbox::Outbox;

/// The handshake, and what became of it.
pub(crate) struct Transport {
    dtls: DtlsEndpoint,
    due: Option<Instant>,
}

/// How a handshake has ended.
pub(crate) enum Outcome {
    /// The certificate is the announced one: packets can be protected.
    Established(Box<Keys>),
    /// The participant has closed the session.
    Closed,
    /// Another certificate, a failure, or a time-out: there will be no keys.
    Failed,
}

/// The contexts of both directions.
pub(crate) struct Keys {
    pub(crate) sender: SrtpSender,
    pub(crate) receiver: SrtpReceiver,
}

impl Transport {
    pub(crate) fn new(
        now: Instant,
        certificate: &Certificate,
        fingerprints: RemoteFingerprints,
    ) -> Result<Self, Refusal> {
        let config = DtlsConfig::new(certificate.duplicate(), DtlsRole::Server, fingerprints);
        let dtls = DtlsEndpoint::new(config, now).map_err(|_| Refusal::Internal)?;
        Ok(Self { dtls, due: None })
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// A connectivity check over `path` was authentic. There is room for more paths than a member has.
    pub(crate) fn validate(&mut self, path: Path) {
        let _ = self.dtls.validate_path(path);
    }

    pub(crate) fn retire(&mut self, path: Path) {
        self.dtls.retire_path(path);
    }

    pub(crate) fn activate(&mut self, path: Path) {
        let _ = self.dtls.set_active_path(path);
    }

    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
        payload: &[u8],
    ) {
        let _ = self.dtls.handle_input(now, Input::Datagram { local, remote, payload });
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.dtls.handle_timeout(now);
    }

    pub(crate) fn close(&mut self, now: Instant) {
        self.dtls.close(now);
    }

    /// Sends what the handshake has to send, and tells how it ended, if it has.
    pub(crate) fn drain(&mut self, answers: &mut Outbox) -> Option<Outcome> {
        let mut outcome = None;
        loop {
            match self.dtls.poll_output() {
                Output::Transmit(transmit) => {
                    // What finds the box full is sent again by the handshake.
                    let _ = answers.push(transmit.local, transmit.remote, &transmit.payload);
                }
                Output::Event(Event::Established { proof, .. }) => {
                    let keys = self.keys(&proof).map(Box::new);
                    outcome = Some(keys.map_or(Outcome::Failed, Outcome::Established));
                }
                Output::Event(Event::Closed) => outcome = Some(Outcome::Closed),
                Output::Event(_) => outcome = Some(Outcome::Failed),
                Output::Timeout(at) => {
                    self.due = at;
                    return outcome;
                }
            }
        }
    }

    fn keys(&self, proof: &FingerprintVerified) -> Option<Keys> {
        let material = self.dtls.export_srtp_keys(proof).ok()?;
        let profile = SrtpProfile::from_id(material.profile().id())?;
        let key = |secret: &SrtpMasterSecret| {
            SrtpMasterKey::new(profile, secret.key(), secret.salt()).ok()
        };
        // Ours, and theirs: slots with their retransmissions and a source for reports, or uplinks likewise.
        let sending = SrtpOptions::new().max_streams(2 * MAX_SLOTS + 1);
        let receiving = SrtpOptions::new().max_streams(2 * MAX_UPLINKS * MAX_ENCODINGS + 2);
        Some(Keys {
            sender: SrtpSender::with_options(key(material.local())?, &sending).ok()?,
            receiver: SrtpReceiver::with_options(key(material.remote())?, &receiving).ok()?,
        })
    }
}
