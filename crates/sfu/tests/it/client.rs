//! A participant, built from the layers.

use std::net::SocketAddr;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_dtls_fingerprint::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, Event as DtlsEvent, Input as DtlsInput,
    Output as DtlsOutput, Path, RemoteFingerprints,
};
use zentalk_ice_nat::{Config, Credentials, Event, IceAgent, Input, LocalSocket, Output, Role};
use zentalk_primitives::{Instant, ParticipantId, UnixTime};
use zentalk_rtp_session::bandwidth::FeedbackGenerator;
use zentalk_sfu::{
    Encoding, ExtensionIds, Label, Medium, ParticipantAnswer, ParticipantOffer, PayloadTypes,
    SlotOffer, Uplink, Wish,
};
use zentalk_srtp_media::rtcp::{Compound, CompoundWriter};
use zentalk_srtp_media::rtp::{PacketKind, RtpHeader, RtpPacket};
use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender};
use zeroize::Zeroizing;

pub(crate) const AUDIO: u8 = 111;
pub(crate) const VIDEO: u8 = 96;
pub(crate) const VIDEO_RTX: u8 = 97;
pub(crate) const EXTENSIONS: ExtensionIds =
    ExtensionIds { mid: Some(1), transport_cc: Some(2), rid: Some(3), repaired_rid: Some(4) };

pub(crate) type Datagrams = Vec<(SocketAddr, Vec<u8>)>;

/// What a participant received, without protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) ssrc: u32,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) payload: Vec<u8>,
}

pub(crate) struct Client {
    pub(crate) id: ParticipantId,
    pub(crate) address: SocketAddr,
    pub(crate) certificate: Certificate,
    pub(crate) ice: IceAgent,
    pub(crate) dtls: Option<DtlsEndpoint>,
    pub(crate) answer: Option<ParticipantAnswer>,
    pub(crate) sender: Option<SrtpSender>,
    receiver: Option<SrtpReceiver>,
    pub(crate) sfu: SocketAddr,
    pub(crate) received: Vec<Received>,
    /// Plaintext RTCP compounds.
    pub(crate) reports: Vec<Vec<u8>>,
    pub(crate) closed: bool,
    pub(crate) due: [Option<Instant>; 3],
    /// The next number of each of its sources, and of all its packets.
    pub(crate) numbers: [u16; 5],
    pub(crate) transport_number: u16,
    /// What it tells about the packets that came; `None`: nothing.
    pub(crate) feedback: Option<FeedbackGenerator>,
    number: u32,
}

impl Client {
    pub(crate) fn new(now: Instant, number: u32, sfu: SocketAddr) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(number.into());
        let address = SocketAddr::from(([198, 51, 100, number as u8], 5_000));
        let mut ice = IceAgent::new(now, Role::Controlling, Config::new(), &mut rng);
        ice.add_local_socket(now, LocalSocket::new(address), &mut rng).unwrap();
        ice.open_direct(now, &mut rng);
        let certificate = Certificate::generate(&mut rng, UnixTime::from_millis(1_760_000_000_000));
        Self {
            id: ParticipantId::from_bytes([number as u8; 16]),
            address,
            certificate: certificate.unwrap(),
            ice,
            dtls: None,
            answer: None,
            sender: None,
            receiver: None,
            sfu,
            received: Vec::new(),
            reports: Vec::new(),
            closed: false,
            due: [Some(now), Some(now), None],
            numbers: [1_000; 5],
            transport_number: 0,
            feedback: None,
            number,
        }
    }

    /// The source of audio (0), of the video layers (1 to 3).
    pub(crate) fn ssrc(&self, source: usize) -> u32 {
        self.number * 1_000 + source as u32
    }

    pub(crate) fn rtx_ssrc(&self, source: usize) -> u32 {
        self.ssrc(source) + 100
    }

    pub(crate) fn offer(&self) -> ParticipantOffer {
        let certificate = self.certificate.fingerprint().to_string();
        let encoding = |source: usize, rid: &str| Encoding {
            rid: Label::new(rid),
            ssrc: Some(self.ssrc(source)),
            rtx_ssrc: Some(self.rtx_ssrc(source)),
        };
        let audio = Encoding { ssrc: Some(self.ssrc(0)), ..Encoding::default() };
        let video = [(1, "l"), (2, "m"), (3, "h")].map(|(source, rid)| encoding(source, rid));
        ParticipantOffer {
            ufrag: self.ice.local_credentials().ufrag().to_owned(),
            password: Zeroizing::new(self.ice.local_credentials().password().to_owned()),
            fingerprints: RemoteFingerprints::parse([certificate.as_str()]).unwrap(),
            uplinks: vec![
                Uplink { mid: label("0"), medium: Medium::Audio, encodings: vec![audio] },
                Uplink { mid: label("1"), medium: Medium::Video, encodings: video.to_vec() },
            ],
            slots: (0..5).flat_map(slots).collect(),
            extensions: EXTENSIONS,
            payload_types: PayloadTypes { audio: AUDIO, video: VIDEO, video_rtx: Some(VIDEO_RTX) },
        }
    }

    pub(crate) fn take_answer(&mut self, now: Instant, answer: ParticipantAnswer) {
        let credentials = Credentials::new(&answer.ufrag, &answer.password).unwrap();
        let input = |ice: &mut IceAgent, input| ice.handle_input(now, input).unwrap();
        input(&mut self.ice, Input::RemoteCredentials(credentials));
        let candidate =
            format!("1 1 udp 2130706431 {} {} typ host", self.sfu.ip(), self.sfu.port());
        input(&mut self.ice, Input::RemoteCandidateText(&candidate));
        input(&mut self.ice, Input::RemoteEndOfCandidates);
        let fingerprint = answer.fingerprint.to_string();
        let fingerprints = RemoteFingerprints::parse([fingerprint.as_str()]).unwrap();
        let config = DtlsConfig::new(self.certificate.duplicate(), DtlsRole::Client, fingerprints);
        self.dtls = Some(DtlsEndpoint::new(config, now).unwrap());
        self.answer = Some(answer);
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.sender.is_some()
    }

    /// The wish for everything of `others`, in as many slots.
    pub(crate) fn wishes(&self, others: &[ParticipantId], max_layer: u8) -> Vec<Wish> {
        let all = others.iter().enumerate().flat_map(|(k, participant)| {
            slots(k).map(|slot| Wish {
                mid: slot.mid,
                participant: *participant,
                medium: slot.medium,
                max_layer,
            })
        });
        all.collect()
    }

    /// The source that the SFU sends in slot `k` for this medium.
    pub(crate) fn slot_ssrc(&self, k: usize, medium: Medium) -> u32 {
        let mid = slots(k).into_iter().find(|slot| slot.medium == medium).unwrap().mid;
        let answer = self.answer.as_ref().unwrap();
        answer.slots.iter().find(|slot| slot.mid == mid).unwrap().ssrc
    }

    /// What came in slot `k`.
    pub(crate) fn got(&self, k: usize, medium: Medium) -> Vec<&Received> {
        let ssrc = self.slot_ssrc(k, medium);
        self.received.iter().filter(|received| received.ssrc == ssrc).collect()
    }

    /// A protected packet of one of its sources, with the next number.
    pub(crate) fn packet(&mut self, source: usize, payload: &[u8]) -> Vec<u8> {
        let number = self.numbers[source];
        self.numbers[source] += 1;
        let payload_type = if source == 0 { AUDIO } else { VIDEO };
        let timestamp = u32::from(number) * 960;
        let transport_number = self.transport_number.to_be_bytes();
        self.transport_number = self.transport_number.wrapping_add(1);
        let extensions = [(2, &transport_number[..])];
        let ssrc = self.ssrc(source);
        let plain = rtp(payload_type, number, timestamp, ssrc, &extensions, payload);
        self.protect(plain)
    }

    pub(crate) fn protect(&mut self, mut plain: Vec<u8>) -> Vec<u8> {
        self.sender.as_mut().expect("connected").protect_rtp(&mut plain).unwrap();
        plain
    }

    /// A protected compound.
    pub(crate) fn report(&mut self, write: impl FnOnce(&mut CompoundWriter<'_>)) -> Vec<u8> {
        let mut compound = Vec::new();
        write(&mut CompoundWriter::new(&mut compound));
        self.sender.as_mut().expect("connected").protect_rtcp(&mut compound).unwrap();
        compound
    }

    pub(crate) fn handle_datagram(&mut self, now: Instant, mut bytes: Vec<u8>) -> Datagrams {
        let (local, remote) = (self.address, self.sfu);
        let kind = PacketKind::of(&bytes);
        if self.receiver.is_none() && matches!(kind, PacketKind::Rtp | PacketKind::Rtcp) {
            return Datagrams::new(); // for one who was at this address before
        }
        match kind {
            PacketKind::Stun => {
                let input = Input::Datagram { local, remote, payload: &bytes };
                self.ice.handle_input(now, input).unwrap();
            }
            PacketKind::Dtls => {
                let input = DtlsInput::Datagram { local, remote, payload: &bytes };
                self.dtls.as_mut().unwrap().handle_input(now, input).unwrap();
            }
            PacketKind::Rtp => {
                self.receiver.as_mut().expect("keys").unprotect_rtp(&mut bytes).unwrap();
                let packet = RtpPacket::parse(&bytes).unwrap();
                if let (Some(feedback), Some(number)) = (&mut self.feedback, packet.extension(2)) {
                    let number = u16::from_be_bytes(number.try_into().unwrap());
                    feedback.received(now, number, bytes.len());
                    self.due[2] = feedback.next_due();
                }
                self.received.push(Received {
                    ssrc: packet.ssrc(),
                    payload_type: packet.payload_type(),
                    sequence: packet.sequence_number(),
                    timestamp: packet.timestamp(),
                    payload: packet.payload().to_vec(),
                });
            }
            PacketKind::Rtcp => {
                self.receiver.as_mut().expect("keys").unprotect_rtcp(&mut bytes).unwrap();
                Compound::parse(&bytes).unwrap();
                self.reports.push(bytes);
            }
            other => panic!("{other:?}"),
        }
        self.drain()
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Datagrams {
        if self.due[0].is_some_and(|due| due <= now) {
            self.ice.handle_timeout(now);
        }
        if let Some(dtls) = self.dtls.as_mut().filter(|_| self.due[1].is_some_and(|due| due <= now))
        {
            dtls.handle_timeout(now);
        }
        let mut sent = self.tell_arrivals(now);
        sent.extend(self.drain());
        sent
    }

    fn tell_arrivals(&mut self, now: Instant) -> Datagrams {
        let mut sent = Datagrams::new();
        let Some(mut feedback) = self.feedback.take() else { return sent };
        while feedback.next_due().is_some_and(|due| due <= now) {
            let report = self.report(|writer| {
                feedback.write(now, 1, 1, writer);
            });
            sent.push((self.address, report));
        }
        self.due[2] = feedback.next_due();
        self.feedback = Some(feedback);
        sent
    }

    pub(crate) fn drain(&mut self) -> Datagrams {
        let mut sent = Datagrams::new();
        loop {
            match self.ice.poll_output() {
                Output::Transmit(transmit) => sent.push((transmit.local, transmit.payload)),
                Output::Event(Event::NominatedPair(pair)) => {
                    let path = Path::new(pair.local(), pair.remote());
                    if let Some(dtls) = &mut self.dtls {
                        dtls.validate_path(path).unwrap();
                        dtls.set_active_path(path).unwrap();
                    }
                }
                Output::Event(_) => {}
                Output::Timeout(at) => break self.due[0] = at,
            }
        }
        let Some(dtls) = &mut self.dtls else { return sent };
        loop {
            match dtls.poll_output() {
                DtlsOutput::Transmit(transmit) => sent.push((transmit.local, transmit.payload)),
                DtlsOutput::Event(DtlsEvent::Established { proof, .. }) => {
                    let keys = dtls.export_srtp_keys(&proof).unwrap();
                    let profile = SrtpProfile::from_id(keys.profile().id()).unwrap();
                    let [local, remote] = [keys.local(), keys.remote()].map(|secret| {
                        SrtpMasterKey::new(profile, secret.key(), secret.salt()).unwrap()
                    });
                    self.sender = Some(SrtpSender::new(local).unwrap());
                    self.receiver = Some(SrtpReceiver::new(remote).unwrap());
                }
                DtlsOutput::Event(_) => self.closed = true,
                DtlsOutput::Timeout(at) => break self.due[1] = at,
            }
        }
        sent
    }
}

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

/// The sections of slot `k`, as every offer of ours has them.
pub(crate) fn slots(k: usize) -> [SlotOffer; 2] {
    [
        SlotOffer { mid: label(&(2 + 2 * k).to_string()), medium: Medium::Audio },
        SlotOffer { mid: label(&(3 + 2 * k).to_string()), medium: Medium::Video },
    ]
}

pub(crate) fn rtp(
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    extensions: &[(u8, &[u8])],
    payload: &[u8],
) -> Vec<u8> {
    let mut out = Vec::new();
    let header = RtpHeader::new(payload_type, sequence, timestamp, ssrc).marker(true);
    header.write(&[], extensions, &mut out).unwrap();
    out.extend_from_slice(payload);
    out
}

/// The payload of a whole frame of VP8 in one packet: descriptor, a byte in clear, ciphertext.
pub(crate) fn frame(is_key: bool, ciphertext: &[u8]) -> Vec<u8> {
    [&[0x10, u8::from(!is_key)], ciphertext].concat()
}
