use core::fmt;
use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_primitives::Instant;

use super::congestion::Congestion;
use crate::buffers::Buffers;
use crate::clock::WallClock;
use crate::receive::ReceiveStream;
use crate::round_trip::RoundTrip;
use crate::send::SendStream;
use crate::timing::Timing;
use crate::{
    Datagram, Error, Event, Input, Output, ReceiveStats, ReceiveStreamId, SendStats, SendStreamId,
    SessionConfig, SessionStats,
};

/// One RTP session with one peer: streams both ways, their reports, retransmission and statistics.
///
/// # The drain contract
///
/// After every call of a method that takes `&mut self`, other than `poll_output` and `recycle`, call
/// [`poll_output`](Self::poll_output) until it returns [`Output::Timeout`], and do what each output
/// says. Then wait until the time of that timeout, and call [`handle_timeout`](Self::handle_timeout),
/// or until there is input or a command, whichever comes first. A new timeout replaces the last one;
/// one in the past is due at once. `now` never goes back.
pub struct RtpSession {
    pub(super) config: SessionConfig,
    pub(super) clock: WallClock,
    pub(super) timing: Timing,
    /// Names this endpoint in its reports: 96 random bits in hexadecimal (RFC 7022 §4.2).
    pub(super) cname: [u8; CNAME_LEN],
    /// The source of reports while there is no send stream.
    pub(super) reporter_ssrc: u32,
    pub(super) send: Vec<SendStream>,
    pub(super) receive: Vec<ReceiveStream>,
    pub(super) round_trip: RoundTrip,
    pub(super) congestion: Congestion,
    /// When the next report is due; none before the first packet in either direction.
    pub(super) next_report: Option<Instant>,
    pub(super) outputs: VecDeque<Output>,
    pub(super) buffers: Buffers,
    /// Reused for the numbers of a NACK.
    pub(super) numbers: Vec<u16>,
    pub(super) stats: SessionStats,
    pub(super) closed: bool,
}

pub(super) const CNAME_LEN: usize = 24;

impl RtpSession {
    /// A session without streams. `rng` names it, and seeds the times of its reports.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`].
    pub fn new(
        now: Instant,
        config: SessionConfig,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        config.check()?;
        Ok(Self {
            clock: WallClock::new(now, config.wall_clock),
            timing: Timing::new(rng.next_u64()),
            cname: random_cname(rng),
            reporter_ssrc: rng.next_u32(),
            send: Vec::new(),
            receive: Vec::new(),
            round_trip: RoundTrip::default(),
            congestion: Congestion::default(),
            next_report: None,
            outputs: VecDeque::new(),
            buffers: Buffers::new(config.mtu),
            numbers: Vec::new(),
            stats: SessionStats::default(),
            closed: false,
            config,
        })
    }

    // Getters.

    /// The largest payload of the stream in bytes, so that neither the packet nor its retransmission
    /// exceeds the MTU.
    ///
    /// # Errors
    /// [`Error::NoSuchStream`].
    pub fn max_payload_len(&self, stream: SendStreamId) -> Result<usize, Error> {
        Ok(self.send.get(stream.0).ok_or(Error::NoSuchStream)?.max_payload_len(self.config.mtu))
    }

    /// The source of a receive stream, once it is known.
    ///
    /// # Errors
    /// [`Error::NoSuchStream`].
    pub fn source_of(&self, stream: ReceiveStreamId) -> Result<Option<u32>, Error> {
        Ok(self.receive.get(stream.0).ok_or(Error::NoSuchStream)?.ssrc())
    }

    /// The counts of a send stream as of `now`.
    ///
    /// # Errors
    /// [`Error::NoSuchStream`].
    pub fn send_stats(&self, now: Instant, stream: SendStreamId) -> Result<SendStats, Error> {
        Ok(self.send.get(stream.0).ok_or(Error::NoSuchStream)?.stats(now))
    }

    /// The counts of a receive stream as of `now`.
    ///
    /// # Errors
    /// [`Error::NoSuchStream`].
    pub fn receive_stats(
        &self,
        now: Instant,
        stream: ReceiveStreamId,
    ) -> Result<ReceiveStats, Error> {
        Ok(self.receive.get(stream.0).ok_or(Error::NoSuchStream)?.stats(now))
    }

    /// The counts of the session as a whole.
    pub fn stats(&self) -> SessionStats {
        SessionStats { round_trip: self.round_trip.measured(), ..self.stats }
    }

    // Inputs.

    /// Takes one datagram that arrived at `now`, authenticated and decrypted.
    ///
    /// # Errors
    /// All of them say that the datagram was dropped, and was counted; the session goes on:
    /// [`Error::MalformedRtp`], [`Error::MalformedRtcp`], [`Error::UnknownSource`],
    /// [`Error::UnexpectedPayloadType`], [`Error::ImplausibleSequence`]. After
    /// [`close`](Self::close), [`Error::Closed`].
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), Error> {
        if self.closed {
            return Err(Error::Closed);
        }
        let result = match input {
            Input::Rtp(packet) => self.handle_rtp(now, packet),
            Input::Rtcp(datagram) => self.handle_rtcp(now, datagram),
        };
        if let Err(error) = result {
            self.count_dropped(error);
        }
        result
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if !self.closed {
            self.run_timers(now);
        }
    }

    // Outputs.

    /// What to do next; see the drain contract above.
    pub fn poll_output(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or_else(|| Output::Timeout(self.next_timeout()))
    }

    /// Gives the buffer of a datagram or a payload back for reuse. Nobody has to.
    pub fn recycle(&mut self, buffer: Vec<u8>) {
        self.buffers.give(buffer);
    }

    // For the parts of the engine.

    pub(super) fn transmit(&mut self, datagram: Datagram) {
        self.outputs.push_back(Output::Transmit(datagram));
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// The source that reports and feedback come from.
    pub(super) fn local_ssrc(&self) -> u32 {
        self.send.first().map_or(self.reporter_ssrc, SendStream::ssrc)
    }

    /// Whether `ssrc` is one of ours.
    pub(super) fn is_local(&self, ssrc: u32) -> bool {
        ssrc == self.reporter_ssrc
            || self.send.iter().any(|s| s.ssrc() == ssrc || s.rtx_ssrc() == Some(ssrc))
    }

    fn count_dropped(&mut self, error: Error) {
        let counter = match error {
            Error::MalformedRtp => &mut self.stats.malformed_rtp,
            Error::MalformedRtcp => &mut self.stats.malformed_rtcp,
            Error::ImplausibleSequence => &mut self.stats.implausible,
            _ => &mut self.stats.unknown,
        };
        *counter += 1;
    }
}

/// Prints no source and no name.
impl fmt::Debug for RtpSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtpSession")
            .field("send_streams", &self.send.len())
            .field("receive_streams", &self.receive.len())
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

fn random_cname(rng: &mut impl CryptoRng) -> [u8; CNAME_LEN] {
    let mut cname = [0; CNAME_LEN];
    rng.fill_bytes(&mut cname);
    // Half of each byte's bits: 96 in all.
    cname.map(|byte| match byte & 0x0f {
        digit @ 0..=9 => b'0' + digit,
        letter => b'a' + letter - 10,
    })
}
