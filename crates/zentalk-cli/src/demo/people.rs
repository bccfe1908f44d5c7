use core::fmt;

/// The two who call each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Person {
    Alice,
    Bob,
}

impl Person {
    pub(super) const BOTH: [Self; 2] = [Self::Alice, Self::Bob];

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }

    /// The name in files and folders.
    pub(super) const fn slug(self) -> &'static str {
        match self {
            Self::Alice => "alice",
            Self::Bob => "bob",
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Alice => "Alice",
            Self::Bob => "Bob",
        })
    }
}

/// Something that each of the two has.
#[derive(Clone, Debug, Default)]
pub(super) struct Both<T> {
    pub(super) alice: T,
    pub(super) bob: T,
}

impl<T> Both<T> {
    pub(super) fn of(mut make: impl FnMut(Person) -> T) -> Self {
        Self { alice: make(Person::Alice), bob: make(Person::Bob) }
    }

    pub(super) const fn get(&self, person: Person) -> &T {
        match person {
            Person::Alice => &self.alice,
            Person::Bob => &self.bob,
        }
    }

    pub(super) const fn get_mut(&mut self, person: Person) -> &mut T {
        match person {
            Person::Alice => &mut self.alice,
            Person::Bob => &mut self.bob,
        }
    }
}
