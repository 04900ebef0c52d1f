//! Records → what people and programs read. Pure functions: text in, text out.

mod comparison;
mod export;
mod figure;
mod history;
mod load;
mod look;
mod published;
mod services;
mod table;
mod targets;
mod waterfall;

pub use comparison::{comparison, comparison_json, tally};
pub use export::{csv, json, jsonl};
pub use figure::{count, megabytes, nanoseconds, ratio};
pub use history::{history_json, history_table};
pub use load::{load_json, load_table};
pub use look::{Look, new_table};
pub use published::published;
pub use services::{bencher, github};
pub use table::{floors, tables};
pub use targets::targets;
pub use waterfall::{Row, waterfall};
