//! libopus behind our types, on real speech.

use std::f64::consts::TAU;

use zentalk_codec::{
    AudioFrame, Channels, Error, FRAME_SAMPLES, OpusApplication, OpusConfig, OpusDecoder,
    OpusEncoder, OpusPacket, OpusPacketizer,
};

use crate::media::{aligned_correlation, correlation, speech_frames};

fn samples(frames: &[AudioFrame]) -> Vec<i16> {
    frames.iter().flat_map(|frame| frame.samples().to_vec()).collect()
}

fn encode(config: &OpusConfig, frames: &[AudioFrame]) -> Vec<Vec<u8>> {
    let mut encoder = OpusEncoder::new(config).unwrap();
    frames.iter().map(|frame| encoder.encode(frame).unwrap().into_payload()).collect()
}

#[test]
fn codecs_can_be_moved_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<OpusEncoder>();
    is_send::<OpusDecoder>();
    is_send::<zentalk_codec::Vp8Encoder>();
    is_send::<zentalk_codec::Vp8Decoder>();
}

#[test]
fn speech_survives_32_kbit_per_second() {
    let sent = speech_frames();
    let mut decoder = OpusDecoder::new(Channels::Mono).unwrap();
    let packets = encode(&OpusConfig::default(), &sent);
    let bytes: usize = packets.iter().map(Vec::len).sum();
    let rate = bytes * 8 * 50 / packets.len();
    let mut received = Vec::new();
    for (packet, frame) in packets.iter().zip(&sent) {
        let decoded = decoder.decode(packet, frame.timestamp()).unwrap();
        assert_eq!(decoded.timestamp(), frame.timestamp());
        assert_eq!(decoded.samples_per_channel(), FRAME_SAMPLES);
        received.extend_from_slice(decoded.samples());
    }
    let likeness = aligned_correlation(&samples(&sent), &received, 960);
    println!("speech at {rate} bit/s: correlation {likeness:.3}");
    assert!(likeness >= 0.9, "correlation {likeness}");
    assert!((16_000..48_000).contains(&rate), "{rate} bit/s");
}

#[test]
fn tuning_for_voice_still_carries_speech() {
    // It cuts low frequencies, which turns their phase: less alike as a waveform.
    let sent = speech_frames();
    let config = OpusConfig::default().application(OpusApplication::Voice);
    let mut decoder = OpusDecoder::new(Channels::Mono).unwrap();
    let packets = encode(&config, &sent);
    let decoded = packets.iter().map(|packet| decoder.decode(packet, 0).unwrap());
    let received = samples(&decoded.collect::<Vec<_>>());
    assert!(aligned_correlation(&samples(&sent), &received, 960) > 0.8);
}

#[test]
fn stereo_keeps_its_channels_apart() {
    let config = OpusConfig::default().channels(Channels::Stereo);
    let config = config.bit_rate(128_000).unwrap();
    let mut encoder = OpusEncoder::new(&config).unwrap();
    let mut decoder = OpusDecoder::new(Channels::Stereo).unwrap();
    let tone =
        |at: usize, hertz: f64| (8_000.0 * (at as f64 * hertz * TAU / 48_000.0).sin()) as i16;
    let (mut left, mut right) = (0.0, 0.0);
    for frame in 0..50 {
        let range = frame * FRAME_SAMPLES..(frame + 1) * FRAME_SAMPLES;
        let pcm = range.flat_map(|at| [tone(at, 440.0), 0]).collect();
        let sent = AudioFrame::new(pcm, Channels::Stereo, 0).unwrap();
        let packet = encoder.encode(&sent).unwrap();
        let received = decoder.decode(packet.payload(), 0).unwrap();
        for pair in received.samples().chunks_exact(2) {
            left += f64::from(pair[0]).powi(2);
            right += f64::from(pair[1]).powi(2);
        }
    }
    assert!(left > 100.0 * right, "left {left} right {right}");
}

#[test]
fn bit_rate_change_takes_effect() {
    let speech = speech_frames();
    let mut encoder = OpusEncoder::new(&OpusConfig::default()).unwrap();
    let mut bytes = |bit_rate| {
        encoder.set_bit_rate(bit_rate).unwrap();
        let sizes = speech[..100].iter().map(|frame| encoder.encode(frame).unwrap());
        sizes.map(|packet| packet.payload().len()).sum::<usize>()
    };
    let (low, high) = (bytes(12_000), bytes(96_000));
    assert!(high > 3 * low, "{low} then {high} bytes");
    assert!(matches!(encoder.set_bit_rate(5_999), Err(Error::OutOfRange { min: 6_000, .. })));
}

#[test]
fn every_legal_bit_rate_encodes() {
    let speech = speech_frames();
    for bit_rate in [6_000, 510_000] {
        let config = OpusConfig::default().bit_rate(bit_rate).unwrap();
        for packet in encode(&config, &speech[..20]) {
            assert!(packet.len() <= 1_276);
            assert_eq!(OpusPacket::parse(&packet).unwrap().samples(), FRAME_SAMPLES);
        }
    }
}

/// RFC 6716 §2.1.7.
#[test]
fn fec_of_the_next_packet_beats_concealment() {
    let sent = speech_frames();
    let config = OpusConfig::default().expected_loss(25).unwrap();
    let packets = encode(&config, &sent);
    let carriers = packets.iter().filter(|packet| OpusPacket::parse(packet).unwrap().has_fec());
    assert!(carriers.count() > packets.len() / 4);

    // Every fifth packet is lost. Decode with FEC, with concealment only, and without loss.
    let decode = |fec: bool, lossy: bool| {
        let mut decoder = OpusDecoder::new(Channels::Mono).unwrap();
        let mut pcm = Vec::new();
        for (at, packet) in packets.iter().enumerate() {
            let lost = lossy && at % 5 == 3;
            let next = packets.get(at + 1).filter(|_| fec);
            let recovered =
                next.filter(|_| lost).and_then(|next| decoder.recover(next, 0).unwrap());
            let frame = match recovered {
                Some(frame) => frame,
                None if lost => decoder.conceal(0).unwrap(),
                None => decoder.decode(packet, 0).unwrap(),
            };
            assert_eq!(frame.samples_per_channel(), FRAME_SAMPLES);
            pcm.extend(frame.into_samples());
        }
        pcm
    };
    let whole = decode(false, false);
    let with_fec = correlation(&whole, &decode(true, true));
    let without = correlation(&whole, &decode(false, true));
    println!("20 % loss: correlation {with_fec:.3} with FEC, {without:.3} without");
    assert!(with_fec > without);
    assert!(with_fec > 0.9, "correlation {with_fec}");
}

#[test]
fn packet_without_fec_data_recovers_nothing() {
    let sent = speech_frames();
    let packets = encode(&OpusConfig::default().fec(false), &sent[..50]);
    let mut decoder = OpusDecoder::new(Channels::Mono).unwrap();
    for packet in &packets {
        assert_eq!(decoder.recover(packet, 0), Ok(None));
    }
}

/// RFC 6716 §2.1.9.
#[test]
fn dtx_is_off_unless_asked_for() {
    let silence = AudioFrame::silence(Channels::Mono, 0);
    let sent = |config: &OpusConfig| {
        let mut encoder = OpusEncoder::new(config).unwrap();
        let mut packetizer = OpusPacketizer::new();
        let packets = (0..100).map(|_| packetizer.packetize(encoder.encode(&silence).unwrap()));
        packets.flatten().count()
    };
    assert_eq!(sent(&OpusConfig::default()), 100);
    assert!(sent(&OpusConfig::default().dtx(true)) < 50);
}

/// RFC 3551 §4.1.
/// RFC 7587 §4.1.
#[test]
fn first_packet_after_silence_is_marked() {
    let mut encoder = OpusEncoder::new(&OpusConfig::default().dtx(true)).unwrap();
    let mut packetizer = OpusPacketizer::new();
    let silence = AudioFrame::silence(Channels::Mono, 0);
    let speech = speech_frames();
    let frames = [&speech[50..100], &vec![silence; 100], &speech[50..100]].concat();
    let mut last_sent = true;
    let mut marks = 0;
    for frame in &frames {
        let payload = packetizer.packetize(encoder.encode(frame).unwrap());
        if let Some(payload) = &payload {
            assert_eq!(payload.timestamp, frame.timestamp());
            assert_eq!(payload.marker, !last_sent);
            marks += usize::from(payload.marker);
        }
        last_sent = payload.is_some();
    }
    assert!(marks > 0);
}

#[test]
fn wrong_frames_are_refused() {
    let mut encoder = OpusEncoder::new(&OpusConfig::default()).unwrap();
    let short = AudioFrame::new(vec![0; 480], Channels::Mono, 0).unwrap();
    assert_eq!(encoder.encode(&short), Err(Error::WrongFrameLength { given: 480 }));
    let stereo = AudioFrame::silence(Channels::Stereo, 0);
    assert_eq!(encoder.encode(&stereo), Err(Error::WrongChannels));
}

#[test]
fn random_and_truncated_packets_never_crash_the_decoder() {
    let mut decoder = OpusDecoder::new(Channels::Stereo).unwrap();
    let packets = encode(&OpusConfig::default(), &speech_frames()[..40]);
    for packet in &packets {
        for length in 0..packet.len() {
            let _ = decoder.decode(&packet[..length], 0);
            let _ = decoder.recover(&packet[..length], 0);
        }
    }
    // A multiplicative generator is random enough here, and the same on every run.
    let mut state = 1_u64;
    for length in 0..400 {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect();
        if let Ok(frame) = decoder.decode(&bytes, 0) {
            assert!(frame.samples_per_channel() <= 5_760);
        }
    }
}

#[test]
fn longest_packet_decodes_whole() {
    // 48 empty frames of 2.5 ms, CELT only: the most that RFC 6716 §3.2.5 allows.
    let mut decoder = OpusDecoder::new(Channels::Mono).unwrap();
    assert_eq!(decoder.decode(&[0xe3, 48], 0).unwrap().samples_per_channel(), 5_760);
}

#[test]
fn logs_show_no_sound() {
    let frame = AudioFrame::new(vec![12_345; FRAME_SAMPLES], Channels::Mono, 7).unwrap();
    assert_eq!(format!("{frame:?}"), "AudioFrame(960 samples, Mono, at 7)");
    let encoded = OpusEncoder::new(&OpusConfig::default()).unwrap().encode(&frame).unwrap();
    let length = encoded.payload().len();
    assert_eq!(format!("{encoded:?}"), format!("EncodedAudio({length} bytes at 7)"));
}
