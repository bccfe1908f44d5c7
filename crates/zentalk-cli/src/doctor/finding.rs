use std::fmt;

use serde::Serialize;

/// One line of the doctor's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `relay`, `turn credentials`, `turn/udp`, `turn/tcp`, `turn/tls`, `nat`, `ipv6`.
    pub check: &'static str,
    /// Whose: a URL or a host, if there are several.
    pub subject: String,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, in a few words.
    pub found: String,
    /// What to do about it, if it is not good.
    pub cure: Option<&'static str>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Calls connect all the same, some of them in a roundabout way.
    Note,
    /// Some calls will fail.
    Bad,
}

/// Why some calls will fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ailment {
    /// No call can be set up.
    #[error("no call can be made: the relay cannot be used")]
    NoRelay,
    /// Calls between strict networks, and with `--relay-only`, will fail.
    #[error(
        "calls between strict networks, and with --relay-only, will fail: no TURN server can be used"
    )]
    NoTurn,
}

impl Finding {
    /// As it should be.
    pub(super) fn good(
        check: &'static str,
        subject: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        let (subject, found) = (subject.into(), found.into());
        Self { check, subject, verdict: Verdict::Good, found, cure: None }
    }

    /// Some calls fail of it.
    pub(super) fn bad(
        check: &'static str,
        subject: impl Into<String>,
        found: impl Into<String>,
        cure: &'static str,
    ) -> Self {
        let good = Self::good(check, subject, found);
        Self { verdict: Verdict::Bad, cure: Some(cure), ..good }
    }

    /// Worth knowing.
    pub(super) fn note(
        check: &'static str,
        subject: impl Into<String>,
        found: impl Into<String>,
        cure: &'static str,
    ) -> Self {
        Self { verdict: Verdict::Note, ..Self::bad(check, subject, found, cure) }
    }

    /// No call fails of it, since something else works.
    pub(super) fn softened(self) -> Self {
        let verdict = if self.is_bad() { Verdict::Note } else { self.verdict };
        Self { verdict, ..self }
    }

    pub(super) fn is_bad(&self) -> bool {
        self.verdict == Verdict::Bad
    }
}

/// Lines of a table; the cure stands below what it is for.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Good => "ok",
            Verdict::Note => "note",
            Verdict::Bad => "BAD",
        };
        write!(f, "{mark:<5} {:<17} ", self.check)?;
        if !self.subject.is_empty() {
            write!(f, "{}: ", self.subject)?;
        }
        f.write_str(&self.found)?;
        match self.cure {
            Some(cure) => write!(f, "\n{:24}{cure}", ""),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finding_is_a_line_with_its_cure_below() {
        let bad = Finding::bad("turn/udp", "turn.example", "no answer", "open UDP");
        let text = format!("BAD   turn/udp          turn.example: no answer\n{:24}open UDP", "");
        assert_eq!(bad.to_string(), text);
        let good = Finding::good("ipv6", "", "a route leads out");
        assert_eq!(good.to_string(), "ok    ipv6              a route leads out");
        let json = serde_json::to_string(&bad.softened()).unwrap();
        assert_eq!(
            json,
            r#"{"check":"turn/udp","subject":"turn.example","verdict":"note","found":"no answer","cure":"open UDP"}"#
        );
    }
}
