//! How tables are drawn.

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle, presets};

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

/// An empty table, as wide as its cells: a pipe's reader has no width, and a terminal can be scrolled.
pub fn new_table(look: Look) -> Table {
    let mut table = Table::new();
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.load_style(if look == Look::Markdown { presets::ASCII_MARKDOWN } else { PLAIN });
    table
}
