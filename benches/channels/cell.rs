//! What is run in both ways.

use ipcmark::sys::clock::Clock;
use ipcmark::sys::cpu::restrict;
use ipcmark::workload::Workload;
use std::fmt;
use std::sync::Barrier;

/// One-way messages that may be under way. Half as many as a channel holds at most: none is ever full.
pub(crate) const WINDOW: u64 = 256;

/// A workload and its settings.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) workload: Workload,
    pub(crate) payload: usize,
    /// Whether both ends share a CPU.
    pub(crate) same: bool,
}

impl Cell {
    /// All of them, in the order of the table.
    pub(crate) fn all() -> impl Iterator<Item = Cell> {
        let cells = |workload| {
            [64, 4 << 10]
                .into_iter()
                .flat_map(move |payload| [true, false].map(|same| Cell { workload, payload, same }))
        };
        [Workload::Invoke, Workload::Send].into_iter().flat_map(cells)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pin = if self.same { "same" } else { "cross" };
        write!(f, "{}/{}/{pin}", self.workload.name(), self.payload)
    }
}

/// A cell on its CPUs.
pub(crate) struct Run {
    pub(crate) cell: Cell,
    pub(crate) main: usize,
    pub(crate) renderer: usize,
    pub(crate) messages: u64,
    pub(crate) clock: Clock,
}

impl Run {
    /// Messages that go before: the channel's memory is touched by then, and the CPUs are awake.
    pub(crate) fn warm_up(&self) -> u64 {
        self.messages / 8 + 1
    }

    /// Runs both ends at once, each in a fresh thread on its CPU.
    pub(crate) fn both<A: Send, B: Send>(
        &self,
        main: impl FnOnce() -> A + Send,
        renderer: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        let start = Barrier::new(2);
        let on = |cpu| {
            restrict(&[cpu]).expect("a CPU of our own");
            start.wait();
        };
        std::thread::scope(|scope| {
            let main = scope.spawn(|| {
                on(self.main);
                main()
            });
            let renderer = scope.spawn(|| {
                on(self.renderer);
                renderer()
            });
            (main.join().expect("main's loop"), renderer.join().expect("the renderer's loop"))
        })
    }
}
