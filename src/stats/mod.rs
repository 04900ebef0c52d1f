//! Records → figures. Pure functions: nothing here measures, reads a file or prints.

mod summary;

pub use summary::{Spread, Summary, median, summarise};
