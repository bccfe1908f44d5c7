//! From server to server: when a stay begins, what it tells, and what follows when it is over.

use core::net::SocketAddr;

use rand_core::CryptoRng;
use zentalk_call_fsm::{EndReason, LossCause, Message, Report};
use zentalk_dtls_fingerprint::HandshakeSummary;
use zentalk_ice_nat::relays::Relays;
use zentalk_primitives::Instant;
use zentalk_session_description::{
    Fingerprint, IceParameters, LocalSession, SfuLocal, SfuOffer, Source,
};

use super::stay::{self, Stay};
use super::{Begun, GroupCall, MAX_PEOPLE, Output, SfuGrant, SfuInput, SfuState};
use crate::Error;
use crate::engine::call::Setting;
use crate::engine::config::EngineConfig;
use crate::engine::event::Event;
use crate::engine::events::security;
use crate::engine::transport::{self, Inheritance, Transport};

/// After as many stays in a row that failed before any was good, there is no way to the servers.
const MAX_FAILURES: u32 = 8;

impl GroupCall {
    // Getting in.

    /// The users agreed, as far as they are asked: a token is fetched, and a server found.
    pub(crate) fn connect(&mut self, now: Instant) {
        self.tokens.ask(now);
    }

    pub(super) fn fetch_token(&mut self, now: Instant) {
        if self.tokens.is_due(now) {
            self.outputs.push_back(Output::FetchSfu {
                relay: self.token_relay.clone(),
                room: self.room,
                participant: self.own.participant,
            });
        }
    }

    /// The relay's answer. The one of whoever began the call also names the servers.
    pub(crate) fn handle_grant(&mut self, now: Instant, relay: &str, grant: Option<&SfuGrant>) {
        if relay != self.token_relay {
            return;
        }
        let grant = grant.filter(|grant| !self.servers.is_empty() || !grant.servers.is_empty());
        self.tokens.granted(now, grant);
        let Some(grant) = grant else {
            self.no_token(now);
            return;
        };
        if self.servers.is_empty() {
            let servers = grant.servers.iter().take(zentalk_signaling_ratchet::limits::GROUP_SFUS);
            self.servers = super::Servers::new(servers.cloned().collect());
        }
        if self.reach.is_limited() {
            self.servers.vet(&grant.servers);
        }
        if self.servers.is_empty() {
            self.no_server();
            return;
        }
        if let Err(error) = self.say_invites() {
            tracing::warn!(%error, "nobody could be invited");
            self.outputs.push_back(Output::Report(Report::SignallingFailed));
        }
    }

    /// None of the servers that the inviter names is one of this side's relay.
    fn no_server(&mut self) {
        let others: Vec<_> = self.members.current().map(|(index, _)| index).collect();
        others.into_iter().for_each(|index| self.say_end_to(index, EndReason::CouldNotConnect));
        self.outputs.push_back(Output::Message(Message::End(EndReason::NoServer)));
    }

    /// Without a first token there is no call; without a further one it goes on where it is.
    fn no_token(&mut self, now: Instant) {
        if self.tokens.token(now).is_some() || self.stay.is_some() || self.was_together {
            return;
        }
        self.outputs.push_back(match self.begun {
            // Nobody has been told of it yet.
            Begun::Here { told: false } => Output::Message(Message::End(EndReason::NoServer)),
            _ => Output::Report(Report::SignallingFailed),
        });
    }

    /// Whether a stay should begin.
    pub(super) fn wants_stay(&self, now: Instant) -> bool {
        self.agreed
            && self.stay.is_none()
            && self.keys.is_some()
            && self.tokens.token(now).is_some()
            && self.servers.may_try(now)
    }

    /// Goes to the server whose turn it is.
    pub(super) fn begin_stay<R: CryptoRng>(
        &mut self,
        setting: &mut Setting<'_, R>,
    ) -> Result<(), Error> {
        let Some(url) = self.servers.present().map(str::to_owned) else { return Ok(()) };
        let mut transport = self.prepare_path(setting)?;
        if let Some(inheritance) = self.inheritance.take() {
            transport.inherit(setting.now, inheritance);
        }
        let offer = self.describe(&transport, setting)?;
        self.stay = Some(Stay::begin(&url, (transport, offer), setting));
        self.tell_server(SfuState::Connecting);
        self.outputs.push_back(Output::Report(Report::Checking));
        Ok(())
    }

    /// A path to a peer with an address of its own: no STUN server is needed to find it.
    fn prepare_path<R: CryptoRng>(&self, setting: &mut Setting<'_, R>) -> Result<Transport, Error> {
        let config = EngineConfig {
            stun_servers: Vec::new(),
            hide_host_addresses: false,
            ..setting.config.clone()
        };
        let certificate = self.own.certificate.duplicate();
        let mut transport = Transport::new(true, certificate, &config, setting.now, setting.rng)?;
        for socket in setting.sockets {
            transport.add_socket(setting.now, *socket, setting.rng)?;
        }
        transport.open_direct(setting.now, setting.rng);
        Ok(transport)
    }

    /// What this side offers a server: its own streams, and slots for as many others as a call can have.
    fn describe<R: CryptoRng>(
        &self,
        transport: &Transport,
        setting: &mut Setting<'_, R>,
    ) -> Result<SfuOffer, Error> {
        let rng = &mut *setting.rng;
        let credentials = transport.credentials();
        let ice = IceParameters::new(credentials.ufrag(), credentials.password())?;
        let fingerprint = Fingerprint::parse(&transport.fingerprint().to_string())?;
        let session = LocalSession::new(rng.next_u64(), ice, fingerprint);
        let cname = format!("{:016x}", rng.next_u64());
        let mut ssrc = || rng.next_u32().max(1);
        let local = SfuLocal::new(Source::new(ssrc(), &cname), MAX_PEOPLE - 1);
        let local = match self.media_kinds.has_video() {
            true => local.with_video([(); 3].map(|()| {
                let source = Source::new(ssrc(), &cname);
                source.with_rtx(ssrc())
            })),
            false => local,
        };
        Ok(SfuOffer::new(session, &local)?)
    }

    // The control connection.

    pub(crate) fn handle_sfu(&mut self, now: Instant, input: &SfuInput) {
        let token = self.tokens.token(now).map(<[u8]>::to_vec);
        let Some(stay) = self.stay.as_mut() else { return };
        let outcome = match (input, token) {
            (SfuInput::Connected { link }, Some(token)) if *link == stay.link() => {
                stay.connected(now, &token, &self.own.secret)
            }
            (SfuInput::Frame { link, frame }, _) if *link == stay.link() => {
                stay.handle_frame(now, frame)
            }
            (SfuInput::Connected { link } | SfuInput::Closed { link }, _)
                if *link == stay.link() =>
            {
                stay.closed(now);
                Ok(())
            }
            _ => Ok(()),
        };
        if stay.securing_since().is_some() {
            self.answered = self.answered.or(Some(now));
        }
        if let Err(error) = outcome {
            tracing::debug!(%error, "a forwarding server's frame was dropped");
        }
    }

    pub(crate) fn handle_datagram(
        &mut self,
        now: Instant,
        addresses: (SocketAddr, SocketAddr),
        payload: Vec<u8>,
    ) {
        if let Some(stay) = &mut self.stay {
            stay.handle_datagram(now, addresses, payload);
        }
    }

    // What a stay tells.

    pub(super) fn take_stay<R: CryptoRng>(
        &mut self,
        setting: &mut Setting<'_, R>,
        output: stay::Output,
    ) {
        let now = setting.now;
        match output {
            stay::Output::Sfu(output) => self.outputs.push_back(Output::Sfu(output)),
            stay::Output::Transport(output) => self.outputs.push_back(Output::Transport(output)),
            stay::Output::Path(pair) => self.outputs.push_back(Output::Path(pair)),
            stay::Output::Secured(summary) => self.secured(setting, &summary),
            stay::Output::FingerprintMismatch => {
                self.outputs.push_back(Output::Report(Report::FingerprintMismatch));
            }
            stay::Output::Present { participant, here, silent } => {
                if let Some(index) = self.members.by_participant(participant) {
                    self.members.at_server(now, index, here, silent);
                }
                if here {
                    self.plan_refresh(now);
                }
                self.subscribe(now);
            }
            stay::Output::Slots => self.apply_slots(now),
            // Where there is no other one, it is used for as long as it is there.
            stay::Output::Draining if self.servers.is_single() => {}
            stay::Output::Draining => self.lost(now, LossCause::Silence, false),
            stay::Output::Media(output) => self.take_media(now, output),
            stay::Output::MediaFlows => self.outputs.push_back(Output::MediaFlows),
            stay::Output::Lost { cause, same_server } => self.lost(now, cause, same_server),
            stay::Output::Timeout(_) => {}
        }
    }

    fn secured<R: CryptoRng>(&mut self, setting: &mut Setting<'_, R>, summary: &HandshakeSummary) {
        self.answered = None;
        self.servers.succeeded();
        self.tell_server(SfuState::Connected);
        let security = security(summary);
        self.tell(Event::Secured { call: self.id, security });
        self.outputs.push_back(Output::Report(Report::Secured));
        self.note_company(setting.now);
        let again = Setting {
            now: setting.now,
            unix_now: setting.unix_now,
            config: setting.config,
            sockets: setting.sockets,
            rng: &mut *setting.rng,
        };
        if let Err(error) = self.start_stay_media(again) {
            tracing::warn!(%error, "no media could be started");
            self.outputs.push_back(Output::Report(Report::HandshakeFailed));
        }
    }

    /// Starts media at this server, if the users agreed and its keys are there.
    pub(super) fn start_stay_media<R: CryptoRng>(
        &mut self,
        setting: Setting<'_, R>,
    ) -> Result<(), Error> {
        match (&self.permit, &mut self.stay) {
            (Some(_), Some(stay)) if stay.is_up() && !stay.has_media() => {
                let now = setting.now;
                stay.start_media(setting)?;
                self.own_tracks.open(now);
                self.expect_media(now);
                self.subscribe(now);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_media(&mut self, now: Instant, output: super::media::Output) {
        use super::media::Output as Media;
        match output {
            Media::Audio { from, frame, source } => {
                self.speakers.hear(now, from, &frame);
                self.tell(Event::Audio { call: self.id, from, frame, source });
            }
            Media::Video { from, picture } => {
                self.tell(Event::Video { call: self.id, from, picture });
            }
            _ => {}
        }
    }

    /// A stay is over: the next server's turn. What remains of the path serves there.
    pub(super) fn lost(&mut self, now: Instant, cause: LossCause, same_server: bool) {
        self.tell_server(SfuState::Lost);
        self.end_stay(now);
        self.servers.lost(now, same_server);
        self.members.at_no_server(now);
        if self.servers.failures() >= MAX_FAILURES && !self.was_together {
            self.outputs.push_back(Output::Report(Report::IceTimedOut));
        }
        self.outputs.push_back(Output::Lost(cause));
    }

    /// Leaves the server. What it has to say for the last time goes out.
    pub(crate) fn end_stay(&mut self, now: Instant) {
        self.earlier = self.stats(now);
        self.own_tracks.close();
        let (Some(mut stay), Some(keys)) = (self.stay.take(), self.keys.as_mut()) else { return };
        stay.leave(now, keys.keyring());
        loop {
            match stay.poll_output(now, keys.keyring()) {
                stay::Output::Sfu(output) => self.outputs.push_back(Output::Sfu(output)),
                stay::Output::Transport(
                    output @ (transport::Output::Transmit(_) | transport::Output::Stream(_)),
                ) => self.outputs.push_back(Output::Transport(output)),
                stay::Output::Timeout(_) => break,
                _ => {}
            }
        }
        self.alone_until = None;
        self.inheritance = Some(stay.into_inheritance());
    }

    /// The path is another one: comes to the same server again, which keeps this side's place.
    pub(crate) fn network_changed(&mut self, now: Instant) {
        if self.stay.is_some() {
            self.lost(now, LossCause::NetworkChanged, true);
        }
    }

    /// Since when there is a server that answers, and no path to it: where only relays lead there, one stay after the other fails
    /// at once.
    pub(crate) fn needs_relay_since(&self) -> Option<Instant> {
        self.answered
    }

    /// Takes over the relays of a call of two. Gives them back if the path has some or needs none.
    pub(crate) fn inherit(&mut self, now: Instant, inheritance: Inheritance) -> Option<Relays> {
        let Some(stay) = &mut self.stay else {
            if self.inheritance.is_some() {
                return Some(inheritance.relays);
            }
            self.inheritance = Some(inheritance);
            return None;
        };
        if stay.is_up() || stay.transport().has_relay_in_sight() {
            return Some(inheritance.relays);
        }
        stay.transport().inherit(now, inheritance);
        None
    }

    /// A relay is gone: with it perhaps the path.
    pub(crate) fn path_gone(&mut self, now: Instant) {
        let gone = |stay: &mut Stay| stay.is_up() && !stay.transport().has_pair();
        if self.stay.as_mut().is_some_and(gone) {
            self.lost(now, LossCause::RelayLost, true);
        }
    }

    /// The call goes on without a server.
    pub(super) fn tell_left(&mut self) {
        if let Some(url) = self.servers.present().map(str::to_owned) {
            self.tell(Event::Sfu { call: self.id, url, state: SfuState::Left });
        }
        if self.speakers.present().is_some() {
            self.tell(Event::Speaker { call: self.id, member: None });
        }
    }

    fn tell_server(&mut self, state: SfuState) {
        if !self.servers.is_news(state) {
            return;
        }
        let url = self.servers.present().unwrap_or_default().to_owned();
        self.tell(Event::Sfu { call: self.id, url, state });
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}
