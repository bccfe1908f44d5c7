//! Rounds in which everybody seals frames beside the call, and those whom it concerns try to open them.

use std::time::Duration;

use tokio::time::Instant;

use super::Direction;
use crate::demo::group::cast::Person;
use crate::demo::group::trial::{Attempt, Count, Round};
use crate::journal::{Happening, Shown, from_hex};

/// Frames that each seals in a round.
const FRAMES: usize = 5;
/// From the beginning of a round to that of the next.
const PERIOD: Duration = Duration::from_millis(200);
/// How long the programs may take for what they are told, on a machine that is busy with the call.
const PATIENCE: Duration = Duration::from_secs(3);

impl Direction<'_> {
    /// Tries again and again until a time; at least once. Programs that are not under glass cannot.
    pub(super) async fn try_until(&mut self, until: Instant) {
        while self.stage.is_under_glass() {
            let begun = Instant::now();
            self.try_once().await;
            self.attend((begun + PERIOD).min(until)).await;
            if Instant::now() >= until {
                return;
            }
        }
        self.attend(until).await;
    }

    /// Everybody seals; who leaves tries all the others' frames, and all others try theirs.
    async fn try_once(&mut self) {
        let (cast, at) = (self.stage.cast, self.screen.millis());
        let orders: Vec<_> =
            cast.everybody().map(|person| (person, format!("seal {FRAMES}"))).collect();
        let sealed: Vec<_> =
            self.show(&orders).await.into_iter().map(|shown| self.take(shown)).collect();
        let leaver = cast.leaver();
        let pairs: Vec<_> =
            cast.others(leaver).flat_map(|other| [(leaver, other), (other, leaver)]).collect();
        let order = |(from, by): &(Person, Person)| {
            let frames = sealed.get(from.place()).map(|frames| frames.join(" "));
            (*by, format!("open {} {}", from.0, frames.unwrap_or_default()))
        };
        let orders: Vec<_> = pairs.iter().map(order).collect();
        let tried = self.show(&orders).await;
        let attempts = pairs.into_iter().zip(tried).filter_map(|((from, by), shown)| match shown {
            Some(Shown::Tried { opened, refused, .. }) => {
                let count = Count { tried: opened + refused.values().sum::<usize>(), opened };
                Some(Attempt { from, by, count, reasons: refused })
            }
            _ => None,
        });
        let attempts = attempts.collect();
        let others = cast.others(leaver).filter_map(|person| sealed.get(person.place()));
        let sealed = others.flatten().filter_map(|frame| from_hex(frame)).collect();
        self.trial.rounds.push(Round { at, attempts, sealed });
    }

    /// The frames that somebody sealed, as they told them.
    fn take(&mut self, shown: Option<Shown>) -> Vec<String> {
        let Some(Shown::Sealed { call, frames }) = shown else { return Vec::new() };
        self.trial.call = from_hex(&call).unwrap_or_default();
        frames
    }

    /// Tells each what to do, and waits for what comes of it: one answer for each order, or none if it does not come in time.
    pub(super) async fn show(&mut self, orders: &[(Person, String)]) -> Vec<Option<Shown>> {
        let mut places = Vec::new();
        for (number, (person, order)) in orders.iter().enumerate() {
            let earlier = orders.iter().take(number).filter(|(other, _)| other == person).count();
            places.push((*person, self.shown(*person).count() + earlier));
            // Nobody answers before everybody is told: answers are taken in below.
            self.type_to(*person, order).await;
        }
        let all_there =
            |me: &Self| places.iter().all(|(person, place)| me.shown(*person).count() > *place);
        self.wait(PATIENCE, all_there).await;
        let answer = |(person, place): &(Person, usize)| self.shown(*person).nth(*place).cloned();
        places.iter().map(answer).collect()
    }

    fn shown(&self, person: Person) -> impl Iterator<Item = &Shown> {
        let journal = self.journals.get(person.place());
        journal.into_iter().flatten().filter_map(|entry| match &entry.what {
            Happening::Shown(shown) => Some(shown),
            _ => None,
        })
    }
}
