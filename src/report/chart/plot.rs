//! A plot with two axes: series of marks, each with its spread, joined by lines where one leads to the next.

use super::scale::Axis;
use super::svg::{Anchor, Svg};

/// Pixels of every chart, as far as its axes go; the legend comes on top.
pub(super) const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 18.0;
const BOTTOM: f64 = 50.0;
const LEGEND_LINE: f64 = 20.0;

/// One mark.
#[derive(Clone, Debug, Default)]
pub(super) struct Mark {
    pub(super) x: f64,
    pub(super) y: f64,
    /// What `y` lies between, and `x` where that has a spread too.
    pub(super) y_spread: Option<[f64; 2]>,
    pub(super) x_spread: Option<[f64; 2]>,
    /// What it says when it is pointed at.
    pub(super) tip: String,
    /// Its tags as attributes.
    pub(super) attributes: String,
    /// A word beside it.
    pub(super) label: String,
    pub(super) hollow: bool,
}

/// Marks of one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    pub(super) name: String,
    /// Its colour and shape.
    pub(super) style: usize,
    pub(super) marks: Vec<Mark>,
    /// Whether a line joins the marks.
    pub(super) joined: bool,
    /// What all of it lies between: upper and lower edge, by x.
    pub(super) band: Vec<(f64, [f64; 2])>,
    /// A line through these points, under the marks.
    pub(super) curve: Vec<(f64, f64)>,
}

/// A line across the plot with a word at it.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    /// At an x.
    Upright(f64, String),
    /// Through points.
    Along(Vec<(f64, f64)>, String),
}

/// A plot.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
    pub(super) rules: Vec<Rule>,
}

impl Plot {
    /// As SVG, and how high it is.
    pub(super) fn draw(&self) -> (String, f64) {
        let mut svg = Svg::default();
        let top = self.legend(&mut svg) + 8.0;
        let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM);
        let at = |x: f64, y: f64| (LEFT + self.x.place(x) * width, top + height - self.y.place(y) * height);
        let bottom = top + height;
        for tick in &self.x.ticks {
            let (x, _) = at(tick.at, 0.0);
            svg.line(if tick.label.is_some() { "grid" } else { "grid thin" }, (x, top), (x, bottom));
            if let Some(label) = &tick.label {
                svg.text("tick", (x, bottom + 17.0), Anchor::Middle, label);
            }
        }
        for tick in &self.y.ticks {
            let y = top + height - self.y.place(tick.at) * height;
            svg.line(if tick.label.is_some() { "grid" } else { "grid thin" }, (LEFT, y), (LEFT + width, y));
            if let Some(label) = &tick.label {
                svg.text("tick", (LEFT - 7.0, y + 4.0), Anchor::End, label);
            }
        }
        svg.line("axis", (LEFT, bottom), (LEFT + width, bottom));
        svg.text("label", (LEFT + width / 2.0, bottom + 38.0), Anchor::Middle, &self.x.label);
        svg.upright("label", (14.0, top + height / 2.0), &self.y.label);
        for (number, rule) in self.rules.iter().enumerate() {
            match rule {
                Rule::Upright(x, text) => {
                    let (x, _) = at(*x, 0.0);
                    svg.line("rule", (x, top), (x, bottom));
                    let right = x > LEFT + width * 0.6;
                    let (x, anchor) = if right { (x - 6.0, Anchor::End) } else { (x + 6.0, Anchor::Start) };
                    svg.text("note", (x, top + 13.0 + 15.0 * number as f64), anchor, text);
                }
                Rule::Along(points, text) => {
                    let points: Vec<(f64, f64)> = points.iter().map(|&(x, y)| at(x, y)).collect();
                    svg.path("rule", &points);
                    if let Some(&(x, y)) = points.last() {
                        svg.text("note", (x - 4.0, y - 6.0), Anchor::End, text);
                    }
                }
            }
        }
        for series in &self.series {
            self.draw_series(&mut svg, series, &at);
        }
        (svg.0, bottom + BOTTOM)
    }

    fn draw_series(&self, svg: &mut Svg, series: &Series, at: &dyn Fn(f64, f64) -> (f64, f64)) {
        svg.open(&format!("series s{}", series.style % 8), "", "");
        if series.band.len() > 1 {
            let upper = series.band.iter().map(|&(x, [_, high])| at(x, high));
            let lower = series.band.iter().rev().map(|&(x, [low, _])| at(x, low));
            svg.path("band", &upper.chain(lower).collect::<Vec<_>>());
        }
        let dashed = if series.style >= 8 { "curve dashed" } else { "curve" };
        if series.curve.len() > 1 {
            svg.path(dashed, &series.curve.iter().map(|&(x, y)| at(x, y)).collect::<Vec<_>>());
        }
        if series.joined && series.marks.len() > 1 {
            svg.path(dashed, &series.marks.iter().map(|mark| at(mark.x, mark.y)).collect::<Vec<_>>());
        }
        for mark in &series.marks {
            let (x, y) = at(mark.x, mark.y);
            svg.open("mark", &mark.attributes, &mark.tip);
            if let Some([low, high]) = mark.y_spread {
                svg.line("spread", at(mark.x, low), at(mark.x, high));
            }
            if let Some([low, high]) = mark.x_spread {
                svg.line("spread", at(low, mark.y), at(high, mark.y));
            }
            svg.sign(if mark.hollow { "sign hollow" } else { "sign" }, series.style, (x, y));
            if !mark.label.is_empty() {
                svg.text("note", (x + 8.0, y + 15.0), Anchor::Start, &mark.label);
            }
            svg.close();
        }
        svg.close();
    }

    /// The names of the series, in as many lines as they need. Answers how high they are.
    fn legend(&self, svg: &mut Svg) -> f64 {
        let (mut x, mut y) = (LEFT, LEGEND_LINE * 0.5);
        let named: Vec<&Series> = self.series.iter().filter(|series| !series.name.is_empty()).collect();
        for series in &named {
            let width = 34.0 + 6.8 * series.name.chars().count() as f64;
            if x + width > WIDTH - RIGHT && x > LEFT {
                (x, y) = (LEFT, y + LEGEND_LINE);
            }
            svg.open(&format!("series s{}", series.style % 8), "", "");
            svg.sign("sign", series.style, (x + 6.0, y));
            svg.close();
            svg.text("legend", (x + 15.0, y + 4.0), Anchor::Start, &series.name);
            x += width;
        }
        if named.is_empty() { 4.0 } else { y + LEGEND_LINE * 0.5 }
    }
}
