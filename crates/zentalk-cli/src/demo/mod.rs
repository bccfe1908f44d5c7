//! `zentalk demo`: a real call between two processes, watched from the outside, and judged.
//!
//! 1. A relay starts as a process of its own, and an independent UDP relay, the [`tap`], inside this one.
//! 2. Bob's process listens, Alice's calls: real programs with data folders of their own. They know each
//!    other's card and nothing else, and their UDP packets go through the tap.
//! 3. Their journals are shown as they come.
//! 4. What they recorded is compared with what was sent, and the tap's census with what should have passed.

mod attacker;
mod error;
mod findings;
mod group;
mod judge;
mod people;
mod play;
mod processes;
mod report;
mod screen;
mod summary;
pub mod tap;
pub(crate) mod voices;
mod workplace;

pub use error::DemoError;
pub use report::{Report, Side, Still, SummaryRow};

use crate::cli;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::terminal;
use findings::Findings;
use play::Play;
use screen::Screen;
use workplace::Workplace;

/// Runs the demo.
///
/// # Errors
/// [`DemoError`] if something that it needs is not there, or if the call is not what it should be.
pub async fn run(options: &cli::Demo) -> Result<(), Error> {
    if let Some(people) = options.group {
        return group::run(options, people).await;
    }
    let mut interrupt = Interrupt::listen()?;
    let workplace = Workplace::prepare(options)?;
    let screen = Screen::new(options.seconds());
    let played = tokio::select! {
        played = Box::pin(play::play(options, &workplace, &screen)) => played,
        // Dropping the play kills its processes.
        () = interrupt.asked() => Err(DemoError::Interrupted),
    };
    screen.clear();
    let play = played?;
    screen.working("comparing what arrived with what was sent");
    let judged = tokio::select! {
        judged = judge(&play, &workplace, options) => judged,
        () = interrupt.asked() => Err(DemoError::Interrupted),
    };
    screen.clear();
    let verdict = judged?;
    conclude(&play, &workplace, options, verdict)
}

/// What was found, and pictures to show.
struct Verdict {
    findings: Findings,
    stills: Vec<Still>,
}

async fn judge(
    play: &Play,
    workplace: &Workplace,
    options: &cli::Demo,
) -> Result<Verdict, DemoError> {
    let (play, workplace, options) = (play.evidence(), workplace.files(), options.clone());
    // Decoding and comparing take seconds of computing: not on the thread that hears Ctrl-C.
    let judging = tokio::task::spawn_blocking(move || match options.tamper {
        None => judge::call(&play, &workplace, options.seconds()),
        Some(cli::Tamper::Fingerprint) => {
            Ok(Verdict { findings: judge::attack(&play, &workplace), stills: Vec::new() })
        }
    });
    judging.await.map_err(|_| DemoError::Broken)?
}

fn conclude(
    play: &Play,
    workplace: &Workplace,
    options: &cli::Demo,
    verdict: Verdict,
) -> Result<(), Error> {
    let Verdict { findings, stills } = verdict;
    let summary = summary::rows(play);
    let good = findings.are_good();
    let report = Report {
        title: title(options).to_owned(),
        verdict: (findings.sentence(options.tamper), good),
        highlights: Vec::new(),
        findings: findings.clone(),
        summary: summary.clone(),
        sides: play.sides(),
        stills,
        sections: Vec::new(),
    };
    workplace.write_report(&report.to_html())?;
    for warning in play.warnings() {
        terminal::say(format_args!("\n!! {warning}"));
    }
    terminal::say(format_args!("\n{}", summary::table(&summary)));
    terminal::say(format_args!("{findings}"));
    terminal::say(format_args!("{}", workplace.list_outputs()));
    if good {
        terminal::say(findings.sentence(options.tamper));
        Ok(())
    } else {
        Err(DemoError::Failed(findings.failures()).into())
    }
}

const fn title(options: &cli::Demo) -> &'static str {
    match options.tamper {
        None => "A Zentalk call between two processes",
        Some(cli::Tamper::Fingerprint) => "A Zentalk call with an attacker in between",
    }
}

/// The media in the repository.
#[cfg(test)]
pub(crate) fn test_media() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/media")
}
