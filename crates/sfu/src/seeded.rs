use core::hash::{BuildHasher, Hasher};
use std::collections::HashMap;
use std::hash::DefaultHasher;

/// A hash map that is never iterated, so that its order shows nowhere.
pub(crate) type SeededMap<K, V> = HashMap<K, V, Seeded>;

/// An empty map; `seed` keeps strangers from choosing keys that collide.
pub(crate) fn seeded_map<K, V>(seed: u64) -> SeededMap<K, V> {
    HashMap::with_hasher(Seeded(seed))
}

/// The standard hash function under a key of ours: its own would come from the operating system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seeded(u64);

impl BuildHasher for Seeded {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.0);
        hasher
    }
}
