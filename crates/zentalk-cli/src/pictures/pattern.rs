use zentalk_codec::{PlaneId, VideoFrame};

/// Picture number `index` of a generated moving picture: a drifting plaid with a ball that circles in it.
///
/// Every picture differs from its neighbours, and none looks like a film: directions cannot be confused.
/// A size that [`VideoFrame`] refuses gives nothing.
pub fn pattern(size: (u32, u32), index: u32) -> Option<VideoFrame> {
    let mut frame = VideoFrame::black(size, 0).ok()?;
    let scene = Scene::at(size, index);
    scene.draw(&mut frame, PlaneId::Y);
    scene.draw(&mut frame, PlaneId::U);
    scene.draw(&mut frame, PlaneId::V);
    Some(frame)
}

/// As [`pattern`], in the colours of one of [`TINTS`] people, so that people and judges can tell them apart.
pub fn tinted_pattern(size: (u32, u32), index: u32, person: u8) -> Option<VideoFrame> {
    let mut frame = pattern(size, index)?;
    let turn = f32::from(person % TINTS) / f32::from(TINTS) * std::f32::consts::TAU;
    for (plane, shift) in [(PlaneId::U, turn.cos()), (PlaneId::V, turn.sin())] {
        for row in frame.rows_mut(plane) {
            row.iter_mut().for_each(|pixel| *pixel = to_byte(f32::from(*pixel) + TINT * shift));
        }
    }
    Some(frame)
}

/// How many colours there are.
pub const TINTS: u8 = 6;
/// How far a colour is from grey.
const TINT: f32 = 50.0;

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

    /// Each plane is a sum of a wave across and a wave down: one sine for each row and column.
    fn draw(&self, frame: &mut VideoFrame, plane: PlaneId) {
        let scale = if plane == PlaneId::Y { 1.0 } else { 2.0 };
        let (width, _) = frame.plane_size(plane);
        let across: Vec<f32> = (0..width).map(|x| self.across(plane, x as f32 * scale)).collect();
        let ball = Self::ball_colour(plane);
        for (y, row) in frame.rows_mut(plane).enumerate() {
            let y = y as f32 * scale;
            let down = self.down(plane, y);
            for (x, (pixel, across)) in row.iter_mut().zip(&across).enumerate() {
                let in_ball = self.in_ball(x as f32 * scale, y);
                *pixel = if in_ball { ball } else { to_byte(across + down) };
            }
        }
    }

    fn across(&self, plane: PlaneId, x: f32) -> f32 {
        match plane {
            PlaneId::Y => 34.0 * ((x + self.shift) * 0.035).sin(),
            PlaneId::U => 24.0 * (x * 0.01).sin(),
            PlaneId::V => 0.0,
        }
    }

    fn down(&self, plane: PlaneId, y: f32) -> f32 {
        match plane {
            PlaneId::Y => 118.0 + 34.0 * ((y - 0.5 * self.shift) * 0.05).sin(),
            PlaneId::U => 128.0,
            PlaneId::V => 128.0 + 24.0 * (y * 0.015).cos(),
        }
    }

    const fn ball_colour(plane: PlaneId) -> u8 {
        match plane {
            PlaneId::Y => 220,
            PlaneId::U => 90,
            PlaneId::V => 200,
        }
    }

    fn in_ball(&self, x: f32, y: f32) -> bool {
        (x - self.ball.0).powi(2) + (y - self.ball.1).powi(2) < self.radius.powi(2)
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

    #[test]
    fn no_two_people_have_the_same_colours() {
        let mut seen = std::collections::BTreeSet::new();
        for person in 0..TINTS {
            assert!(
                seen.insert(tinted_pattern((64, 48), 3, person).unwrap().to_i420()),
                "{person}"
            );
        }
    }
}
