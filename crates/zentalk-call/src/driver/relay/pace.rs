use std::time::Duration;

use tokio::sync::watch;

/// How eagerly a client keeps its connection, as its handles want it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    /// A call depends on the relay.
    pub(super) hurry: bool,
    /// How often the network has changed.
    pub(super) networks: u64,
}

/// What the client's task knows of the wishes, and what follows from them.
#[derive(Debug)]
pub(super) struct Pace {
    wish: watch::Receiver<Wish>,
    /// The networks that this task has reacted to.
    networks: u64,
}

impl Pace {
    pub(super) fn new(wish: watch::Receiver<Wish>) -> Self {
        Self { wish, networks: 0 }
    }

    pub(super) fn hurries(&self) -> bool {
        self.wish.borrow().hurry
    }

    /// Whether the network changed since this was last asked.
    pub(super) fn take_network_change(&mut self) -> bool {
        let networks = self.wish.borrow_and_update().networks;
        std::mem::replace(&mut self.networks, networks) != networks
    }

    /// Ready when the wishes change. Cancel-safe. Without handles nobody wishes any more.
    pub(super) async fn changed(&mut self) {
        if self.wish.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Ready when there is a reason to stop waiting and dial at once: the network changed, or a hurry began.
    pub(super) async fn quickened(&mut self) {
        let hurried = self.hurries();
        while !self.take_network_change() && (hurried || !self.hurries()) {
            self.changed().await;
        }
    }

    /// How often to ask the relay for a sign of life.
    pub(super) fn ping_interval(&self) -> Duration {
        if self.hurries() { HURRIED_PING_INTERVAL } else { PING_INTERVAL }
    }

    /// After this without a word, not even a pong, the connection is dead.
    pub(super) fn silence(&self) -> Duration {
        if self.hurries() { HURRIED_SILENCE } else { SILENCE }
    }

    /// The longest pause between two attempts to connect.
    pub(super) fn longest_pause(&self) -> Duration {
        if self.hurries() { HURRIED_PAUSE } else { LONGEST_PAUSE }
    }
}

const PING_INTERVAL: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(40);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

// With a call up: the same 5 s as media may be silent before it counts as lost, so that both are noticed together.
const HURRIED_PING_INTERVAL: Duration = Duration::from_secs(2);
const HURRIED_SILENCE: Duration = Duration::from_secs(5);
const HURRIED_PAUSE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(30);

    fn pace() -> (watch::Sender<Wish>, Pace) {
        let (wish, wishes) = watch::channel(Wish::default());
        (wish, Pace::new(wishes))
    }

    #[tokio::test]
    async fn changed_network_and_beginning_hurry_end_a_pause() {
        let (wish, mut pace) = pace();
        wish.send_modify(|wish| wish.networks += 1);
        timeout(SOON, pace.quickened()).await.unwrap();
        let hurry = async { wish.send_modify(|wish| wish.hurry = true) };
        timeout(SOON, async { tokio::join!(pace.quickened(), hurry) }).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_known_already_ends_no_pause() {
        let (wish, mut pace) = pace();
        wish.send_modify(|wish| *wish = Wish { hurry: true, networks: 1 });
        assert!(pace.take_network_change());
        let calm = async {
            wish.send_modify(|wish| wish.hurry = false);
            tokio::task::yield_now().await;
        };
        tokio::select! {
            biased;
            () = pace.quickened() => panic!("the end of a hurry is no reason to dial"),
            () = calm => {}
        }
        assert_eq!(pace.ping_interval(), PING_INTERVAL);
    }

    #[tokio::test]
    async fn pace_without_handles_stays_as_it_is() {
        let (wish, mut pace) = pace();
        drop(wish);
        tokio::select! {
            biased;
            () = pace.changed() => panic!("nobody changed it"),
            () = tokio::task::yield_now() => {}
        }
        assert!(!pace.hurries());
    }
}
