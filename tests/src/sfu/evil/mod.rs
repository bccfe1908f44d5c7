//! A forwarding server whose operator means harm.
//!
//! It does what it must so that members stay: it takes their tokens, proves its certificate, agrees on SRTP keys with each. So everything
//! that it sends passes SRTP, under numbers of its own choosing. What it sends a [judge](EvilSfu::judge) decides, packet by packet; what it
//! says on control connections and in RTCP, the test. It has what an operator has, and no key of a frame.

mod leg;
mod outlet;
mod piece;

use core::net::SocketAddr;
use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha20Rng;
use zentalk_dtls_fingerprint::{Certificate, Path};
use zentalk_primitives::{Instant, ParticipantId, UnixTime};
use zentalk_session_description::SfuOffer;
use zentalk_sfu::stun::Request;
use zentalk_sfu_control::{ClientFrame, GoneReason, Medium, ServerFrame, TokenVerifier, Wish};
use zentalk_srtp_media::rtcp::CompoundWriter;
use zentalk_srtp_media::rtp::PacketKind;

pub use self::piece::{Passage, Piece, Placed};

use self::leg::Leg;
use super::program::Said;

/// A forwarding server that means harm.
pub struct EvilSfu {
    /// Of the packets that members send, it confirms one in so many.
    pub confirms_one_in: u32,
    address: SocketAddr,
    certificate: Certificate,
    tokens: TokenVerifier,
    rng: ChaCha20Rng,
    judge: Judge,
    legs: Vec<Leg>,
    /// How people were called who have ever been here.
    names: BTreeMap<usize, ParticipantId>,
    outputs: VecDeque<Said>,
}

/// Says what goes to a member in place of a packet that is for them.
type Judge = Box<dyn FnMut(&Passage, Piece) -> Vec<Placed>>;

impl EvilSfu {
    pub(super) fn new(
        address: SocketAddr,
        certificate: Certificate,
        tokens: TokenVerifier,
        rng: ChaCha20Rng,
    ) -> Self {
        Self {
            confirms_one_in: 1,
            address,
            certificate,
            tokens,
            rng,
            judge: Box::new(Passage::honestly),
            legs: Vec::new(),
            names: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
    }

    // What the operator does.

    /// Lets `judge` decide from now on. Until then all goes as it should.
    pub fn judge(&mut self, judge: impl FnMut(&Passage, Piece) -> Vec<Placed> + 'static) {
        self.judge = Box::new(judge);
    }

    /// Sends something to a member at a moment of its own.
    pub fn place(&mut self, to: usize, placed: &Placed) {
        let of = self.names.get(&placed.slot_of).copied();
        let leg = self.legs.iter_mut().find(|leg| leg.place == to && leg.is_up());
        if let (Some(of), Some(leg)) = (of, leg) {
            leg.send(of, placed.medium, &placed.piece);
        }
    }

    /// Says something on a member's control connection.
    pub fn say(&mut self, to: usize, frame: ServerFrame) {
        let leg = self.legs.iter().find(|leg| leg.place == to);
        if let (Some(connection), Ok(frame)) = (leg.map(|leg| leg.connection), frame.encode()) {
            self.outputs.push_back(Said::Frame { connection, frame });
        }
    }

    /// Says something to a member in RTCP; `write` is given the server's source.
    pub fn report(&mut self, to: usize, write: impl FnOnce(u32, &mut CompoundWriter<'_>)) {
        if let Some(leg) = self.legs.iter_mut().find(|leg| leg.place == to) {
            leg.report(write);
        }
    }

    /// How the person at this place is called here.
    pub fn name_of(&self, place: usize) -> Option<ParticipantId> {
        self.names.get(&place).copied()
    }

    /// The sources of a member's camera, from the smallest layer up.
    pub fn cameras_of(&self, place: usize) -> Vec<u32> {
        self.legs.iter().find(|leg| leg.place == place).map(Leg::cameras).unwrap_or_default()
    }

    /// The slot in which `at` wants this medium of `of`, and its source.
    pub fn slot(&self, at: usize, of: usize, medium: Medium) -> Option<(String, u32)> {
        let (leg, name) = (self.legs.iter().find(|leg| leg.place == at)?, self.name_of(of)?);
        let mut outlets = leg.outlets.iter();
        let outlet = outlets.find(|o| o.of == Some(name) && o.medium == medium)?;
        Some((outlet.mid.clone(), outlet.ssrc))
    }

    /// The same, of slots that nobody fills.
    pub fn empty_slot(&self, at: usize, medium: Medium) -> Option<String> {
        let leg = self.legs.iter().find(|leg| leg.place == at)?;
        let mut outlets = leg.outlets.iter();
        outlets.find(|o| o.of.is_none() && o.medium == medium).map(|outlet| outlet.mid.clone())
    }

    // What members say.

    pub(super) fn handle_frame(
        &mut self,
        (now, unix_now): (Instant, UnixTime),
        (connection, place): (u64, usize),
        frame: &[u8],
    ) {
        match ClientFrame::decode(frame) {
            Ok(ClientFrame::Join { token, offer, .. }) => {
                let claims = self.tokens.verify(token.as_bytes(), unix_now).ok();
                let offer = SfuOffer::parse(&offer).ok();
                if let (Some(claims), Some(offer)) = (claims, offer) {
                    self.join(now, (place, connection, claims.participant), offer);
                }
            }
            Ok(ClientFrame::Subscribe(wishes)) => self.subscribe(connection, &wishes),
            Ok(ClientFrame::Leave) => self.leave(connection),
            _ => {}
        }
    }

    fn join(&mut self, now: Instant, who: (usize, u64, ParticipantId), offer: SfuOffer) {
        let Self { certificate, rng, .. } = self;
        let Some(leg) = Leg::new(now, who, offer, certificate, rng) else { return };
        let Some(answer) = leg.answer(self.address, &self.certificate) else { return };
        let (place, connection, participant) = who;
        self.legs.retain(|leg| leg.participant != participant);
        let participants = self.legs.iter().map(|leg| leg.participant).collect();
        self.tell_all(&ServerFrame::Arrived(participant));
        self.names.insert(place, participant);
        self.legs.push(leg);
        if let Ok(frame) = (ServerFrame::Joined { answer, participants }).encode() {
            self.outputs.push_back(Said::Frame { connection, frame });
        }
    }

    /// Slots that are not named any more are kept: what an honest server would empty can still be filled.
    fn subscribe(&mut self, connection: u64, wishes: &[Wish]) {
        let Some(leg) = self.legs.iter_mut().find(|leg| leg.connection == connection) else {
            return;
        };
        for wish in wishes {
            let outlet = leg.outlets.iter_mut().find(|outlet| outlet.mid == wish.mid);
            if let Some(outlet) = outlet {
                outlet.of = Some(wish.participant);
            }
        }
        let place = leg.place;
        let named = |mid: &str| wishes.iter().any(|wish| wish.mid == mid);
        let told = leg.outlets.iter().filter(|outlet| named(&outlet.mid));
        let slots = told.map(outlet::Outlet::told).collect();
        self.say(place, ServerFrame::Slots(slots));
        let wanted = wishes.iter().filter(|wish| wish.medium == Medium::Video);
        wanted.for_each(|wish| self.ask_for_keyframe(wish.participant));
    }

    fn leave(&mut self, connection: u64) {
        let Some(at) = self.legs.iter().position(|leg| leg.connection == connection) else {
            return;
        };
        let participant = self.legs.remove(at).participant;
        self.tell_all(&ServerFrame::Gone { participant, reason: GoneReason::Left });
        self.outputs.push_back(Said::Close { connection });
    }

    fn tell_all(&mut self, frame: &ServerFrame) {
        let places: Vec<_> = self.legs.iter().map(|leg| leg.place).collect();
        places.into_iter().for_each(|place| self.say(place, frame.clone()));
    }

    fn ask_for_keyframe(&mut self, of: ParticipantId) {
        if let Some(leg) = self.legs.iter_mut().find(|leg| leg.participant == of) {
            let top = leg.cameras().pop();
            leg.report(|reporter, writer| {
                // Fails for a compound that is full.
                let _ = top.map(|ssrc| writer.pli(reporter, ssrc));
            });
        }
    }

    // Media.

    pub(super) fn handle_datagram(
        &mut self,
        now: Instant,
        (local, remote): (SocketAddr, SocketAddr),
        payload: Vec<u8>,
    ) {
        let path = Path::new(local, remote);
        if let Some(request) = Request::parse(&payload) {
            if let Some(leg) = self.legs.iter_mut().find(|leg| leg.is_asked(&request)) {
                leg.handle_check(path, &request);
            }
            return;
        }
        let Some(leg) = self.legs.iter_mut().find(|leg| leg.is_at(remote)) else { return };
        match PacketKind::of(&payload) {
            PacketKind::Dtls => leg.handle_dtls(now, path, &payload),
            PacketKind::Rtp => {
                let from = leg.place;
                if let Some(came) = leg.handle_rtp(now, payload, self.confirms_one_in) {
                    self.pass_on(now, from, came);
                }
            }
            PacketKind::Rtcp => {
                let asked = leg.handle_rtcp(payload);
                let wanted = leg.outlets.iter().filter(|outlet| asked.contains(&outlet.ssrc));
                let wanted: Vec<_> = wanted.filter_map(|outlet| outlet.of).collect();
                wanted.into_iter().for_each(|of| self.ask_for_keyframe(of));
            }
            _ => {}
        }
    }

    fn pass_on(&mut self, now: Instant, from: usize, (medium, layer, piece): (Medium, u8, Piece)) {
        let others = self.legs.iter().map(|leg| leg.place).filter(|place| *place != from);
        for to in others.collect::<Vec<_>>() {
            let passage = Passage { now, from, to, medium, layer };
            for placed in (self.judge)(&passage, piece.clone()) {
                self.place(to, &placed);
            }
        }
    }

    // Time, and what is sent.

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        // What the test had it say waits to be sent.
        if !self.outputs.is_empty() || self.legs.iter().any(Leg::has_transmits) {
            return Some(Instant::ZERO);
        }
        self.legs.iter().filter_map(Leg::next_timeout).min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.legs.iter_mut().for_each(|leg| leg.handle_timeout(now));
    }

    pub(super) fn poll_output(&mut self) -> Option<Said> {
        let datagram = || self.legs.iter_mut().find_map(Leg::poll_transmit).map(Said::Datagram);
        self.outputs.pop_front().or_else(datagram)
    }
}
