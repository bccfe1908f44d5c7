//! A group call in memory: what is sent arrives at once, in order, or as a test says.

use std::collections::BTreeMap;

use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_group_keys::{
    Error, GroupEvent, GroupInput, GroupKeys, GroupOutput, KeyMessage, MediaKind, OpenedFrame,
    Roster, StreamId,
};
use zentalk_primitives::{CallId, Instant};

pub(crate) struct Room {
    pub(crate) now: Instant,
    pub(crate) members: BTreeMap<u8, GroupKeys>,
    pub(crate) events: Vec<(u8, GroupEvent)>,
    /// Pairs whose messages are lost, in this direction.
    pub(crate) cut: Vec<(u8, u8)>,
    /// Everything that was sent: from, to, bytes.
    pub(crate) sent: Vec<(u8, u8, Vec<u8>)>,
    rng: ChaCha8Rng,
}

impl Room {
    /// The member with index 0, alone.
    pub(crate) fn new() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut roster = Roster::new();
        roster.insert(0, info(0)).unwrap();
        let keys = GroupKeys::initiate(Instant::ZERO, CALL, 0, roster, &mut rng).unwrap();
        let members = BTreeMap::from([(0, keys)]);
        let (events, cut, sent) = (Vec::new(), Vec::new(), Vec::new());
        let mut room = Self { now: Instant::ZERO, members, events, cut, sent, rng };
        room.settle();
        room
    }

    /// As many members, all in one epoch.
    pub(crate) fn with(members: u8) -> Self {
        let mut room = Self::new();
        for index in 1..members {
            room.join(index);
        }
        room.pass(Duration::from_secs(3));
        room.events.clear();
        room
    }

    pub(crate) fn join(&mut self, index: u8) {
        self.join_as(index, info(index));
    }

    pub(crate) fn join_as(&mut self, index: u8, info: Vec<u8>) {
        let leader = self.members[&0].leader();
        self.join_by(leader, index, info);
    }

    /// Somebody accepts an invitation of `host`, which tells its side of the call.
    pub(crate) fn join_by(&mut self, host: u8, index: u8, info: Vec<u8>) {
        let leader = self.members[&host].leader();
        let joining = GroupKeys::joining(self.now, CALL, index, &info, leader, &mut self.rng);
        self.members.insert(index, joining.unwrap());
        self.tell(host, GroupInput::Join { index, info });
    }

    /// Parts the call: messages between these and those get lost, and each side is told that the other is.
    pub(crate) fn part(&mut self, these: &[u8], those: &[u8]) {
        for (one, other) in these.iter().flat_map(|one| those.iter().map(move |it| (*one, *it))) {
            self.cut.extend([(one, other), (other, one)]);
            for (member, index) in [(one, other), (other, one)] {
                if let (true, true) = (self.members.contains_key(&member), index != member) {
                    self.tell(member, GroupInput::Crashed { index });
                }
            }
        }
    }

    /// The member says goodbye to everybody and is gone.
    pub(crate) fn leave(&mut self, index: u8) -> GroupKeys {
        let gone = self.members.remove(&index).unwrap();
        let others: Vec<u8> = self.members.keys().copied().collect();
        for other in others {
            self.tell(other, GroupInput::Leave { index });
        }
        gone
    }

    pub(crate) fn tell(&mut self, member: u8, input: GroupInput) {
        let keys = self.members.get_mut(&member).unwrap();
        keys.handle_input(self.now, input, &mut self.rng);
        self.settle();
    }

    /// Lets time pass, waking everybody when they want to be.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.now = (self.now + Duration::from_millis(50)).min(end);
            for keys in self.members.values_mut() {
                keys.handle_timeout(self.now, &mut self.rng);
            }
            self.settle();
        }
    }

    fn settle(&mut self) {
        let indices: Vec<u8> = self.members.keys().copied().collect();
        let mut quiet = false;
        while !quiet {
            quiet = true;
            for from in &indices {
                while let Some(output) = self.poll(*from) {
                    quiet = false;
                    self.output(*from, output);
                }
            }
        }
    }

    fn poll(&mut self, from: u8) -> Option<GroupOutput> {
        match self.members.get_mut(&from)?.poll_output() {
            GroupOutput::Timeout(_) => None,
            output => Some(output),
        }
    }

    fn output(&mut self, from: u8, output: GroupOutput) {
        match output {
            GroupOutput::Send { to, message } => {
                let bytes = message.encode();
                self.sent.push((from, to, bytes.to_vec()));
                if !self.cut.contains(&(from, to)) {
                    self.deliver(from, to, &bytes);
                }
            }
            GroupOutput::Event(event) => self.events.push((from, event)),
            _ => {}
        }
    }

    pub(crate) fn deliver(&mut self, from: u8, to: u8, bytes: &[u8]) {
        let message = KeyMessage::decode(bytes).unwrap();
        if let Some(keys) = self.members.get_mut(&to) {
            let input = GroupInput::Message { from, message };
            keys.handle_input(self.now, input, &mut self.rng);
        }
    }

    pub(crate) fn seal(&mut self, from: u8, stream: StreamId, frame: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let keyring = self.members.get_mut(&from).unwrap().keyring_mut();
        keyring.seal(stream, 0, frame, &mut out).unwrap();
        out
    }

    pub(crate) fn open(
        &mut self,
        to: u8,
        sender: u8,
        kind: MediaKind,
        frame: &[u8],
    ) -> Result<OpenedFrame, Error> {
        open(self.members.get_mut(&to).unwrap(), sender, kind, frame)
    }

    /// Whether everybody opens a frame of everybody else.
    pub(crate) fn all_hear_each_other(&mut self) -> bool {
        let indices: Vec<u8> = self.members.keys().copied().collect();
        indices.iter().all(|from| {
            let frame = self.seal(*from, StreamId::MICROPHONE, b"hello");
            let mut others = indices.iter().filter(|to| *to != from);
            others.all(|to| self.open(*to, *from, MediaKind::Microphone, &frame).is_ok())
        })
    }

    pub(crate) fn number(&self, member: u8) -> u32 {
        self.members[&member].epoch().unwrap().number()
    }

    pub(crate) fn has(&self, member: u8, event: &GroupEvent) -> bool {
        self.events.iter().any(|(from, seen)| (*from, seen) == (member, event))
    }
}

pub(crate) fn open(
    keys: &mut GroupKeys,
    sender: u8,
    kind: MediaKind,
    frame: &[u8],
) -> Result<OpenedFrame, Error> {
    let mut out = Vec::new();
    let result = keys.keyring_mut().open(sender, kind, frame, 0, &mut out);
    assert_eq!(result.is_err(), out.is_empty());
    result
}

pub(crate) fn info(index: u8) -> Vec<u8> {
    format!("member {index}").into_bytes()
}

pub(crate) const CALL: CallId = CallId::from_bytes([9; 16]);
