//! One way, renderer to main, through criterion: time for each message, and payload bytes in a second.
//!
//! `cargo bench --bench send`; see `common` for how a case is timed.

mod common;

fn main() {
    common::bench("send", |case| {
        vec![
            common::Variant::new("64B/block/cross", case, |model| model.in_flight = 256),
            common::Variant::new("64KiB/block/cross", case, |model| {
                (model.in_flight, model.payload) = (16, 64 << 10);
            }),
        ]
    });
}
