//! One message to every window, through criterion: time until main may send the next.
//!
//! `cargo bench --bench broadcast`; see `common` for how a case is timed.

mod common;

fn main() {
    common::bench("broadcast", |case| {
        [1, 4, 8]
            .map(|windows| {
                common::Variant::new(&format!("64B/block/cross/{windows} windows"), case, |model| {
                    (model.windows, model.in_flight) = (windows, 16);
                })
            })
            .into()
    });
}
