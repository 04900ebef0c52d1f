//! A renderer's halves. A renderer trusts main: it reads frames where they are.

use super::memory::{CLASSES, LinkMemory};
use super::message::Message;
use super::reader::{Frame, Reader, Side};
use super::writer::Writer;
use crate::transport::fd_wait::FdWait;
use crate::transport::round::Source;
use crate::transport::uds_stream::sides;
use crate::transport::{Error, Result, Rx, Tx};
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// A renderer's sending half.
#[derive(Debug)]
pub struct MojoTx {
    writer: Writer,
    memory: Arc<LinkMemory>,
    /// How many pools a class had been added when it was last asked for more.
    asked: [Option<usize>; CLASSES],
}

impl Tx for MojoTx {
    type Rx = MojoRx;

    #[inline]
    fn send(&mut self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<()> {
        let Some(class) = self.writer.send(None, len, fill)? else { return Ok(()) };
        // One wish at a time, which is answered by another pool or not at all.
        let added = self.memory.room(class);
        if added.is_some() && self.asked[class] != added {
            self.asked[class] = added;
            self.writer.say(None, Message::WantPool { class: class as u32 })?;
        }
        Ok(())
    }
}

/// A renderer's receiving half.
#[derive(Debug)]
pub struct MojoRx(Reader<Added>);

/// Adds the memory that main sends.
#[derive(Debug)]
struct Added(Arc<LinkMemory>);

impl Side for Added {
    fn control(&mut self, message: Message, file: Option<OwnedFd>) -> Result<()> {
        match (message, file) {
            (Message::AddPool { pool }, Some(file)) => self.0.add_from(pool, file),
            _ => Err(Error::Corrupt("a message that main does not send")),
        }
    }
}

impl MojoRx {
    #[inline]
    fn take<R>(&mut self, found: Message, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        Ok(match self.0.frame(found)? {
            Frame::Inline(bytes) => read(bytes),
            Frame::Block(block) => block.read(read),
            Frame::Region(region) => region.read(read),
        })
    }
}

impl Rx for MojoRx {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<R> {
        loop {
            if let Some(found) = self.0.complete()? {
                return self.take(found, read);
            }
            self.0.fill(true, None)?;
        }
    }

    #[inline]
    fn try_recv<R>(&mut self, read: impl FnOnce(&[u8]) -> R) -> Result<Option<R>> {
        loop {
            if let Some(found) = self.0.complete()? {
                return self.take(found, read).map(Some);
            }
            if !self.0.fill(false, None)? {
                return Ok(None);
            }
        }
    }
}

/// A renderer's halves over its socket and the memory of its link.
pub(super) fn open(
    socket: OwnedFd,
    memory: LinkMemory,
    wait: FdWait,
    max_frame: usize,
) -> Result<(MojoTx, MojoRx)> {
    let (memory, (write, read)) = (Arc::new(memory), sides(socket)?);
    let writer = Writer::new(write, wait.clone(), max_frame, Arc::clone(&memory))?;
    let reader = Reader::new(read, wait, max_frame, Arc::clone(&memory), Added(Arc::clone(&memory)))?;
    Ok((MojoTx { writer, memory, asked: [None; CLASSES] }, MojoRx(reader)))
}
