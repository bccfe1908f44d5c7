use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::{CallId, Secret};

use crate::{
    BaseKey, CipherSuite, Error, FRAME_REPLAY_WINDOW, FrameKeys, FrameOpener, FrameSealer,
    MAX_CLEAR_BYTES, MediaKind, SframeHeader, SframeKey, ShortTag, StreamId,
};

/// Three streams of a sender in any suite, and what a hostile server does with their frames: in any order, again, damaged,
/// cut, given to another stream's opener, or made up.
///
/// Beside each opener stands a naive one: SFrame without replay protection, and the set of all counters opened.
/// Both must agree on every frame.
pub fn ops_frames(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(suite) = input.int_in_range(1..=8) else { return };
    let Some(suite) = CipherSuite::from_id_or_short_tag(suite, ShortTag::dangerous()) else {
        return;
    };
    let mut call = Call::new(suite);
    for _ in 0..MAX_OPS {
        if input.is_empty() {
            break;
        }
        match Op::arbitrary(&mut input) {
            Ok(op) => call.run(&op),
            Err(_) => break,
        }
    }
    call.everything_else_still_opens();
}

#[derive(Arbitrary, Debug)]
enum Op {
    Seal { stream: u8, clear_len: u8, len: u8, fill: u8 },
    Deliver { frame: u8 },
    Flip { frame: u8, bit: u16 },
    Cut { frame: u8, len: u16 },
    Extend { frame: u8, byte: u8 },
    Misdeliver { frame: u8, stream: u8 },
    Rename { frame: u8, kid: u64, counter: u64 },
    MisjudgeClear { frame: u8, clear_len: u8 },
    Invent { stream: u8, clear_len: u8, len: u8, fill: u8 },
}

/// A frame on its way.
struct Sent {
    stream: usize,
    clear_len: usize,
    frame: Vec<u8>,
    sealed: Vec<u8>,
}

struct Call {
    streams: Vec<Stream>,
    sent: Vec<Sent>,
}

struct Stream {
    sealer: FrameSealer,
    opener: FrameOpener,
    naive: Naive,
}

impl Call {
    fn new(suite: CipherSuite) -> Self {
        let keys = |own| {
            FrameKeys::new(BaseKey::new(Secret::new(BASE_KEY)), CALL, 0, own).with_suite(suite)
        };
        let (mut ours, mut theirs) = (keys(SENDER), keys(SENDER + 1));
        let screen = StreamId::new(MediaKind::Screen, 3).unwrap();
        let streams = [StreamId::MICROPHONE, StreamId::CAMERA, screen].map(|stream| {
            let opener = theirs.opener(SENDER, stream).unwrap();
            let naive = Naive::new(suite, opener.key_id().to_kid());
            Stream { sealer: ours.sealer(stream).unwrap(), opener, naive }
        });
        Self { streams: streams.into(), sent: Vec::new() }
    }

    fn run(&mut self, op: &Op) {
        match *op {
            Op::Seal { stream, clear_len, len, fill } => {
                self.seal(usize::from(stream) % self.streams.len(), clear_len, len, fill);
            }
            Op::Deliver { frame } => self.mangled(frame, |sent| (sent.stream, sent.sealed.clone())),
            Op::Flip { frame, bit } => self.mangled(frame, |sent| {
                let mut sealed = sent.sealed.clone();
                let bit = usize::from(bit) % (sealed.len() * 8);
                sealed[bit / 8] ^= 1 << (bit % 8);
                (sent.stream, sealed)
            }),
            Op::Cut { frame, len } => self.mangled(frame, |sent| {
                let len = usize::from(len) % sent.sealed.len();
                (sent.stream, sent.sealed[..len].to_vec())
            }),
            Op::Extend { frame, byte } => {
                self.mangled(frame, |sent| (sent.stream, [&sent.sealed[..], &[byte]].concat()));
            }
            Op::Misdeliver { frame, stream } => {
                self.mangled(frame, |sent| (usize::from(stream), sent.sealed.clone()));
            }
            Op::Rename { frame, kid, counter } => self.mangled(frame, |sent| {
                let (clear, framed) = sent.sealed.split_at(sent.clear_len);
                let (_, len) = SframeHeader::decode(framed).unwrap();
                let mut sealed = clear.to_vec();
                SframeHeader { kid, counter }.encode(&mut sealed);
                sealed.extend_from_slice(&framed[len..]);
                (sent.stream, sealed)
            }),
            Op::MisjudgeClear { frame, clear_len } => {
                if let Some(sent) = pick(&self.sent, frame) {
                    let clear_len = usize::from(clear_len) % (MAX_CLEAR_BYTES + 2);
                    self.streams[sent.stream].receive(&sent.sealed, clear_len, Some(sent));
                }
            }
            Op::Invent { stream, clear_len, len, fill } => {
                let stream = usize::from(stream) % self.streams.len();
                let bytes = vec![fill; usize::from(len)];
                self.streams[stream].receive(&bytes, usize::from(clear_len) % 20, None);
            }
        }
    }

    fn seal(&mut self, stream: usize, clear_len: u8, len: u8, fill: u8) {
        if self.sent.len() >= MAX_SENT {
            return;
        }
        let (clear_len, frame) = (usize::from(clear_len) % 20, vec![fill; usize::from(len)]);
        let sealer = &mut self.streams[stream].sealer;
        let (before, mut sealed) = (sealer.sealed_frames(), vec![0xee]);
        let result = sealer.seal(clear_len, &frame, &mut sealed);
        if clear_len > MAX_CLEAR_BYTES || clear_len > frame.len() {
            assert_eq!((result, sealer.sealed_frames()), (Err(Error::ClearLength), before));
            assert!(sealed.is_empty());
            return;
        }
        result.unwrap();
        assert!(sealed.len() <= frame.len() + FrameSealer::MAX_OVERHEAD);
        assert_eq!(sealed[..clear_len], frame[..clear_len]);
        let (header, _) = SframeHeader::decode(&sealed[clear_len..]).unwrap();
        assert_eq!((header.counter, sealer.sealed_frames()), (before, before + 1));
        self.sent.push(Sent { stream, clear_len, frame, sealed });
    }

    /// Delivers what `mangle` makes of a frame: to which stream, and which bytes.
    fn mangled(&mut self, frame: u8, mangle: impl FnOnce(&Sent) -> (usize, Vec<u8>)) {
        let Some(sent) = pick(&self.sent, frame) else { return };
        let (stream, sealed) = mangle(sent);
        let stream = stream % self.streams.len();
        self.streams[stream].receive(&sealed, sent.clear_len, Some(sent));
    }

    /// Whatever came between, no frame was locked out but by newer frames of its own stream.
    fn everything_else_still_opens(&mut self) {
        for sent in &self.sent {
            self.streams[sent.stream].receive(&sent.sealed, sent.clear_len, Some(sent));
        }
        for stream in &self.streams {
            let missed = stream.sealer.sealed_frames() as usize - stream.naive.opened.len();
            assert!(stream.naive.refused_as_rewound || missed == 0);
        }
    }
}

impl Stream {
    /// The opener and the naive one must agree; what opens is what was sent.
    fn receive(&mut self, sealed: &[u8], clear_len: usize, sent: Option<&Sent>) {
        let mut out = vec![0xee; 7];
        let result = self.opener.open(sealed, clear_len, &mut out);
        let expected = self.naive.open(sealed, clear_len);
        match (result, expected) {
            (Ok(info), Ok((counter, frame))) => {
                assert_eq!((info.counter, &out), (counter, &frame));
                assert!(sent.is_some_and(|sent| sent.sealed == sealed && sent.frame == frame));
            }
            (Err(error), Err(expected)) => {
                assert!(out.is_empty());
                assert!(expected.is_none_or(|expected| expected == error), "{error:?}");
            }
            (result, expected) => panic!("{result:?}, but {expected:?}"),
        }
    }
}

/// Opens frames by the book, and remembers every counter.
struct Naive {
    key: SframeKey,
    opened: BTreeSet<u64>,
    refused_as_rewound: bool,
}

impl Naive {
    fn new(suite: CipherSuite, kid: u64) -> Self {
        let key = SframeKey::derive(suite, &BASE_KEY, kid).unwrap();
        Self { key, opened: BTreeSet::new(), refused_as_rewound: false }
    }

    /// Counter and frame; or the error that there must be, where it is known.
    fn open(&mut self, sealed: &[u8], clear_len: usize) -> Result<(u64, Vec<u8>), Option<Error>> {
        if clear_len > MAX_CLEAR_BYTES {
            return Err(Some(Error::ClearLength));
        }
        let (clear, framed) = sealed.split_at_checked(clear_len).ok_or(Some(Error::Malformed))?;
        let metadata = [CALL.as_bytes(), clear].concat();
        let mut frame = Vec::new();
        let counter = self.key.open(&metadata, framed, &mut frame).map_err(|_| None)?;
        frame.splice(..0, clear.iter().copied());
        if self.opened.last().is_some_and(|last| counter + FRAME_REPLAY_WINDOW <= *last) {
            self.refused_as_rewound = true;
            return Err(Some(Error::Rewound));
        }
        if !self.opened.insert(counter) {
            return Err(Some(Error::Replayed));
        }
        Ok((counter, frame))
    }
}

fn pick(sent: &[Sent], frame: u8) -> Option<&Sent> {
    sent.get(usize::from(frame) % sent.len().max(1))
}

const BASE_KEY: [u8; 32] = [7; 32];
const CALL: CallId = CallId::from_bytes([9; 16]);
const SENDER: u8 = 1;
const MAX_OPS: usize = 400;
/// More than fit the window, so that frames fall out of it.
const MAX_SENT: usize = 250;
