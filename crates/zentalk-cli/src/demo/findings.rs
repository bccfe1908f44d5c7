//! What the judge found: what should hold, whether it does, and by how much.

use core::fmt;

use crate::cli::Tamper;
use crate::journal::Happening;

/// One thing that should hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What should hold.
    pub what: String,
    /// What was measured.
    pub measured: String,
    /// Whether it holds.
    pub holds: bool,
}

/// Everything that should hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn add(
        &mut self,
        what: impl Into<String>,
        measured: impl Into<String>,
        holds: bool,
    ) {
        self.0.push(Finding { what: what.into(), measured: measured.into(), holds });
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// Whether all hold.
    pub(super) fn are_good(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|finding| finding.holds)
    }

    /// Those that do not hold.
    pub(super) fn failures(&self) -> Vec<String> {
        let failed = self.0.iter().filter(|finding| !finding.holds);
        failed.map(|finding| format!("{} ({})", finding.what, finding.measured)).collect()
    }

    /// The outcome in a sentence.
    pub(super) fn sentence(&self, tamper: Option<Tamper>) -> String {
        match (self.are_good(), tamper) {
            (true, None) => "The call was secured, and what was sent arrived.".to_owned(),
            (true, Some(Tamper::Fingerprint)) => {
                "The attacker was detected: the call was ended with a fingerprint mismatch warning, and \
                 not one media packet was sent."
                    .to_owned()
            }
            (false, _) => format!("NOT as it should be. This did not hold: {}", self.failures().join("; ")),
        }
    }
}

/// Whether it is a warning of a certificate that is not the announced one, seen by either side.
pub(super) fn is_mismatch(what: &Happening) -> bool {
    matches!(what, Happening::Warning { text } if text.contains("FINGERPRINT MISMATCH"))
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { what, measured, holds } in &self.0 {
            let mark = if *holds { "ok  " } else { "FAIL" };
            writeln!(f, "  {mark}  {what}: {measured}")?;
        }
        Ok(())
    }
}
