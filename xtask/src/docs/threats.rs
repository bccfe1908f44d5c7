//! docs/threat-model.md: each test that it names exists.

use super::read;
use super::scan::Workspace;
use crate::shell::Failure;

const PATH: &str = "docs/threat-model.md";

pub(super) fn complaints(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let text = read(PATH)?;
    let mut complaints = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let is_threat = line.starts_with('|') && !line.starts_with("|-");
        let tests = line.trim_end_matches(['|', ' ']).rsplit(" | ").next().unwrap_or_default();
        if !is_threat || tests == "Tests" {
            continue;
        }
        let named = named_tests(tests);
        if named.is_empty() {
            complaints.push(format!("{PATH}:{}: a threat without a test", number + 1));
        }
        complaints.extend(
            missing(workspace, &named).map(|what| format!("{PATH}:{}: {what}", number + 1)),
        );
    }
    Ok(complaints)
}

/// The tests in a cell such as `` `zentalk-a`: `one`, `two`; `zentalk-b`: `three` ``, with their packages.
pub(super) fn named_tests(cell: &str) -> Vec<(&str, &str)> {
    let mut package = "";
    let mut tests = Vec::new();
    for word in cell.split('`').skip(1).step_by(2) {
        match word {
            _ if word.starts_with("zentalk-") => package = word,
            _ => tests.push((package, word)),
        }
    }
    tests
}

pub(super) fn missing<'a>(
    workspace: &'a Workspace,
    named: &'a [(&str, &str)],
) -> impl Iterator<Item = String> + 'a {
    let gone = named.iter().filter(|(package, name)| workspace.test(package, name).is_none());
    gone.map(|(package, name)| format!("no test `{name}` in `{package}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_stand_before_their_tests() {
        let cell = "`zentalk-a`: `one`, `two`; `zentalk-b`: `three`";
        let expected = [("zentalk-a", "one"), ("zentalk-a", "two"), ("zentalk-b", "three")];
        assert_eq!(named_tests(cell), expected);
    }
}
