use std::collections::BTreeSet;

use crate::limits::DELIVERY_WINDOW;

/// Which deliveries of a subscription are on their way, so that a client that does not acknowledge
/// costs no more than [`DELIVERY_WINDOW`] of them.
#[derive(Debug, Default)]
pub struct DeliveryWindow {
    last: u64,
    unacknowledged: BTreeSet<u64>,
}

impl DeliveryWindow {
    /// The sequence after which to go on delivering.
    pub const fn after(&self) -> u64 {
        self.last
    }

    /// How many more blobs may be delivered now.
    pub fn room(&self) -> usize {
        DELIVERY_WINDOW.saturating_sub(self.unacknowledged.len())
    }

    /// A blob was sent.
    pub fn sent(&mut self, sequence: u64) {
        self.last = self.last.max(sequence);
        self.unacknowledged.insert(sequence);
    }

    /// A blob was acknowledged. One that was not sent changes nothing.
    pub fn acknowledged(&mut self, sequence: u64) {
        self.unacknowledged.remove(&sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_client_gets_a_window_and_no_more() {
        let mut window = DeliveryWindow::default();
        let sent = (1..).take_while(|sequence| {
            let room = window.room() > 0;
            if room {
                window.sent(*sequence);
            }
            room
        });
        assert_eq!(sent.count(), DELIVERY_WINDOW);
        window.acknowledged(9_999);
        assert_eq!(window.room(), 0);
        window.acknowledged(3);
        assert_eq!((window.room(), window.after()), (1, 32));
    }
}
