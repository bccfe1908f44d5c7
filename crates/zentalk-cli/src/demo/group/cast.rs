//! Who takes part in a group, and what each of them does.

use core::fmt;

/// The names, in the order of their indices in the call.
const NAMES: [&str; 6] = ["Alice", "Bob", "Carol", "Dave", "Erin", "Frank"];

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Person(pub(super) u8);

impl Person {
    /// The name in files and folders.
    pub(super) fn slug(self) -> String {
        self.to_string().to_lowercase()
    }

    /// The person of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let place = NAMES.iter().position(|known| *known == name)?;
        u8::try_from(place).ok().map(Self)
    }

    /// As a position in lists that have a place for each.
    pub(super) fn place(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(NAMES.get(self.place()).copied().unwrap_or("Nobody"))
    }
}

/// All who take part: the first one calls, the second one leaves in mid-call, the last one is invited in mid-call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cast(u8);

impl Cast {
    /// Three to six.
    pub(super) fn of(people: u8) -> Self {
        Self(people.clamp(3, 6))
    }

    pub(super) fn everybody(self) -> impl Iterator<Item = Person> + Clone {
        (0..self.0).map(Person)
    }

    /// Everybody but this one.
    pub(super) fn others(self, than: Person) -> impl Iterator<Item = Person> + Clone {
        self.everybody().filter(move |person| *person != than)
    }

    /// Everybody with each other one who is there.
    pub(super) fn pairs(self) -> impl Iterator<Item = (Person, Person)> + Clone {
        self.everybody().flat_map(move |by| self.others(by).map(move |from| (by, from)))
    }

    /// Those who are called when the call is placed. Of three, that is one: a call of two, which becomes a group.
    pub(super) fn called(self) -> impl Iterator<Item = Person> {
        (1..self.0 - 1).map(Person)
    }

    pub(super) const fn caller(self) -> Person {
        Person(0)
    }

    pub(super) const fn leaver(self) -> Person {
        Person(1)
    }

    pub(super) const fn latecomer(self) -> Person {
        Person(self.0 - 1)
    }

    pub(super) const fn count(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_one_part() {
        for people in 3..=6 {
            let cast = Cast::of(people);
            let mut parts: Vec<_> =
                cast.called().chain([cast.caller(), cast.latecomer()]).collect();
            parts.sort();
            assert_eq!(parts, cast.everybody().collect::<Vec<_>>());
            assert!(cast.called().any(|person| person == cast.leaver()));
            assert!(
                cast.everybody().all(|person| Person::named(&person.to_string()) == Some(person))
            );
        }
    }
}
