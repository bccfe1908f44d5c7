use rustix::time::{ClockId, clock_gettime};

/// CPU time of this thread in nanoseconds: what other processes take does not count.
pub(crate) fn cpu_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
