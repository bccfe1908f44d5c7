//! Line plots as inline SVG: no script, no library, readable in print.

use std::fmt::Write as _;

/// One line of a plot.
pub(super) struct Series<'a> {
    pub(super) name: &'a str,
    pub(super) colour: &'a str,
    /// Seconds and value.
    pub(super) points: Vec<(f64, f64)>,
}

/// A plot of one quantity over time.
pub(super) struct Plot<'a> {
    pub(super) title: &'a str,
    pub(super) unit: &'a str,
    pub(super) series: Vec<Series<'a>>,
}

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;

impl Plot<'_> {
    pub(super) fn to_svg(&self) -> String {
        let axes = Axes::around(&self.series);
        let mut svg = format!(
            "<figure><figcaption>{} <small>({})</small>{}</figcaption>\
             <svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
            self.title,
            self.unit,
            self.legend(),
            self.title
        );
        axes.draw(&mut svg);
        for series in &self.series {
            let points: Vec<_> = series.points.iter().map(|point| axes.place(*point)).collect();
            let _ = write!(
                svg,
                "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" points=\"{}\"/>",
                series.colour,
                points.join(" ")
            );
        }
        svg.push_str("</svg></figure>");
        svg
    }

    fn legend(&self) -> String {
        let entry = |series: &Series<'_>| {
            format!(" <span style=\"color:{}\">■ {}</span>", series.colour, series.name)
        };
        self.series.iter().map(entry).collect()
    }
}

/// The ranges shown: time from zero, values from zero.
struct Axes {
    seconds: f64,
    top: f64,
}

impl Axes {
    fn around(series: &[Series<'_>]) -> Self {
        let points = || series.iter().flat_map(|series| series.points.iter());
        let seconds = points().map(|point| point.0).fold(1.0, f64::max);
        Self { seconds, top: round_up(points().map(|point| point.1).fold(0.0, f64::max)) }
    }

    fn place(&self, (x, y): (f64, f64)) -> String {
        format!("{:.1},{:.1}", self.x(x), self.y(y))
    }

    fn x(&self, seconds: f64) -> f64 {
        LEFT + seconds / self.seconds * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - value / self.top * (HEIGHT - TOP - BOTTOM)
    }

    fn draw(&self, svg: &mut String) {
        for quarter in 0..=4 {
            let value = self.top * f64::from(quarter) / 4.0;
            let y = self.y(value);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                short(value)
            );
        }
        // Whole seconds, five or so of them; the last label must not touch the edge.
        let step = round_up((self.seconds / 6.0).max(0.51));
        for tick in 0..=20 {
            let seconds = step * f64::from(tick);
            if seconds > self.seconds {
                break;
            }
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{seconds:.0} s</text>",
                self.x(seconds),
                HEIGHT - 8.0
            );
        }
    }
}

/// The next 1, 2, 4 or 8 times a power of ten, which are good to quarter; 1 for nothing.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 8.0, 10.0];
    steps.iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(10.0 * power)
}

fn short(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_above_the_highest_value() {
        assert_eq!(round_up(0.0), 1.0);
        assert_eq!(round_up(37.0), 40.0);
        assert_eq!(round_up(1_000.0), 1_000.0);
        assert_eq!(round_up(0.012), 0.02);
    }

    #[test]
    fn every_point_lies_inside_the_picture() {
        let series = Series { name: "a", colour: "#000", points: vec![(0.0, 0.0), (9.0, 123.0)] };
        let plot = Plot { title: "t", unit: "u", series: vec![series] };
        let axes = Axes::around(&plot.series);
        assert!(axes.x(9.0) <= WIDTH - RIGHT && axes.y(123.0) >= TOP);
        assert!(plot.to_svg().contains("<polyline"));
    }
}
