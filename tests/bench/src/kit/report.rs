use serde_json::{Value, json};

use super::contestant::Facts;
use super::race::{Cell, Row};
use crate::goals::{Verdict, judge};

const HEADINGS: [&str; 10] = [
    "layer",
    "case",
    "ours",
    "ours/bare",
    "beside",
    "takes",
    "beside/ours",
    "allocations",
    "goal",
    "reached",
];

/// One table: a line for each contestant beside ours, the primitives first, and the goals next to them.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    rows.iter().for_each(|row| lines.extend(block(row)));
    let widths: [usize; HEADINGS.len()] = std::array::from_fn(|column| {
        lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
    });
    let mut text = String::new();
    for line in &lines {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The lines of one row: as many as it has contestants beside ours, or goals.
fn block(row: &Row) -> Vec<[String; HEADINGS.len()]> {
    let ours = row.ours();
    let beside: Vec<_> = row.bare().into_iter().chain(row.peers()).collect();
    let verdicts = judge(row);
    let line = |at: usize| {
        let mut line: [String; HEADINGS.len()] = Default::default();
        if at == 0 {
            line[0] = row.layer.to_owned();
            line[1] = row.case.clone();
            line[2] = took(ours);
            line[3] = row.bare().map_or_else(String::new, |bare| {
                format!("{:.2}", ours.nanoseconds / bare.nanoseconds)
            });
            line[7] = count(ours.allocations);
        }
        if let Some(cell) = beside.get(at) {
            line[4] = cell.name.to_owned();
            line[5] = took(cell);
            line[6] = format!("{:.2}", cell.nanoseconds / ours.nanoseconds);
            line[7] = match at {
                0 => format!("{} / {}", count(ours.allocations), count(cell.allocations)),
                _ => format!("  / {}", count(cell.allocations)),
            };
        }
        if let Some(verdict) = verdicts.get(at) {
            line[8] = verdict.goal.clone();
            let word = if verdict.met { "met" } else { "MISSED" };
            line[9] = format!("{}  {word}", verdict.reached);
        }
        line
    };
    (0..beside.len().max(verdicts.len()).max(1)).map(line).collect()
}

/// A time, and what a handshake took beside it.
fn took(cell: &Cell) -> String {
    let time = duration(cell.nanoseconds);
    match cell.facts {
        Some(Facts::Handshake { datagrams, round_trips }) => {
            format!("{time}, {round_trips} RTT, {datagrams} datagrams")
        }
        Some(Facts::Capacity { received, sent, burst, core, kilobytes, .. }) => format!(
            "{time}, {received} in and {sent} out a second, runs of {burst:.1}, {:.0} % of the core, {kilobytes} KiB a person",
            100.0 * core
        ),
        None => time,
    }
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        longest if longest >= 100_000.0 => format!("{:.0} µs", longest / 1_000.0),
        long if long >= 10_000.0 => format!("{:.1} µs", long / 1_000.0),
        middling if middling >= 100.0 => format!("{middling:.0} ns"),
        short => format!("{short:.1} ns"),
    }
}

fn count(allocations: f64) -> String {
    if allocations.is_nan() {
        return "?".to_owned();
    }
    if allocations.fract() == 0.0 { format!("{allocations}") } else { format!("{allocations:.2}") }
}

/// The same in JSON.
pub(crate) fn json(layer: &str, rows: &[Row]) -> String {
    let rows: Vec<_> = rows.iter().map(row_json).collect();
    format!("{:#}\n", json!({ "bench": layer, "rows": rows }))
}

fn row_json(row: &Row) -> Value {
    let cells: Vec<_> = row
        .cells()
        .iter()
        .map(|cell| {
            json!({
                "contestant": cell.name,
                "standing": format!("{:?}", cell.standing).to_lowercase(),
                "nanoseconds": cell.nanoseconds,
                "allocations": cell.allocations,
                "ratio_to_ours": cell.nanoseconds / row.ours().nanoseconds,
                "ratio_to_bare": row.bare().map(|bare| cell.nanoseconds / bare.nanoseconds),
                "facts": cell.facts.map(facts_json),
            })
        })
        .collect();
    let goals: Vec<_> = judge(row).iter().map(goal_json).collect();
    json!({ "case": row.case, "cells": cells, "goals": goals })
}

fn facts_json(facts: Facts) -> Value {
    match facts {
        Facts::Handshake { datagrams, round_trips } => {
            json!({ "datagrams": datagrams, "round_trips": round_trips })
        }
        Facts::Capacity { calls, received, sent, burst, core, kilobytes } => json!({
            "calls": calls,
            "received_per_second": received,
            "sent_per_second": sent,
            "datagrams_per_system_call": burst,
            "share_of_the_core": core,
            "kilobytes_per_participant": kilobytes,
        }),
    }
}

fn goal_json(verdict: &Verdict) -> Value {
    json!({
        "goal": verdict.goal,
        "reached": verdict.reached,
        "met": verdict.met,
        "source": verdict.source,
    })
}
