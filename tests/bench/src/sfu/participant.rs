use std::net::SocketAddr;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use stun_types::attribute::{AttributeType, RawAttribute, Username};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, Message, MessageWrite, MessageWriteExt, MessageWriteVec,
    ShortTermCredentials,
};
use zentalk_dtls_fingerprint::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, Event, Input, Output, Path,
    RemoteFingerprints, SrtpKeyingMaterial,
};
use zentalk_primitives::{Instant, ParticipantId, RoomId, UnixTime};
use zentalk_sfu::{
    Encoding, ExtensionIds, Label, Medium, ParticipantAnswer, ParticipantKey, ParticipantOffer,
    PayloadTypes, Sfu, SlotOffer, Uplink, Wish,
};
use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender};

use super::frame::{AUDIO_TYPE, Frame, Head, Source, TAG_LEN, VIDEO_TYPE};

/// Somebody in a room, joined with ICE, DTLS and SRTP as in a call.
pub(crate) struct Participant {
    pub(crate) id: ParticipantId,
    pub(crate) address: SocketAddr,
    pub(crate) key: ParticipantKey,
    pub(crate) receiver: SrtpReceiver,
    sender: SrtpSender,
    number: u32,
    sequences: [u16; 4],
    timestamps: [u32; 4],
}

const RTX_TYPE: u8 = 97;

/// Where a participant joins.
pub(crate) struct Place<'a> {
    pub(crate) sfu: &'a mut Sfu,
    pub(crate) sfu_address: SocketAddr,
    pub(crate) room: RoomId,
    pub(crate) slots: usize,
}

impl Participant {
    /// Joins the room over datagrams that nobody else sees.
    pub(crate) fn join(place: Place<'_>, now: Instant, number: u32, address: SocketAddr) -> Self {
        let Place { sfu, sfu_address, room, slots } = place;
        let mut rng = ChaCha20Rng::seed_from_u64(number.into());
        let id = ParticipantId::random(&mut rng);
        let certificate = Certificate::generate(&mut rng, WALL).unwrap();
        let offer = offer(number, &certificate, slots);
        let answer = sfu.join(now, room, id, &offer, &mut rng).unwrap();
        sfu.handle_datagram(now, sfu_address, address, &mut check(&answer));
        answer_question(sfu, now, sfu_address, address);
        let keys = handshake(sfu, now, Path::new(address, sfu_address), certificate, &answer);
        let profile = SrtpProfile::from_id(keys.profile().id()).unwrap();
        let [local, remote] = [keys.local(), keys.remote()]
            .map(|secret| SrtpMasterKey::new(profile, secret.key(), secret.salt()).unwrap());
        Self {
            id,
            address,
            key: answer.key,
            receiver: SrtpReceiver::new(remote).unwrap(),
            sender: SrtpSender::new(local).unwrap(),
            number,
            sequences: [1; 4],
            timestamps: [0; 4],
        }
    }

    /// Wishes for everything of `others`, each picture up to the layer beside its participant.
    pub(crate) fn subscribe(&self, sfu: &mut Sfu, now: Instant, others: &[(ParticipantId, u8)]) {
        let wishes = others.iter().enumerate().flat_map(|(k, &(participant, max_layer))| {
            slot(k).map(|SlotOffer { mid, medium, .. }| Wish {
                mid,
                participant,
                medium,
                max_layer,
            })
        });
        sfu.subscribe(now, self.key, &wishes.collect::<Vec<_>>()).unwrap();
    }

    /// Sends a frame past the sockets, and what comes of it nowhere. Each tenth is a keyframe.
    pub(crate) fn show(
        &mut self,
        sfu: &mut Sfu,
        now: Instant,
        sfu_address: SocketAddr,
        frame: &Frame,
        number: u32,
    ) {
        let mut bytes = Vec::new();
        let len = self.write_frame(frame, number.is_multiple_of(10), &mut bytes);
        for datagram in bytes.chunks_mut(len) {
            sfu.handle_datagram(now, sfu_address, self.address, datagram);
        }
        if sfu.next_timeout().is_some_and(|due| due <= now) {
            sfu.handle_timeout(now);
        }
        while sfu.poll_burst().is_some() {}
        while sfu.poll_event().is_some() {}
    }

    /// Appends the protected packets of a frame, all of one length, and returns that.
    pub(crate) fn write_frame(
        &mut self,
        frame: &Frame,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> usize {
        let Source(at) = frame.source;
        self.timestamps[at] = self.timestamps[at].wrapping_add(frame.source.clock());
        let mut len = 0;
        for packet in 0..frame.packets {
            let start = out.len();
            let head = Head {
                ssrc: ssrc(self.number, frame.source),
                sequence: self.sequences[at],
                timestamp: self.timestamps[at],
                packet,
                keyframe,
            };
            frame.write_packet(&head, out);
            self.sequences[at] = self.sequences[at].wrapping_add(1);
            let plain = out.len() - start;
            out.resize(out.len() + TAG_LEN, 0);
            len = self.sender.protect_rtp_in(&mut out[start..], plain).unwrap();
        }
        len
    }
}

/// The offer of a participant with three layers.
fn offer(number: u32, certificate: &Certificate, slots: usize) -> ParticipantOffer {
    let encoding = |layer: usize, rid: &str| Encoding {
        rid: Label::new(rid),
        ssrc: Some(ssrc(number, Source::video(layer))),
        rtx_ssrc: Some(ssrc(number, Source::video(layer)) + 8),
    };
    let audio = Encoding { rid: None, ssrc: Some(ssrc(number, Source::AUDIO)), rtx_ssrc: None };
    let video = vec![encoding(0, "l"), encoding(1, "m"), encoding(2, "h")];
    let label = |text| Label::new(text).unwrap();
    let fingerprint = certificate.fingerprint().to_string();
    ParticipantOffer {
        ufrag: CLIENT_UFRAG.to_owned(),
        password: CLIENT_PASSWORD.to_owned().into(),
        fingerprints: RemoteFingerprints::parse([fingerprint.as_str()]).unwrap(),
        uplinks: vec![
            Uplink { mid: label("0"), medium: Medium::Audio, encodings: vec![audio] },
            Uplink { mid: label("1"), medium: Medium::Video, encodings: video },
        ],
        slots: (0..slots).flat_map(slot).collect(),
        // No transport-wide numbers: bandwidth estimation is no part of this.
        extensions: ExtensionIds::default(),
        payload_types: PayloadTypes {
            audio: AUDIO_TYPE,
            video: VIDEO_TYPE,
            video_rtx: Some(RTX_TYPE),
        },
    }
}

fn slot(k: usize) -> [SlotOffer; 2] {
    let label = |number: usize| Label::new(&number.to_string()).unwrap();
    [
        SlotOffer { mid: label(2 + 2 * k), medium: Medium::Audio },
        SlotOffer { mid: label(3 + 2 * k), medium: Medium::Video },
    ]
}

/// A connectivity check that nominates.
fn check(answer: &ParticipantAnswer) -> Vec<u8> {
    let mut message = Message::builder_request(BINDING, MessageWriteVec::with_capacity(200));
    let username = Username::new(&format!("{}:{CLIENT_UFRAG}", answer.ufrag)).unwrap();
    message.add_attribute(&username).unwrap();
    let raw: [(u16, &[u8]); 3] =
        [(0x0024, &[0x7e, 0, 0, 1]), (0x802a, &[1, 2, 3, 4, 5, 6, 7, 8]), (0x0025, &[])];
    for (kind, value) in raw {
        message.add_attribute(&RawAttribute::new(AttributeType::new(kind), value)).unwrap();
    }
    let credentials = ShortTermCredentials::new(answer.password.to_string());
    message.add_message_integrity(&credentials.into(), IntegrityAlgorithm::Sha1).unwrap();
    message.add_fingerprint().unwrap();
    message.finish()
}

/// Says that the participant receives where its check came from.
fn answer_question(sfu: &mut Sfu, now: Instant, sfu_address: SocketAddr, address: SocketAddr) {
    let question = sfu.poll_burst().expect("a question").bytes.to_vec();
    let question = Message::from_bytes(&question).unwrap();
    let mut response = Message::builder_success(&question, MessageWriteVec::with_capacity(128));
    let key = ShortTermCredentials::new(CLIENT_PASSWORD.to_owned()).into();
    response.add_message_integrity(&key, IntegrityAlgorithm::Sha1).unwrap();
    response.add_fingerprint().unwrap();
    sfu.handle_datagram(now, sfu_address, address, &mut response.finish());
}

fn handshake(
    sfu: &mut Sfu,
    now: Instant,
    path: Path,
    certificate: Certificate,
    answer: &ParticipantAnswer,
) -> SrtpKeyingMaterial {
    let fingerprint = answer.fingerprint.to_string();
    let fingerprints = RemoteFingerprints::parse([fingerprint.as_str()]).unwrap();
    let config = DtlsConfig::new(certificate, DtlsRole::Client, fingerprints);
    let mut dtls = DtlsEndpoint::new(config, now).unwrap();
    dtls.validate_path(path).unwrap();
    dtls.set_active_path(path).unwrap();
    let mut keys = None;
    for _ in 0..MAX_FLIGHTS {
        loop {
            match dtls.poll_output() {
                Output::Transmit(mut transmit) => {
                    sfu.handle_datagram(now, path.remote, path.local, &mut transmit.payload);
                }
                Output::Event(Event::Established { proof, .. }) => {
                    keys = Some(dtls.export_srtp_keys(&proof).unwrap());
                }
                Output::Event(event) => panic!("{event:?}"),
                Output::Timeout(_) => break,
            }
        }
        while let Some(burst) = sfu.poll_burst() {
            // The answer to the check and reports go by: to DTLS they are nothing.
            for payload in burst.datagrams().filter(|bytes| (20..64).contains(&bytes[0])) {
                let Path { local, remote, .. } = path;
                dtls.handle_input(now, Input::Datagram { local, remote, payload }).unwrap();
            }
        }
        while sfu.poll_event().is_some() {}
    }
    keys.expect("the handshake ends")
}

/// Names a source of a participant.
fn ssrc(number: u32, Source(source): Source) -> u32 {
    number * 16 + source as u32
}

const CLIENT_UFRAG: &str = "load";
const CLIENT_PASSWORD: &str = "load's password of 24 b.";

/// More than a handshake takes.
const MAX_FLIGHTS: usize = 6;

const WALL: UnixTime = UnixTime::from_millis(1_760_000_000_000);
