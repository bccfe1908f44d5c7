use super::contestant::{Contestant, Facts, Standing};
use super::core::on_one_core;
use super::samples::{Samples, clock_cost};

/// All contestants over the same work, in turns.
pub(crate) struct Race {
    case: String,
    /// How often one run does the work.
    operations: usize,
    /// Rounds that one contestant does in a row.
    turn: u64,
    lanes: Vec<(Box<dyn Contestant>, Samples)>,
}

impl Race {
    /// A race about `case`, each run of which does the work `operations` times.
    pub(crate) fn new(case: impl Into<String>, operations: usize) -> Self {
        Self { case: case.into(), operations, turn: 1, lanes: Vec::new() }
    }

    /// With one more contestant.
    pub(crate) fn with(mut self, contestant: impl Contestant + 'static) -> Self {
        self.lanes.push((Box::new(contestant), Samples::default()));
        self
    }

    /// Has each contestant do so many rounds in a row: for work that is done on a core of its own, and finds its data where the round before
    /// has left them. After another contestant's round it would wait for memory above all.
    pub(crate) fn in_turns_of(mut self, rounds: u64) -> Self {
        self.turn = rounds;
        self
    }

    /// One round, or one turn of several. Who comes first changes from round to round, so that nobody always has the same neighbour.
    fn step(&mut self, round: u64) {
        let count = self.lanes.len();
        let mut outcomes = vec![Vec::new(); count];
        for turn in 0..count {
            let at = (turn + round as usize) % count;
            let (contestant, samples) = &mut self.lanes[at];
            for round in round * self.turn..(round + 1) * self.turn {
                contestant.prepare(round);
                samples.time(|| contestant.run());
                contestant.settle();
            }
            outcomes[at] = contestant.outcome();
        }
        for (outcome, (contestant, _)) in outcomes.iter().zip(&self.lanes) {
            let (case, name) = (&self.case, contestant.name());
            assert!(!outcome.is_empty(), "{case}: {name} gave nothing");
            assert_eq!(outcome, &outcomes[0], "{case}: {name} gave something else");
        }
    }

    fn row(&self, layer: &'static str, clock: f64) -> Row {
        let operations = self.operations as f64;
        let cells = self.lanes.iter().map(|(contestant, samples)| Cell {
            name: contestant.name(),
            standing: contestant.standing(),
            nanoseconds: ((samples.median() - clock) / operations).max(0.1),
            allocations: samples.allocations() / operations,
            facts: contestant.facts(),
        });
        Row { layer, case: self.case.clone(), cells: cells.collect() }
    }
}

/// What was measured in one race.
pub(crate) struct Row {
    pub(crate) layer: &'static str,
    pub(crate) case: String,
    cells: Vec<Cell>,
}

/// What was measured of one contestant, for one piece of work.
#[derive(Clone)]
pub(crate) struct Cell {
    pub(crate) name: &'static str,
    pub(crate) standing: Standing,
    /// The median over the rounds.
    pub(crate) nanoseconds: f64,
    pub(crate) allocations: f64,
    pub(crate) facts: Option<Facts>,
}

impl Row {
    /// What was measured otherwise than in a race.
    pub(crate) fn new(layer: &'static str, case: impl Into<String>, cells: Vec<Cell>) -> Self {
        Self { layer, case: case.into(), cells }
    }

    /// Adds somebody who could not take turns with the others.
    pub(crate) fn push(&mut self, cell: Cell) {
        self.cells.push(cell);
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(crate) fn ours(&self) -> &Cell {
        self.cells.iter().find(|cell| cell.standing == Standing::Ours).expect("ours runs")
    }

    pub(crate) fn bare(&self) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.standing == Standing::Bare)
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| cell.standing == Standing::Peer)
    }

    pub(crate) fn peer(&self, name: &str) -> Option<&Cell> {
        self.peers().find(|cell| cell.name == name)
    }
}

/// Runs all races of a layer, in turns, on one core.
pub(crate) fn run(layer: &'static str, mut races: Vec<Race>, rounds: u64) -> Vec<Row> {
    on_one_core(|| {
        for round in 0..rounds {
            let due = races.iter_mut().filter(|race| (round + 1) % race.turn == 0);
            due.for_each(|race| race.step(round / race.turn));
        }
    });
    let clock = clock_cost();
    races.iter().map(|race| race.row(layer, clock)).collect()
}
