//! One frame on its way through the forwarding server, in three states: as it passed on the wire, as it lay in the server's memory
//! once SRTP was taken off, and as its sender sealed it.
//!
//! Nothing in the server helps with that: it is the ordinary program, and its memory is read as somebody could who owns its machine.

use super::frame::{Locksmith, Parts};
use super::glass::Secret;
use super::memory::{self, Scan};
use super::wire::Running;

/// Whole frames that a member was forwarded, and what is in them.
#[derive(Debug, Default)]
pub(super) struct Candidates(Vec<Candidate>);

#[derive(Debug)]
struct Candidate {
    /// Without SRTP.
    packet: Vec<u8>,
    parts: Parts,
    plain: Vec<u8>,
}

/// Less of a frame than this could be found by chance.
const MIN_FRAME: usize = 24;

impl Candidates {
    /// Those of `packets` that carry whole frames which open with `keys`.
    pub(super) fn open(packets: Vec<Vec<u8>>, call: &[u8], keys: &[Secret]) -> Self {
        let locksmith = Locksmith::new(call, keys);
        let candidate = |packet: Vec<u8>| {
            let parts = Parts::of(&packet)?;
            let (clear, framed) = parts.sealed(&packet).split_at_checked(parts.clear.len())?;
            let plain = locksmith.open(clear, framed).filter(|plain| plain.len() >= MIN_FRAME)?;
            Some(Candidate { packet, parts, plain })
        };
        Self(packets.into_iter().filter_map(candidate).collect())
    }

    /// What to look for: each frame as it is sealed, and then each as it is not.
    pub(super) fn needles(&self) -> Vec<Vec<u8>> {
        let sealed = self.0.iter().map(|one| one.parts.sealed(&one.packet).to_vec());
        // Clear bytes are clear for the server, too.
        let plain = self
            .0
            .iter()
            .map(|one| one.plain.get(one.parts.clear.len()..).unwrap_or_default().to_vec());
        sealed.chain(plain).collect()
    }
}

/// A frame on its way.
#[derive(Clone, Debug)]
pub(super) struct Specimen {
    /// As it passed from the server to the member.
    pub(super) wire: Vec<u8>,
    /// RTP header as on the wire, and behind it what lay in the server's memory.
    pub(super) inside: Vec<u8>,
    /// Where in the server's memory the payload lay.
    pub(super) address: u64,
    pub(super) parts: Parts,
    /// The frame that its sender sealed.
    pub(super) plain: Vec<u8>,
    /// Whole frames that were looked for in the server's memory.
    pub(super) frames: usize,
    /// Those of them that were there, sealed.
    pub(super) sealed_found: usize,
    /// Those of them that were there in any other form than sealed.
    pub(super) plain_found: usize,
}

impl Specimen {
    /// The latest picture of which everything is known, or if there is none the latest sound. `scan` is about the candidates'
    /// needles.
    pub(super) fn find(
        candidates: &Candidates,
        scan: &Scan,
        process: u32,
        wire: &Running,
    ) -> Option<Self> {
        let known = |picture: bool| {
            let all = candidates.0.iter().enumerate().rev();
            let mut wanted = all.filter(move |(_, one)| one.parts.is_picture() == picture);
            wanted.find_map(|(number, one)| {
                let sighting = Sighting { address: *scan.first.get(&number)?, process, wire };
                sighting.of(one)
            })
        };
        let mut specimen = known(true).or_else(|| known(false))?;
        specimen.frames = candidates.0.len();
        specimen.sealed_found = scan.found.range(..specimen.frames).count();
        specimen.plain_found = scan.found.range(specimen.frames..).count();
        Some(specimen)
    }

    /// Whether anybody on the way could read as much of the frame as the server.
    pub(super) fn is_bare_on_the_wire(&self) -> bool {
        let sealed = self.parts.sealed(&self.inside);
        self.wire.windows(sealed.len().max(1)).any(|window| window == sealed)
    }
}

/// Where a frame was seen.
struct Sighting<'a> {
    /// Of the sealed frame in the server's memory.
    address: u64,
    process: u32,
    wire: &'a Running,
}

impl Sighting<'_> {
    /// Nothing, if the server has written something else over it meanwhile.
    fn of(&self, candidate: &Candidate) -> Option<Specimen> {
        let Candidate { packet, parts, plain } = candidate;
        let header = packet.get(parts.header.clone())?;
        let address = self.address.checked_sub(parts.descriptor.len() as u64)?;
        let payload = memory::read(self.process, address, packet.len() - header.len())?;
        if payload.get(parts.descriptor.len()..)? != parts.sealed(packet) {
            return None;
        }
        Some(Specimen {
            wire: self.wire.find(header)?,
            inside: [header, &payload].concat(),
            address,
            parts: parts.clone(),
            plain: plain.clone(),
            frames: 0,
            sealed_found: 0,
            plain_found: 0,
        })
    }
}
