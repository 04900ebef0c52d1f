//! `posix-mq`: two POSIX message queues a link, one each way (`mq_overview(7)`).
//!
//! A queue holds few and short messages, by default ten of 8 KiB, so longer frames travel in several. All queues of a user
//! together may take 800 KiB (`RLIMIT_MSGQUEUE`): a hub takes at most a quarter of that, and the more windows it
//! has, the smaller its queues are.
//!
//! A queue belongs to nobody, and nobody is told of a peer's end: a lifeline (a pair of sockets beside the link) tells. The end that notices
//! empties the queue that its peer should have read, so that whoever waits for room goes on, and puts an empty message
//! behind the last one that its peer sent, so that whoever waits for one finds the end.

use super::lifeline::{Lifeline, lifeline};
use super::stream::{Carrier, Chunk, StreamInbox, StreamOutbox, StreamRx, StreamTx, hub, link};
use super::{ALL_WAITS, Caps, Error, MAX_FRAME, Result, Spec, Transport, Wait};
use crate::sys::fd::Descriptor;
use crate::sys::mq::{Limits, OVERHEAD, Queue, queue};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The transport.
#[derive(Debug)]
pub struct PosixMq;

/// A renderer's ends of its queues.
#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    write: Descriptor,
    read: Descriptor,
    lifeline: Descriptor,
    message: usize,
    max_frame: usize,
    spin: Duration,
}

/// Main's ends, and its lifelines.
#[derive(Debug)]
pub struct Bound {
    spec: Spec,
    message: usize,
    queues: Vec<(Queue, Queue)>,
    lifelines: Vec<OwnedFd>,
}

impl Transport for PosixMq {
    const NAME: &'static str = "posix-mq";
    const CAPS: Caps = Caps {
        about: "two POSIX message queues a link, within the user's RLIMIT_MSGQUEUE",
        max_frame: MAX_FRAME,
        processes: true,
        waits: ALL_WAITS,
        one_write_broadcast: false,
        ring: false,
        echo: false,
        lossy: false,
        in_parts: true,
    };
    type Address = Address;
    type Bound = Bound;
    type Outbox<W: Wait> = StreamOutbox<MqEnd>;
    type Inbox<W: Wait> = StreamInbox<MqEnd>;
    type Tx<W: Wait> = StreamTx<MqEnd>;
    type Rx<W: Wait> = StreamRx<MqEnd>;

    fn bind(spec: &Spec) -> Result<(Bound, Vec<Address>)> {
        let (messages, message) = shape(spec.windows, &Limits::now());
        let make =
            || queue(messages, message).map_err(Error::os("making a message queue within RLIMIT_MSGQUEUE"));
        let mut bound = Bound { spec: *spec, message, queues: Vec::new(), lifelines: Vec::new() };
        let mut addresses = Vec::new();
        for _ in 0..spec.windows {
            let ((up_read, up_write), (down_write, down_read)) = (make()?, make()?);
            let (ours, theirs) = lifeline()?;
            bound.queues.push((down_write, up_read));
            bound.lifelines.push(ours);
            addresses.push(Address {
                write: Descriptor(up_write.into()),
                read: Descriptor(down_read.into()),
                lifeline: theirs,
                message,
                max_frame: spec.max_frame,
                spin: spec.spin,
            });
        }
        Ok((bound, addresses))
    }

    fn accept<W: Wait>(bound: Bound) -> Result<(StreamOutbox<MqEnd>, StreamInbox<MqEnd>)> {
        let Bound { spec, message, queues, lifelines } = bound;
        hub::<W, _>(watched(queues, lifelines, message)?, &spec, chunk(message))
    }

    fn connect<W: Wait>(address: Address) -> Result<(StreamTx<MqEnd>, StreamRx<MqEnd>)> {
        let Address { write, read, lifeline, message, max_frame, spin } = address;
        let queues = vec![(write.0.into(), read.0.into())];
        let mut sides = watched(queues, vec![lifeline.0], message)?;
        link::<W, _>(sides.remove(0), chunk(message), max_frame, spin)
    }
}

fn chunk(message: usize) -> Chunk {
    Chunk { write: message, read: message, lossy: false, taken_back: true }
}

/// How many messages of what size a queue of a hub with so many windows holds: four or more of as many bytes as possible.
fn shape(windows: usize, limits: &Limits) -> (usize, usize) {
    let each = limits.bytes / 4 / (2 * windows as u64);
    let count = |size: usize| ((each / (size + OVERHEAD) as u64) as usize).min(limits.messages);
    let halves =
        std::iter::successors(Some(limits.size), |size| Some(size / 2)).take_while(|&size| size >= 64);
    let size = halves.clone().find(|&size| count(size) >= 4).or(halves.last()).unwrap_or(limits.size);
    // One is too few: see `MqEnd::read`. Where even this is too much, the system says so.
    (count(size).max(2), size)
}

/// Queues whose ends know when their peers have gone.
fn watched(
    queues: Vec<(Queue, Queue)>,
    lifelines: Vec<OwnedFd>,
    message: usize,
) -> Result<Vec<(MqEnd, MqEnd)>> {
    let marked: Vec<Arc<AtomicBool>> = queues.iter().map(|_| Arc::default()).collect();
    let copies = queues.iter().map(|(write, read)| Ok((write.try_clone()?, read.try_clone()?)));
    let copies: Vec<(Queue, Queue)> =
        copies.collect::<std::io::Result<_>>().map_err(Error::os("duplicating a queue's descriptor"))?;
    let flags = marked.clone();
    let wake = move |peer: usize| {
        if flags[peer].load(Ordering::Relaxed) {
            return; // a mark is there
        }
        let ((write, read), mut rest) = (&copies[peer], vec![0; message]);
        // As many as a queue can hold, and not as long as there are any: a peer that lives may send to itself for ever.
        (0..MOST).map_while(|_| write.try_receive(&mut rest).ok()).for_each(drop);
        if read.try_send(END).is_ok() {
            flags[peer].store(true, Ordering::Relaxed); // a reader that misses it puts another mark
        }
    };
    let lifelines = Lifeline::hold(lifelines, wake)?;
    let sides = queues.into_iter().zip(lifelines).zip(marked);
    Ok(sides
        .map(|(((write, read), lifeline), marked)| {
            let end = |queue, lifeline| MqEnd { queue, lifeline, marked: Arc::clone(&marked) };
            (end(write, lifeline.clone()), end(read, lifeline))
        })
        .collect())
}

/// Messages that a queue holds, at most (`HARD_MSGMAX` in the kernel's `ipc/mqueue.c`).
const MOST: usize = 1 << 16;

/// The message behind the last one. No part of a frame is empty.
const END: &[u8] = &[];

/// An end of a queue, used in one direction.
#[derive(Debug)]
pub struct MqEnd {
    queue: Queue,
    lifeline: Lifeline,
    /// Whether the end's mark is in the queue.
    marked: Arc<AtomicBool>,
}

impl Carrier for MqEnd {
    #[inline]
    fn write(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        if self.lifeline.is_gone() {
            return Err(Errno::PIPE);
        }
        self.queue.send(bytes).map(|()| bytes.len())
    }

    #[inline]
    fn read(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        if self.lifeline.is_gone() { self.read_rest(buffer) } else { self.queue.receive(buffer) }
    }
}

impl MqEnd {
    /// Nothing more will be sent. The queue may have been too full for the mark, which an epoll instance needs to see: it is
    /// put where the first of the rest was. (A reader that had not yet seen the end may have taken one before: a
    /// queue that was full still holds another then.)
    #[cold]
    fn read_rest(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        let outcome = self.queue.try_receive(buffer);
        if outcome.is_ok() && !self.marked.swap(true, Ordering::Relaxed) {
            // There is room: the peer has gone, and its message has just been taken.
            let _ = self.queue.try_send(END);
        }
        match outcome {
            Err(Errno::AGAIN) => Ok(0),
            outcome => outcome,
        }
    }
}

impl AsFd for MqEnd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_windows_fits_into_a_quarter_of_the_limit() {
        let usual = Limits { bytes: 819_200, messages: 10, size: 8192 };
        assert_eq!(shape(1, &usual), (10, 8192));
        for windows in 1..=64 {
            let (messages, size) = shape(windows, &usual);
            assert!(
                2 * windows * messages * (size + OVERHEAD) <= 819_200 / 4,
                "{windows}: {messages} × {size}"
            );
            assert!(messages >= 4 && size >= 256, "{windows}: {messages} × {size}");
        }
        let tight = Limits { bytes: 8192, ..usual };
        assert_eq!(shape(64, &tight), (2, 64));
    }
}
