use super::TemporalLayer;

/// What a frame may refer to and what may refer to it: the last frame of the base layer is kept in libvpx's
/// buffer LAST, the last one of the middle layer in GOLDEN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Refers to the base layer, and the whole stream goes on from it.
    Base,
    /// Refers to the base layer, and the top layer may refer to it.
    Middle,
    /// Refers to the base layer; nothing refers to it.
    Top,
    /// Refers to the base and the middle layer; nothing refers to it.
    TopOnMiddle,
}

impl Role {
    /// Whether other frames may refer to it.
    pub(crate) fn is_reference(self) -> bool {
        matches!(self, Self::Base | Self::Middle)
    }

    /// Its layer among `count`.
    pub(crate) fn layer(self, count: u8) -> TemporalLayer {
        let id = match self {
            Self::Base => 0,
            Self::Middle => 1,
            Self::Top | Self::TopOnMiddle => count.saturating_sub(1),
        };
        TemporalLayer { id, sync: id > 0 && self != Self::TopOnMiddle }
    }
}

/// Deals frames out to temporal layers, so that the frame rate can be halved, and with three layers
/// quartered, by leaving frames out, without asking the sender.
///
/// With two layers, frames belong to 0 1 0 1 …; with three to 0 2 1 2 ….
#[derive(Clone, Copy, Debug)]
pub(crate) struct TemporalPattern {
    layers: u8,
    position: usize,
}

impl TemporalPattern {
    /// The most layers.
    pub(crate) const MAX_LAYERS: u8 = 3;

    pub(crate) fn new(layers: u8) -> Self {
        Self { layers, position: 0 }
    }

    pub(crate) fn layers(&self) -> u8 {
        self.layers
    }

    /// The role of the next frame. A keyframe begins the pattern anew.
    pub(crate) fn next(&mut self, keyframe: bool) -> Role {
        let roles = roles(self.layers);
        if keyframe {
            self.position = 0;
        }
        let role = roles.get(self.position % roles.len()).copied().unwrap_or(Role::Base);
        self.position = (self.position + 1) % roles.len();
        role
    }

    /// The encoder made a keyframe by itself: it is of the base layer, and the pattern goes on behind it.
    pub(crate) fn keyframe_made(&mut self) -> Role {
        self.position = 0;
        self.next(true)
    }
}

fn roles(layers: u8) -> &'static [Role] {
    match layers {
        0 | 1 => &[Role::Base],
        2 => &[Role::Base, Role::Top],
        _ => &[Role::Base, Role::Top, Role::Middle, Role::TopOnMiddle],
    }
}

/// Layer ids of one period, as libvpx wants them.
pub(crate) fn layer_ids(layers: u8) -> impl Iterator<Item = u8> {
    roles(layers).iter().map(move |role| role.layer(layers).id)
}

/// The share of the bit rate in percent that each layer and those below it have.
pub(crate) fn shares(layers: u8) -> &'static [u32] {
    match layers {
        0 | 1 => &[100],
        2 => &[60, 100],
        _ => &[40, 60, 100],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(pattern: &mut TemporalPattern, frames: usize) -> Vec<u8> {
        let layers = pattern.layers();
        (0..frames).map(|_| pattern.next(false).layer(layers).id).collect()
    }

    #[test]
    fn every_second_frame_of_two_and_every_fourth_of_three_is_of_the_base() {
        assert_eq!(ids(&mut TemporalPattern::new(1), 3), [0, 0, 0]);
        assert_eq!(ids(&mut TemporalPattern::new(2), 5), [0, 1, 0, 1, 0]);
        assert_eq!(ids(&mut TemporalPattern::new(3), 6), [0, 2, 1, 2, 0, 2]);
        assert_eq!(layer_ids(3).collect::<Vec<_>>(), [0, 2, 1, 2]);
    }

    #[test]
    fn a_keyframe_begins_anew() {
        let mut pattern = TemporalPattern::new(3);
        ids(&mut pattern, 2);
        assert_eq!(pattern.next(true), Role::Base);
        assert_eq!(ids(&mut pattern, 3), [2, 1, 2]);
        pattern.next(false);
        assert_eq!(pattern.keyframe_made(), Role::Base);
        assert_eq!(ids(&mut pattern, 2), [2, 1]);
    }

    // RFC 7741 §4.2: `Y` says that the frame refers to the base layer only.
    #[test]
    fn one_may_begin_to_take_a_layer_at_frames_that_refer_to_the_base_alone() {
        let layer = |role: Role| role.layer(3);
        assert_eq!(layer(Role::Base), TemporalLayer { id: 0, sync: false });
        assert_eq!(layer(Role::Top), TemporalLayer { id: 2, sync: true });
        assert_eq!(layer(Role::Middle), TemporalLayer { id: 1, sync: true });
        assert_eq!(layer(Role::TopOnMiddle), TemporalLayer { id: 2, sync: false });
    }
}
