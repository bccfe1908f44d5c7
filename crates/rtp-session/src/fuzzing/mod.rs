//! The doors of the fuzz targets: each takes any bytes and must return, whatever they are.
//!
//! `cargo xtask fuzz` drives them with libFuzzer, the tests below with random bytes, the committed seeds and every input that once
//! broke something.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // Asserting is their job.

mod bandwidth;
mod hostile;
mod link;

pub use self::bandwidth::engine_bandwidth;
pub use self::hostile::engine_rtp_hostile;
pub use self::link::engine_rtp_link;

#[cfg(test)]
mod tests;

use rand_core::SeedableRng;
use zentalk_primitives::{Instant, UnixTime};

use crate::{
    Event, MediaKind, Output, ReceiveStreamConfig, RtpSession, SendStreamConfig, SessionConfig,
};

/// Outputs of one step: every packet that one datagram may ask for again, and some.
const MAX_OUTPUTS: usize = 4_096;

/// Timeouts until the next lies ahead.
const MAX_TIMEOUTS: usize = 4;

const AUDIO_SSRC: u32 = 0x100;
const VIDEO_SSRC: u32 = 0x200;
const RTX_SSRC: u32 = 0x201;

/// What a step gave out.
#[derive(Default)]
struct Drained {
    sent: Vec<crate::Datagram>,
    events: Vec<Event>,
}

/// A session that sends audio, video and retransmissions with these sources raised by `own`, and receives the same with `peer`.
fn session(own: u32, peer: u32, seed: u64) -> RtpSession {
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(seed);
    let config = SessionConfig::new(UnixTime::from_millis(1_700_000_000_000));
    let mut session = RtpSession::new(Instant::ZERO, config, &mut rng).expect("a valid config");
    let audio = SendStreamConfig::new(AUDIO_SSRC + own, 111, 48_000).mid(1, "0").transport_cc(2);
    // So that a late rollover is met early.
    let video = SendStreamConfig::new(VIDEO_SSRC + own, 96, 90_000)
        .rtx(RTX_SSRC + own, 97)
        .mid(1, "1")
        .rid(3, 4, "h")
        .transport_cc(2)
        .paced(true)
        .first_sequence(65_500);
    session.add_send_stream(audio, &mut rng).expect("a valid stream");
    session.add_send_stream(video, &mut rng).expect("a valid stream");
    let audio = ReceiveStreamConfig::new(MediaKind::Audio, 48_000)
        .format(111, None)
        .mid(1, "0")
        .transport_cc(2);
    let video = ReceiveStreamConfig::new(MediaKind::Video, 90_000)
        .format(96, Some(97))
        .ssrc(VIDEO_SSRC + peer)
        .rtx_ssrc(RTX_SSRC + peer)
        .mid(1, "1")
        .transport_cc(2);
    session.add_receive_stream(Instant::ZERO, audio).expect("a valid stream");
    session.add_receive_stream(Instant::ZERO, video).expect("a valid stream");
    session
}

/// Drains the session, and serves what is due: each deadline must move on within a few timeouts.
fn drain(session: &mut RtpSession, now: Instant) -> Drained {
    let mut drained = Drained::default();
    for _ in 0..MAX_TIMEOUTS {
        let deadline = drain_once(session, &mut drained);
        if deadline.is_none_or(|deadline| deadline > now) {
            return drained;
        }
        session.handle_timeout(now);
    }
    panic!("a deadline stays in the past");
}

fn drain_once(session: &mut RtpSession, drained: &mut Drained) -> Option<Instant> {
    for _ in 0..MAX_OUTPUTS {
        match session.poll_output() {
            Output::Transmit(datagram) => drained.sent.push(datagram),
            Output::Event(event) => drained.events.push(event),
            Output::Timeout(deadline) => return deadline,
        }
    }
    panic!("a step never ends");
}
