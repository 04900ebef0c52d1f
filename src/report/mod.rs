//! Records → what people and programs read. Pure functions: text in, text out.

mod chart;
mod comparison;
mod export;
mod figure;
pub mod fuzz;
mod hdr;
mod history;
mod html;
mod load;
mod look;
mod published;
mod services;
mod summary;
mod table;
mod targets;
mod verdict;
mod waterfall;

pub use chart::{Chart, Figures, Kind, charts, forest};
pub use comparison::{comparison, comparison_json, tally};
pub use export::{csv, json, jsonl};
pub use figure::{count, megabytes, nanoseconds, ratio};
pub use hdr::hdr_logs;
pub use history::{history_json, history_table};
pub use html::{Source, html};
pub use load::{load_json, load_table};
pub use look::{Look, new_table};
pub use published::published;
pub use services::{bencher, github};
pub use summary::summary;
pub use table::{floors, tables};
pub use targets::targets;
pub use waterfall::{Row, waterfall};
