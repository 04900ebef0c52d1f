//! Records → figures. Pure functions: nothing here measures, reads a file or prints.

mod compare;
mod figure;
mod history;
mod load;
mod precision;
mod ranks;
mod steps;
mod summary;
mod target;

pub use compare::{COMPARED, Comparison, Key, Pairing, Table, Verdict as Difference, fewest_pairs};
pub use figure::figure;
pub use history::{Change, Series, history};
pub use load::{Knee, LoadRow, knee, load_places, load_row};
pub use precision::precision;
pub use ranks::{Shift, holm, paired, unpaired};
pub use steps::{Step, step};
pub use summary::{Spread, Summary, median, median_interval, summarise};
pub use target::{Reading, Verdict, judge};
