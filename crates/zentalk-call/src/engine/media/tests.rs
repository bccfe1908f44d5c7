//! What a call does with frames in clear: SRTP may carry them, but nothing of them is ever heard or seen.

#![cfg(feature = "interop")]

use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_codec::{AudioFrame, Channels, FRAME_SAMPLES, VideoFrame};
use zentalk_group_keys::{FrameKeys, FrameSecret, PairRole, pair_base_key};
use zentalk_primitives::{CallId, Instant, UnixTime};

use super::{
    FrameProtection, MediaConfig, MediaPlan, MediaSession, Output, ReceivePlan, SendPlan,
    StreamPlan,
};
use crate::engine::CallStats;
use crate::engine::plain::PlainFrames;

const TICK: Duration = Duration::from_millis(20);

/// The keys of one side of a call, of which both sides have agreed on `secret`.
fn keys(role: PairRole, secret: u8) -> FrameKeys {
    let call = CallId::from_bytes([9; 16]);
    let secrets = [FrameSecret::from_bytes([secret; 32]), FrameSecret::from_bytes([2; 32])];
    let base = pair_base_key(&secrets[0], &secrets[1], call, b"caller", b"callee").unwrap();
    FrameKeys::for_pair(base, call, role)
}

fn stream(payload_type: u8, send: u32, receive: u32) -> StreamPlan {
    StreamPlan {
        mid: None,
        payload_type,
        rtx_payload_type: None,
        nack: false,
        send: Some(SendPlan { ssrc: send, rtx_ssrc: None }),
        receive: Some(ReceivePlan { ssrc: Some(receive), rtx_ssrc: None }),
    }
}

fn session(role: PairRole, protection: FrameProtection<'_>) -> MediaSession {
    let (own, peer) = if role == PairRole::Caller { (1, 2) } else { (2, 1) };
    let plan = MediaPlan {
        audio: Some(stream(111, 10 + own, 10 + peer)),
        video: Some(stream(96, 20 + own, 20 + peer)),
    };
    let mut rng = ChaCha20Rng::seed_from_u64(u64::from(own));
    let (now, wall_clock) = (Instant::ZERO, UnixTime::from_millis(1_800_000_000_000));
    MediaSession::new(now, wall_clock, &plan, &MediaConfig::default(), protection, &mut rng)
        .unwrap()
}

/// A second of sound and pictures from one to the other. What was played at the other end, and its counts.
fn talk(mut from: MediaSession, mut to: MediaSession) -> (usize, usize, CallStats) {
    let (mut sounds, mut pictures) = (0, 0);
    let mut now = Instant::ZERO;
    for index in 0..50u32 {
        let timestamp = index * FRAME_SAMPLES as u32;
        let tone = (0..FRAME_SAMPLES).map(|n| if n / 50 % 2 == 0 { 4_000 } else { -4_000 });
        let sound = AudioFrame::new(tone.collect(), Channels::Mono, timestamp).unwrap();
        from.send_audio(now, &sound).unwrap();
        if index % 2 == 0 {
            let picture = VideoFrame::black((64, 48), index * 1_800).unwrap();
            from.send_video(now, &picture).unwrap();
        }
        now += TICK;
        from.handle_timeout(now);
        loop {
            match from.poll_output(now) {
                Output::Rtp(packet) => to.handle_rtp(now, &packet),
                Output::Rtcp(packet) => to.handle_rtcp(now, &packet),
                Output::Timeout(_) => break,
                _ => {}
            }
        }
        to.handle_timeout(now);
        loop {
            match to.poll_output(now) {
                Output::Audio { .. } => sounds += 1,
                Output::Video(_) => pictures += 1,
                Output::Timeout(_) => break,
                _ => {}
            }
        }
    }
    (sounds, pictures, to.stats(now))
}

#[test]
fn a_frame_encrypted_call_refuses_plain_frames() {
    let plain = session(PairRole::Caller, FrameProtection::Plain(PlainFrames::for_test()));
    let mut keys = keys(PairRole::Callee, 1);
    let sealed = FrameProtection::Sealed { keys: &mut keys, peer: PairRole::Caller };
    let (sounds, pictures, stats) = talk(plain, session(PairRole::Callee, sealed));
    assert_eq!((sounds, pictures), (0, 0));
    assert!(stats.audio.packets_received >= 49, "{stats:?}");
    // Each frame of sound, and of pictures at least the keyframe: the rest refers to it and is not tried.
    assert!(stats.frames_refused > stats.audio.packets_received, "{stats:?}");
}

#[test]
fn a_frame_encrypted_call_refuses_frames_under_other_keys() {
    let [mut own, mut foreign] = [keys(PairRole::Callee, 1), keys(PairRole::Caller, 7)];
    let from = FrameProtection::Sealed { keys: &mut foreign, peer: PairRole::Callee };
    let to = FrameProtection::Sealed { keys: &mut own, peer: PairRole::Caller };
    let sides = (session(PairRole::Caller, from), session(PairRole::Callee, to));
    let (sounds, pictures, stats) = talk(sides.0, sides.1);
    assert_eq!((sounds, pictures), (0, 0));
    assert!(stats.frames_refused > 0);
}

/// The same way with the same keys, so that the refusals above are not those of a broken test.
#[test]
fn a_frame_encrypted_call_takes_its_own_frames() {
    let [mut caller, mut callee] = [keys(PairRole::Caller, 1), keys(PairRole::Callee, 1)];
    let from = FrameProtection::Sealed { keys: &mut caller, peer: PairRole::Callee };
    let to = FrameProtection::Sealed { keys: &mut callee, peer: PairRole::Caller };
    let sides = (session(PairRole::Caller, from), session(PairRole::Callee, to));
    let (sounds, pictures, stats) = talk(sides.0, sides.1);
    assert!(sounds > 40 && pictures > 20, "{sounds} {pictures}");
    assert_eq!(stats.frames_refused, 0);
}

#[test]
fn a_plain_peer_cannot_make_sense_of_sealed_frames() {
    let mut keys = keys(PairRole::Caller, 1);
    let sealed = FrameProtection::Sealed { keys: &mut keys, peer: PairRole::Callee };
    let plain = session(PairRole::Callee, FrameProtection::Plain(PlainFrames::for_test()));
    let (_, pictures, _) = talk(session(PairRole::Caller, sealed), plain);
    assert_eq!(pictures, 0);
}
