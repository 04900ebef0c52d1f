//! Notices that a peer has gone, for mechanisms that the kernel does not close by itself.
//!
//! One sleeping thread for each end, whatever the number of peers; the links' own waits need no time-outs, and so pay
//! nothing for it.

use super::{Error, Result};
use crate::ring::bell::DOUBT;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

/// Calls back when one of some peers ends; stops when dropped.
#[derive(Debug)]
pub(super) struct Watch {
    thread: Option<JoinHandle<()>>,
    /// Closing it ends the thread.
    stop: Option<UnixStream>,
}

impl Watch {
    /// Watches descriptors that become readable, or hang up, at the end of what they stand for. They are closed when this
    /// is dropped.
    pub(super) fn over<F: AsFd + Send + 'static>(
        held: Vec<(usize, F)>,
        on_end: impl Fn(usize) + Send + 'static,
    ) -> Result<Watch> {
        if held.is_empty() {
            return Ok(Watch { thread: None, stop: None });
        }
        let (stop, stopped) = UnixStream::pair().map_err(Error::os("making a socket pair"))?;
        let thread = std::thread::Builder::new()
            .name("ipcmark-watch".to_owned())
            .stack_size(64 * 1024)
            .spawn(move || watch(held, &stopped, &on_end))
            .map_err(Error::os("starting the thread that watches peers"))?;
        Ok(Watch { thread: Some(thread), stop: Some(stop) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Tells of each end, and of all ends again every while: one that has ended its link and lives could undo a wake-up.
fn watch<F: AsFd>(mut held: Vec<(usize, F)>, stopped: &UnixStream, on_end: &impl Fn(usize)) {
    let again = Timespec { tv_sec: 0, tv_nsec: i64::from(DOUBT.subsec_nanos()) };
    let mut over = Vec::new();
    loop {
        let mut fds: Vec<PollFd<'_>> = held.iter().map(|(_, end)| PollFd::new(end, PollFlags::IN)).collect();
        let stop_at = fds.len();
        let stopped = stopped.as_fd();
        fds.push(PollFd::new(&stopped, PollFlags::IN));
        let limit = (!over.is_empty()).then_some(&again);
        if rustix::io::retry_on_intr(|| poll(&mut fds, limit)).is_err() || !fds[stop_at].revents().is_empty()
        {
            return;
        }
        let ended: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut ended = ended.iter();
        held.retain(|(index, _)| {
            let ended = ended.next() == Some(&true);
            if ended {
                over.push(*index);
            }
            !ended
        });
        over.iter().for_each(|&index| on_end(index));
    }
}
