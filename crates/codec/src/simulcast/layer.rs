/// One of the sizes in which a picture is sent. Closed: the rids `l`, `m` and `h` of the session description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SimulcastLayer {
    /// A quarter of the side lengths.
    Low,
    /// Half of the side lengths.
    Mid,
    /// The picture as it is.
    High,
}

impl SimulcastLayer {
    /// All, from low to high.
    pub const ALL: [Self; 3] = [Self::Low, Self::Mid, Self::High];

    /// Its name in session descriptions and header extensions (RFC 8851).
    pub fn rid(self) -> &'static str {
        match self {
            Self::Low => "l",
            Self::Mid => "m",
            Self::High => "h",
        }
    }

    /// The layer of this name.
    pub fn from_rid(rid: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.rid() == rid)
    }

    /// Its place from low to high: 0 to 2.
    pub fn index(self) -> usize {
        match self {
            Self::Low => 0,
            Self::Mid => 1,
            Self::High => 2,
        }
    }

    /// A picture's size in this layer.
    pub fn scale(self, (width, height): (u32, u32)) -> (u32, u32) {
        let halvings = 2 - self.index() as u32;
        // Rounding up once is rounding up at each halving.
        (width.div_ceil(1 << halvings), height.div_ceil(1 << halvings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_places_belong_to_one_layer_each() {
        for (index, layer) in SimulcastLayer::ALL.into_iter().enumerate() {
            assert_eq!(layer.index(), index);
            assert_eq!(SimulcastLayer::from_rid(layer.rid()), Some(layer));
        }
        assert_eq!(SimulcastLayer::from_rid("x"), None);
    }

    #[test]
    fn sizes_are_those_of_the_downscaler() {
        for size in [(1, 1), (5, 9), (640, 360), (641, 363)] {
            let frame = crate::VideoFrame::black(size, 0).unwrap();
            let (half, quarter) = (frame.half().unwrap(), frame.quarter().unwrap());
            assert_eq!(SimulcastLayer::High.scale(size), size);
            assert_eq!(SimulcastLayer::Mid.scale(size), (half.width(), half.height()));
            assert_eq!(SimulcastLayer::Low.scale(size), (quarter.width(), quarter.height()));
        }
    }
}
