use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::VecDeque;

use zentalk_primitives::{Instant, Transmit};

use super::links::{Link, Links};
use super::message::{self, Record};
use super::name::Name;
use super::{Output, PORT, group};

/// Names that are asked for at a time.
pub const MAX_QUESTIONS: usize = 16;
/// How often a name is asked for.
pub const TRIES: u32 = 3;
/// Between two tries. More than a second, since responders multicast the same answer at most once a second (RFC 6762 §6).
pub const TRY_INTERVAL: Duration = Duration::from_millis(1_200);
/// How long an answer is waited for, from the first try.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Asks for names, and takes answers for these alone.
#[derive(Default)]
pub(super) struct Resolver {
    questions: Vec<Question>,
}

struct Question {
    name: Name,
    began: Instant,
    tries: u32,
}

impl Question {
    fn next_timeout(&self) -> Instant {
        let at_try = self.began + TRY_INTERVAL * self.tries;
        if self.tries < TRIES { at_try } else { self.began + PATIENCE }
    }
}

impl Resolver {
    pub(super) fn resolve(
        &mut self,
        now: Instant,
        name: Name,
        links: &Links,
        outputs: &mut VecDeque<Output>,
    ) {
        if self.questions.iter().any(|question| question.name == name) {
            return;
        }
        if self.questions.len() >= MAX_QUESTIONS {
            return outputs.push_back(Output::Unresolved { name: name.as_str().to_owned() });
        }
        links.iter().for_each(|link| ask(&name, link, outputs));
        self.questions.push(Question { name, began: now, tries: 1 });
    }

    /// Asks everything on a link that has just come.
    pub(super) fn ask_on(&self, link: &Link, outputs: &mut VecDeque<Output>) {
        self.questions.iter().for_each(|question| ask(&question.name, link, outputs));
    }

    pub(super) fn clear(&mut self) {
        self.questions.clear();
    }

    /// Takes the first usable answer to each question.
    pub(super) fn take(&mut self, link: &Link, records: &[Record], outputs: &mut VecDeque<Output>) {
        for record in records.iter().filter(|record| is_usable(link, record)) {
            let asked = self.questions.iter().position(|question| question.name == record.name);
            if let Some(at) = asked {
                self.questions.swap_remove(at);
                let name = record.name.as_str().to_owned();
                outputs.push_back(Output::Resolved { name, address: record.address });
            }
        }
    }

    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        links: &Links,
        outputs: &mut VecDeque<Output>,
    ) {
        for question in self.questions.iter_mut().filter(|question| question.next_timeout() <= now)
        {
            if question.tries < TRIES {
                question.tries += 1;
                links.iter().for_each(|link| ask(&question.name, link, outputs));
            }
        }
        let ended = |question: &mut Question| question.began + PATIENCE <= now;
        for question in self.questions.extract_if(.., ended) {
            outputs.push_back(Output::Unresolved { name: question.name.as_str().to_owned() });
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.questions.iter().map(Question::next_timeout).min()
    }
}

fn ask(name: &Name, link: &Link, outputs: &mut VecDeque<Output>) {
    if let Some(payload) = message::query(name) {
        let (local, remote) = (SocketAddr::new(link.address, PORT), group(&link.address));
        outputs.push_back(Output::Transmit(Transmit { local, remote, payload }));
    }
}

/// Whether checks may go to the address of an answer. Anybody on the link can answer for any name; what ICE does with the address is
/// the same as with any other candidate, but a goodbye (RFC 6762 §10.1) and addresses that no other host can have are none.
fn is_usable(link: &Link, record: &Record) -> bool {
    let address = record.address;
    let is_reachable = address.is_loopback() == link.address.is_loopback();
    let is_scoped = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    let is_disguised = matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
    record.time_to_live > 0
        && is_reachable
        && !(address.is_multicast() || address.is_unspecified() || is_scoped || is_disguised)
}
