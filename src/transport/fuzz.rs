//! What must hold for whatever a peer sends down a socket: the bodies of fuzz targets.

pub use super::mojo_like::fuzz::messages;

use super::stream::{Carrier, Chunk, link};
use super::{Block, Error, Rx};
use crate::ring::fuzz::Script;
use std::cell::Cell;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::LazyLock;
use std::time::Duration;

/// Longest frame of the link.
const MAX: usize = 300;

/// What a descriptor's mode can be set on.
static NOTHING: LazyLock<File> = LazyLock::new(|| File::open("/dev/null").expect("/dev/null"));

/// The writer's side of a stream: the input, in pieces as it says itself.
#[derive(Debug)]
struct Sent {
    bytes: Vec<u8>,
    given: Cell<usize>,
    pieces: usize,
}

impl AsFd for Sent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        NOTHING.as_fd()
    }
}

impl Carrier for Sent {
    fn write(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        Ok(bytes.len())
    }

    fn read(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        let given = self.given.get();
        let count = self.pieces.min(buffer.len()).min(self.bytes.len() - given);
        buffer[..count].copy_from_slice(&self.bytes[given..given + count]);
        self.given.set(given + count);
        Ok(count)
    }
}

/// Frames in a stream, whatever pieces they come in: each is as its length says, none is longer than the link carries, all of them are
/// the bytes that were sent, and then the link is closed or broken. Whether there was one.
///
/// # Panics
/// If that does not hold.
pub fn stream(bytes: &[u8]) -> bool {
    let mut script = Script(bytes);
    let pieces = 1 + usize::from(script.byte());
    let sent = || Sent { bytes: script.0.to_vec(), given: Cell::new(0), pieces };
    let chunk = Chunk { read: 64, ..Chunk::STREAM };
    let (_tx, mut rx) = link::<Block, _>((sent(), sent()), chunk, MAX, Duration::ZERO).expect("a link");
    let mut came = Vec::new();
    let end = loop {
        let frame = rx.recv(|frame| {
            assert!(frame.len() <= MAX);
            came.extend_from_slice(&(frame.len() as u32).to_le_bytes());
            came.extend_from_slice(frame);
        });
        if let Err(error) = frame {
            break error;
        }
    };
    assert!(script.0.starts_with(&came));
    let rest = &script.0[came.len()..];
    let claimed = rest.first_chunk().map(|prefix| u32::from_le_bytes(*prefix) as usize);
    match end {
        Error::Corrupt(_) => assert!(claimed.is_some_and(|len| len > MAX)),
        Error::Closed { peer: None } => assert!(claimed.is_none_or(|len| len <= MAX && rest.len() < 4 + len)),
        other => panic!("{other}"),
    }
    !came.is_empty()
}
