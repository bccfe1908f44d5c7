//! A room of two whose keys are known, without a handshake.

use core::net::SocketAddr;
use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_dtls_fingerprint::{Certificate, Fingerprint, Path, RemoteFingerprints};
use zentalk_primitives::{Instant, ParticipantId, RoomId, UnixTime};
use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpReceiver, SrtpSender};
use zeroize::Zeroizing;

use crate::member::Keys;
use crate::{
    Encoding, ExtensionIds, Label, Medium, ParticipantKey, ParticipantOffer, PayloadTypes, Sfu,
    SfuConfig, SlotOffer, Uplink, Wish,
};

pub(super) const LOCAL: SocketAddr =
    SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 1)), 7_000);

/// The sources of the first participant: audio, its video layers, their retransmissions; the second's are one higher.
pub(super) const SOURCES: [u32; 7] = [100, 200, 300, 400, 250, 350, 450];

/// An SFU with a room of two.
pub(super) struct Call {
    pub(super) now: Instant,
    pub(super) sfu: Sfu,
    pub(super) keys: [ParticipantKey; 2],
    /// Where the two send from, and under which keys.
    pub(super) addresses: [SocketAddr; 2],
    pub(super) senders: [SrtpSender; 2],
    pub(super) receivers: [SrtpReceiver; 2],
    /// The sources of each one's slots.
    pub(super) slots: [[u32; 2]; 2],
    pub(super) rng: ChaCha20Rng,
}

impl Call {
    /// Both are there and have proven where they are; `established`, they have keys and receive each other, too.
    pub(super) fn new(established: bool) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let now = Instant::from_millis(1_000);
        let wall = UnixTime::from_millis(1_760_000_000_000);
        let certificate = Certificate::generate(&mut rng, wall).expect("a certificate");
        let config = SfuConfig { max_rooms: 2, ..SfuConfig::default() };
        let mut sfu = Sfu::new(config, certificate, &mut rng).expect("a good configuration");
        let joined = [0, 1].map(|who| join(&mut sfu, now, who, &mut rng));
        let addresses = [0, 1].map(|who| SocketAddr::from(([198, 51, 100, who], 5_000)));
        let mut call = Self {
            now,
            sfu,
            keys: joined.map(|(key, _)| key),
            addresses,
            senders: [0, 1].map(|who| SrtpSender::new(key(who)).expect("a sender")),
            receivers: [2, 3].map(|who| SrtpReceiver::new(key(who)).expect("a receiver")),
            slots: joined.map(|(_, slots)| slots),
            rng,
        };
        for who in 0..2 {
            call.connect(who, established);
        }
        call
    }

    /// Takes out what the SFU has to send and to say; the datagrams.
    pub(super) fn drain(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut sent = Vec::new();
        while let Some(burst) = self.sfu.poll_burst() {
            assert!(burst.segment_size > 0 && burst.bytes.len() <= crate::limits::MAX_BURST);
            sent.extend(burst.datagrams().map(|datagram| (burst.to, datagram.to_vec())));
        }
        while self.sfu.poll_event().is_some() {}
        sent
    }

    /// Lets time pass, and serves what is due in it.
    pub(super) fn wait(&mut self, time: Duration) -> Vec<(SocketAddr, Vec<u8>)> {
        let end = self.now + time;
        let mut sent = self.drain();
        while let Some(due) = self.sfu.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.sfu.handle_timeout(self.now);
            assert!(
                self.sfu.next_timeout().is_none_or(|next| next > self.now),
                "time stands still"
            );
            sent.extend(self.drain());
        }
        self.now = end;
        sent
    }

    fn connect(&mut self, who: usize, established: bool) {
        let path = Path::new(LOCAL, self.addresses[who]);
        let check = self.sfu.check_for_fuzzing(self.keys[who]);
        self.sfu.handle_datagram(self.now, path.local, path.remote, &mut check.clone());
        assert!(!self.sfu.knows(path.remote), "a claim");
        self.sfu.prove_for_fuzzing(self.now, self.keys[who], path);
        assert!(self.sfu.knows(path.remote));
        if !established {
            return;
        }
        let who = who as u8;
        let keys = Keys {
            sender: SrtpSender::new(key(who + 2)).expect("a sender"),
            receiver: SrtpReceiver::new(key(who)).expect("a receiver"),
        };
        self.sfu.establish_for_fuzzing(self.now, self.keys[usize::from(who)], path, keys);
        let other = ParticipantId::from_bytes([1 - who; 16]);
        let wish = |mid, medium| Wish { mid: label(mid), participant: other, medium, max_layer: 2 };
        let wishes = [wish("2", Medium::Audio), wish("3", Medium::Video)];
        self.sfu.subscribe(self.now, self.keys[usize::from(who)], &wishes).expect("a participant");
    }
}

fn join(sfu: &mut Sfu, now: Instant, who: u8, rng: &mut ChaCha20Rng) -> (ParticipantKey, [u32; 2]) {
    let (room, id) = (RoomId::from_bytes([9; 16]), ParticipantId::from_bytes([who; 16]));
    let answer = sfu.join(now, room, id, &offer(who), rng).expect("room for two");
    (answer.key, [answer.slots[0].ssrc, answer.slots[1].ssrc])
}

pub(super) fn offer(who: u8) -> ParticipantOffer {
    let ssrc = |at: usize| Some(SOURCES[at] + u32::from(who));
    let audio = Encoding { ssrc: ssrc(0), ..Encoding::default() };
    let layer = |at| Encoding {
        rid: Label::new(["l", "m", "h"][at]),
        // The largest is learned by its rid.
        ssrc: ssrc(at + 1).filter(|_| at < 2),
        rtx_ssrc: ssrc(at + 4).filter(|_| at < 2),
    };
    ParticipantOffer {
        ufrag: "them".into(),
        password: Zeroizing::new("0123456789abcdefghijkl".into()),
        fingerprints: RemoteFingerprints::one(Fingerprint::from_bytes([who; 32])),
        uplinks: vec![
            Uplink { mid: label("0"), medium: Medium::Audio, encodings: vec![audio] },
            Uplink {
                mid: label("1"),
                medium: Medium::Video,
                encodings: [0, 1, 2].map(layer).into(),
            },
        ],
        slots: vec![
            SlotOffer { mid: label("2"), medium: Medium::Audio },
            SlotOffer { mid: label("3"), medium: Medium::Video },
        ],
        extensions: ExtensionIds {
            mid: Some(1),
            transport_cc: Some(2),
            rid: Some(3),
            repaired_rid: Some(4),
        },
        payload_types: PayloadTypes { audio: 111, video: 96, video_rtx: Some(97) },
    }
}

fn label(text: &str) -> Label {
    Label::new(text).expect("a label")
}

fn key(number: u8) -> SrtpMasterKey {
    SrtpMasterKey::new(SrtpProfile::AeadAes128Gcm, &[number; 16], &[number; 12]).expect("a key")
}
