use png::{BitDepth, ColorType, Encoder};
use zentalk_codec::{PlaneId, VideoFrame};

/// The picture as a PNG file, converted to RGB by ITU-R BT.601 (limited range).
///
/// # Errors
/// What the PNG encoder says; it writes into memory, so nothing is expected.
pub fn to_png(frame: &VideoFrame) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, frame.width(), frame.height());
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&to_rgb(frame))?;
    writer.finish()?;
    Ok(file)
}

fn to_rgb(frame: &VideoFrame) -> Vec<u8> {
    // Chroma rows serve two luma rows each, chroma samples two luma samples.
    let twice = |plane| frame.rows(plane).flat_map(|row| [row, row]);
    let mut rgb = Vec::new();
    for ((luma, blue), red) in frame.rows(PlaneId::Y).zip(twice(PlaneId::U)).zip(twice(PlaneId::V))
    {
        let blue = blue.iter().flat_map(|sample| [*sample; 2]);
        let red = red.iter().flat_map(|sample| [*sample; 2]);
        for ((y, u), v) in luma.iter().zip(blue).zip(red) {
            rgb.extend_from_slice(&pixel(*y, u, v));
        }
    }
    rgb
}

fn pixel(y: u8, u: u8, v: u8) -> [u8; 3] {
    let y = 1.164 * (f32::from(y) - 16.0);
    let (u, v) = (f32::from(u) - 128.0, f32::from(v) - 128.0);
    // A cast of a clamped value loses nothing but its fraction.
    [y + 1.596 * v, y - 0.392 * u - 0.813 * v, y + 2.017 * u]
        .map(|value| value.clamp(0.0, 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_is_black_and_white_is_white() {
        assert_eq!(pixel(16, 128, 128), [0, 0, 0]);
        let white = pixel(235, 128, 128);
        assert!(white.iter().all(|channel| *channel >= 254), "{white:?}");
    }

    #[test]
    fn the_file_is_a_png_of_the_right_size() {
        let frame = VideoFrame::black((6, 4), 0).unwrap();
        let file = to_png(&frame).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (6, 4));
    }
}
