//! Session descriptions (RFC 8866) that are far too long.

use std::io::Cursor;
use std::time::{Duration, Instant};

use zentalk_session_description::Document;

use crate::case::Case;
use crate::outcome::Outcome;
use crate::subject::Subject;

const SUBJECTS: &[Subject] = &[Subject::Ours, Subject::Sdp, Subject::SdpTypes];
const MEGABYTE: usize = 1_000_000;
/// Four times the input may take so many times the time; linear would be four.
const MOST: u32 = 10;
/// What is quicker than this is not measured.
const QUICK: Duration = Duration::from_millis(50);

pub(super) fn cases() -> Vec<Case> {
    vec![Case {
        id: "sdp-megabyte",
        what: "a line of 1 MB, and 1 MB of short lines; four times as much may not take ten times as long",
        source: "RFC 8866 §9, no bound on lines",
        subjects: SUBJECTS,
        run: megabyte,
    }]
}

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";

fn one_line(len: usize) -> String {
    format!("{HEAD}a={}\r\n", "x".repeat(len))
}

fn many_lines(len: usize) -> String {
    format!("{HEAD}{}", "a=x\r\n".repeat(len / 5))
}

fn parse(subject: Subject, text: &str) -> Duration {
    let begun = Instant::now();
    match subject {
        Subject::Sdp => {
            let _ = sdp::SessionDescription::unmarshal(&mut Cursor::new(text.as_bytes()));
        }
        Subject::SdpTypes => {
            let _ = sdp_types::Session::parse(text.as_bytes());
        }
        _ => {
            let _ = Document::parse(text);
        }
    }
    begun.elapsed()
}

fn megabyte(subject: Subject) -> Outcome {
    for (name, make) in [("one line", one_line as fn(usize) -> String), ("many lines", many_lines)]
    {
        let short = parse(subject, &make(MEGABYTE / 4));
        let long = parse(subject, &make(MEGABYTE));
        if long > QUICK && long > short * MOST {
            return Outcome::OutOfLimits(format!("{name}: quadratic"));
        }
    }
    Outcome::Held
}
