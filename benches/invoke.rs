//! Round trips, renderer to main and back, through criterion.
//!
//! `cargo bench --bench invoke`; see `common` for how a case is timed.

mod common;

use ipcmark::plan::Pin;
use ipcmark::transport::WaitKind;

fn main() {
    common::bench("invoke", |case| {
        vec![
            common::Variant::new("64B/block/same", case, |model| model.pin = Pin::Same),
            common::Variant::new("64B/block/cross", case, |_| ()),
            common::Variant::new("64B/spin/cross", case, |model| model.wait = WaitKind::Spin),
            common::Variant::new("64KiB/block/same", case, |model| {
                (model.pin, model.payload) = (Pin::Same, 64 << 10);
            }),
        ]
    });
}
