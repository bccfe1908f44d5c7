use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant as StdInstant;

use dimpl::{Dtls, Output, ProtocolVersion};
use zentalk_primitives::{Instant, StdClock};

use crate::config::DtlsConfig;
use crate::failure::classify;
use crate::settings::{NEVER, settings};
use crate::{
    DtlsRole, DtlsVersion, DtlsVersions, Error, FailureReason, Fingerprint, SrtpKeyingMaterial,
    SrtpProfile,
};

/// What `dimpl` has to say, in our types.
#[derive(Debug)]
pub(crate) enum Step {
    Send(Vec<u8>),
    PeerCertificate(Fingerprint),
    Finished,
    Keys(SrtpKeyingMaterial),
    ApplicationData,
    PeerClosed,
    Idle(Option<Instant>),
}

/// One `dimpl` session, with its types, its clock and its panics kept inside.
///
/// `dimpl` 0.9.0 can be made to panic by a datagram (the gate keeps back the one that is known). Such a session has to end, the process
/// has not: every call is caught, and after a failure the session is dropped.
pub(crate) struct Session {
    dtls: Dtls,
    role: DtlsRole,
    clock: StdClock,
    buffer: Vec<u8>,
    /// How long the buffer may become.
    max_buffer_len: usize,
    /// When time last passed in there.
    last_tick: Instant,
    /// When it has to pass again.
    wake: Option<Instant>,
    /// When `dimpl` would like it to pass, by its own clock, and since when it waits for that, by ours.
    due: Option<(Instant, Instant)>,
    /// How far its clock is ahead of ours: see [`LONGEST_WAIT`].
    ahead: Duration,
    /// What is under way may have been sent into the void.
    hurries: bool,
    began: Instant,
}

impl Session {
    pub(crate) fn new(config: DtlsConfig, now: Instant) -> Result<Self, Error> {
        let DtlsConfig { certificate, role, versions, mtu, seed, .. } = config;
        let settings = settings(mtu, seed)?;
        let clock = StdClock::new(now);
        let std_now = clock.to_std(now);
        let certificate = certificate.into_dimpl();
        let dtls = guarded(move || {
            let mut dtls = match versions {
                DtlsVersions::Auto => Dtls::new_auto(settings, certificate, std_now),
                DtlsVersions::Dtls12 => Dtls::new_12(settings, certificate, std_now),
                DtlsVersions::Dtls13 => Dtls::new_13(settings, certificate, std_now),
            };
            dtls.set_active(role == DtlsRole::Client);
            dtls.handle_timeout(std_now).map(|()| dtls)
        });
        let dtls = dtls.map_err(|_| Error::Setup)?;
        Ok(Self {
            dtls,
            role,
            clock,
            buffer: vec![0; MIN_BUFFER_LEN],
            max_buffer_len: HANDSHAKE_BUFFER_LEN,
            last_tick: now,
            wake: None,
            due: None,
            ahead: Duration::ZERO,
            hurries: false,
            began: now,
        })
    }

    /// Takes in one datagram.
    pub(crate) fn receive(&mut self, now: Instant, datagram: &[u8]) -> Result<(), FailureReason> {
        self.last_tick = now;
        self.hurries = false;
        self.make_room(datagram.len());
        let now = self.clock.to_std(now + self.ahead);
        let dtls = &mut self.dtls;
        guarded(|| dtls.handle_timeout(now).and_then(|()| dtls.handle_packet(datagram)))
    }

    /// Lets time pass; does nothing before something is due (see [`SHORTEST_WAIT`]).
    pub(crate) fn tick(&mut self, now: Instant) -> Result<(), FailureReason> {
        if self.wake.is_some_and(|wake| now < wake) {
            return Ok(());
        }
        self.last_tick = now;
        self.hurries = false;
        if let Some((due, _)) = self.due.filter(|(due, _)| self.is_resend(*due)) {
            self.ahead += due.saturating_since(now + self.ahead);
        }
        let now = self.clock.to_std(now + self.ahead);
        let dtls = &mut self.dtls;
        guarded(|| dtls.handle_timeout(now))
    }

    /// Sends again what waits for an answer, as soon as time passes.
    pub(crate) fn hurry(&mut self) {
        self.hurries = true;
    }

    /// The next thing to do; [`Step::Idle`] ends a round.
    pub(crate) fn step(&mut self, now: Instant) -> Result<Step, FailureReason> {
        let (role, clock, its_now) = (self.role, self.clock, now + self.ahead);
        let (dtls, buffer) = (&mut self.dtls, &mut self.buffer);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            translate(dtls.poll_output(buffer), role, clock, its_now)
        }));
        let mut step = outcome.unwrap_or(Err(FailureReason::Internal))?;
        if let Step::Idle(at) = &mut step {
            if self.due.map(|(due, _)| due) != *at {
                self.due = at.map(|due| (due, now));
            }
            self.wake = self.own_wake();
            *at = self.wake;
        }
        Ok(step)
    }

    /// When to wake `dimpl`. What arrives meanwhile does not put it off.
    fn own_wake(&self) -> Option<Instant> {
        let (due, since) = self.due?;
        let wait = due.saturating_since(since + self.ahead);
        let wait = match self.is_resend(due) {
            true if self.hurries => Duration::ZERO,
            true => wait.min(LONGEST_WAIT),
            false => wait,
        };
        Some((since + wait).max(self.last_tick + SHORTEST_WAIT))
    }

    /// Whether that is when a flight is sent again, and not the end of the handshake, which is put off to [`NEVER`].
    fn is_resend(&self, due: Instant) -> bool {
        due.saturating_since(self.began) < NEVER / 2
    }

    /// Queues a `close_notify`, if there is a handshake to close.
    pub(crate) fn close(&mut self) -> Result<(), FailureReason> {
        let dtls = &mut self.dtls;
        guarded(|| dtls.close())
    }

    /// `None` until the versions are agreed upon.
    pub(crate) fn version(&self) -> Option<DtlsVersion> {
        match self.dtls.protocol_version()? {
            ProtocolVersion::DTLS1_2 => Some(DtlsVersion::Dtls12),
            ProtocolVersion::DTLS1_3 => Some(DtlsVersion::Dtls13),
            _ => None,
        }
    }

    /// After the handshake no certificate comes any more: the large buffer can go.
    pub(crate) fn shrink(&mut self) {
        self.max_buffer_len = MIN_BUFFER_LEN;
        self.buffer = vec![0; MIN_BUFFER_LEN];
    }

    /// What came out never was longer than what went in, so the buffer grows by as much.
    fn make_room(&mut self, received: usize) {
        let len = self.buffer.len().saturating_add(received).min(self.max_buffer_len);
        self.buffer.resize(len, 0);
    }
}

fn translate(
    output: Output<'_>,
    role: DtlsRole,
    clock: StdClock,
    now: Instant,
) -> Result<Step, FailureReason> {
    Ok(match output {
        Output::Packet(datagram) => Step::Send(datagram.to_vec()),
        Output::PeerCert(der) => Step::PeerCertificate(Fingerprint::of_certificate(der)),
        Output::Connected => Step::Finished,
        Output::KeyingMaterial(exported, profile) => {
            let profile = own_profile(profile).ok_or(FailureReason::NoSrtpProfile)?;
            Step::Keys(
                SrtpKeyingMaterial::split(profile, role, &exported)
                    .ok_or(FailureReason::Internal)?,
            )
        }
        Output::ApplicationData(_) => Step::ApplicationData,
        Output::CloseNotify => Step::PeerClosed,
        Output::Timeout(at) => Step::Idle(own_timeout(at, clock, now)),
        // The buffer takes everything that the limits on input allow (see HANDSHAKE_BUFFER_LEN).
        Output::BufferTooSmall { .. } => return Err(FailureReason::Internal),
        _ => return Err(FailureReason::Internal),
    })
}

/// `dimpl` says "never" as "in ten years", and counts nanoseconds: rounded down, its timers would never be due at the time that is told.
fn own_timeout(at: StdInstant, clock: StdClock, now: Instant) -> Option<Instant> {
    let floor = clock.from_std(at);
    let at = if clock.to_std(floor) < at { floor + Duration::from_micros(1) } else { floor };
    (at.saturating_since(now) < NEVER).then_some(at)
}

fn own_profile(profile: dimpl::SrtpProfile) -> Option<SrtpProfile> {
    match profile {
        dimpl::SrtpProfile::AES128_CM_SHA1_80 => Some(SrtpProfile::Aes128CmHmacSha1_80),
        dimpl::SrtpProfile::AEAD_AES_128_GCM => Some(SrtpProfile::AeadAes128Gcm),
        dimpl::SrtpProfile::AEAD_AES_256_GCM => Some(SrtpProfile::AeadAes256Gcm),
        _ => None,
    }
}

/// Runs a call into `dimpl`; a panic in there is a failure like its errors, after which the session is not used again.
fn guarded<T>(call: impl FnOnce() -> Result<T, dimpl::Error>) -> Result<T, FailureReason> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(classify(&error)),
        Err(_) => Err(FailureReason::Internal),
    }
}

/// While a part of a DTLS 1.3 flight is missing, `dimpl` 0.9.0 wants to be woken at once, acknowledges what it has, and wants to be woken at once
/// again: unchecked, a busy loop and a storm of datagrams until the part arrives. A quarter of the first retransmission's wait is soon enough (RFC 9147 §7.1).
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
/// `dimpl` doubles the wait for an answer without end (RFC 9147 §5.8.2 allows 60 s and more), and the third or fourth loss in a row would cost a
/// call half a minute. Its clock is set ahead then: it has no other use for it than these waits. Twenty of them, all that fit before
/// [`HANDSHAKE_TIMEOUT`](crate::HANDSHAKE_TIMEOUT), are some days by that clock.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How many datagrams `dimpl` keeps that it cannot use yet. One more ends the session.
pub(crate) const MAX_QUEUED_DATAGRAMS: usize = 30;
/// Room for the longest certificate that can come together: `dimpl` panics if it finds less. It comes whole from the gate, or protected, from the
/// datagrams that are queued at a time.
const HANDSHAKE_BUFFER_LEN: usize = 64 * 1_024;
/// Room for one datagram to send, or one datagram's application data.
const MIN_BUFFER_LEN: usize = 2_048;

const _: () =
    assert!(HANDSHAKE_BUFFER_LEN >= MAX_QUEUED_DATAGRAMS * crate::endpoint::MAX_DATAGRAM_LEN);
const _: () = assert!(HANDSHAKE_BUFFER_LEN >= crate::reassembly::MAX_PLAINTEXT_MESSAGE_LEN);
const _: () = assert!(MIN_BUFFER_LEN >= crate::endpoint::MAX_DATAGRAM_LEN);
