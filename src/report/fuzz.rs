//! What must hold for any records, of whatever numbers and words: the bodies of fuzz targets.

pub use super::html::fuzz::words as page;

use super::{Look, bencher, csv, github, tables as drawn};
use crate::plan::variable::VARIABLES;
use crate::record::lines;
use std::path::Path;

/// Lines as records: tables of them have as many cells in each row, CSV has as many fields in each line, and nothing in a terminal's table
/// speaks to the terminal. Whether there was a record.
///
/// # Panics
/// If that does not hold.
pub fn tables(bytes: &[u8]) -> bool {
    let (mut records, _) = lines(bytes, Path::new("fuzz.jsonl"));
    records.truncate(8);
    if records.is_empty() {
        return false;
    }
    let plain = drawn(&records, Look::Plain { bold: false });
    assert!(!plain.contains(|sign: char| sign.is_control() && sign != '\n'), "{plain:?}");
    let mut columns = None;
    for line in drawn(&records, Look::Markdown).lines() {
        columns = line.starts_with('|').then(|| {
            let count = line.replace("\\|", "").matches('|').count();
            assert_eq!(columns.unwrap_or(count), count, "a row of other columns: {line}");
            count
        });
    }
    let text = csv(&records);
    let fields = fields(&text);
    assert_eq!(fields.len(), records.len() + 1, "{text}");
    assert!(fields.iter().all(|count| *count == fields[0] && *count > VARIABLES.len()), "{text}");
    assert!(bencher(&records).is_object() && github(&records).is_array());
    true
}

/// How many fields each line has, as RFC 4180 reads it.
fn fields(text: &str) -> Vec<usize> {
    let (mut lines, mut count, mut quoted) = (Vec::new(), 1, false);
    for sign in text.chars() {
        match sign {
            '"' => quoted = !quoted,
            ',' if !quoted => count += 1,
            '\n' if !quoted => {
                lines.push(count);
                count = 1;
            }
            _ => {}
        }
    }
    lines
}
