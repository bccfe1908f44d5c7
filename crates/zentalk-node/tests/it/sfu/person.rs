//! A participant, built from the layers that real ones are built from, over real sockets.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant as StdInstant, SystemTime};

use futures_util::{SinkExt, StreamExt};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use stun_types::attribute::{AttributeType, RawAttribute, Username, XorMappedAddress};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, Message as Stun, MessageClass, MessageType, MessageWrite,
    MessageWriteExt, MessageWriteVec, ShortTermCredentials,
};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use zentalk_dtls_fingerprint::{
    Certificate, DtlsConfig, DtlsEndpoint, DtlsRole, Event, Input, Output, Path,
    RemoteFingerprints, SrtpKeyingMaterial, SrtpMasterSecret, SrtpProfile as DtlsProfile,
};
use zentalk_primitives::{Instant, ParticipantId, RoomId, Secret, UnixTime};
use zentalk_session_description::{
    Fingerprint, IceParameters, LocalSession, MediaKind, SfuAgreed, SfuAnswer, SfuLocal, SfuOffer,
    SfuSlot, Source,
};
use zentalk_sfu_control::{
    ClientFrame, Medium, ParticipantSecret, ServerFrame, Token, TokenClaims, TokenSigner, Wish,
};
use zentalk_srtp_media::rtp::{RtpHeader, RtpPacket, is_rtcp};
use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender};

/// Generous: it only ends tests that would hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How long to wait for what must not come.
pub(crate) const SILENCE: Duration = Duration::from_millis(300);

const UFRAG: &str = "mine";
const PASSWORD: &str = "0123456789abcdefghijkl";
const AUDIO_SSRC: u32 = 77;

/// The relay's key in these tests.
pub(crate) fn signer(number: u8) -> TokenSigner {
    TokenSigner::from_seed(Secret::new([number; 32])).unwrap()
}

pub(crate) fn room(number: u8) -> RoomId {
    RoomId::from_bytes([number; 16])
}

pub(crate) fn participant(number: u8) -> ParticipantId {
    secret(number).participant()
}

pub(crate) fn secret(number: u8) -> ParticipantSecret {
    ParticipantSecret::new(Secret::new([number; 32]))
}

/// The secret of one of the participants of these tests.
fn secret_of(id: ParticipantId) -> ParticipantSecret {
    (0..=u8::MAX).map(secret).find(|secret| secret.participant() == id).unwrap()
}

pub(crate) fn unix_now() -> UnixTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    UnixTime::from_millis(since.as_millis() as u64)
}

/// A token of the test's relay for a few minutes.
pub(crate) fn token(room: RoomId, participant: ParticipantId) -> Token {
    let expires = unix_now() + Duration::from_secs(300);
    signer(1).sign(&TokenClaims { room, participant, expires }).unwrap()
}

pub(crate) struct Person {
    pub(crate) control: Control,
    pub(crate) agreed: SfuAgreed,
    pub(crate) present: Vec<ParticipantId>,
    answer: SfuAnswer,
    certificate: Certificate,
    socket: UdpSocket,
    media: Option<Box<Media>>,
    started: StdInstant,
}

struct Media {
    sender: SrtpSender,
    receiver: SrtpReceiver,
    next: u16,
}

/// What came in a slot.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) mid: String,
    pub(crate) sequence: u16,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn offer(certificate: &Certificate) -> SfuOffer {
    let ice = IceParameters::new(UFRAG, PASSWORD).unwrap();
    let fingerprint = Fingerprint::parse(&certificate.fingerprint().to_string()).unwrap();
    let layers = [10, 20, 30].map(|ssrc| Source::new(ssrc, "me").with_rtx(ssrc + 1));
    let local = SfuLocal::new(Source::new(AUDIO_SSRC, "me"), 5).with_video(layers);
    SfuOffer::new(LocalSession::new(1, ice, fingerprint), &local).unwrap()
}

impl Person {
    /// Joins, but sends no media yet.
    pub(crate) async fn join(url: &str, room: RoomId, id: ParticipantId) -> Self {
        Self::join_over(Control::connect(url).await, room, id).await
    }

    /// As [`Person::join`], over a connection that stands.
    pub(crate) async fn join_over(mut control: Control, room: RoomId, id: ParticipantId) -> Self {
        let certificate = Certificate::generate(&mut UnwrapErr(SysRng), unix_now()).unwrap();
        let offer = offer(&certificate);
        let (token, secret) = (token(room, id), secret_of(id));
        control.send(ClientFrame::Join { token, secret, offer: offer.to_sdp() }).await;
        let Some(ServerFrame::Joined { answer, participants }) = control.receive().await else {
            panic!("not let in");
        };
        let answer = SfuAnswer::parse(&answer).unwrap();
        let agreed = answer.agreed(&offer).unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(candidate(&answer)).await.unwrap();
        let (media, started) = (None, StdInstant::now());
        Self { control, agreed, present: participants, answer, certificate, socket, media, started }
    }

    /// Joins, and makes the path for media.
    pub(crate) async fn enter(url: &str, room: RoomId, id: ParticipantId) -> Self {
        let mut person = Box::pin(Self::join(url, room, id)).await;
        person.connect().await;
        person
    }

    /// Leaves without a word, and enters another room over the same socket.
    pub(crate) async fn move_to(self, url: &str, room: RoomId, id: ParticipantId) -> Self {
        let mut moved = Box::pin(Self::join(url, room, id)).await;
        moved.socket = self.socket;
        moved.connect().await;
        moved
    }

    /// Makes the path for media.
    pub(crate) async fn connect(&mut self) {
        Box::pin(self.check()).await;
        Box::pin(self.shake_hands()).await;
    }

    /// A connectivity check that nominates (RFC 8445 §7.1.1), until it is answered; and the answer to the server's own.
    pub(crate) async fn check(&self) {
        let mut buffer = vec![0; 2_048];
        for attempt in 0.. {
            assert!(attempt < 100, "no check is answered");
            self.socket.send(&self.binding()).await.unwrap();
            let patience = Duration::from_millis(200);
            while let Ok(Ok(length)) = timeout(patience, self.socket.recv(&mut buffer)).await {
                match Stun::from_bytes(&buffer[..length]) {
                    Ok(message) if message.has_class(MessageClass::Success) => return,
                    Ok(message) if message.has_class(MessageClass::Request) => {
                        self.socket.send(&self.response(&message)).await.unwrap();
                    }
                    _ => {}
                }
            }
        }
    }

    /// That this is where it receives.
    fn response(&self, question: &Stun<'_>) -> Vec<u8> {
        let key = ShortTermCredentials::new(PASSWORD.to_owned()).into();
        question.validate_integrity(&key).unwrap();
        let mut message = Stun::builder_success(question, MessageWriteVec::new());
        let address = candidate(&self.answer);
        let mapped = XorMappedAddress::new(address, question.transaction_id());
        message.add_attribute(&mapped).unwrap();
        message.add_message_integrity(&key, IntegrityAlgorithm::Sha1).unwrap();
        message.add_fingerprint().unwrap();
        message.finish()
    }

    /// A check as this participant makes it.
    pub(crate) fn binding(&self) -> Vec<u8> {
        let ice = self.answer.description().ice();
        let kind = MessageType::from_class_method(MessageClass::Request, BINDING);
        let transaction = u128::from(getrandom::u64().unwrap()).into();
        let mut message = Stun::builder(kind, transaction, MessageWriteVec::new());
        let name = format!("{}:{UFRAG}", ice.ufrag());
        message.add_attribute(&Username::new(&name).unwrap()).unwrap();
        for (number, value) in
            [(0x0024, &[0x6e, 0, 1, 0xff][..]), (0x802a, &[9; 8][..]), (0x0025, &[][..])]
        {
            let attribute = RawAttribute::new(AttributeType::new(number), value);
            message.add_attribute(&attribute).unwrap();
        }
        let key = ShortTermCredentials::new(ice.password().to_owned());
        message.add_message_integrity(&key.into(), IntegrityAlgorithm::Sha1).unwrap();
        message.add_fingerprint().unwrap();
        message.finish()
    }

    /// DTLS as the client, then SRTP (RFC 5764).
    pub(crate) async fn shake_hands(&mut self) {
        let path = Path::new(self.socket.local_addr().unwrap(), candidate(&self.answer));
        let fingerprints = self.answer.description().dtls().fingerprints();
        let announced = RemoteFingerprints::parse(fingerprints.iter().map(Fingerprint::as_str));
        let own = self.certificate.duplicate();
        let config = DtlsConfig::new(own, DtlsRole::Client, announced.unwrap());
        let mut dtls = DtlsEndpoint::new(config, self.now()).unwrap();
        dtls.validate_path(path).unwrap();
        dtls.set_active_path(path).unwrap();
        let mut buffer = vec![0; 2_048];
        let deadline = StdInstant::now() + PATIENCE;
        let keys = loop {
            assert!(StdInstant::now() < deadline, "no handshake");
            if let Some(keys) = self.drain(&mut dtls).await {
                break keys;
            }
            let received = timeout(Duration::from_millis(20), self.socket.recv(&mut buffer)).await;
            match received {
                Ok(Ok(length)) if (20..64).contains(&buffer[0]) => {
                    let (local, remote) = (path.local, path.remote);
                    let input = Input::Datagram { local, remote, payload: &buffer[..length] };
                    dtls.handle_input(self.now(), input).unwrap();
                }
                _ => dtls.handle_timeout(self.now()),
            }
        };
        self.media = Some(Box::new(Media::new(&keys)));
    }

    async fn drain(&self, dtls: &mut DtlsEndpoint) -> Option<SrtpKeyingMaterial> {
        let mut keys = None;
        loop {
            match dtls.poll_output() {
                Output::Transmit(datagram) => {
                    self.socket.send(&datagram.payload).await.unwrap();
                }
                Output::Event(Event::Established { proof, .. }) => {
                    keys = Some(dtls.export_srtp_keys(&proof).unwrap());
                }
                Output::Event(event) => panic!("{event:?}"),
                Output::Timeout(_) => return keys,
            }
        }
    }

    fn now(&self) -> Instant {
        Instant::ZERO + self.started.elapsed()
    }

    /// Wants everything of these people, each in slots of their own.
    pub(crate) async fn subscribe(&mut self, people: &[ParticipantId]) {
        let slots = |kind| self.agreed.slots.iter().filter(move |slot| slot.kind == kind);
        let wish = |(slot, id): (&SfuSlot, &ParticipantId)| Wish {
            mid: slot.mid.clone(),
            participant: *id,
            medium: if slot.kind == MediaKind::Audio { Medium::Audio } else { Medium::Video },
            max_layer: if slot.kind == MediaKind::Audio { 0 } else { 2 },
        };
        let audio = slots(MediaKind::Audio).zip(people).map(wish);
        let wishes = audio.chain(slots(MediaKind::Video).zip(people).map(wish)).collect();
        self.control.send(ClientFrame::Subscribe(wishes)).await;
    }

    /// The next packet of this person's voice.
    pub(crate) fn voice(&mut self, payload: &[u8]) -> Vec<u8> {
        let media = self.media.as_mut().unwrap();
        let mut packet = Vec::with_capacity(256);
        let time = u32::from(media.next) * 960;
        let uplink = &self.agreed.uplinks[0];
        let mid = self.agreed.extensions.mid.unwrap();
        RtpHeader::new(uplink.payload_type, media.next, time, AUDIO_SSRC)
            .write(&[], &[(mid, uplink.mid.as_bytes())], &mut packet)
            .unwrap();
        media.next = media.next.wrapping_add(1);
        packet.extend_from_slice(payload);
        media.sender.protect_rtp(&mut packet).unwrap();
        packet
    }

    pub(crate) async fn say(&mut self, payload: &[u8]) {
        let packet = self.voice(payload);
        self.send_raw(&packet).await;
    }

    pub(crate) async fn send_raw(&self, packet: &[u8]) {
        self.socket.send(packet).await.unwrap();
    }

    /// The next thing heard within `patience`; feedback and checks are passed over.
    pub(crate) async fn hear(&mut self, patience: Duration) -> Option<Heard> {
        timeout(patience, async {
            let mut buffer = vec![0; 2_048];
            loop {
                let length = self.socket.recv(&mut buffer).await.unwrap();
                if let Some(heard) = self.open(&buffer[..length]) {
                    return heard;
                }
            }
        })
        .await
        .ok()
    }

    fn open(&mut self, datagram: &[u8]) -> Option<Heard> {
        if !(128..192).contains(datagram.first()?) || is_rtcp(datagram) {
            return None;
        }
        let mut packet = datagram.to_vec();
        self.media.as_mut()?.receiver.unprotect_rtp(&mut packet).ok()?;
        let packet = RtpPacket::parse(&packet).unwrap();
        let slot = self.agreed.slots.iter().find(|slot| slot.ssrc == Some(packet.ssrc()))?;
        Some(Heard {
            mid: slot.mid.clone(),
            sequence: packet.sequence_number(),
            payload: packet.payload().to_vec(),
        })
    }
}

impl Media {
    fn new(keys: &SrtpKeyingMaterial) -> Self {
        let profile = match keys.profile() {
            DtlsProfile::Aes128CmHmacSha1_80 => SrtpProfile::Aes128CmHmacSha1_80,
            DtlsProfile::AeadAes128Gcm => SrtpProfile::AeadAes128Gcm,
            DtlsProfile::AeadAes256Gcm => SrtpProfile::AeadAes256Gcm,
            other => panic!("{other:?}"),
        };
        let key = |secret: &SrtpMasterSecret| {
            SrtpMasterKey::new(profile, secret.key(), secret.salt()).unwrap()
        };
        Self {
            sender: SrtpSender::new(key(keys.local())).unwrap(),
            receiver: SrtpReceiver::new(key(keys.remote())).unwrap(),
            next: 100,
        }
    }
}

/// Where the answer says that media goes (RFC 8839 §5.1).
fn candidate(answer: &SfuAnswer) -> SocketAddr {
    let line = answer.description().candidates().next().expect("a candidate").to_owned();
    let parts: Vec<_> = line.split(' ').collect();
    SocketAddr::new(parts[4].parse().unwrap(), parts[5].parse().unwrap())
}

/// A control connection.
pub(crate) struct Control {
    pub(crate) socket: Box<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    waiting: VecDeque<ServerFrame>,
}

impl Control {
    pub(crate) async fn connect(url: &str) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Self::over(socket)
    }

    /// A connection that stands.
    pub(crate) fn over(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self { socket: Box::new(socket), waiting: VecDeque::new() }
    }

    pub(crate) async fn send(&mut self, frame: ClientFrame) {
        self.send_bytes(frame.encode().unwrap().to_vec()).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next frame; none if the server closed the connection.
    pub(crate) async fn receive(&mut self) -> Option<ServerFrame> {
        if let Some(frame) = self.waiting.pop_front() {
            return Some(frame);
        }
        let frame = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Binary(bytes))) => {
                        return Some(ServerFrame::decode(&bytes).unwrap());
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        };
        timeout(PATIENCE, frame).await.expect("the server says nothing")
    }

    /// The next frame that `wanted` takes; others are passed over.
    pub(crate) async fn until<T>(&mut self, wanted: impl Fn(&ServerFrame) -> Option<T>) -> T {
        loop {
            let frame = self.receive().await.expect("the server closed the connection");
            if let Some(found) = wanted(&frame) {
                return found;
            }
        }
    }
}
