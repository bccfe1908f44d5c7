//! `zentalk demo --group N`: a call of three to six real programs over a real forwarding server, judged by what each recorded.

mod cast;
mod direction;
mod evidence;
mod frame;
mod glass;
mod judge;
mod memory;
mod page;
mod servers;
mod specimen;
mod stage;
mod tiles;
mod trial;
mod wire;

use self::cast::Cast;
use self::evidence::Evidence;
use self::stage::Stage;
use super::error::DemoError;
use super::findings::Findings;
use super::report::{Report, Side, SummaryRow};
use super::screen::Screen;
use super::workplace::find_media;
use crate::cli;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::journal::{Happening, Quality};
use crate::terminal;

/// Runs the demo of a group.
pub(super) async fn run(options: &cli::Demo, people: u8) -> Result<(), Error> {
    let mut interrupt = Interrupt::listen()?;
    let stage = Stage::prepare(options, Cast::of(people))?;
    if stage.is_under_glass() {
        terminal::say(
            "UNDER GLASS: these programs write down their keys, so that memories can be searched for them.",
        );
    }
    let screen = Screen::new(options.seconds());
    let played = tokio::select! {
        played = Box::pin(direction::play(options, &stage, &screen)) => played,
        // Dropping the play kills its processes.
        () = interrupt.asked() => Err(DemoError::Interrupted),
    };
    screen.clear();
    let evidence = played?;
    screen.working("comparing what arrived with what was sent");
    let judged = tokio::select! {
        judged = judge(&evidence, options) => judged,
        () = interrupt.asked() => Err(DemoError::Interrupted),
    };
    conclude(&stage, &evidence, &judged?)
}

/// What the judge says, and the parts of the page that show why.
struct Judgement {
    findings: Findings,
    highlights: Vec<(String, String)>,
    sections: Vec<String>,
}

async fn judge(evidence: &Evidence, options: &cli::Demo) -> Result<Judgement, DemoError> {
    let (evidence, named) = (evidence.clone(), options.media.clone());
    // Decoding and comparing take seconds of computing: not on the thread that hears Ctrl-C.
    let judging = tokio::task::spawn_blocking(move || {
        let program = std::env::current_exe().unwrap_or_default();
        let media = find_media(&named, &program).ok_or(DemoError::NoMedia(named))?;
        let tiles = judge::tiles(&evidence, &media)?;
        Ok(Judgement {
            findings: judge::judge(&evidence, &tiles),
            highlights: page::highlights(&evidence, &tiles),
            sections: page::sections(&evidence, &tiles),
        })
    });
    judging.await.map_err(|_| DemoError::Broken)?
}

fn conclude(stage: &Stage, evidence: &Evidence, judgement: &Judgement) -> Result<(), Error> {
    let Judgement { findings, highlights, sections } = judgement;
    let good = findings.are_good();
    let verdict = findings.sentence(None);
    let report = Report {
        title: format!("A Zentalk call of {}", evidence.cast.count()),
        verdict: (verdict.clone(), good),
        highlights: highlights.clone(),
        findings: findings.clone(),
        summary: summary(evidence),
        sides: sides(evidence),
        stills: Vec::new(),
        sections: sections.clone(),
    };
    let path = stage.out.join("report.html");
    std::fs::write(&path, report.to_html())
        .map_err(|source| DemoError::Output { path: path.clone(), source })?;
    terminal::say(format_args!("\n{findings}"));
    terminal::say(format_args!("recordings and report: {}", path.display()));
    if good {
        terminal::say(verdict);
        Ok(())
    } else {
        Err(DemoError::Failed(findings.failures()).into())
    }
}

fn sides(evidence: &Evidence) -> Vec<Side> {
    let side = |person: cast::Person| Side {
        name: person.to_string(),
        journal: evidence.journal(person).to_vec(),
    };
    evidence.cast.everybody().map(side).collect()
}

fn summary(evidence: &Evidence) -> Vec<SummaryRow> {
    let row = |what, value: &dyn Fn(&Quality) -> String| SummaryRow {
        what,
        values: evidence.cast.everybody().map(|person| value(&quality(evidence, person))).collect(),
    };
    vec![
        row("packets sent", &|quality| quality.packets_sent.to_string()),
        row("packets received", &|quality| quality.packets_received.to_string()),
        row("packets lost, refused", &|quality| {
            format!("{}, {}", quality.packets_lost, quality.packets_refused)
        }),
        row("sound made up", &|quality| format!("{} frames", quality.audio_concealed)),
        row("video received", &|quality| format!("{} pictures", quality.video_frames)),
        row("round trip to the server", &|quality| {
            quality.round_trip_ms.map_or("-".to_owned(), |millis| format!("{millis:.1} ms"))
        }),
    ]
}

/// This person's last report on the call's quality.
fn quality(evidence: &Evidence, person: cast::Person) -> Quality {
    let mut entries = evidence.journal(person).iter().rev();
    let last = entries.find_map(|entry| match &entry.what {
        Happening::Quality(quality) => Some(quality.clone()),
        _ => None,
    });
    last.unwrap_or_default()
}
