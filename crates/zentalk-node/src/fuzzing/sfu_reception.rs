use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_dtls_fingerprint::Certificate;
use zentalk_primitives::{Instant, RoomId, Secret, UnixTime};
use zentalk_session_description::{
    Fingerprint, IceParameters, LocalSession, SfuLocal, SfuOffer, Source,
};
use zentalk_sfu::{Sfu, SfuConfig};
use zentalk_sfu_control::{
    ClientFrame, Medium, ParticipantSecret, ServerFrame, Token, TokenClaims, TokenSigner,
    TokenVerifier, Wish,
};

use crate::sfu::{Admission, Reception, ReceptionOutput};
use zeroize::Zeroizing;

/// Connections at a time.
const PLACES: u8 = 6;
const ROOMS: u8 = 3;
const PEOPLE: u8 = 5;
const MIDS: [&str; 6] = ["0", "1", "2", "3", "5", "x"];
const MAX_PARTICIPANTS: usize = 3;
const MAX_ROOMS: usize = 2;
/// The wall clock of the scene's beginning.
const EPOCH: UnixTime = UnixTime::from_millis(1_800_000_000_000);

/// Participants, strangers and broken connections at an SFU's control channel. Whatever they say: each answer is a frame, a
/// connection that was closed is not spoken to again, nobody is in a room without a good token, rooms and people stay within their
/// limits, and once all is left alone nothing is left.
pub fn engine_sfu_reception(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut scene = Scene::new();
    while !input.is_empty() && scene.step(&mut input).is_ok() {}
    scene.end();
}

struct Scene {
    sfu: Sfu,
    reception: Reception,
    admission: Admission,
    signer: TokenSigner,
    rng: ChaCha8Rng,
    now: Instant,
    /// The number of the connection at each place.
    places: BTreeMap<u8, u64>,
    next: u64,
    open: BTreeSet<u64>,
    good_tokens: u64,
}

impl Scene {
    fn new() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let signer = signer(1);
        let config = SfuConfig {
            max_participants: MAX_PARTICIPANTS,
            max_rooms: MAX_ROOMS,
            ..SfuConfig::default()
        };
        let verifier = TokenVerifier::new(vec![signer.public_key()]).unwrap();
        Self {
            sfu: Sfu::new(config, certificate().duplicate(), &mut rng).unwrap(),
            reception: Reception::new(vec![address(4_400)]),
            admission: Admission::new(verifier),
            signer,
            rng,
            now: Instant::ZERO,
            places: BTreeMap::new(),
            next: 0,
            open: BTreeSet::new(),
            good_tokens: 0,
        }
    }

    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        match input.arbitrary::<u8>()? % 8 {
            0 | 1 => {
                let frame = self.join(input)?;
                self.say(input, &frame)?;
            }
            2 => {
                let frame = ClientFrame::Subscribe(wishes(input)?).encode();
                self.say(input, &frame.unwrap_or_default())?;
            }
            3 => {
                let number = input.arbitrary::<u8>()?.into();
                let frame =
                    if number == 0 { ClientFrame::Leave } else { ClientFrame::Ping(number) };
                self.say(input, &frame.encode().unwrap())?;
            }
            4 => {
                let length = usize::from(input.arbitrary::<u8>()?).min(input.len());
                let bytes = input.bytes(length)?.to_vec();
                self.say(input, &bytes)?;
            }
            5 => {
                if let Some(connection) = self.places.remove(&(input.arbitrary::<u8>()? % PLACES)) {
                    self.open.remove(&connection);
                    self.reception.handle_closed(connection);
                }
            }
            6 => {
                self.now += Duration::from_millis(u64::from(input.arbitrary::<u8>()?) * 50);
                self.sfu.handle_timeout(self.now);
                self.reception.handle_events(&mut self.sfu);
            }
            _ => {
                let length = usize::from(input.arbitrary::<u8>()?).min(input.len());
                let mut bytes = input.bytes(length)?.to_vec();
                self.sfu.handle_datagram(self.now, address(4_400), address(9), &mut bytes);
                self.reception.handle_events(&mut self.sfu);
            }
        }
        self.drain();
        let stats = self.sfu.stats();
        assert!(stats.rooms <= MAX_ROOMS as u64);
        assert!(stats.participants <= (MAX_ROOMS * MAX_PARTICIPANTS) as u64);
        assert!(stats.participants <= self.good_tokens, "somebody is in without a token");
        Ok(())
    }

    /// A join that is good, expired, of another key, in another's name, or with a broken description.
    fn join(&mut self, input: &mut Unstructured<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let (room, person, how) =
            (input.arbitrary::<u8>()?, input.arbitrary::<u8>()?, input.arbitrary::<u8>()?);
        let shown = secret(if how % 8 == 6 { PEOPLE } else { person % PEOPLE });
        let claims = TokenClaims {
            room: RoomId::from_bytes([room % ROOMS; 16]),
            participant: secret(person % PEOPLE).participant(),
            expires: if how % 8 == 1 { EPOCH } else { EPOCH + Duration::from_secs(600) },
        };
        let offer = offer(how & 0x80 != 0).to_sdp();
        let offer = match how % 8 {
            2 => offer.replace("a=mid:2\r\n", "a=mid:0\r\n"),
            3 => offer.chars().take(usize::from(input.arbitrary::<u16>()?)).collect(),
            4 => offer.replace("a=setup:actpass", "a=setup:passive"),
            _ => offer,
        };
        let signer = if how % 8 == 5 { &signer(2) } else { &self.signer };
        self.good_tokens += u64::from(!matches!(how % 8, 1 | 5 | 6));
        let token: Token = signer.sign(&claims).unwrap();
        Ok(ClientFrame::Join { token, secret: shown, offer }.encode().unwrap_or_default())
    }

    fn say(&mut self, input: &mut Unstructured<'_>, frame: &[u8]) -> Result<()> {
        let place = input.arbitrary::<u8>()? % PLACES;
        let next = &mut self.next;
        let connection = *self.places.entry(place).or_insert_with(|| {
            *next += 1;
            *next
        });
        self.open.insert(connection);
        let unix_now = EPOCH + self.now.saturating_since(Instant::ZERO);
        let (sfu, rng) = (&mut self.sfu, &mut self.rng);
        self.reception.handle_frame(
            self.now,
            unix_now,
            connection,
            frame,
            &self.admission,
            sfu,
            rng,
        );
        Ok(())
    }

    fn drain(&mut self) {
        while self.sfu.poll_burst().is_some() {}
        self.reception.handle_events(&mut self.sfu);
        while let Some(output) = self.reception.poll_output() {
            match output {
                ReceptionOutput::Send { connection, frame } => {
                    assert!(self.open.contains(&connection), "a closed connection is spoken to");
                    ServerFrame::decode(&frame).expect("each answer is a frame");
                }
                ReceptionOutput::Close { connection } => {
                    assert!(self.open.remove(&connection), "a connection is closed twice");
                    self.places.retain(|_, at| *at != connection);
                }
            }
        }
    }

    /// Silence ends everything.
    fn end(mut self) {
        for _ in 0..100 {
            self.now += Duration::from_secs(1);
            self.sfu.handle_timeout(self.now);
            self.drain();
        }
        let stats = self.sfu.stats();
        assert_eq!((stats.rooms, stats.participants), (0, 0));
        assert!(self.sfu.is_empty());
    }
}

fn wishes(input: &mut Unstructured<'_>) -> Result<Vec<Wish>> {
    let count = input.arbitrary::<u8>()? % 8;
    (0..count)
        .map(|_| {
            let (mid, person, what) =
                (input.arbitrary::<u8>()?, input.arbitrary::<u8>()?, input.arbitrary::<u8>()?);
            Ok(Wish {
                mid: MIDS[usize::from(mid) % MIDS.len()].to_owned(),
                participant: secret(person % PEOPLE).participant(),
                medium: if what & 1 == 0 { Medium::Audio } else { Medium::Video },
                max_layer: what >> 1 & 3,
            })
        })
        .collect()
}

pub(crate) fn offer(video: bool) -> SfuOffer {
    let ice = IceParameters::new("mine", "0123456789abcdefghijkl").unwrap();
    let fingerprint = Fingerprint::parse(&certificate().fingerprint().to_string()).unwrap();
    let local = SfuLocal::new(Source::new(1, "me"), 2);
    let layers = [10, 20, 30].map(|ssrc| Source::new(ssrc, "me").with_rtx(ssrc + 1));
    let local = if video { local.with_video(layers) } else { local };
    SfuOffer::new(LocalSession::new(1, ice, fingerprint), &local).unwrap()
}

/// One for all inputs: making one takes longer than most inputs do.
fn certificate() -> &'static Certificate {
    static CERTIFICATE: OnceLock<Certificate> = OnceLock::new();
    CERTIFICATE.get_or_init(|| {
        Certificate::generate(&mut ChaCha8Rng::seed_from_u64(1), EPOCH).expect("a certificate")
    })
}

fn signer(number: u8) -> TokenSigner {
    TokenSigner::from_seed(Secret::new([number; 32])).unwrap()
}

fn secret(number: u8) -> ParticipantSecret {
    ParticipantSecret::new(Secret::new([number; 32]))
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}
