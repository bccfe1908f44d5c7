//! The names of hidden candidates, by multicast DNS: a task of its own, so that a busy link disturbs no call.

use std::net::IpAddr;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::multicast::{Heard, MulticastSocket};
use crate::driver::clock::{Clock, FOREVER};
use crate::mdns::{Link, Mdns, Output};

/// What the task is to do.
enum Order {
    Publish { name: String, address: IpAddr },
    Resolve { name: String },
    Links(Vec<Link>),
}

/// An answer to [`Names::resolve`].
pub(in crate::driver) struct Resolved {
    pub(in crate::driver) name: String,
    /// None if nobody answered.
    pub(in crate::driver) address: Option<IpAddr>,
}

/// The names of one call. Dropped, they are withdrawn.
pub(in crate::driver) struct Names {
    orders: mpsc::Sender<Order>,
    resolved: mpsc::Receiver<Resolved>,
}

/// Orders that wait; a call gives a few dozen in all.
const ORDERS: usize = 64;
/// Messages that wait; what is more is lost.
const MESSAGES: usize = 64;
/// Answers that wait for the engine.
const ANSWERS: usize = 16;

impl Names {
    pub(in crate::driver) fn start(clock: Clock, links: Vec<Link>) -> Self {
        let (orders, queue) = mpsc::channel(ORDERS);
        let (answers, resolved) = mpsc::channel(ANSWERS);
        let task = Task::new(clock, answers);
        tokio::spawn(task.run(queue));
        let names = Self { orders, resolved };
        names.set_links(links);
        names
    }

    /// Answers for a name from now on.
    pub(in crate::driver) fn publish(&self, name: String, address: IpAddr) {
        self.order(Order::Publish { name, address });
    }

    /// Asks for a name; [`Names::next`] tells.
    pub(in crate::driver) fn resolve(&self, name: String) {
        self.order(Order::Resolve { name });
    }

    /// The links there are now.
    pub(in crate::driver) fn set_links(&self, links: Vec<Link>) {
        self.order(Order::Links(links));
    }

    /// The next answer. Cancel-safe.
    pub(in crate::driver) async fn next(&mut self) -> Resolved {
        match self.resolved.recv().await {
            Some(resolved) => resolved,
            // The task runs as long as this.
            None => std::future::pending().await,
        }
    }

    fn order(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tracing::warn!("too many names");
        }
    }
}

struct Task {
    clock: Clock,
    mdns: Mdns,
    sockets: Vec<MulticastSocket>,
    heard: (mpsc::Sender<Heard>, mpsc::Receiver<Heard>),
    answers: mpsc::Sender<Resolved>,
}

impl Task {
    fn new(clock: Clock, answers: mpsc::Sender<Resolved>) -> Self {
        let (mdns, sockets) = (Mdns::new(), Vec::new());
        Self { clock, mdns, sockets, heard: mpsc::channel(MESSAGES), answers }
    }

    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            let wake = self.drain();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.handle(order),
                    None => break,
                },
                Some(heard) = self.heard.1.recv() => self.hear(&heard),
                () = sleep(wake.unwrap_or(FOREVER)) => {}
            }
            self.mdns.handle_timeout(self.clock.now());
        }
        self.mdns.withdraw_all();
        self.drain();
    }

    fn handle(&mut self, order: Order) {
        match order {
            Order::Publish { name, address } => {
                if !self.mdns.publish(&name, address) {
                    tracing::warn!("a name cannot be published");
                }
            }
            Order::Resolve { name } => self.mdns.resolve(self.clock.now(), &name),
            Order::Links(links) => self.set_links(&links),
        }
    }

    fn hear(&mut self, heard: &Heard) {
        let now = self.clock.now();
        self.mdns.handle_datagram(now, heard.local, heard.source, &heard.payload);
    }

    /// Closes the sockets of links that are gone, and opens those of new ones.
    fn set_links(&mut self, links: &[Link]) {
        let mdns = &mut self.mdns;
        self.sockets.retain(|socket| {
            let stays = links.contains(socket.link());
            if !stays {
                mdns.remove_link(socket.link().address);
            }
            stays
        });
        for link in links {
            if self.sockets.iter().any(|socket| socket.link() == link) {
                continue;
            }
            match MulticastSocket::open(*link, self.heard.0.clone()) {
                Ok(socket) => {
                    self.sockets.push(socket);
                    self.mdns.add_link(*link);
                }
                // Names cannot be resolved there; calls find other paths.
                Err(error) => tracing::debug!(kind = ?error.kind(), "no multicast on a link"),
            }
        }
    }

    /// Does what is to be done; returns how long to wait then.
    fn drain(&mut self) -> Option<std::time::Duration> {
        loop {
            match self.mdns.poll_output() {
                Output::Transmit(transmit) => {
                    let own =
                        |socket: &&MulticastSocket| socket.link().address == transmit.local.ip();
                    if let Some(socket) = self.sockets.iter().find(own) {
                        socket.send(&transmit);
                    }
                }
                Output::Resolved { name, address } => self.answer(name, Some(address)),
                Output::Unresolved { name } => self.answer(name, None),
                Output::Timeout(at) => return at.map(|at| self.clock.until(at)),
            }
        }
    }

    fn answer(&self, name: String, address: Option<IpAddr>) {
        // As many wait at most as are asked for; where nobody takes them, the call is over.
        let _ = self.answers.try_send(Resolved { name, address });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "2f3a9c1e-5b7d-4e8f-9a0b-1c2d3e4f5a6b.local";

    fn loopback() -> Vec<Link> {
        let [address, interface] = ["127.0.0.1", "1"];
        let address = address.parse().unwrap();
        vec![Link { address, prefix_length: 8, interface: interface.parse().unwrap() }]
    }

    /// Real sockets, on the loopback interface only: nothing leaves this machine.
    #[tokio::test]
    async fn two_on_one_machine_resolve_each_other() {
        let clock = Clock::start();
        let (alice, mut bob) = (Names::start(clock, loopback()), Names::start(clock, loopback()));
        alice.publish(NAME.to_owned(), "127.0.0.1".parse().unwrap());
        bob.resolve(NAME.to_owned());
        let resolved = bob.next().await;
        assert_eq!(resolved.name, NAME);
        assert_eq!(resolved.address, Some("127.0.0.1".parse().unwrap()));
    }

    #[tokio::test]
    async fn what_nobody_answers_is_told_as_well() {
        let mut bob = Names::start(Clock::start(), Vec::new());
        bob.resolve("printer.local".to_owned());
        assert_eq!(bob.next().await.address, None);
    }
}
