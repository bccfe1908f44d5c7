//! A hostile peer's device: real checks, a real handshake and real keys, but any certificate and any packet.

use core::net::SocketAddr;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use dimpl::{Config, Dtls, DtlsCertificate, Output, SrtpProfile as DtlsProfile};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_ice_nat::{self as ice, Credentials, IceAgent, LocalSocket, Role};
use zentalk_primitives::{Instant, StdClock, Transmit};
use zentalk_signaling_ratchet::messages::Candidates;
use zentalk_srtp_media::{SrtpMasterKey, SrtpProfile, SrtpSender};
use zentalk_tests::World;

/// Which end of the handshake it is: the callee is the client (RFC 5763 §5 as our calls use it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Caller,
    Callee,
}

/// Which DTLS it speaks.
pub(crate) type NewDtls = fn(Arc<Config>, DtlsCertificate, std::time::Instant) -> Dtls;

pub(crate) struct Device {
    end: End,
    clock: StdClock,
    ice: IceAgent,
    dtls: Dtls,
    victim: Option<SocketAddr>,
    sender: Option<SrtpSender>,
    /// What it would say, as RTP in clear, once it has keys.
    pub(crate) to_say: Vec<Vec<u8>>,
}

/// Where it is.
pub(crate) const ADDRESS: SocketAddr =
    SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::new(10, 0, 0, 66)), 6_666);
/// The same, as a candidate.
pub(crate) const CANDIDATE: &str = "candidate:1 1 udp 2130706431 10.0.0.66 6666 typ host";

impl Device {
    /// Joins the network of `world`.
    pub(crate) fn join(
        world: &mut World,
        end: End,
        certificate: DtlsCertificate,
        new_dtls: NewDtls,
    ) -> Rc<RefCell<Self>> {
        let now = world.now;
        let mut rng = ChaCha20Rng::from_seed([67; 32]);
        let role = if end == End::Caller { Role::Controlling } else { Role::Controlled };
        let mut ice = IceAgent::new(now, role, ice::Config::new(), &mut rng);
        ice.add_local_socket(now, LocalSocket::new(ADDRESS), &mut rng).unwrap();
        ice.open_direct(now, &mut rng);
        let clock = StdClock::new(now);
        let config = Config::builder().use_server_cookie(false).build().unwrap();
        let mut dtls = new_dtls(Arc::new(config), certificate, clock.to_std(now));
        dtls.set_active(end == End::Callee);
        let (victim, sender, to_say) = (None, None, Vec::new());
        let device = Self { end, clock, ice, dtls, victim, sender, to_say };
        let device = Rc::new(RefCell::new(device));
        let on_network = Rc::clone(&device);
        world.network.attack(move |now, datagram| {
            if datagram.remote == ADDRESS {
                on_network.borrow_mut().hear(now, &datagram)
            } else {
                vec![datagram]
            }
        });
        device
    }

    /// Its ICE credentials: username fragment and password.
    pub(crate) fn credentials(&self) -> (String, String) {
        let credentials = self.ice.local_credentials();
        (credentials.ufrag().to_owned(), credentials.password().to_owned())
    }

    /// Takes the victim's description.
    pub(crate) fn meet(&mut self, now: Instant, sdp: &str) {
        let value = |name: &str| sdp.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let credentials = Credentials::new(value("a=ice-ufrag:"), value("a=ice-pwd:"));
        self.ice.handle_input(now, ice::Input::RemoteCredentials(credentials.unwrap())).unwrap();
    }

    /// Takes the victim's candidates.
    pub(crate) fn add(&mut self, now: Instant, candidates: &Candidates) {
        for candidate in candidates.candidates() {
            let input = ice::Input::RemoteCandidateText(candidate.line());
            self.ice.handle_input(now, input).unwrap();
        }
    }

    /// Whether the handshake has succeeded, as far as it can tell.
    pub(crate) fn has_keys(&self) -> bool {
        self.sender.is_some()
    }

    fn hear(&mut self, now: Instant, datagram: &Transmit) -> Vec<Transmit> {
        let mut out = Vec::new();
        if matches!(datagram.payload.first(), Some(0..=3)) {
            let (local, remote, payload) = (datagram.remote, datagram.local, &datagram.payload);
            let _ = self.ice.handle_input(now, ice::Input::Datagram { local, remote, payload });
        }
        self.ice.handle_timeout(now);
        loop {
            match self.ice.poll_output() {
                ice::Output::Transmit(transmit) => out.push(transmit),
                ice::Output::Event(ice::Event::AddressValidated { remote, .. }) => {
                    self.victim = Some(remote);
                }
                ice::Output::Event(_) => {}
                ice::Output::Timeout(_) => break,
            }
        }
        let Some(victim) = self.victim else { return out };
        let mut say = |payload| out.push(Transmit { local: ADDRESS, remote: victim, payload });
        if matches!(datagram.payload.first(), Some(20..=63)) {
            let _ = self.dtls.handle_packet(&datagram.payload);
        }
        let _ = self.dtls.handle_timeout(self.clock.to_std(now));
        let mut buffer = vec![0; 4_096];
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(packet) => say(packet.to_vec()),
                Output::KeyingMaterial(material, profile) => {
                    self.sender = Some(sender(self.end, &material, profile));
                }
                Output::Timeout(_) => break,
                _ => {}
            }
        }
        if let Some(sender) = &mut self.sender {
            for mut packet in self.to_say.drain(..) {
                sender.protect_rtp(&mut packet).unwrap();
                say(packet);
            }
        }
        out
    }
}

fn sender(end: End, material: &[u8], profile: DtlsProfile) -> SrtpSender {
    let profile = match profile {
        DtlsProfile::AEAD_AES_256_GCM => SrtpProfile::AeadAes256Gcm,
        DtlsProfile::AEAD_AES_128_GCM => SrtpProfile::AeadAes128Gcm,
        _ => SrtpProfile::Aes128CmHmacSha1_80,
    };
    let keys = SrtpMasterKey::pair_from_keying_material(profile, material).unwrap();
    SrtpSender::new(if end == End::Callee { keys.client } else { keys.server }).unwrap()
}
