//! libvpx behind our types, on real video.

use zentalk_codec::{
    EncodedVideo, Error, PlaneId, VideoFrame, Vp8Config, Vp8Decoder, Vp8Encoder, Vp8FrameHeader,
    is_keyframe,
};

use crate::media::{bunny_frames, bunny_pictures, luma_psnr, median};

fn config() -> Vp8Config {
    Vp8Config::new(640, 360).unwrap().frame_rate(25).unwrap()
}

#[test]
fn real_video_survives_1000_kbit_per_second() {
    let pictures = bunny_pictures(132);
    let mut encoder = Vp8Encoder::new(&config()).unwrap();
    let mut decoder = Vp8Decoder::new();
    let (mut psnr, mut bytes) = (Vec::new(), 0);
    for picture in &pictures {
        let encoded = encoder.encode(picture).unwrap().unwrap();
        assert_eq!(encoded.timestamp(), picture.timestamp());
        assert_eq!(encoded.is_keyframe(), is_keyframe(encoded.data()[0]));
        bytes += encoded.data().len();
        let decoded = decoder.decode(encoded.data(), encoded.timestamp()).unwrap().unwrap();
        assert_eq!(decoded.timestamp(), picture.timestamp());
        psnr.push(luma_psnr(picture, &decoded));
    }
    let rate = bytes * 8 * 25 / pictures.len();
    let quality = median(psnr);
    println!("640x360 at {rate} bit/s: median luma PSNR {quality:.1} dB");
    assert!(quality >= 30.0, "PSNR {quality}");
    assert!((600_000..1_400_000).contains(&rate), "{rate} bit/s");
}

#[test]
fn keyframes_come_when_asked_for() {
    let pictures = bunny_pictures(40);
    let mut encoder = Vp8Encoder::new(&config()).unwrap();
    let mut keyframes = Vec::new();
    for (at, picture) in pictures.iter().enumerate() {
        if at == 17 || at == 31 {
            encoder.request_keyframe();
        }
        let encoded = encoder.encode(picture).unwrap().unwrap();
        let header = Vp8FrameHeader::parse(encoded.data()).unwrap();
        assert_eq!(header.keyframe, encoded.is_keyframe());
        if encoded.is_keyframe() {
            assert_eq!(header.dimensions, Some((640, 360)));
            keyframes.push(at);
        }
    }
    assert_eq!(keyframes, [0, 17, 31]);
}

#[test]
fn bit_rate_change_takes_effect() {
    let pictures = bunny_pictures(60);
    let mut encoder = Vp8Encoder::new(&config()).unwrap();
    let mut bytes = |bit_rate| {
        encoder.set_bit_rate(bit_rate).unwrap();
        let sizes = pictures.iter().map(|picture| encoder.encode(picture).unwrap().unwrap());
        sizes.map(|encoded| encoded.data().len()).sum::<usize>()
    };
    let (high, low) = (bytes(2_000_000), bytes(300_000));
    assert!(high > 2 * low, "{high} then {low} bytes");
    assert!(matches!(encoder.set_bit_rate(1), Err(Error::OutOfRange { min: 10_000, .. })));
    assert_eq!(encoder.config(), &config().bit_rate(300_000).unwrap());
}

#[test]
fn frame_rate_change_takes_effect() {
    let pictures = bunny_pictures(60);
    let mut encoder = Vp8Encoder::new(&config().bit_rate(400_000).unwrap()).unwrap();
    let mut bytes = |frame_rate| {
        encoder.set_frame_rate(frame_rate).unwrap();
        let sizes = pictures.iter().map(|picture| encoder.encode(picture).unwrap().unwrap());
        sizes.map(|encoded| encoded.data().len()).sum::<usize>()
    };
    // The same rate for a fifth of the frames leaves more for each.
    let (many, few) = (bytes(50), bytes(10));
    assert!(few > 2 * many, "{many} then {few} bytes");
}

#[test]
fn frames_are_dropped_only_where_that_is_allowed() {
    let pictures = bunny_pictures(132);
    let dropped = |allowed| {
        let config = config().bit_rate(30_000).unwrap().frame_dropping(allowed);
        let mut encoder = Vp8Encoder::new(&config).unwrap();
        let encoded = pictures.iter().map(|picture| encoder.encode(picture).unwrap());
        encoded.filter(Option::is_none).count()
    };
    assert_eq!(dropped(false), 0);
    assert!(dropped(true) > 0);
}

#[test]
fn equal_input_gives_equal_output() {
    let pictures = bunny_pictures(10);
    let run = || {
        let mut encoder = Vp8Encoder::new(&config()).unwrap();
        let encoded = pictures.iter().map(|picture| encoder.encode(picture).unwrap().unwrap());
        encoded.map(EncodedVideo::into_data).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn another_size_needs_another_configuration() {
    let picture = &bunny_pictures(1)[0];
    let small = VideoFrame::black((321, 181), 0).unwrap();
    let mut encoder = Vp8Encoder::new(&config()).unwrap();
    let mut decoder = Vp8Decoder::new();
    let first = encoder.encode(picture).unwrap().unwrap();
    assert!(decoder.decode(first.data(), 0).unwrap().is_some());
    let error = Error::DimensionsOutOfRange { width: 321, height: 181 };
    assert_eq!(encoder.encode(&small), Err(error));

    encoder.reconfigure(&Vp8Config::new(321, 181).unwrap()).unwrap();
    let encoded = encoder.encode(&small).unwrap().unwrap();
    assert!(encoded.is_keyframe());
    let decoded = decoder.decode(encoded.data(), 0).unwrap().unwrap();
    assert_eq!((decoded.width(), decoded.height()), (321, 181));
    assert_eq!(decoded.plane_size(PlaneId::V), (161, 91));
    assert!(luma_psnr(&small, &decoded) > 40.0);
}

#[test]
fn padded_strides_encode_like_packed_ones() {
    let picture = &bunny_pictures(1)[0];
    let pad = |id| {
        let mut data = Vec::new();
        for row in picture.rows(id) {
            data.extend_from_slice(row);
            data.extend([0xee; 37]);
        }
        let stride = picture.plane_size(id).0 + 37;
        data.truncate(data.len() - 37);
        zentalk_codec::Plane::new(data, stride)
    };
    let planes = [pad(PlaneId::Y), pad(PlaneId::U), pad(PlaneId::V)];
    let padded = VideoFrame::new((640, 360), 0, planes).unwrap();
    let encode = |picture| Vp8Encoder::new(&config()).unwrap().encode(picture).unwrap().unwrap();
    assert_eq!(encode(&padded).data(), encode(picture).data());
}

#[test]
fn one_pixel_and_extreme_shapes_encode_and_decode() {
    for size in [(1, 1), (2, 3), (17, 1), (1, 17), (16_383, 1), (1, 16_383)] {
        let picture = VideoFrame::black(size, 0).unwrap();
        let mut encoder = Vp8Encoder::new(&Vp8Config::new(size.0, size.1).unwrap()).unwrap();
        let encoded = encoder.encode(&picture).unwrap().unwrap();
        let decoded = Vp8Decoder::new().decode(encoded.data(), 0).unwrap().unwrap();
        assert_eq!((decoded.width(), decoded.height()), size);
    }
}

#[test]
fn inter_frame_before_the_first_keyframe_is_refused() {
    let frames = bunny_frames();
    let mut decoder = Vp8Decoder::new();
    assert!(decoder.needs_keyframe());
    assert_eq!(decoder.decode(&frames[1], 0), Err(Error::KeyframeNeeded));
    assert!(decoder.decode(&frames[0], 0).unwrap().is_some());
    assert!(!decoder.needs_keyframe());
    assert!(decoder.decode(&frames[1], 0).unwrap().is_some());
}
