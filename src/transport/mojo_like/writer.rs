//! The writing side of a link: where a frame goes, and what says so to the other end.

use super::memory::LinkMemory;
use super::message::{HEADER, Message};
use super::{INLINE, Path, path_of};
use crate::sys::region::Fresh;
use crate::transport::fd_wait::FdWait;
use crate::transport::{Error, Peer, Result, check_len};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use std::fs::File;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Writes frames to one link. A message leaves the calling thread at once, or that thread waits for room; Chromium would
/// queue it for another thread (`WriteNoLock` in `mojo/core/channel_posix.cc`).
#[derive(Debug)]
pub(super) struct Writer {
    socket: OwnedFd,
    wait: FdWait,
    max_frame: usize,
    memory: Arc<LinkMemory>,
    /// A message that is inline.
    buffer: Vec<u8>,
    /// A pool that the other end has not been told of: nothing may be sent in it yet.
    offer: Option<(u32, OwnedFd)>,
}

impl Writer {
    pub(super) fn new(
        socket: OwnedFd,
        wait: FdWait,
        max_frame: usize,
        memory: Arc<LinkMemory>,
    ) -> Result<Writer> {
        wait.prepare(socket.as_fd())?;
        let buffer = vec![0; HEADER + max_frame.min(INLINE)];
        Ok(Writer { socket, wait, max_frame, memory, buffer, offer: None })
    }

    /// Sends a frame. Answers the class of blocks of which none was free, if so; the frame went inline then.
    #[inline]
    pub(super) fn send(
        &mut self,
        peer: Option<Peer>,
        len: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<Option<usize>> {
        check_len(len, self.max_frame)?;
        let mut missing = None;
        match path_of(len) {
            Path::Block(_) => {
                match self.memory.reserve_but(len, self.offer.as_ref().map(|(pool, _)| *pool)) {
                    Ok((pool, block)) => {
                        let block = block.fill(len, fill);
                        self.say(peer, Message::Block { pool, block })?;
                        return Ok(None);
                    }
                    Err(class) => missing = Some(class),
                }
            }
            Path::Region => {
                // Without descriptors or memory for another file, the bytes go inline, as BigBuffer's do.
                if let Ok(region) = Fresh::create(len) {
                    self.send_region(peer, len, region.fill(fill))?;
                    return Ok(None);
                }
            }
            Path::Inline => {}
        }
        self.send_inline(peer, len, fill)?;
        Ok(missing)
    }

    /// Sends a message that is nothing but its header.
    #[inline]
    pub(super) fn say(&self, peer: Option<Peer>, message: Message) -> Result<()> {
        self.write(peer, &message.header())
    }

    fn send_inline(&mut self, peer: Option<Peer>, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        if self.buffer.len() < HEADER + len {
            self.buffer.resize(HEADER + len, 0);
        }
        let bytes = &mut self.buffer[..HEADER + len];
        bytes[..HEADER].copy_from_slice(&Message::Inline { len }.header());
        fill(&mut bytes[HEADER..]);
        self.write(peer, &self.buffer[..HEADER + len])
    }

    fn send_region(&mut self, peer: Option<Peer>, len: usize, file: OwnedFd) -> Result<()> {
        let header = Message::Region { len }.header();
        let send = || self.pass(&header, file.as_fd(), SendFlags::NOSIGNAL);
        match self.wait.until(self.socket.as_fd(), PollFlags::OUT, send) {
            Ok(sent) => self.write(peer, &header[sent..]),
            // As many descriptors are on the way as this user may have: wait for room in the socket instead.
            Err(Errno::TOOMANYREFS) => {
                let mut outcome = Ok(());
                self.send_inline(peer, len, |bytes| outcome = File::from(file).read_exact_at(bytes, 0))?;
                outcome.map_err(Error::os("reading a region back"))
            }
            Err(error) => Err(ended(peer, error)),
        }
    }

    /// Makes more memory of a class and tells the other end, without waiting. Answers whether that is done with, which it
    /// is too if there can be no more; otherwise the socket is full.
    pub(super) fn add(&mut self, class: usize) -> bool {
        if self.offer.is_none() {
            // Without memory for it, frames go inline.
            let Ok(Some((pool, made, file))) = self.memory.make(class) else { return true };
            // Known here before the other end is told: what it sends in the pool may be read before we are back from telling.
            if self.memory.add(pool, made).is_err() {
                return true;
            }
            self.offer = Some((pool, file));
        }
        let Some((pool, file)) = &self.offer else { return true };
        let header = Message::AddPool { pool: *pool }.header();
        match self.pass(&header, file.as_fd(), SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
            // The kernel takes so few bytes whole or not at all.
            Ok(HEADER) => {
                self.offer = None;
                true
            }
            Err(Errno::AGAIN | Errno::INTR) => false,
            // The link has ended, or cannot pass descriptors: the next frame tells.
            _ => true,
        }
    }

    #[inline]
    fn write(&self, peer: Option<Peer>, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let write = || rustix::io::write(&self.socket, bytes);
            let written = self.wait.until(self.socket.as_fd(), PollFlags::OUT, write);
            bytes = &bytes[written.map_err(|error| ended(peer, error))?..];
        }
        Ok(())
    }

    /// Writes a header with a descriptor beside it.
    fn pass(&self, header: &[u8], file: BorrowedFd<'_>, flags: SendFlags) -> rustix::io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        let files = [file];
        beside.push(SendAncillaryMessage::ScmRights(&files));
        sendmsg(&self.socket, &[IoSlice::new(header)], &mut beside, flags)
    }
}

fn ended(peer: Option<Peer>, error: Errno) -> Error {
    match error {
        Errno::PIPE | Errno::CONNRESET => Error::Closed { peer },
        other => Error::os("writing to a link")(other),
    }
}
