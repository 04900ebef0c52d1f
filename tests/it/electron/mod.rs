//! Electron's interface: what it does and says in each case, over a transport of each family, in threads and in processes.
//!
//! A check has two sides, written beside each other: what main does, and the page that the renderer runs. A page tells main of what it
//! sees on the channel `tell`; one that panics ends its renderer, which fails the check.
//!
//! Names begin with what they are about: `a1` to `a7`, how Electron's verbs, windows and ports behave; `s1` to `s23`, what must hold
//! against a renderer that has been taken over. What is no matter of an app and a page is tested where it is made:
//!
//! | what | where |
//! |---|---|
//! | a4: when main dies, all renderers die | `lifecycle::children exit when the command is killed` (children of every kind are started alike), `conformance::…::main_killed` |
//! | a2: answers to a window that has been destroyed | `electron::tests::by_hand` (no renderer of ours reads on by then) |
//! | a7: every kind of value, and those that cannot be cloned | `codec::v8::tests` over V8's own vectors |
//! | s1, s2, s4, s8: origins, payloads that claim a sender, exact names, the policies | `electron::policy::tests`, `electron::tests::by_hand`, `electron_layers::s8_…` |
//! | s3, s5, s6: a preload by itself | `electron::preload::tests` |
//! | s7: what a bridge copies and freezes | `electron::bridge::tests` (`cb_…`), `electron_layers::cb_…` |
//! | s9: claimed lengths, depth, numbers of values | `electron_layers::s9_…`, `electron::wire::s9_…`, `codec::v8::tests`, `fuzz::codec_…`, `fuzz::electron_wire`, `electron::schema::tests` |
//! | s10: a malformed frame ends its link and no other | `electron::tests::s10_…`; `transport::mojo_like::tests::hostile` |
//! | s11: memory that changes while it is read | `electron_layers::s11_…` |
//! | s12: memory that its maker could take away | `sys::segment::tests`, `sys::region::tests`, `transport::mojo_like::tests::hostile` |
//! | s13, s14: positions and lengths in shared memory | `hostile_words_are_refused` of `ring::spsc`, `ring::call`, `ring::blocks`; `transport::mojo_like::tests::hostile` |
//! | s15: spare bytes | `electron::wire::s15_…`, `sys::region::tests` |
//! | s16: memory that its reader cannot write | `sys::region::tests`; `sys::segment::tests` for the ring of a broadcast |
//! | s17: fairness among windows, bounded links | `conformance::…::fairness`, `conformance::…::pressure_…` |
//! | s18, s21, s22: no call from main waits for a renderer, links are made once, by main | no API does otherwise; the time of making one is in no figure |
//! | s20: no part decides whether another one is valid | `electron::schema::tests` |
//! | s23: names that only their user opens | `sys::segment::tests` |
//! | the sandbox | `sys::seccomp`, `electron_layers::a_confined_…`, `lifecycle::sandbox` |

mod between;
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

#[path = "../../../examples/notes/app.rs"]
mod notes;

use ipcmark::electron::{IpcRenderer, Renderers, Scripts};
use libtest_mimic::Trial;
use stage::Stage;

/// What the example writes.
const NOTES: &str = "\
main: noted `buy milk`
page: 1 note so far
page: told of `call Ada`
page: told of nothing more
page: refused: Error: Channel 'notes:delete-all' is not allowed for send
page: refused: Error: Invalid arguments for channel 'notes:add': argument 0: expected a string of 1 to 80 characters
main: the window has closed
";

/// A check: main's part and the page's.
struct Case {
    name: &'static str,
    main: fn(&Stage),
    page: fn(IpcRenderer),
}

/// A transport of each family, where renderers can be.
const RIGS: [(&str, Renderers); 8] = [
    ("std-mpsc", Renderers::Threads),
    ("crossbeam", Renderers::Threads),
    ("shm", Renderers::Threads),
    ("shm", Renderers::Processes),
    ("pipe", Renderers::Processes),
    ("uds-stream", Renderers::Processes),
    ("mojo-like", Renderers::Processes),
    ("tcp", Renderers::Processes),
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
        between::CASES,
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
        assert_eq!(String::from_utf8(output).expect("a text"), NOTES);
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
