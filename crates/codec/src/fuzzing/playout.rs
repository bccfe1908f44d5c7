use core::time::Duration;
use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::Instant;

use crate::{
    MAX_PLAYOUT_PACKETS, MAX_PLAYOUT_PAYLOAD, Playout, PlayoutBuffer, PlayoutConfig, Pulled, Pushed,
};

/// The most steps that one input takes.
const MAX_OPS: usize = 512;

/// One step.
#[derive(Arbitrary, Debug)]
enum Op {
    /// The sender's next packet but so many arrives, with 20 ms of sound.
    Push { ahead: i8, len: u8 },
    /// A packet with any numbers.
    Hostile { sequence: u64, timestamp: u32 },
    /// A packet near the last, with any time.
    Skewed { ahead: i8, timestamp: u32 },
    /// A packet that is too long.
    Long,
    /// The player asks.
    Pull,
    /// Time passes.
    Wait { millis: u16 },
}

/// The playout buffer: bounded, every packet played at most once on its timeline, in order, as it was pushed; one that is reported lost was
/// not there.
pub fn ops_playout(data: &[u8]) {
    let Some((&selector, data)) = data.split_first() else { return };
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut player = Player::new(selector);
    for op in ops.iter().take(MAX_OPS) {
        player.apply(op);
        assert_eq!(player.buffer.len(), player.waiting.len());
        assert!(player.buffer.len() <= MAX_PLAYOUT_PACKETS);
    }
}

struct Player {
    now: Instant,
    buffer: PlayoutBuffer,
    next: u64,
    /// What waits to be played.
    waiting: BTreeMap<u64, (u32, Vec<u8>)>,
    /// How many of it the buffer said that it threw away: always the oldest.
    skipped: u64,
    /// The last number played or given up since the last restart.
    played: Option<u64>,
}

impl Player {
    fn new(selector: u8) -> Self {
        let initial = Duration::from_millis(u64::from(selector & 0x7f));
        let config = PlayoutConfig::new(initial, Duration::from_millis(500)).expect("in range");
        let (now, buffer) = (Instant::from_millis(1_000), PlayoutBuffer::new(config));
        Self { now, buffer, next: 1 << 16, waiting: BTreeMap::new(), skipped: 0, played: None }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Push { ahead, len } => {
                let sequence = self.ahead(*ahead);
                self.next = self.next.max(sequence.saturating_add(1));
                let timestamp = (sequence as u32).wrapping_mul(960);
                self.push(sequence, timestamp, vec![sequence as u8; usize::from(*len)]);
            }
            // Numbers that were counted up from 16 bits never come near the end.
            Op::Hostile { sequence, timestamp } => self.push(*sequence >> 1, *timestamp, vec![1]),
            Op::Skewed { ahead, timestamp } => self.push(self.ahead(*ahead), *timestamp, vec![2]),
            Op::Long => {
                let before = self.buffer.len();
                let payload = vec![0; MAX_PLAYOUT_PAYLOAD + 1];
                assert!(self.buffer.push(self.now, self.next, 0, payload).is_err());
                assert_eq!(self.buffer.len(), before);
            }
            Op::Pull => self.pull(),
            Op::Wait { millis } => self.now += Duration::from_millis(u64::from(*millis)),
        }
    }

    fn ahead(&self, by: i8) -> u64 {
        self.next.saturating_add_signed(i64::from(by))
    }

    fn push(&mut self, sequence: u64, timestamp: u32, payload: Vec<u8>) {
        let pushed = self.buffer.push(self.now, sequence, timestamp, payload.clone());
        let pushed = pushed.expect("the payload is short");
        if pushed == Pushed::Restarted {
            self.throw_away();
            assert!(self.waiting.is_empty(), "a new timeline keeps nothing of the old one");
            self.played = None;
        }
        if matches!(pushed, Pushed::Buffered | Pushed::Restarted) {
            let before = self.waiting.insert(sequence, (timestamp, payload));
            assert!(before.is_none(), "{sequence} waits twice");
        }
        self.throw_away();
        assert!(self.buffer.next_timestamp().is_some());
    }

    /// Follows what the buffer threw away.
    fn throw_away(&mut self) {
        let skipped = self.buffer.stats().skipped;
        for _ in self.skipped..skipped {
            self.waiting.pop_first();
        }
        self.skipped = skipped;
    }

    fn pull(&mut self) {
        let pulled = self.buffer.pull(self.now);
        self.throw_away();
        match pulled {
            Pulled::Packet(packet) => {
                self.advance(packet.sequence);
                let pushed = self.waiting.remove(&packet.sequence);
                assert_eq!(pushed, Some((packet.timestamp, packet.payload)));
            }
            Pulled::Lost { sequence, next, .. } => {
                self.advance(sequence);
                assert!(!self.waiting.contains_key(&sequence), "{sequence} was there");
                if let Some(next) = next {
                    assert_eq!(next.sequence, sequence + 1);
                    let pushed = self.waiting.get(&next.sequence);
                    assert_eq!(pushed, Some(&(next.timestamp, next.payload)));
                }
            }
            Pulled::Waiting => {}
        }
    }

    fn advance(&mut self, sequence: u64) {
        assert!(self.played.is_none_or(|played| played < sequence), "{sequence} out of order");
        self.played = Some(sequence);
    }
}
