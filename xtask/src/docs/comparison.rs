//! docs/comparison.md: the crates in its table have the versions of the lock file.

use super::read;
use crate::shell::Failure;

const PATH: &str = "docs/comparison.md";

pub(super) fn complaints() -> Result<Vec<String>, Failure> {
    Ok(stale(&read(PATH)?, &read("Cargo.lock")?))
}

/// Rows are `| input | source | crate version | outcome |`; ours, and other tables, name no version there.
fn stale(page: &str, lock: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in page.lines().enumerate() {
        let who = line.split('|').nth(3).unwrap_or_default().trim();
        let Some((name, version)) = who.split_once(' ') else { continue };
        let is_version =
            version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(' ');
        let entry = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        if is_version && !lock.contains(&entry) {
            complaints.push(format!("{PATH}:{}: {who} is not what is built", number + 1));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_not_built_is_named() {
        let lock = "name = \"rtp\"\nversion = \"0.17.2\"\nsource = \"\"\n";
        let row = |version: &str| format!("| `a`: b | c | rtp {version} | held |\n");
        assert_eq!(stale(&row("0.17.2"), lock), [""; 0]);
        assert_eq!(stale(&row("0.17.1"), lock).len(), 1);
        assert_eq!(stale("| `a`: b | c | **ours** | held |\n| 1.2 | 1 2 |\n", lock), [""; 0]);
    }
}
