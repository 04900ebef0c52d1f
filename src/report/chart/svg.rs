//! The few shapes that charts are made of, as SVG. Text stays text, colours are classes: a page or a style sheet gives them their
//! values, one for light and one for dark.

use std::fmt::Write;

/// Text that may stand in an element or in an attribute.
pub(in crate::report) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // What XML cannot hold at all.
            sign if sign.is_control() && sign != '\n' && sign != '\t' => safe.push('\u{fffd}'),
            sign => safe.push(sign),
        }
    }
    safe
}

/// SVG under way: coordinates in pixels of the chart's own size.
#[derive(Clone, Debug, Default)]
pub(super) struct Svg(pub(super) String);

/// Where a text is held.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = write!(
            self.0,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    }

    pub(super) fn rect(&mut self, class: &str, from: (f64, f64), size: (f64, f64)) {
        let _ = write!(
            self.0,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            from.0,
            from.1,
            size.0.max(0.0),
            size.1.max(0.0)
        );
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = write!(
            self.0,
            "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
            at.0,
            at.1,
            escape(text)
        );
    }

    /// A text that is read from below, its middle at a point.
    pub(super) fn upright(&mut self, class: &str, at: (f64, f64), text: &str) {
        let _ = write!(
            self.0,
            "<text class=\"{class}\" transform=\"translate({:.1} {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            at.0,
            at.1,
            escape(text)
        );
    }

    /// Lines from point to point.
    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let mut way = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let _ = write!(way, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
        }
        let _ = write!(self.0, "<path class=\"{class}\" d=\"{way}\"/>");
    }

    /// Opens a group that says what it is when it is pointed at; `attributes` come from [`super::facet::Tags`].
    pub(super) fn open(&mut self, class: &str, attributes: &str, tip: &str) {
        let _ = write!(self.0, "<g class=\"{class}\"{attributes}>");
        if !tip.is_empty() {
            let _ = write!(self.0, "<title>{}</title>", escape(tip));
        }
    }

    pub(super) fn close(&mut self) {
        self.0.push_str("</g>");
    }

    /// A mark's sign: shapes differ as well as colours, for those who see no colours.
    pub(super) fn sign(&mut self, class: &str, shape: usize, (x, y): (f64, f64)) {
        let r = 4.2;
        let points: &[(f64, f64)] = match shape % 6 {
            0 => {
                let _ = write!(self.0, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r}\"/>");
                return;
            }
            1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            2 => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
            3 => &[(0.0, -1.2), (1.15, 0.9), (-1.15, 0.9)],
            4 => &[(0.0, 1.2), (1.15, -0.9), (-1.15, -0.9)],
            _ => &[(-1.1, 0.0), (-0.3, -1.1), (1.1, -0.7), (1.1, 0.7), (-0.3, 1.1)],
        };
        let mut way = String::new();
        for (index, (dx, dy)) in points.iter().enumerate() {
            let _ = write!(way, "{}{:.1} {:.1}", if index == 0 { 'M' } else { 'L' }, x + dx * r, y + dy * r);
        }
        let _ = write!(self.0, "<path class=\"{class}\" d=\"{way}Z\"/>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_stays_text() {
        assert_eq!(escape("<b a='1'>&\"\u{1}"), "&lt;b a=&#39;1&#39;&gt;&amp;&quot;\u{fffd}");
        let mut svg = Svg::default();
        svg.text("t", (1.0, 2.0), Anchor::Middle, "</text><script>");
        assert!(!svg.0.contains("<script>"), "{}", svg.0);
    }
}
