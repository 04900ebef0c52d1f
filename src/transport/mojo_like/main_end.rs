//! Main's halves. Main trusts no renderer: it copies a frame out of shared memory before anybody looks at it.

use super::memory::{CLASSES, LinkMemory};
use super::message::Message;
use super::reader::{Frame, Reader, Side};
use super::writer::Writer;
use crate::transport::fd_wait::FdWait;
use crate::transport::round::Round;
use crate::transport::uds_stream::sides;
use crate::transport::watch::Watch;
use crate::transport::{Error, Inbox, Outbox, Peer, Result};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

/// What both halves of main know of a link.
#[derive(Debug)]
pub(super) struct Line {
    /// Locked while a message is written, as Chromium's is (`write_lock_` of `ChannelPosix`): more memory is offered by whichever
    /// half finds that it is wanted.
    writer: Mutex<Writer>,
    /// Bit n: either end had no block of class n.
    wanted: AtomicU32,
}

impl Line {
    /// Adds what memory is wanted, if the socket takes it now.
    #[inline]
    fn add_wanted(&self, writer: &mut Writer) {
        // Relaxed here and below: whoever misses a bit finds it the next time.
        let wanted = self.wanted.load(Ordering::Relaxed);
        if wanted == 0 {
            return;
        }
        for class in (0..CLASSES).filter(|class| wanted & 1 << class != 0) {
            if !writer.add(class) {
                return;
            }
            self.wanted.fetch_and(!(1 << class), Ordering::Relaxed);
        }
    }
}

/// Main's sending half.
#[derive(Debug)]
pub struct MojoOutbox {
    lines: Vec<Arc<Line>>,
    _watch: Arc<Watch>,
}

impl Outbox for MojoOutbox {
    #[inline]
    fn send_to(&mut self, peer: Peer, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let line = &self.lines[peer];
        let mut writer = line.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(class) = writer.send(Some(peer), len, fill)? {
            line.wanted.fetch_or(1 << class, Ordering::Relaxed); // read under the same lock, or soon
        }
        line.add_wanted(&mut writer);
        Ok(())
    }

    fn windows(&self) -> usize {
        self.lines.len()
    }
}

impl Side for Arc<Line> {
    fn control(&mut self, message: Message, _file: Option<OwnedFd>) -> Result<()> {
        match message {
            Message::WantPool { class } if (class as usize) < CLASSES => {
                self.wanted.fetch_or(1 << class, Ordering::Relaxed); // a wish, which orders nothing
                self.tend();
                Ok(())
            }
            // Memory comes from main alone.
            _ => Err(Error::Corrupt("a message that no renderer sends")),
        }
    }

    #[inline]
    fn tend(&mut self) {
        if self.wanted.load(Ordering::Relaxed) == 0 {
            return; // nothing to order
        }
        // Who receives does not wait for who sends, who may wait for the renderer. If the lock is held now, its holder or the next
        // frame finds the bit.
        let mut writer = match self.writer.try_lock() {
            Ok(writer) => writer,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.add_wanted(&mut writer);
    }
}

/// Main's receiving half.
#[derive(Debug)]
pub struct MojoInbox {
    links: Round<Reader<Arc<Line>>>,
    /// The frame that is lent. Chromium takes fresh memory for each; it stays here.
    copy: Vec<u8>,
    _watch: Arc<Watch>,
}

impl Inbox for MojoInbox {
    type Outbox = MojoOutbox;

    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(Peer, &[u8]) -> R) -> Result<R> {
        let MojoInbox { links, copy, .. } = self;
        links.recv(|peer, link, found| {
            let bytes = match link.frame(found)? {
                Frame::Inline(bytes) => bytes,
                Frame::Block(block) => {
                    block.copy_to(copy);
                    copy
                }
                Frame::Region(region) => {
                    region.copy_to(copy);
                    copy
                }
            };
            Ok(read(peer, bytes))
        })
    }
}

/// Main's halves over its sockets and the memories of the links, while their renderers are watched.
pub(super) fn open(
    links: Vec<(OwnedFd, LinkMemory)>,
    watch: Watch,
    wait: FdWait,
    max_frame: usize,
) -> Result<(MojoOutbox, MojoInbox)> {
    let (mut lines, mut readers) = (Vec::new(), Vec::new());
    for (socket, memory) in links {
        let (line, reader) = one(socket, Arc::new(memory), &wait, max_frame)?;
        lines.push(line);
        readers.push(reader);
    }
    let watch = Arc::new(watch);
    let inbox = MojoInbox { links: Round::new(readers, wait)?, copy: Vec::new(), _watch: Arc::clone(&watch) };
    Ok((MojoOutbox { lines, _watch: watch }, inbox))
}

/// One link: what both halves know of it, and what reads it.
pub(super) fn one(
    socket: OwnedFd,
    memory: Arc<LinkMemory>,
    wait: &FdWait,
    max_frame: usize,
) -> Result<(Arc<Line>, Reader<Arc<Line>>)> {
    let (write, read) = sides(socket)?;
    let writer = Mutex::new(Writer::new(write, wait.clone(), max_frame, Arc::clone(&memory))?);
    let line = Arc::new(Line { writer, wanted: AtomicU32::new(0) });
    let reader = Reader::new(read, wait.clone(), max_frame, memory, Arc::clone(&line))?;
    Ok((line, reader))
}
