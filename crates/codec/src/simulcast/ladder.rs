//! How much of the bit rate each layer gets, and which layers there are at all.

use crate::Vp8Config;

/// The bit rates in bit/s at which a layer is worth sending, looks as it should, and gets no better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rung {
    pub(super) least: u32,
    pub(super) target: u32,
    pub(super) most: u32,
}

/// Pixels of a picture, and its rates in kbit/s. Between the rows they are interpolated. The rates are what
/// libwebrtc gives VP8 simulcast, rounded.
const RATES: [(u32, [u32; 3]); 5] = [
    (160 * 90, [30, 70, 100]),
    (320 * 180, [50, 150, 250]),
    (640 * 360, [150, 500, 800]),
    (1_280 * 720, [600, 1_500, 2_500]),
    (1_920 * 1_080, [1_200, 3_000, 4_500]),
];

impl Rung {
    /// The rates of a picture of this size.
    pub(super) fn of_size((width, height): (u32, u32)) -> Self {
        let pixels = width.saturating_mul(height);
        let above = RATES.iter().position(|(size, _)| *size >= pixels).unwrap_or(RATES.len());
        let (low, high) = (RATES.get(above.wrapping_sub(1)), RATES.get(above));
        let (low, high) = (low.or(high), high.or(low));
        let rate = |column: usize| {
            let (Some((small, low)), Some((large, high))) = (low, high) else { return 0 };
            let (low, high) = (low.get(column).copied(), high.get(column).copied());
            let (low, high) = (u64::from(low.unwrap_or(0)), u64::from(high.unwrap_or(0)));
            let (span, into) = (large - small, pixels.saturating_sub(*small).min(large - small));
            let more = ((high - low) * u64::from(into)).checked_div(u64::from(span)).unwrap_or(0);
            (low + more) as u32 * 1_000
        };
        Self { least: rate(0), target: rate(1), most: rate(2) }
    }

    /// What must be left for the layer: a quarter more where it is off, so that it does not flap.
    fn needed(self, on: bool) -> u32 {
        if on { self.least } else { self.least + self.least / 4 }
    }
}

/// One layer: its rates, whether it is on, and what it gets in bit/s.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) rung: Rung,
    pub(super) on: bool,
    pub(super) bit_rate: u32,
}

/// Splits `total` bit/s among `shares`, from low to high. The lowest is always on; each of the others is
/// where those below it have their target and it its least. What is left raises the highest first.
/// Of the `allowed` lowest layers only.
pub(super) fn split(total: u32, allowed: usize, shares: &mut [Share]) {
    let mut left = total;
    let mut on = 0;
    for share in shares.iter().take(allowed.max(1)) {
        if on > 0 && left < share.rung.needed(share.on) {
            break;
        }
        on += 1;
        left = left.saturating_sub(share.rung.target);
    }
    left = total;
    for (index, share) in shares.iter_mut().enumerate() {
        share.on = index < on;
        share.bit_rate = if share.on { share.rung.target.min(left) } else { 0 };
        left -= share.bit_rate;
    }
    for share in shares.iter_mut().filter(|share| share.on).rev() {
        let more = left.min(share.rung.most.saturating_sub(share.bit_rate));
        share.bit_rate = (share.bit_rate + more).max(*Vp8Config::BIT_RATES.start());
        left -= more;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::SimulcastLayer;

    fn shares(size: (u32, u32)) -> Vec<Share> {
        let rungs = SimulcastLayer::ALL.map(|layer| Rung::of_size(layer.scale(size)));
        rungs.into_iter().map(|rung| Share { rung, on: false, bit_rate: 0 }).collect()
    }

    fn rates(shares: &[Share]) -> Vec<u32> {
        shares.iter().map(|share| share.bit_rate / 1_000).collect()
    }

    #[test]
    fn rates_follow_the_size() {
        assert_eq!(Rung::of_size((640, 360)).target, 500_000);
        assert_eq!(Rung::of_size((360, 640)).most, 800_000);
        assert_eq!(Rung::of_size((1, 1)).least, 30_000);
        assert_eq!(Rung::of_size((4_000, 2_000)).target, 3_000_000);
        let between = Rung::of_size((960, 540)).target;
        assert!((500_000..1_500_000).contains(&between), "{between}");
    }

    #[test]
    fn layers_come_and_go_with_the_rate_and_do_not_flap() {
        let mut shares = shares((640, 360));
        let mut at = |total| {
            split(total * 1_000_u32, 3, &mut shares);
            rates(&shares)
        };
        assert_eq!(at(5), [10, 0, 0]);
        assert_eq!(at(120), [100, 0, 0], "below what switches the next one on");
        assert_eq!(at(140), [70, 70, 0]);
        assert_eq!(at(120), [70, 50, 0], "and once it is on, it stays");
        assert_eq!(at(119), [100, 0, 0]);
        assert_eq!(at(400), [100, 250, 0]);
        assert_eq!(at(410), [70, 150, 190]);
        assert_eq!(at(720), [70, 150, 500]);
        assert_eq!(at(5_000), [100, 250, 800]);
    }

    #[test]
    fn layers_that_nobody_wants_are_off() {
        let mut shares = shares((640, 360));
        split(5_000_000, 2, &mut shares);
        assert_eq!(rates(&shares), [100, 250, 0]);
        split(5_000_000, 0, &mut shares);
        assert_eq!(rates(&shares), [100, 0, 0]);
    }

    // An estimate rises to one and a half of what is sent: that must switch the next layer on.
    #[test]
    fn every_layer_is_within_reach_of_the_one_below() {
        for size in [(320, 180), (640, 360), (1_280, 720), (1_920, 1_080)] {
            let mut shares = shares(size);
            for on in 1..3 {
                let sent: u32 = shares.iter().take(on).map(|share| share.rung.most).sum();
                split(sent / 2 * 3, 3, &mut shares);
                assert!(shares[on].on, "{size:?}: layer {on} of {shares:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_more_is_given_than_there_is(
            totals in prop::collection::vec(10_000..6_000_000_u32, 1..20),
            width in 1..2_000_u32,
            height in 1..1_200_u32,
            allowed in 0..4_usize,
        ) {
            let mut shares = shares((width, height));
            for total in totals {
                split(total, allowed, &mut shares);
                prop_assert!(shares[0].on);
                prop_assert!(shares.is_sorted_by(|lower, higher| lower.on || !higher.on));
                let given: u32 = shares.iter().map(|share| share.bit_rate).sum();
                prop_assert!(given <= total);
                for share in &shares {
                    prop_assert_eq!(share.on, share.bit_rate > 0);
                    prop_assert!(share.bit_rate <= share.rung.most);
                }
            }
        }
    }
}
