//! The loops by hand: what a program would write that has one renderer and knows the length of its messages.
//!
//! A message is a new `Vec` that moves, as it is in the transport, filled and compared in full by the same code; one-way
//! messages are bounded by the same window.

mod plain;

use crate::cell::{Run, WINDOW};
use ipcmark::workload::Workload;
use ipcmark::workload::stamp::{Direction, Pattern};

/// A channel of messages, by its crate's own blocking calls.
pub(crate) trait Plain {
    type Tx: Send;
    type Rx: Send;

    /// A channel that holds `slots` messages.
    fn pair(slots: usize) -> (Self::Tx, Self::Rx);
    fn give(tx: &Self::Tx, message: Vec<u8>);
    fn get(rx: &mut Self::Rx) -> Vec<u8>;
}

/// Messages that a channel holds, as in the transport.
const SLOTS: usize = 1024;

/// How long a message takes, in nanoseconds.
pub(crate) fn time<P: Plain>(run: &Run) -> f64 {
    let (up, down) = (P::pair(SLOTS), P::pair(SLOTS));
    let (mut main, mut renderer) = (End::<P>::new(down.0, up.1, run), End::<P>::new(up.0, down.1, run));
    let counts = [run.warm_up(), run.messages];
    let clock = run.clock;
    let invokes = run.cell.workload == Workload::Invoke;
    // Both ends answer with their channels: neither closes while the other is at work.
    let ((last_read, _main), (begin, last_reply, _renderer)) = run.both(
        move || {
            for count in counts {
                if invokes { main.answer(count) } else { main.read(count) }
            }
            (clock.now(), main)
        },
        move || {
            let mut run = |count| if invokes { renderer.ask(count) } else { renderer.write(count) };
            run(counts[0]);
            let begin = clock.now();
            run(counts[1]);
            (begin, clock.now(), renderer)
        },
    );
    let end = if invokes { last_reply } else { last_read };
    (end - begin) as f64 / run.messages as f64
}

/// One end's channels and messages.
struct End<P: Plain> {
    tx: P::Tx,
    rx: P::Rx,
    up: Pattern,
    down: Pattern,
    len: usize,
}

impl<P: Plain> End<P> {
    fn new(tx: P::Tx, rx: P::Rx, run: &Run) -> End<P> {
        let pattern = |direction| Pattern::new(1, 2, 0, direction);
        End { tx, rx, up: pattern(Direction::Up), down: pattern(Direction::Down), len: run.cell.payload }
    }

    fn give(&self, pattern: Pattern, sequence: u64) {
        let mut message = vec![0; self.len];
        pattern.fill(&mut message, sequence);
        P::give(&self.tx, message);
    }

    fn get(&mut self, pattern: Pattern, sequence: u64) {
        let message = P::get(&mut self.rx);
        assert_eq!(pattern.check(&message, self.len, sequence), Some(sequence));
    }

    fn ask(&mut self, count: u64) {
        for sequence in 0..count {
            self.give(self.up, sequence);
            self.get(self.down, sequence);
        }
    }

    fn answer(&mut self, count: u64) {
        for sequence in 0..count {
            self.get(self.up, sequence);
            self.give(self.down, sequence);
        }
    }

    /// Never more than a window ahead of what is known to have been read; ends when all of it is.
    fn write(&mut self, count: u64) {
        let mut read = 0;
        for sequence in 0..count {
            while sequence - read == WINDOW {
                read = self.report();
            }
            self.give(self.up, sequence);
        }
        while read < count {
            read = self.report();
        }
    }

    fn report(&mut self) -> u64 {
        u64::from_le_bytes(P::get(&mut self.rx).try_into().expect("a count"))
    }

    fn read(&mut self, count: u64) {
        for sequence in 0..count {
            self.get(self.up, sequence);
            let read = sequence + 1;
            if read % (WINDOW / 2) == 0 || read == count {
                P::give(&self.tx, read.to_le_bytes().to_vec());
            }
        }
    }
}
