//! Runs the app of `app.rs`, over the transport that is named or over `shm`.

mod app;

use ipcmark::electron::{Error, enter_if_child};

fn main() -> Result<(), Error> {
    enter_if_child(&app::scripts());
    let transport = std::env::args().nth(1);
    app::run(transport.as_deref().unwrap_or("shm"), &mut std::io::stdout())
}
