//! What happens in one schedule, drawn from its seed.

use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use zentalk_primitives::Instant;

/// What the network does to messages and frames.
#[derive(Debug)]
pub(super) struct Plan {
    /// Per mille.
    pub(super) loss: u64,
    pub(super) duplication: u64,
    /// Milliseconds.
    pub(super) min_delay: u64,
    pub(super) max_delay: u64,
    pub(super) members: usize,
    pub(super) actions: Vec<(Instant, Action)>,
    pub(super) partitions: Vec<Partition>,
    /// Those who leave listen, ask and lead on as if they had not.
    pub(super) malice: bool,
    pub(super) end: Instant,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Join,
    Leave(u64),
    Crash(u64),
}

/// A time in which members on one side do not reach those on the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partition {
    pub(super) from: Instant,
    pub(super) until: Instant,
    /// Bit of a stay: on which side it is.
    pub(super) sides: u64,
    /// Frames do not pass either, and leases expire.
    pub(super) media: bool,
}

impl Plan {
    pub(super) fn draw(rng: &mut ChaCha8Rng) -> Self {
        let members = match below(rng, 40) {
            0..=29 => 2 + below(rng, 4) as usize,
            30..=37 => 4 + below(rng, 5) as usize,
            _ => 9 + below(rng, 8) as usize,
        };
        let max_delay = [50, 300, 1_000, 3_000][below(rng, 4) as usize];
        let actions = (0..below(rng, 8)).map(|_| (at(below(rng, 20_000)), action(rng))).collect();
        let partitions: Vec<_> = (0..below(rng, 3)).map(|_| partition(rng)).collect();
        let healed = partitions.iter().map(|partition| partition.until).max();
        let calm = at(20_000).max(healed.unwrap_or(Instant::ZERO));
        let mut plan = Self {
            loss: [0, 50, 150, 300][below(rng, 4) as usize],
            duplication: below(rng, 3) * 100,
            min_delay: 10,
            max_delay,
            members,
            actions,
            partitions,
            malice: below(rng, 2) == 0,
            end: calm + SETTLING,
        };
        if plan.has_expired_leases() {
            plan.end += GIVING_UP;
        }
        plan
    }

    /// Whether each side of a partition is told that the other is lost, and goes on without it.
    pub(super) fn has_expired_leases(&self) -> bool {
        let media = || self.partitions.iter().filter(|partition| partition.media);
        let lasts = |at| media().any(|partition| (partition.from..partition.until).contains(&at));
        media().any(|partition| lasts(partition.from + LEASE))
    }

    /// Whether it outlasts the time after which errors are named: partitions that follow each other closely count as one.
    pub(super) fn has_long_partition(&self) -> bool {
        let mut partitions = self.partitions.clone();
        partitions.sort_by_key(|partition| partition.from);
        let mut cut: Option<(Instant, Instant)> = None;
        partitions.iter().any(|next| {
            let (from, until) = match cut {
                Some((from, until)) if next.from < until + GAP => (from, until.max(next.until)),
                _ => (next.from, next.until),
            };
            cut = Some((from, until));
            until - from > LONG
        })
    }

    pub(super) fn is_cut(&self, now: Instant, a: usize, b: usize, media: bool) -> bool {
        self.partitions.iter().any(|partition| {
            let apart = partition.sides >> (a % 64) & 1 != partition.sides >> (b % 64) & 1;
            apart && (partition.media || !media) && (partition.from..partition.until).contains(&now)
        })
    }
}

fn action(rng: &mut ChaCha8Rng) -> Action {
    match below(rng, 4) {
        0 | 1 => Action::Join,
        2 => Action::Leave(rng.next_u64()),
        _ => Action::Crash(rng.next_u64()),
    }
}

fn partition(rng: &mut ChaCha8Rng) -> Partition {
    let from = at(below(rng, 15_000));
    let length = if below(rng, 20) == 0 { 31_000 + below(rng, 15_000) } else { below(rng, 20_000) };
    let until = from + Duration::from_millis(length);
    Partition { from, until, sides: rng.next_u64(), media: below(rng, 2) == 0 }
}

pub(super) fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    rng.next_u64() % bound.max(1)
}

pub(super) fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// How long a partition may be without a named error.
const LONG: Duration = Duration::from_secs(30);

/// How long nothing may be heard of a member until the server's word, or its silence, says that it is lost.
pub(super) const LEASE: Duration = Duration::from_secs(12);

/// What is too short to count on anything to pass.
const GAP: Duration = Duration::from_secs(8);

/// How long after the last disturbance everybody must hear everybody, or have said by name that it cannot: a newcomer whom nobody knows any
/// more says so after 35 s.
const SETTLING: Duration = Duration::from_secs(36);

/// How much longer that may take where two sides have to become one: somebody may have crashed whom one of them still counts, and is given up
/// after 30 s without an answer.
const GIVING_UP: Duration = Duration::from_secs(15);
