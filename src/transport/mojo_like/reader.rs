//! The reading side of a link: takes messages apart, and finds the frames that they name.

use super::INLINE;
use super::memory::LinkMemory;
use super::message::{HEADER, Message};
use super::read_buffer::ReadBuffer;
use crate::ring::blocks::Adopted;
use crate::sys::region::Received;
use crate::transport::fd_wait::FdWait;
use crate::transport::round::Source;
use crate::transport::{Error, Peer, Result};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, Shutdown, recvmsg, shutdown,
};
use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// Most bytes that are read in one go (`kMaxBatchReadCapacity` in `mojo/core/channel_posix.cc`).
const BATCH: usize = 256 << 10;

/// Most descriptors that wait for their messages: that of a message of which not all has come, and of the next.
const WAITING: usize = 2;

/// What an end does with messages that are not frames.
pub(super) trait Side {
    /// Takes such a message, with what came beside it.
    fn control(&mut self, message: Message, file: Option<OwnedFd>) -> Result<()>;

    /// Does what was left to do, if it can be done without waiting.
    fn tend(&mut self) {}
}

/// Where a frame is.
pub(super) enum Frame<'a> {
    /// In the channel's own buffer.
    Inline(&'a [u8]),
    /// In the link's memory.
    Block(Adopted<'a>),
    /// In memory of its own.
    Region(Received),
}

/// Reads frames from one link.
#[derive(Debug)]
pub(super) struct Reader<S> {
    socket: OwnedFd,
    wait: FdWait,
    max_frame: usize,
    memory: Arc<LinkMemory>,
    side: S,
    buffer: ReadBuffer,
    files: VecDeque<OwnedFd>,
}

impl<S: Side> Reader<S> {
    pub(super) fn new(
        socket: OwnedFd,
        wait: FdWait,
        max_frame: usize,
        memory: Arc<LinkMemory>,
        side: S,
    ) -> Result<Reader<S>> {
        wait.prepare(socket.as_fd())?;
        let (buffer, files) = (ReadBuffer::new(), VecDeque::with_capacity(WAITING));
        Ok(Reader { socket, wait, max_frame, memory, side, buffer, files })
    }

    /// The frame that [`complete`](Source::complete) has found.
    #[inline]
    pub(super) fn frame(&mut self, found: Message) -> Result<Frame<'_>> {
        let Reader { socket, max_frame, memory, buffer, files, .. } = self;
        let bytes = buffer.take(found.size());
        let frame = match found {
            Message::Block { pool, block } => memory.adopt(pool, block).map(Frame::Block),
            Message::Region { len } => open(files.pop_front(), len).map(Frame::Region),
            _ => Ok(Frame::Inline(&bytes[HEADER..])),
        };
        let too_long = |frame: &Frame<'_>| matches!(frame, Frame::Block(block) if block.len() > *max_frame);
        match frame {
            Ok(frame) if too_long(&frame) => Err(Error::Corrupt("length of a block")),
            outcome => outcome,
        }
        .inspect_err(|_| cut(socket))
    }

    /// Takes apart what has come, up to the next frame.
    #[inline]
    fn next(&mut self) -> Result<Option<Message>> {
        while let Some(header) = self.buffer.unread().first_chunk() {
            let message = Message::parse(header, self.max_frame)?;
            if self.buffer.unread().len() < message.size() {
                return Ok(None);
            }
            match message {
                Message::Inline { .. } | Message::Block { .. } | Message::Region { .. } => {
                    return Ok(Some(message));
                }
                Message::AddPool { .. } | Message::WantPool { .. } => {
                    let _ = self.buffer.take(message.size());
                    let beside = matches!(message, Message::AddPool { .. });
                    let file = if beside { self.files.pop_front() } else { None };
                    self.side.control(message, file)?;
                }
            }
        }
        if self.buffer.unread().is_empty() && !self.files.is_empty() {
            return Err(Error::Corrupt("a descriptor without a message"));
        }
        Ok(None)
    }

    /// How many bytes of the message at the front have not come; 0 if all have, or if there is none.
    #[inline]
    fn missing(&self) -> usize {
        let unread = self.buffer.unread();
        let size = match unread.first_chunk().map(|header| Message::parse(header, self.max_frame)) {
            Some(Ok(message)) => message.size(),
            Some(Err(_)) => 0, // `next` says so
            None if unread.is_empty() => 0,
            None => HEADER,
        };
        size.saturating_sub(unread.len())
    }

    /// Reads until there is no more for now, the message at the front is whole, or it has been enough for one go.
    #[inline]
    fn read(&mut self, wait: bool) -> rustix::io::Result<usize> {
        let mut total = 0;
        loop {
            // More than a message inline usually has is believed as it comes.
            let most = (HEADER + INLINE).max(self.buffer.unread().len());
            let room = self.buffer.room(self.missing().min(most));
            let offered = room.len();
            let outcome = if total > 0 {
                receive(&self.socket, room, RecvFlags::DONTWAIT)
            } else {
                let receive = || receive(&self.socket, room, RecvFlags::empty());
                let fd = self.socket.as_fd();
                if wait { self.wait.until(fd, PollFlags::IN, receive) } else { self.wait.once(fd, receive) }
            };
            match outcome {
                Ok((count, files)) => {
                    self.buffer.came(count);
                    self.files.extend(files.into_iter().flatten());
                    total += count;
                    if count < offered || total >= BATCH || self.missing() == 0 {
                        return Ok(total);
                    }
                }
                Err(_) if total > 0 => return Ok(total), // the next read tells
                Err(error) => return Err(error),
            }
        }
    }
}

impl<S: Side> Source for Reader<S> {
    /// Where the frame is: not a message of another kind.
    type Found = Message;

    #[inline]
    fn complete(&mut self) -> Result<Option<Message>> {
        self.side.tend();
        self.next().inspect_err(|_| cut(&self.socket))
    }

    #[inline]
    fn fill(&mut self, wait: bool, peer: Option<Peer>) -> Result<bool> {
        match self.read(wait) {
            Ok(0) | Err(Errno::CONNRESET) => Err(Error::Closed { peer }),
            Ok(_) if self.files.len() <= WAITING => Ok(true),
            Ok(_) | Err(Errno::MSGSIZE) => {
                cut(&self.socket);
                Err(Error::Corrupt("more descriptors than messages"))
            }
            Err(Errno::AGAIN) => Ok(false),
            Err(error) => Err(Error::os("reading from a link")(error)),
        }
    }
}

impl<S> AsFd for Reader<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Ends a link whose other end broke the protocol, in both directions (`Channel::OnError`).
#[cold]
fn cut(socket: &OwnedFd) {
    // It fails only if the other end has gone already.
    let _ = shutdown(socket, Shutdown::Both);
}

/// Maps what came beside a message.
fn open(file: Option<OwnedFd>, len: usize) -> Result<Received> {
    let file = file.ok_or(Error::Corrupt("a message without its descriptor"))?;
    Received::open(file, len).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => Error::Corrupt("a region that its sender could take away"),
        _ => Error::os("mapping a region")(error),
    })
}

/// What came with one read: the kernel never joins the descriptors of two messages.
type Files = [Option<OwnedFd>; 2];

/// Reads once, with descriptors. `MSGSIZE` means that there were more than one message has.
#[inline]
fn receive(socket: &OwnedFd, room: &mut [u8], flags: RecvFlags) -> rustix::io::Result<(usize, Files)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let mut again = || recvmsg(socket, &mut [IoSliceMut::new(room)], &mut beside, flags);
    let came = match again() {
        // A Unix socket says first, and once, that its peer has gone with something unread.
        Err(Errno::CONNRESET) => again()?,
        outcome => outcome?,
    };
    let mut files: Files = [None, None];
    let mut all = beside.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(files) => Some(files),
        _ => None,
    });
    for (place, file) in files.iter_mut().zip(all.by_ref().flatten()) {
        *place = Some(file);
    }
    if came.flags.contains(ReturnFlags::CTRUNC) { Err(Errno::MSGSIZE) } else { Ok((came.bytes, files)) }
}
