//! Other work on main's loop: tasks that become due at some time and run on main's thread, between messages.
//!
//! A message that comes while one runs waits until it is over, as behind any long task of an app's main process. A task takes its
//! time from the CPU and not from the clock on the wall: a thread that is kept from its CPU meanwhile has as much left to do.

use super::endpoint::{AnyOutbox, Fill};
use crate::sys::clock::Clock;
use crate::sys::cpu::thread_time_ns;
use crate::transport::{Peer, Result};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// CPU time of a task: what a frame of 60 Hz has room for thirty of, and long beside any message.
const TASK_NS: u64 = 500_000;

/// The tasks of one loop. Only the loop's own thread runs them; its sending and its receiving half share them.
pub(super) struct Tasks {
    clock: Clock,
    /// Mean time from one task's end until the next is due, in nanoseconds.
    gap_ns: u64,
    /// When the next one is due.
    due_ns: AtomicU64,
    /// How many have run.
    run: AtomicU64,
}

impl Tasks {
    /// Tasks that take `percent` (1 … 99) of the time of a loop that has nothing else to do.
    pub(super) fn new(percent: u8) -> Tasks {
        let percent = u64::from(percent.clamp(1, 99));
        let clock = Clock::system();
        let gap_ns = TASK_NS * (100 - percent) / percent;
        Tasks { clock, gap_ns, due_ns: AtomicU64::new(clock.now()), run: AtomicU64::new(0) }
    }

    /// How long until the next one is due.
    pub(super) fn idle(&self) -> Duration {
        Duration::from_nanos(self.due_ns.load(Ordering::Relaxed).saturating_sub(self.clock.now()))
    }

    /// Runs the next one if it is due.
    pub(super) fn run_due(&self) {
        if self.clock.now() < self.due_ns.load(Ordering::Relaxed) {
            return;
        }
        let before = thread_time_ns();
        while thread_time_ns() - before < TASK_NS {
            std::hint::spin_loop();
        }
        // From nothing to twice the mean, so that no rhythm of the messages keeps step with that of the tasks.
        let run = self.run.fetch_add(1, Ordering::Relaxed);
        let gap = fastrand::Rng::with_seed(run).u64(0..=2 * self.gap_ns);
        self.due_ns.store(self.clock.now() + gap, Ordering::Relaxed);
    }
}

/// Main's sending half on a loop that has tasks: one that is due goes first.
pub(super) struct BusyOutbox {
    pub(super) hub: Box<dyn AnyOutbox>,
    pub(super) tasks: Arc<Tasks>,
}

impl AnyOutbox for BusyOutbox {
    fn send_to(&mut self, peer: Peer, len: usize, fill: Fill<'_>) -> Result<()> {
        self.tasks.run_due();
        self.hub.send_to(peer, len, fill)
    }

    fn post_to(&mut self, peer: Peer, len: usize, fill: Fill<'_>) -> Result<()> {
        self.tasks.run_due();
        self.hub.post_to(peer, len, fill)
    }

    fn broadcast(&mut self, frame: &[u8]) -> Result<()> {
        self.tasks.run_due();
        self.hub.broadcast(frame)
    }

    fn flush(&mut self) -> Result<()> {
        self.hub.flush()
    }

    fn windows(&self) -> usize {
        self.hub.windows()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_uses_the_cpu_and_the_next_one_is_due_later() {
        let tasks = Tasks::new(1);
        assert_eq!(tasks.idle(), Duration::ZERO);
        let before = thread_time_ns();
        tasks.run_due();
        let used = thread_time_ns() - before;
        assert!((TASK_NS..3 * TASK_NS).contains(&used), "{used}"); // of the CPU, whoever else wants it
        assert_eq!(tasks.run.load(Ordering::Relaxed), 1);
        let due = tasks.due_ns.load(Ordering::Relaxed);
        assert!(due <= tasks.clock.now() + 2 * 99 * TASK_NS);
        tasks.due_ns.store(u64::MAX, Ordering::Relaxed);
        tasks.run_due();
        assert_eq!(tasks.run.load(Ordering::Relaxed), 1, "not before it is due");
    }

    #[test]
    fn the_gaps_leave_the_share_that_was_asked_for() {
        for (percent, gap) in [(10, 9.0), (50, 1.0), (90, 1.0 / 9.0)] {
            assert!((Tasks::new(percent).gap_ns as f64 / TASK_NS as f64 - gap).abs() < 0.01);
        }
    }
}
