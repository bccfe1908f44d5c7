use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Keeps this thread on one core, where there are two.
pub(crate) fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    // With one core only they share it.
    let _ = sched_setaffinity(None, &set);
}

/// Does `work` on one core, the last that this thread may use: a thread that moves to another leaves its caches behind, and pays for it in
/// whichever round that happens.
pub(crate) fn on_one_core<T>(work: impl FnOnce() -> T) -> T {
    let allowed = sched_getaffinity(None).ok();
    let last = allowed.and_then(|set| (0..CpuSet::MAX_CPU).rev().find(|core| set.is_set(*core)));
    last.into_iter().for_each(pin);
    let result = work();
    if let Some(allowed) = allowed {
        let _ = sched_setaffinity(None, &allowed);
    }
    result
}
