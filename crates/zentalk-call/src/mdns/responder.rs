use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::VecDeque;

use zentalk_primitives::{Instant, Transmit};

use super::links::{Link, Links};
use super::message::{self, Asked, Query, Record};
use super::name::Name;
use super::{Output, PORT, group};

/// Names that are answered for at a time.
pub const MAX_PUBLISHED: usize = 32;
/// How long an answer holds, in seconds: that of host names (RFC 6762 §10).
pub const TIME_TO_LIVE: u32 = 120;
/// At most one answer for a name is multicast on a link in this time (RFC 6762 §6).
pub const MULTICAST_INTERVAL: Duration = Duration::from_secs(1);
/// How long an answer holds for those who ask as in ordinary DNS, in seconds (RFC 6762 §6.7).
const LEGACY_TIME_TO_LIVE: u32 = 10;
/// Unicast answers in [`MULTICAST_INTERVAL`]: whoever asks more often is not served.
const MAX_UNICAST: u32 = 16;

/// Answers for one's own names.
#[derive(Default)]
pub(super) struct Responder {
    published: Vec<Published>,
    /// Since when, and how many, unicast answers have been counted.
    unicast: (Option<Instant>, u32),
}

struct Published {
    name: Name,
    address: IpAddr,
    /// When it was last multicast, by link.
    told: Vec<(IpAddr, Instant)>,
}

impl Published {
    fn record(&self, time_to_live: u32) -> Record {
        Record { name: self.name.clone(), address: self.address, time_to_live }
    }

    /// Whether it may be multicast on a link now; if so, it is noted.
    fn may_tell(&mut self, now: Instant, link: IpAddr) -> bool {
        self.told.retain(|(_, at)| *at + MULTICAST_INTERVAL > now);
        let may = self.told.iter().all(|(told, _)| *told != link);
        if may {
            self.told.push((link, now));
        }
        may
    }
}

impl Responder {
    /// Returns whether it was taken.
    pub(super) fn publish(&mut self, name: Name, address: IpAddr) -> bool {
        if let Some(known) = self.published.iter_mut().find(|published| published.name == name) {
            known.address = address;
            return true;
        }
        let has_room = self.published.len() < MAX_PUBLISHED;
        if has_room {
            self.published.push(Published { name, address, told: Vec::new() });
        }
        has_room
    }

    pub(super) fn withdraw_all(&mut self, links: &Links, outputs: &mut VecDeque<Output>) {
        for published in self.published.drain(..) {
            let Some(own) = links.get(published.address) else { continue };
            let goodbye = published.record(0);
            for link in links.iter().filter(|link| link.interface == own.interface) {
                outputs.extend(message::answer(&goodbye).map(|payload| multicast(link, payload)));
            }
        }
    }

    pub(super) fn answer(
        &mut self,
        now: Instant,
        link: &Link,
        links: &Links,
        source: SocketAddr,
        query: &Query,
        outputs: &mut VecDeque<Output>,
    ) {
        for asked in &query.asked {
            let Some(at) = self.position(asked, link, links, &query.known) else { continue };
            let answer = if source.port() == PORT {
                self.tell_all(now, at, link)
            } else {
                self.tell_one(now, at, (link, source), (query.id, asked))
            };
            outputs.extend(answer);
        }
    }

    /// The name that answers a question on this link. An address is told on its own interface only, over both families.
    fn position(
        &self,
        asked: &Asked,
        link: &Link,
        links: &Links,
        known: &[Record],
    ) -> Option<usize> {
        let is_known = |published: &Published| {
            let same = |record: &Record| {
                record.name == published.name && record.address == published.address
            };
            // RFC 6762 §7.1: an answer that is known for half of its life is not given again.
            known.iter().any(|record| same(record) && record.time_to_live >= TIME_TO_LIVE / 2)
        };
        self.published.iter().position(|published| {
            published.name == asked.name
                && asked.kind.fits(&published.address)
                && links.get(published.address).is_some_and(|own| own.interface == link.interface)
                && !is_known(published)
        })
    }

    fn tell_all(&mut self, now: Instant, at: usize, link: &Link) -> Option<Output> {
        let published = self.published.get_mut(at)?;
        let may = published.may_tell(now, link.address);
        let payload = message::answer(&published.record(TIME_TO_LIVE)).filter(|_| may)?;
        Some(multicast(link, payload))
    }

    fn tell_one(
        &mut self,
        now: Instant,
        at: usize,
        (link, remote): (&Link, SocketAddr),
        (id, asked): (u16, &Asked),
    ) -> Option<Output> {
        if !self.may_answer_one(now) {
            return None;
        }
        let record = self.published.get(at)?.record(LEGACY_TIME_TO_LIVE);
        let payload = message::legacy_answer(id, asked, &record)?;
        let local = SocketAddr::new(link.address, PORT);
        Some(Output::Transmit(Transmit { local, remote, payload }))
    }

    fn may_answer_one(&mut self, now: Instant) -> bool {
        let (since, count) = &mut self.unicast;
        if since.is_none_or(|since| since + MULTICAST_INTERVAL <= now) {
            (*since, *count) = (Some(now), 0);
        }
        *count += 1;
        *count <= MAX_UNICAST
    }
}

fn multicast(link: &Link, payload: Vec<u8>) -> Output {
    let (local, remote) = (SocketAddr::new(link.address, PORT), group(&link.address));
    Output::Transmit(Transmit { local, remote, payload })
}
