//! The workspace's code, as far as documents speak of it: files, the tests in them, and what both cite.

use std::path::Path;

use super::citation::{Citation, Place};
use crate::shell::{self, Failure};

/// Every package's files.
pub(super) struct Workspace {
    pub(super) files: Vec<File>,
}

/// A file of code.
pub(super) struct File {
    /// From the workspace's root.
    pub(super) path: String,
    pub(super) package: String,
    /// What is no test: the code itself.
    pub(super) code: String,
    /// What belongs to tests, but to no single one: their modules' comments and helpers.
    around_tests: String,
    tests: Vec<Test>,
}

/// A test, with its comments.
struct Test {
    name: String,
    text: String,
}

impl Workspace {
    pub(super) fn read() -> Result<Self, Failure> {
        let root = shell::root();
        let mut files = Vec::new();
        let mut folders = vec![root.join("tests")];
        folders.extend(entries(&root.join("crates"))?);
        for folder in folders {
            collect(&root, &folder, "", &mut files)?;
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// A workspace of one file.
    #[cfg(test)]
    pub(super) fn of(path: &str, package: &str, text: &str) -> Self {
        Self { files: vec![File::new(path.to_owned(), package.to_owned(), text)] }
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// How many tests there are.
    pub(super) fn tests(&self) -> usize {
        self.files.iter().map(|file| file.tests.len()).sum()
    }

    /// What a test and its surroundings say; nothing if the package has no test of that name.
    pub(super) fn test(&self, package: &str, name: &str) -> Option<String> {
        let files = self.files.iter().filter(|file| file.package == package);
        let mut found = files.filter_map(|file| {
            let test = file.tests.iter().find(|test| test.name == name)?;
            Some([&test.text, "\n", &file.around_tests].concat())
        });
        found.next()
    }
}

impl File {
    /// The tests that cite it themselves.
    pub(super) fn tests_that_cite(&self, citation: &Citation) -> impl Iterator<Item = &str> {
        self.tests
            .iter()
            .filter(|test| Citation::all(&test.text).contains(citation))
            .map(|test| test.name.as_str())
    }

    /// Everything that is cited in it, in tests or not.
    pub(super) fn citations(&self) -> Vec<Citation> {
        let tests = self.tests.iter().flat_map(|test| Citation::all(&test.text));
        let mut all = Citation::all(&self.code);
        all.extend(Citation::all(&self.around_tests));
        all.extend(tests);
        all
    }

    /// Whether something outside of single tests cites it.
    pub(super) fn cites(&self, citation: &Citation) -> bool {
        [&self.code, &self.around_tests].iter().any(|text| Citation::all(text).contains(citation))
    }
}

/// Whether a text cites the RFC at this place or within it.
pub(super) fn cites_within(text: &str, rfc: u32, place: &Place) -> bool {
    Citation::all(text).iter().any(|cited| cited.rfc == rfc && place.covers(&cited.place))
}

fn entries(folder: &Path) -> Result<Vec<std::path::PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", folder.display())))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

fn collect(
    root: &Path,
    folder: &Path,
    package: &str,
    files: &mut Vec<File>,
) -> Result<(), Failure> {
    let own = package_name(&folder.join("Cargo.toml"));
    let package = own.as_deref().unwrap_or(package);
    for path in entries(folder)? {
        let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        if path.is_dir() && !SKIPPED.iter().any(|name| path.ends_with(name)) {
            collect(root, &path, package, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = super::read(&relative)?;
            files.push(File::new(relative, package.to_owned(), &text));
        }
    }
    Ok(())
}

/// The first name in a manifest is the package's.
fn package_name(manifest: &Path) -> Option<String> {
    let text = std::fs::read_to_string(manifest).ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("name = \""))?;
    name.strip_suffix('"').map(str::to_owned)
}

impl File {
    /// Takes a file apart. rustfmt has put every item's end at the indentation of its beginning.
    fn new(path: String, package: String, text: &str) -> Self {
        let mut file =
            Self { path, package, code: String::new(), around_tests: String::new(), tests: vec![] };
        let mut is_test_code = file.path.contains("/tests/") || file.path.ends_with("tests.rs");
        is_test_code |= file.path.starts_with("tests/it/");
        let mut head = String::new();
        let mut open: Option<(Test, String)> = None;
        for line in text.lines() {
            let trimmed = line.trim_start();
            let indentation = line.strip_suffix(trimmed).unwrap_or_default();
            if let Some((test, end)) = &mut open {
                push(&mut test.text, line);
                if line == end.as_str() {
                    file.tests.extend(open.take().map(|(test, _)| test));
                }
                continue;
            }
            if trimmed.starts_with("///") || trimmed.starts_with("#[") {
                push(&mut head, line);
                continue;
            }
            is_test_code |= trimmed.starts_with("mod tests {");
            match function_name(trimmed).filter(|_| is_test(&head)) {
                Some(name) => {
                    push(&mut head, line);
                    let test = Test { name: name.to_owned(), text: core::mem::take(&mut head) };
                    open = Some((test, format!("{indentation}}}")));
                }
                None => {
                    let rest = if is_test_code { &mut file.around_tests } else { &mut file.code };
                    push(rest, &core::mem::take(&mut head));
                    push(rest, line);
                }
            }
        }
        file
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn is_test(head: &str) -> bool {
    head.lines().any(|line| {
        let attribute = line.trim_start();
        attribute.starts_with("#[test]") || attribute.starts_with("#[tokio::test")
    })
}

fn function_name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
    line.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// Folders without code of ours.
const SKIPPED: &[&str] = &["target", "vectors", "media", "seeds", "regressions", "corpus"];

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File::new("crates/a/src/b.rs".to_owned(), "a".to_owned(), text)
    }

    const TEXT: &str = "/// RFC 1 §1\nfn code() {\n}\n\nmod tests {\n    // RFC 1 §2\n\n    /// RFC 1 §3\n    #[test]\n    fn rule() {\n        // RFC 1 §4\n    }\n}\n";

    #[test]
    fn code_and_tests_are_told_apart() {
        let file = file(TEXT);
        let shown =
            |text: &str| Citation::all(text).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown(&file.code), ["RFC 1 §1"]);
        assert_eq!(shown(&file.around_tests), ["RFC 1 §2"]);
        assert_eq!(file.tests.len(), 1);
        assert_eq!(shown(&file.tests[0].text), ["RFC 1 §3", "RFC 1 §4"]);
    }

    #[test]
    fn a_test_is_found_by_package_and_name() {
        let workspace = Workspace { files: vec![file(TEXT)] };
        assert!(workspace.test("a", "rule").is_some_and(|text| text.contains("§2")));
        assert!(workspace.test("a", "code").is_none());
        assert!(workspace.test("b", "rule").is_none());
    }
}
