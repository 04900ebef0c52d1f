//! A plot with a row for each thing and one axis below: intervals, pairs of marks, bars.

use super::plot::WIDTH;
use super::scale::Axis;
use super::svg::{Anchor, Svg};

const ROW: f64 = 26.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 6.0;
const BOTTOM: f64 = 50.0;

/// What a row shows.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A mark with what it lies between.
    Mark { at: f64, spread: Option<[f64; 2]>, style: usize, hollow: bool },
    /// A bar from one value to another, and what its end lies between.
    Bar { from: f64, to: f64, spread: Option<[f64; 2]>, style: usize },
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) items: Vec<Item>,
    /// At the right end.
    pub(super) value: String,
    pub(super) tip: String,
    pub(super) attributes: String,
}

/// Rows over an axis.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub(super) x: Axis,
    pub(super) rows: Vec<Row>,
    /// A part of the axis that is shaded over all rows.
    pub(super) shade: Option<[f64; 2]>,
    /// A value that all rows are held against.
    pub(super) rule: Option<f64>,
}

impl Rows {
    /// As SVG, and how high it is.
    pub(super) fn draw(&self) -> (String, f64) {
        let mut svg = Svg::default();
        let longest = self.rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0);
        let left = (12.0 + 6.6 * longest as f64).clamp(60.0, WIDTH * 0.55);
        let fits = ((left - 12.0) / 6.6) as usize;
        let width = WIDTH - left - RIGHT;
        let at = |x: f64| left + self.x.place(x) * width;
        let bottom = TOP + ROW * self.rows.len() as f64;
        if let Some([low, high]) = self.shade {
            svg.rect("shade", (at(low), TOP), (at(high) - at(low), bottom - TOP));
        }
        for tick in &self.x.ticks {
            let x = at(tick.at);
            svg.line(if tick.label.is_some() { "grid" } else { "grid thin" }, (x, TOP), (x, bottom));
            if let Some(label) = &tick.label {
                svg.text("tick", (x, bottom + 17.0), Anchor::Middle, label);
            }
        }
        if let Some(rule) = self.rule {
            svg.line("rule", (at(rule), TOP), (at(rule), bottom));
        }
        svg.text("label", (left + width / 2.0, bottom + 38.0), Anchor::Middle, &self.x.label);
        for (number, row) in self.rows.iter().enumerate() {
            let y = TOP + ROW * (number as f64 + 0.5);
            svg.open("mark", &row.attributes, &row.tip);
            svg.text("row", (left - 8.0, y + 4.0), Anchor::End, &shortened(&row.label, fits));
            for item in &row.items {
                match *item {
                    Item::Mark { at: value, spread, style, hollow } => {
                        svg.open(&format!("series s{}", style % 8), "", "");
                        if let Some([low, high]) = spread {
                            svg.line("spread", (at(low), y), (at(high), y));
                        }
                        svg.sign(if hollow { "sign hollow" } else { "sign" }, style, (at(value), y));
                        svg.close();
                    }
                    Item::Bar { from, to, spread, style } => {
                        let (low, high) = (at(from.min(to)), at(from.max(to)));
                        svg.open(&format!("series s{}", style % 8), "", "");
                        svg.rect("bar", (low, y - 8.0), ((high - low).max(1.5), 16.0));
                        if let Some([low, high]) = spread {
                            svg.line("whisker", (at(low), y), (at(high), y));
                            for end in [low, high] {
                                svg.line("whisker", (at(end), y - 4.0), (at(end), y + 4.0));
                            }
                        }
                        svg.close();
                    }
                }
            }
            svg.text("value", (WIDTH - RIGHT + 8.0, y + 4.0), Anchor::Start, &row.value);
            svg.close();
        }
        (svg.0, bottom + BOTTOM)
    }
}

/// A label that fits: its beginning says least.
fn shortened(label: &str, fits: usize) -> String {
    let count = label.chars().count();
    if count <= fits {
        return label.to_owned();
    }
    format!("…{}", label.chars().skip(count - fits + 1).collect::<String>())
}
