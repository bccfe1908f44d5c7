//! Who listens to which call.

use std::collections::HashMap;

use tokio::sync::mpsc;
use zentalk_primitives::CallId;

use super::commands::Ringing;
use crate::engine::Event;

/// Calls that ring and that nobody has asked for yet.
pub(in crate::driver) const RINGS: usize = 16;
/// Events of a call that wait for the application.
const EVENTS: usize = 1_024;
/// Of these, how many are kept free for events that are not media.
const RESERVED: usize = 256;

/// Where the events of calls go.
pub(in crate::driver) struct Listeners {
    calls: HashMap<CallId, Listener>,
    rings: mpsc::Sender<Ringing>,
    /// A call that was placed here and goes on as another one; its handles know the first name.
    replaced: Option<(CallId, CallId)>,
}

struct Listener {
    events: mpsc::Sender<Event>,
    /// Whether it was placed or accepted here: then it must not go on when nobody listens any more.
    taken: bool,
}

impl Listeners {
    pub(in crate::driver) fn new(rings: mpsc::Sender<Ringing>) -> Self {
        Self { calls: HashMap::new(), rings, replaced: None }
    }

    /// Whether there is no call.
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(super) fn listen(&mut self, call: CallId, taken: bool) -> mpsc::Receiver<Event> {
        let (events, receiver) = mpsc::channel(EVENTS);
        self.calls.insert(call, Listener { events, taken });
        receiver
    }

    /// A call that rang was accepted here.
    pub(super) fn taken(&mut self, call: CallId) {
        if let Some(listener) = self.calls.get_mut(&call) {
            listener.taken = true;
        }
    }

    /// The name under which a call goes on.
    pub(super) fn current(&self, call: CallId) -> CallId {
        self.replaced.filter(|(first, _)| *first == call).map_or(call, |(_, by)| by)
    }

    /// Passes an event to the call it belongs to. Returns a call that nobody listens to any more, and that must not go on therefore.
    pub(super) fn tell(&mut self, event: Event) -> Option<CallId> {
        if let Event::Incoming(ring) = event {
            let events = self.listen(ring.call, false);
            // An application that does not look at its calls misses them; the caller hears nobody answer.
            let _ = self.rings.try_send(Ringing { ring: *ring, events });
            return None;
        }
        let call = event.call();
        let listener = self.calls.get(&call)?;
        let abandoned = listener.taken && listener.events.is_closed();
        match event {
            Event::Ended { .. } => {
                let _ = listener.events.try_send(event);
                self.calls.remove(&call);
                self.replaced = self.replaced.filter(|(_, by)| *by != call);
                return None;
            }
            Event::Replaced { call, by } => {
                let _ = listener.events.try_send(event);
                if let Some(listener) = self.calls.remove(&call) {
                    self.calls.insert(by, listener);
                    self.replaced = Some((call, by));
                }
            }
            // An application that does not keep up loses media, never news.
            event if !event.is_media() || listener.events.capacity() > RESERVED => {
                let _ = listener.events.try_send(event);
            }
            _ => {}
        }
        abandoned.then_some(call)
    }
}
