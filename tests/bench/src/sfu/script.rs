use super::frame::{Frame, Source};

/// What is sent in one round, and who gets it.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) people: usize,
    pub(crate) sent: Vec<Sent>,
}

#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) sender: usize,
    pub(crate) frame: Frame,
    pub(crate) receivers: Vec<usize>,
}

impl Script {
    /// One frame of so many packets of 1,100 bytes from one to ten.
    pub(crate) fn one_to_ten(packets: usize) -> Self {
        let frame = Frame { source: Source::video(0), packets, payload: 1_100 };
        Self { people: 11, sent: vec![Sent { sender: 0, frame, receivers: (1..11).collect() }] }
    }

    /// A call of six: from each a packet of sound and a frame in three layers; each receives the largest layer of one and the
    /// smallest of the others.
    pub(crate) fn call_of_six() -> Self {
        let people = 6;
        let mut sent = Vec::new();
        for sender in 0..people {
            let others = || (0..people).filter(move |receiver| *receiver != sender);
            let is_large = move |receiver: &usize| large(*receiver, people) == sender;
            let [audio, low, middle, high] = FRAMES;
            sent.push(Sent { sender, frame: audio, receivers: others().collect() });
            let small = others().filter(|receiver| !is_large(receiver)).collect();
            sent.push(Sent { sender, frame: low, receivers: small });
            sent.push(Sent { sender, frame: middle, receivers: Vec::new() });
            let large = others().filter(is_large).collect();
            sent.push(Sent { sender, frame: high, receivers: large });
        }
        Self { people, sent }
    }

    /// Packets that go out in one round.
    pub(crate) fn forwarded(&self) -> usize {
        self.sent.iter().map(|sent| sent.frame.packets * sent.receivers.len()).sum()
    }

    /// The largest layer that `receiver` wishes of `sender`.
    pub(crate) fn wish(&self, receiver: usize, sender: usize) -> u8 {
        if large(receiver, self.people) == sender { 2 } else { 0 }
    }
}

/// Whose picture a participant of a call sees large.
pub(crate) fn large(receiver: usize, people: usize) -> usize {
    (receiver + 1) % people
}

/// Sound of 44 kbit/s, and a frame of each layer of 150, 500 and 1,500 kbit/s at 30 frames a second.
pub(crate) const FRAMES: [Frame; 4] = [
    Frame { source: Source::AUDIO, packets: 1, payload: 110 },
    Frame { source: Source::video(0), packets: 1, payload: 625 },
    Frame { source: Source::video(1), packets: 2, payload: 1_040 },
    Frame { source: Source::video(2), packets: 6, payload: 1_040 },
];
