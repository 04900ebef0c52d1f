//! A renderer that says and writes anything: the body of a fuzz target.

use super::main_end::one;
use super::memory::{CLASSES, LinkMemory, PRIMARY};
use super::message::Message;
use super::reader::Frame;
use crate::ring::fuzz::Script;
use crate::sys::region::Fresh;
use crate::sys::segment::{Handle, Segment};
use crate::transport::fd_wait::FdWait;
use crate::transport::round::Source;
use crate::transport::{Block, Error, Wait};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, sendmsg,
    socketpair,
};
use std::cell::RefCell;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Longest frame of the link.
const MAX: usize = 70_000;
/// Bytes of the region that the renderer has to show.
const REGION: usize = 66_000;
/// Where the smallest blocks lie, and their size.
const BLOCKS: (usize, usize) = (1024, 64);

/// What a case finds as if it were new, and is too long in making.
struct Kept {
    memory: Arc<LinkMemory>,
    words: Segment,
    region: OwnedFd,
    copy: Vec<u8>,
}

impl Kept {
    fn new() -> Kept {
        let (memory, handle) = LinkMemory::create().expect("the memory of a link");
        let words = match handle {
            Handle::Memory(_) => Segment::open(handle, PRIMARY).expect("the same memory"),
            other => panic!("{other:?}"),
        };
        let region = Fresh::create(REGION).expect("a region").fill(|bytes| bytes.fill(7));
        Kept { memory: Arc::new(memory), words, region, copy: Vec::new() }
    }
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// The renderer's socket, and what it has not sent yet.
struct Hostile {
    socket: OwnedFd,
    bytes: Vec<u8>,
}

impl Hostile {
    /// Sends what there is, if the socket takes it.
    fn flush(&mut self, beside: &[BorrowedFd<'_>]) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !beside.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(beside));
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        // A link that was cut takes nothing.
        let _ = sendmsg(&self.socket, &[IoSlice::new(&self.bytes)], &mut ancillary, flags);
        self.bytes.clear();
    }
}

/// What a renderer does to its socket, to the words of its link's memory, and with descriptors: each frame that main gets is no longer
/// than the link carries, main never waits, and the link ends closed or broken. Whether there was a frame.
///
/// # Panics
/// If that does not hold.
pub fn messages(bytes: &[u8]) -> bool {
    KEPT.with_borrow_mut(|kept| {
        let mut now = kept.take().unwrap_or_else(Kept::new);
        let got = case(bytes, &mut now);
        now.memory.free_all();
        // Memory that was added stays, and would be another beginning for the next case.
        if (0..CLASSES).all(|class| now.memory.room(class) == Some(0)) {
            *kept = Some(now);
        }
        got
    })
}

fn case(bytes: &[u8], kept: &mut Kept) -> bool {
    let wait = FdWait::new(<Block as Wait>::KIND, Duration::ZERO);
    let pair = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
    let (ours, socket) = pair.expect("a pair of sockets");
    let (_line, mut reader) = one(ours, Arc::clone(&kept.memory), &wait, MAX).expect("a link");
    let mut hostile = Hostile { socket, bytes: Vec::new() };
    let (mut script, mut got) = (Script(bytes), false);
    let mut receive = |wait: bool| loop {
        match reader.complete() {
            Ok(Some(found)) => {
                let len = match reader.frame(found) {
                    Ok(Frame::Inline(bytes)) => bytes.len(),
                    Ok(Frame::Block(block)) => {
                        block.copy_to(&mut kept.copy);
                        kept.copy.len()
                    }
                    Ok(Frame::Region(region)) => {
                        region.copy_to(&mut kept.copy);
                        kept.copy.len()
                    }
                    Err(error) => break Some(error),
                };
                assert!(len <= MAX);
                got = true;
            }
            Ok(None) => match reader.fill(wait, Some(0)) {
                Ok(true) => {}
                Ok(false) => break None,
                Err(error) => break Some(error),
            },
            Err(error) => break Some(error),
        }
    };
    let mut end = None;
    while let (Some(step), None) = (script.step(), &end) {
        let say = |hostile: &mut Hostile, message: Message| hostile.bytes.extend(message.header());
        match step % 10 {
            0 => {
                let len = usize::from(script.byte());
                hostile.bytes.extend(script.take(len));
            }
            1 => {
                let frame = script.take(usize::from(step) / 10);
                say(&mut hostile, Message::Inline { len: frame.len() });
                hostile.bytes.extend(frame);
            }
            2 => {
                // A block as it should be, but for what other steps do to it.
                let (block, len) = (1 + u32::from(script.byte()), u64::from(script.byte() % 60));
                set(&kept.words, block, len);
                say(&mut hostile, Message::Block { pool: 0, block });
            }
            3 => {
                let (pool, block) = (u32::from(script.short()), u32::from(script.short()));
                say(&mut hostile, Message::Block { pool, block });
            }
            4 => set(&kept.words, u32::from(script.byte()), script.word()),
            5 => {
                say(&mut hostile, Message::Region { len: REGION - 300 + usize::from(script.short()) });
                hostile.flush(&[kept.region.as_fd()]);
            }
            6 => say(&mut hostile, Message::Region { len: usize::from(script.short()) }),
            // Memory that is made takes most of the time.
            7 if step > 200 => say(&mut hostile, Message::WantPool { class: u32::from(script.byte() % 16) }),
            8 => hostile.flush(&vec![kept.region.as_fd(); usize::from(script.byte() % 4)]),
            _ => {
                hostile.flush(&[]);
                end = receive(false);
            }
        }
    }
    hostile.flush(&[]);
    drop(hostile);
    let end = end.or_else(|| receive(true)).expect("an end");
    assert!(matches!(end, Error::Closed { peer: Some(0) } | Error::Corrupt(_)), "{end}");
    got
}

fn set(words: &Segment, block: u32, word: u64) {
    // The socket orders it.
    words.u64_at(BLOCKS.0 + BLOCKS.1 * block as usize).store(word, Ordering::Relaxed);
}
