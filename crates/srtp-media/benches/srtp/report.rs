use core::fmt;

use serde_json::json;
use zentalk_srtp_media::SrtpProfile;

use crate::measure::{Case, Cell};

/// All cells of one run.
pub(crate) struct Report {
    cells: Vec<Cell>,
}

impl Report {
    pub(crate) fn new(cells: impl Iterator<Item = Cell>) -> Self {
        Self { cells: cells.collect() }
    }

    pub(crate) fn to_json(&self) -> String {
        let cells: Vec<_> = self
            .cells
            .iter()
            .map(|cell| {
                json!({
                    "profile": cell.case.profile.name(),
                    "payload_bytes": cell.case.len,
                    "operation": cell.operation,
                    "contestant": cell.contestant,
                    "nanoseconds": cell.nanoseconds,
                    "allocations": cell.allocations,
                    "ratio_to_bare": cell.nanoseconds / self.of(cell, "bare"),
                })
            })
            .collect();
        json!({ "bench": "srtp", "cells": cells }).to_string()
    }

    /// Ours slower than the goal allows, slower than a peer, or with an allocation.
    pub(crate) fn missed_goals(&self) -> Vec<String> {
        let ours = self.cells.iter().filter(|cell| cell.contestant == "ours");
        ours.flat_map(|cell| self.misses(cell)).collect()
    }

    fn misses(&self, ours: &Cell) -> Vec<String> {
        let what = format!("{} {}", heading(ours.case), ours.operation);
        let mut misses = Vec::new();
        let ratio = ours.nanoseconds / self.of(ours, "bare");
        if ratio > goal(ours.case) {
            misses.push(format!("{what}: {ratio:.2} × bare, the goal is {:.2}", goal(ours.case)));
        }
        for peer in self.row(ours).filter(|cell| !matches!(cell.contestant, "ours" | "bare")) {
            if ours.nanoseconds > peer.nanoseconds {
                misses.push(format!("{what}: slower than {}", peer.contestant));
            }
        }
        if ours.allocations > 0.0 {
            misses.push(format!("{what}: {} allocations", ours.allocations));
        }
        misses
    }

    /// The cells of the same case and operation.
    fn row<'a>(&'a self, of: &'a Cell) -> impl Iterator<Item = &'a Cell> {
        self.cells.iter().filter(move |cell| {
            cell.case.profile == of.case.profile
                && cell.case.len == of.case.len
                && cell.operation == of.operation
        })
    }

    /// The time of another contestant in the same row.
    fn of(&self, cell: &Cell, contestant: &str) -> f64 {
        self.row(cell).find(|other| other.contestant == contestant).unwrap().nanoseconds
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ns per packet, × the bare primitive, allocations per packet")?;
        writeln!(f, "{:<32}{:<11}contestants", "case", "operation")?;
        for bare in self.cells.iter().filter(|cell| cell.contestant == "bare") {
            write!(f, "{:<32}{:<11}", heading(bare.case), bare.operation)?;
            for cell in self.row(bare) {
                let ratio = cell.nanoseconds / bare.nanoseconds;
                write!(
                    f,
                    "{} {:.0} ({ratio:.2} ×, {:.0})   ",
                    cell.contestant, cell.nanoseconds, cell.allocations
                )?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

fn heading(case: Case) -> String {
    let name = match case.profile {
        SrtpProfile::AeadAes128Gcm => "GCM-128",
        _ => "CM-SHA1-80",
    };
    format!("{name} {} B", case.len)
}

/// How many times as long as the bare primitive ours may take.
fn goal(case: Case) -> f64 {
    match (case.profile, case.len) {
        (SrtpProfile::AeadAes128Gcm, 160) => 1.25,
        (SrtpProfile::AeadAes128Gcm, _) => 1.15,
        (_, 160) => 1.15,
        _ => 1.05,
    }
}
