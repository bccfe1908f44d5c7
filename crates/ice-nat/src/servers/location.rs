use core::fmt;

use zentalk_primitives::Redacted;

use crate::Error;

/// A place on Earth, in degrees. `Debug` hides it: where a user is belongs in no log.
#[derive(Clone, Copy, PartialEq)]
pub struct Location {
    latitude: f64,
    longitude: f64,
}

impl Location {
    /// `latitude` is -90 (south) to 90, `longitude` -180 (west) to 180, else [`Error::LocationOutOfRange`], as for what is no number.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, Error> {
        let within = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        if within { Ok(Self { latitude, longitude }) } else { Err(Error::LocationOutOfRange) }
    }

    /// Degrees north.
    pub fn latitude(&self) -> f64 {
        self.latitude
    }

    /// Degrees east.
    pub fn longitude(&self) -> f64 {
        self.longitude
    }

    /// The great-circle distance in kilometres, on a sphere: within 0.6 % of the real one.
    ///
    /// By the haversine formula, which is exact for small distances, too; the arc cosine is not.
    pub fn distance_km(&self, other: &Self) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let across = haversine((other.longitude - self.longitude).to_radians());
        // At antipodes rounding may leave a little more than 1.
        let chord = (haversine(b - a) + a.cos() * b.cos() * across).clamp(0.0, 1.0);
        2.0 * EARTH_RADIUS_KM * chord.sqrt().asin()
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Location").field(&Redacted(())).finish()
    }
}

fn haversine(angle: f64) -> f64 {
    (angle / 2.0).sin().powi(2)
}

/// The mean radius (IUGG).
const EARTH_RADIUS_KM: f64 = 6371.0088;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(latitude: f64, longitude: f64) -> Location {
        Location::new(latitude, longitude).unwrap()
    }

    #[test]
    fn distances_are_those_of_the_atlas() {
        let (frankfurt, new_york) = (place(50.11, 8.68), place(40.71, -74.01));
        let (sydney, auckland) = (place(-33.87, 151.21), place(-36.85, 174.76));
        assert!((frankfurt.distance_km(&new_york) - 6_206.0).abs() < 20.0);
        assert!((sydney.distance_km(&auckland) - 2_156.0).abs() < 10.0);
        // Across the date line, and from pole to pole.
        assert!((place(0.0, 179.5).distance_km(&place(0.0, -179.5)) - 111.2).abs() < 0.1);
        assert!((place(90.0, 0.0).distance_km(&place(-90.0, 77.0)) - 20_015.1).abs() < 0.1);
    }

    #[test]
    fn what_is_not_on_earth_is_refused() {
        for (latitude, longitude) in [
            (90.1, 0.0),
            (-90.1, 0.0),
            (0.0, 180.1),
            (0.0, -180.1),
            (f64::NAN, 0.0),
            (0.0, f64::INFINITY),
        ] {
            assert_eq!(Location::new(latitude, longitude), Err(Error::LocationOutOfRange));
        }
    }

    #[test]
    fn debug_tells_nobody_where() {
        assert!(!format!("{:?}", place(50.11, 8.68)).contains('8'));
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_bounded(
            a in (-90.0..=90.0, -180.0..=180.0), b in (-90.0..=90.0, -180.0..=180.0),
        ) {
            let (a, b) = (place(a.0, a.1), place(b.0, b.1));
            let (there, back) = (a.distance_km(&b), b.distance_km(&a));
            prop_assert!((there - back).abs() < 1e-6);
            prop_assert!((0.0..=20_016.0).contains(&there));
            prop_assert!(a.distance_km(&a) < 1e-6);
        }
    }
}
