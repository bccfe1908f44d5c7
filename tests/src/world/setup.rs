//! How worlds begin.

use core::time::Duration;
use std::collections::BTreeMap;

use zentalk_primitives::Instant;

use super::{MAIL_DELAY, RELAY, World};
use crate::home::Home;
use crate::mail::Mail;
use crate::network::{Link, Network};
use crate::person::{Person, START};
use crate::sfu::SfuOperator;
use crate::turn::{Operator, TurnSite, trust};

/// A world about to begin.
pub struct WorldBuilder {
    seed: u64,
    link: Link,
    people: Vec<(Home, String)>,
    sites: Vec<TurnSite>,
    forwarders: u8,
    evil: bool,
    mail_delay: Duration,
}

impl WorldBuilder {
    /// With somebody at this place.
    #[must_use]
    pub fn person(self, home: Home) -> Self {
        self.person_on(home, RELAY)
    }

    /// With somebody at this place, whose mailbox lies at this relay.
    #[must_use]
    pub fn person_on(mut self, home: Home, relay: &str) -> Self {
        self.people.push((home, relay.to_owned()));
        self
    }

    /// With a TURN server, which answers STUN, too.
    #[must_use]
    pub fn turn(mut self, site: TurnSite) -> Self {
        self.sites.push(site);
        self
    }

    /// With so many forwarding servers, in the order in which calls try them.
    #[must_use]
    pub fn sfus(mut self, number: u8) -> Self {
        self.forwarders = number;
        self
    }

    /// With a forwarding server that means harm, before all others.
    #[must_use]
    pub fn evil_sfu(mut self) -> Self {
        self.evil = true;
        self
    }

    /// With a relay that takes so long from a put to its delivery.
    #[must_use]
    pub fn mail_delay(mut self, delay: Duration) -> Self {
        self.mail_delay = delay;
        self
    }

    /// Lets it begin.
    pub fn build(self) -> World {
        let now = Instant::from_millis(1_000);
        let mut network = Network::new(self.seed, self.link);
        let mut turn = Operator::new(self.seed);
        self.sites.into_iter().for_each(|site| turn.put_up(site, &mut network));
        let mut sfu = SfuOperator::new(self.seed);
        if self.evil {
            sfu.put_up_evil(START, &mut network);
        }
        (0..self.forwarders).for_each(|_| sfu.put_up(START, &mut network));
        // Two people are joined by the accesses of both: together they are the link that was asked for.
        let access = self.link.half();
        let people = (1..).zip(&self.people).map(|(number, (home, relay))| {
            let addresses = home.join(&mut network, access, (number, 0));
            let mut config = home.config();
            config.stun_servers = turn.stun();
            config.tls_trust = Some(trust());
            Person::new((self.seed, number), relay, now, (&addresses, config))
        });
        let people = people.collect();
        let mut world = World {
            now,
            network,
            mail: Mail::new(self.mail_delay),
            turn,
            sfu,
            people,
            holds_prekeys: false,
            access,
            fetches: Vec::new(),
            errands: Vec::new(),
            pipes: BTreeMap::new(),
            links: BTreeMap::new(),
            streams_accepted: 0,
        };
        world.settle();
        world
    }
}

impl World {
    /// A world in which `link` lies between every two people, half of it at each of them.
    pub fn builder(seed: u64, link: Link) -> WorldBuilder {
        let (people, sites) = (Vec::new(), Vec::new());
        let (forwarders, evil, mail_delay) = (0, false, MAIL_DELAY);
        WorldBuilder { seed, link, people, sites, forwarders, evil, mail_delay }
    }

    /// Alice and Bob, with this link between them.
    pub fn new(seed: u64, link: Link) -> Self {
        Self::of(2, seed, link)
    }

    /// So many people, with this link between them.
    pub fn of(people: u8, seed: u64, link: Link) -> Self {
        let relays = vec![RELAY; usize::from(people)];
        Self::on_relays(&relays, seed, link)
    }

    /// One person for each relay, with this link between them.
    pub fn on_relays(relays: &[&str], seed: u64, link: Link) -> Self {
        let nobody = Self::builder(seed, link);
        relays.iter().fold(nobody, |builder, relay| builder.person_on(Home::flat(), relay)).build()
    }
}
