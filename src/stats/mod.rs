//! Records → figures. Pure functions: nothing here measures, reads a file or prints.

mod figure;
mod steps;
mod summary;
mod target;

pub use figure::figure;
pub use steps::{Step, step};
pub use summary::{Spread, Summary, median, summarise};
pub use target::{Reading, Verdict, judge};
