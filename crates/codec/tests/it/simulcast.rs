//! One picture in three sizes, and frames that may be left out, on real video.

use std::collections::BTreeMap;

use zentalk_codec::{
    EncodedVideo, Error, LayerFrame, SimulcastConfig, SimulcastEncoder, SimulcastLayer,
    TemporalLayer, VideoFrame, Vp8Config, Vp8Decoder, Vp8Descriptor, Vp8Encoder, Vp8FrameHeader,
    Vp8Packetizer,
};

use crate::media::{bunny_pictures, luma_psnr, median};

fn config() -> SimulcastConfig {
    SimulcastConfig::new(640, 360).unwrap().frame_rate(25).unwrap().bit_rate(720_000).unwrap()
}

fn scaled(picture: &VideoFrame, layer: SimulcastLayer) -> VideoFrame {
    match layer {
        SimulcastLayer::Low => picture.quarter().unwrap(),
        SimulcastLayer::Mid => picture.half().unwrap(),
        SimulcastLayer::High => picture.clone(),
    }
}

/// Which layers these frames are of, capitals where they are keyframes.
fn names(frames: &[LayerFrame]) -> String {
    let name = |frame: &LayerFrame| {
        let rid = frame.layer.rid();
        if frame.frame.is_keyframe() { rid.to_uppercase() } else { rid.to_owned() }
    };
    frames.iter().map(name).collect()
}

#[test]
fn each_layer_shows_the_picture_in_its_size_at_its_rate() {
    let pictures = bunny_pictures(132);
    let mut encoder = SimulcastEncoder::new(&config()).unwrap();
    let mut seen: BTreeMap<_, (Vp8Decoder, Vec<f64>, usize)> = BTreeMap::new();
    for picture in &pictures {
        let frames = encoder.encode(picture).unwrap();
        assert_eq!(names(&frames).to_lowercase(), "lmh");
        for LayerFrame { layer, frame, .. } in frames {
            assert_eq!(frame.timestamp(), picture.timestamp());
            let (decoder, psnr, bytes) = seen.entry(layer).or_default();
            let decoded = decoder.decode(frame.data(), frame.timestamp()).unwrap().unwrap();
            psnr.push(luma_psnr(&scaled(picture, layer), &decoded));
            *bytes += frame.data().len();
        }
    }
    for (layer, (_, psnr, bytes)) in seen {
        let rate = (bytes * 8 * 25 / pictures.len()) as f64;
        let wanted = f64::from(encoder.layer_bit_rate(layer).unwrap());
        let quality = median(psnr);
        println!("{}: {rate} of {wanted} bit/s, median luma PSNR {quality:.1} dB", layer.rid());
        assert!(quality >= 28.0, "{layer:?}: PSNR {quality}");
        assert!((0.6 * wanted..1.5 * wanted).contains(&rate), "{layer:?}: {rate} of {wanted}");
    }
}

#[test]
fn a_keyframe_comes_in_the_layer_that_asked_or_in_all() {
    let pictures = bunny_pictures(6);
    let mut encoder = SimulcastEncoder::new(&config()).unwrap();
    let mut seen = Vec::new();
    for (at, picture) in pictures.iter().enumerate() {
        match at {
            2 => encoder.request_keyframe(SimulcastLayer::Mid),
            4 => encoder.request_keyframes(),
            _ => {}
        }
        seen.push(names(&encoder.encode(picture).unwrap()));
    }
    assert_eq!(seen, ["LMH", "lmh", "lMh", "lmh", "LMH", "lmh"]);
}

#[test]
fn layers_go_with_the_rate_and_come_back_with_a_keyframe() {
    let pictures = bunny_pictures(12);
    let mut encoder = SimulcastEncoder::new(&config()).unwrap();
    let mut seen = Vec::new();
    for (at, picture) in pictures.iter().enumerate() {
        match at {
            2 => encoder.set_bit_rate(250_000).unwrap(),
            4 => encoder.set_bit_rate(80_000).unwrap(),
            6 => encoder.set_bit_rate(1_000_000).unwrap(),
            8 => encoder.set_highest(SimulcastLayer::Mid).unwrap(),
            10 => encoder.set_highest(SimulcastLayer::High).unwrap(),
            _ => {}
        }
        seen.push(names(&encoder.encode(picture).unwrap()));
    }
    let wanted = ["LMH", "lmh", "lm", "lm", "l", "l", "lMH", "lmh", "lm", "lm", "lmH", "lmh"];
    assert_eq!(seen, wanted);
    assert_eq!(encoder.config().size(), (640, 360));
    assert!(matches!(encoder.set_bit_rate(1), Err(Error::OutOfRange { .. })));
}

#[test]
fn fewer_layers_keep_the_full_size_and_odd_sizes_work() {
    for (layers, wanted) in [(1, "H"), (2, "MH"), (3, "LMH")] {
        let config = SimulcastConfig::new(321, 181).unwrap().layers(layers).unwrap();
        let mut encoder = SimulcastEncoder::new(&config).unwrap();
        let frames = encoder.encode(&VideoFrame::black((321, 181), 5).unwrap()).unwrap();
        assert_eq!(names(&frames), wanted);
        for LayerFrame { layer, frame, .. } in frames {
            let header = Vp8FrameHeader::parse(frame.data()).unwrap();
            assert_eq!(header.dimensions, Some(layer.scale((321, 181))));
        }
    }
}

#[test]
fn another_size_needs_another_configuration() {
    let mut encoder = SimulcastEncoder::new(&config()).unwrap();
    let small = VideoFrame::black((320, 180), 0).unwrap();
    let error = Error::DimensionsOutOfRange { width: 320, height: 180 };
    assert_eq!(encoder.encode(&small), Err(error));
    encoder.set_highest(SimulcastLayer::Mid).unwrap();
    encoder.reconfigure(&SimulcastConfig::new(320, 180).unwrap()).unwrap();
    assert_eq!(names(&encoder.encode(&small).unwrap()), "LM");
}

/// The frames of a stream with temporal layers.
fn temporal(layers: u8, keyframe_at: usize, pictures: &[VideoFrame]) -> Vec<EncodedVideo> {
    let config = Vp8Config::new(640, 360).unwrap().frame_rate(25).unwrap();
    let config = config.temporal_layers(layers).unwrap().bit_rate(600_000).unwrap();
    let mut encoder = Vp8Encoder::new(&config).unwrap();
    let encode = |(at, picture)| {
        if at == keyframe_at {
            encoder.request_keyframe();
        }
        encoder.encode(picture).unwrap().unwrap()
    };
    pictures.iter().enumerate().map(encode).collect()
}

fn id(frame: &EncodedVideo) -> u8 {
    frame.temporal().unwrap().id
}

#[test]
fn without_its_upper_temporal_layers_a_stream_decodes_as_well() {
    let pictures = bunny_pictures(60);
    for layers in [2, 3] {
        let frames = temporal(layers, 31, &pictures);
        for highest in 0..layers {
            let (mut decoder, mut psnr) = (Vp8Decoder::new(), Vec::new());
            for (frame, picture) in frames.iter().zip(&pictures) {
                if id(frame) > highest {
                    continue;
                }
                let decoded = decoder.decode(frame.data(), frame.timestamp()).unwrap().unwrap();
                psnr.push(luma_psnr(picture, &decoded));
            }
            let (count, worst) = (psnr.len(), psnr.iter().copied().fold(f64::MAX, f64::min));
            let quality = median(psnr);
            println!(
                "{layers} layers, up to {highest}: {count} frames, PSNR {quality:.1} dB, worst {worst:.1}"
            );
            // A frame that refers to one that was left out would be torn.
            assert!(quality >= 28.0 && worst >= 22.0, "{quality} and {worst}");
        }
    }
}

#[test]
fn what_one_decodes_does_not_depend_on_what_was_left_out() {
    let pictures = bunny_pictures(24);
    let frames = temporal(3, 9, &pictures);
    let decode = |highest: u8| {
        let mut decoder = Vp8Decoder::new();
        let kept = frames.iter().filter(|frame| id(frame) <= highest);
        kept.map(|frame| (frame, decoder.decode(frame.data(), frame.timestamp()).unwrap().unwrap()))
            .filter(|(frame, _)| id(frame) == 0)
            .map(|(_, picture)| picture.to_i420())
            .collect::<Vec<_>>()
    };
    assert!(decode(0) == decode(2), "the base layer differs");
    assert!(decode(0) == decode(1), "the base layer differs");
}

#[test]
fn a_keyframe_is_always_of_the_base_layer() {
    let pictures = bunny_pictures(12);
    let frames = temporal(3, 5, &pictures);
    let ids: Vec<_> = frames.iter().map(id).collect();
    assert_eq!(ids, [0, 2, 1, 2, 0, 0, 2, 1, 2, 0, 2, 1]);
    for frame in &frames {
        assert!(!frame.is_keyframe() || id(frame) == 0);
        assert_eq!(frame.is_reference(), id(frame) < 2);
    }
    let single = one_layer(&pictures);
    assert!(single.iter().all(|frame| frame.temporal().is_none() && frame.is_reference()));
}

fn one_layer(pictures: &[VideoFrame]) -> Vec<EncodedVideo> {
    let mut encoder = Vp8Encoder::new(&Vp8Config::new(640, 360).unwrap()).unwrap();
    pictures.iter().map(|picture| encoder.encode(picture).unwrap().unwrap()).collect()
}

/// RFC 7741 §4.2.
#[test]
fn packets_say_which_frames_may_be_left_out() {
    let pictures = bunny_pictures(8);
    let mut packetizer = Vp8Packetizer::new(1_100, 77).unwrap();
    let mut index = None;
    for frame in temporal(2, 99, &pictures) {
        let layer = frame.temporal().unwrap();
        let packets =
            packetizer.packetize_layered(frame.data(), layer, frame.is_reference()).unwrap();
        for packet in packets {
            let (head, _) = Vp8Descriptor::parse(&packet.payload).unwrap();
            assert_eq!(head.temporal_layer, Some(layer));
            assert_eq!(head.non_reference, layer == TemporalLayer { id: 1, sync: true });
            let before = index.replace(head.base_layer_index.unwrap());
            if layer.id > 0 {
                assert_eq!(index, before, "the number of the base layer's frame before it");
            }
        }
    }
}
