//! One member at an evil server: ICE, DTLS and SRTP as they should be.

use core::net::SocketAddr;
use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_dtls_fingerprint::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, Event, Input, Output, Path,
    RemoteFingerprints, SrtpMasterSecret,
};
use zentalk_primitives::{Instant, ParticipantId, Transmit};
use zentalk_rtp_session::bandwidth::FeedbackGenerator;
use zentalk_session_description::{
    Fingerprint, IceParameters, LocalSession, MediaKind, SfuAnswer, SfuOffer, SfuSlotSource,
};
use zentalk_sfu::stun::{Credentials, MAX_ANSWER, Request, Responder};
use zentalk_sfu_control::Medium;
use zentalk_srtp_media::rtcp::{Compound, CompoundWriter, Packet};
use zentalk_srtp_media::rtp::RtpPacket;
use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender};

use super::outlet::Outlet;
use super::piece::Piece;

/// One member.
pub(super) struct Leg {
    pub(super) place: usize,
    pub(super) connection: u64,
    pub(super) participant: ParticipantId,
    pub(super) outlets: Vec<Outlet>,
    offer: SfuOffer,
    credentials: Credentials,
    responder: Responder,
    dtls: DtlsEndpoint,
    dtls_due: Option<Instant>,
    path: Option<Path>,
    srtp: Option<(SrtpSender, SrtpReceiver)>,
    feedback: FeedbackGenerator,
    /// Packets that came.
    heard: u32,
    transmits: VecDeque<Transmit>,
}

/// The source of the server's reports.
const REPORTER: u32 = 1;

impl Leg {
    pub(super) fn new(
        now: Instant,
        (place, connection, participant): (usize, u64, ParticipantId),
        offer: SfuOffer,
        certificate: &Certificate,
        rng: &mut impl CryptoRng,
    ) -> Option<Self> {
        let lines = offer.description().dtls().fingerprints().iter().map(Fingerprint::as_str);
        let fingerprints = RemoteFingerprints::parse(lines).ok()?;
        let config = DtlsConfig::new(certificate.duplicate(), DtlsRole::Server, fingerprints);
        let dtls = DtlsEndpoint::new(config.dangerous().with_seed(rng.next_u64()), now).ok()?;
        let credentials = Credentials::random(0, rng);
        let responder = Responder::new(&credentials, offer.description().ice().ufrag());
        let slots = offer.slots().iter();
        let outlets = slots.filter_map(|slot| Outlet::new(slot, rng.next_u32().max(2))).collect();
        Some(Self {
            place,
            connection,
            participant,
            outlets,
            offer,
            credentials,
            responder,
            dtls,
            dtls_due: None,
            path: None,
            srtp: None,
            feedback: FeedbackGenerator::new(),
            heard: 0,
            transmits: VecDeque::new(),
        })
    }

    /// The description that answers the member's.
    pub(super) fn answer(&self, address: SocketAddr, certificate: &Certificate) -> Option<String> {
        let ice = IceParameters::new(self.credentials.ufrag(), self.credentials.password()).ok()?;
        let fingerprint = Fingerprint::parse(&certificate.fingerprint().to_string()).ok()?;
        let slots: Vec<_> = self
            .outlets
            .iter()
            .map(|outlet| {
                let (mid, ssrc) = (outlet.mid.clone(), outlet.ssrc);
                SfuSlotSource { mid, ssrc, rtx_ssrc: None }
            })
            .collect();
        let session = LocalSession::new(1, ice, fingerprint);
        let mut answer = SfuAnswer::to(&self.offer, session, &slots).ok()?;
        let candidate = format!("1 1 udp 2130706431 {} {} typ host", address.ip(), address.port());
        answer.description_mut().add_candidate(&candidate).ok()?;
        Some(answer.to_sdp())
    }

    /// Whether media can flow.
    pub(super) fn is_up(&self) -> bool {
        self.srtp.is_some()
    }

    pub(super) fn is_at(&self, remote: SocketAddr) -> bool {
        self.path.is_some_and(|path| path.remote == remote)
    }

    pub(super) fn is_asked(&self, request: &Request<'_>) -> bool {
        request.local_ufrag() == self.credentials.ufrag().as_bytes()
    }

    // What comes.

    /// A connectivity check.
    pub(super) fn handle_check(&mut self, path: Path, request: &Request<'_>) {
        let Some(answer) = self.responder.check(request) else { return };
        let mut out = [0; MAX_ANSWER];
        let len = self.responder.answer(request, answer, path.remote, &mut out);
        let payload = len.and_then(|len| out.get(..len)).unwrap_or_default().to_vec();
        self.transmits.push_back(Transmit { local: path.local, remote: path.remote, payload });
        if request.nominates() || self.path.is_none() {
            self.path = Some(path);
            let validated = self.dtls.validate_path(path);
            let _ = validated.and_then(|()| self.dtls.set_active_path(path));
        }
        self.drain();
    }

    pub(super) fn handle_dtls(&mut self, now: Instant, path: Path, payload: &[u8]) {
        let (local, remote) = (path.local, path.remote);
        let _ = self.dtls.handle_input(now, Input::Datagram { local, remote, payload });
        self.drain();
    }

    /// A packet in clear, and which layer of what it is of. It is confirmed if it is one in `confirmed_one_in`.
    pub(super) fn handle_rtp(
        &mut self,
        now: Instant,
        mut bytes: Vec<u8>,
        confirmed_one_in: u32,
    ) -> Option<(Medium, u8, Piece)> {
        self.srtp.as_mut()?.1.unprotect_rtp(&mut bytes).ok()?;
        let packet = RtpPacket::parse(&bytes).ok()?;
        self.heard += 1;
        let number = self.offer.extensions().transport_cc.and_then(|id| packet.extension(id));
        if let Some(Ok(number)) = number.map(<[u8; 2]>::try_from)
            && self.heard.is_multiple_of(confirmed_one_in)
        {
            self.feedback.received(now, u16::from_be_bytes(number), bytes.len());
        }
        let (medium, layer) = self.source(packet.ssrc())?;
        let (marker, timestamp) = (packet.marker(), packet.timestamp());
        Some((medium, layer, Piece { marker, timestamp, payload: packet.payload().to_vec() }))
    }

    /// Reports in clear: the sources of which keyframes are asked for.
    pub(super) fn handle_rtcp(&mut self, mut bytes: Vec<u8>) -> Vec<u32> {
        let opened =
            self.srtp.as_mut().is_some_and(|srtp| srtp.1.unprotect_rtcp(&mut bytes).is_ok());
        let Some(compound) = Compound::parse(&bytes).ok().filter(|_| opened) else {
            return Vec::new();
        };
        let asked = compound.packets().filter_map(|packet| match packet {
            Packet::PictureLossIndication(asked) => Some(asked.media_ssrc),
            _ => None,
        });
        asked.collect()
    }

    /// What a source of the member's carries; nothing for retransmissions.
    fn source(&self, ssrc: u32) -> Option<(Medium, u8)> {
        let layers = self.offer.uplinks().iter().flat_map(|uplink| {
            let medium = medium(uplink.kind);
            (0..).zip(&uplink.layers).map(move |(at, layer)| (medium, at, layer.ssrc))
        });
        let found = layers.filter(|(.., own)| *own == Some(ssrc));
        found.map(|(medium, layer, _)| (medium, layer)).next()
    }

    // What goes.

    /// The member's own sources of video, from the smallest layer up.
    pub(super) fn cameras(&self) -> Vec<u32> {
        let video = self.offer.uplinks().iter().filter(|uplink| uplink.kind == MediaKind::Video);
        video.flat_map(|uplink| &uplink.layers).filter_map(|layer| layer.ssrc).collect()
    }

    /// Puts a packet into the slot for this medium of `of`, if there is one.
    pub(super) fn send(&mut self, of: ParticipantId, medium: Medium, piece: &Piece) {
        let fits = |outlet: &&mut Outlet| outlet.of == Some(of) && outlet.medium == medium;
        let outlet = self.outlets.iter_mut().find(fits);
        let Some(mut packet) = outlet.and_then(|outlet| outlet.packet(piece)) else { return };
        let Some((sender, _)) = &mut self.srtp else { return };
        if sender.protect_rtp(&mut packet).is_ok() {
            self.transmit(packet);
        }
    }

    /// Says something in RTCP.
    pub(super) fn report(&mut self, write: impl FnOnce(u32, &mut CompoundWriter<'_>)) {
        let mut compound = Vec::new();
        write(REPORTER, &mut CompoundWriter::new(&mut compound));
        let Some((sender, _)) = &mut self.srtp else { return };
        if !compound.is_empty() && sender.protect_rtcp(&mut compound).is_ok() {
            self.transmit(compound);
        }
    }

    fn transmit(&mut self, payload: Vec<u8>) {
        if let Some(Path { local, remote, .. }) = self.path {
            self.transmits.push_back(Transmit { local, remote, payload });
        }
    }

    pub(super) fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    pub(super) fn has_transmits(&self) -> bool {
        !self.transmits.is_empty()
    }

    // Time.

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.dtls_due.into_iter().chain(self.feedback.next_due()).min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.dtls_due.is_some_and(|at| at <= now) {
            self.dtls.handle_timeout(now);
            self.drain();
        }
        let mut feedback = core::mem::take(&mut self.feedback);
        while feedback.next_due().is_some_and(|at| at <= now) {
            self.report(|reporter, writer| {
                feedback.write(now, reporter, reporter, writer);
            });
        }
        self.feedback = feedback;
    }

    fn drain(&mut self) {
        loop {
            match self.dtls.poll_output() {
                Output::Transmit(transmit) => self.transmits.push_back(transmit),
                Output::Event(Event::Established { proof, .. }) => {
                    let keys = self.dtls.export_srtp_keys(&proof).ok();
                    self.srtp = keys.and_then(|keys| {
                        let profile = SrtpProfile::from_id(keys.profile().id())?;
                        let key = |secret: &SrtpMasterSecret| {
                            SrtpMasterKey::new(profile, secret.key(), secret.salt()).ok()
                        };
                        let sender = SrtpSender::new(key(keys.local())?).ok()?;
                        Some((sender, SrtpReceiver::new(key(keys.remote())?).ok()?))
                    });
                }
                Output::Event(_) => {}
                Output::Timeout(at) => break self.dtls_due = at,
            }
        }
    }
}

fn medium(kind: MediaKind) -> Medium {
    match kind {
        MediaKind::Video => Medium::Video,
        _ => Medium::Audio,
    }
}
