use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use crate::door::Stats;
use crate::error::Error;
use crate::judge::Verdict;
use crate::plan::Plan;
use crate::run::Connection;

/// Which way the judged media went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    WeSend,
    TheySend,
}

/// One line of the table: one kind of media in one direction.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    version: Option<String>,
    role: &'static str,
    media: &'static str,
    direction: &'static str,
    pair: Option<String>,
    dtls: Option<String>,
    cipher: Option<String>,
    srtp: Option<String>,
    frames: Option<u64>,
    figure: String,
    cause: Option<String>,
    folder: PathBuf,
}

impl Row {
    /// The row of a connection that did not come about.
    pub(crate) fn unconnected(
        plan: Plan,
        direction: Direction,
        folder: &Path,
        verdict: Verdict,
    ) -> Self {
        Self {
            version: None,
            role: plan.role.name(),
            media: plan.media.name(),
            direction: direction.name(),
            pair: None,
            dtls: None,
            cipher: None,
            srtp: None,
            frames: None,
            figure: verdict.figure,
            cause: verdict.cause,
            folder: folder.to_owned(),
        }
    }

    /// The row of a connection, as both sides describe it. Where they contradict each other it fails.
    pub(crate) fn connected(
        plan: Plan,
        direction: Direction,
        folder: &Path,
        connection: &Connection,
        verdict: Verdict,
    ) -> Self {
        let (ours, theirs) = (&connection.ours, &connection.theirs);
        let receiver = match direction {
            Direction::WeSend => theirs,
            Direction::TheySend => ours,
        };
        let mut row = Self::unconnected(plan, direction, folder, verdict);
        row.version = theirs.text("version").map(str::to_owned);
        row.pair = theirs.pair().or_else(|| ours.pair()).map(|(a, b)| format!("{a} - {b}"));
        row.cipher = either(ours, theirs, "dtlsCipher").map(str::to_owned);
        row.frames = receiver.received(plan.media.name(), "frames").map(|frames| frames as u64);
        row.agree("DTLS version", [ours, theirs].map(|stats| stats.text("dtlsVersion").map(dtls)));
        row.dtls = either(ours, theirs, "dtlsVersion").map(dtls);
        row.agree("SRTP profile", [ours, theirs].map(|stats| stats.text("srtp").map(srtp)));
        row.srtp = either(ours, theirs, "srtp").map(srtp);
        row
    }

    /// Both sides must name the same, if both name anything.
    fn agree(&mut self, what: &str, named: [Option<String>; 2]) {
        if let [Some(ours), Some(theirs)] = named
            && ours != theirs
        {
            self.cause.get_or_insert(format!("{what}: we say {ours}, the peer says {theirs}"));
        }
    }

    fn cells(&self) -> [String; COLUMNS] {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        [
            self.role.to_owned(),
            self.media.to_owned(),
            self.direction.to_owned(),
            text(&self.dtls),
            text(&self.srtp),
            self.frames.map_or_else(|| "-".to_owned(), |frames| frames.to_string()),
            if self.cause.is_none() { "ok" } else { "FAILED" }.to_owned(),
            self.figure.clone(),
            text(&self.cipher),
            text(&self.pair),
        ]
    }
}

fn either<'a>(ours: &'a Stats, theirs: &'a Stats, key: &str) -> Option<&'a str> {
    theirs.text(key).or_else(|| ours.text(key))
}

/// `1.2` of `DTLSv1.2` and of `DTLS 1.2`.
fn dtls(name: &str) -> String {
    name.trim_start_matches(|c: char| !c.is_ascii_digit()).to_owned()
}

/// The profile's name in RFC 5764 §4.1.2 and RFC 7714 §14.2, without the prefix that some leave out;
/// OpenSSL and Chromium have spellings of their own.
fn srtp(name: &str) -> String {
    let is = |parts: &[&str]| parts.iter().all(|part| name.contains(part));
    let known = [
        (&["AEAD", "128", "GCM"][..], "AEAD_AES_128_GCM"),
        (&["AEAD", "256", "GCM"][..], "AEAD_AES_256_GCM"),
        (&["SHA1_80"][..], "AES128_CM_SHA1_80"),
        (&["SHA1_32"][..], "AES128_CM_SHA1_32"),
    ];
    let found = known.iter().find(|(parts, _)| is(parts));
    found.map_or(name, |(_, standard)| standard).to_owned()
}

impl Direction {
    const fn name(self) -> &'static str {
        match self {
            Self::WeSend => "we send",
            Self::TheySend => "they send",
        }
    }
}

const COLUMNS: usize = 10;
const TITLES: [&str; COLUMNS] = [
    "we",
    "media",
    "direction",
    "DTLS",
    "SRTP",
    "frames",
    "",
    "content",
    "cipher suite",
    "ICE pair",
];
const WIDTHS: [usize; COLUMNS] = [6, 5, 9, 4, 17, 6, 6, 44, 39, 0];

/// All rows, printed as they come.
pub(crate) struct Report {
    peer: String,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(peer: &str) -> Self {
        println!("{}", line(&TITLES.map(str::to_owned)));
        Self { peer: peer.to_owned(), rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, row: Row) {
        println!("{}", line(&row.cells()));
        if let Some(cause) = &row.cause {
            println!("       {cause}\n       logs and recordings: {}", row.folder.display());
        }
        self.rows.push(row);
    }

    /// # Errors
    /// [`Error::Io`], if the file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let (passed, failed) = self.counts();
        let value = json!({
            "peer": self.peer, "rows": self.rows, "passed": passed, "failed": failed,
        });
        std::fs::write(path, format!("{value:#}\n")).map_err(Error::io(path))
    }

    /// Prints the peer's version and the last line; whether all passed.
    pub(crate) fn finish(&self) -> bool {
        let (passed, failed) = self.counts();
        let version = self.rows.iter().find_map(|row| row.version.as_deref());
        println!("peer: {}", version.unwrap_or(&self.peer));
        println!("{passed} passed, {failed} failed");
        failed == 0 && passed > 0
    }

    fn counts(&self) -> (usize, usize) {
        let failed = self.rows.iter().filter(|row| row.cause.is_some()).count();
        (self.rows.len() - failed, failed)
    }
}

fn line(cells: &[String; COLUMNS]) -> String {
    let padded = cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:<width$}"));
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Media, Role};

    #[test]
    fn one_profile_has_one_name_whoever_says_it() {
        for name in
            ["SRTP_AES128_CM_SHA1_80", "AES_CM_128_HMAC_SHA1_80", "SRTP_AES128_CM_HMAC_SHA1_80"]
        {
            assert_eq!(srtp(name), "AES128_CM_SHA1_80");
        }
        for name in ["SRTP_AEAD_AES_128_GCM", "AEAD_AES_128_GCM"] {
            assert_eq!(srtp(name), "AEAD_AES_128_GCM");
        }
        assert_eq!(dtls("DTLSv1.2"), dtls("DTLS 1.2"));
    }

    #[test]
    fn two_sides_that_contradict_each_other_fail_a_good_row() {
        let stats = |srtp: &str| Stats(json!({"srtp": srtp, "state": "connected"}));
        let connection = |theirs: &str| Connection {
            ours: stats("AEAD_AES_128_GCM"),
            theirs: stats(theirs),
            our_folder: PathBuf::new(),
            their_folder: PathBuf::new(),
        };
        let row = |theirs: &str| {
            let plan = Plan { role: Role::Offer, media: Media::Audio };
            let good = Verdict::of(String::new(), &[]);
            Row::connected(plan, Direction::WeSend, Path::new(""), &connection(theirs), good)
        };
        assert_eq!(row("SRTP_AEAD_AES_128_GCM").cause, None);
        assert!(row("SRTP_AES128_CM_SHA1_80").cause.is_some());
    }

    #[test]
    fn a_table_without_rows_has_not_passed() {
        assert!(!Report::new("nobody").finish());
    }
}
