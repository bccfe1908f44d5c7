use crate::{Channels, OpusDecoder, OpusPacket};

/// Any bytes as an Opus packet: what is accepted keeps to every bound of RFC 6716 §3.4.
pub fn parse_opus(data: &[u8]) {
    let Ok(packet) = OpusPacket::parse(data) else { return };
    assert!((1..=48).contains(&packet.frame_count()));
    assert!(packet.samples() <= 5_760, "more than 120 ms");
    assert_eq!(packet.samples() % usize::from(packet.samples_per_frame()), 0);
    let frames: Vec<_> = packet.frames().collect();
    assert_eq!(frames.len(), packet.frame_count());
    assert!(frames.iter().all(|frame| frame.len() <= 1_275));
    let bytes: usize = frames.iter().map(|frame| frame.len()).sum();
    assert!(1 + bytes + packet.padding() <= data.len());
    let _ = packet.has_fec();
}

/// Any packets for the decoder, lost ones between them: what is well-formed decodes to as much sound as it announces, or is
/// undecodable.
pub fn engine_opus_decoder(data: &[u8]) {
    let Some((&first, mut rest)) = data.split_first() else { return };
    let channels = if first & 1 == 0 { Channels::Mono } else { Channels::Stereo };
    let mut decoder = OpusDecoder::new(channels).expect("libopus starts");
    for timestamp in 0..8 {
        let Some((&head, behind)) = rest.split_first() else { return };
        if head == 0 {
            let frame = decoder.conceal(timestamp).expect("concealing always works");
            assert_eq!(frame.samples_per_channel(), 960);
            rest = behind;
            continue;
        }
        let (packet, behind) = behind.split_at(usize::from(head).min(behind.len()));
        rest = behind;
        if first & 2 != 0
            && let Ok(Some(frame)) = decoder.recover(packet, timestamp)
        {
            assert_eq!(frame.samples_per_channel(), 960);
        }
        if let Ok(frame) = decoder.decode(packet, timestamp) {
            let announced = OpusPacket::parse(packet).expect("it was decoded").samples();
            assert_eq!((frame.samples_per_channel(), frame.channels()), (announced, channels));
        }
    }
}
