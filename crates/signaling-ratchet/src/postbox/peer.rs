use zentalk_primitives::UnixTime;

use crate::Error;
use crate::identity::IdentityPublic;
use crate::keys::DhPublic;
use crate::limits;
use crate::storage::{Persist, Reader, Sink};

use super::session::Session;

/// One peer and the sessions with it.
pub(super) struct Peer {
    identity: IdentityPublic,
    kept: bool,
    /// Which session sends.
    active: Option<DhPublic>,
    /// Last used first.
    sessions: Vec<Session>,
}

impl Peer {
    pub(super) const fn new(identity: IdentityPublic) -> Self {
        Self { identity, kept: false, active: None, sessions: Vec::new() }
    }

    pub(super) const fn identity(&self) -> &IdentityPublic {
        &self.identity
    }

    pub(super) const fn is_kept(&self) -> bool {
        self.kept
    }

    pub(super) const fn keep(&mut self) {
        self.kept = true;
    }

    pub(super) fn active(&self) -> Option<&Session> {
        self.sessions.iter().find(|session| Some(session.id()) == self.active.as_ref())
    }

    pub(super) fn active_mut(&mut self) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| Some(session.id()) == self.active.as_ref())
    }

    #[cfg(test)]
    pub(super) fn session_count(&self) -> usize {
        self.sessions.len()
    }

    pub(super) fn sessions_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.sessions.iter_mut()
    }

    /// The session that the peer began with this ephemeral key.
    pub(super) fn begun_by_peer(&mut self, id: &DhPublic) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|known| known.is_begun_by_peer() && known.id() == id)
    }

    /// Adds a session of ours, which sends from now on.
    pub(super) fn add_active(&mut self, session: Session) {
        self.active = Some(*session.id());
        self.add(session);
    }

    /// Adds a session of the peer's whose first message has opened.
    pub(super) fn add_received(&mut self, session: Session, leads: bool, now: UnixTime) {
        let id = *session.id();
        self.choose(&id, true, leads, now);
        self.add(session);
    }

    /// Notes that a message has opened on a known session.
    pub(super) fn received(&mut self, id: &DhPublic, leads: bool, now: UnixTime) {
        self.choose(id, false, leads, now);
        if let Some(index) = self.sessions.iter().position(|session| session.id() == id)
            && let Some(used) = self.sessions.get_mut(..=index)
        {
            used.rotate_right(1);
        }
    }

    /// The rule that [`Postbox`](super::Postbox) states: whether the session that just received sends from now on.
    fn choose(&mut self, received: &DhPublic, fresh: bool, leads: bool, now: UnixTime) {
        let follow = match self.active() {
            Some(active) if leads && active.is_answered() => fresh,
            Some(active) if leads => now.saturating_since(active.created()) > limits::GLARE_WINDOW,
            _ => true,
        };
        if follow {
            self.active = Some(*received);
        }
    }

    fn add(&mut self, session: Session) {
        self.sessions.insert(0, session);
        if self.sessions.len() > limits::SESSIONS_PER_PEER {
            let active = self.active;
            let oldest = self.sessions.iter().rposition(|known| Some(*known.id()) != active);
            oldest.map(|index| self.sessions.remove(index));
        }
    }
}

impl Persist for Peer {
    fn write(&self, out: &mut impl Sink) {
        self.identity.write(out);
        self.kept.write(out);
        self.active.write(out);
        out.put_list(self.sessions.iter());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            identity: IdentityPublic::read(input)?,
            kept: bool::read(input)?,
            active: Option::read(input)?,
            sessions: input.list(limits::SESSIONS_PER_PEER)?,
        })
    }
}
