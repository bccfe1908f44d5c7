//! Sees addresses come and go, through the operating system (netlink on Linux).

use std::net::IpAddr;
use std::time::Duration;

use futures_util::StreamExt;
use if_watch::tokio::IfWatcher;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::Network;
use super::interfaces::usable;

/// Watches the interfaces. Dropped, it ends.
pub(in crate::driver) struct Watch {
    changes: mpsc::Receiver<()>,
    /// One task, which ends with this; none where addresses are fixed.
    _task: JoinSet<()>,
}

/// An interface that changes says so several times (address gone, address new, once for each family): all at once is enough.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// How often the addresses are looked at where the system does not tell.
const POLL: Duration = Duration::from_secs(3);

impl Watch {
    pub(in crate::driver) fn start(network: &Network) -> Self {
        let (changed, changes) = mpsc::channel(1);
        let mut task = JoinSet::new();
        if matches!(network, Network::AllInterfaces) {
            task.spawn(watch(changed));
        }
        Self { changes, _task: task }
    }

    /// Waits until the usable addresses are others than before. Cancel-safe.
    pub(in crate::driver) async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

async fn watch(changed: mpsc::Sender<()>) {
    let mut addresses = current().unwrap_or_default();
    loop {
        match IfWatcher::new() {
            Ok(watcher) => follow(watcher, &mut addresses, &changed).await,
            Err(error) => tracing::debug!(kind = ?error.kind(), "interfaces cannot be watched"),
        }
        // The system tells nothing (any more): look, and try again.
        sleep(POLL).await;
        tell(&mut addresses, &changed);
        if changed.is_closed() {
            return;
        }
    }
}

/// Follows the system's news until it gives none any more.
async fn follow(mut watcher: IfWatcher, addresses: &mut Vec<IpAddr>, changed: &mpsc::Sender<()>) {
    while let Some(Ok(_)) = watcher.next().await {
        let until = Instant::now() + DEBOUNCE;
        // News that come meanwhile are part of this one, and an error is met again by the next look.
        while let Ok(Some(Ok(_))) = timeout_at(until, watcher.next()).await {}
        sleep_until(until).await;
        tell(addresses, changed);
    }
}

/// Tells of a change, if there is one. The system's news alone are none: it begins with the addresses that are there, and tells of
/// loopback as well.
fn tell(addresses: &mut Vec<IpAddr>, changed: &mpsc::Sender<()>) {
    let Some(now) = current().filter(|now| now != addresses) else { return };
    *addresses = now;
    // One that waits says it all.
    let _ = changed.try_send(());
}

/// The usable addresses in a fixed order; none if they cannot be listed just now.
fn current() -> Option<Vec<IpAddr>> {
    let mut addresses = usable().ok()?;
    addresses.sort_unstable();
    Some(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_there_from_the_beginning_is_no_change() {
        let (changed, mut changes) = mpsc::channel(1);
        let mut addresses = current().unwrap();
        tell(&mut addresses, &changed);
        assert!(changes.try_recv().is_err());
        // As if this address had not been there before, or another one had gone.
        addresses.push(IpAddr::from([203, 0, 113, 77]));
        tell(&mut addresses, &changed);
        tell(&mut addresses, &changed);
        assert!(changes.try_recv().is_ok());
        assert!(changes.try_recv().is_err(), "one change is told once");
    }
}
