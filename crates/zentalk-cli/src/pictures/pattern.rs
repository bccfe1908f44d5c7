use zentalk_codec::{PlaneId, VideoFrame};

/// Picture number `index` of a generated moving picture: a drifting plaid with a ball that circles in it.
///
/// Every picture differs from its neighbours, and none looks like a film: directions cannot be confused.
/// A size that [`VideoFrame`] refuses gives nothing.
pub fn pattern(size: (u32, u32), index: u32) -> Option<VideoFrame> {
    let mut frame = VideoFrame::black(size, 0).ok()?;
    let scene = Scene::at(size, index);
    draw(&mut frame, PlaneId::Y, 1.0, |x, y| scene.luma(x, y));
    draw(&mut frame, PlaneId::U, 2.0, |x, y| scene.blue(x, y));
    draw(&mut frame, PlaneId::V, 2.0, |x, y| scene.red(x, y));
    Some(frame)
}

/// The moment that a picture shows. Coordinates are luma pixels.
struct Scene {
    shift: f32,
    ball: (f32, f32),
    radius: f32,
}

impl Scene {
    fn at((width, height): (u32, u32), index: u32) -> Self {
        let (width, height) = (width as f32, height as f32);
        let time = (index % 3_600) as f32;
        let (sin, cos) = (time * 0.07).sin_cos();
        Self {
            shift: time * 1.5,
            ball: (width * (0.5 + 0.33 * cos), height * (0.55 + 0.3 * sin)),
            radius: height * 0.12,
        }
    }

    fn luma(&self, x: f32, y: f32) -> u8 {
        if self.in_ball(x, y) {
            return 220;
        }
        let waves = ((x + self.shift) * 0.035).sin() + ((y - 0.5 * self.shift) * 0.05).sin();
        to_byte(118.0 + 34.0 * waves)
    }

    fn blue(&self, x: f32, y: f32) -> u8 {
        if self.in_ball(x, y) { 90 } else { to_byte(128.0 + 24.0 * (x * 0.01).sin()) }
    }

    fn red(&self, x: f32, y: f32) -> u8 {
        if self.in_ball(x, y) { 200 } else { to_byte(128.0 + 24.0 * (y * 0.015).cos()) }
    }

    fn in_ball(&self, x: f32, y: f32) -> bool {
        (x - self.ball.0).powi(2) + (y - self.ball.1).powi(2) < self.radius.powi(2)
    }
}

fn draw(frame: &mut VideoFrame, plane: PlaneId, scale: f32, colour: impl Fn(f32, f32) -> u8) {
    for (y, row) in frame.rows_mut(plane).enumerate() {
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = colour(x as f32 * scale, y as f32 * scale);
        }
    }
}

/// Rounds into the range of limited-range video; a cast of a clamped value loses nothing.
fn to_byte(value: f32) -> u8 {
    value.clamp(16.0, 235.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_differ_and_one_index_gives_one_picture() {
        let at = |index| pattern((64, 48), index).unwrap().to_i420();
        assert_eq!(at(3), at(3));
        assert_ne!(at(3), at(4));
    }
}
