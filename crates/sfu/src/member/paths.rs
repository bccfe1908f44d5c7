use core::net::SocketAddr;

use zentalk_dtls_fingerprint::Path;
use zentalk_primitives::Instant;

use crate::limits::MAX_PATHS;

/// The pairs of addresses over which a participant's connectivity checks were authentic, and the one that carries what we send.
///
/// A check can be recorded and sent again from elsewhere: nothing in it says where it was sent from. So once media flows, a nomination alone
/// moves nothing: the active pair changes when media, which cannot be replayed, comes over a pair that was nominated later. And the participant
/// itself can write somebody else's address into all that it sends: only a pair is used over which it has answered a question of ours.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    valid: Vec<Valid>,
    active: Option<Path>,
    nominations: u64,
}

#[derive(Clone, Copy, Debug)]
struct Valid {
    path: Path,
    checked: Instant,
    /// It has answered over it: it receives there.
    is_proven: bool,
    /// Which nomination was its last one, counted from 1; 0 if it was never nominated.
    nominated: u64,
}

impl Paths {
    /// Where we send, if anywhere yet.
    pub(crate) fn active(&self) -> Option<Path> {
        self.active
    }

    /// Whether a check came over `path`.
    pub(crate) fn is_valid(&self, path: Path) -> bool {
        self.find(path).is_some()
    }

    /// Whether the participant is known to receive over `path`.
    pub(crate) fn is_proven(&self, path: Path) -> bool {
        self.find(path).is_some_and(|valid| valid.is_proven)
    }

    /// The participant has answered over `path`. Says whether that is news.
    pub(crate) fn prove(&mut self, path: Path) -> bool {
        let valid = self.valid.iter_mut().find(|valid| valid.path == path);
        valid.is_some_and(|valid| !core::mem::replace(&mut valid.is_proven, true))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Path> {
        self.valid.iter().map(|valid| valid.path)
    }

    /// Notes an authentic check over `path`. Where there are too many, the one that was checked longest ago gives way, and is returned; never
    /// the active one.
    pub(crate) fn checked(&mut self, now: Instant, path: Path) -> Option<Path> {
        if let Some(valid) = self.valid.iter_mut().find(|valid| valid.path == path) {
            valid.checked = now;
            return None;
        }
        let evicted = if self.valid.len() >= MAX_PATHS { self.evict() } else { None };
        self.valid.push(Valid { path, checked: now, is_proven: false, nominated: 0 });
        evicted
    }

    /// The participant wants to use `path`, which is valid.
    pub(crate) fn nominate(&mut self, path: Path) {
        self.nominations += 1;
        let nominated = self.nominations;
        if let Some(valid) = self.valid.iter_mut().find(|valid| valid.path == path) {
            valid.nominated = nominated;
        }
    }

    /// Whether authentic media over `path` shows that the participant has moved there: it was nominated later than the one in use, and it receives
    /// there.
    pub(crate) fn has_moved_to(&self, path: Path) -> bool {
        if self.active == Some(path) || !self.is_proven(path) {
            return false;
        }
        let nominated = |path| self.find(path).map_or(0, |valid| valid.nominated);
        nominated(path) > self.active.map_or(0, nominated)
    }

    pub(crate) fn activate(&mut self, path: Path) {
        self.active = Some(path);
    }

    /// Forgets every pair with this remote address, which is another participant's now, and returns them.
    pub(crate) fn forget(&mut self, remote: SocketAddr) -> Vec<Path> {
        let lost = self.iter().filter(|path| path.remote == remote).collect();
        self.valid.retain(|valid| valid.path.remote != remote);
        self.active = self.active.filter(|path| path.remote != remote);
        lost
    }

    fn find(&self, path: Path) -> Option<&Valid> {
        self.valid.iter().find(|valid| valid.path == path)
    }

    fn evict(&mut self) -> Option<Path> {
        let (at, _) = self
            .valid
            .iter()
            .enumerate()
            .filter(|(_, valid)| self.active != Some(valid.path))
            .min_by_key(|(_, valid)| valid.checked)?;
        Some(self.valid.swap_remove(at).path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(port: u16) -> Path {
        Path::new(([192, 0, 2, 1], 9).into(), ([198, 51, 100, 1], port).into())
    }

    #[test]
    fn the_pair_checked_longest_ago_gives_way_and_never_the_one_in_use() {
        let mut paths = Paths::default();
        for port in 0..MAX_PATHS as u16 {
            assert_eq!(paths.checked(Instant::from_millis(port.into()), path(port)), None);
        }
        paths.activate(path(0));
        assert_eq!(paths.checked(Instant::from_millis(50), path(1)), None);
        assert_eq!(paths.checked(Instant::from_millis(60), path(100)), Some(path(2)));
        assert_eq!(paths.iter().count(), MAX_PATHS);
        assert!(paths.is_valid(path(0)) && paths.is_valid(path(1)) && !paths.is_valid(path(2)));
    }

    #[test]
    fn only_media_over_a_pair_nominated_later_shows_a_move() {
        let mut paths = Paths::default();
        for port in [1, 2, 3] {
            paths.checked(Instant::ZERO, path(port));
            assert!(paths.prove(path(port)) && !paths.prove(path(port)));
        }
        paths.nominate(path(1));
        paths.activate(path(1));
        assert!(!paths.has_moved_to(path(1)) && !paths.has_moved_to(path(2)));
        paths.nominate(path(2));
        assert!(paths.has_moved_to(path(2)));
        paths.activate(path(2));
        // What was on its way over the first one arrives late.
        assert!(!paths.has_moved_to(path(1)));
        paths.nominate(path(1));
        assert!(paths.has_moved_to(path(1)) && !paths.has_moved_to(path(3)));
    }

    #[test]
    fn nobody_moves_to_where_nobody_has_answered() {
        let mut paths = Paths::default();
        assert!(!paths.prove(path(1)), "no check came from there");
        for port in [1, 2] {
            paths.checked(Instant::ZERO, path(port));
        }
        paths.activate(path(1));
        paths.nominate(path(2));
        assert!(!paths.has_moved_to(path(2)));
        paths.prove(path(2));
        assert!(paths.has_moved_to(path(2)));
    }

    #[test]
    fn a_lost_address_carries_nothing() {
        let mut paths = Paths::default();
        paths.checked(Instant::ZERO, path(1));
        paths.activate(path(1));
        assert_eq!(paths.forget(path(1).remote), [path(1)]);
        assert_eq!((paths.active(), paths.iter().count()), (None, 0));
    }
}
