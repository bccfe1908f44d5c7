//! `report.html`: one self-contained page that shows how the call went.

mod plot;
mod style;
mod timeline;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::findings::{Finding, Findings};
use crate::journal::{Entry, Happening, Quality};
use plot::{Plot, Series};

/// Everything that the page shows.
pub struct Report {
    /// What the demo did, in a sentence.
    pub title: String,
    /// The outcome, in a sentence, and whether it is what was expected.
    pub verdict: (String, bool),
    /// The few numbers that matter most, each with what it is.
    pub highlights: Vec<(String, String)>,
    /// What should hold, and whether it does.
    pub findings: Findings,
    /// Rows of the summary: what, and one value for each side.
    pub summary: Vec<SummaryRow>,
    /// The two sides' journals, with their names.
    pub sides: Vec<Side>,
    /// Stills sent beside stills received.
    pub stills: Vec<Still>,
    /// Further sections, as HTML, before all others.
    pub sections: Vec<String>,
}

/// One row of the summary table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    /// What is told.
    pub what: &'static str,
    /// A value for each side, in the order of [`Report::sides`].
    pub values: Vec<String>,
}

/// One participant.
pub struct Side {
    /// The participant's name.
    pub name: String,
    /// What their process told.
    pub journal: Vec<Entry>,
}

/// A picture as it was sent, and as it arrived.
pub struct Still {
    /// Who sent it to whom.
    pub direction: String,
    /// The index burned into it.
    pub index: u32,
    /// How alike they are, in decibels.
    pub psnr: f64,
    /// The picture before encoding, as PNG.
    pub sent: Vec<u8>,
    /// The picture after decoding, as PNG.
    pub received: Vec<u8>,
}

/// One for each side.
pub(super) const COLOURS: [&str; 6] =
    ["#0b7285", "#c2410c", "#5f3dc4", "#2b8a3e", "#a61e4d", "#846000"];

impl Report {
    /// The page.
    pub fn to_html(&self) -> String {
        let (verdict, good) = &self.verdict;
        let class = if *good { "good" } else { "bad" };
        let sections = [
            self.highlights(),
            self.sections.concat(),
            self.findings_list(),
            self.summary_table(),
            self.stills_section(),
            self.plots(),
            timeline::section(&self.sides),
        ];
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><style>{style}</style></head><body>\
             <h1>{title}</h1><p class=\"{class}\">{verdict}</p>{body}</body></html>\n",
            title = escape(&self.title),
            style = style::CSS,
            verdict = escape(verdict),
            body = sections.concat(),
        )
    }

    fn highlights(&self) -> String {
        let card = |(value, what): &(String, String)| {
            format!("<div><b>{}</b><span>{}</span></div>", escape(value), escape(what))
        };
        let cards: String = self.highlights.iter().map(card).collect();
        if cards.is_empty() { cards } else { format!("<div class=\"cards\">{cards}</div>") }
    }

    fn findings_list(&self) -> String {
        let item = |finding: &Finding| {
            let class = if finding.holds { "yes" } else { "no" };
            let (what, measured) = (escape(&finding.what), escape(&finding.measured));
            format!("<li class=\"{class}\">{what} <small>{measured}</small></li>")
        };
        let items: String = self.findings.iter().map(item).collect();
        format!("<h2>What was checked</h2><ul class=\"findings\">{items}</ul>")
    }

    fn summary_table(&self) -> String {
        let heads: String =
            self.sides.iter().map(|side| format!("<th>{}</th>", escape(&side.name))).collect();
        let row = |row: &SummaryRow| {
            // One value for all sides stands below all of them.
            let span = if row.values.len() == 1 { self.sides.len() } else { 1 };
            let cell = |value: &String| format!("<td colspan=\"{span}\">{}</td>", escape(value));
            let cells: String = row.values.iter().map(cell).collect();
            format!("<tr><th scope=\"row\">{}</th>{cells}</tr>", escape(row.what))
        };
        let rows: String = self.summary.iter().map(row).collect();
        format!("<h2>Summary</h2><table><tr><td></td>{heads}</tr>{rows}</table>")
    }

    fn plots(&self) -> String {
        // A call that never was up has nothing to plot.
        if self.sides.iter().all(|side| side.points(|_, _| Some(0.0)).is_empty()) {
            return String::new();
        }
        let plots = [
            self.plot("Bit rate sent", "kbit/s", |quality, _| {
                Some(quality.send_bitrate as f64 / 1_000.0)
            }),
            self.plot("Bit rate received", "kbit/s", |quality, _| {
                Some(quality.receive_bitrate as f64 / 1_000.0)
            }),
            self.plot("Packets lost", "packets in the second", |quality, before| {
                Some(quality.packets_lost.saturating_sub(before.packets_lost) as f64)
            }),
            self.plot("Round trip", "ms", |quality, _| quality.round_trip_ms),
            self.plot("Jitter of the received audio", "ms", |quality, _| {
                Some(quality.audio_jitter_ms)
            }),
            self.plot("Jitter of the received video", "ms", |quality, _| {
                Some(quality.video_jitter_ms)
            }),
        ];
        format!("<h2>Quality over time</h2><div class=\"plots\">{}</div>", plots.concat())
    }

    fn plot(
        &self,
        title: &str,
        unit: &str,
        value: impl Fn(&Quality, &Quality) -> Option<f64>,
    ) -> String {
        let series = self.sides.iter().zip(COLOURS).map(|(side, colour)| Series {
            name: &side.name,
            colour,
            points: side.points(&value),
        });
        let series: Vec<_> = series.collect();
        // A line along the bottom says no more than the summary.
        if series.iter().flat_map(|series| &series.points).all(|(_, value)| *value == 0.0) {
            return String::new();
        }
        Plot { title, unit, series }.to_svg()
    }

    fn stills_section(&self) -> String {
        if self.stills.is_empty() {
            return String::new();
        }
        let still = |still: &Still| {
            format!(
                "<figure class=\"still\"><figcaption>{}, picture {} \
                 <small>(PSNR {:.1} dB)</small></figcaption>\
                 <div>{}{}</div></figure>",
                escape(&still.direction),
                still.index,
                still.psnr,
                picture(&still.sent, "sent"),
                picture(&still.received, "received")
            )
        };
        let stills: String = self.stills.iter().map(still).collect();
        format!("<h2>Sent (left) and received (right)</h2>{stills}")
    }
}

impl Side {
    /// One point a second of a quantity that may depend on the second before.
    fn points(&self, value: impl Fn(&Quality, &Quality) -> Option<f64>) -> Vec<(f64, f64)> {
        let mut before = Quality::default();
        let mut points = Vec::new();
        for entry in &self.journal {
            if let Happening::Quality(quality) = &entry.what {
                let seconds = entry.at_ms as f64 / 1_000.0;
                points.extend(value(quality, &before).map(|value| (seconds, value)));
                before = quality.clone();
            }
        }
        points
    }
}

pub(super) fn picture(png: &[u8], alt: &str) -> String {
    format!("<img alt=\"{alt}\" src=\"data:image/png;base64,{}\">", STANDARD.encode(png))
}

/// Makes text safe inside HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quality(at_ms: u64, packets_lost: u64) -> Entry {
        let quality = Quality { packets_lost, receive_bitrate: 64_000, ..Quality::default() };
        Entry { at_ms, what: Happening::Quality(quality) }
    }

    fn report() -> Report {
        let journal = vec![quality(1_000, 2), quality(2_000, 5)];
        Report {
            title: "A <call>".to_owned(),
            verdict: ("It went well.".to_owned(), true),
            highlights: vec![("12 of 12".to_owned(), "pairs".to_owned())],
            findings: Findings::default(),
            summary: vec![SummaryRow { what: "cipher", values: vec!["AES & co".to_owned()] }],
            sides: vec![Side { name: "Alice".to_owned(), journal }],
            stills: vec![Still {
                direction: "Alice to Bob".to_owned(),
                index: 7,
                psnr: 34.5,
                sent: vec![1],
                received: vec![2],
            }],
            sections: vec!["<h2>More</h2>".to_owned()],
        }
    }

    #[test]
    fn the_page_needs_nothing_else_and_escapes_text() {
        let html = report().to_html();
        assert!(html.contains("A &lt;call&gt;") && html.contains("AES &amp; co"));
        assert!(html.contains("<b>12 of 12</b>"));
        assert!(
            !html.contains("http://") && !html.contains("https://") && !html.contains("<script")
        );
        assert_eq!(html.matches("data:image/png;base64,").count(), 2);
    }

    #[test]
    fn losses_are_shown_for_each_second() {
        let side = &report().sides[0];
        let lost = side
            .points(|quality, before| Some((quality.packets_lost - before.packets_lost) as f64));
        assert_eq!(lost, [(1.0, 2.0), (2.0, 3.0)]);
    }
}
