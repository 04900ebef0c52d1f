//! A word to sleep on whose sleeper the kernel's event counter wakes, in place of a futex.

use crate::ring::atomic::Atomic;
use crate::ring::bell::{Bell, Sleep};
use crate::ring::shared::Word;
use crate::transport::{Error, Result};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::time::Duration;

/// One sleeper's doorbell.
pub(super) type Doorbell = Bell<EventWord>;

/// A word in shared memory that says whether somebody sleeps, and the descriptor that wakes it.
#[derive(Debug)]
pub(super) struct EventWord {
    word: Word<AtomicU32>,
    event: Event,
}

/// What wakes.
#[derive(Debug)]
pub(super) enum Event {
    /// One counter.
    One(OwnedFd),
    /// One for each of several who wake, and one of the sleeper's own process, which is the last.
    Several {
        /// Tells of each addition to any of them, so that none has to be read (`EPOLLET`).
        epoll: OwnedFd,
        counters: Vec<OwnedFd>,
    },
}

impl Event {
    /// What any of these wakes.
    pub(super) fn of(mut counters: Vec<OwnedFd>) -> Result<Event> {
        if counters.len() == 1 {
            return Ok(Event::One(counters.remove(0)));
        }
        counters.push(super::event()?);
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(Error::os("making an epoll"))?;
        for counter in &counters {
            epoll::add(&epoll, counter, EventData::new_u64(0), EventFlags::IN | EventFlags::ET)
                .map_err(Error::os("adding an eventfd to an epoll"))?;
        }
        Ok(Event::Several { epoll, counters })
    }
}

impl EventWord {
    pub(super) fn new(word: Word<AtomicU32>, event: Event) -> EventWord {
        EventWord { word, event }
    }
}

impl Atomic for EventWord {
    type Value = u32;
    #[inline]
    fn load(&self, order: Ordering) -> u32 {
        self.word.load(order)
    }
    #[inline]
    fn store(&self, value: u32, order: Ordering) {
        self.word.store(value, order);
    }
    #[inline]
    fn swap(&self, value: u32, order: Ordering) -> u32 {
        self.word.swap(value, order)
    }
    #[inline]
    fn fetch_or(&self, value: u32, order: Ordering) -> u32 {
        self.word.fetch_or(value, order)
    }
    #[inline]
    fn fence(order: Ordering) {
        fence(order);
    }
}

impl Sleep for EventWord {
    /// The counter keeps what the word says: a bell that rang since leaves a count, or the news of one, which wakes at once. One that
    /// is left over wakes the sleeper once for nothing. A limit holds where several can wake: a single one that does not harms nobody
    /// but itself, and where it ends, its lifeline wakes by the same counter.
    fn wait(&self, _value: u32, limit: Option<Duration>) {
        // Woken or interrupted: the caller looks again in both cases.
        match &self.event {
            Event::One(counter) => drop(rustix::io::read(counter, &mut [0; 8])),
            Event::Several { epoll, .. } => {
                let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
                let mut news = [MaybeUninit::uninit(); 8];
                let _ = epoll::wait(epoll, &mut news[..], limit.as_ref());
            }
        }
    }

    fn wake(&self) {
        let counter = match &self.event {
            Event::One(counter) => Some(counter),
            Event::Several { counters, .. } => counters.last(),
        };
        // It fails only on a counter that is full, which wakes as well.
        let _ = counter.map(|counter| rustix::io::write(counter, &1u64.to_ne_bytes()));
    }
}
