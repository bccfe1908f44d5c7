//! Multicast DNS (RFC 6762) for the names that stand in the place of addresses in ICE candidates
//! (draft-ietf-mmusic-mdns-ice-candidates), without I/O.
//!
//! A candidate whose address is `<uuid>.local` tells it only to those on the same link: they ask for the name by multicast, and
//! whoever made it answers. This is both sides of that, and nothing more: no services, no cache, no names but random ones.
//!
//! # Driving it
//!
//! **After every call that takes `&mut self`, call [`Mdns::poll_output`] until it returns [`Output::Timeout`]. When the time of the
//! last `Timeout` comes, call [`Mdns::handle_timeout`]. Time never runs backwards.** A [`Link`] is one address of one interface, with a
//! socket that has joined the [`group`] of its family there; datagrams leave from that socket, with a TTL of 255.
//!
//! # Deviations from RFC 6762
//!
//! | Section | Here | Why |
//! |---|---|---|
//! | 8.1 probing, 8.3 announcing, 9 conflicts | left out | names are 122 random bits: nobody else has them, and only those who were told ask |
//! | 5.2 delay before the first query | left out | a call is placed when a user wishes, not when a link comes up everywhere at once |
//! | 5.4 unicast answers to those who wish them | multicast | a unicast answer reaches only one of the programs that share port 5353 |
//! | 6.1 negative answers (NSEC) | left out | who asks for A and AAAA takes the first answer |
//! | 10 caching | left out | a name lives as long as its call |

mod links;
mod message;
mod name;
mod resolver;
mod responder;
#[cfg(test)]
mod tests;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::collections::VecDeque;

use zentalk_primitives::{Instant, Transmit};

pub use self::links::{Link, MAX_LINKS};
pub use self::message::MAX_MESSAGE;
pub use self::resolver::{MAX_QUESTIONS, PATIENCE, TRIES, TRY_INTERVAL};
pub use self::responder::{MAX_PUBLISHED, MULTICAST_INTERVAL, TIME_TO_LIVE};

use self::links::Links;
use self::message::Message;
use self::name::Name;
use self::resolver::Resolver;
use self::responder::Responder;

/// The port of multicast DNS.
pub const PORT: u16 = 5353;

/// The multicast group of an address family, with the port (RFC 6762 §3).
pub const fn group(of: &IpAddr) -> SocketAddr {
    match of {
        IpAddr::V4(_) => SocketAddr::new(IpAddr::V4(Ipv4Addr::new(224, 0, 0, 251)), PORT),
        IpAddr::V6(_) => {
            SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb)), PORT)
        }
    }
}

/// Answers for one's own names, and asks for others'.
#[derive(Default)]
pub struct Mdns {
    links: Links,
    responder: Responder,
    resolver: Resolver,
    outputs: VecDeque<Output>,
}

/// What to do next, from [`Mdns::poll_output`].
#[non_exhaustive]
pub enum Output {
    /// Send this datagram, from the link whose address is `local`.
    Transmit(Transmit),
    /// A name that was asked for has an address.
    Resolved {
        /// The name, as it was asked for but in small letters.
        name: String,
        /// The first address that came.
        address: IpAddr,
    },
    /// Nobody has answered for a name in time.
    Unresolved {
        /// The name.
        name: String,
    },
    /// Nothing more for now: call `handle_timeout` at this time, or never if there is none.
    Timeout(Option<Instant>),
}

impl Mdns {
    /// Without links and names.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // Commands.

    /// A link that can be used from now on. What is being asked for is asked there, too. Links beyond [`MAX_LINKS`] are not taken.
    pub fn add_link(&mut self, link: Link) {
        if self.links.add(link) {
            self.resolver.ask_on(&link, &mut self.outputs);
        }
    }

    /// A link that is gone.
    pub fn remove_link(&mut self, address: IpAddr) {
        self.links.remove(address);
    }

    /// Answers for a name from now on. Returns whether it can: it must be a version-4 UUID and `.local`, and at most
    /// [`MAX_PUBLISHED`] are kept.
    pub fn publish(&mut self, name: &str, address: IpAddr) -> bool {
        Name::parse(name).is_some_and(|name| self.responder.publish(name, address))
    }

    /// Answers for no name any more, and says so (RFC 6762 §10.1).
    pub fn withdraw_all(&mut self) {
        self.responder.withdraw_all(&self.links, &mut self.outputs);
    }

    /// Asks for a name. [`Output::Resolved`] or [`Output::Unresolved`] follows; at once where it is no version-4 UUID and `.local`, or
    /// where [`MAX_QUESTIONS`] are being asked.
    pub fn resolve(&mut self, now: Instant, name: &str) {
        match Name::parse(name) {
            Some(name) => self.resolver.resolve(now, name, &self.links, &mut self.outputs),
            None => self.outputs.push_back(Output::Unresolved { name: name.to_owned() }),
        }
    }

    /// Asks for nothing any more.
    pub fn forget_questions(&mut self) {
        self.resolver.clear();
    }

    // Inputs.

    /// Takes a datagram that came to the link whose address is `local`. What is none of ours changes nothing.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        local: IpAddr,
        source: SocketAddr,
        payload: &[u8],
    ) {
        // RFC 6762 §11: who is not on the link has nothing to say, though a router may let it through.
        let Some(link) = self.links.get(local).filter(|link| link.reaches(source.ip())) else {
            return;
        };
        match Message::parse(payload) {
            Some(Message::Query(query)) => {
                self.responder.answer(now, link, &self.links, source, &query, &mut self.outputs);
            }
            // RFC 6762 §6: an answer from another port is no answer.
            Some(Message::Answers(records)) if source.port() == PORT => {
                self.resolver.take(link, &records, &mut self.outputs);
            }
            _ => {}
        }
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.resolver.handle_timeout(now, &self.links, &mut self.outputs);
    }

    // Outputs.

    /// What to do next.
    pub fn poll_output(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or_else(|| Output::Timeout(self.resolver.next_timeout()))
    }
}
