//! Hardware counters of a process (`perf_event_open(2)`): cycles, instructions, cache misses.
//!
//! They need a program that was built with them, a kernel that lends them and a CPU that has them; guests of hypervisors often have
//! none. Where they are missing, [`absent`] says why.

use serde::{Deserialize, Serialize};

/// What was counted, in user mode and, where the kernel allows it, in the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Cycles of the CPU.
    pub cycles: u64,
    /// Instructions that were completed.
    pub instructions: u64,
    /// Misses of the last level of cache.
    pub cache_misses: u64,
}

impl Counts {
    /// Joins each count with another's.
    pub fn zip(self, other: Counts, join: impl Fn(u64, u64) -> u64) -> Counts {
        Counts {
            cycles: join(self.cycles, other.cycles),
            instructions: join(self.instructions, other.instructions),
            cache_misses: join(self.cache_misses, other.cache_misses),
        }
    }
}

#[cfg(not(feature = "counters"))]
mod source {
    use super::Counts;

    pub(super) fn open() {}

    pub(super) fn read() -> Option<Counts> {
        None
    }

    pub(super) fn absent() -> Option<String> {
        Some(
            "not built in; `cargo build --release --features counters` makes an ipcmark with them".to_owned(),
        )
    }
}

#[cfg(feature = "counters")]
mod source {
    use super::Counts;
    use perf_event::events::{Event, Hardware};
    use perf_event::{Builder, Counter};
    use std::io;
    use std::sync::{Mutex, OnceLock, PoisonError};

    /// The process's own: cycles, instructions, cache misses.
    static OPEN: OnceLock<Mutex<[Counter; 3]>> = OnceLock::new();

    pub(super) fn open() {
        if let Ok(counters) = all() {
            // A second call finds the first one's counters.
            let _ = OPEN.set(Mutex::new(counters));
        }
    }

    pub(super) fn read() -> Option<Counts> {
        let mut counters = OPEN.get()?.lock().unwrap_or_else(PoisonError::into_inner);
        let [cycles, instructions, cache_misses] = counters.each_mut().map(|counter| count(counter).ok());
        Some(Counts { cycles: cycles?, instructions: instructions?, cache_misses: cache_misses? })
    }

    pub(super) fn absent() -> Option<String> {
        static WHY: OnceLock<Option<String>> = OnceLock::new();
        let why = || {
            all().err().map(|error| match error.kind() {
                io::ErrorKind::PermissionDenied => {
                    format!("the kernel lends none ({error}): see /proc/sys/kernel/perf_event_paranoid")
                }
                _ => format!("this host has none for us ({error})"),
            })
        };
        WHY.get_or_init(why).clone()
    }

    fn all() -> io::Result<[Counter; 3]> {
        Ok([
            counter(Hardware::CPU_CYCLES)?,
            counter(Hardware::INSTRUCTIONS)?,
            counter(Hardware::CACHE_MISSES)?,
        ])
    }

    /// A counter of this thread and of all that it starts: no group, which cannot be inherited.
    fn counter(event: impl Event + Clone) -> io::Result<Counter> {
        let build = |kernel: bool| {
            let mut builder = Builder::new(event.clone());
            builder.inherit(true).exclude_kernel(!kernel);
            let mut counter = builder.build()?;
            counter.enable()?;
            Ok(counter)
        };
        // Those who may not look into the kernel may look at themselves.
        build(true).or_else(|_: io::Error| build(false))
    }

    /// A count, scaled up where counters took turns.
    fn count(counter: &mut Counter) -> io::Result<u64> {
        let data = counter.read_full()?;
        Ok(match (data.time_enabled(), data.time_running()) {
            (Some(enabled), Some(running)) if running < enabled && !running.is_zero() => {
                (data.count() as f64 * enabled.as_secs_f64() / running.as_secs_f64()) as u64
            }
            _ => data.count(),
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use perf_event::events::Software;

        #[test]
        fn a_counter_counts_this_thread_and_those_that_it_starts() {
            // What every host has goes the same way as what only some have.
            let Ok(mut clock) = counter(Software::TASK_CLOCK) else {
                assert!(absent().is_some_and(|why| !why.is_empty()), "who lends none lends none at all");
                return;
            };
            let before = count(&mut clock).unwrap();
            let work = || (0..5_000_000u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
            work();
            let middle = count(&mut clock).unwrap();
            assert!(middle > before);
            std::thread::spawn(work).join().unwrap();
            assert!(count(&mut clock).unwrap() > middle);
        }

        #[test]
        fn counters_are_there_or_it_is_said_why_not() {
            open();
            assert_eq!(read().is_some(), absent().is_none());
        }
    }
}

/// Opens the counters of this process. Call it before it has other threads: those that are there already are not counted.
pub fn open() {
    source::open();
}

/// What has been counted since [`open`]; `None` where that found nothing to count with.
pub fn read() -> Option<Counts> {
    source::read()
}

/// Why nothing is counted; `None` if it is.
pub fn absent() -> Option<String> {
    source::absent()
}
