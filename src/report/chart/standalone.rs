//! A chart as a file of its own, and as a part of a page.

use super::Chart;
use super::plot::WIDTH;
use super::svg::{Anchor, Svg, escape};
use crate::report::html::Source;

/// Colours and lines, for light and dark.
const THEME: &str = include_str!("../assets/theme.css");

/// Signs in a line of a caption.
const LINE: usize = 112;

impl Chart {
    /// Names its file and its place on a page.
    pub fn name(&self) -> String {
        format!("{}-{}", self.kind.name(), self.number)
    }

    /// As a file: with its title, how to read it, and what it was measured on.
    pub fn svg(&self, source: &Source) -> String {
        let source = source.line_of(&self.tags.runs);
        let mut svg = Svg::default();
        svg.text("title", (12.0, 24.0), Anchor::Start, self.kind.heading());
        let mut top = 43.0;
        for line in lines(&self.title) {
            svg.text("note", (12.0, top), Anchor::Start, &line);
            top += 16.0;
        }
        let mut y = top + self.height + 8.0;
        for line in [self.about.as_str(), self.kind.reading(), &source]
            .into_iter()
            .filter(|text| !text.is_empty())
            .flat_map(lines)
        {
            svg.text("note", (12.0, y), Anchor::Start, &line);
            y += 16.0;
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y:.0}\" width=\"{WIDTH}\" height=\"{y:.0}\" class=\"chart alone\" role=\"img\">\
             <title>{}: {}</title><style>{THEME}</style><rect class=\"page\" width=\"100%\" height=\"100%\"/>\
             {}<g transform=\"translate(0 {top})\">{}</g></svg>\n",
            escape(self.kind.heading()),
            escape(&self.title),
            svg.0,
            self.body,
        )
    }

    /// As a part of a page, which has the style.
    pub fn inline(&self) -> String {
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {:.0}\" class=\"chart\" role=\"group\" tabindex=\"0\" aria-describedby=\"keys\" aria-label=\"{}: {}\">{}</svg>",
            self.height,
            escape(self.kind.heading()),
            escape(&self.title),
            self.body,
        )
    }
}

/// Text in lines that are no longer than a chart is wide.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].chars().count() + word.chars().count() >= LINE {
            lines.push(word.to_owned());
            continue;
        }
        if !lines[last].is_empty() {
            lines[last].push(' ');
        }
        lines[last].push_str(word);
    }
    lines
}
