//! How tables are drawn.
//!
//! What a record says in words may come from anybody: of such words nothing speaks to a terminal, and nothing ends a cell.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle, presets};
use std::ops::RangeBounds;

/// How tables are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// For a terminal; with bold if `bold`.
    Plain {
        /// Whether escape sequences may be written.
        bold: bool,
    },
    /// As Markdown.
    Markdown,
}

/// A line under the header and nothing else: rows are short and many.
const PLAIN: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table without rows, as wide as its cells: a pipe's reader has no width, and a terminal can be scrolled. In these of its columns
/// stand figures, which end at the right.
pub fn new_table<'a>(
    look: Look,
    header: impl IntoIterator<Item = &'a str>,
    figures: impl RangeBounds<usize>,
) -> Table {
    let mut table = Table::new();
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.load_style(if look == Look::Markdown { presets::ASCII_MARKDOWN } else { PLAIN });
    table.set_header(header);
    for (_, column) in table.column_iter_mut().enumerate().filter(|(index, _)| figures.contains(index)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Cells of a row.
pub(super) fn cells(row: impl IntoIterator<Item: AsRef<str>>, look: Look) -> Vec<String> {
    row.into_iter().map(|cell| words(cell.as_ref(), look)).collect()
}

/// Words of a record in a cell or in a line of its own.
pub(super) fn words(text: &str, look: Look) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\n' | '\r' | '\t' => safe.push(' '),
            sign if sign.is_control() => safe.push('\u{fffd}'),
            '|' if look == Look::Markdown => safe.push_str("\\|"),
            sign => safe.push(sign),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_in_their_cell() {
        let hostile = "a|b\r\nc\u{1b}[31m\u{9b}d";
        assert_eq!(words(hostile, Look::Plain { bold: true }), "a|b  c\u{fffd}[31m\u{fffd}d");
        assert_eq!(words(hostile, Look::Markdown), "a\\|b  c\u{fffd}[31m\u{fffd}d");
        let mut table = new_table(Look::Markdown, ["case", "reason"], ..0);
        table.add_row(cells([hostile, "e"], Look::Markdown));
        // The header, the line under it, the row.
        assert_eq!(table.trim_fmt().replace("\\|", "").matches('|').count(), 3 * 3);
    }
}
