//! Frames over byte streams: what `pipe` and the sockets share once their descriptors are connected.
//!
//! A frame is its length in four bytes (little-endian) and its bytes. A writer makes one system call for a frame,
//! a reader takes as much as there is in one, so that a burst of small frames costs one call. A socket that keeps
//! packets apart is used as a stream whose writes have a largest size.

use super::fd_wait::FdWait;
use super::round::{Round, Source};
use super::{Error, Inbox, MAX_FRAME, Outbox, Peer, Result, Rx, Spec, Tx, Wait, check_len};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::RecvFlags;
use std::fmt::Debug;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

const PREFIX: usize = 4;

/// Most bytes that one write takes, and fewest that a read offers room for. Packets that a reader has no room for
/// would lose their rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) write: usize,
    pub(super) read: usize,
    /// Whether packets may be lost: a reader does not wait for ever then.
    pub(super) lossy: bool,
    /// Whether who writes can get at the reading side as well, and take back what it wrote: main then never waits in a read for one
    /// of several renderers. The reading side's mode is its own there.
    pub(super) taken_back: bool,
}

impl Chunk {
    /// For streams: write all at once, read 64 KiB or more.
    pub(super) const STREAM: Chunk =
        Chunk { write: usize::MAX, read: 64 << 10, lossy: false, taken_back: false };
    /// For pipes, which are opened again by their path or through `/proc`.
    pub(super) const PIPE: Chunk = Chunk { taken_back: true, ..Chunk::STREAM };
}

/// One side of one direction of a link. Its calls wait or answer `AGAIN` as the descriptor's mode says.
pub trait Carrier: AsFd + Debug + Send + 'static {
    /// Takes some of `bytes`. `PIPE` or `CONNRESET` mean that the reader is gone.
    fn write(&self, bytes: &[u8]) -> rustix::io::Result<usize>;

    /// Gives what is there. 0 or `CONNRESET` mean that the writer is gone, and that all it had sent has been given.
    fn read(&self, buffer: &mut [u8]) -> rustix::io::Result<usize>;
}

impl Carrier for OwnedFd {
    #[inline]
    fn write(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        rustix::io::write(self, bytes)
    }

    #[inline]
    fn read(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        match rustix::io::read(self, &mut *buffer) {
            // A Unix socket that keeps packets apart says first, and once, that its peer has gone with something unread;
            // what the peer had sent before comes afterwards.
            Err(Errno::CONNRESET) => rustix::io::read(self, buffer),
            outcome => outcome,
        }
    }
}

/// Zeros. There may be no memory for a long frame, which is an error and no reason to abort.
fn buffer(len: usize) -> Result<Vec<u8>> {
    let mut buffer = Vec::new();
    let reserved = buffer.try_reserve_exact(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory));
    reserved.map_err(Error::os("making a buffer for the longest frame"))?;
    buffer.resize(len, 0);
    Ok(buffer)
}

/// Writes frames to one descriptor.
#[derive(Debug)]
pub(super) struct FrameWriter<C> {
    fd: C,
    wait: FdWait,
    chunk: Chunk,
    max_frame: usize,
    buffer: Vec<u8>,
}

impl<C: Carrier> FrameWriter<C> {
    fn new(fd: C, wait: FdWait, chunk: Chunk, max_frame: usize) -> Result<FrameWriter<C>> {
        wait.prepare(fd.as_fd())?;
        Ok(FrameWriter { fd, wait, chunk, max_frame, buffer: buffer(PREFIX + max_frame)? })
    }

    #[inline]
    fn send(&mut self, peer: Option<Peer>, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        check_len(len, self.max_frame)?;
        let frame = &mut self.buffer[..PREFIX + len];
        frame[..PREFIX].copy_from_slice(&(len as u32).to_le_bytes());
        fill(&mut frame[PREFIX..]);
        let mut rest = &*frame;
        while !rest.is_empty() {
            let piece = &rest[..rest.len().min(self.chunk.write)];
            let write = || self.fd.write(piece);
            match self.wait.until(self.fd.as_fd(), PollFlags::OUT, write) {
                Ok(written) => rest = &rest[written..],
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(Error::Closed { peer }),
                Err(error) => return Err(Error::os("writing to a link")(error)),
            }
        }
        Ok(())
    }
}

/// Reads frames from one descriptor.
#[derive(Debug)]
pub(super) struct FrameReader<C: AsFd> {
    fd: C,
    wait: FdWait,
    chunk: Chunk,
    max_frame: usize,
    buffer: Vec<u8>,
    /// What has been read and not yet lent lies in `start..end`.
    start: usize,
    end: usize,
}

impl<C: Carrier> FrameReader<C> {
    fn new(fd: C, wait: FdWait, chunk: Chunk, max_frame: usize) -> Result<FrameReader<C>> {
        wait.prepare(fd.as_fd())?;
        let buffer = buffer(PREFIX + max_frame + chunk.read)?;
        Ok(FrameReader { fd, wait, chunk, max_frame, buffer, start: 0, end: 0 })
    }

    /// Lends the complete frame of `len` bytes at the front.
    #[inline]
    fn take<R>(&mut self, len: usize, read: impl FnOnce(&[u8]) -> R) -> R {
        let begin = self.start + PREFIX;
        let result = read(&self.buffer[begin..begin + len]);
        self.start = begin + len;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        result
    }
}

impl<C: Carrier> Source for FrameReader<C> {
    /// Its length.
    type Found = usize;

    #[inline]
    fn complete(&mut self) -> Result<Option<usize>> {
        let Some((prefix, rest)) = self.buffer[self.start..self.end].split_first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let len = u32::from_le_bytes(*prefix) as usize;
        if len > self.max_frame {
            return Err(Error::Corrupt("a frame's length"));
        }
        Ok((rest.len() >= len).then_some(len))
    }

    #[inline]
    fn fill(&mut self, wait: bool, peer: Option<Peer>) -> Result<bool> {
        if self.buffer.len() - self.end < self.chunk.read {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let FrameReader { fd, buffer, end, .. } = self;
        let read = || fd.read(&mut buffer[*end..]);
        let outcome = if wait {
            self.wait.until(fd.as_fd(), PollFlags::IN, read)
        } else {
            self.wait.once(fd.as_fd(), read)
        };
        match outcome {
            Ok(0) | Err(Errno::CONNRESET) => Err(Error::Closed { peer }),
            Ok(count) => {
                self.end += count;
                Ok(true)
            }
            Err(Errno::AGAIN) => Ok(false),
            Err(Errno::TIMEDOUT) if self.chunk.lossy => Err(Error::Overdue),
            Err(error) => Err(Error::os("reading from a link")(error)),
        }
    }
}

impl<C: AsFd> AsFd for FrameReader<C> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl<C: AsFd> Drop for FrameReader<C> {
    /// Takes what is there, without waiting: a TCP socket that is closed with something unread resets the connection,
    /// and what its writer had sent would be lost (RFC 2525, section 2.17).
    fn drop(&mut self) {
        // A peer that never stops sending must not hold us; a pipe is no socket and answers with an error at once.
        for _ in 0..1024 {
            match rustix::net::recv(&self.fd, &mut self.buffer[..], RecvFlags::DONTWAIT) {
                Ok((_, 1..)) => {}
                _ => break,
            }
        }
    }
}

/// A hub over main's sides of each link: where it writes, where it reads.
pub(super) fn hub<W: Wait, C: Carrier>(
    links: Vec<(C, C)>,
    spec: &Spec,
    chunk: Chunk,
) -> Result<(StreamOutbox<C>, StreamInbox<C>)> {
    let wait = FdWait::new(W::KIND, spec.spin);
    let at_once = chunk.taken_back && links.len() > 1;
    let (mut writers, mut readers) = (Vec::new(), Vec::new());
    for (write, read) in links {
        writers.push(FrameWriter::new(write, wait.clone(), chunk, spec.max_frame)?);
        let wait = wait.clone().limited(chunk.lossy).at_once(at_once);
        readers.push(FrameReader::new(read, wait, chunk, spec.max_frame)?);
    }
    Ok((StreamOutbox(writers), StreamInbox(Round::new(readers, wait.limited(chunk.lossy))?)))
}

/// A renderer's link: where it writes, where it reads.
pub(super) fn link<W: Wait, C: Carrier>(
    (write, read): (C, C),
    chunk: Chunk,
    max_frame: usize,
    spin: Duration,
) -> Result<(StreamTx<C>, StreamRx<C>)> {
    let wait = FdWait::new(W::KIND, spin);
    let writer = FrameWriter::new(write, wait.clone(), chunk, max_frame)?;
    let reader = FrameReader::new(read, wait.limited(chunk.lossy), chunk, max_frame)?;
    Ok((StreamTx(writer), StreamRx(reader)))
}

/// A renderer's sending half.
#[derive(Debug)]
pub struct StreamTx<C = OwnedFd>(FrameWriter<C>);

impl<C: Carrier> Tx for StreamTx<C> {
    type Rx = StreamRx<C>;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.0.send(None, len, fill)
    }
}

/// A renderer's receiving half.
#[derive(Debug)]
pub struct StreamRx<C: AsFd = OwnedFd>(FrameReader<C>);

impl<C: Carrier> Rx for StreamRx<C> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        loop {
            if let Some(len) = self.0.complete()? {
                return Ok(self.0.take(len, read));
            }
            self.0.fill(true, None)?;
        }
    }

    #[inline]
    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        loop {
            if let Some(len) = self.0.complete()? {
                return Ok(Some(self.0.take(len, read)));
            }
            if !self.0.fill(false, None)? {
                return Ok(None);
            }
        }
    }
}

/// Main's sending half.
#[derive(Debug)]
pub struct StreamOutbox<C = OwnedFd>(Vec<FrameWriter<C>>);

impl<C: Carrier> Outbox for StreamOutbox<C> {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        self.0[peer].send(Some(peer), len, fill)
    }

    fn windows(&self) -> usize {
        self.0.len()
    }
}

/// Main's receiving half.
#[derive(Debug)]
pub struct StreamInbox<C: AsFd = OwnedFd>(Round<FrameReader<C>>);

impl<C: Carrier> Inbox for StreamInbox<C> {
    type Outbox = StreamOutbox<C>;

    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        self.0.recv(|peer, link, len| Ok(link.take(len, |frame| read(peer, frame))))
    }
}

const _: () = assert!(MAX_FRAME <= u32::MAX as usize, "a frame's length travels in four bytes");
