//! One case against one subject, in a process of its own.

use std::io::Read;
use std::panic;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::case::Case;
use crate::cases;
use crate::outcome::Outcome;
use crate::subject::Subject;

/// More than any case takes that is not caught in a loop.
const TIME: Duration = Duration::from_secs(60);
/// More than any case takes that does not grow without a bound, in KiB.
const MEMORY: u64 = 2 * 1024 * 1024;
/// The stack of a thread, unless something else is asked for; tokio's workers have the same.
const STACK: usize = 2 * 1024 * 1024;
/// Marks the line with the outcome: subjects may print, too.
const MARK: &str = "outcome: ";

/// The place of the first panic, in whichever thread.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// Runs it in this process and prints the outcome.
pub(crate) fn run_here(case: &str, subject: &str) -> ExitCode {
    let all = cases::all();
    let case = all.iter().find(|known| known.id == case);
    let (Some(case), Some(subject)) = (case, Subject::from_name(subject)) else {
        eprintln!("no such case or subject");
        return ExitCode::from(2);
    };
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("`{}:{}`", in_crate(at.file()), at.line()));
        if let Ok(mut first) = PANIC.lock() {
            first.get_or_insert(place.unwrap_or_default());
        }
    }));
    let run = case.run;
    // Not the main thread, whose stack is larger than that of any thread a server would use.
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || run(subject));
    let outcome = thread.map(std::thread::JoinHandle::join);
    let panicked = PANIC.lock().ok().and_then(|first| first.clone());
    let outcome = match (outcome, panicked) {
        (Ok(Ok(outcome)), None) => outcome,
        // In a task of its own, perhaps, whose panic the runtime swallowed.
        (_, place) => Outcome::Panicked(place.unwrap_or_default()),
    };
    match serde_json::to_string(&outcome) {
        Ok(line) => println!("{MARK}{line}"),
        Err(error) => eprintln!("{error}"),
    }
    ExitCode::SUCCESS
}

/// Runs it in a new process, and watches that.
pub(crate) fn run(case: &Case, subject: Subject) -> Outcome {
    match spawn(case, subject).and_then(watch) {
        Ok(outcome) => outcome,
        Err(error) => Outcome::OutOfLimits(format!("it could not be run: {error}")),
    }
}

fn spawn(case: &Case, subject: Subject) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["--child", case.id, subject.name()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
}

fn watch(mut child: Child) -> std::io::Result<Outcome> {
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let limit = match () {
            () if started.elapsed() > TIME => format!("more than {} s", TIME.as_secs()),
            () if resident(child.id()) > MEMORY => format!("more than {} GiB", MEMORY >> 20),
            () => {
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
        };
        child.kill()?;
        child.wait()?;
        return Ok(Outcome::OutOfLimits(limit));
    };
    let (mut said, mut complained) = (String::new(), String::new());
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut said)?;
    }
    if let Some(mut pipe) = child.stderr.take() {
        pipe.read_to_string(&mut complained)?;
    }
    let outcome = said.lines().find_map(|line| line.strip_prefix(MARK));
    let outcome = outcome.and_then(|line| serde_json::from_str(line).ok());
    Ok(outcome.unwrap_or_else(|| Outcome::Aborted(how_it_ended(status, &complained))))
}

/// The resident memory of a process in KiB; nothing where the system does not tell.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.split_whitespace().next());
    size.and_then(|size| size.parse().ok()).unwrap_or(0)
}

fn how_it_ended(status: ExitStatus, complained: &str) -> String {
    if complained.contains("has overflowed its stack") {
        "stack overflow".to_owned()
    } else {
        status.to_string()
    }
}

/// A path of a source file, from its crate on.
fn in_crate(file: &str) -> &str {
    let after = |mark: &str| file.split_once(mark).map(|(_, rest)| rest);
    let registry = after("/registry/src/").and_then(|rest| rest.split_once('/'));
    registry.map(|(_, rest)| rest).or_else(|| after("/library/")).unwrap_or(file)
}
