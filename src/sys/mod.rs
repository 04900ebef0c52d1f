//! The only door to the operating system: clock, CPUs, futex, shared mappings, message queues, descriptors,
//! processes.
//!
//! Everything above this room is safe code that knows no system call by number. `unsafe` is allowed here (and in
//! [`crate::ring`]) and nowhere else.

pub mod advice;
pub mod chance;
pub mod clock;
pub mod control;
pub mod counters;
pub mod cpu;
pub mod fd;
pub mod file;
pub mod futex;
pub mod heap;
pub mod landlock;
pub mod leftovers;
pub mod limits;
#[cfg(feature = "iceoryx2")]
pub mod loan;
mod mapping;
pub mod mq;
pub mod process;
pub mod program;
pub mod region;
pub mod sabotage;
pub mod sandbox;
pub mod seccomp;
pub mod segment;
pub mod signal;
pub mod socket;
pub mod terminal;
pub mod wide;
