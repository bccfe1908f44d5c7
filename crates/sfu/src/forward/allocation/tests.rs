use proptest::prelude::*;

use super::*;

/// Three layers without temporal layers, bits per second.
const RATES: [u64; 3] = [150_000, 500_000, 1_500_000];
const AUDIO: u64 = 250_000;

fn demand(max_layer: u8, priority: u8) -> Demand {
    let rates = RATES.map(|rate| [rate; MAX_TEMPORAL_LAYERS]);
    Demand { max_layer: Some(max_layer), priority, rates }
}

/// Half the frames in the base layer, a quarter in each other: six, eight and ten tenths of the bits.
fn layered(max_layer: u8) -> Demand {
    let rates = RATES.map(|rate| [rate * 6 / 10, rate * 8 / 10, rate, rate]);
    Demand { max_layer: Some(max_layer), priority: 0, rates }
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// What slots get that had nothing before.
fn first(estimate: u64, demands: &[Demand]) -> Vec<Option<LayerChoice>> {
    let mut choices = vec![None; demands.len()];
    Allocation::new().decide(at(0), estimate, AUDIO, demands, &mut choices);
    choices
}

fn spatial(choices: &[Option<LayerChoice>]) -> Vec<Option<u8>> {
    choices.iter().map(|choice| choice.map(|it| it.spatial)).collect()
}

#[test]
fn what_the_path_carries_is_shared_after_sound() {
    let five = [demand(2, 1), demand(0, 0), demand(0, 0), demand(0, 0), demand(0, 0)];
    // Estimate in kbit/s, and the layers of the large picture and four small ones.
    let table: [(u64, [Option<u8>; 5]); 7] = [
        (100, [None; 5]),
        (400, [None; 5]),
        (450, [Some(0), None, None, None, None]),
        (650, [Some(0), Some(0), None, None, None]),
        (1_150, [Some(0), Some(0), Some(0), Some(0), Some(0)]),
        (1_550, [Some(1), Some(0), Some(0), Some(0), Some(0)]),
        (2_700, [Some(2), Some(0), Some(0), Some(0), Some(0)]),
    ];
    for (kilobits, expected) in table {
        assert_eq!(spatial(&first(kilobits * 1_000, &five)), expected, "{kilobits} kbit/s");
    }
}

#[test]
fn equals_are_served_alike() {
    let three = [demand(2, 0); 3];
    assert_eq!(spatial(&first(2_100_000, &three)), [Some(1); 3]);
    assert_eq!(spatial(&first(5_600_000, &three)), [Some(2); 3]);
}

#[test]
fn temporal_layers_are_left_out_before_a_layer_is() {
    let choice = |kilobits: u64| first(kilobits * 1_000, &[layered(1)])[0];
    let cap = |spatial, temporal| Some(LayerChoice { spatial, temporal });
    assert_eq!(choice(350), None);
    assert_eq!(choice(360), cap(0, 0));
    assert_eq!(choice(390), cap(0, 1));
    assert_eq!(choice(430), Some(LayerChoice::whole(0)));
    assert_eq!(choice(720), cap(1, 1));
    assert_eq!(choice(830), Some(LayerChoice::whole(1)));
}

#[test]
fn layers_that_are_off_are_not_waited_for() {
    let mut off = demand(2, 0);
    off.rates[2] = [0; 4];
    assert_eq!(spatial(&first(9_000_000, &[off])), [Some(1)]);
    let nothing_measured = Demand { max_layer: Some(2), ..Demand::default() };
    assert_eq!(first(9_000_000, &[nothing_measured]), [Some(LayerChoice::whole(0))]);
    assert_eq!(first(9_000_000, &[Demand::default()]), [None]);
}

#[test]
fn steps_down_are_taken_at_once_and_steps_up_after_a_while() {
    let mut allocation = Allocation::new();
    let mut decide = |ms, kilobits: u64| {
        let mut choices = [None];
        allocation.decide(at(ms), kilobits * 1_000, AUDIO, &[demand(2, 0)], &mut choices);
        spatial(&choices)[0]
    };
    assert_eq!(decide(0, 3_000), Some(2));
    assert_eq!(decide(20_000, 1_000), Some(1));
    assert_eq!(decide(20_100, 3_000), Some(1));
    assert_eq!(decide(20_599, 3_000), Some(1));
    assert_eq!(decide(20_600, 3_000), Some(2));
}

#[test]
fn an_estimate_on_the_edge_does_not_make_layers_flap() {
    let mut allocation = Allocation::new();
    let (mut last, mut changes) = (None, 0);
    for ms in (0..60_000).step_by(100) {
        // The high layer fits with its reserve, then for a moment not at all.
        let estimate = if ms % 2_000 == 1_900 { 1_700_000 } else { 2_050_000 };
        let mut choices = [None];
        allocation.decide(at(ms), estimate, AUDIO, &[demand(2, 0)], &mut choices);
        changes += usize::from(choices[0] != last);
        last = choices[0];
    }
    assert!(changes <= 6, "{changes} changes in a minute");
}

#[test]
fn what_a_step_up_needs_is_known() {
    let mut allocation = Allocation::new();
    let mut choices = [None];
    let mut decide = |ms, estimate| {
        allocation.decide(at(ms), estimate, AUDIO, &[demand(2, 0)], &mut choices);
        (choices[0].map(|choice| choice.spatial), allocation.wanted())
    };
    let (layer, wanted) = decide(0, 900_000);
    assert_eq!(layer, Some(1));
    let wanted = wanted.unwrap();
    assert_eq!(decide(10_000, wanted - 10).0, Some(1));
    decide(20_000, wanted + 10);
    assert_eq!(decide(21_000, wanted + 10), (Some(2), None));
}

proptest! {
    /// Whatever comes: what is granted fits beside the sound, and nobody gets more than he wished.
    #[test]
    fn video_never_takes_what_sound_needs(
        rounds in prop::collection::vec(
            (
                0..4_000_000_u64,
                0..400_000_u64,
                prop::collection::vec((prop::option::of(0..4_u8), 0..4_u8, any::<[[u16; 4]; 3]>()), 5),
            ),
            1..20,
        ),
    ) {
        let mut allocation = Allocation::new();
        for (round, (estimate, audio, slots)) in rounds.into_iter().enumerate() {
            let demands: Vec<_> = slots.iter().map(|(max_layer, priority, shares)| {
                let rates = shares.map(|shares| {
                    let mut sum = 0;
                    shares.map(|share| { sum += u64::from(share) * 8; sum })
                });
                Demand { max_layer: *max_layer, priority: *priority, rates }
            }).collect();
            let mut choices = [None; 5];
            allocation.decide(at(round as u64 * 700), estimate, audio, &demands, &mut choices);
            let mut spent = 0;
            for (choice, demand) in choices.iter().zip(&demands) {
                let Some(choice) = choice else { continue };
                prop_assert!(demand.max_layer.is_some_and(|max| choice.spatial <= max));
                spent += demand.rates[usize::from(choice.spatial)][usize::from(choice.temporal)];
            }
            prop_assert!(spent == 0 || spent + audio <= estimate);
        }
    }
}
