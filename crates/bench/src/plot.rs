//! A picture of latency and rate over time, as SVG.

use std::fmt::Write;

use crate::tally::Point;

const WIDTH: f64 = 900.0;
const PANEL: f64 = 240.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 90.0;
const TOP: f64 = 40.0;
const GAP: f64 = 40.0;
/// Names and colours of a point's latencies.
const CURVES: [(&str, &str); 4] = [
    ("p50", "#2b8cbe"),
    ("p99", "#31a354"),
    ("p99.9", "#e6842a"),
    ("max", "#c02942"),
];
const RATE_COLOUR: &str = "#555555";

/// A panel for the latency of each stream and one for all rates.
#[must_use]
pub fn svg(title: &str, streams: &[(&str, &[Point])]) -> String {
    let panels = streams.len() as f64 + 1.0;
    let height = TOP + panels * (PANEL + GAP);
    let end = streams
        .iter()
        .filter_map(|(_, points)| points.last())
        .fold(1.0, |end: f64, point| end.max(point.at));
    let mut out = format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-family="sans-serif" font-size="12">"#,
            r#"<rect width="100%" height="100%" fill="white"/><text x="{}" y="22" font-size="15">{}</text>"#
        ),
        WIDTH,
        height,
        LEFT,
        escaped(title)
    );
    let mut top = TOP;
    for (name, points) in streams {
        let panel = Panel::latency(top, end, points);
        panel.frame(&mut out, &format!("{name}: latency, µs"));
        for (curve, (label, colour)) in CURVES.iter().enumerate() {
            let values = points
                .iter()
                .map(|point| (point.at, point.latency_us[curve]));
            panel.curve(&mut out, values, colour, label, curve);
        }
        top += PANEL + GAP;
    }
    let most = streams
        .iter()
        .flat_map(|(_, points)| points.iter())
        .fold(1.0, |most: f64, point| most.max(point.rate));
    let panel = Panel {
        top,
        end,
        low: 0.0,
        high: most * 1.05,
        logarithmic: false,
    };
    panel.frame(&mut out, "messages/s");
    for (number, (name, points)) in streams.iter().enumerate() {
        let values = points.iter().map(|point| (point.at, point.rate));
        let colour = CURVES.get(number).map_or(RATE_COLOUR, |(_, colour)| colour);
        panel.curve(&mut out, values, colour, name, number);
    }
    out.push_str("</svg>\n");
    out
}

/// One diagram over time.
struct Panel {
    top: f64,
    end: f64,
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Panel {
    /// From the decade of the least to that of the greatest latency.
    fn latency(top: f64, end: f64, points: &[Point]) -> Self {
        let values = || points.iter().flat_map(|point| point.latency_us);
        let positive = values().filter(|value| *value > 0.0);
        let low = positive.fold(f64::INFINITY, f64::min);
        let high = values().fold(10.0, f64::max);
        let low = if low.is_finite() { low } else { 1.0 };
        Self {
            top,
            end,
            low: 10_f64.powf(low.log10().floor()),
            high: 10_f64.powf(high.log10().ceil()),
            logarithmic: true,
        }
    }

    fn x(&self, at: f64) -> f64 {
        LEFT + at / self.end * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln().max(1e-9)
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.top + PANEL * (1.0 - share)
    }

    fn frame(&self, out: &mut String, title: &str) {
        let right = WIDTH - RIGHT;
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            r#"<text x="{LEFT}" y="{:.0}" fill="{RATE_COLOUR}">{}</text>"#,
            self.top - 6.0,
            escaped(title)
        );
        for value in self.ticks() {
            let y = self.y(value);
            let _ = write!(
                out,
                concat!(
                    r##"<line x1="{}" x2="{}" y1="{:.1}" y2="{:.1}" stroke="#dddddd"/>"##,
                    r#"<text x="{}" y="{:.1}" text-anchor="end">{}</text>"#
                ),
                LEFT,
                right,
                y,
                y,
                LEFT - 6.0,
                y + 4.0,
                value.round()
            );
        }
        for step in 0..=5 {
            let at = self.end * f64::from(step) / 5.0;
            let _ = write!(
                out,
                r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{:.0} s</text>"#,
                self.x(at),
                self.top + PANEL + 16.0,
                at
            );
        }
    }

    fn ticks(&self) -> Vec<f64> {
        if !self.logarithmic {
            return (0..=4)
                .map(|step| self.high * f64::from(step) / 4.0)
                .collect();
        }
        let mut ticks = vec![self.low];
        while let Some(last) = ticks.last().copied()
            && last * 10.0 <= self.high * 1.001
        {
            ticks.push(last * 10.0);
        }
        ticks
    }

    fn curve(
        &self,
        out: &mut String,
        values: impl Iterator<Item = (f64, f64)>,
        colour: &str,
        label: &str,
        row: usize,
    ) {
        let points: Vec<String> = values
            .map(|(at, value)| format!("{:.1},{:.1}", self.x(at), self.y(value)))
            .collect();
        let _ = write!(
            out,
            concat!(
                r#"<polyline fill="none" stroke="{}" stroke-width="1.5" points="{}"/>"#,
                r#"<text x="{}" y="{:.0}" fill="{}">{}</text>"#
            ),
            colour,
            points.join(" "),
            WIDTH - RIGHT + 8.0,
            self.top + 14.0 + 16.0 * row as f64,
            colour,
            escaped(label)
        );
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at: f64, scale: f64) -> Point {
        Point {
            at,
            rate: 1000.0,
            latency_us: [scale, 2.0 * scale, 3.0 * scale, 4.0 * scale],
        }
    }

    #[test]
    fn the_picture_holds_every_point_inside_its_panel() {
        let points = [point(1.0, 100.0), point(2.0, 25_000.0)];
        let picture = svg("a < b", &[("load", &points)]);
        assert!(picture.contains("a &lt; b"), "{picture}");
        let curves: Vec<_> = picture.split("points=\"").skip(1).collect();
        assert_eq!(curves.len(), 5);
        for curve in curves {
            let coordinates = curve.split('"').next().unwrap().split(' ');
            let coordinates: Vec<_> = coordinates.collect();
            assert_eq!(coordinates.len(), 2);
            for pair in coordinates {
                let (x, y) = pair.split_once(',').unwrap();
                let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                assert!((LEFT..=WIDTH - RIGHT + 0.1).contains(&x), "{x}");
                assert!((TOP..=TOP + 2.0 * (PANEL + GAP)).contains(&y), "{y}");
            }
        }
    }

    #[test]
    fn latencies_span_whole_decades() {
        let points = [point(1.0, 30.0)];
        let panel = Panel::latency(0.0, 1.0, &points);
        assert_eq!(panel.ticks().len(), 3);
        assert!((panel.low - 10.0).abs() < 1e-9 && (panel.high - 1000.0).abs() < 1e-6);
        assert!((panel.y(panel.high) - panel.top).abs() < 1e-6);
    }

    #[test]
    fn nothing_measured_is_still_a_picture() {
        assert!(svg("t", &[("load", &[])]).ends_with("</svg>\n"));
    }
}
