//! Waiting on descriptors, in each of the three ways.

use super::{Error, OVERDUE, Result, WaitKind};
use crate::ring::wait::Budget;
use crate::sys::clock::Clock;
use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// How a descriptor's owner waits: in a blocking call, by trying again, or by trying for a while and then sleeping.
#[derive(Clone, Debug)]
pub(super) struct FdWait {
    kind: WaitKind,
    budget: Budget,
    /// Whether a wait ends with `TIMEDOUT` after [`OVERDUE`].
    limited: bool,
    /// Whether nobody waits here: an epoll instance does.
    at_once: bool,
}

impl FdWait {
    pub(super) fn new(kind: WaitKind, spin: Duration) -> FdWait {
        FdWait { kind, budget: Budget::new(spin), limited: false, at_once: false }
    }

    /// The same for reading from a lossy link, which is a socket.
    pub(super) fn limited(self, limited: bool) -> FdWait {
        FdWait { limited, ..self }
    }

    /// The same where an epoll instance waits: an attempt that finds nothing answers `AGAIN`.
    pub(super) fn at_once(self, at_once: bool) -> FdWait {
        FdWait { at_once, ..self }
    }

    /// Prepares a descriptor: only `block` uses blocking calls, since one call is cheaper than a wait and a call.
    pub(super) fn prepare(&self, fd: BorrowedFd<'_>) -> Result<()> {
        let nonblocking = self.kind != WaitKind::Block || self.at_once;
        rustix::io::ioctl_fionbio(fd, nonblocking)
            .map_err(Error::os("setting a descriptor's blocking mode"))?;
        if self.limited {
            // A blocking call answers `AGAIN` then.
            set_socket_timeout(fd, Timeout::Recv, Some(OVERDUE)).map_err(Error::os("limiting a wait"))?;
        }
        Ok(())
    }

    /// How long the kernel waits for us.
    fn timeout(&self) -> Option<Timespec> {
        let limit = Timespec { tv_sec: OVERDUE.as_secs() as i64, tv_nsec: i64::from(OVERDUE.subsec_nanos()) };
        self.limited.then_some(limit)
    }

    /// Tries again and again, up to the limit if there is one.
    #[inline]
    fn spin<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
        let budget = if self.limited { Some(Budget::new(OVERDUE)) } else { None };
        loop {
            let found = match &budget {
                Some(budget) => budget.spin(&mut attempt),
                None => attempt(),
            };
            if found.is_some() || self.limited {
                return found;
            }
            std::hint::spin_loop();
        }
    }

    /// One attempt that does not wait, even where the descriptor would.
    #[inline]
    pub(super) fn once<T>(
        &self,
        fd: BorrowedFd<'_>,
        mut attempt: impl FnMut() -> rustix::io::Result<T>,
    ) -> rustix::io::Result<T> {
        if self.kind == WaitKind::Block && !self.at_once {
            let now = Timespec::default();
            let look = || poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&now));
            // Interrupted before it has looked, it has not said that the call would not wait.
            if rustix::io::retry_on_intr(look) == Ok(0) {
                return Err(Errno::AGAIN);
            }
        }
        rustix::io::retry_on_intr(&mut attempt)
    }

    /// Repeats `attempt` until it does not answer that it would block.
    #[inline]
    pub(super) fn until<T>(
        &self,
        fd: BorrowedFd<'_>,
        events: PollFlags,
        mut attempt: impl FnMut() -> rustix::io::Result<T>,
    ) -> rustix::io::Result<T> {
        if self.at_once {
            return rustix::io::retry_on_intr(attempt);
        }
        let mut signals = Signals::default();
        let mut look = || match attempt() {
            Err(Errno::AGAIN | Errno::INTR) => None,
            outcome => Some(outcome),
        };
        match self.kind {
            WaitKind::Block => loop {
                match attempt() {
                    Err(Errno::AGAIN) if self.limited => return Err(Errno::TIMEDOUT),
                    Err(Errno::INTR) if self.limited && signals.too_long() => return Err(Errno::TIMEDOUT),
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    outcome => return outcome,
                }
            },
            WaitKind::Spin => self.spin(look).unwrap_or(Err(Errno::TIMEDOUT)),
            WaitKind::Hybrid => loop {
                if let Some(outcome) = self.budget.spin(&mut look) {
                    return outcome;
                }
                // Ready, closed or interrupted: the next attempt tells.
                match poll(&mut [PollFd::new(&fd, events)], self.timeout().as_ref()) {
                    Ok(0) => return Err(Errno::TIMEDOUT),
                    Err(Errno::INTR) if self.limited && signals.too_long() => return Err(Errno::TIMEDOUT),
                    _ => {}
                }
            },
        }
    }
}

/// Signals that break a limited wait off begin its limit anew; this ends it all the same.
#[derive(Debug, Default)]
struct Signals {
    first: Option<u64>,
}

impl Signals {
    /// One has come. Whether the first was so long ago that the wait is over.
    #[cold]
    fn too_long(&mut self) -> bool {
        let now = Clock::system().now();
        now - *self.first.get_or_insert(now) >= OVERDUE.as_nanos() as u64
    }
}

/// Whichever of several descriptors is readable (`epoll(7)`, level-triggered).
#[derive(Debug)]
pub(super) struct Readiness {
    epoll: OwnedFd,
    wait: FdWait,
}

impl Readiness {
    pub(super) fn new(wait: FdWait) -> Result<Readiness> {
        let epoll =
            epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Error::os("creating an epoll instance"))?;
        Ok(Readiness { epoll, wait })
    }

    /// Adds a descriptor under a number.
    pub(super) fn add(&self, fd: impl AsFd, number: usize) -> Result<()> {
        let data = epoll::EventData::new_u64(number as u64);
        epoll::add(&self.epoll, fd, data, epoll::EventFlags::IN).map_err(Error::os("adding a link to epoll"))
    }

    /// Stops looking at a descriptor.
    pub(super) fn remove(&self, fd: impl AsFd) {
        // It fails only if the descriptor is not there.
        let _ = epoll::delete(&self.epoll, fd);
    }

    /// Waits until at least one is readable and appends the numbers of those that are.
    pub(super) fn wait(&self, ready: &mut impl Extend<usize>) -> Result<()> {
        const NONE: epoll::Event =
            epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) };
        let (now, limit) = (Timespec::default(), self.wait.timeout());
        let mut signals = Signals::default();
        let mut events = [NONE; 64];
        let mut poll = |sleep: bool| match epoll::wait(
            &self.epoll,
            &mut events,
            if sleep { limit.as_ref() } else { Some(&now) },
        ) {
            Ok(0) if sleep && limit.is_some() => Some(Err(Error::Overdue)),
            Err(Errno::INTR) if sleep && limit.is_some() && signals.too_long() => Some(Err(Error::Overdue)),
            Ok(0) | Err(Errno::INTR) => None,
            outcome => Some(outcome.map_err(Error::os("waiting for a link"))),
        };
        let count = loop {
            let found = match self.wait.kind {
                WaitKind::Block => poll(true),
                WaitKind::Spin => Some(self.wait.spin(|| poll(false)).unwrap_or(Err(Error::Overdue))),
                WaitKind::Hybrid => self.wait.budget.spin(|| poll(false)).or_else(|| poll(true)),
            };
            if let Some(outcome) = found {
                break outcome?;
            }
        };
        ready.extend(events[..count].iter().map(|event| event.data.u64() as usize));
        Ok(())
    }
}
