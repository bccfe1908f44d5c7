//! The matrix as a matrix: A down, B across, and in each cell the set-up time and the paths.

use crate::nat::NatKind;
use crate::servers::TurnKind;
use crate::topology::{Families, Site};

/// The calls between NATs over IPv4 with one kind of TURN server.
pub(super) struct Grid {
    turn: TurnKind,
    cells: Vec<(NatKind, NatKind, String)>,
}

const WIDTH: usize = 20;
/// What stands where there was no call, or none that was up.
const NONE: &str = "–";

impl Grid {
    pub(super) fn new(turn: TurnKind) -> Self {
        Self { turn, cells: Vec::new() }
    }

    /// Notes a call, if it is one of this grid.
    pub(super) fn note(&mut self, turn: TurnKind, [a, b]: [Site; 2], cell: String) {
        if turn == self.turn && [a, b].iter().all(|site| site.families == Families::V4) {
            self.cells.push((a.nat, b.nat, cell));
        }
    }

    /// Lines for people; nothing if there was no call to note.
    pub(super) fn lines(&self) -> Option<String> {
        let columns = NatKind::ALL.map(NatKind::name);
        let title = line(&format!("{}: A \\ B", self.turn), columns);
        let rows = NatKind::ALL.map(|a| line(a.name(), NatKind::ALL.map(|b| self.cell(a, b))));
        let lines = std::iter::once(title).chain(rows);
        (!self.cells.is_empty()).then(|| lines.map(|line| format!("    {line}\n")).collect())
    }

    fn cell(&self, a: NatKind, b: NatKind) -> &str {
        let found = self.cells.iter().find(|(left, right, _)| (*left, *right) == (a, b));
        found.map_or(NONE, |(_, _, cell)| cell)
    }
}

fn line(first: &str, cells: [&str; 5]) -> String {
    let cells = cells.map(|cell| format!("{cell:<WIDTH$}")).concat();
    format!("{first:<WIDTH$}{cells}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_stands_in_the_row_of_its_caller() {
        let site = |nat| Site { nat, families: Families::V4 };
        let mut grid = Grid::new(TurnKind::Coturn);
        assert_eq!(grid.lines(), None);
        let sites = [NatKind::Symmetric, NatKind::FullCone].map(site);
        grid.note(TurnKind::Coturn, sites, "812 ms".to_owned());
        grid.note(TurnKind::Embedded, sites, "1 ms".to_owned());
        grid.note(TurnKind::Coturn, [Site::IPV6; 2], "2 ms".to_owned());
        let lines = grid.lines().unwrap();
        let symmetric = lines.lines().find(|line| line.trim().starts_with("symmetric")).unwrap();
        assert_eq!(symmetric.split_whitespace().collect::<Vec<_>>()[1..4], ["812", "ms", "–"]);
        assert!(!lines.contains("1 ms"));
    }
}
