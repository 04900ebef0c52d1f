//! Electron's interface: what it does and says in each case, over a transport of each family, in threads and in processes.
//!
//! A check has two sides, written beside each other: what main does, and the page that the renderer runs. A page tells main of what it
//! sees on the channel `tell`; one that panics ends its renderer, which fails the check.

mod cascade;
mod gone;
mod guarded;
mod life;
mod main_side;
mod moved;
mod order;
mod ports;
mod renderer;
mod stage;
mod windows;
mod wire;

#[path = "../../../examples/notes.rs"]
mod notes;

use ipcmark::electron::{IpcRenderer, Renderers, Scripts};
use libtest_mimic::Trial;
use stage::Stage;

/// A check: main's part and the page's.
struct Case {
    name: &'static str,
    main: fn(&Stage),
    page: fn(IpcRenderer),
}

/// A transport of each family, where renderers can be.
const RIGS: [(&str, Renderers); 6] = [
    ("std-mpsc", Renderers::Threads),
    ("crossbeam", Renderers::Threads),
    ("shm", Renderers::Threads),
    ("shm", Renderers::Processes),
    ("pipe", Renderers::Processes),
    ("uds-stream", Renderers::Processes),
];

fn cases() -> impl Iterator<Item = &'static Case> {
    [
        renderer::CASES,
        main_side::CASES,
        cascade::CASES,
        windows::CASES,
        life::CASES,
        order::CASES,
        ports::CASES,
        moved::CASES,
        gone::CASES,
        guarded::CASES,
    ]
    .into_iter()
    .flatten()
}

fn scripts() -> Scripts {
    let scripts = cases().fold(Scripts::new(), |scripts, case| scripts.raw(case.name, case.page));
    guarded::scripts(ports::scripts(scripts)).and(notes::scripts())
}

/// If this process is a renderer of a check, it becomes one.
pub(crate) fn enter_if_child() {
    ipcmark::electron::enter_if_child(&scripts());
}

pub(crate) fn tests() -> Vec<Trial> {
    let mut tests = wire::tests();
    tests.push(crate::test("electron::notes", || {
        let mut output = Vec::new();
        notes::run("shm", &mut output).expect("the example");
        assert_eq!(String::from_utf8(output).expect("a text"), notes::OUTPUT);
    }));
    for (transport, renderers) in RIGS {
        let place = if renderers == Renderers::Threads { "thread" } else { "process" };
        tests.extend(cases().map(|case| {
            crate::test(&format!("electron::{}::{transport}::{place}", case.name), move || {
                (case.main)(&Stage::new(case.name, transport, renderers));
            })
        }));
    }
    tests
}
