//! Links from one document to another: the file is there, and the heading in it.

use std::path::{Path, PathBuf};

use crate::shell::{self, Failure};

pub(super) fn complaints() -> Result<Vec<String>, Failure> {
    let root = shell::root();
    let mut documents = Vec::new();
    collect(&root, &mut documents)?;
    documents.sort();
    let mut complaints = Vec::new();
    for document in &documents {
        let name = document.strip_prefix(&root).unwrap_or(document).display();
        let text = text_of(document)?;
        for link in links(&text) {
            if let Some(what) = fault(document, link)? {
                complaints.push(format!("{name}: link to {link}: {what}"));
            }
        }
    }
    Ok(complaints)
}

fn collect(folder: &Path, documents: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", folder.display())))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let skipped = name == "target" || name.starts_with('.');
        if path.is_dir() && !skipped {
            collect(&path, documents)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    }
    Ok(())
}

fn text_of(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))
}

/// The targets of `[text](target)`, outside of code.
fn links(text: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let target = line.get(at + 2..).and_then(|rest| rest.split(')').next());
            found.extend(target);
        }
    }
    found
}

fn fault(document: &Path, link: &str) -> Result<Option<&'static str>, Failure> {
    // Addresses elsewhere are not asked for; items of the crate are rustdoc's to check.
    if link.contains(':') {
        return Ok(None);
    }
    let (path, heading) = link.split_once('#').map_or((link, None), |(p, h)| (p, Some(h)));
    let target = match path {
        "" => document.to_path_buf(),
        _ => document.parent().unwrap_or(document).join(path),
    };
    if !target.exists() {
        return Ok(Some("no such file"));
    }
    let Some(heading) = heading.filter(|_| target.is_file()) else { return Ok(None) };
    let text = text_of(&target)?;
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let known = headings.map(anchor).any(|anchor| anchor == heading);
    Ok((!known).then_some("no such heading"))
}

/// A heading's name in links: lower case, hyphens for spaces, nothing else but letters and digits.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_are_none() {
        assert_eq!(links("[a](b.md) and [c](d)\n```\n[e](f)\n```\n[g](h#i)"), ["b.md", "d", "h#i"]);
    }

    #[test]
    fn anchors_are_those_of_the_renderer() {
        assert_eq!(anchor("## From RFCs, and `others`"), "from-rfcs-and-others");
    }
}
