//! What a run of one target has reached, read from libFuzzer's output.

/// The numbers of one run.
#[derive(Default)]
pub(super) struct Report {
    pub(super) name: String,
    executions: u64,
    per_second: u64,
    /// Edges of the control flow that some input took.
    edges: u64,
    /// Edges, how often each is taken, and comparisons: what guides the fuzzer.
    features: u64,
    corpus: u64,
    new_inputs: u64,
    /// What went wrong, ready to print.
    pub(super) finding: Option<String>,
}

impl Report {
    pub(super) fn read(name: &str, log: &str) -> Self {
        let last = log.lines().rev().find(|line| line.starts_with('#') && line.contains(" cov: "));
        let field = |name: &str| last.map_or(0, |line| number_after(line, name));
        Self {
            name: name.to_owned(),
            executions: number_after(log, "stat::number_of_executed_units:"),
            per_second: number_after(log, "stat::average_exec_per_sec:"),
            edges: field(" cov: "),
            features: field(" ft: "),
            corpus: field(" corp: "),
            new_inputs: number_after(log, "stat::new_units_added:"),
            finding: None,
        }
    }

    /// A target that could not even start.
    pub(super) fn broken(name: &str, why: &str) -> Self {
        let finding = Some(format!("\n{name}: {why}\n"));
        Self { name: name.to_owned(), finding, ..Self::default() }
    }

    pub(super) fn line(&self) -> String {
        let Self { name, executions, per_second, edges, features, .. } = self;
        let verdict = self.verdict();
        format!(
            "{name}: {executions} runs, {per_second}/s, {edges} edges, {features} features, {verdict}"
        )
    }

    const fn verdict(&self) -> &'static str {
        if self.finding.is_some() { "FAILED" } else { "ok" }
    }
}

/// One line per target.
pub(super) fn table(reports: &[Report]) -> String {
    let head = ["target", "executions", "per s", "edges", "features", "corpus", "new"];
    let [name, executions, per_second, edges, features, corpus, new] = head;
    let mut text = format!(
        "{name:<24} {executions:>12} {per_second:>9} {edges:>7} {features:>9} {corpus:>7} {new:>7}  verdict\n"
    );
    for report in reports {
        text.push_str(&format!(
            "{:<24} {:>12} {:>9} {:>7} {:>9} {:>7} {:>7}  {}\n",
            report.name,
            report.executions,
            report.per_second,
            report.edges,
            report.features,
            report.corpus,
            report.new_inputs,
            report.verdict(),
        ));
    }
    text
}

/// The number that follows `mark`, 0 if there is none.
fn number_after(text: &str, mark: &str) -> u64 {
    let rest = text.split_once(mark).map_or("", |(_, rest)| rest.trim_start());
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_last_line_and_the_final_statistics() {
        let log = "#2\tINITED cov: 3 ft: 4 corp: 1/1b exec/s: 0 rss: 27Mb\n\
                   #900\tDONE   cov: 325 ft: 1001 corp: 200/3Kb lim: 4096 exec/s: 90 rss: 27Mb\n\
                   stat::number_of_executed_units: 900\n\
                   stat::average_exec_per_sec:     90\n\
                   stat::new_units_added:          12\n";
        let report = Report::read("parse_x", log);
        assert_eq!((report.edges, report.features, report.corpus), (325, 1_001, 200));
        assert_eq!((report.executions, report.per_second, report.new_inputs), (900, 90, 12));
        assert!(table(&[report]).contains("parse_x"));
    }
}
