//! The committed floor: how many cases of each suite have passed before. It only grows.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::report::Row;

pub(crate) struct Floor(BTreeMap<String, usize>);

impl Floor {
    pub(crate) fn read() -> Result<Self, String> {
        let path = path();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let floor = serde_json::from_str(&text);
        floor.map(Self).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The suites that pass fewer cases than they did: name, how many do, how many did. The
    /// repository's own suites cannot be away, unless only one layer is asked for.
    pub(crate) fn missed(&self, rows: &[Row], layer: Option<&str>) -> Vec<(String, usize, usize)> {
        let reached: BTreeMap<_, _> =
            rows.iter().map(|row| (row.key.as_str(), row.passed)).collect();
        let asked = |key: &str| layer.is_none_or(|layer| key.split('/').next() == Some(layer));
        let passed = |key: &str| {
            let absent = (key.ends_with(OWN) && asked(key)).then_some(0);
            reached.get(key).copied().or(absent)
        };
        let missed = |(key, floor): (&String, &usize)| {
            passed(key).filter(|passed| passed < floor).map(|passed| (key.clone(), passed, *floor))
        };
        self.0.iter().filter_map(missed).collect()
    }

    /// Writes the floor that `rows` reach, nowhere below the present one.
    pub(crate) fn raise(mut self, rows: &[Row]) -> Result<(), String> {
        for row in rows {
            let floor = self.0.entry(row.key.clone()).or_default();
            *floor = row.passed.max(*floor);
        }
        let text = serde_json::to_string_pretty(&self.0).map_err(|error| error.to_string())? + "\n";
        std::fs::write(path(), text).map_err(|error| error.to_string())
    }
}

/// How the names of the repository's own suites end.
const OWN: &str = "@own";

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("conformance-floor.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_passes_than_the_floor_are_found() {
        let floor = Floor(BTreeMap::from([("a/b@own".to_owned(), 2)]));
        let row = |key: &str, passed| Row { key: key.to_owned(), passed, ..Row::default() };
        let names = |rows: &[Row], layer| floor.missed(rows, layer).len();
        assert_eq!(names(&[row("a/b@own", 1), row("a/c@own", 0)], None), 1);
        assert_eq!(names(&[row("a/b@own", 2)], None), 0);
        // Away altogether.
        assert_eq!(names(&[], None), 1);
        assert_eq!(names(&[], Some("a")), 1);
        assert_eq!(names(&[], Some("z")), 0);
    }
}
