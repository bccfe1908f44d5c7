//! The summary: one row for each thing worth knowing, one column for each side.

use std::fmt::Write as _;

use super::people::Person;
use super::play::Play;
use super::report::SummaryRow;

/// The rows for this call.
pub(super) fn rows(play: &Play) -> Vec<SummaryRow> {
    let row = |what, value: &dyn Fn(Person) -> String| SummaryRow {
        what,
        values: Person::BOTH.map(value).into(),
    };
    let security = |take: &dyn Fn(&crate::journal::Security) -> String| {
        Person::BOTH.map(|person| play.security(person).map_or_else(none, take)).into()
    };
    let path = |person, part: usize| {
        let path = play.path(person);
        path.and_then(|path| path.into_iter().nth(part)).unwrap_or_else(none)
    };
    let quality = |person| play.quality(person);
    let census = play.census();
    let mut rows = vec![
        row("candidate pair", &|person| path(person, 0)),
        row("  from", &|person| path(person, 1)),
        row("  to", &|person| path(person, 2)),
        SummaryRow { what: "DTLS version", values: security(&|s| s.dtls_version.clone()) },
        SummaryRow { what: "DTLS cipher", values: security(&|s| s.cipher.clone()) },
        SummaryRow { what: "SRTP profile", values: security(&|s| s.srtp_profile.clone()) },
        SummaryRow { what: "frame encryption", values: security(&|s| s.frame_encryption.clone()) },
        row("packets sent", &|person| quality(person).packets_sent.to_string()),
        row("packets received", &|person| quality(person).packets_received.to_string()),
        row("packets lost, refused", &|person| {
            format!("{}, {}", quality(person).packets_lost, quality(person).packets_refused)
        }),
        row("audio received", &|person| {
            let quality = quality(person);
            format!(
                "{:.1} s, made up: {} frames",
                (quality.audio_frames + quality.audio_concealed) as f64 / 50.0,
                quality.audio_concealed
            )
        }),
        row("video received", &|person| format!("{} pictures", quality(person).video_frames)),
        row("bit rate sent", &|person| kilobits(play.mean(person, |quality| quality.send_bitrate))),
        row("bit rate received", &|person| {
            kilobits(play.mean(person, |quality| quality.receive_bitrate))
        }),
        row("round trip", &|person| {
            quality(person).round_trip_ms.map_or_else(none, |millis| format!("{millis:.1} ms"))
        }),
        row("sound, from dialling", &|person| {
            play.first_sound_millis(person).map_or_else(none, |millis| format!("{millis} ms"))
        }),
        row("set-up, from dialling", &|person| {
            play.set_up_millis(person).map_or_else(none, |millis| format!("{millis} ms"))
        }),
        SummaryRow {
            what: "the tap saw, both ways",
            values: vec![format!(
                "{} SRTP, {} DTLS, {} STUN, {} other",
                census.srtp, census.dtls, census.stun, census.other
            )],
        },
    ];
    // A call that was stopped early has nothing to say in many rows.
    rows.retain(|row| row.values.iter().any(|value| *value != none()));
    rows
}

fn none() -> String {
    "-".to_owned()
}

fn kilobits(bits: u64) -> String {
    format!("{} kbit/s", bits / 1_000)
}

/// The rows as text.
pub(super) fn table(rows: &[SummaryRow]) -> String {
    let widest = rows.iter().filter(|row| row.values.len() > 1);
    let width = widest.filter_map(|row| row.values.first()).map(|value| value.chars().count());
    let width = width.max().unwrap_or(0);
    let mut text = format!("{:<24}{:<width$}  {}\n", "", Person::Alice, Person::Bob);
    for row in rows {
        let _ = write!(text, "{:<24}", row.what);
        let cells: Vec<_> = row.values.iter().map(|value| format!("{value:<width$}")).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let row =
            |what, values: [&str; 2]| SummaryRow { what, values: values.map(str::to_owned).into() };
        let text = table(&[row("a", ["long value", "x"]), row("b", ["y", "z"])]);
        let columns: Vec<_> = text.lines().map(|line| line.rfind(['B', 'x', 'z'])).collect();
        assert_eq!(columns, [Some(36); 3]);
    }
}
