use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Limits;
use super::reply::Refusal;

/// Counts what is given out: in all, for each credential, for each source. As long as what it counts.
pub(super) struct Quotas {
    total: u32,
    by_credential: BTreeMap<String, u32>,
    by_source: BTreeMap<IpAddr, u32>,
}

impl Quotas {
    pub(super) const fn new() -> Self {
        Self { total: 0, by_credential: BTreeMap::new(), by_source: BTreeMap::new() }
    }

    /// Takes one allocation. Each is given back with [`Quotas::give_back`].
    pub(super) fn take(
        &mut self,
        limits: &Limits,
        username: &str,
        source: IpAddr,
    ) -> Result<(), Refusal> {
        let held = |count: Option<&u32>| count.copied().unwrap_or_default();
        if self.total >= limits.allocations {
            return Err(Refusal::NO_CAPACITY);
        }
        if held(self.by_credential.get(username)) >= limits.allocations_per_credential
            || held(self.by_source.get(&source)) >= limits.allocations_per_address
        {
            return Err(Refusal::QUOTA_REACHED);
        }
        self.total = self.total.saturating_add(1);
        increase(self.by_credential.entry(username.to_owned()).or_default());
        increase(self.by_source.entry(source).or_default());
        Ok(())
    }

    pub(super) fn give_back(&mut self, username: &str, source: IpAddr) {
        self.total = self.total.saturating_sub(1);
        decrease(&mut self.by_credential, username);
        decrease(&mut self.by_source, &source);
    }

    pub(super) const fn total(&self) -> u32 {
        self.total
    }
}

/// Connections of each source.
#[derive(Default)]
pub(super) struct Connections {
    total: u32,
    by_source: BTreeMap<IpAddr, u32>,
}

impl Connections {
    /// Takes one, if there is room.
    pub(super) fn take(&mut self, limits: &Limits, source: IpAddr) -> bool {
        let held = self.by_source.get(&source).copied().unwrap_or_default();
        if self.total >= limits.streams || held >= limits.streams_per_address {
            return false;
        }
        self.total = self.total.saturating_add(1);
        increase(self.by_source.entry(source).or_default());
        true
    }

    pub(super) fn give_back(&mut self, source: IpAddr) {
        self.total = self.total.saturating_sub(1);
        decrease(&mut self.by_source, &source);
    }

    pub(super) const fn total(&self) -> u32 {
        self.total
    }
}

fn increase(count: &mut u32) {
    *count = count.saturating_add(1);
}

/// Keeps no entry for what nobody holds.
fn decrease<K, Q>(counts: &mut BTreeMap<K, u32>, key: &Q)
where
    K: Borrow<Q> + Ord,
    Q: Ord + ?Sized,
{
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}
