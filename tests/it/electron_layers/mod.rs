//! The layers of an Electron app, from outside: a renderer that is confined, worlds that share nothing, a client without a preload.

mod confined;
mod raw_client;
mod worlds;

pub(crate) use confined::enter_if_child;

use libtest_mimic::Trial;

pub(crate) fn tests() -> Vec<Trial> {
    [confined::tests(), raw_client::tests(), worlds::tests()].into_iter().flatten().collect()
}
