use core::fmt;
use core::net::SocketAddr;
use std::collections::BTreeSet;

use crate::Error;

/// How many validated paths an endpoint remembers.
pub const MAX_PATHS: usize = 64;

/// A pair of transport addresses over which datagrams travel: a valid pair of ICE (RFC 8445 §7.2.5.3.2).
///
/// `Debug` shows no address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// The local address: of a socket or of a relay allocation.
    pub local: SocketAddr,
    /// The peer's address, as seen from here.
    pub remote: SocketAddr,
}

impl Path {
    /// The path between these addresses.
    pub const fn new(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { local, remote }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Path([redacted])")
    }
}

/// The paths that ICE has validated, and the one of them that carries what is sent.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    validated: BTreeSet<Path>,
    active: Option<Path>,
}

impl Paths {
    pub(crate) fn validate(&mut self, path: Path) -> Result<(), Error> {
        if self.validated.len() >= MAX_PATHS && !self.is_validated(&path) {
            return Err(Error::TooManyPaths);
        }
        self.validated.insert(path);
        Ok(())
    }

    pub(crate) fn retire(&mut self, path: &Path) {
        self.validated.remove(path);
        if self.active.as_ref() == Some(path) {
            self.active = None;
        }
    }

    pub(crate) fn activate(&mut self, path: Path) -> Result<(), Error> {
        if !self.is_validated(&path) {
            return Err(Error::PathNotValidated);
        }
        self.active = Some(path);
        Ok(())
    }

    pub(crate) fn is_validated(&self, path: &Path) -> bool {
        self.validated.contains(path)
    }

    pub(crate) const fn active(&self) -> Option<Path> {
        self.active
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(port: u16) -> Path {
        Path::new(([192, 0, 2, 1], port).into(), ([198, 51, 100, 1], 9).into())
    }

    #[test]
    fn paths_are_bounded_and_known_ones_always_fit() {
        let mut paths = Paths::default();
        for port in (1u16..).take(MAX_PATHS) {
            paths.validate(path(port)).unwrap();
        }
        assert_eq!(paths.validate(path(9_999)), Err(Error::TooManyPaths));
        assert_eq!(paths.validate(path(1)), Ok(()));
        paths.retire(&path(1));
        assert_eq!(paths.validate(path(9_999)), Ok(()));
    }

    #[test]
    fn only_a_validated_path_becomes_active() {
        let mut paths = Paths::default();
        assert_eq!(paths.activate(path(1)), Err(Error::PathNotValidated));
        paths.validate(path(1)).unwrap();
        paths.activate(path(1)).unwrap();
        paths.retire(&path(1));
        assert_eq!(paths.active(), None);
    }

    #[test]
    fn debug_shows_no_address() {
        assert_eq!(format!("{:?}", path(1)), "Path([redacted])");
    }
}
