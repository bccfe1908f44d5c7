//! Runs an adapter so that neither a panic nor a hang ends the run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use crate::case::{Answer, Case, Refusal};
use crate::layers::Adapter;

/// A case that takes longer hangs. The longest, a whole video in an unoptimised build on a busy
/// machine, takes about a second.
const LIMIT: Duration = Duration::from_secs(30);

/// The answer to a case, on a thread of its own.
pub(crate) fn run(adapter: Adapter, case: &Case) -> Answer {
    run_within(LIMIT, adapter, case)
}

fn run_within(limit: Duration, adapter: Adapter, case: &Case) -> Answer {
    let (send, receive) = mpsc::channel();
    let input = Arc::new(case.input.clone());
    std::thread::spawn(move || {
        let answer = catch_unwind(AssertUnwindSafe(|| adapter(&input)));
        // Nobody listens once the time is up.
        let _ = send.send(answer);
    });
    match receive.recv_timeout(limit) {
        Ok(Ok(answer)) => answer,
        Ok(Err(panic)) => Err(Refusal::fault(format!("panic: {}", message(&*panic)))),
        Err(_) => Err(Refusal::fault(format!("no answer within {limit:?}"))),
    }
}

/// Panics are reported with their case, not where they happen.
pub(crate) fn silence_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Expected, Input};

    fn answer(adapter: Adapter, limit: Duration) -> Answer {
        let expected = Expected::Either(None);
        let case = Case { id: String::new(), op: String::new(), input: Input::default(), expected };
        run_within(limit, adapter, &case)
    }

    #[test]
    fn a_panic_is_a_fault() {
        let answer = answer(|_| panic!("broken"), LIMIT);
        assert!(matches!(answer, Err(Refusal::Fault(what)) if what == "panic: broken"));
    }

    #[test]
    fn a_hang_is_a_fault() {
        let hang: Adapter = |_| loop {
            std::thread::park();
        };
        assert!(matches!(answer(hang, Duration::from_millis(5)), Err(Refusal::Fault(_))));
    }
}
