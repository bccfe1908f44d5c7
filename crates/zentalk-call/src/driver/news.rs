use std::collections::{BTreeMap, VecDeque};

use tokio::sync::mpsc;
use zentalk_call_fsm::EndReason;

use crate::engine::{Event, Member, MemberState};

/// The events of one call. What happened while it rang, and was looked past, is told to whoever accepts: the path may be
/// up and secured by then, and neither is said twice.
pub(super) struct News {
    events: mpsc::Receiver<Event>,
    early: VecDeque<Event>,
    /// What was told last of each member; at most as many as there are indices.
    members: BTreeMap<u8, (Member, MemberState)>,
}

/// Events that are kept while it rings: a few of the path, and of what is known of the call.
const EARLY: usize = 64;

impl News {
    pub(super) fn new(events: mpsc::Receiver<Event>) -> Self {
        Self { events, early: VecDeque::new(), members: BTreeMap::new() }
    }

    /// The next event; nothing after the last one. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let event = match self.early.pop_front() {
            Some(event) => Some(event),
            None => self.events.recv().await,
        };
        if let Some(Event::Member { member, state, .. }) = &event {
            self.members.insert(member.index, ((**member).clone(), *state));
        }
        event
    }

    /// The members, as told so far, by their indices.
    pub(super) fn members(&self) -> impl Iterator<Item = (&Member, MemberState)> {
        self.members.values().map(|(member, state)| (member, *state))
    }

    /// Waits for the call's end, and keeps what comes before. Cancel-safe.
    pub(super) async fn ended(&mut self) -> Option<EndReason> {
        while let Some(event) = self.events.recv().await {
            match event {
                Event::Ended { reason, .. } => return Some(reason),
                event if self.early.len() < EARLY => self.early.push_back(event),
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use zentalk_call_fsm::PublicState;
    use zentalk_primitives::CallId;

    use super::*;

    fn state(call: CallId, detail: usize) -> Event {
        let detail = Some(detail.to_string());
        Event::State { call, state: PublicState::Connecting, detail }
    }

    fn detail(event: Option<Event>) -> Option<String> {
        match event {
            Some(Event::State { detail, .. }) => detail,
            _ => None,
        }
    }

    #[tokio::test]
    async fn what_happened_while_it_rang_is_told_after_the_accept() {
        let (events, receiver) = mpsc::channel(8);
        let mut news = News::new(receiver);
        let call = CallId::from_bytes([7; 16]);
        for number in 0..3 {
            events.send(state(call, number)).await.unwrap();
        }
        // The application waits for the end and for the user at once; the user is quicker.
        tokio::select! {
            biased;
            _ = news.ended() => panic!("it has not ended"),
            () = std::future::ready(()) => {}
        }
        events.send(state(call, 3)).await.unwrap();
        for number in 0..4 {
            assert_eq!(detail(news.next().await), Some(number.to_string()));
        }
    }

    #[tokio::test]
    async fn a_call_that_rings_for_long_is_not_kept_without_bound() {
        let (events, receiver) = mpsc::channel(EARLY * 2);
        let mut news = News::new(receiver);
        for number in 0..EARLY * 2 {
            events.send(state(CallId::from_bytes([7; 16]), number)).await.unwrap();
        }
        drop(events);
        assert_eq!(news.ended().await, None);
        assert_eq!(news.early.len(), EARLY);
    }
}
