//! Real speech through loss and jitter, out of the receiver as an even stream.

use zentalk_codec::{
    AudioReceiver, AudioSource, Channels, FRAME_SAMPLES, OpusConfig, OpusEncoder, PlayedAudio,
    PlayoutConfig, PlayoutPacket,
};
use zentalk_primitives::Instant;

use crate::media::{aligned_correlation, speech_frames};

fn packets(config: &OpusConfig) -> Vec<Vec<u8>> {
    let mut encoder = OpusEncoder::new(config).unwrap();
    let frames = speech_frames();
    frames.iter().map(|frame| encoder.encode(frame).unwrap().into_payload()).collect()
}

fn receiver() -> AudioReceiver {
    AudioReceiver::new(PlayoutConfig::default(), Channels::Mono).unwrap()
}

/// Plays `packets` sent every 20 ms, each arriving after `delay` ms if at all.
fn play(
    receiver: &mut AudioReceiver,
    packets: &[Vec<u8>],
    delay: impl Fn(usize) -> Option<u64>,
    mut open: impl FnMut(PlayoutPacket) -> Option<Vec<u8>>,
) -> Vec<PlayedAudio> {
    let mut played = Vec::new();
    for millis in 0..packets.len() as u64 * 20 + 400 {
        let now = Instant::from_millis(millis);
        for (at, packet) in packets.iter().enumerate() {
            if delay(at).is_some_and(|delay| at as u64 * 20 + delay == millis) {
                let timestamp = (at * FRAME_SAMPLES) as u32;
                receiver.push(now, at as u64, timestamp, packet.clone()).unwrap();
            }
        }
        if millis % 20 == 0 {
            played.extend(receiver.pull_with(now, &mut open));
        }
    }
    played
}

/// What a recorder that goes by the timestamps ends up with.
fn record(played: &[PlayedAudio], length: usize) -> Vec<i16> {
    let mut record = vec![0; length + 10 * FRAME_SAMPLES];
    for audio in played {
        let at = audio.frame.timestamp() as usize;
        if at + FRAME_SAMPLES <= record.len() {
            record[at..at + FRAME_SAMPLES].copy_from_slice(audio.frame.samples());
        }
    }
    record
}

fn speech() -> Vec<i16> {
    speech_frames().iter().flat_map(|frame| frame.samples().to_vec()).collect()
}

#[test]
fn nothing_is_played_before_the_first_packet() {
    let mut receiver = receiver();
    assert_eq!(receiver.pull(Instant::from_millis(500)), None);
}

#[test]
fn clean_network_conceals_nothing() {
    let packets = packets(&OpusConfig::default());
    let mut receiver = receiver();
    let played = play(&mut receiver, &packets, |_| Some(30), |packet| Some(packet.payload));
    assert_eq!(receiver.stats().received, packets.len() as u64);
    assert_eq!(receiver.stats().concealed + receiver.stats().recovered, 0);
    let speech = speech();
    let likeness = aligned_correlation(&speech, &record(&played, speech.len()), 960);
    assert!(likeness >= 0.9, "correlation {likeness}");
}

#[test]
fn every_tick_has_its_frame() {
    let packets = packets(&OpusConfig::default());
    let mut receiver = receiver();
    let played = play(
        &mut receiver,
        &packets,
        |at| (at % 3 != 0 || at == 0).then_some(10),
        |p| Some(p.payload),
    );
    // The first one is due at 70 ms and played at the next tick; from then on, 20 ms each.
    assert_eq!(played.len(), (packets.len() * 20 + 400 - 80) / 20);
    assert!(played.iter().all(|audio| audio.frame.samples_per_channel() == FRAME_SAMPLES));
}

#[test]
fn speech_survives_loss_and_jitter() {
    let packets = packets(&OpusConfig::default().expected_loss(20).unwrap());
    let mut receiver = receiver();
    // 10 % lost, the others 20 to 50 ms on their way.
    let delay = |at: usize| (at % 10 != 7).then_some(20 + (at as u64 * 7_919) % 31);
    let played = play(&mut receiver, &packets, delay, |packet| Some(packet.payload));
    let stats = *receiver.stats();
    println!("10 % loss: {stats:?}");
    assert!(stats.recovered > 0);
    let lost = (packets.len() / 10) as u64;
    assert!((lost..=lost + 2).contains(&(stats.recovered + stats.concealed)));
    let speech = speech();
    let likeness = aligned_correlation(&speech, &record(&played, speech.len()), 960);
    assert!(likeness >= 0.9, "correlation {likeness}");
}

#[test]
fn each_sealed_packet_is_opened_once() {
    let packets = packets(&OpusConfig::default().expected_loss(20).unwrap());
    let sealed: Vec<Vec<u8>> =
        packets.iter().map(|packet| packet.iter().map(|byte| byte ^ 0x5a).collect()).collect();
    let mut receiver = receiver();
    let mut opened = Vec::new();
    let delay = |at: usize| (at % 4 != 2).then_some(20);
    let played = play(&mut receiver, &sealed, delay, |packet| {
        opened.push(packet.sequence);
        Some(packet.payload.iter().map(|byte| byte ^ 0x5a).collect())
    });
    let count = opened.len();
    opened.dedup();
    assert_eq!(opened.len(), count, "a packet was opened twice");
    let delivered = (0..packets.len()).filter(|at| at % 4 != 2).count();
    assert_eq!(count, delivered);
    assert!(receiver.stats().recovered > 0);
    assert!(played.iter().any(|audio| audio.source == AudioSource::Recovered));
}

#[test]
fn packet_that_cannot_be_opened_or_decoded_is_concealed() {
    let mut packets = packets(&OpusConfig::default());
    packets[100] = vec![0x7b, 0];
    let mut receiver = receiver();
    let played = play(
        &mut receiver,
        &packets,
        |_| Some(0),
        |packet| (packet.sequence != 50).then_some(packet.payload),
    );
    assert_eq!(receiver.stats().undecodable, 2);
    let concealed: Vec<u32> = played
        .iter()
        .filter(|audio| audio.source == AudioSource::Concealed)
        .map(|audio| audio.frame.timestamp() / FRAME_SAMPLES as u32)
        .collect();
    assert_eq!(concealed, [50, 100]);
}

/// RFC 7587 §4.2.
#[test]
fn packets_of_other_lengths_become_frames_of_20_ms() {
    // Two equal frames of 20 ms in one packet (RFC 6716 §3.2.3): foreign senders may do so.
    let mut encoder = OpusEncoder::new(&OpusConfig::default()).unwrap();
    let speech = speech_frames();
    let code_0 = encoder.encode(&speech[60]).unwrap().into_payload();
    let code_1 = [&[code_0[0] | 1], &code_0[1..], &code_0[1..]].concat();
    let mut receiver = receiver();
    let mut timestamps = Vec::new();
    for tick in 0..40_u64 {
        let now = Instant::from_millis(tick * 20);
        if tick % 2 == 0 {
            receiver.push(now, tick / 2, tick as u32 * 960, code_1.clone()).unwrap();
        }
        timestamps.extend(receiver.pull(now).map(|audio| audio.frame.timestamp()));
    }
    // From 60 ms on.
    let expected: Vec<u32> = (0..37).map(|tick| tick * 960).collect();
    assert_eq!(timestamps, expected);
}
